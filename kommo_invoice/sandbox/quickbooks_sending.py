"""E-mails with invoices, and their PDFs (sheet, sections 4.5 and 4.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.sandbox.quickbooks_answers import instant
from kommo_invoice.sandbox.quickbooks_faults import missing
from kommo_invoice.sandbox.quickbooks_state import Mail

if TYPE_CHECKING:
    from kommo_invoice.sandbox.quickbooks_state import Company, QuickBooksState, Record

BINARY = "application/octet-stream"


def send_invoice(
    state: QuickBooksState, company: Company, invoice: Record, content_type: str, to: str | None
) -> Record:
    """E-mail an invoice; every call is one more mail, and a bad address is no error.

    Args:
        state: Where the mail goes.
        company: Whose invoice.
        invoice: The invoice.
        content_type: With any but ``application/octet-stream`` the address is not found.
        to: In place of the invoice's own address, which it then becomes.

    Raises:
        Refusal: 2020 without an address.
    """
    address = to or invoice.data.get("BillEmail", {}).get("Address")
    if content_type != BINARY or not address:
        raise missing("DeliveryAddress.Address")
    now = company.now()
    others = (invoice.data.get(name, {}).get("Address") for name in ("BillEmailCc", "BillEmailBcc"))
    cc, bcc = others
    state.mails.append(
        Mail(realm=company.realm, invoice_id=invoice.id, to=address, cc=cc, bcc=bcc, at=now)
    )
    sent = {
        "BillEmail": {"Address": address},
        "EmailStatus": "EmailSent",
        "DeliveryInfo": {"DeliveryType": "Email", "DeliveryTime": instant(now)},
    }
    return company.change(invoice, {**invoice.data, **sent})


def pdf(invoice: Record) -> bytes:
    """Return an invoice as a PDF of one empty page that names it in a comment."""
    return (
        b"%PDF-1.4\n%% Invoice " + invoice.id.encode() + b"\n"
        b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF\n"
    )
