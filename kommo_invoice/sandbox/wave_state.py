"""The Wave simulator's books: their tables, rules, ids and clock."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar
from zoneinfo import ZoneInfo

from kommo_invoice.sandbox.wave_money import TaxRounding
from kommo_invoice.sandbox.wave_records import (
    Account,
    Business,
    Customer,
    Invoice,
    Mail,
    Owned,
    Payment,
    Product,
    SalesTax,
    User,
    global_id,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql import GraphQLResolveInfo

    from kommo_invoice.sandbox.world import World

    Info = GraphQLResolveInfo["WaveState"]
    """What a field's resolver is told; its ``context`` is the books."""

R = TypeVar("R", bound=Owned)

SETTLED = datetime.min.replace(tzinfo=UTC)

_FIRST_NUMBER = {
    "Account": 1_123_558_524_060_806_254,
    "SalesTax": 700_101,
    "Product": 66_044_701,
    "Customer": 55_700_101,
    "Invoice": 2_496_756_670_638_588_934,
    "InvoicePayment": 2_496_800_100_000_000_001,
    "InvoiceItem": 2_496_900_100_000_000_001,
}


@dataclass(slots=True, kw_only=True)
class WaveRules:
    """What is not established of Wave (sheet, section 14), to be set either way; and its moods.

    Args:
        unauthenticated_status: The HTTP status beside ``UNAUTHENTICATED``; 200 is as possible.
        invalid_status: The one beside a document or variables that are wrong.
        emails_ignore_case: Whether ``customers(email:)`` does.
        modified_after_is_inclusive: Whether ``modifiedAtAfter`` takes the moment itself in.
        tax_rounding: Where tax is rounded.
        deletes_approved: Whether unpaid invoices can be deleted once they are approved.
        overdue_hides_partial: Which of the two an overdue, partly paid invoice shows.
        payments_touch_invoices: Whether a payment changes the invoice's ``modifiedAt``.
        groups_thousands: Whether ``Money.value`` is written 1,695.00.
        first_invoice_stumbles: Whether a new customer's first invoice is not possible yet
            (sheet, section 9.1).
        largest_page: A larger page size is cut to this.
        requests_per_minute: For each token.
        knows_offline_access: Whether that scope is known, or ``invalid_scope`` (section 3).
        offline_needs_scope: Whether there is a refresh token only for those who asked for it.
    """

    unauthenticated_status: int = 401
    invalid_status: int = 400
    emails_ignore_case: bool = False
    modified_after_is_inclusive: bool = True
    tax_rounding: TaxRounding = TaxRounding.LINE
    deletes_approved: bool = True
    overdue_hides_partial: bool = True
    payments_touch_invoices: bool = True
    groups_thousands: bool = False
    first_invoice_stumbles: bool = False
    largest_page: int = 200
    requests_per_minute: int = 60
    knows_offline_access: bool = True
    offline_needs_scope: bool = False


class NotFound(Exception):
    """No record has that id; Wave answers it with the code ``NOT_FOUND``."""


class Table(Generic[R]):
    """Records of one kind with their past, since lists may still show what was.

    Args:
        kind: What the record is called in errors.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._now: dict[str, R] = {}
        self._past: defaultdict[str, list[tuple[datetime, R | None]]] = defaultdict(list)

    def put(self, record: R, at: datetime) -> R:
        """Keep the record, written at that time, and return it."""
        self._now[record.id] = record
        self._past[record.id].append((at, record))
        return record

    def settle(self, record: R) -> R:
        """Keep the record as if it had always been so, and return it."""
        self._now[record.id] = record
        self._past[record.id] = [(SETTLED, record)]
        return record

    def drop(self, record: R, at: datetime) -> None:
        """Delete the record."""
        del self._now[record.id]
        self._past[record.id].append((at, None))

    def find(self, record_id: str | None, business_id: str | None = None) -> R | None:
        """Return the record with that id, of that business if one is named."""
        record = self._now.get(record_id or "")
        if record is None or business_id not in {None, record.business_id}:
            return None
        return record

    def get(self, record_id: str, business_id: str | None = None) -> R:
        """Return the record with that id.

        Raises:
            NotFound: There is none.
        """
        record = self.find(record_id, business_id)
        if record is None:
            raise NotFound(f"{self.kind} '{record_id}' could not be found.")
        return record

    def all(self, business_id: str, as_of: datetime | None = None) -> Iterator[R]:
        """Yield a business's records as they are, or as they were at that time."""
        if as_of is None:
            yield from (each for each in self._now.values() if each.business_id == business_id)
            return
        for versions in self._past.values():
            record = next((each for at, each in reversed(versions) if at <= as_of), None)
            if record is not None and record.business_id == business_id:
                yield record


class WaveState:
    """Everything one Wave user has.

    Args:
        world: Gives the time, the ids and the lag of lists.
        rules: How the undocumented turns out.
    """

    def __init__(self, world: World, rules: WaveRules) -> None:
        self.world = world
        self.rules = rules
        self.user: User | None = None
        self.businesses: dict[str, Business] = {}
        self.accounts: Table[Account] = Table("Account")
        self.taxes: Table[SalesTax] = Table("SalesTax")
        self.products: Table[Product] = Table("Product")
        self.customers: Table[Customer] = Table("Customer")
        self.invoices: Table[Invoice] = Table("Invoice")
        self.payments: Table[Payment] = Table("InvoicePayment")
        self.mails: list[Mail] = []
        self.unsettled: set[str] = set()
        """Customers that are too new for ``first_invoice_stumbles``."""
        self.only: str | None = None
        """The one business that the token of the request at hand may see."""

    def now(self) -> datetime:
        """Return the world's time to the millisecond, which is all that Wave keeps."""
        now = self.world.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def today(self, business: Business) -> date:
        """Return the day that it is in the business."""
        return self.now().astimezone(ZoneInfo(business.timezone or "UTC")).date()

    def as_of(self) -> datetime | None:
        """Return the time that lists show; None while they do not lag."""
        lag = self.world.lag_s
        return self.now() - timedelta(seconds=lag) if lag else None

    def business(self, business_id: str | None = None) -> Business:
        """Return the business; without an id the only one, or the first that is not private.

        Raises:
            NotFound: There is none.
        """
        wanted = business_id or self.only
        if wanted is None:
            business = next((b for b in self.businesses.values() if not b.is_personal), None)
        else:
            business = None if self.hides(wanted) else self.businesses.get(wanted)
        if business is None:
            raise NotFound(f"Business '{business_id}' could not be found.")
        return business

    def hides(self, business_id: str) -> bool:
        """Whether the token of the request at hand may not see that business."""
        return self.only not in {None, business_id}

    def new_id(self, kind: str, business: Business) -> str:
        """Return the next id of that kind (Wave sheet, section 2)."""
        number = self.world.ids.next(f"wave.{kind}", _FIRST_NUMBER[kind])
        if kind == "Account":
            return global_id(f"Account:{number};Business:{business.uuid}")
        return global_id(f"Business:{business.uuid};{kind}:{number}")

    def next_invoice_number(self, business: Business) -> str:
        """Return the largest number that is only digits, plus one."""
        numbers = (invoice.number for invoice in self.invoices.all(business.id))
        return str(max((int(n) for n in numbers if n.isascii() and n.isdigit()), default=0) + 1)

    def status(self, invoice: Invoice) -> str:
        """Return the one word that Wave shows (Wave sheet, section 4.7).

        ``UNPAID`` is in Wave's enum as well; nothing says when it shows, and here it never does.
        """
        if not invoice.approved:
            return "DRAFT"
        paid = invoice.paid
        if paid > 0 and invoice.due <= 0:
            return "PAID" if invoice.due == 0 else "OVERPAID"
        overdue = invoice.due_date < self.today(self.business(invoice.business_id))
        if paid > 0:
            return "OVERDUE" if overdue and self.rules.overdue_hides_partial else "PARTIAL"
        if overdue:
            return "OVERDUE"
        if invoice.viewed_at:
            return "VIEWED"
        return "SENT" if invoice.sent else "SAVED"
