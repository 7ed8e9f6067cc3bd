"""Quantities, prices and amounts as QuickBooks keeps them (QuickBooks sheet, sections 4.3 and 8).

QuickBooks reckons with what it is sent: five decimals of quantities and prices, two of amounts in
whatever currency. An invoice that would come out otherwise than ours is refused before it is made.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from kommo_invoice.domain.money import Money, digits, round_half_up
from kommo_invoice.domain.totals import Rounding, Totals, net_unit_price, taken_off, totals
from kommo_invoice.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommo_invoice.domain.draft import Draft, LineDraft

PLACES = 2
"""Decimals of amounts."""

_FINE_PLACES = 5  # section 8: "format 10.5"


@dataclass(frozen=True, slots=True)
class Sale:
    """What a line sells: its amount is quantity times price, as QuickBooks reckons it."""

    quantity: Decimal
    price: Decimal
    amount: Decimal


def sales(draft: Draft) -> list[Sale]:
    """Return what the draft's lines sell, in their order.

    Raises:
        Rejected: A line, or the whole, would come to something else than in the draft.
    """
    found = [_sale(line, draft) for line in draft.lines]
    if digits(draft.currency) != PLACES:
        _check_whole(draft, [each.amount for each in found])
    return found


def _sale(line: LineDraft, draft: Draft) -> Sale:
    exact = net_unit_price(line, draft.amounts)
    quantity, price = _fine(line.quantity), _fine(exact)
    amount = round_half_up(quantity * price, PLACES)
    ours = Money.of(line.quantity * exact, draft.currency)
    if amount != ours.amount:
        raise Rejected(
            f"QuickBooks reckons {quantity} x {price} as {amount} {draft.currency}, which should "
            f"be {ours}",
            hint=f"QuickBooks keeps {_FINE_PLACES} decimals of quantities and prices and {PLACES} "
            "of amounts, in whatever currency: round the deal's",
        )
    return Sale(quantity, price, amount)


def _fine(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    within = isinstance(exponent, int) and exponent >= -_FINE_PLACES
    return value if within else round_half_up(value, _FINE_PLACES)


def _check_whole(draft: Draft, amounts: Sequence[Decimal]) -> None:
    """Refuse a draft whose discount or tax QuickBooks rounds to another sum than we do."""
    ours = totals(draft, Rounding.TAX)
    theirs = _reckoned(draft, amounts)
    if theirs is not None and theirs != ours:
        raise Rejected(
            f"QuickBooks reckons {draft.currency} with {PLACES} decimals and comes to "
            f"{theirs.known}, which should be {ours.known}",
            hint="invoice this deal by hand, or in a currency with two decimals",
        )


def _reckoned(draft: Draft, amounts: Sequence[Decimal]) -> Totals | None:
    """Return what QuickBooks comes to, as it is read; None where it alone knows a rate."""
    whole = sum(amounts, Decimal(0))
    left = whole - taken_off(draft, PLACES)
    taxes: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line, amount in zip(draft.lines, amounts, strict=True):
        if line.tax is not None:
            if line.tax.rate is None:
                return None
            taxes[line.tax.id] += amount * left * line.tax.rate
    sums = (round_half_up(each / whole, PLACES) for each in taxes.values() if whole)
    tax = sum(sums, Decimal(0))
    total = Money.of(left + tax, draft.currency)
    return Totals(total - Money.of(tax, draft.currency), Money.of(tax, draft.currency), total)
