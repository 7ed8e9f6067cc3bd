"""What a Zoho Books invoice comes to: discount, each tax, total (sheet, section 8)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from kommo_invoice.domain.money import round_half_up

if TYPE_CHECKING:
    from collections.abc import Sequence

ZERO = Decimal(0)
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Rate:
    """One tax: a percentage of the net, a compound one also of the simple ones beside it."""

    id: str
    name: str
    percent: Decimal
    compound: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One line: its amount after its own discount, and the taxes on it."""

    amount: Decimal
    rates: tuple[Rate, ...] = ()


@dataclass(frozen=True, slots=True)
class Discount:
    """A discount on the whole: a percentage, or an amount."""

    percent: Decimal | None = None
    amount: Decimal = ZERO

    def of(self, base: Decimal) -> Decimal:
        """Return what is taken off ``base``."""
        return self.amount if self.percent is None else base * self.percent / _HUNDRED


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How an invoice is reckoned.

    Args:
        places: The currency's digits.
        inclusive: Whether amounts contain the tax.
        per_item: Whether tax is rounded on every line; else once on the whole.
        before_tax: Whether the discount reduces what is taxed.
        extra: Shipping and adjustment, without tax.
    """

    places: int = 2
    inclusive: bool = False
    per_item: bool = False
    before_tax: bool = True
    extra: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Sums:
    """What an invoice comes to.

    Args:
        subtotal: The sum of the lines as they are priced.
        net: The same without tax.
        discount: What is taken off.
        taxes: Each tax with its amount.
        lines: The taxes of each line.
    """

    subtotal: Decimal
    net: Decimal
    discount: Decimal
    taxes: tuple[tuple[Rate, Decimal], ...]
    lines: tuple[tuple[tuple[Rate, Decimal], ...], ...]
    total: Decimal

    @property
    def tax(self) -> Decimal:
        """All tax."""
        return sum((amount for _, amount in self.taxes), ZERO)


def effective(rates: Sequence[Rate]) -> list[tuple[Rate, Decimal]]:
    """Return each tax with what it is of the net, as a fraction."""
    simple = sum((rate.percent for rate in rates if not rate.compound), ZERO) / _HUNDRED
    return [
        (rate, rate.percent / _HUNDRED * (1 + simple if rate.compound else 1)) for rate in rates
    ]


def reckon(items: Sequence[Item], discount: Discount, way: Way) -> Sums:
    """Return what lines come to.

    A discount before tax is spread over the lines in proportion; one after tax, in percent, is of
    the total with tax.

    Args:
        items: The lines.
        discount: The one on the whole.
        way: How.
    """
    places = way.places
    subtotal = round_half_up(sum((item.amount for item in items), ZERO), places)
    off = round_half_up(discount.of(subtotal), places)
    share = 1 - off / subtotal if way.before_tax and subtotal else Decimal(1)
    lines = [_taxes(item, share, way) for item in items]
    taxes = _together(lines, way)
    tax = sum(taxes.values(), ZERO)
    if not way.before_tax and not way.inclusive:
        off = round_half_up(discount.of(subtotal + tax), places)
    net = subtotal
    if way.inclusive:
        whole = _together([_taxes(item, Decimal(1), way) for item in items], way)
        net = subtotal - sum(whole.values(), ZERO)
    total = subtotal - off + way.extra + (ZERO if way.inclusive else tax)
    rounded = tuple(
        tuple((rate, round_half_up(amount, places)) for rate, amount in line) for line in lines
    )
    return Sums(subtotal, net, off, tuple(taxes.items()), rounded, round_half_up(total, places))


def _taxes(item: Item, share: Decimal, way: Way) -> list[tuple[Rate, Decimal]]:
    """Return the taxes of one line, rounded where every line is."""
    parts = effective(item.rates)
    base = item.amount * share
    if way.inclusive:
        base /= 1 + sum((part for _, part in parts), ZERO)
    exact = [(rate, base * part) for rate, part in parts]
    if not way.per_item:
        return exact
    return [(rate, round_half_up(amount, way.places)) for rate, amount in exact]


def _together(lines: Sequence[Sequence[tuple[Rate, Decimal]]], way: Way) -> dict[Rate, Decimal]:
    sums: dict[Rate, Decimal] = {}
    for line in lines:
        for rate, amount in line:
            sums[rate] = sums.get(rate, ZERO) + amount
    return {rate: round_half_up(amount, way.places) for rate, amount in sums.items()}
