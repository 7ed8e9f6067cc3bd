"""What a token endpoint says that an API does not."""

from __future__ import annotations

from kommo_invoice.errors import LoginNeeded


def again(provider: str) -> str:
    """Return what a person can do about a login that is of no use any more."""
    return f"log in again with `kinv connect {provider}`"


class GrantEnded(LoginNeeded):
    """The code or the refresh token is not valid (any more): ``invalid_grant`` (RFC 6749, 5.2)."""

    default_hint = "log in again with `kinv connect`"
