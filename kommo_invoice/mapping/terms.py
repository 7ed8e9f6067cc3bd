"""Payment terms: the books' own where they have some, else what the words say."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from kommo_invoice.domain.catalog import find_term, words_days
from kommo_invoice.mapping.resolve import Unresolved, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from kommo_invoice.domain.catalog import Term


def pick_term(wanted: str, terms: Sequence[Term]) -> Term:
    """Return the terms of the books by name or id, else by the days that the words say.

    Raises:
        Unresolved: There are none, with the nearest name.
    """
    found = find_term(terms, wanted)
    if found is None:
        near = nearest(wanted, (each.name for each in terms))
        raise Unresolved(f"there are no terms {wanted!r} in the books", near)
    return found


def agreed(wanted: str, start: date, terms: Sequence[Term]) -> tuple[str, date | None]:
    """Return terms as the books name them, and the due date that they give.

    Args:
        wanted: What the mapping says.
        start: The invoice's date.
        terms: The books' own; where they have none, the words decide.

    Returns:
        The due date is None where the books alone reckon it (a day of the month), and for terms
        that they do not have: these are refused before anything is created.
    """
    if not terms:
        return wanted, _after(start, words_days(wanted))
    try:
        term = pick_term(wanted, terms)
    except Unresolved:
        return wanted, None
    return term.name, _after(start, term.days)


def _after(start: date, days: int | None) -> date | None:
    return None if days is None else start + timedelta(days=days)
