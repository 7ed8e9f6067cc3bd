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


def totals(draft: Draft, rounding: Rounding = Rounding.LINE) -> Totals:
    """Return what the draft comes to.

    Args:
        draft: The invoice.
        rounding: Whether tax is rounded line by line, or once for each tax.
    """
    currency = draft.currency
    nets = _nets(draft)
    gross_of_discount = before_discount(draft)
    off = _off(draft.discount, gross_of_discount)
    subtotal = Money.of(gross_of_discount - off, currency)
    factor = 1 - off / gross_of_discount if gross_of_discount else Decimal(1)
    by_tax: dict[str, Decimal] = defaultdict(Decimal)
    for line, net in zip(draft.lines, nets, strict=True):
        if line.tax is None:
            continue
        if line.tax.rate is None:
            return Totals(subtotal)
        tax = net * factor * line.tax.rate
        by_tax[line.tax.id] += Money.of(tax, currency).amount if rounding is Rounding.LINE else tax
    tax_total = sum((Money.of(amount, currency).minor for amount in by_tax.values()), 0)
    tax_money = Money(tax_total, currency)
    return Totals(subtotal, tax_money, subtotal + tax_money)


def acceptable(draft: Draft) -> tuple[Totals, ...]:
    """Return the totals under each rounding rule that books are known to use.

    Which of them a provider follows is often not documented; all are right to the cent
    for somebody, and anything else is a difference that stops the sending.
    """
    return tuple(dict.fromkeys(totals(draft, rounding) for rounding in Rounding))


def lines_sum(lines: Iterable[LineDraft]) -> Decimal:
    """Return quantity times price over all lines, as priced in the CRM, after line discounts."""
    return sum((_net(line, Amounts.EXCLUSIVE) for line in lines), Decimal(0))


def _nets(draft: Draft) -> list[Decimal]:
    """Return what each line comes to before tax, in the currency's digits."""
    return [Money.of(_net(line, draft.amounts), draft.currency).amount for line in draft.lines]


def _net(line: LineDraft, amounts: Amounts) -> Decimal:
    whole = line.quantity * net_unit_price(line, amounts)
    return whole - _off(line.discount, whole)


def _off(discount: Discount | None, whole: Decimal) -> Decimal:
    if discount is None:
        return Decimal(0)
    if discount.percent is not None:
        return whole * discount.percent / 100
    return discount.amount or Decimal(0)
