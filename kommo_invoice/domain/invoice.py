"""Customers, invoices and payments as the books hold them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from kommo_invoice.domain.money import Money


class Status(StrEnum):
    """An invoice's status in kinv's words; ``overdue`` is beside it, not one of them."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENT = "sent"
    VIEWED = "viewed"
    PARTIAL = "partial"
    PAID = "paid"
    OVERPAID = "overpaid"
    CREDITED = "credited"
    VOID = "void"
    DELETED = "deleted"

    @property
    def live(self) -> bool:
        """Whether an invoice in this status still claims its money."""
        return self not in {Status.VOID, Status.DELETED, Status.CREDITED}


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer of the books; ``created_at`` decides who is the oldest."""

    id: str
    name: str
    email: str | None
    currency: str | None = None
    archived: bool = False
    created_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line as the books hold it; ``taxes`` are tax ids."""

    description: str
    quantity: Decimal
    unit_price: Decimal
    item_id: str | None = None
    taxes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came (or, negative, went back) for one invoice."""

    id: str
    amount: Decimal
    currency: str
    date: dt.date
    method: str | None = None


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice as the books hold it.

    Args:
        references: The texts that may carry our reference (number, PO field, …).
        subtotal: Before tax, after discounts; None where the books do not say.
        tax: The whole tax.
        total: With tax.
        paid: What has come so far.
        url: The client's page, a secret link: masked in logs.
        sent: True when the books prove that it was e-mailed, False when they prove that it was
            not, None when they cannot tell.
        lines: None where only a summary was read.
        payments: None where only a summary was read.
    """

    id: str
    number: str
    references: tuple[str, ...]
    status: Status
    customer_id: str
    currency: str
    total: Money
    paid: Money
    date: dt.date
    due_date: dt.date | None
    subtotal: Money | None = None
    tax: Money | None = None
    customer_email: str | None = None
    url: str | None = None
    sent: bool | None = None
    sent_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    modified_at: dt.datetime | None = None
    overdue: bool = False
    po_number: str | None = None
    lines: tuple[InvoiceLine, ...] | None = None
    payments: tuple[Payment, ...] | None = None
