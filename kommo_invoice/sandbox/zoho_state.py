"""The Zoho Books simulator's organisations: set-up, records with their past, ids and clock."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from kommo_invoice.domain.money import digits
from kommo_invoice.sandbox.records import Record, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommo_invoice.sandbox.world import World
    from kommo_invoice.sandbox.zoho_rules import ZohoRules

EDITIONS: Mapping[str, str] = {
    "US": "us",
    "CA": "ca",
    "GB": "uk",
    "IN": "in",
    "MX": "mx",
    "KE": "ke",
    "ZA": "za",
    "AU": "au",
    **dict.fromkeys(("AE", "SA", "BH", "KW", "OM", "QA"), "gcc"),
    **dict.fromkeys(("DE", "FR", "NL", "IE", "AT", "ES", "IT", "BE", "PT", "PL"), "eu"),
}
"""Country -> edition; all others are ``global``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one organisation is set up.

    Args:
        country: ISO code of two letters, which decides the edition.
        currency: The base currency, ISO code.
        timezone: Of the organisation: of all its dates and times.
        state: For India: the state of the organisation itself.
        plan: The plan's name, which says nothing of the daily limit (section 2).
        requests_per_day: The plan's daily limit.
        auto_numbers: Whether invoices are numbered by the organisation.
        terms_days: An invoice without due date and terms is due that many days after its date.
        item_rounding: Whether tax is rounded on every line (item_level), not once on the whole.
        discount_before_tax: What counts where an invoice does not say.
        portal: The name in the addresses of invoices.
    """

    name: str
    country: str = "DE"
    currency: str = "EUR"
    timezone: str = "Europe/Berlin"
    state: str = ""
    plan: str = "Professional"
    requests_per_day: int = 1000
    auto_numbers: bool = True
    terms_days: int = 0
    item_rounding: bool = False
    discount_before_tax: bool = True
    portal: str = "demo"

    @property
    def edition(self) -> str:
        """Which country's rules hold."""
        return EDITIONS.get(self.country, "global")


class Organization:
    """One organisation's books.

    Args:
        world: Gives the time, the ids and the lag of lists.
        rules: How the undocumented turns out.
        number: Its place among them, from 1, which is in all its ids.
        settings: How it is set up.

    Attributes:
        is_default: A hint of Zoho's own.
        calls: Day in the organisation's zone -> how many requests it has counted.
        blocked_until: Until when every request is refused (section 6); None for not at all.
        mailed: Day -> how many e-mails left.
        numbers: Invoice number, its case folded -> the invoice that had it last.
        applied: Kind and invoice -> the payments or credit notes that were ever applied to it.
    """

    def __init__(self, world: World, rules: ZohoRules, number: int, settings: Settings) -> None:
        self.world = world
        self.rules = rules
        self.id = str(60_012_345_600 + number)
        self.settings = settings
        self.is_default = number == 1
        self.calls: defaultdict[date, int] = defaultdict(int)
        self.mailed: defaultdict[date, int] = defaultdict(int)
        self.blocked_until: datetime | None = None
        self.last_number = 0
        self.numbers: dict[str, str] = {}
        self.applied: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        self._prefix = f"26{number:04d}"
        self._tables: defaultdict[str, Table[Record]] = defaultdict(Table)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of all that is shown."""
        return ZoneInfo(self.settings.timezone)

    def now(self) -> datetime:
        """Return the world's time to the second, which is all that records keep."""
        return self.world.now().replace(microsecond=0)

    def today(self) -> date:
        """Return the day where the organisation is."""
        return self.now().astimezone(self.zone).date()

    def midnight(self) -> datetime:
        """Return when the organisation's next day begins."""
        tomorrow = self.today() + timedelta(days=1)
        return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=self.zone)

    def moment(self, at: datetime) -> str:
        """Return a time as on the wire: local, the offset without a colon (section 4.7)."""
        return at.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M:%S%z")

    def as_of(self) -> datetime | None:
        """Return the time that lists show; None while they do not lag."""
        lag = self.world.lag_s
        return self.now() - timedelta(seconds=lag) if lag else None

    def table(self, kind: str) -> Table[Record]:
        """Return the records of that kind."""
        return self._tables[kind]

    def new_id(self) -> str:
        """Return an id: a number of 18 digits, too long for a float."""
        counter = self.world.ids.next(f"zoho.{self.id}", 124_001)
        return f"{self._prefix}{counter:012d}"

    def add(self, kind: str, data: Mapping[str, Any], *, at: datetime | None = None) -> Record:
        """Keep a new record and return it; with ``at`` as if it had always been there since."""
        made = at or self.now()
        record = Record(kind=kind, id=self.new_id(), data=data, created_at=made, updated_at=made)
        table = self.table(kind)
        return table.settle(record) if at else table.put(record, made)

    def change(self, record: Record, more: Mapping[str, Any], *, touched: bool = True) -> Record:
        """Keep a record with other properties and return it; untouched it looks as old as before.

        Args:
            record: What to change.
            more: The properties that change.
            touched: Whether last_modified_time moves.
        """
        now = self.now()
        changed = replace(record, data={**record.data, **more})
        if touched:
            changed = replace(changed, updated_at=now)
        return self.table(record.kind).put(changed, now)

    def drop(self, record: Record) -> None:
        """Delete a record."""
        self.table(record.kind).drop(record, self.now())

    def find(self, kind: str, record_id: object) -> Record | None:
        """Return the record of that kind with that id."""
        return self.table(kind).find(str(record_id))

    def currency(self, code: str) -> Record:
        """Return the currency with that ISO code.

        Raises:
            KeyError: The organisation has none such.
        """
        for record in self.table("currency").all():
            if record.data["currency_code"] == code:
                return record
        raise KeyError(code)

    @staticmethod
    def places(currency: str) -> int:
        """Return the price_precision of a currency."""
        return digits(currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One e-mail with an invoice."""

    organization: str
    invoice_id: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str
    body: str
    attached: bool
    at: datetime


class ZohoState:
    """Everything behind Zoho's interface.

    Args:
        world: What all simulators share.
        rules: How the undocumented turns out.
    """

    def __init__(self, world: World, rules: ZohoRules) -> None:
        self.world = world
        self.rules = rules
        self.organizations: dict[str, Organization] = {}
        self.mails: list[Mail] = []

    def organization(self, wanted: str | None = None) -> Organization:
        """Return the organisation; without an id the first one.

        Raises:
            KeyError: There is none.
        """
        return self.organizations[wanted or next(iter(self.organizations))]
