"""What a draft comes to, under every rounding rule that books use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from kommo_invoice.domain.draft import Amounts, Discount, Draft, LineDraft
from kommo_invoice.domain.money import Money, round_half_up

_UNIT_PRICE_PLACES = 8


class Rounding(StrEnum):
    """Where the books round tax to the minor unit."""

    LINE = "line"
    TAX = "tax"


@dataclass(frozen=True, slots=True)
class Totals:
    """What one invoice comes to.

    Args:
        subtotal: After discounts, before tax.
        tax: None where the books alone know a rate.
        total: With tax; None likewise.
    """

    subtotal: Money
    tax: Money | None = None
    total: Money | None = None

    @property
    def known(self) -> Money:
        """The total, or what is known of it: the amount before tax."""
        return self.subtotal if self.total is None else self.total


def net_unit_price(line: LineDraft, amounts: Amounts) -> Decimal:
    """Return the line's unit price before tax, to 8 decimals where it has to be computed."""
    if amounts is Amounts.EXCLUSIVE or line.tax is None or not line.tax.rate:
        return line.unit_price
    return round_half_up(line.unit_price / (1 + line.tax.rate), _UNIT_PRICE_PLACES)


def before_discount(draft: Draft) -> Decimal:
    """Return the sum of the lines, each rounded to the minor unit, before the whole's discount."""
    return sum(_nets(draft), Decimal(0))


def totals(draft: Draft, rounding: Rounding = Rounding.LINE, *, gross: bool = False) -> Totals:
    """Return what the draft comes to.

    Args:
        draft: The invoice.
        rounding: Whether tax is rounded line by line, or once for each tax.
        gross: Whether prices that contain tax go to the books as they are, so that the total is
            theirs and the tax is taken out of it; else net prices are computed from them.
    """
    if gross and draft.amounts is Amounts.INCLUSIVE:
        return _gross_totals(draft, rounding)
    off, factor = _whole_discount(draft.discount, before_discount(draft))
    subtotal = Money.of(before_discount(draft) - off, draft.currency)
    tax = _tax(draft, rounding, [net * factor for net in _nets(draft)])
    return Totals(subtotal) if tax is None else Totals(subtotal, tax, subtotal + tax)


def acceptable(draft: Draft) -> tuple[Totals, ...]:
    """Return the totals under each rounding rule that books are known to use.

    Which of them a provider follows is often not documented; all are right to the cent
    for somebody, and anything else is a difference that stops the sending.
    """
    return tuple(
        dict.fromkeys(
            totals(draft, rounding, gross=gross) for gross in (False, True) for rounding in Rounding
        )
    )


def lines_sum(lines: Iterable[LineDraft]) -> Decimal:
    """Return quantity times price over all lines, as priced in the CRM, after line discounts."""
    return sum((_net(line, Amounts.EXCLUSIVE) for line in lines), Decimal(0))


def _gross_totals(draft: Draft, rounding: Rounding) -> Totals:
    """Return the totals of prices with tax in them, for rates that are all known."""
    lines = [
        Money.of(_priced(line, line.unit_price), draft.currency).amount for line in draft.lines
    ]
    off, factor = _whole_discount(draft.discount, sum(lines, Decimal(0)))
    total = Money.of(sum(lines, Decimal(0)) - off, draft.currency)
    nets = [
        amount * factor / (1 + ((line.tax.rate or 0) if line.tax else 0))
        for line, amount in zip(draft.lines, lines, strict=True)
    ]
    tax = _tax(draft, rounding, nets)
    return Totals(total) if tax is None else Totals(total - tax, tax, total)


def _whole_discount(discount: Discount | None, whole: Decimal) -> tuple[Decimal, Decimal]:
    """Return what a discount takes off the whole, and what part of each line is left."""
    off = _off(discount, whole)
    return off, 1 - off / whole if whole else Decimal(1)


def _tax(draft: Draft, rounding: Rounding, nets: Iterable[Decimal]) -> Money | None:
    """Return the tax on the lines' net amounts, None where the books alone know a rate."""
    by_tax: dict[str, Decimal] = defaultdict(Decimal)
    for line, net in zip(draft.lines, nets, strict=True):
        if line.tax is None:
            continue
        if line.tax.rate is None:
            return None
        tax = net * line.tax.rate
        exact = rounding is Rounding.TAX
        by_tax[line.tax.id] += tax if exact else Money.of(tax, draft.currency).amount
    minor = sum((Money.of(amount, draft.currency).minor for amount in by_tax.values()), 0)
    return Money(minor, draft.currency)


def _nets(draft: Draft) -> list[Decimal]:
    """Return what each line comes to before tax, in the currency's digits."""
    return [Money.of(_net(line, draft.amounts), draft.currency).amount for line in draft.lines]


def _net(line: LineDraft, amounts: Amounts) -> Decimal:
    return _priced(line, net_unit_price(line, amounts))


def _priced(line: LineDraft, unit_price: Decimal) -> Decimal:
    whole = line.quantity * unit_price
    return whole - _off(line.discount, whole)


def _off(discount: Discount | None, whole: Decimal) -> Decimal:
    if discount is None:
        return Decimal(0)
    if discount.percent is not None:
        return whole * discount.percent / 100
    return discount.amount or Decimal(0)
