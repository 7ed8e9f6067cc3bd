"""What a token endpoint says that an API does not."""

from __future__ import annotations

from kommo_invoice.errors import LoginNeeded


class GrantEnded(LoginNeeded):
    """The code or the refresh token is not valid (any more): ``invalid_grant`` (RFC 6749, 5.2)."""

    default_hint = "log in again with `kinv connect`"
