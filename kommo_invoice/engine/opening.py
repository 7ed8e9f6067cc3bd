"""Opens a session: accounts, cached set-ups, the mapping compiled against them."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from kommo_invoice.crm.base import CrmSetup, Want
from kommo_invoice.domain.catalog import Catalog
from kommo_invoice.domain.claim import Namer
from kommo_invoice.engine.checking import refused_keys
from kommo_invoice.engine.providers import (
    Account,
    closing_clients,
    known_id,
    open_books,
    open_crm,
)
from kommo_invoice.engine.session import Session
from kommo_invoice.errors import ConfigInvalid
from kommo_invoice.ledger.ledger import Ledger
from kommo_invoice.ledger.rows import dump
from kommo_invoice.ledger.setups import Setups
from kommo_invoice.mapping.compile import compile_mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from kommo_invoice.books.base import Books
    from kommo_invoice.crm.base import Crm
    from kommo_invoice.engine.events import Reporter
    from kommo_invoice.http import OpenClient
    from kommo_invoice.mapping.load import MappingFile
    from kommo_invoice.mapping.mapping import Mapping

    T = TypeVar("T")

_CACHED_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a session is opened with.

    Args:
        file: The mapping.
        open_client: Makes HTTP clients with their tokens.
        state_dir: The folder of ledger and locks.
        clock: Gives the time (UTC).
        reporter: Whoever listens.
        dry_run: Nothing is written; without a ledger file there is an empty one in memory.
        settle_s: ``KINV_SETTLE_S``.
    """

    file: MappingFile
    open_client: OpenClient
    state_dir: Path
    clock: Callable[[], datetime]
    reporter: Reporter
    dry_run: bool = False
    settle_s: float | None = None

    @property
    def crm(self) -> Account:
        """The CRM's side of the mapping."""
        return crm_side(self.file)

    @property
    def books(self) -> Account:
        """The books' side of the mapping."""
        return books_side(self.file)


def crm_side(file: MappingFile) -> Account:
    """Return the CRM's side of a mapping."""
    side = file.document.crm
    return Account(side.provider, known_id(side.provider, side.account), side.base_url)


def books_side(file: MappingFile) -> Account:
    """Return the books' side of a mapping."""
    side = file.document.books
    account = known_id(side.provider, side.account)
    return Account(side.provider, account, side.base_url, side.environment, side.region)


def open_ledger(around: Surroundings) -> Ledger:
    """Return the pair's ledger; a preview before the first run gets an empty one in memory."""
    path = around.state_dir / "ledger.sqlite3"
    return Ledger(
        None if around.dry_run and not path.exists() else path,
        crm=str(around.crm),
        books=str(around.books),
        clock=around.clock,
    )


@contextmanager
def crm_alone(around: Surroundings) -> Iterator[Crm]:
    """Open the CRM of a mapping that may not fit it yet."""
    with closing_clients(around.open_client) as open_client:
        yield open_crm(around.crm, open_client, file=str(around.file.path))


@contextmanager
def open_session(
    around: Surroundings, *, fresh: bool = False, setup: CrmSetup | None = None
) -> Iterator[Session]:
    """Open a session and close its ledger and connections in the end.

    Args:
        around: What it is opened with.
        fresh: Read both set-ups anew instead of taking the cached ones.
        setup: The CRM's set-up, where it was just read (or is to be taken as read).

    Raises:
        ConfigInvalid: The mapping does not fit the accounts.
        LoginNeeded, Refused, Temporary: An account cannot be read.
    """
    with ExitStack() as stack:
        open_client = stack.enter_context(closing_clients(around.open_client))
        crm = open_crm(around.crm, open_client, file=str(around.file.path))
        books = open_books(around.books, open_client, file=str(around.file.path))
        ledger = open_ledger(around)
        stack.callback(ledger.close)
        mapping, setup = _compiled(around, crm, books, ledger, fresh=fresh, read=setup)
        books.know(mapping.catalog)
        zone = ZoneInfo(mapping.catalog.account.timezone or setup.account.timezone)
        yield Session(
            mapping=mapping,
            crm=crm,
            books=books,
            crm_setup=setup,
            catalog=mapping.catalog,
            namer=Namer.of(around.crm.provider, setup.account.id),
            ledger=ledger,
            reporter=around.reporter,
            clock=around.clock,
            today=around.clock().astimezone(zone).date(),
            want=want(around.file),
            dry_run=around.dry_run,
            settle_s=around.settle_s,
        )


def want(file: MappingFile) -> Want:
    """Return what the mapping needs around a deal."""
    needs = file.needs
    return Want(contact=needs.contact, company=needs.company, products=needs.products)


def _compiled(
    around: Surroundings,
    crm: Crm,
    books: Books,
    ledger: Ledger,
    *,
    fresh: bool,
    read: CrmSetup | None,
) -> tuple[Mapping, CrmSetup]:
    """Compile the mapping; what does not fit a cached set-up is tried again with a fresh one."""
    anew = fresh or read is not None
    setup = None if anew else _cached(ledger, "crm", CrmSetup)
    catalog = None if anew else _cached(ledger, "books", Catalog)
    needs = around.file.needs
    refused = refused_keys(books.capabilities, around.file)
    complete = setup is not None and {each.entity for each in setup.fields} >= set(needs.entities)
    if setup is not None and catalog is not None and complete:
        try:
            return compile_mapping(around.file, setup, catalog, refused), setup
        except ConfigInvalid:
            pass
    setup = read or crm.setup(entities=needs.entities, users=needs.users)
    catalog = books.catalog()
    mapping = compile_mapping(around.file, setup, catalog, refused)
    if not around.dry_run:
        setups = Setups(ledger)
        setups.keep("crm", dump(setup))
        setups.keep("books", dump(catalog))
    return mapping, setup


def _cached(ledger: Ledger, side: str, kind: type[T]) -> T | None:
    """Return the cached set-up of a side, None when it is missing, old or of another form."""
    from pydantic import TypeAdapter, ValidationError

    found = Setups(ledger).get(side)
    if found is None or ledger.clock() - found[0] > _CACHED_FOR:
        return None
    try:
        return TypeAdapter(kind).validate_json(found[1])
    except ValidationError:
        return None
