"""E-mails with invoices in the Zoho Books simulator, and their PDFs (sheet, section 4.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.zoho_faults import forbidden
from kommo_invoice.sandbox.zoho_fields import MAIL, checked
from kommo_invoice.sandbox.zoho_invoicing import DRAFT, SENT, VOID
from kommo_invoice.sandbox.zoho_state import Mail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommo_invoice.sandbox.records import Record
    from kommo_invoice.sandbox.zoho_state import Organization, ZohoState


def send_invoice(
    state: ZohoState, org: Organization, invoice: Record, body: object, *, attach: bool = False
) -> bool:
    """E-mail an invoice and return whether it is the first time; every call is one more mail.

    Args:
        state: Where the mail goes.
        org: Whose invoice.
        invoice: The invoice; a draft is sent by this.
        body: The request's JSON, which may be empty.
        attach: Whether the PDF goes along.

    Raises:
        Refusal: There is nobody to write to, it is void, or the day's cap is reached.
    """
    asked = checked(body, MAIL)
    if invoice.data["state"] == VOID and not org.rules.void_can_be_mailed:
        raise forbidden("A void invoice cannot be sent.")
    to = asked.get("to_mail_ids") or recipients(org, invoice)
    if not to:
        raise forbidden("Please enter the e-mail address of at least one recipient.")
    cap, today = org.rules.mails_per_day, org.today()
    if cap is not None and org.mailed[today] >= cap:
        message = f"You cannot send this email, since you've exhausted the daily limit of {cap}"
        raise forbidden(f"{message} emails.")
    org.mailed[today] += 1
    state.mails.append(
        Mail(
            organization=org.id,
            invoice_id=invoice.id,
            to=tuple(to),
            cc=tuple(asked.get("cc_mail_ids", ())),
            subject=asked.get("subject") or _subject(org, invoice),
            body=asked.get("body", ""),
            attached=attach,
            at=org.now(),
        )
    )
    is_first = not invoice.data["is_emailed"]
    is_draft = invoice.data["state"] == DRAFT
    more = {"is_emailed": True, "state": SENT if is_draft else invoice.data["state"]}
    touched = is_first or is_draft or org.rules.repeated_mail_touches
    org.change(invoice, more, touched=touched)
    return is_first


def recipients(org: Organization, invoice: Record) -> list[str]:
    """Return the addresses of an invoice's persons."""
    return [person["email"] for person in _persons(org, invoice) if person["email"]]


def mail_content(org: Organization, invoice: Record) -> dict[str, Any]:
    """Return what a mail without further words would be."""
    contacts = [
        {name: person[name] for name in ("first_name", "last_name", "phone", "mobile", "email")}
        | {"contact_person_id": person["contact_person_id"], "selected": True, "salutation": ""}
        for person in _persons(org, invoice)
    ]
    return {
        "subject": _subject(org, invoice),
        "body": "",
        "to_contacts": contacts,
        "from_emails": [{"user_name": org.settings.name, "email": "", "selected": True}],
        "cc_mails_list": [],
        "attach_pdf": True,
        "file_name": f"{invoice.data['invoice_number']}.pdf",
        "customer_id": invoice.data["customer_id"],
        "customer_name": invoice.data["customer_name"],
        "error_list": [],
    }


def pdf(invoice: Record) -> bytes:
    """Return an invoice as a PDF of one empty page that names it in a comment."""
    return (
        b"%PDF-1.4\n%% Invoice " + invoice.id.encode() + b"\n"
        b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF\n"
    )


def _subject(org: Organization, invoice: Record) -> str:
    return f"Invoice - {invoice.data['invoice_number']} from {org.settings.name}"


def _persons(org: Organization, invoice: Record) -> list[Mapping[str, Any]]:
    customer = org.find("contact", invoice.data["customer_id"])
    persons = [] if customer is None else customer.data["contact_persons"]
    return [
        each for each in persons if each["contact_person_id"] in invoice.data["contact_persons"]
    ]
