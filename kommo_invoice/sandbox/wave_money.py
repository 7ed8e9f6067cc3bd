"""What Wave makes of amounts: how it writes them, and what an invoice comes to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from kommo_invoice.domain.money import digits

if TYPE_CHECKING:
    from collections.abc import Sequence

ZERO = Decimal(0)


class TaxRounding(StrEnum):
    """Where tax is rounded to the minor unit; Wave does not say (Wave sheet, section 14)."""

    LINE = "line"
    TAX = "tax"


def rounded(value: Decimal, places: int) -> Decimal:
    """Return ``value`` with that many decimals, ties away from zero (Wave sheet, section 8)."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in major units as an API answer.

    Args:
        amount: Already rounded to the currency's minor unit.
        currency: ISO code.
        grouped: Whether ``value`` has thousands separators (not established for Wave).
    """

    amount: Decimal
    currency: str
    grouped: bool = False

    @property
    def value(self) -> str:
        """The amount as a text with the currency's digits."""
        return f"{self.amount:{',' if self.grouped else ''}.{digits(self.currency)}f}"

    @property
    def minor_unit_value(self) -> Decimal:
        """The amount in minor units."""
        return self.amount.scaleb(digits(self.currency))

    @property
    def raw(self) -> int:
        """The same as an integer, which GraphQL refuses above 32 bits as the real one does."""
        return int(self.minor_unit_value)


@dataclass(frozen=True, slots=True)
class Rate:
    """One tax on one line."""

    tax_id: str
    rate: Decimal
    compound: bool


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What an invoice comes to.

    Args:
        subtotals: Of each line, before discount.
        taxes: Of each line, in the order of its rates; after discount.
        discount: What the discount takes off.
        tax: All taxes together.
    """

    subtotals: tuple[Decimal, ...]
    taxes: tuple[tuple[Decimal, ...], ...]
    discount: Decimal
    tax: Decimal


def reckon(
    lines: Sequence[tuple[Decimal, Decimal, Sequence[Rate]]],
    currency: str,
    *,
    percentage: Decimal | None = None,
    amount: Decimal | None = None,
    rounding: TaxRounding = TaxRounding.LINE,
) -> Reckoning:
    """Return what lines come to; the discount reduces what is taxed, in proportion.

    Args:
        lines: Quantity, unit price in major units, and taxes of each line.
        currency: ISO code, whose minor unit everything is rounded to.
        percentage: A discount in percent of the whole.
        amount: A discount in major units.
        rounding: Whether tax is rounded on each line or once for each tax.
    """
    places = digits(currency)
    subtotals = tuple(rounded(quantity * price, places) for quantity, price, _ in lines)
    whole = sum(subtotals, ZERO)
    off = amount if amount is not None else whole * (percentage or ZERO) / 100
    discount = rounded(off, places)
    share = 1 - discount / whole if whole else Decimal(1)
    exact = [
        _taxes(subtotal * share, rates)
        for subtotal, (_, _, rates) in zip(subtotals, lines, strict=True)
    ]
    on_lines = tuple(tuple(rounded(tax, places) for tax in taxes) for taxes in exact)
    by_tax: defaultdict[str, Decimal] = defaultdict(Decimal)
    for (_, _, rates), taxes in zip(
        lines, on_lines if rounding is TaxRounding.LINE else exact, strict=True
    ):
        for rate, tax in zip(rates, taxes, strict=True):
            by_tax[rate.tax_id] += tax
    total = sum((rounded(tax, places) for tax in by_tax.values()), ZERO)
    return Reckoning(subtotals, on_lines, discount, total)


def _taxes(net: Decimal, rates: Sequence[Rate]) -> tuple[Decimal, ...]:
    """Return each tax on ``net``; a compound one is also raised on the others."""
    simple = sum((net * rate.rate for rate in rates if not rate.compound), ZERO)
    return tuple((net + simple if rate.compound else net) * rate.rate for rate in rates)
