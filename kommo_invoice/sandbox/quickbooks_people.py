"""What people do in QuickBooks' own pages: add and change records, take money, void, delete."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.quickbooks_customers import create_customer, write_customer
from kommo_invoice.sandbox.quickbooks_invoicing import (
    create_invoice,
    delete_invoice,
    void_invoice,
    write_invoice,
)
from kommo_invoice.sandbox.quickbooks_money import ZERO
from kommo_invoice.sandbox.quickbooks_payments import (
    CREDIT,
    add_payment,
    change_parts,
    delete_payment,
    parts_of,
    release,
    void_payment,
)
from kommo_invoice.sandbox.quickbooks_properties import checked
from kommo_invoice.sandbox.quickbooks_sending import BINARY, send_invoice
from kommo_invoice.sandbox.quickbooks_setup import Number, QuickBooksSetup

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from kommo_invoice.sandbox.quickbooks_state import Company, Record


class QuickBooksPeople(QuickBooksSetup):
    """The people around the companies.

    Customers and invoices that are added here were there before: lists show them at once,
    whatever the lag. Every method gives ids as QuickBooks does, takes invoices by id or number,
    and means the first company unless told otherwise.
    """

    def add_customer(
        self,
        name: str,
        email: str = "",
        *,
        company: str | None = None,
        created_at: datetime | None = None,
        active: bool = True,
        currency: str | None = None,
        **more: Any,
    ) -> str:
        """Add a customer; ``more`` are properties as on the wire (``Taxable=False``)."""
        with self.world.lock:
            owner = self.state.company(company)
            body: dict[str, Any] = {"DisplayName": name, **more}
            if email:
                body["PrimaryEmailAddr"] = {"Address": email}
            if currency:
                body["CurrencyRef"] = {"value": currency}
            at = created_at or owner.now()
            record = create_customer(owner, checked("Customer", body), at)
            if not active:
                off = write_customer(owner, _sparse(record, {"Active": False}))
                owner.table("Customer").settle(replace(off, updated_at=at))
            return record.id

    def change_customer(self, customer: str, *, company: str | None = None, **more: Any) -> None:
        """Change properties of a customer (``Active=True``)."""
        with self.world.lock:
            owner = self.state.company(company)
            write_customer(owner, _sparse(_found(owner, "Customer", customer), more))

    def deactivate(self, customer: str, *, company: str | None = None) -> None:
        """Switch a customer off, which also changes its name."""
        self.change_customer(customer, company=company, Active=False)

    def add_invoice(
        self,
        customer: str,
        amount: Number = 0,
        *,
        item: str = "",
        company: str | None = None,
        created_at: datetime | None = None,
        **more: Any,
    ) -> str:
        """Add an invoice made by hand, with one line.

        Args:
            customer: The customer's id.
            amount: The line's amount.
            item: The line's item; the first service by default.
            company: Whose it is.
            created_at: When it was made (UTC); now by default.
            more: Other properties as on the wire (``PrivateNote``, ``DocNumber``, ``Line``).
        """
        with self.world.lock:
            owner = self.state.company(company)
            line = {
                "DetailType": "SalesItemLineDetail",
                "Amount": Decimal(amount),
                "SalesItemLineDetail": {
                    "ItemRef": {"value": self.item_id(item, company)},
                    "TaxCodeRef": {"value": self.untaxed(company)},
                },
            }
            record = _found(owner, "Customer", customer)
            body = {
                "CustomerRef": {"value": customer},
                "CurrencyRef": {"value": record.ref("CurrencyRef")},
                "BillEmail": record.data.get("PrimaryEmailAddr"),
                "Line": [line],
                **more,
            }
            at = created_at or owner.now()
            return create_invoice(owner, checked("Invoice", body), at=at).id

    def change_invoice(self, invoice: str, *, company: str | None = None, **more: Any) -> None:
        """Change properties of an invoice, as on the wire."""
        with self.world.lock:
            owner = self.state.company(company)
            write_invoice(owner, _sparse(self.invoice(invoice, company), more))

    def send(self, invoice: str, to: str | None = None, *, company: str | None = None) -> None:
        """E-mail an invoice."""
        with self.world.lock:
            record = self.invoice(invoice, company)
            send_invoice(self.state, self.state.company(company), record, BINARY, to)

    def void(self, invoice: str, *, company: str | None = None) -> None:
        """Void an invoice; its payments keep the money unapplied."""
        with self.world.lock:
            owner, record = self.state.company(company), self.invoice(invoice, company)
            void_invoice(owner, _sparse(record, {}))
            release(owner, record.id)

    def delete_invoice(self, invoice: str, *, company: str | None = None) -> None:
        """Delete an invoice, which takes it out of its payments first."""
        with self.world.lock:
            owner, record = self.state.company(company), self.invoice(invoice, company)
            release(owner, record.id)
            bare = owner.change(record, {**record.data, "LinkedTxn": []})
            delete_invoice(owner, _sparse(bare, {}))

    def pay(
        self,
        invoice: str,
        amount: Number | None = None,
        on: date | None = None,
        *,
        company: str | None = None,
        **more: Any,
    ) -> str:
        """Let money come in for an invoice and return the payment's id.

        Args:
            invoice: The invoice's id or number.
            amount: What is left to pay by default.
            on: The day that it came; the server's today by default.
            company: Whose invoice it is.
            more: Further properties as on the wire (``PaymentRefNum``).
        """
        with self.world.lock:
            record = self.invoice(invoice, company)
            part = record.data["Balance"] if amount is None else Decimal(amount)
            return self._paid({record.id: part}, on, company, more=more)

    def pay_several(
        self,
        parts: Mapping[str, Number],
        on: date | None = None,
        *,
        unapplied: Number = 0,
        company: str | None = None,
    ) -> str:
        """Let one payment come in for several invoices of a customer.

        Args:
            parts: Invoice (id or number) -> how much of it.
            on: The day that it came.
            unapplied: What came beyond that.
            company: Whose invoices they are.
        """
        with self.world.lock:
            exact = {self.invoice(each, company).id: Decimal(part) for each, part in parts.items()}
            return self._paid(exact, on, company, unapplied=Decimal(unapplied))

    def credit(
        self, invoice: str, amount: Number | None = None, *, company: str | None = None
    ) -> str:
        """Take a credit memo off an invoice and return the payment, of 0, that links the two."""
        with self.world.lock:
            owner, record = self.state.company(company), self.invoice(invoice, company)
            part = record.data["Balance"] if amount is None else Decimal(amount)
            memo = owner.add(CREDIT, {"CustomerRef": record.data["CustomerRef"], "TotalAmt": part})
            return self._paid({record.id: part}, None, company, credit=memo.id)

    def refund(
        self, payment: str, amount: Number | None = None, *, company: str | None = None
    ) -> None:
        """Give a payment back by making it smaller: the last of its invoices loses first."""
        with self.world.lock:
            owner = self.state.company(company)
            record = _found(owner, "Payment", payment)
            parts = dict(parts_of(record))
            left = sum(parts.values(), ZERO) if amount is None else Decimal(amount)
            for invoice in reversed(list(parts)):
                taken = min(left, parts[invoice])
                left -= taken
                parts[invoice] -= taken
            change_parts(owner, record, {key: part for key, part in parts.items() if part})

    def void_payment(self, payment: str, *, company: str | None = None) -> None:
        """Set a payment to nothing."""
        with self.world.lock:
            owner = self.state.company(company)
            void_payment(owner, _found(owner, "Payment", payment))

    def delete_payment(self, payment: str, *, company: str | None = None) -> None:
        """Delete a payment."""
        with self.world.lock:
            owner = self.state.company(company)
            delete_payment(owner, _found(owner, "Payment", payment))

    def invoice(self, invoice: str, company: str | None = None) -> Record:
        """Return an invoice by its id or its number (the newest of several).

        Raises:
            KeyError: There is none.
        """
        table = self.state.company(company).table("Invoice")
        numbered = [each for each in table.all() if each.data.get("DocNumber") == invoice]
        record = table.find(invoice) or (numbered[-1] if numbered else None)
        if record is None:
            raise KeyError(invoice)
        return record

    def _paid(
        self, parts: Mapping[str, Decimal], on: date | None, company: str | None, **more: Any
    ) -> str:
        owner = self.state.company(company)
        [first, *_] = parts
        customer = str(_found(owner, "Invoice", first).ref("CustomerRef"))
        return add_payment(owner, customer, parts, on or owner.today(), **more).id


def _sparse(record: Record, more: Mapping[str, Any]) -> dict[str, Any]:
    return {"Id": record.id, "SyncToken": str(record.version), "sparse": True, **more}


def _found(company: Company, kind: str, record_id: str) -> Record:
    record = company.table(kind).find(record_id)
    if record is None:
        raise KeyError(record_id)
    return record
