"""What a QuickBooks invoice comes to: discount, tax of each rate, total (sheet, section 8)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from kommo_invoice.domain.money import round_half_up

if TYPE_CHECKING:
    from collections.abc import Sequence

ZERO = Decimal(0)
CENT = Decimal("0.00")
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Rate:
    """One tax rate, in percent."""

    id: str
    name: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Discount:
    """A discount line: percent of the subtotal, or an amount that is taken off."""

    percent: Decimal | None = None
    amount: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class RateSum:
    """What one rate comes to on the whole invoice."""

    rate: Rate
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Sums:
    """What an invoice comes to."""

    subtotal: Decimal
    discount: Decimal
    rates: tuple[RateSum, ...]
    tax: Decimal

    @property
    def total(self) -> Decimal:
        """What the customer has to pay."""
        return self.subtotal - self.discount + self.tax


def cents(value: Decimal) -> Decimal:
    """Return an amount with two decimals, ties away from zero."""
    return round_half_up(value, 2)


def reckon(
    lines: Sequence[tuple[Decimal, Sequence[Rate]]],
    discount: Discount | None = None,
    *,
    tax_after_discount: bool = False,
    tax: Decimal | None = None,
) -> Sums:
    """Return what lines come to; each rate is rounded once, on the sum of its lines.

    Args:
        lines: Net amount and tax rates of each line.
        discount: The one discount.
        tax_after_discount: Whether the discount reduces what is taxed, in proportion.
        tax: The whole tax, where it is given.
    """
    subtotal = sum((net for net, _ in lines), CENT)
    off = ZERO
    if discount is not None:
        percent = discount.percent
        off = cents(discount.amount if percent is None else subtotal * percent / 100)
    # Divided last, so that half a cent stays just that.
    left, whole = (subtotal - off, subtotal) if tax_after_discount and subtotal else (_ONE, _ONE)
    nets: defaultdict[Rate, Decimal] = defaultdict(Decimal)
    for net, rates in lines:
        for rate in rates:
            nets[rate] += net
    sums = tuple(
        RateSum(rate, cents(net * left / whole), cents(net * left * rate.percent / (100 * whole)))
        for rate, net in nets.items()
    )
    whole = sum((each.tax for each in sums), CENT) if tax is None else cents(tax)
    return Sums(subtotal, off, sums, whole)
