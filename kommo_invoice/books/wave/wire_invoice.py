"""Wave's invoices as they come, and what they are in kinv's words (Wave sheet, section 4.7)."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - pydantic resolves it at run time

from kommo_invoice.books.wave.wire import (
    Moment,
    Number,
    Wire,
    WireCurrency,
    WireId,
    WireMoney,
    WirePage,
)
from kommo_invoice.domain.invoice import Invoice, InvoiceLine, Payment, Status

_NOT_MAILED = frozenset({None, "NOT_SENT", "SKIPPED"})


class WireParty(Wire):
    """The customer of an invoice."""

    id: str
    email: str | None = None


class WireItemTax(Wire):
    """A tax on a line."""

    sales_tax: WireId


class WireItem(Wire):
    """A line."""

    description: str | None = None
    quantity: Number
    unit_price: Number
    product: WireId
    taxes: tuple[WireItemTax, ...] = ()

    def line(self) -> InvoiceLine:
        """Return the line in kinv's words."""
        return InvoiceLine(
            description=self.description or "",
            quantity=self.quantity,
            unit_price=self.unit_price,
            item_id=self.product.id,
            taxes=tuple(tax.sales_tax.id for tax in self.taxes),
        )


class WirePayment(Wire):
    """A payment, or a refund of the payment that ``origin_invoice_payment`` names."""

    id: str
    amount: Number | None = None
    active: bool | None = None
    created_at: Moment
    payment_date: date | None = None
    payment_method: str | None = None
    payment_currency: WireCurrency | None = None
    origin_invoice_payment: WireId | None = None

    def payment(self, invoice_currency: str) -> Payment | None:
        """Return the payment in kinv's words; None when it moved no money."""
        if self.amount is None or self.active is False:
            return None
        currency = self.payment_currency
        return Payment(
            id=self.id,
            amount=-abs(self.amount) if self.origin_invoice_payment else self.amount,
            currency=currency.code if currency else invoice_currency,
            date=self.payment_date or self.created_at.date(),
            method=self.payment_method or None,
        )


class WireInvoice(Wire):
    """An invoice; ``items`` and ``payments`` are asked for one invoice only, never in lists."""

    id: str
    invoice_number: str
    po_number: str | None = None
    status: str
    created_at: Moment
    modified_at: Moment
    invoice_date: date
    due_date: date
    last_sent_at: Moment | None = None
    last_sent_via: str | None = None
    last_viewed_at: Moment | None = None
    view_url: str
    customer: WireParty
    currency: WireCurrency
    tax_total: WireMoney
    total: WireMoney
    amount_due: WireMoney
    amount_paid: WireMoney
    items: tuple[WireItem, ...] | None = None
    payments: tuple[WirePayment | None, ...] | None = None

    def summary(self) -> Invoice:
        """Return the invoice in kinv's words, without lines and payments."""
        return self._invoice(lines=None, payments=None)

    def whole(self) -> Invoice:
        """Return the invoice in kinv's words, with lines and payments."""
        payments = (each.payment(self.currency.code) for each in self.payments or () if each)
        return self._invoice(
            lines=tuple(item.line() for item in self.items or ()),
            payments=tuple(payment for payment in payments if payment is not None),
        )

    def _invoice(
        self, *, lines: tuple[InvoiceLine, ...] | None, payments: tuple[Payment, ...] | None
    ) -> Invoice:
        total, tax = self.total.money(self.currency), self.tax_total.money(self.currency)
        return Invoice(
            id=self.id,
            number=self.invoice_number,
            references=tuple(text for text in (self.invoice_number, self.po_number) if text),
            status=self._status(),
            customer_id=self.customer.id,
            currency=self.currency.code,
            total=total,
            paid=self.amount_paid.money(self.currency),
            date=self.invoice_date,
            due_date=self.due_date,
            # Whether Wave's own subtotal is before or after the discount is not documented.
            subtotal=total - tax,
            tax=tax,
            customer_email=self.customer.email or None,
            url=self.view_url or None,
            sent=self._sent(),
            sent_at=self.last_sent_at,
            created_at=self.created_at,
            modified_at=self.modified_at,
            overdue=self.status == "OVERDUE",
            po_number=self.po_number or None,
            lines=lines,
            payments=payments,
        )

    def _status(self) -> Status:
        """Decide by amounts: Wave shows one word where two may be true (section 4.7)."""
        if self.status == "DRAFT":
            return Status.DRAFT
        return self._by_money() or self._by_mail()

    def _by_money(self) -> Status | None:
        total, due, paid = self.total.value, self.amount_due.value, self.amount_paid.value
        if total > 0 >= due and (paid > 0 or self.status != "SAVED"):
            return Status.OVERPAID if due < 0 else Status.PAID
        if paid > 0:
            return Status.PARTIAL
        return Status.PAID if self.status == "PAID" and total == 0 else None

    def _by_mail(self) -> Status:
        if self.status == "SAVED":
            return Status.APPROVED
        if self.status == "VIEWED" or self.last_viewed_at:
            return Status.VIEWED
        return Status.SENT if self._sent() else Status.APPROVED

    def _sent(self) -> bool | None:
        if self.last_sent_via not in _NOT_MAILED or self.status in {"SENT", "VIEWED"}:
            return True
        # NOT_SENT can stand beside an old date (section 5.4).
        if self.last_sent_via == "NOT_SENT":
            return False
        return None if self.last_sent_via or self.last_sent_at else False


InvoicePage = WirePage[WireInvoice]
