"""The requests of a day, where the books count them: a run that would not fit stops in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.engine.outcomes import CircuitOpen
from kommo_invoice.errors import RateLimited

if TYPE_CHECKING:
    from kommo_invoice.books.base import Books

MOST = 6
"""Requests that one deal may take: two looks, its customer, its invoice, its mail, and one more."""


def check_day(books: Books, deals: int) -> None:
    """Return only where the day has requests enough for the deals that are begun next.

    Args:
        books: The books, with what they told last.
        deals: How many deals are begun.

    Raises:
        CircuitOpen: It has not: nothing more is begun before the day ends.
    """
    budget = books.budget
    if budget is None or budget.remaining >= MOST * deals:
        return
    of_all = f" of {budget.limit}" if budget.limit is not None else ""
    until = f" until {budget.resets_at:%Y-%m-%d %H:%M} UTC" if budget.resets_at else ""
    raise CircuitOpen(
        RateLimited(
            f"{books.capabilities.name} has {budget.remaining}{of_all} requests left today, too "
            f"few to begin another deal: the rest waits{until}",
            hint="run it again then, or have the provider raise the daily limit",
            retry_at=budget.resets_at,
        )
    )
