"""What a draft comes to, under every rounding rule that books use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from kommo_invoice.domain.draft import Amounts, Discount, Draft, LineDraft
from kommo_invoice.domain.money import Money, digits, round_half_up

_UNIT_PRICE_PLACES = 8

_Part = tuple[Decimal, Decimal]
"""So much of so much."""


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


def before_discount(draft: Draft, *, gross: bool = False) -> Decimal:
    """Return the sum of the lines, each rounded to the minor unit, before the whole's discount.

    Args:
        draft: The invoice.
        gross: Whether prices are summed as they are, with the tax that they may contain.
    """
    return sum(_as_priced(draft) if gross else _nets(draft), Decimal(0))


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
    subtotal, part = _discounted(draft, before_discount(draft))
    tax = _tax(draft, rounding, _nets(draft), part)
    return Totals(subtotal) if tax is None else Totals(subtotal, tax, subtotal + tax)


def acceptable(draft: Draft) -> tuple[Totals, ...]:
    """Return the totals under each rounding rule that books are known to use.

    Which of them a provider follows is often not documented; all are right to the cent
    for somebody, and anything else is a difference that stops the sending. Prices that contain
    tax promise their sum, whatever the tax in it is.
    """
    ways = [(rounding, gross) for gross in (False, True) for rounding in Rounding]
    found = dict.fromkeys(totals(draft, rounding, gross=gross) for rounding, gross in ways)
    if draft.amounts is Amounts.EXCLUSIVE:
        return tuple(found)
    promised = totals(draft, gross=True).total
    return tuple(each for each in found if each.total == promised)


def taken_off(draft: Draft, places: int | None = None, *, gross: bool = False) -> Decimal:
    """Return the whole's discount as an amount: what is left is rounded, not what is taken off.

    Args:
        draft: The invoice.
        places: Decimals of amounts in the books; the currency's own where it is None.
        gross: Whether prices that contain tax go to the books as they are.
    """
    whole = before_discount(draft, gross=gross)
    to = digits(draft.currency) if places is None else places
    return whole - round_half_up(whole - _off(draft.discount, whole), to)


def percent_off(draft: Draft, places: int | None = None, *, gross: bool = False) -> Decimal | None:
    """Return the percentage of the whole's discount, if books can take no other amount for it.

    Some round what a percentage comes to, others what it leaves: where half a cent makes these
    differ, the amount has to be said, so that the invoice comes to what was promised.

    Args:
        draft: The invoice.
        places: As for the amount.
        gross: As for the amount.
    """
    percent = draft.discount.percent if draft.discount else None
    if not percent:
        return None
    to = digits(draft.currency) if places is None else places
    off = round_half_up(before_discount(draft, gross=gross) * percent / 100, to)
    return percent if off == taken_off(draft, places, gross=gross) else None


def line_discount(line: LineDraft, unit_price: Decimal, currency: str) -> Discount | None:
    """Return a line's discount as books reckon it alike: an amount where they may round otherwise.

    Args:
        line: The line.
        unit_price: The price that the books are told.
        currency: Whose digits amounts have.
    """
    discount, places = line.discount, digits(currency)
    if discount is None or discount.percent is None:
        return discount
    exact = line.quantity * unit_price
    whole = round_half_up(exact, places)
    off = whole - round_half_up(exact - _off(discount, exact), places)
    theirs = {round_half_up(_off(discount, each), places) for each in (exact, whole)}
    return discount if theirs == {off} else Discount(amount=off)


def lines_sum(lines: Iterable[LineDraft]) -> Decimal:
    """Return quantity times price over all lines, as priced in the CRM, after line discounts."""
    return sum((_net(line, Amounts.EXCLUSIVE) for line in lines), Decimal(0))


def _gross_totals(draft: Draft, rounding: Rounding) -> Totals:
    """Return the totals of prices with tax in them, for rates that are all known."""
    lines = _as_priced(draft)
    total, part = _discounted(draft, sum(lines, Decimal(0)))
    nets = [
        amount / (1 + ((line.tax.rate or 0) if line.tax else 0))
        for line, amount in zip(draft.lines, lines, strict=True)
    ]
    tax = _tax(draft, rounding, nets, part)
    return Totals(total) if tax is None else Totals(total - tax, tax, total)


def _discounted(draft: Draft, whole: Decimal) -> tuple[Money, _Part]:
    """Return what a discount leaves of the whole, and what part of it that is.

    What is left is rounded first: books take off an amount of money, and tax the rest.
    """
    left = Money.of(whole - _off(draft.discount, whole), draft.currency)
    return left, (left.amount, whole) if whole else (Decimal(1), Decimal(1))


def _tax(draft: Draft, rounding: Rounding, nets: Iterable[Decimal], part: _Part) -> Money | None:
    """Return the tax on a part of the lines' net amounts, None where the books know a rate alone.

    It is divided last, so that half a cent stays just that.
    """
    left, whole = part
    exact = rounding is Rounding.TAX
    by_tax: dict[str, Decimal] = defaultdict(Decimal)
    for line, net in zip(draft.lines, nets, strict=True):
        if line.tax is None:
            continue
        if line.tax.rate is None:
            return None
        tax = net * line.tax.rate * left
        by_tax[line.tax.id] += tax if exact else Money.of(tax / whole, draft.currency).amount
    sums = (amount / whole if exact else amount for amount in by_tax.values())
    return Money(sum(Money.of(each, draft.currency).minor for each in sums), draft.currency)


def _nets(draft: Draft) -> list[Decimal]:
    """Return what each line comes to before tax, in the currency's digits."""
    return [Money.of(_net(line, draft.amounts), draft.currency).amount for line in draft.lines]


def _as_priced(draft: Draft) -> list[Decimal]:
    """Return what each line comes to as it is priced, in the currency's digits."""
    return [Money.of(_priced(line, line.unit_price), draft.currency).amount for line in draft.lines]


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
