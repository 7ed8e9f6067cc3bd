"""What flags say of a first mapping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from kommo_invoice.errors import UsageError
from kommo_invoice.mapping.resolve import Unresolved

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from kommo_invoice.mapping.resolve import Named

T = TypeVar("T")

_MOST_NAMED = 8

NONE = "none"
"""What a flag says where nothing is wanted."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for by flags; None or empty is left to a person, or to a guess.

    Args:
        pipeline: Name or id.
        stages: Names or ids; ``won``.
        invoiced: Where deals go when they are invoiced; ``none``.
        paid: Where deals go when they are paid; ``none``.
        item: Name, id or SKU.
        invoice_field: The field for kinv's own mark.
        taxes: Country -> tax or ``none``.
        tax_default: For all other countries: ``error``, ``none`` or a tax.
        since: Deals that came into the stage before this day are left alone; None for today.
        create_fields: Whether missing fields are to be made.
    """

    pipeline: str | None = None
    stages: tuple[str, ...] = ()
    invoiced: str | None = None
    paid: str | None = None
    item: str | None = None
    invoice_field: str | None = None
    taxes: tuple[tuple[str, str], ...] = ()
    tax_default: str | None = None
    since: date | None = None
    create_fields: bool = False


def given(flag: str, find: Callable[[], T], known: Sequence[Named]) -> T:
    """Return what a flag names.

    Args:
        flag: The flag.
        find: Looks its text up.
        known: What it can name.

    Raises:
        UsageError: It names nothing, or several things; the hint says what there is.
    """
    try:
        return find()
    except Unresolved as error:
        raise UsageError(f"{flag}: {error}", hint=_there_is(known)) from None


def _there_is(known: Sequence[Named]) -> str:
    if not known:
        return "the account has none"
    named = ", ".join(repr(each.name or each.id) for each in known[:_MOST_NAMED])
    more = len(known) - _MOST_NAMED
    return f"there is {named}" + (f" and {more} more" if more > 0 else "")
