"""The mapping against the live accounts: what will be dropped, how strong the guard is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kommo_invoice.books.capabilities import Drop, Feature
from kommo_invoice.domain.fields import FieldKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kommo_invoice.engine.session import Session
    from kommo_invoice.http.calls import Rate


@dataclass(frozen=True, slots=True)
class Dropped:
    """A key of the mapping that these books cannot do."""

    key: str
    effect: str
    words: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found; a mapping that does not fit raises instead.

    Args:
        guard: What keeps a claim from getting two invoices, in words.
        rates: Each provider's rate, in words.
        drops: Keys of the mapping that these books cannot do.
        warnings: What may surprise.
    """

    file: str
    crm: str
    books: str
    guard: str
    rates: tuple[str, ...]
    drops: tuple[Dropped, ...]
    warnings: tuple[str, ...]


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
        drops=tuple(_dropped(drop) for drop in books.drops if drop.feature in used),
        warnings=tuple(_warnings(session)),
    )


def _used(session: Session) -> Iterator[Feature]:
    """Yield the features that the mapping asks for."""
    document = session.mapping.document
    yield Feature.RECIPIENT
    if document.invoice.amounts == "inclusive":
        yield Feature.INCLUSIVE_PRICES
    written = session.mapping.values
    for feature in Feature:
        if feature.value in written:
            yield feature


def _dropped(drop: Drop) -> Dropped:
    return Dropped(key=drop.feature.value, effect=drop.effect.value, words=drop.words)


def _warnings(session: Session) -> Iterator[str]:
    account = session.catalog.account
    if not account.can_send and session.mapping.document.invoice.send is not False:
        yield f"e-mailing is switched off in the books for {account.name}"
    for field, key in session.mapping.write_back.fields:
        link = "invoice.url" in session.mapping.values[key].attributes
        if link and field.kind is FieldKind.TEXT and field.max_length:
            yield (
                f"the field {field.name!r} takes {field.max_length} characters and links can be "
                "longer: a url or textarea field is safer"
            )


def _rates(rates: Sequence[Rate]) -> str:
    return " and ".join(f"{rate.requests} requests in {rate.seconds:g} s" for rate in rates)
