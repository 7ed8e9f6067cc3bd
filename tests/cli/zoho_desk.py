"""Zoho among the providers, and a person who logs in there and pastes what comes of it."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from kommo_invoice.auth import logins
from kommo_invoice.config.settings import Settings
from kommo_invoice.engine import providers

if TYPE_CHECKING:
    import io
    from collections.abc import Callable

    import pytest

    from kommo_invoice.auth.logins import Login

APP, SECRET = "1000.APPLICATION0123", "the-application-s-secret"
LOCAL = "http://localhost:8765/callback"


def list_zoho(monkeypatch: pytest.MonkeyPatch, login: Login = logins.ZOHO) -> None:
    """Put Zoho among the providers, with an application in the environment."""
    known = {**logins.LOGINS, "zoho": login}
    monkeypatch.setattr(logins, "LOGINS", MappingProxyType(known))
    monkeypatch.setattr("kommo_invoice.cli.doctor_facts.LOGINS", known)
    monkeypatch.setitem(providers.BOOKS, "zoho", "kommo_invoice.books.zoho")
    monkeypatch.setattr(Settings, "client", lambda *_: (APP, SECRET))


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
