"""Reading what is named by its id, invoices with their payments (Zoho sheet, 4.2, 4.6 and 4.8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kommo_invoice.books.shapes import parse
from kommo_invoice.books.zoho.errors import ABSENT
from kommo_invoice.books.zoho.wire import WireContact
from kommo_invoice.books.zoho.wire_invoice import WireInvoice, WirePayment
from kommo_invoice.errors import Rejected, Temporary

if TYPE_CHECKING:
    from datetime import datetime

    from kommo_invoice.books.zoho.company import Organization, Row
    from kommo_invoice.domain.invoice import Invoice


class Reading:
    """Reads single objects.

    Args:
        organization: Answers requests.
    """

    def __init__(self, organization: Organization) -> None:
        self._organization = organization

    def contact(self, contact_id: str) -> WireContact | None:
        """Return a contact as it is now; None when there is none."""
        found = self._one("/contacts", contact_id, "contact")
        return None if found is None else parse(WireContact, found[0])

    def wire_invoice(self, invoice_id: str) -> tuple[WireInvoice, datetime] | None:
        """Return an invoice as it is now, and when that was (UTC); None when there is none."""
        found = self._one("/invoices", invoice_id, "invoice")
        return None if found is None else (parse(WireInvoice, found[0]), found[1])

    def invoice(self, invoice_id: str) -> Invoice | None:
        """Return an invoice with lines and payments; None when there is none.

        Payments take a request of their own, which is left out where no money came.
        """
        found = self.wire_invoice(invoice_id)
        if found is None:
            return None
        invoice, at = found
        rows = self._payments(invoice_id) if invoice.money else []
        return invoice.whole(at, rows)

    def _payments(self, invoice_id: str) -> list[WirePayment]:
        rows = self._organization.rows(f"/invoices/{invoice_id}/payments", "payments")
        return [parse(WirePayment, row) for row in rows]

    def _one(self, path: str, object_id: str, name: str) -> tuple[Row, datetime] | None:
        """Return one object; ids are digits, so nothing can be of any other."""
        if not is_id(object_id):
            return None
        try:
            answer, at = self._organization.get(f"{path}/{object_id}")
        except Rejected as error:
            if error.code == ABSENT:
                return None
            raise
        found = answer.get(name)
        if not isinstance(found, Mapping):
            raise Temporary(f"Zoho Books answered without the {name}")
        return found, at


def is_id(text: str) -> bool:
    """Say whether a text can be an id: digits only (section 2)."""
    return text.isascii() and text.isdecimal()
