"""What people do in Zoho Books' own pages: add and change records, take money, void, delete."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.zoho_contacts import create_person, switch, write_contact
from kommo_invoice.sandbox.zoho_invoicing import (
    SENT,
    create_invoice,
    delete_invoice,
    mark_draft,
    mark_sent,
    numbered,
    void_invoice,
    write_invoice,
    write_off,
)
from kommo_invoice.sandbox.zoho_money import ZERO
from kommo_invoice.sandbox.zoho_payments import (
    PAYMENT,
    add_credit,
    add_payment,
    change_parts,
    delete_payment,
    release,
    unused,
)
from kommo_invoice.sandbox.zoho_sending import send_invoice
from kommo_invoice.sandbox.zoho_setup import Number, ZohoSetup

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from kommo_invoice.sandbox.records import Record
    from kommo_invoice.sandbox.zoho_state import Organization


class ZohoPeople(ZohoSetup):
    """The people around the organisations.

    Customers and invoices that are added here were there before: lists show them at once,
    whatever the lag. Every method gives ids as Zoho does, takes invoices by id or number, and
    means the first organisation unless told otherwise.
    """

    def add_customer(
        self,
        name: str,
        email: str = "",
        *,
        organization: str | None = None,
        created_at: datetime | None = None,
        active: bool = True,
        currency: str | None = None,
        **more: Any,
    ) -> str:
        """Add a customer; ``more`` are properties as on the wire.

        Args:
            name: The contact's name.
            email: Of the primary person; without one there is no person at all.
            organization: Whose customer.
            created_at: Since when (UTC).
            active: False switches it off.
            currency: ISO code; the base currency by default.
            more: Further properties (``vat_treatment``, ``contact_persons``).
        """
        with self.world.lock:
            body: dict[str, Any] = {"contact_type": "customer"}
            if email:
                body["contact_persons"] = [{"first_name": name[:100], "email": email}]
            if currency:
                body["currency_id"] = self.currency_id(currency, organization)
            made = self.add_contact(
                name, organization=organization, created_at=created_at, **{**body, **more}
            )
            if not active:
                owner = self.state.organization(organization)
                off = owner.change(self.contact(made, organization), {"status": "inactive"})
                owner.table("contact").settle(off)
            return made

    def add_person(
        self, customer: str, first_name: str, email: str, *, organization: str | None = None
    ) -> str:
        """Add a secondary person to a customer and return the person's id."""
        with self.world.lock:
            body = {"contact_id": customer, "first_name": first_name, "email": email}
            _, person = create_person(self.state.organization(organization), body)
            return str(person["contact_person_id"])

    def change_customer(
        self, customer: str, *, organization: str | None = None, **more: Any
    ) -> None:
        """Change properties of a customer, as on the wire."""
        with self.world.lock:
            record = self.contact(customer, organization)
            write_contact(self.state.organization(organization), record, more)

    def deactivate(
        self, customer: str, *, organization: str | None = None, active: bool = False
    ) -> None:
        """Switch a customer off, or on again."""
        with self.world.lock:
            record = self.contact(customer, organization)
            switch(self.state.organization(organization), record, active=active)

    def add_invoice(
        self,
        customer: str,
        amount: Number = 100,
        *,
        tax: str = "",
        organization: str | None = None,
        created_at: datetime | None = None,
        sent: bool = False,
        **more: Any,
    ) -> str:
        """Add an invoice made by hand, with one line, and return its id.

        Args:
            customer: The customer's id.
            amount: The line's rate.
            tax: The name of the line's tax.
            organization: Whose it is.
            created_at: When it was made (UTC); now by default.
            sent: Whether it was marked as sent then; else it is a draft.
            more: Other properties as on the wire (``reference_number``, ``line_items``,
                ``invoice_number``).
        """
        with self.world.lock:
            owner = self.state.organization(organization)
            line = {
                "name": "Work",
                "rate": Decimal(amount),
                "tax_id": self.tax_id(tax, organization) if tax else "",
            }
            body = {"customer_id": customer, "line_items": [line], **more}
            at = created_at or owner.now()
            own = "invoice_number" in more
            made = create_invoice(owner, body, ignores_auto=own, at=at)
            if sent:
                made = replace(made, data={**made.data, "state": SENT})
                owner.table("invoice").settle(made)
            return made.id

    def change_invoice(self, invoice: str, *, organization: str | None = None, **more: Any) -> None:
        """Change properties of an invoice, as on the wire."""
        owner, record = self._invoice(invoice, organization)
        with self.world.lock:
            write_invoice(owner, record, more)

    def send(self, invoice: str, *to: str, organization: str | None = None) -> None:
        """E-mail an invoice, to its persons by default."""
        owner, record = self._invoice(invoice, organization)
        with self.world.lock:
            send_invoice(self.state, owner, record, {"to_mail_ids": list(to)} if to else {})

    def mark_sent(self, invoice: str, *, organization: str | None = None) -> None:
        """Mark an invoice as sent without a mail."""
        owner, record = self._invoice(invoice, organization)
        with self.world.lock:
            mark_sent(owner, record)

    def view(self, invoice: str, *, organization: str | None = None) -> None:
        """Let the client look at an invoice."""
        self._set(invoice, organization, is_viewed_by_client=True)

    def set_status(self, invoice: str, status: str, *, organization: str | None = None) -> None:
        """Show a status of another kind (``pending_approval``); empty for its own again."""
        self._set(invoice, organization, odd_status=status)

    def void(self, invoice: str, *, organization: str | None = None) -> None:
        """Void an invoice; its payments and credits stay with the customer."""
        owner, record = self._invoice(invoice, organization)
        with self.world.lock:
            void_invoice(owner, record)

    def unvoid(self, invoice: str, *, organization: str | None = None) -> None:
        """Make a void invoice a draft again."""
        owner, record = self._invoice(invoice, organization)
        with self.world.lock:
            mark_draft(owner, record)

    def write_off(
        self, invoice: str, *, organization: str | None = None, cancels: bool = False
    ) -> None:
        """Write off what is left to pay, or take that back."""
        owner, record = self._invoice(invoice, organization)
        with self.world.lock:
            write_off(owner, record, cancels=cancels)

    def delete_invoice(self, invoice: str, *, organization: str | None = None) -> None:
        """Delete an invoice, which is taken out of its payments and credits first."""
        owner, record = self._invoice(invoice, organization)
        with self.world.lock:
            release(owner, record.id)
            delete_invoice(owner, record)

    def pay(
        self,
        invoice: str,
        amount: Number | None = None,
        on: date | None = None,
        *,
        organization: str | None = None,
        **more: Any,
    ) -> str:
        """Let money come in for an invoice and return the payment's id.

        Args:
            invoice: The invoice's id or number.
            amount: What is left to pay by default.
            on: The day that it came.
            organization: Whose invoice it is.
            more: Further properties as on the wire (``payment_mode``).
        """
        owner, record = self._invoice(invoice, organization)
        with self.world.lock:
            part = record.data["balance"] if amount is None else Decimal(amount)
            customer = record.data["customer_id"]
            return add_payment(owner, customer, {record.id: part}, on=on, more=more).id

    def pay_several(
        self,
        parts: Mapping[str, Number],
        on: date | None = None,
        *,
        excess: Number = 0,
        organization: str | None = None,
    ) -> str:
        """Let one payment come in for several invoices of a customer.

        Args:
            parts: Invoice (id or number) -> how much of it.
            on: The day that it came.
            excess: What came beyond that.
            organization: Whose invoices they are.
        """
        with self.world.lock:
            owner = self.state.organization(organization)
            records = {each: self.invoice(each, organization) for each in parts}
            exact = {records[each].id: Decimal(part) for each, part in parts.items()}
            [customer, *_] = [each.data["customer_id"] for each in records.values()]
            whole = sum(exact.values(), Decimal(excess))
            return add_payment(owner, customer, exact, amount=whole, on=on).id

    def credit(
        self, invoice: str, amount: Number | None = None, *, organization: str | None = None
    ) -> str:
        """Take a credit note off an invoice and return the credit note's id."""
        owner, record = self._invoice(invoice, organization)
        with self.world.lock:
            part = record.data["balance"] if amount is None else Decimal(amount)
            return add_credit(owner, record, part).id

    def refund(
        self, payment: str, amount: Number | None = None, *, organization: str | None = None
    ) -> None:
        """Give a payment back: what is unused first, then the last of its invoices loses."""
        with self.world.lock:
            owner = self.state.organization(organization)
            record = self._found(owner, PAYMENT, payment)
            parts = {row["invoice_id"]: row["amount_applied"] for row in record.data["parts"]}
            free = unused(record)
            whole = sum(parts.values(), ZERO) + free if amount is None else Decimal(amount)
            left = max(whole - free, ZERO)
            for invoice in reversed(list(parts)):
                taken = min(left, parts[invoice])
                left -= taken
                parts[invoice] -= taken
            kept = {invoice: part for invoice, part in parts.items() if part}
            changed = change_parts(owner, record, kept)
            refunded = record.data["amount_refunded"] + whole
            owner.change(changed, {"amount_refunded": refunded})

    def delete_payment(self, payment: str, *, organization: str | None = None) -> None:
        """Delete a payment; its invoices are open again."""
        with self.world.lock:
            owner = self.state.organization(organization)
            delete_payment(owner, self._found(owner, PAYMENT, payment))

    def invoice(self, invoice: str, organization: str | None = None) -> Record:
        """Return an invoice by its id or its number.

        Raises:
            KeyError: There is none.
        """
        owner = self.state.organization(organization)
        record = owner.find("invoice", invoice) or numbered(owner, invoice)
        if record is None:
            raise KeyError(invoice)
        return record

    def contact(self, contact: str, organization: str | None = None) -> Record:
        """Return a contact by its id.

        Raises:
            KeyError: There is none.
        """
        return self._found(self.state.organization(organization), "contact", contact)

    def _invoice(self, invoice: str, organization: str | None) -> tuple[Organization, Record]:
        with self.world.lock:
            return self.state.organization(organization), self.invoice(invoice, organization)

    def _set(self, invoice: str, organization: str | None, **more: Any) -> None:
        owner, record = self._invoice(invoice, organization)
        with self.world.lock:
            owner.change(record, more)

    @staticmethod
    def _found(owner: Organization, kind: str, record_id: str) -> Record:
        record = owner.find(kind, record_id)
        if record is None:
            raise KeyError(record_id)
        return record
