"""Everything kinv intends for one invoice, as plain data."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum

from kommo_invoice.domain.catalog import Item, Tax


class Amounts(StrEnum):
    """Whether unit prices are before tax or contain it."""

    EXCLUSIVE = "exclusive"
    INCLUSIVE = "inclusive"


class Ready(StrEnum):
    """How far an invoice goes that is not e-mailed."""

    APPROVED = "approved"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; ``country`` is an ISO code."""

    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    postal_code: str | None = None
    region: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerDraft:
    """The customer that the invoice is for.

    Args:
        name: The name in the books: the company, or the person.
        email: As written; compared case-folded.
        contact: The person's name.
        country: ISO code.
        currency: ISO code.
        id: A fixed customer of the books; nothing is searched then.
    """

    name: str
    email: str
    contact: str | None = None
    phone: str | None = None
    country: str | None = None
    currency: str | None = None
    tax_number: str | None = None
    tax_treatment: str | None = None
    id: str | None = None
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """A discount: a percentage of the whole (or of its line), or an amount.

    Both come off the prices as they are given: with tax, where these contain it.
    """

    percent: Decimal | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LineDraft:
    """One line; ``unit_price`` is in major units, ``tax`` None is an explicit "no tax"."""

    description: str
    quantity: Decimal
    unit_price: Decimal
    item: Item
    tax: Tax | None = None
    discount: Discount | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """The e-mail that takes the invoice to the customer.

    Args:
        attach_pdf: Whether it carries the PDF; None leaves it to the books.
    """

    to: str
    cc: tuple[str, ...] = ()
    message: str | None = None
    attach_pdf: bool | None = True


@dataclass(frozen=True, slots=True)
class Draft:
    """One invoice as kinv wants it.

    Args:
        reference: Our name of the claim inside the books.
        number: The invoice number to ask for; None leaves it to the books.
        due_date: None leaves it to the books' terms.
        po_number: The client's own purchase order number.
        mail: None when the invoice is not to be e-mailed.
        ready: How far the invoice goes (always approved when it is e-mailed).
    """

    reference: str
    customer: CustomerDraft
    currency: str
    lines: tuple[LineDraft, ...]
    date: dt.date
    due_date: dt.date | None = None
    terms: str | None = None
    number: str | None = None
    amounts: Amounts = Amounts.EXCLUSIVE
    discount: Discount | None = None
    po_number: str | None = None
    memo: str | None = None
    mail: Mail | None = None
    ready: Ready = Ready.APPROVED

    @property
    def order_text(self) -> str | None:
        """What books with one field for order numbers print: the client's own beside ours.

        Ours is left out where it is the invoice's number.
        """
        ours = None if self.number == self.reference else self.reference
        return " / ".join(text for text in (self.po_number, ours) if text) or None

    def content_hash(self) -> str:
        """Return the hash of customer, lines, currency, tax and discount.

        Dates, texts for the mail and the number do not count (design, section 5.2).
        """
        content = {
            "customer": [self.customer.email.casefold(), self.customer.id],
            "currency": self.currency,
            "amounts": self.amounts,
            "discount": asdict(self.discount) if self.discount else None,
            "lines": [
                [
                    line.description,
                    _plain(line.quantity),
                    _plain(line.unit_price),
                    line.item.id,
                    line.tax.id if line.tax else None,
                    asdict(line.discount) if line.discount else None,
                ]
                for line in self.lines
            ],
        }
        text = json.dumps(content, sort_keys=True, default=_plain)
        return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> str:
    """Return a number without trailing zeros, so that 1 and 1.00 are one content."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    return str(value)
