"""The mapping against the live accounts: what will be dropped, how strong the guard is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kommo_invoice.books.capabilities import Drop, Effect, Feature, Link
from kommo_invoice.domain.catalog import TaxChoice
from kommo_invoice.domain.fields import FieldKind
from kommo_invoice.mapping.company import (
    OWN_CURRENCY,
    STATUS,
    always_asked,
    wanted_tax,
    wants_drafts,
)
from kommo_invoice.mapping.problems import key_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kommo_invoice.books.capabilities import BooksCapabilities
    from kommo_invoice.domain.catalog import Tax
    from kommo_invoice.engine.session import Session
    from kommo_invoice.http.calls import Rate
    from kommo_invoice.mapping.load import MappingFile

_URL = "invoice.url"
_NO_DRAFTS = "has no drafts: an invoice is live as soon as it is made"
_ONE_DISCOUNT = "discounts the whole of an invoice or its lines, not both"
_OFF_THE_WHOLE = (Feature.DISCOUNT_PERCENT.value, Feature.DISCOUNT_AMOUNT.value)
_OFF_LINES = (Feature.LINE_DISCOUNT_PERCENT.value, Feature.LINE_DISCOUNT_AMOUNT.value)


@dataclass(frozen=True, slots=True)
class Dropped:
    """A key of the mapping that these books cannot do, or that they have switched off."""

    key: str
    effect: str
    words: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found; a mapping that does not fit raises instead.

    Args:
        guard: What keeps a claim from getting two invoices, in words.
        rates: Each provider's rate, in words.
        drops: Keys of the mapping that these books cannot do, or do not do for this account.
        notes: What the books decide themselves.
        warnings: What may surprise.
    """

    file: str
    crm: str
    books: str
    guard: str
    rates: tuple[str, ...]
    drops: tuple[Dropped, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def surprises(self) -> tuple[str, ...]:
        """What a run may end with that nobody expects: the warnings, and what is refused."""
        refused = (drop for drop in self.drops if drop.effect == Effect.REFUSED)
        return (*self.warnings, *(f"{drop.key}: {drop.words}" for drop in refused))


def refused_keys(capabilities: BooksCapabilities, file: MappingFile) -> Mapping[str, str]:
    """Return key -> why, for what these books refuse whatever an account's settings.

    Args:
        capabilities: What the books can do.
        file: The mapping, for what they refuse beside what else it asks for.
    """
    name = capabilities.name
    keys = {
        drop.feature.value: f"{drop.words} in {name}"
        for drop in capabilities.drops
        if drop.effect is Effect.REFUSED
    }
    if capabilities.one_discount and any(always_asked(file, key) for key in _OFF_THE_WHOLE):
        keys |= dict.fromkeys(_OFF_LINES, f"{name} {_ONE_DISCOUNT}")
    return keys if capabilities.drafts else {**keys, STATUS: f"{name} {_NO_DRAFTS}"}


def check(session: Session) -> Report:
    """Return the report on a mapping that has just been compiled against fresh set-ups."""
    books, crm = session.books.capabilities, session.crm.capabilities
    used = frozenset(_used(session))
    own_number = session.mapping.document.invoice.number is not None
    return Report(
        file=str(session.mapping.file.path),
        crm=f"{crm.name} {session.crm_setup.account.name} ({session.ledger.crm})",
        books=f"{books.name} {session.catalog.account.name} ({session.ledger.books})",
        guard=books.guard(own_number=own_number),
        rates=(
            f"{crm.name} {_rates(crm.rates)}, {crm.in_flight} at a time",
            f"{books.name} {_rates(books.rates)}, {books.in_flight} at a time",
        ),
        drops=(
            *(_dropped(drop) for drop in books.drops if drop.feature in used),
            *_refused_here(session),
        ),
        notes=tuple(_notes(session)),
        warnings=tuple(_warnings(session)),
    )


def _used(session: Session) -> Iterator[Feature]:
    """Yield the features that the mapping asks for."""
    document = session.mapping.document
    yield Feature.RECIPIENT
    if document.invoice.amounts == "inclusive":
        yield Feature.INCLUSIVE_PRICES
    for feature in Feature:
        section, name = feature.value.split(".")[:2]
        given = name in getattr(document, section).model_fields_set  # not by its default alone
        if given and feature.value in session.mapping.values:
            yield feature


def _dropped(drop: Drop) -> Dropped:
    return Dropped(key=drop.feature.value, effect=drop.effect.value, words=drop.words)


def _refused_here(session: Session) -> Iterator[Dropped]:
    """Yield what this account refuses for some deals; what it refuses for all does not compile."""
    catalog, mapping = session.catalog, session.mapping
    off = f"it is switched off in the books for {catalog.account.name}"
    found = {key: off for key in catalog.switched_off if key in mapping.values}
    if not session.books.capabilities.drafts and wants_drafts(mapping.file):
        found[STATUS] = f"{session.books.capabilities.name} {_NO_DRAFTS}"
    written = [key for key in _OFF_LINES if key in mapping.values]
    if session.books.capabilities.one_discount and {*_OFF_THE_WHOLE} & {*mapping.values}:
        words = f"{session.books.capabilities.name} {_ONE_DISCOUNT}"
        found |= dict.fromkeys(written, f"{words}; a deal that asks for both is refused")
    taxes = _taxes(session)
    if catalog.settings.taxes is TaxChoice.REQUIRED:
        found |= {key: wanted_tax(catalog) for key, tax in taxes.items() if tax is None}
    unknown = [tax.name for tax in taxes.values() if tax is not None and tax.rate is None]
    if mapping.document.invoice.amounts == "inclusive" and unknown:
        found[Feature.INCLUSIVE_PRICES.value] = (
            f"the books alone know the rate of {unknown[0]}, so prices that contain it cannot be "
            "told from it"
        )
    for key, words in found.items():
        yield Dropped(key, Effect.REFUSED.value, words)


def _taxes(session: Session) -> dict[str, Tax | None]:
    """Return what ``[tax]`` names, by key; None for an explicit "no tax"."""
    taxes = session.mapping.taxes
    if taxes is None:
        return {}
    named = {key_text(("tax", case)): tax for case, tax in taxes.table.items()}
    return named if taxes.strict else {**named, "tax.default": taxes.default}


def _notes(session: Session) -> Iterator[str]:
    catalog, books = session.catalog, session.books.capabilities.name
    if catalog.settings.taxes is TaxChoice.BY_BOOKS and catalog.taxes:
        names = ", ".join(tax.name for tax in catalog.taxes)
        yield (
            f"{books} decides the tax: a line only says whether it is taxable ({names}) "
            "or not (none)"
        )
    else:
        open_rates = [tax.name for tax in _taxes(session).values() if tax and tax.rate is None]
        if open_rates:
            names = ", ".join(dict.fromkeys(open_rates))
            yield f"{books} alone reckons the tax {names}: previews show the amount before it"
    if "invoice.terms" in session.mapping.values:
        open_ended = [term.name for term in catalog.terms if term.days is None]
        if open_ended:
            yield f"{books} reckons the due date of the terms {', '.join(open_ended)}"


def _warnings(session: Session) -> Iterator[str]:
    account = session.catalog.account
    if not account.can_send and session.mapping.document.invoice.send is not False:
        yield f"e-mailing is switched off in the books for {account.name}"
    if _many_currencies(session) and not session.catalog.settings.other_currencies:
        yield (
            f"{account.name} invoices in {account.currency} only: deals in another currency are "
            "refused"
        )
    conditional = session.books.capabilities.link is Link.CONDITIONAL
    unpaid = conditional and session.catalog.settings.online_payments is False
    for field, key in session.mapping.write_back.fields:
        link = _URL in session.mapping.values[key].attributes
        if link and unpaid:
            yield (
                f"online payments are switched off in the books for {account.name}: the field "
                f"{field.name!r} gets the link for its staff, which clients cannot open"
            )
        if link and field.kind is FieldKind.TEXT and field.max_length:
            yield (
                f"the field {field.name!r} takes {field.max_length} characters and links can be "
                "longer: a url or textarea field is safer"
            )


def _many_currencies(session: Session) -> bool:
    """Say whether deals may ask for several currencies."""
    value = session.mapping.values["customer.currency"]
    own = session.mapping.values["invoice.currency"]
    alone = value.constant or str(value.source).strip() == OWN_CURRENCY
    return not alone or not (own.constant or own.attributes == {"customer.currency"})


def _rates(rates: Sequence[Rate]) -> str:
    return " and ".join(f"{rate.requests} requests in {rate.seconds:g} s" for rate in rates)
