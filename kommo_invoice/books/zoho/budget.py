"""What is left of an organisation's daily requests, as Zoho tells it (Zoho sheet, section 6)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from kommo_invoice.books.base import Budget
from kommo_invoice.books.zoho.errors import judged

if TYPE_CHECKING:
    from kommo_invoice.errors import KinvError
    from kommo_invoice.http import Reply

_LONGEST_DAY_S = 26 * 3600  # a day has 25 hours at most; more is no day's end


def told(reply: Reply) -> Budget | None:
    """Return the budget that an answer tells; None where it has no such headers."""
    remaining = _whole(reply, "x-rate-limit-remaining")
    if remaining is None:
        return None
    seconds = _whole(reply, "x-rate-limit-reset")
    known = seconds is not None and seconds <= _LONGEST_DAY_S
    resets_at = reply.received_at + timedelta(seconds=seconds or 0) if known else None
    return Budget(remaining, _whole(reply, "x-rate-limit-limit"), resets_at)


class Meter:
    """Reads every answer's budget, and judges it by what is known of the day's end.

    Attributes:
        budget: The last one told; None before, and with organisations that are told none.
    """

    def __init__(self) -> None:
        self.budget: Budget | None = None

    def judge(self, reply: Reply) -> KinvError | None:
        """Return what is wrong with an answer in Zoho's own terms, None when nothing is."""
        self.budget = told(reply) or self.budget
        return judged(reply, self.budget.resets_at if self.budget else None)


def _whole(reply: Reply, name: str) -> int | None:
    text = reply.headers.get(name, "").strip()
    return int(text) if text.isascii() and text.isdecimal() else None
