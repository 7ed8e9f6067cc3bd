"""An application at Zoho, and a person who logs in there and pastes what comes of it."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import io
    from collections.abc import Callable

APP, SECRET = "1000.APPLICATION0123", "the-application-s-secret"
LOCAL = "http://localhost:8765/callback"
APPLICATION = {"KINV_ZOHO_CLIENT_ID": APP, "KINV_ZOHO_CLIENT_SECRET": SECRET}
"""The environment of who has registered an application."""


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **more: object) -> None:
        """Follow nothing: the address that the browser ends at cannot be shown."""


@dataclass
class Person:
    """Opens the page that stderr names, and pastes where the browser ended.

    Args:
        brings: What they do with that address before they paste it.
        code: What they paste in its place, without opening anything.
        asked: The pages that were opened.
    """

    brings: Callable[[str], str] = str
    code: str | None = None
    asked: list[str] = field(default_factory=list)

    def isatty(self) -> bool:
        return False

    def readline(self, size: int) -> str:
        if self.code is not None:
            return f"{self.code}\n"
        told = cast("io.StringIO", sys.stderr).getvalue()
        url = next(line.strip() for line in told.splitlines() if "/oauth/v2/auth" in line)
        self.asked.append(url)
        try:
            urllib.request.build_opener(_Stay).open(url, timeout=10)
        except urllib.error.HTTPError as error:
            with error:
                return f"{self.brings(error.headers['location'])}\n"
        raise AssertionError("the browser was not sent anywhere")
