"""Tokens from the environment: long-lived, personal or access tokens, for containers and cron."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

from kommo_invoice.errors import LoginNeeded


class EnvironmentToken:
    """The token that ``KINV_<PROVIDER>_TOKEN`` holds; it can be used, but not renewed.

    Args:
        provider: ``kommo``, ``wave``, …
        token: The variable's value, None when it is not set.
    """

    def __init__(self, provider: str, token: str | None) -> None:
        self._provider = provider
        self._token = token

    def token(self) -> str:
        """Return the bearer token.

        Raises:
            LoginNeeded: The variable is not set.
        """
        if not self._token:
            raise LoginNeeded(f"there is no token for {self._provider}", hint=self.explain())
        return self._token

    def renew(self) -> bool:
        """Return False: a token of the environment cannot be renewed."""
        return False

    def explain(self) -> str:
        """Return what to do when the token is refused."""
        return f"set KINV_{self._provider.upper()}_TOKEN to a valid token, then run it again"


def expires_at(token: str) -> datetime | None:
    """Return when a token that is a JWT ends (UTC), None where it does not say.

    Kommo's long-lived tokens are JWTs; their ``exp`` is read without checking the signature,
    only to warn in time (Kommo sheet, section 3).
    """
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return None
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = json.loads(base64.urlsafe_b64decode(padded))
        return datetime.fromtimestamp(int(claims["exp"]), tz=UTC)
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None
