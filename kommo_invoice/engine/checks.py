"""What stops a draft before anything is created: missing features, impossible amounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.books.capabilities import BooksCapabilities, Effect, Feature
from kommo_invoice.domain.catalog import Catalog, TaxChoice, find_term
from kommo_invoice.domain.draft import Amounts, Discount, Draft, Ready
from kommo_invoice.domain.totals import totals
from kommo_invoice.errors import DealError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommo_invoice.domain.money import Money


class NotSetUp(DealError):
    """The books' set-up, as last read, forbids it; it may have been changed since."""


class MailingOff(NotSetUp):
    """The books' set-up, as last read, forbids e-mailing."""


def check_draft(draft: Draft, capabilities: BooksCapabilities) -> None:
    """Refuse a draft that these books cannot hold as it is meant.

    Raises:
        DealError: It asks for what the books refuse, comes to nothing, or its prices with tax
            cannot be reached to the cent.
    """
    if draft.ready is Ready.DRAFT and not capabilities.drafts:
        raise DealError(
            f"invoice.status: {capabilities.name} has no drafts: the invoice would be live as soon "
            "as it is made",
            hint='write status = "approved" in [invoice], or make this invoice by hand',
        )
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
    own = draft.customer.currency
    if capabilities.customers.fixed_currency and own not in {None, draft.currency}:
        raise DealError(
            f"the invoice is in {draft.currency} and its customer in {own}: in {capabilities.name} "
            "a customer has one currency, which its invoices are in",
            hint="let [invoice] currency be that of [customer]",
        )
    for key, text, longest in _texts(draft, capabilities):
        if longest is not None and len(text) > longest:
            raise DealError(
                f"{key} has {len(text)} characters, and {capabilities.name} takes {longest}",
                hint=f"shorten it, or what {key} reads in the mapping",
            )
    comes_to = capabilities.comes_to(draft)
    if comes_to.known.minor <= 0:
        raise DealError(f"the invoice would come to {comes_to.known}")
    net_only = draft.amounts is Amounts.INCLUSIVE and not capabilities.takes_gross
    if net_only and comes_to.total is not None:
        _check_gross(draft, comes_to.total)


def check_company(draft: Draft, catalog: Catalog | None, capabilities: BooksCapabilities) -> None:
    """Refuse a draft that this account, by its own settings, cannot hold as it is meant.

    Args:
        draft: The invoice.
        catalog: What the account offers, as last read; None where it is not looked at.
        capabilities: What the books can do at all.

    Raises:
        NotSetUp: It asks for what the account has switched off, lacks what it wants, is in a
            currency that it has not, or names taxes or terms as it does not.
    """
    if catalog is None:
        return
    name = catalog.account.name
    asked = set(_asked(draft))
    for key in catalog.switched_off:
        if key in asked:
            raise NotSetUp(
                f"{key}: it is switched off in the books for {name}",
                hint=f"switch it on in the books' settings, or leave {key} out of the mapping",
            )
    for key in catalog.required:
        if key not in asked:
            raise NotSetUp(
                f"{key}: the books want it for {name}, and this deal gives none",
                hint=f"give {key} in the mapping",
            )
    home = catalog.account.currency
    for currency in (draft.currency, draft.customer.currency or home):
        if not catalog.settings.other_currencies and currency != home:
            raise NotSetUp(
                f"{name} invoices in {home} only, not in {currency}",
                hint="switch on other currencies in the books, or correct the deal's currency",
            )
    _check_taxes(draft, catalog)
    terms = Feature.TERMS in capabilities.features and draft.due_date is None and draft.terms
    if terms and find_term(catalog.terms, terms) is None:
        known = ", ".join(each.name for each in catalog.terms) or "none at all"
        raise NotSetUp(
            f"invoice.terms: {name} has no terms {terms!r}",
            hint=f"use its own ({known}), or give a due_date",
        )


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


def _check_taxes(draft: Draft, catalog: Catalog) -> None:
    choice, name = catalog.settings.taxes, catalog.account.name
    taxed = [line.tax for line in draft.lines if line.tax is not None]
    if choice is TaxChoice.REQUIRED and len(taxed) < len(draft.lines):
        free = ", ".join(each.name for each in catalog.taxes if each.rate == 0)
        raise NotSetUp(
            f"{name} wants a tax on every line of an invoice, and this deal has one without",
            hint='name in [tax], in place of "none", the tax that stands for none'
            + (f": {free}" if free else ""),
        )
    if choice is TaxChoice.NONE and taxed:
        raise NotSetUp(
            f"{name} charges no tax, and this deal's lines take {taxed[0].name}",
            hint='switch tax on in the books, or write "none" in [tax]',
        )
    unknown = [each.name for each in taxed if each.rate is None]
    if draft.amounts is Amounts.INCLUSIVE and unknown:
        raise NotSetUp(
            f"the books alone know the rate of {unknown[0]}, so prices that contain it cannot be "
            "told from it",
            hint='set amounts = "exclusive" in [invoice], or choose a tax with one rate',
        )


def _check_gross(draft: Draft, total: Money) -> None:
    """Net prices are computed from gross ones, so the cents may not come out even."""
    wanted = totals(draft, gross=True).total
    if wanted != total:
        raise DealError(
            f"prices with tax come to {wanted}, and net prices with tax on top to {total}",
            hint="give whole-cent net prices for this deal (amounts = exclusive), "
            "or split its lines otherwise",
        )


def _texts(draft: Draft, capabilities: BooksCapabilities) -> Iterator[tuple[str, str, int | None]]:
    """Yield each text whose length books may limit, with its key and that limit.

    A customer's name is not among them: it is cut where it is too long.
    """
    limits = capabilities.texts
    yield "customer.email", draft.customer.email, limits.email
    yield "invoice.memo", draft.memo or "", limits.memo
    if draft.po_number is not None:
        beside = f"{draft.po_number} / {draft.reference}"
        yield "invoice.po_number, with our reference", beside, capabilities.reference.max_length
    if draft.mail is not None:
        yield "invoice.cc", ",".join(draft.mail.cc), limits.email
    if draft.number is not None:
        yield "invoice.number", draft.number, capabilities.own_number.max_length
    for line in draft.lines:
        yield "lines.description", line.description, limits.description


def _features(draft: Draft) -> Iterator[Feature]:
    """Yield what the draft asks for beyond the necessary."""
    if draft.discount is not None:
        yield _kind(draft.discount, Feature.DISCOUNT_PERCENT, Feature.DISCOUNT_AMOUNT)
    if draft.number is not None:
        yield Feature.OWN_NUMBER
    for line in draft.lines:
        if line.discount is not None:
            yield _kind(line.discount, Feature.LINE_DISCOUNT_PERCENT, Feature.LINE_DISCOUNT_AMOUNT)


def _asked(draft: Draft) -> Iterator[Feature]:
    """Yield the keys of the mapping that an account may have switched off, or want."""
    mail, customer = draft.mail, draft.customer
    given = {
        Feature.TAX_NUMBER: customer.tax_number,
        Feature.TAX_TREATMENT: customer.tax_treatment,
        Feature.TERMS: draft.terms,
        Feature.PO_NUMBER: draft.po_number,
        Feature.MEMO: draft.memo,
        Feature.MESSAGE: mail.message if mail else None,
        Feature.CC: mail.cc if mail else None,
    }
    yield from (feature for feature, value in given.items() if value)
    yield from _features(draft)


def _kind(discount: Discount, percent: Feature, amount: Feature) -> Feature:
    return percent if discount.percent is not None else amount
