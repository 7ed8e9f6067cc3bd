"""How the Zoho Books simulator shows its records, whole and as rows of lists (sheet, section 4)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.zoho_contacts import primary
from kommo_invoice.sandbox.zoho_custom import shown_fields, shown_hash
from kommo_invoice.sandbox.zoho_money import ZERO
from kommo_invoice.sandbox.zoho_payments import CREDIT, PAYMENT, parts_for, unused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from kommo_invoice.sandbox.records import Record
    from kommo_invoice.sandbox.zoho_state import Organization

Shown = dict[str, Any]
_SECURE = "https://zohosecurepay.com/books"


def status_of(org: Organization, invoice: Record) -> str:
    """Return an invoice's status today (section 4.6)."""
    data, rules = invoice.data, org.rules
    if data["odd_status"]:
        return str(data["odd_status"])
    if data["state"] != "sent":
        return str(data["state"])
    if data["balance"] <= 0 and (data["total"] or rules.zero_is_paid):
        return "paid"
    is_overdue = data["due_date"] < org.today().isoformat()
    is_partial = data["payment_made"] + data["credits_applied"] > 0
    if is_overdue and (rules.overdue_hides_partial or not is_partial):
        return "overdue"
    if is_partial:
        return "partially_paid"
    return "viewed" if data["is_viewed_by_client"] else "sent"


def link(org: Organization, invoice: Record) -> str:
    """Return an invoice's page for the client."""
    secret = hashlib.sha256(f"{org.id} {invoice.id}".encode()).hexdigest()
    return f"{_SECURE}/{org.settings.portal}/secure?CInvoiceID=2-{secret}"


def invoice_row(org: Organization, invoice: Record) -> Shown:
    """Return an invoice as a row: without lines, without its page."""
    data = invoice.data
    _, address, _ = _customer(org, invoice)
    return {
        "invoice_id": invoice.id,
        "ach_payment_initiated": False,
        **{name: data[name] for name in _IN_ROWS},
        **_BLANK,
        "status": status_of(org, invoice),
        "due_days": "",
        "schedule_time": "",
        "documents": "",
        **_money(org, invoice),
        **_times(org, invoice),
        # Rows call it zipcode, the rest zip (section 9.1).
        "billing_address": {
            ("zipcode" if name == "zip" else name): value for name, value in address.items()
        },
        **shown_fields(org, "invoice", invoice),
        **shown_hash(org, "invoice", invoice),
    }


def shown_invoice(org: Organization, invoice: Record) -> Shown:
    """Return an invoice whole."""
    data = invoice.data
    person, billing, shipping = _customer(org, invoice)
    persons = [{"contact_person_id": each} for each in data["contact_persons"]]
    return {
        "invoice_id": invoice.id,
        "ach_payment_initiated": False,
        **{name: data[name] for name in (*_IN_ROWS, *_WHOLE)},
        **_BLANK,
        **data["region"],
        "contact_persons_associated": persons,
        "status": status_of(org, invoice),
        "current_sub_status": status_of(org, invoice),
        "email": person.get("email", ""),
        **_money(org, invoice),
        "tax_amount_withheld": ZERO,
        "unprocessed_payment_amount": ZERO,
        "shipping_charge_tax": "",
        "rounding_mode": "round_half_up",
        "tax_rounding": "item_level" if org.settings.item_rounding else "entity_level",
        "transaction_rounding_type": "no_rounding",
        "invoice_url": f"{link(org, invoice)} ",
        "can_send_in_mail": True,
        "allow_partial_payments": data["asked"].get("allow_partial_payments", False),
        "payment_options": {"payment_gateways": []},
        "billing_address": billing,
        "shipping_address": shipping,
        "adjustment_description": data["asked"].get("adjustment_description", ""),
        "template_id": data["asked"].get("template_id", ""),
        **shown_fields(org, "invoice", invoice),
        **_times(org, invoice),
    }


def contact_row(org: Organization, contact: Record) -> Shown:
    """Return a contact as a row: with the primary person's data only."""
    data, person = contact.data, primary(contact)
    names = ("contact_name", "company_name", "contact_type", "customer_sub_type", "status")
    return {
        "contact_id": contact.id,
        **{name: data[name] for name in names},
        "customer_name": data["contact_name"],
        **{name: person.get(name, "") for name in ("first_name", "last_name", "email")},
        **{name: person.get(name, "") for name in ("phone", "mobile")},
        **{name: data[name] for name in ("currency_id", "currency_code")},
        **{name: data[name] for name in ("payment_terms", "payment_terms_label")},
        **{name: data[name] for name in _CONTACT_REGIONAL if name in data},
        "outstanding_receivable_amount": owed(org, contact),
        "unused_credits_receivable_amount": credits_of(org, contact),
        **_times(org, contact),
        # A date for people, which is not to be read (section 8).
        "created_date": _formatted(org, contact),
        **shown_fields(org, "contact", contact),
        **shown_hash(org, "contact", contact),
    }


def shown_contact(org: Organization, contact: Record) -> Shown:
    """Return a contact whole."""
    data, person = contact.data, primary(contact)
    hidden = ("contact_persons", "custom_fields")
    return {
        "contact_id": contact.id,
        **{name: value for name, value in data.items() if name not in hidden},
        "email": person.get("email", ""),
        "primary_contact_id": person.get("contact_person_id", ""),
        "contact_persons": [dict(each) for each in data["contact_persons"]],
        "outstanding_receivable_amount": owed(org, contact),
        "unused_credits_receivable_amount": credits_of(org, contact),
        "has_transaction": any(_invoices_of(org, contact)),
        **shown_fields(org, "contact", contact),
        "created_date": _formatted(org, contact),
        **_times(org, contact),
    }


def payment_row(org: Organization, payment: Record) -> Shown:
    """Return a payment as a row: its invoices by number, as one text."""
    data = payment.data
    numbers = (_number(org, row["invoice_id"]) for row in data["parts"])
    return {
        "payment_id": payment.id,
        **{name: data[name] for name in _IN_PAYMENTS},
        "invoice_numbers": ", ".join(numbers),
        "unused_amount": unused(payment),
        "exchange_rate": "",
        "payment_status": "paid",
        **_times(org, payment),
    }


def shown_payment(org: Organization, payment: Record) -> Shown:
    """Return a payment whole, with its part of each invoice."""
    data = payment.data
    return {
        "payment_id": payment.id,
        **{name: data[name] for name in _IN_PAYMENTS},
        "bank_charges": data["bank_charges"],
        "amount_refunded": data["amount_refunded"],
        "unused_amount": unused(payment),
        "status": "success",
        "invoices": [
            {
                "invoice_id": row["invoice_id"],
                "invoice_payment_id": row["part_id"],
                "invoice_number": _number(org, row["invoice_id"]),
                "amount_applied": row["amount_applied"],
                "apply_date": data["date"],
                "tax_amount_withheld": ZERO,
            }
            for row in data["parts"]
        ],
        "custom_fields": [],
        **_times(org, payment),
    }


def payments_of(org: Organization, invoice: Record) -> list[Shown]:
    """Return an invoice's payments: of each the part that is its own."""
    return [
        {
            "payment_id": payment.id,
            "invoice_id": invoice.id,
            "invoice_payment_id": row["part_id"],
            **{name: payment.data[name] for name in _IN_PARTS},
            "amount": row["amount_applied"],
            "tax_amount_withheld": ZERO,
            "online_transaction_id": "",
            "is_single_invoice_payment": len(payment.data["parts"]) == 1,
            "exchange_rate": "",
        }
        for payment, row in parts_for(org, PAYMENT, invoice.id)
    ]


def credits_applied(org: Organization, invoice: Record) -> list[Shown]:
    """Return the credit notes on an invoice."""
    return [
        {
            "creditnote_id": credit.id,
            "creditnotes_invoice_id": row["part_id"],
            "creditnotes_number": credit.data["creditnote_number"],
            "credited_date": credit.data["date"],
            "amount_applied": row["amount_applied"],
        }
        for credit, row in parts_for(org, CREDIT, invoice.id)
    ]


def shown_credit(org: Organization, credit: Record) -> Shown:
    """Return a credit note."""
    left = unused(credit)
    return {
        "creditnote_id": credit.id,
        **{name: value for name, value in credit.data.items() if name != "parts"},
        "status": "open" if left else "closed",
        "balance": left,
        **_times(org, credit),
    }


def owed(org: Organization, contact: Record) -> Decimal:
    """Return what a contact still has to pay."""
    invoices = _invoices_of(org, contact)
    return sum((each.data["balance"] for each in invoices if each.data["state"] == "sent"), ZERO)


def credits_of(org: Organization, contact: Record) -> Decimal:
    """Return what a contact has in credit."""
    records = (each for kind in (PAYMENT, CREDIT) for each in org.table(kind).all())
    return sum((unused(each) for each in records if each.data["customer_id"] == contact.id), ZERO)


_IN_ROWS = (
    *("customer_id", "customer_name", "invoice_number", "reference_number", "date", "due_date"),
    *("currency_id", "currency_code", "exchange_rate", "is_viewed_by_client", "is_emailed"),
    *("last_payment_date", "shipping_charge", "adjustment", "write_off_amount"),
)
_WHOLE = (
    *("contact_persons", "payment_terms", "payment_terms_label", "price_precision", "line_items"),
    *("discount", "discount_type", "is_discount_before_tax", "is_inclusive_tax", "sub_total"),
    *("tax_total", "taxes", "payment_made", "credits_applied", "notes", "terms"),
)
_BLANK: Mapping[str, Any] = {
    "client_viewed_time": "",
    "has_attachment": False,
    "reminders_sent": 0,
    "last_reminder_sent_date": "",
    "payment_expected_date": "",
    "recurring_invoice_id": "",
    "salesperson_id": "",
    "salesperson_name": "",
    "tags": [],
}
"""What nobody here ever fills."""
_CONTACT_REGIONAL = ("vat_treatment", "tax_treatment", "gst_treatment", "gst_no", "country_code")
_IN_PARTS = ("payment_number", "payment_mode", "description", "date", "reference_number")
_IN_PAYMENTS = (*_IN_PARTS, "amount", "customer_id", "customer_name", "currency_code")


def _money(org: Organization, invoice: Record) -> Shown:
    """Return total and balance: numbers, or the texts of the specification (section 8)."""
    amounts = {name: invoice.data[name] for name in ("total", "balance")}
    if org.rules.totals_as_text:
        return {name: format(amount, "f") for name, amount in amounts.items()}
    return amounts


def _times(org: Organization, record: Record) -> Shown:
    return {
        "created_time": org.moment(record.created_at),
        "last_modified_time": org.moment(record.updated_at),
    }


def _formatted(org: Organization, record: Record) -> str:
    return record.created_at.astimezone(org.zone).strftime("%d %b %Y")


def _customer(org: Organization, invoice: Record) -> tuple[Shown, Shown, Shown]:
    """Return the primary person and both addresses of an invoice's customer."""
    customer = org.find("contact", invoice.data["customer_id"])
    if customer is None:
        return {}, {}, {}
    data = customer.data
    return dict(primary(customer)), dict(data["billing_address"]), dict(data["shipping_address"])


def _invoices_of(org: Organization, contact: Record) -> Iterator[Record]:
    for invoice in org.table("invoice").all():
        if invoice.data["customer_id"] == contact.id:
            yield invoice


def _number(org: Organization, invoice_id: str) -> str:
    invoice = org.find("invoice", invoice_id)
    return "" if invoice is None else str(invoice.data["invoice_number"])
