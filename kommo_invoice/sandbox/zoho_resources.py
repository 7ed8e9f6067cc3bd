"""What each path of the Zoho Books simulator does to its organisation (sheet, section 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.zoho_answers import (
    credits_applied,
    payments_of,
    shown_contact,
    shown_credit,
    shown_invoice,
    shown_payment,
)
from kommo_invoice.sandbox.zoho_contacts import (
    create_contact,
    create_person,
    delete_contact,
    persons,
    switch,
    write_contact,
)
from kommo_invoice.sandbox.zoho_faults import Refusal, gone
from kommo_invoice.sandbox.zoho_invoicing import (
    create_invoice,
    delete_invoice,
    mark_draft,
    mark_sent,
    void_invoice,
    write_fields,
    write_invoice,
    write_off,
)
from kommo_invoice.sandbox.zoho_lists import listed
from kommo_invoice.sandbox.zoho_payments import delete_payment, record_payment
from kommo_invoice.sandbox.zoho_plans import PLANS
from kommo_invoice.sandbox.zoho_sending import mail_content, pdf, recipients, send_invoice
from kommo_invoice.sandbox.zoho_settings import (
    american,
    create_field,
    create_item,
    currencies,
    fields,
    shown_field,
    taxes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommo_invoice.sandbox.records import Record
    from kommo_invoice.sandbox.zoho_state import Organization, ZohoState

PDF = "application/pdf"
METHODS: Mapping[str, tuple[str, ...]] = {
    "contacts": ("GET", "POST", "PUT", "DELETE"),
    "invoices": ("GET", "POST", "PUT", "DELETE"),
    "invoice": ("PUT",),
    "customerpayments": ("GET", "POST", "DELETE"),
    "creditnotes": ("GET",),
    "items": ("GET", "POST"),
    "settings": ("GET", "POST"),
    "organizations": ("GET",),
}
"""What each resource knows; anything else is code 37."""
NAMES: Mapping[str, tuple[str, str]] = {
    "contacts": ("contact", "Contact"),
    "invoices": ("invoice", "Invoice"),
    "invoice": ("invoice", "Invoice"),
    "customerpayments": ("customerpayment", "Payment"),
    "creditnotes": ("creditnote", "Credit Note"),
    "items": ("item", "Item"),
}
"""Resource -> the kind of its records, and how messages call one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer of an organisation.

    Args:
        location: What was created: ``invoices/260001000000124001``.
    """

    message: str = "success"
    content: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    location: str = ""
    pdf: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Call:
    state: ZohoState
    org: Organization
    params: Mapping[str, str]
    body: Any

    def flag(self, name: str) -> bool:
        """Whether a switch in the query is on."""
        return self.params.get(name, "").casefold() == "true"


def answered(
    state: ZohoState,
    org: Organization,
    method: str,
    parts: tuple[str, ...],
    params: Mapping[str, str],
    body: object,
) -> Reply | None:
    """Do what is asked; None where the path leads nowhere.

    Args:
        state: Where mails go.
        org: Whose books.
        method: The request's.
        parts: The path below the root.
        params: The query.
        body: The JSON.

    Raises:
        Refusal: The resource refuses, or the record does not exist.
    """
    call = _Call(state, org, params, body)
    match method, parts:
        case "GET", (("invoices" | "contacts" | "customerpayments" | "creditnotes" | "items"),):
            return Reply(content=listed(org, PLANS[parts[0]], params))
        case _, ("settings", name):
            return _settings(call, method, name)
        case "POST", (_,):
            return _created(call, parts[0])
        case "GET", ("contacts", "contactpersons"):
            return Reply(content={"contact_persons": persons(org)})
        case "POST", ("contacts", "contactpersons"):
            _, person = create_person(org, body)
            return _made("contact_person", person, "The contact person has been created.")
        case _, (resource, record_id, *act) if resource in NAMES and record_id.isdigit():
            kind, name = NAMES[resource]
            record = org.find(kind, record_id)
            if record is None:
                raise gone(name)
            return _on(call, (method, resource, *act), record)
    return None


def _settings(call: _Call, method: str, name: str) -> Reply | None:
    org = call.org
    match method, name:
        case "GET", "taxes":
            return Reply(content=taxes(org))
        case "GET", "currencies":
            return Reply(content=currencies(org, call.params))
        case "GET", ("taxauthorities" | "taxexemptions"):
            return Reply(content=american(org, name))
        case "GET", "fields":
            return Reply(content=fields(org, call.params))
        case "POST", "fields":
            made = shown_field(org, create_field(org, call.body))
            return _made("field", made, "Custom field has been created.")
    return None


def _created(call: _Call, resource: str) -> Reply | None:
    org, body = call.org, call.body
    match resource:
        case "contacts":
            contact = create_contact(org, body)
            shown = shown_contact(org, contact)
            return _made("contact", shown, "The contact has been added.", f"contacts/{contact.id}")
        case "invoices":
            return _new_invoice(call)
        case "customerpayments":
            payment = record_payment(org, body)
            message = "The payment from the customer has been recorded"
            return _made("payment", shown_payment(org, payment), message)
        case "items":
            item = create_item(org, body)
            shown = {"item_id": item.id, **item.data}
            return _made("item", shown, "The item has been added.")
    return None


def _new_invoice(call: _Call) -> Reply:
    """Make an invoice, and mail it with ``send=true``: two effects in one (section 9.8)."""
    org = call.org
    sends = call.flag("send")
    ignores_auto = call.flag("ignore_auto_number_generation")
    invoice = create_invoice(org, call.body, ignores_auto=ignores_auto)
    if sends and (recipients(org, invoice) or org.rules.send_fails_whole):
        try:
            send_invoice(call.state, org, invoice, {})
        except Refusal:
            if org.rules.send_fails_whole:
                org.drop(invoice)
                raise
    now = org.find("invoice", invoice.id) or invoice
    message = "The invoice has been created."
    return _made("invoice", shown_invoice(org, now), message, f"invoices/{invoice.id}")


def _made(key: str, shown: Mapping[str, Any], message: str, location: str = "") -> Reply:
    return Reply(message=message, content={key: shown}, status=201, location=location)


def _on(call: _Call, asked: tuple[str, ...], record: Record) -> Reply | None:
    """Do something with one record."""
    match asked:
        case (_, "invoices" | "invoice", *_):
            return _on_invoice(call, asked, record)
        case (_, "contacts", *_):
            return _on_contact(call, asked, record)
        case ("GET", "customerpayments"):
            return Reply(content={"payment": shown_payment(call.org, record)})
        case ("DELETE", "customerpayments"):
            delete_payment(call.org, record)
            return Reply(message="The payment has been deleted.")
        case ("GET", "creditnotes"):
            return Reply(content={"creditnote": shown_credit(call.org, record)})
        case ("GET", "items"):
            return Reply(content={"item": {"item_id": record.id, **record.data}})
    return None


def _on_contact(call: _Call, asked: tuple[str, ...], contact: Record) -> Reply | None:
    org = call.org
    match asked:
        case ("GET", _):
            return Reply(content={"contact": shown_contact(org, contact)})
        case ("PUT", _):
            changed = write_contact(org, contact, call.body)
            content = {"contact": shown_contact(org, changed)}
            return Reply(message="Contact information has been saved.", content=content)
        case ("DELETE", _):
            delete_contact(org, contact)
            return Reply(message="The contact has been deleted.")
        case ("POST", _, ("active" | "inactive") as state):
            switch(org, contact, active=state == "active")
            return Reply(message=f"The contact has been marked as {state}.")
        case ("GET", _, "contactpersons"):
            return Reply(content={"contact_persons": contact.data["contact_persons"]})
    return None


def _on_invoice(call: _Call, asked: tuple[str, ...], invoice: Record) -> Reply | None:
    org = call.org
    match asked:
        case ("GET", "invoices") if call.params.get("accept") == "pdf":
            return Reply(pdf=pdf(invoice))
        case ("GET", "invoices"):
            return Reply(content={"invoice": shown_invoice(org, invoice)})
        case ("PUT", "invoices"):
            changed = write_invoice(org, invoice, call.body)
            content = {"invoice": shown_invoice(org, changed)}
            return Reply(message="Invoice information has been updated.", content=content)
        case ("PUT", "invoice", "customfields"):
            write_fields(org, invoice, call.body)
            return Reply(message="Custom Fields Updated Successfully")
        case ("DELETE", "invoices"):
            delete_invoice(org, invoice)
            return Reply(message="The invoice has been deleted.")
        case ("GET", "invoices", "payments"):
            return Reply(content={"payments": payments_of(org, invoice)})
        case ("GET", "invoices", "creditsapplied"):
            return Reply(content={"credits": credits_applied(org, invoice)})
        case ("GET", "invoices", "email"):
            return Reply(content={"data": mail_content(org, invoice)})
        case ("POST", "invoices", *act):
            return _act(call, tuple(act), invoice)
    return None


def _act(call: _Call, act: tuple[str, ...], invoice: Record) -> Reply | None:
    org = call.org
    match act:
        case ("email",):
            attach = call.flag("send_attachment")
            first = send_invoice(call.state, org, invoice, call.body, attach=attach)
            return Reply(message="Your invoice has been sent.", content={"is_first_email": first})
        case ("status", "sent"):
            mark_sent(org, invoice)
            return Reply(message="Invoice status has been changed to Sent.")
        case ("status", "void"):
            void_invoice(org, invoice)
            return Reply(message="Invoice status has been changed to Void.")
        case ("status", "draft"):
            mark_draft(org, invoice)
            return Reply(message="Invoice status has been changed to Draft.")
        case ("writeoff",):
            write_off(org, invoice)
            return Reply(message="Invoice has been written off.")
        case ("writeoff", "cancel"):
            write_off(org, invoice, cancels=True)
            return Reply(message="The write off done for this invoice has been cancelled.")
    return None
