"""QuickBooks' invoices and payments as they come, and in kinv's words (sheet, 4.3, 4.6, 4.8)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from kommo_invoice.books.quickbooks.wire import (
    Number,
    Text,
    Wire,
    WireAddress,
    WireRef,
    WireTimes,
)
from kommo_invoice.books.quickbooks.wire_company import NOT_TAXABLE
from kommo_invoice.books.shapes import DAWN
from kommo_invoice.domain.invoice import Invoice, InvoiceLine, Payment, Status
from kommo_invoice.domain.money import Money

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Home = Callable[[], str]

_VOIDED = "Voided"
_MAILED = "EmailSent"
_NOT_MAILED = frozenset({"NotSet", "NeedToSend"})


class WireLink(Wire):
    """Another transaction that this one is linked with."""

    txn_id: Text
    txn_type: str = ""


class WireSale(Wire):
    """What a line sells."""

    item_ref: WireRef | None = None
    qty: Number | None = None
    unit_price: Number | None = None
    tax_code_ref: WireRef | None = None


class WireLine(Wire):
    """A line; besides sales there are subtotals, discounts and more (section 4.3)."""

    amount: Number | None = None
    description: str | None = None
    detail_type: str = ""
    sales_item_line_detail: WireSale | None = None
    linked_txn: tuple[WireLink, ...] = ()

    def line(self) -> InvoiceLine | None:
        """Return the line in kinv's words; None where it sells nothing."""
        sale = self.sales_item_line_detail
        if sale is None:
            return None
        quantity = Number(1) if sale.qty is None else sale.qty
        price = sale.unit_price
        if price is None:
            price = (self.amount or Number(0)) / (quantity or 1)
        tax = sale.tax_code_ref.value if sale.tax_code_ref else NOT_TAXABLE
        return InvoiceLine(
            description=self.description or "",
            quantity=quantity,
            unit_price=price,
            item_id=sale.item_ref.value if sale.item_ref else None,
            taxes=() if tax == NOT_TAXABLE else (tax,),
        )


class WireTaxDetail(Wire):
    """The tax of the whole."""

    total_tax: Number = Number(0)


class WireOwnValue(Wire):
    """A custom field's value; an empty one is left out."""

    string_value: str | None = None


class WireDelivery(Wire):
    """How and when it was delivered last."""

    delivery_type: str | None = None
    delivery_time: datetime | None = None


class WirePayment(Wire):
    """A payment; its lines say what of it went where."""

    id: Text
    txn_date: date | None = None
    total_amt: Number = Number(0)
    currency_ref: WireRef | None = None
    payment_method_ref: WireRef | None = None
    line: tuple[WireLine, ...] = ()
    meta_data: WireTimes = WireTimes()

    def invoices(self) -> list[str]:
        """Return the ids of the invoices that it pays."""
        return [
            link.txn_id
            for line in self.line
            for link in line.linked_txn
            if link.txn_type == "Invoice"
        ]

    def payment(self, invoice: str, currency: str) -> Payment | None:
        """Return what it brought for an invoice; None where that is no money.

        Credits are applied by a payment over nothing that links both (section 4.8).
        """
        amount = sum(
            (
                line.amount or Number(0)
                for line in self.line
                if any(
                    (link.txn_id, link.txn_type) == (invoice, "Invoice") for link in line.linked_txn
                )
            ),
            Number(0),
        )
        if not amount or not self.total_amt:
            return None
        made = self.meta_data.create_time or DAWN
        return Payment(
            id=self.id,
            amount=amount,
            currency=self.currency_ref.value if self.currency_ref else currency,
            date=self.txn_date or made.date(),
            method=self.payment_method_ref.name if self.payment_method_ref else None,
        )


class WireInvoice(Wire):
    """An invoice; what is empty, and what the company does not use, is left out."""

    id: Text
    sync_token: Text
    doc_number: str | None = None
    txn_date: date | None = None
    due_date: date | None = None
    customer_ref: WireRef
    currency_ref: WireRef | None = None
    private_note: str | None = None
    custom_field: tuple[WireOwnValue, ...] = ()
    line: tuple[WireLine, ...] = ()
    txn_tax_detail: WireTaxDetail = WireTaxDetail()
    total_amt: Number
    balance: Number
    bill_email: WireAddress | None = None
    email_status: str | None = None
    delivery_info: WireDelivery | None = None
    invoice_link: str | None = None
    linked_txn: tuple[WireLink, ...] = ()
    meta_data: WireTimes = WireTimes()

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts that may carry our reference; voiding puts a word before the note."""
        note = self.private_note or ""
        own = [each.string_value for each in self.custom_field]
        texts = (self.doc_number, note, note.removeprefix(_VOIDED), *own)
        return tuple(dict.fromkeys(text for text in texts if text))

    @property
    def payment_ids(self) -> list[str]:
        """The payments linked with it."""
        return [each.txn_id for each in self.linked_txn if each.txn_type == "Payment"]

    def summary(self, home: Home, at: datetime | None) -> Invoice:
        """Return the invoice in kinv's words, without lines and payments.

        Args:
            home: Gives the company's own currency, where the invoice does not say it.
            at: When QuickBooks answered: what was due on an earlier day is overdue.
        """
        return self._invoice(home, at, lines=None, payments=None)

    def whole(
        self, home: Home, at: datetime | None, payments: Mapping[str, WirePayment]
    ) -> Invoice:
        """Return the invoice in kinv's words, with lines and payments.

        Args:
            home: As for a summary.
            at: As for a summary.
            payments: At least the ones linked with it, by id.
        """
        currency = self._currency(home)
        linked = (payments[each] for each in dict.fromkeys(self.payment_ids) if each in payments)
        money = (each.payment(self.id, currency) for each in linked)
        return self._invoice(
            home,
            at,
            lines=tuple(line for line in map(WireLine.line, self.line) if line is not None),
            payments=tuple(each for each in money if each is not None),
        )

    def _invoice(
        self,
        home: Home,
        at: datetime | None,
        *,
        lines: tuple[InvoiceLine, ...] | None,
        payments: tuple[Payment, ...] | None,
    ) -> Invoice:
        currency = self._currency(home)
        total = Money.of(self.total_amt, currency)
        tax = Money.of(self.txn_tax_detail.total_tax, currency)
        sent = self.mailed
        made = self.meta_data.create_time
        due = self.due_date
        return Invoice(
            id=self.id,
            number=self.doc_number or "",
            references=self.texts,
            status=self._status(payments),
            customer_id=self.customer_ref.value,
            currency=currency,
            total=total,
            paid=total - Money.of(self.balance, currency),
            date=self.txn_date or (made or DAWN).date(),
            due_date=due,
            subtotal=total - tax,
            tax=tax,
            customer_email=(self.bill_email.address if self.bill_email else None) or None,
            url=self.invoice_link or None,
            sent=sent,
            sent_at=self._sent_at() if sent else None,
            created_at=made,
            modified_at=self.meta_data.last_updated_time,
            overdue=self.balance > 0 and due is not None and at is not None and due < at.date(),
            lines=lines,
            payments=payments,
        )

    def _currency(self, home: Home) -> str:
        return self.currency_ref.value if self.currency_ref else home()

    def _status(self, payments: tuple[Payment, ...] | None) -> Status:
        """Decide by amounts: there is no status field (section 4.6)."""
        if self.total_amt == 0 and self._emptied():
            return Status.VOID
        if self.balance <= 0:
            credited = payments == () and self.total_amt > 0 and bool(self.linked_txn)
            return Status.CREDITED if credited else Status.PAID
        if self.balance < self.total_amt:
            return Status.PARTIAL
        return Status.SENT if self.mailed else Status.APPROVED

    def _emptied(self) -> bool:
        """Whether it was voided; the word in the note may be another language's."""
        said = (self.private_note or "").startswith(_VOIDED)
        return said or not any(line.amount for line in self.line)

    @property
    def mailed(self) -> bool | None:
        """Whether it was e-mailed; None where QuickBooks does not say."""
        if self.email_status == _MAILED:
            return True
        return False if self.email_status in _NOT_MAILED else None

    def _sent_at(self) -> datetime | None:
        delivery = self.delivery_info
        if delivery is None or delivery.delivery_time is None:
            return None
        moment = delivery.delivery_time
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def deleted(row: Mapping[str, object], home: Home) -> Invoice | None:
    """Return the invoice that a change log says is deleted; None where the row is a living one."""
    if row.get("status") != "Deleted":
        return None
    times = WireTimes.model_validate(row.get("MetaData") or {})
    currency = home()
    nothing = Money(0, currency)
    changed = times.last_updated_time
    return Invoice(
        id=str(row.get("Id")),
        number="",
        references=(),
        status=Status.DELETED,
        customer_id="",
        currency=currency,
        total=nothing,
        paid=nothing,
        date=(changed or DAWN).date(),
        due_date=None,
        modified_at=changed,
    )
