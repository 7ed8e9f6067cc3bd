"""What the Zoho Books simulator refuses with: codes, statuses and words (sheet, section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

INVALID = 2
BAD_URL = 5
BAD_METHOD = 37
MALFORMED_TOKEN = 14
UNAUTHORISED = 57
TAKEN = 1001
MISSING = 1002
HAS_TRANSACTIONS = 3000
BAD_NAME = 3013
NAME_TAKEN = 3062
WRONG_STATE_TAX = 3032
HAS_PAYMENTS = 4001
HAS_CREDITS = 12008
NO_CURRENCY = 9004
MANY_ORGANIZATIONS = 6024
NOT_MEMBER = 6041
UNPUBLISHED = 120_000
"""For refusals whose real code nobody has published; the words tell."""


class Refusal(Exception):
    """The organisation's rules forbid it; nothing was done.

    Args:
        code: Zoho's own code.
        message: Why.
        status: The HTTP status.
        more: Further keys of the answer.
    """

    def __init__(
        self, code: int, message: str, *, status: int = 400, more: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.body: dict[str, Any] = {"code": code, "message": message, **(more or {})}


def invalid(label: str) -> Refusal:
    """Return the refusal of a value of the wrong kind."""
    return Refusal(INVALID, f"Invalid value passed for {label}")


def gone(what: str) -> Refusal:
    """Return the answer to a path that leads nowhere."""
    return Refusal(MISSING, f"{what} does not exist.", status=404)


def forbidden(message: str) -> Refusal:
    """Return a refusal whose code is not published."""
    return Refusal(UNPUBLISHED, message)


def inaccessible(what: str) -> Refusal:
    """Return the refusal of a customer who is none."""
    return Refusal(MISSING, f"The {what} is not accessible.", status=404)


def label_of(name: str) -> str:
    """Return how messages call a property: ``Payment Terms``."""
    return name.replace("_", " ").title()
