"""Invoices in the Zoho Books simulator: made, changed, voided, written off, deleted."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.zoho_contacts import primary
from kommo_invoice.sandbox.zoho_custom import values_of
from kommo_invoice.sandbox.zoho_faults import (
    HAS_CREDITS,
    HAS_PAYMENTS,
    MISSING,
    Refusal,
    forbidden,
    invalid,
)
from kommo_invoice.sandbox.zoho_fields import REGIONAL_INVOICE, checked, invoice_properties
from kommo_invoice.sandbox.zoho_lines import Composed, composed, used_customer
from kommo_invoice.sandbox.zoho_money import ZERO
from kommo_invoice.sandbox.zoho_payments import CREDIT, PAYMENT, parts_for, release, settle
from kommo_invoice.sandbox.zoho_rules import OtherCurrency, OwnNumber

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from kommo_invoice.sandbox.records import Record
    from kommo_invoice.sandbox.zoho_state import Organization

DRAFT, SENT, VOID = "draft", "sent", "void"


def create_invoice(
    org: Organization, body: object, *, ignores_auto: bool = False, at: datetime | None = None
) -> Record:
    """Make a draft and return it.

    Args:
        org: Whose books.
        body: The request's JSON.
        ignores_auto: Whether the switch for own numbers is in the query.
        at: Since when it has been there; now by default.

    Raises:
        Refusal: Anything about invoices in section 4.4 of the sheet.
    """
    asked = checked(body, invoice_properties(org.settings.edition))
    data = _whole(org, asked, None)
    data |= {
        "state": DRAFT,
        "odd_status": "",
        "is_viewed_by_client": False,
        "is_emailed": False,
        "payment_made": ZERO,
        "credits_applied": ZERO,
        "write_off_amount": ZERO,
        "balance": data["total"],
        "last_payment_date": "",
        "invoice_number": _new_number(org, asked.get("invoice_number"), ignores_auto=ignores_auto),
    }
    invoice = org.add("invoice", data, at=at)
    org.numbers[data["invoice_number"].casefold()] = invoice.id
    return invoice


def write_invoice(org: Organization, invoice: Record, body: object) -> Record:
    """Change what a body names; with ``line_items`` those left out are deleted (section 4.9)."""
    if invoice.data["state"] == VOID:
        raise forbidden("A void invoice cannot be changed.")
    new = checked(body, invoice_properties(org.settings.edition))
    data = _whole(org, {**invoice.data["asked"], **new}, invoice)
    if data["total"] < invoice.data["payment_made"] + invoice.data["credits_applied"]:
        raise forbidden("The total cannot be less than what has been paid.")
    number = new.get("invoice_number", "").strip()
    if number and number != invoice.data["invoice_number"]:
        _check_number(org, number, invoice)
        data["invoice_number"] = number
        org.numbers[number.casefold()] = invoice.id
    org.change(invoice, data)
    return settle(org, invoice.id)


def write_fields(org: Organization, invoice: Record, body: object) -> Record:
    """Set custom fields by a list of them (section 4.9).

    Raises:
        Refusal: The body is no list.
    """
    asked = checked({"custom_fields": body or {}}, invoice_properties(org.settings.edition))
    values = values_of(org, "invoice", asked["custom_fields"], invoice)
    return org.change(invoice, {"custom_fields": values})


def mark_sent(org: Organization, invoice: Record) -> Record:
    """Mark an invoice as sent."""
    return _marked(org, invoice, {DRAFT}, SENT)


def mark_draft(org: Organization, invoice: Record) -> Record:
    """Take a void back."""
    return _marked(org, invoice, {VOID}, DRAFT)


def void_invoice(org: Organization, invoice: Record) -> Record:
    """Void an invoice; its payments and credits go back to the customer, its balance stays."""
    before = {SENT, DRAFT} if org.rules.voids_drafts else {SENT}
    if invoice.data["state"] in before:
        release(org, invoice.id)
    current = org.find("invoice", invoice.id) or invoice
    return _marked(org, current, before, VOID)


def write_off(org: Organization, invoice: Record, *, cancels: bool = False) -> Record:
    """Write off what is left to pay, or take that back.

    Raises:
        Refusal: There is nothing to write off.
    """
    amount = ZERO if cancels else invoice.data["write_off_amount"] + invoice.data["balance"]
    if invoice.data["state"] != SENT or (not cancels and not invoice.data["balance"]):
        raise forbidden("Only an unpaid invoice can be written off.")
    org.change(invoice, {"write_off_amount": amount})
    return settle(org, invoice.id)


def delete_invoice(org: Organization, invoice: Record) -> None:
    """Delete an invoice.

    Raises:
        Refusal: 4001 with payments, 12008 with credits.
    """
    if parts_for(org, PAYMENT, invoice.id):
        message = "Invoices with payments cannot be deleted. Delete the payments first."
        raise Refusal(HAS_PAYMENTS, message)
    if parts_for(org, CREDIT, invoice.id):
        message = "Invoices with credits cannot be deleted. Take the credits off first."
        raise Refusal(HAS_CREDITS, message)
    org.drop(invoice)


def numbered(org: Organization, number: str) -> Record | None:
    """Return the invoice with that number, blanks and letter case aside (section 5)."""
    wanted = number.strip().casefold()
    invoice = org.find("invoice", org.numbers.get(wanted, ""))
    if invoice is None or invoice.data["invoice_number"].casefold() != wanted:
        return None
    return invoice


def _marked(org: Organization, invoice: Record, before: set[str], after: str) -> Record:
    state = invoice.data["state"]
    if state == after and not org.rules.repeats_refused:
        return invoice
    if state not in before:
        raise forbidden(f"The status of the invoice cannot be changed to {after.title()}.")
    return org.change(invoice, {"state": after})


def _whole(org: Organization, asked: dict[str, Any], old: Record | None) -> dict[str, Any]:
    """Return everything of an invoice that follows from what was asked for."""
    if not asked.get("customer_id"):
        raise invalid("Customer Id")
    customer = used_customer(org, asked["customer_id"])
    currency = _currency(org, asked, customer)
    asked |= {"exchange_rate": currency["exchange_rate"]}
    made = composed(org, asked, customer, currency["currency_code"])
    day = asked.get("date") or org.today().isoformat()
    terms = asked.get("payment_terms", customer.data["payment_terms"])
    due = asked.get("due_date") or (date.fromisoformat(day) + timedelta(int(terms))).isoformat()
    return {
        # Custom fields can be changed by themselves, and are not set again by another change.
        "asked": {name: value for name, value in asked.items() if name != "custom_fields"},
        "customer_id": customer.id,
        "customer_name": customer.data["contact_name"],
        "region": _region(org, asked, customer),
        "contact_persons": _persons(org, asked, customer),
        **currency,
        "reference_number": asked.get("reference_number", ""),
        "date": day,
        "due_date": due,
        "payment_terms": terms,
        "payment_terms_label": asked.get("payment_terms_label", ""),
        **_amounts(org, asked, made),
        "custom_fields": values_of(org, "invoice", asked.get("custom_fields", ()), old),
        "notes": asked.get("notes", ""),
        "terms": asked.get("terms", ""),
    }


def _region(org: Organization, asked: Mapping[str, Any], customer: Record) -> dict[str, Any]:
    """Return the edition's own fields: as asked for, else the customer's."""
    names = REGIONAL_INVOICE.get(org.settings.edition, {})
    both = {name: asked.get(name, customer.data.get(name)) for name in names}
    return {name: value for name, value in both.items() if value is not None}


def _amounts(org: Organization, asked: Mapping[str, Any], made: Composed) -> dict[str, Any]:
    sums = made.sums
    inclusive = asked.get("is_inclusive_tax", False)
    net = inclusive and org.rules.inclusive_subtotal_is_net
    before_tax = asked.get("is_discount_before_tax", org.settings.discount_before_tax)
    return {
        "line_items": made.lines,
        "discount": asked.get("discount", ZERO) if made.discount_type == "entity_level" else ZERO,
        "discount_total": sums.discount,
        "discount_type": made.discount_type,
        "is_discount_before_tax": before_tax,
        "is_inclusive_tax": inclusive,
        "shipping_charge": asked.get("shipping_charge", ZERO),
        "adjustment": asked.get("adjustment", ZERO),
        "sub_total": sums.net if net else sums.subtotal,
        "tax_total": sums.tax,
        "taxes": [
            {"tax_id": rate.id, "tax_name": f"{rate.name} ({rate.percent.normalize():f}%)"}
            | {"tax_amount": amount}
            for rate, amount in sums.taxes
        ],
        "total": sums.total,
    }


def _currency(org: Organization, asked: Mapping[str, Any], customer: Record) -> dict[str, Any]:
    """Return the currency and its rate (section 4.4)."""
    own = customer.data["currency_id"]
    wanted = asked.get("currency_id") or own
    if wanted != own:
        match org.rules.other_currency:
            case OtherCurrency.REFUSE:
                raise invalid("Currency Id")
            case OtherCurrency.IGNORE:
                wanted = own
    record = org.find("currency", wanted)
    if record is None:
        raise Refusal(MISSING, "Currency does not exist.")
    code = record.data["currency_code"]
    rate = asked.get("exchange_rate") or record.data["exchange_rate"]
    if code == org.settings.currency:
        rate = Decimal(1)
    if not rate and not org.rules.rate_defaults:
        raise invalid("Exchange Rate")
    return {
        "currency_id": record.id,
        "currency_code": code,
        "price_precision": org.places(code),
        "exchange_rate": rate or Decimal(1),
    }


def _persons(org: Organization, asked: Mapping[str, Any], customer: Record) -> list[str]:
    """Return the ids of those whom the invoice goes to.

    Raises:
        Refusal: 1002 for a person of another customer.
    """
    rows = asked.get("contact_persons_associated", ())
    wanted = asked.get("contact_persons") or [row["contact_person_id"] for row in rows]
    known = {each["contact_person_id"] for each in customer.data["contact_persons"]}
    if not known.issuperset(wanted):
        message = "Contact person does not exist."
        raise Refusal(MISSING, message, status=org.rules.missing_reference_status)
    first = primary(customer)
    if not wanted and first and org.rules.primary_is_used:
        return [first["contact_person_id"]]
    return list(wanted)


def _new_number(org: Organization, own: str | None, *, ignores_auto: bool) -> str:
    """Return the number: the organisation's next, or the client's own (section 4.4)."""
    number = (own or "").strip()
    takes_own = ignores_auto or not org.settings.auto_numbers
    if takes_own:
        if not number:
            raise invalid("Invoice Number")
        _check_number(org, number, None)
        return number
    if number and org.rules.own_number is OwnNumber.REFUSE:
        raise invalid("Invoice Number")
    while True:
        org.last_number += 1
        number = f"INV-{org.last_number:06d}"
        if not _has_number(org, number, None):
            return number


def _check_number(org: Organization, number: str, old: Record | None) -> None:
    if _has_number(org, number, old):
        code = org.rules.duplicate_number_code
        raise Refusal(code, "Invoice Number already exist")


def _has_number(org: Organization, number: str, old: Record | None) -> bool:
    """Whether another invoice has it."""
    holder = numbered(org, number)
    return holder is not None and (old is None or holder.id != old.id)
