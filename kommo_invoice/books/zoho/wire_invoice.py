"""Zoho's invoices and payments as they come, and in kinv's words (Zoho sheet, 4.4, 4.6 to 4.8)."""

from __future__ import annotations

import datetime as dt
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import Field

from kommo_invoice.books.shapes import DAWN
from kommo_invoice.books.zoho.wire import Moment, Number, Text, Wire
from kommo_invoice.domain.invoice import Invoice, InvoiceLine, Payment, Status
from kommo_invoice.domain.money import Money, round_half_up

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOTHING = Decimal(0)
_UNIT_PRICE_PLACES = 8
_SETTLED = frozenset({"draft", "void", "paid"})


class WireLine(Wire):
    """A line; its description stands beside the item's name, which is not ours."""

    item_id: Text | None = None
    description: str = ""
    quantity: Number = Decimal(1)
    rate: Number = _NOTHING
    tax_id: Text | None = None
    tax_percentage: Number = _NOTHING

    def line(self, *, inclusive: bool) -> InvoiceLine:
        """Return the line in kinv's words, whose prices are before tax."""
        price = self.rate
        if inclusive and self.tax_percentage:
            price = round_half_up(price / (1 + self.tax_percentage / 100), _UNIT_PRICE_PLACES)
        return InvoiceLine(
            description=self.description,
            quantity=self.quantity,
            unit_price=price,
            item_id=self.item_id,
            taxes=(self.tax_id,) if self.tax_id else (),
        )


class WireTaxAmount(Wire):
    """What one tax comes to."""

    tax_amount: Number = _NOTHING


class WireOwnValue(Wire):
    """A custom field's value."""

    value: object = None


class WirePayment(Wire):
    """A payment; its amount is the part of it that was applied to the invoice (section 4.8)."""

    payment_id: Text
    amount: Number = _NOTHING
    date: dt.date | None = None
    payment_mode: str | None = None

    def payment(self, currency: str) -> Payment:
        """Return it in kinv's words."""
        return Payment(
            id=self.payment_id,
            amount=self.amount,
            currency=currency,
            date=self.date or DAWN.date(),
            method=self.payment_mode,
        )


class WireInvoice(Wire):
    """An invoice, or a list's row of it, which has neither lines, tax nor link (section 4.7)."""

    invoice_id: Text
    invoice_number: str = ""
    reference_number: Text | None = None
    status: str = ""
    date: dt.date | None = None
    due_date: dt.date | None = None
    customer_id: Text = ""
    currency_code: str
    total: Number
    balance: Number
    tax_total: Number | None = None
    taxes: tuple[WireTaxAmount, ...] | None = None
    payment_made: Number | None = None
    credits_applied: Number = _NOTHING
    write_off_amount: Number = _NOTHING
    last_payment_date: dt.date | None = None
    is_inclusive_tax: bool = False
    is_emailed: bool | None = None
    is_viewed_by_client: bool = False
    email: str | None = None
    invoice_url: str | None = None
    line_items: tuple[WireLine, ...] | None = None
    custom_fields: tuple[WireOwnValue, ...] = ()
    custom_field_hash: dict[str, object] = Field(default_factory=dict)
    created_time: Moment | None = None
    last_modified_time: Moment | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts that may carry our reference."""
        own = [each.value for each in self.custom_fields] + list(self.custom_field_hash.values())
        texts = (self.invoice_number, self.reference_number, *own)
        return tuple(dict.fromkeys(text for text in texts if isinstance(text, str) and text))

    @property
    def created_at(self) -> datetime | None:
        """When it was made (UTC)."""
        return self.created_time.astimezone(UTC) if self.created_time else None

    @property
    def modified_at(self) -> datetime | None:
        """When it was changed last (UTC)."""
        return self.last_modified_time.astimezone(UTC) if self.last_modified_time else None

    @property
    def money(self) -> Decimal:
        """What has come for it: neither credits nor what was written off is money.

        A row does not tell it, but when money came last; then the rest of the balance tells.
        """
        if self.payment_made is not None:
            return self.payment_made
        if self.last_payment_date is None or self.status in {"draft", "void"}:
            return _NOTHING
        settled = self.balance + self.credits_applied + self.write_off_amount
        return max(self.total - settled, _NOTHING)

    def summary(self, at: datetime) -> Invoice:
        """Return the invoice in kinv's words, without lines and payments.

        Args:
            at: When Zoho answered (UTC): what was due on an earlier day is overdue.
        """
        return self._invoice(at, lines=None, payments=None)

    def whole(self, at: datetime, payments: Iterable[WirePayment] = ()) -> Invoice:
        """Return the invoice in kinv's words, with lines and payments.

        Args:
            at: As for a summary.
            payments: Its payments, which are asked for apart.
        """
        inclusive = self.is_inclusive_tax
        return self._invoice(
            at,
            lines=tuple(each.line(inclusive=inclusive) for each in self.line_items or ()),
            payments=tuple(each.payment(self.currency_code) for each in payments),
        )

    def _invoice(
        self,
        at: datetime,
        *,
        lines: tuple[InvoiceLine, ...] | None,
        payments: tuple[Payment, ...] | None,
    ) -> Invoice:
        currency = self.currency_code
        total, tax = Money.of(self.total, currency), self._tax()
        made = self.created_at
        return Invoice(
            id=self.invoice_id,
            number=self.invoice_number,
            references=self.texts,
            status=self._status(),
            customer_id=self.customer_id,
            currency=currency,
            total=total,
            paid=Money.of(self.money, currency),
            date=self.date or (made or DAWN).date(),
            due_date=self.due_date,
            subtotal=None if tax is None else total - tax,
            tax=tax,
            customer_email=self.email,
            url=(self.invoice_url or "").strip() or None,
            sent=self.is_emailed,
            created_at=made,
            modified_at=self.modified_at,
            overdue=self._overdue(at),
            po_number=self.reference_number,
            lines=lines,
            payments=payments,
        )

    def _tax(self) -> Money | None:
        """Return the whole tax; None where a row does not tell it."""
        if self.tax_total is not None:
            return Money.of(self.tax_total, self.currency_code)
        if self.taxes is None:
            return None
        amount = sum((each.tax_amount for each in self.taxes), _NOTHING)
        return Money.of(amount, self.currency_code)

    def _status(self) -> Status:
        """Decide by the status; what is not known there is an open invoice (section 4.6).

        The balance decides nothing: that of a void invoice is its total.
        """
        match self.status:
            case "draft":
                return Status.DRAFT
            case "void":
                return Status.VOID
            case "paid":
                return Status.PAID if self.money > 0 or not self.total else Status.CREDITED
        if self.money > 0:
            return Status.PARTIAL
        if self.status == "viewed" or self.is_viewed_by_client:
            return Status.VIEWED
        return Status.SENT if self.is_emailed else Status.APPROVED

    def _overdue(self, at: datetime) -> bool:
        """Whether it is due by an earlier day; all times have the organisation's own offset."""
        if self.status in _SETTLED or self.balance <= 0:
            return False
        zone = self.created_time.tzinfo if self.created_time else UTC
        late = self.due_date is not None and self.due_date < at.astimezone(zone).date()
        return late or self.status == "overdue"
