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
    """Subtotal (after discounts, before tax), tax and total of one invoice."""

    subtotal: Money
    tax: Money
    total: Money

    def __str__(self) -> str:
        return f"{self.subtotal.amount} + {self.tax.amount} tax = {self.total}"


def net_unit_price(line: LineDraft, amounts: Amounts) -> Decimal:
    """Return the line's unit price before tax, to 8 decimals where it has to be computed."""
    if amounts is Amounts.EXCLUSIVE or line.tax is None or not line.tax.rate:
        return line.unit_price
    return round_half_up(line.unit_price / (1 + line.tax.rate), _UNIT_PRICE_PLACES)


def totals(draft: Draft, rounding: Rounding = Rounding.LINE) -> Totals | None:
    """Return what the draft comes to.

    Args:
        draft: The invoice.
        rounding: Whether tax is rounded line by line, or once for each tax.

    Returns:
        The totals, or None when a tax's rate is known to the books alone.
    """
    currency = draft.currency
    nets = [Money.of(_net(line, draft.amounts), currency).amount for line in draft.lines]
    gross_of_discount = sum(nets, Decimal(0))
    off = _off(draft.discount, gross_of_discount)
    factor = 1 - off / gross_of_discount if gross_of_discount else Decimal(1)
    by_tax: dict[str, Decimal] = defaultdict(Decimal)
    for line, net in zip(draft.lines, nets, strict=True):
        if line.tax is None:
            continue
        if line.tax.rate is None:
            return None
        tax = net * factor * line.tax.rate
        by_tax[line.tax.id] += Money.of(tax, currency).amount if rounding is Rounding.LINE else tax
    subtotal = Money.of(gross_of_discount - off, currency)
    tax_total = sum((Money.of(amount, currency).minor for amount in by_tax.values()), 0)
    tax_money = Money(tax_total, currency)
    return Totals(subtotal, tax_money, subtotal + tax_money)


def acceptable(draft: Draft) -> tuple[Totals, ...]:
    """Return the totals under each rounding rule that books are known to use.

    Which of them a provider follows is often not documented; all are right to the cent
    for somebody, and anything else is a difference that stops the sending.
    """
    found = (totals(draft, rounding) for rounding in Rounding)
    return tuple(dict.fromkeys(each for each in found if each is not None))


def lines_sum(lines: Iterable[LineDraft]) -> Decimal:
    """Return quantity times price over all lines, as priced in the CRM, after line discounts."""
    return sum((_net(line, Amounts.EXCLUSIVE) for line in lines), Decimal(0))


def _net(line: LineDraft, amounts: Amounts) -> Decimal:
    whole = line.quantity * net_unit_price(line, amounts)
    return whole - _off(line.discount, whole)


def _off(discount: Discount | None, whole: Decimal) -> Decimal:
    if discount is None:
        return Decimal(0)
    if discount.percent is not None:
        return whole * discount.percent / 100
    return discount.amount or Decimal(0)
