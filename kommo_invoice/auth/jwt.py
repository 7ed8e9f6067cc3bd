"""What a token that is a JWT says of itself; its signature is the provider's business."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Any


def claims(token: str) -> dict[str, Any]:
    """Return the claims of a token that is a JWT, nothing where it is none.

    Kommo's long-lived tokens are JWTs. They are read without checking the signature, only to warn
    in time and to show what they may do (Kommo sheet, section 3).
    """
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return found if isinstance(found, dict) else {}


def claimed_scopes(token: str, claim: str | None) -> tuple[str, ...] | None:
    """Return what a token that is a JWT says it may do, None where it does not say.

    Args:
        token: The token.
        claim: The claim that lists it; None where the provider's tokens have none.
    """
    claimed = claims(token).get(claim) if claim else None
    return tuple(map(str, claimed)) if isinstance(claimed, list) else None


def expires_at(token: str) -> datetime | None:
    """Return when a token that is a JWT ends (UTC), None where it does not say."""
    try:
        return datetime.fromtimestamp(int(claims(token)["exp"]), tz=UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
