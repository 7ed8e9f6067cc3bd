"""The QuickBooks simulator's companies: settings, records with their past, ids and clock."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from kommo_invoice.sandbox import records
from kommo_invoice.sandbox.records import Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from kommo_invoice.sandbox.world import World

PACIFIC = ZoneInfo("America/Los_Angeles")
NAMES = ("Customer", "Vendor", "Employee")
"""The kinds of records that share one space of names, and one counter of ids."""


class RequestIds(StrEnum):
    """What becomes of a request whose ``requestid`` was used before (sheet, section 5)."""

    REPLAY = "replay"
    """The first answer comes again, and nothing is done."""
    REFUSE = "refuse"
    """600."""
    ACT = "act"
    """It is taken for a new request."""


@dataclass(slots=True, kw_only=True)
class QuickBooksRules:
    """What is not established of QuickBooks (end of its sheet), to be set either way.

    Args:
        request_ids: What becomes of a repeated ``requestid``.
        other_body: The same where it comes with another body.
        request_ids_kept_s: After how many seconds they are forgotten; None keeps them.
        failures_kept: Whether a refused request uses its ``requestid`` up.
        send_replays: Whether ``requestid`` keeps a send from mailing twice.
        faults_with_200: Whether a Fault comes with HTTP 200 (section 2).
        missing_status: The HTTP status of a read of what does not exist.
        link_on_create: Whether the answer to a create has the InvoiceLink, too.
        values_ignore_case: Whether queries compare texts without letter case.
        payments_touch_invoices: Whether a payment moves the invoice's LastUpdatedTime.
        currency_required: Whether an invoice without CurrencyRef is refused where there are
            several currencies.
        own_number_taken: Whether a DocNumber is taken where the company numbers automatically;
            else it is passed over.
        deactivated_names_taken: Whether the name of a deactivated customer stays taken, beside
            the one with the suffix.
        bare_answers: Whether answers leave out what they may: names in references, an empty
            LinkedTxn (section 4.3).
        long_country: Whether countries are three letters (section 2).
        refresh_grace_s: How long a refresh token lives on after its successor came.
        requests_per_second: For each company and application; ``requests_per_minute`` for each
            company, ``batches_per_minute`` for each company and application (section 6).
        reads_left: How many reads the month still has; None does not count them.
        largest_batch: An old page says 10.
        change_log_rows: How many objects a change log answers at most; the rest is cut off.
    """

    request_ids: RequestIds = RequestIds.REPLAY
    other_body: RequestIds = RequestIds.REPLAY
    request_ids_kept_s: float | None = None
    failures_kept: bool = False
    send_replays: bool = False
    faults_with_200: bool = False
    missing_status: int = 400
    link_on_create: bool = True
    values_ignore_case: bool = True
    payments_touch_invoices: bool = True
    currency_required: bool = True
    own_number_taken: bool = False
    deactivated_names_taken: bool = False
    bare_answers: bool = False
    long_country: bool = True
    refresh_grace_s: float = 0.0
    requests_per_second: int = 10
    requests_per_minute: int = 500
    batches_per_minute: int = 40
    reads_left: int | None = None
    largest_batch: int = 30
    change_log_rows: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one company is set up.

    Args:
        country: ISO code of two letters; everything but ``US`` has tax codes on lines.
        currency: The home currency, ISO code.
        timezone: Of the company; the server's own dates are Pacific all the same.
        using_sales_tax: False leaves every tax out.
        automated_tax: For ``US``: the engine decides the tax.
        sales_tax: For ``US``: the id of the tax code that the engine uses.
        multi_currency: Whether there are currencies beside the home currency.
        rates: Foreign currency -> what one unit of it is worth at home; others cannot be used.
        custom_numbers: Whether transactions bring their own numbers (CustomTxnNumbers).
        duplicate_warning: Whether a number can be used only once (6140).
        allow_discount: Whether invoices may have a discount line.
        payments: Whether QuickBooks Payments is active.
        custom_fields: The names of up to three text fields on invoices.
        terms_days: An invoice without due date and terms is due that many days after its date.
        is_sandbox: Whether only Development keys reach it.
        lapsed: Whether its subscription ended: it can be read, not written (6190).
    """

    name: str
    country: str = "US"
    currency: str = "USD"
    timezone: str = "America/Los_Angeles"
    using_sales_tax: bool = True
    automated_tax: bool = True
    sales_tax: str | None = None
    multi_currency: bool = False
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    custom_numbers: bool = False
    duplicate_warning: bool = True
    allow_discount: bool = True
    payments: bool = False
    custom_fields: tuple[str, ...] = ()
    terms_days: int = 30
    is_sandbox: bool = True
    lapsed: bool = False

    @property
    def is_us(self) -> bool:
        """Whether tax is told by ``TAX`` and ``NON``."""
        return self.country == "US"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(records.Record):
    """One object of a company.

    Args:
        version: Its SyncToken.
    """

    version: int = 0

    @property
    def is_active(self) -> bool:
        """False for what a person switched off."""
        return bool(self.data.get("Active", True))

    def ref(self, name: str) -> str | None:
        """Return the id that the reference ``name`` leads to."""
        found = self.data.get(name)
        return None if found is None else str(found["value"])


class Company:
    """One company's books.

    Args:
        world: Gives the time, the ids and the lag of lists.
        rules: How the undocumented turns out.
        realm: Its id.
        settings: How it is set up.
    """

    def __init__(
        self, world: World, rules: QuickBooksRules, realm: str, settings: Settings
    ) -> None:
        self.world = world
        self.rules = rules
        self.realm = realm
        self.settings = settings
        self.created_at = self.now()
        self._tables: defaultdict[str, Table[Record]] = defaultdict(Table)

    def now(self) -> datetime:
        """Return the world's time to the second, which is all that records keep."""
        return self.world.now().replace(microsecond=0)

    def today(self) -> date:
        """Return the server's day, which is Pacific whatever the company (sheet, section 4.3)."""
        return self.now().astimezone(PACIFIC).date()

    def as_of(self) -> datetime | None:
        """Return the time that lists show; None while they do not lag."""
        lag = self.world.lag_s
        return self.now() - timedelta(seconds=lag) if lag else None

    def table(self, kind: str) -> Table[Record]:
        """Return the records of that kind."""
        return self._tables[kind]

    def add(
        self, kind: str, data: Mapping[str, Any], *, at: datetime | None = None, id_: str = ""
    ) -> Record:
        """Keep a new record and return it; with ``at`` as if it had always been there since."""
        made = at or self.now()
        record = Record(
            kind=kind, id=id_ or self._new_id(kind), data=data, created_at=made, updated_at=made
        )
        table = self.table(kind)
        return table.settle(record) if at else table.put(record, made)

    def change(self, record: Record, data: Mapping[str, Any], *, touched: bool = True) -> Record:
        """Keep a record's next version and return it; untouched it looks as old as before."""
        now = self.now()
        changed = replace(record, data=data)
        if touched:
            changed = replace(changed, version=record.version + 1, updated_at=now)
        return self.table(record.kind).put(changed, now)

    def drop(self, record: Record) -> None:
        """Delete a record."""
        self.table(record.kind).drop(record, self.now())

    def _new_id(self, kind: str) -> str:
        counter = "name" if kind in NAMES else "txn" if kind in {"Invoice", "Payment"} else kind
        first = 101 if counter == "txn" else 1
        return str(self.world.ids.next(f"quickbooks.{self.realm}.{counter}", first))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One e-mail with an invoice; subject and text are the company's own."""

    realm: str
    invoice_id: str
    to: str
    cc: str | None
    bcc: str | None
    at: datetime


class QuickBooksState:
    """Everything behind Intuit's interface.

    Args:
        world: What all simulators share.
        rules: How the undocumented turns out.
    """

    def __init__(self, world: World, rules: QuickBooksRules) -> None:
        self.world = world
        self.rules = rules
        self.companies: dict[str, Company] = {}
        self.mails: list[Mail] = []

    def company(self, realm: str | None = None) -> Company:
        """Return the company; without an id the first one.

        Raises:
            KeyError: There is none.
        """
        return self.companies[realm or next(iter(self.companies))]
