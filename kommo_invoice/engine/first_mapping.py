"""A first mapping: both accounts are read, and the text is proved before it is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar
from zoneinfo import ZoneInfo

from kommo_invoice.books.features import Effect, Feature
from kommo_invoice.domain.catalog import TaxChoice
from kommo_invoice.engine.first_proof import prove
from kommo_invoice.engine.providers import Account, open_books, open_crm
from kommo_invoice.errors import KinvError
from kommo_invoice.mapping.first.decide import decide_crm
from kommo_invoice.mapping.first.found import reads
from kommo_invoice.mapping.first.item import check_items, decide_item
from kommo_invoice.mapping.first.tax import decide_tax
from kommo_invoice.mapping.first.text import First, Side, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime
    from pathlib import Path

    from kommo_invoice.crm.base import CrmSetup
    from kommo_invoice.domain.catalog import Catalog
    from kommo_invoice.domain.fields import FieldDraft
    from kommo_invoice.engine.first_sides import Place
    from kommo_invoice.http import OpenClient
    from kommo_invoice.mapping.first.answers import Answers
    from kommo_invoice.mapping.first.decide import CrmPart
    from kommo_invoice.mapping.first.wishes import Wishes

T = TypeVar("T")

_ENTITIES = ("deal", "contact", "company")


@dataclass(frozen=True, slots=True)
class Proved:
    """A first mapping that fits both accounts.

    Args:
        first: What it says.
        text: The file.
        drafts: The fields that have to be made before it can be used.
    """

    first: First
    text: str
    drafts: tuple[FieldDraft, ...]


def first_mapping(
    crm: Place | None,
    books: Place | None,
    open_client: OpenClient,
    wishes: Wishes,
    answers: Answers,
    clock: Callable[[], datetime],
    path: Path,
) -> Proved:
    """Read both accounts, decide what there is to decide, and return a mapping that fits them.

    Args:
        crm: The CRM's side, with its account; None where that is one of the missing answers.
        books: The books' side, likewise.
        open_client: Makes HTTP clients with their tokens.
        wishes: What flags say.
        answers: Asks for the rest.
        clock: Gives the time (UTC).
        path: Where the mapping is to stand.

    Raises:
        UsageError: Answers are missing, or a flag names what does not exist.
        ConfigInvalid: An account lacks what every invoice needs.
        LoginNeeded, Refused, Temporary: An account cannot be read.
    """
    left = None if crm is None else _read_crm(crm, open_client)
    right = None if books is None else _read_books(books, open_client)
    if right is not None:  # before a person has answered in vain
        check_items(right.held, right.provider)
    deals = None if left is None else decide_crm(left.held, wishes, answers, left.provider)
    item = tax = None
    if right is not None:
        item = decide_item(right.held, wishes, answers, right.provider)
    if left is not None and right is not None:
        by_country = "customer.country" in reads(left.held.fields)
        country = left.held.account.country
        tax = decide_tax(
            right.held.taxes,
            wishes,
            answers,
            by_country=by_country,
            country=country,
            choice=right.held.settings.taxes,
        )
    answers.complete()
    if left is None or right is None or deals is None or item is None:
        raise KinvError("a choice is missing that nobody was asked for")
    deals, dropped = _without(deals, right.drops)
    first = First(
        crm=left.side,
        books=right.side,
        since=wishes.since or _today(left.held, right.held, clock),
        deals=deals,
        item=item,
        tax=tax,
        sends=right.held.account.can_send,
        dropped=dropped,
        terms=tuple(term.name for term in right.held.terms),
        numbered=Feature.OWN_NUMBER in right.held.required,
        tax_by_books=right.held.settings.taxes is TaxChoice.BY_BOOKS,
        treatments=right.held.settings.tax_treatments,
    )
    text = write(first)
    return Proved(first, text, prove(text, path, left.held, right.held))


@dataclass(frozen=True, slots=True)
class _Read(Generic[T]):
    """One side, read.

    Args:
        side: As the mapping names it.
        provider: The provider's name, for people.
        held: What the account holds.
        drops: Keys of the mapping that would be of no use there.
    """

    side: Side
    provider: str
    held: T
    drops: frozenset[str] = frozenset()


def _read_crm(place: Place, open_client: OpenClient) -> _Read[CrmSetup]:
    crm = open_crm(_account(place), open_client)
    setup, name = crm.setup(entities=_ENTITIES), crm.capabilities.name
    return _Read(_side(place, f"{name} {setup.account.name}"), name, setup)


def _read_books(place: Place, open_client: OpenClient) -> _Read[Catalog]:
    books = open_books(_account(place), open_client)
    catalog, name = books.catalog(), books.capabilities.name
    drops = frozenset(
        drop.feature.value
        for drop in books.capabilities.drops
        # Simple terms ("Net 30") still give the due date where the books have none to choose.
        if drop.effect is Effect.DROPPED and drop.feature is not Feature.TERMS
    ).union(catalog.switched_off)
    return _Read(_side(place, f"{name} {catalog.account.name}"), name, catalog, drops)


def _without(deals: CrmPart, drops: frozenset[str]) -> tuple[CrmPart, tuple[str, ...]]:
    """Return the CRM's part without what the books would drop, and those keys."""
    dropped = tuple(key for key in deals.reads if key in drops)
    kept = {key: value for key, value in deals.reads.items() if key not in drops}
    return replace(deals, reads=kept), dropped


def _today(setup: CrmSetup, catalog: Catalog, clock: Callable[[], datetime]) -> date:
    zone = ZoneInfo(catalog.account.timezone or setup.account.timezone)
    return clock().astimezone(zone).date()


def _account(place: Place) -> Account:
    where = (place.base_url, place.environment, place.region)
    return Account(place.provider or "", place.account or "", *where)


def _side(place: Place, title: str) -> Side:
    return Side(
        place.provider or "",
        place.account or "",
        title,
        place.base_url,
        place.auth_base_url,
        place.environment,
        place.region,
    )
