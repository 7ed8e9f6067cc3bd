"""What the Wave simulator's books hold; records are never changed, only followed by newer ones."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime


def global_id(text: str) -> str:
    """Return a readable id as Wave gives it out: base64 (Wave sheet, section 2)."""
    return base64.b64encode(text.encode()).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What every record has."""

    id: str
    created_at: datetime
    modified_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Record):
    """The person whose books these are."""

    default_email: str
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address; ``country`` and ``province`` are ISO codes."""

    address_line1: str = ""
    address_line2: str = ""
    city: str = ""
    postal_code: str = ""
    province: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Business(Record):
    """One set of books.

    Args:
        uuid: What its own and its records' ids are made of.
        currency: ISO code.
        timezone: IANA name; its days decide what is overdue.
        terms_days: An invoice without a due date is due that many days after its date.
        memo: Printed on invoices that come without one; ``footer`` likewise.
        sender: The address that its mails may come from.
    """

    uuid: str
    name: str
    currency: str
    timezone: str | None = None
    address: Address | None = None
    phone: str | None = None
    website: str | None = None
    is_personal: bool = False
    is_archived: bool = False
    is_classic_accounting: bool = False
    is_classic_invoicing: bool = False
    email_send_enabled: bool = True
    terms_days: int = 30
    memo: str = ""
    footer: str = ""
    sender: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned(Record):
    """A record of one business."""

    business_id: str

    @property
    def internal_id(self) -> str:
        """The number inside the id."""
        return base64.b64decode(self.id).decode().rpartition(":")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Owned):
    """An account of the chart of accounts; ``type`` and ``subtype`` are Wave's enum values."""

    name: str
    type: str
    subtype: str
    currency: str
    is_archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesTax(Owned):
    """A tax; its rate is a fraction (0.19)."""

    name: str
    abbreviation: str
    rate: Decimal
    description: str = ""
    tax_number: str = ""
    show_tax_number_on_invoices: bool = False
    is_compound: bool = False
    is_recoverable: bool = False
    is_archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Product(Owned):
    """A product; it can be sold only with an income account."""

    name: str
    unit_price: Decimal
    description: str = ""
    income_account_id: str | None = None
    expense_account_id: str | None = None
    default_tax_ids: tuple[str, ...] = ()
    is_archived: bool = False

    @property
    def is_sold(self) -> bool:
        """Whether invoices may name it."""
        return self.income_account_id is not None

    @property
    def is_bought(self) -> bool:
        """Whether bills may name it."""
        return self.expense_account_id is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipping:
    """Where and how to ship to a customer."""

    name: str = ""
    phone: str = ""
    instructions: str = ""
    address: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer(Owned):
    """A customer; nothing about it is unique."""

    name: str
    currency: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    mobile: str = ""
    fax: str = ""
    toll_free: str = ""
    website: str = ""
    display_id: str = ""
    internal_notes: str = ""
    address: Address | None = None
    shipping_details: Shipping | None = None
    is_archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """The one discount that an invoice may have; one of ``amount`` and ``percentage`` is set."""

    name: str
    created_at: datetime
    modified_at: datetime
    amount: Decimal | None = None
    percentage: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemTax:
    """One tax on one line, with what it comes to there."""

    tax_id: str
    rate: Decimal
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line; ``subtotal`` is before tax and discount, ``total`` has its taxes."""

    id: str
    product_id: str
    account_id: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    currency: str
    subtotal: Decimal
    taxes: tuple[ItemTax, ...]

    @property
    def total(self) -> Decimal:
        """The line with its taxes."""
        return self.subtotal + sum((tax.amount for tax in self.taxes), Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment(Owned):
    """Money for one invoice; a refund names the payment that it gives back."""

    invoice_id: str
    account_id: str
    amount: Decimal
    currency: str
    day: date
    method: str
    exchange_rate: Decimal = Decimal(1)
    memo: str = ""
    refund_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice(Owned):
    """One invoice with what it comes to.

    Args:
        approved: False while it is a draft.
        texts: The printed texts by their GraphQL name.
        switches: The yes-or-no settings by their GraphQL name.
        subtotal: The lines before discount and tax.
        discount_total: What the discount takes off, before tax.
        sent_via: How it last left (Wave's enum value), ``sent_at`` when.
    """

    customer_id: str
    number: str
    day: date
    due_date: date
    currency: str
    exchange_rate: Decimal
    approved: bool = False
    po_number: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    switches: Mapping[str, bool] = field(default_factory=dict)
    items: tuple[Item, ...] = ()
    discounts: tuple[Discount, ...] = ()
    subtotal: Decimal = Decimal(0)
    discount_total: Decimal = Decimal(0)
    tax_total: Decimal = Decimal(0)
    payments: tuple[Payment, ...] = ()
    sent_at: datetime | None = None
    sent_via: str | None = None
    viewed_at: datetime | None = None

    @property
    def total(self) -> Decimal:
        """What the customer has to pay."""
        return self.subtotal - self.discount_total + self.tax_total

    @property
    def paid(self) -> Decimal:
        """What came, less what went back."""
        return sum(
            (-each.amount if each.refund_of else each.amount for each in self.payments), Decimal(0)
        )

    @property
    def due(self) -> Decimal:
        """What is still to come; negative when too much came."""
        return self.total - self.paid

    @property
    def sent(self) -> bool:
        """Whether it is known to have reached the customer."""
        return self.sent_via not in {None, "NOT_SENT", "SKIPPED"}

    @property
    def secret(self) -> str:
        """The part of its public links that makes them open without a login."""
        return hashlib.sha256(self.id.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One e-mail that ``invoiceSend`` put out; texts are as they were asked for."""

    invoice_id: str
    to: tuple[str, ...]
    subject: str | None
    message: str | None
    attach_pdf: bool
    cc_myself: bool
    at: datetime
