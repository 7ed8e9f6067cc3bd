"""Which of the invoices that a search or a list gave is one that a look is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.domain.claim import base_reference, carries, references_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommo_invoice.books.base import Look


def same_number(one: str | None, other: str | None) -> bool:
    """Say whether two numbers are one to books that mind neither letter case nor blanks."""
    return bool(one and other) and _folded(one) == _folded(other)


def fits(look: Look, number: str | None, texts: Sequence[str | None]) -> bool:
    """Say whether an invoice is one that the look is for.

    Args:
        look: What is looked for.
        number: The invoice's number.
        texts: All of it that may carry our reference.
    """
    if same_number(look.number, number):
        return True
    if look.reference is None:
        return False
    if carries(texts, look.reference):
        return True
    wanted = base_reference(look.reference)
    every = references_in(texts) if look.base_reference else ()
    return any(base_reference(each) == wanted for each in every)


def _folded(number: str | None) -> str:
    return (number or "").strip().casefold()
