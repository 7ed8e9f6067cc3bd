"""What stops a draft before anything is created: missing features, impossible amounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.books.capabilities import BooksCapabilities, Effect, Feature
from kommo_invoice.domain.draft import Amounts, Discount, Draft
from kommo_invoice.domain.money import Money
from kommo_invoice.domain.totals import lines_sum, totals
from kommo_invoice.errors import DealError

if TYPE_CHECKING:
    from collections.abc import Iterator


class MailingOff(DealError):
    """The books' set-up, as last read, forbids e-mailing; it may have been switched on since."""


def check_draft(draft: Draft, capabilities: BooksCapabilities) -> None:
    """Refuse a draft that these books cannot hold as it is meant.

    Raises:
        DealError: It asks for what the books refuse, comes to nothing, or its prices with tax
            cannot be reached to the cent.
    """
    refused = {drop.feature: drop for drop in capabilities.drops if drop.effect is Effect.REFUSED}
    for feature in _features(draft):
        if feature in refused:
            raise DealError(
                f"{feature.value}: {refused[feature].words} in {capabilities.name}",
                hint=f"leave {feature.value} out of the mapping for this deal",
            )
    if draft.terms and draft.due_date is None and Feature.TERMS not in capabilities.features:
        raise DealError(
            f"invoice.terms: {draft.terms!r} gives no due date, and {capabilities.name} has no "
            "terms of its own",
            hint='write it as "Net 30" or "Due on receipt", or give a due_date',
        )
    comes_to = totals(draft)
    if comes_to is None:
        return
    if comes_to.total.minor <= 0:
        raise DealError(f"the invoice would come to {comes_to.total}")
    if draft.amounts is Amounts.INCLUSIVE and Feature.INCLUSIVE_PRICES not in capabilities.features:
        _check_gross(draft, comes_to.total)


def check_mailing(draft: Draft, *, can_send: bool) -> None:
    """Refuse to begin what is to be e-mailed where the books may not e-mail.

    Raises:
        MailingOff: The account has e-mailing switched off.
    """
    if draft.mail is not None and not can_send:
        raise MailingOff(
            "the books have e-mailing switched off for this business",
            hint="switch it on in the books, or set send = false in [invoice]",
        )


def _check_gross(draft: Draft, total: Money) -> None:
    """Net prices are computed from gross ones, so the cents may not come out even."""
    gross = lines_sum(draft.lines)
    if draft.discount is not None:
        if draft.discount.percent is not None:
            gross -= gross * draft.discount.percent / 100
        else:
            gross -= draft.discount.amount or 0
    wanted = Money.of(gross, draft.currency)
    if wanted != total:
        raise DealError(
            f"prices with tax come to {wanted}, and net prices with tax on top to {total}",
            hint="give whole-cent net prices for this deal (amounts = exclusive), "
            "or split its lines otherwise",
        )


def _features(draft: Draft) -> Iterator[Feature]:
    """Yield what the draft asks for beyond the necessary."""
    if draft.discount is not None:
        yield _kind(draft.discount, Feature.DISCOUNT_PERCENT, Feature.DISCOUNT_AMOUNT)
    if draft.number is not None:
        yield Feature.OWN_NUMBER
    for line in draft.lines:
        if line.discount is not None:
            yield _kind(line.discount, Feature.LINE_DISCOUNT_PERCENT, Feature.LINE_DISCOUNT_AMOUNT)


def _kind(discount: Discount, percent: Feature, amount: Feature) -> Feature:
    return percent if discount.percent is not None else amount
