"""Contacts in the Zoho Books simulator: names, persons, currency, regional fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.zoho_custom import values_of
from kommo_invoice.sandbox.zoho_faults import (
    BAD_NAME,
    HAS_TRANSACTIONS,
    NAME_TAKEN,
    NO_CURRENCY,
    Refusal,
    gone,
    invalid,
    label_of,
)
from kommo_invoice.sandbox.zoho_fields import PERSON, checked, contact_properties

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from kommo_invoice.sandbox.records import Record
    from kommo_invoice.sandbox.zoho_state import Organization

_NUMBER_LENGTHS: Mapping[str, int] = {"gcc": 15, "ke": 11, "za": 10}


def create_contact(org: Organization, body: object, at: datetime | None = None) -> Record:
    """Make a contact and return it; with ``at`` as if it had been there since.

    Raises:
        Refusal: 3062 for a taken name, 3013, 9004, 2.
    """
    data = _whole(org, checked(body, contact_properties(org.settings.edition)), None)
    return org.add("contact", data, at=at)


def write_contact(org: Organization, contact: Record, body: object) -> Record:
    """Change what a body names of a contact, and return it."""
    asked = checked(body, contact_properties(org.settings.edition))
    return org.change(contact, _whole(org, asked, contact))


def switch(org: Organization, contact: Record, *, active: bool) -> Record:
    """Switch a contact on or off."""
    return org.change(contact, {"status": "active" if active else "inactive"})


def delete_contact(org: Organization, contact: Record) -> None:
    """Delete a contact.

    Raises:
        Refusal: 3000 where it has invoices or payments.
    """
    kinds = ("invoice", "customerpayment", "creditnote")
    used = (each for kind in kinds for each in org.table(kind).all())
    if any(each.data["customer_id"] == contact.id for each in used):
        raise Refusal(HAS_TRANSACTIONS, "The contact has transactions and cannot be deleted.")
    org.drop(contact)


def create_person(org: Organization, body: object) -> tuple[Record, dict[str, Any]]:
    """Add a person to a contact and return both.

    Raises:
        Refusal: 1002 without the contact, 2 without a first name.
    """
    asked = checked(body, PERSON)
    contact = org.find("contact", asked.pop("contact_id", ""))
    if contact is None:
        raise gone("Contact")
    if not asked.get("first_name"):
        raise invalid("First Name")
    rows = [*contact.data["contact_persons"], asked]
    changed = org.change(contact, {"contact_persons": _persons(org, rows)})
    return changed, changed.data["contact_persons"][-1]


def persons(org: Organization) -> list[dict[str, Any]]:
    """Return the persons of all contacts."""
    return [
        {"contact_id": contact.id, **person}
        for contact in org.table("contact").all(org.as_of())
        for person in contact.data["contact_persons"]
    ]


def primary(contact: Record) -> Mapping[str, Any]:
    """Return the primary contact person; empty where there are none (section 4.3)."""
    persons: Sequence[Mapping[str, Any]] = contact.data["contact_persons"]
    return next((each for each in persons if each["is_primary_contact"]), {})


def _whole(org: Organization, asked: dict[str, Any], old: Record | None) -> dict[str, Any]:
    """Return all of a contact."""
    data: dict[str, Any] = {
        "contact_name": "",
        "company_name": "",
        "contact_type": "customer",
        "status": "active",
        "language_code": "en",
        "notes": "",
        "website": "",
        "payment_terms": org.settings.terms_days,
        "payment_terms_label": "",
        "billing_address": {},
        "shipping_address": {},
        "contact_persons": [],
        **({} if old is None else old.data),
        **{name: value for name, value in asked.items() if name != "custom_fields"},
    }
    data.setdefault("customer_sub_type", "business")
    data["contact_name"] = _name(org, data["contact_name"], old)
    data["contact_persons"] = _persons(org, data["contact_persons"])
    data |= _currency(org, asked.get("currency_id"), old)
    data["custom_fields"] = values_of(org, "contact", asked.get("custom_fields", ()), old)
    _check_region(org, data)
    return data


def _name(org: Organization, name: str, old: Record | None) -> str:
    if not name.strip():
        raise Refusal(BAD_NAME, "Enter a valid contact name.")
    wanted = _key(org, name)
    for other in org.table("contact").all():
        if (old is None or other.id != old.id) and _key(org, other.data["contact_name"]) == wanted:
            message = f'The name "{name}" already exists. Please specify a different name.'
            raise Refusal(NAME_TAKEN, message)
    return name.strip() if org.rules.names_trimmed else name


def _key(org: Organization, name: str) -> str:
    trimmed = name.strip() if org.rules.names_trimmed else name
    return trimmed.casefold() if org.rules.names_ignore_case else trimmed


def _persons(org: Organization, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the persons with ids; one of them is the primary one."""
    chosen = next((n for n, row in enumerate(rows) if row.get("is_primary_contact")), 0)
    blank = {"salutation": "", "first_name": "", "last_name": "", "email": ""} | {
        "phone": "",
        "mobile": "",
        "designation": "",
        "department": "",
    }
    return [
        {
            **blank,
            **row,
            "contact_person_id": row.get("contact_person_id") or org.new_id(),
            "is_primary_contact": number == chosen,
        }
        for number, row in enumerate(rows)
    ]


def _currency(org: Organization, wanted: str | None, old: Record | None) -> dict[str, Any]:
    """Return the currency, which cannot change once there are transactions (section 4.3)."""
    if not wanted:
        if old is not None:
            return {}
        base = org.currency(org.settings.currency)
        return {"currency_id": base.id, "currency_code": org.settings.currency}
    record = org.find("currency", wanted)
    if record is None:
        raise Refusal(NO_CURRENCY, "Currency does not exist.")
    if old is not None and wanted != old.data["currency_id"]:
        invoices = org.table("invoice").all()
        if any(each.data["customer_id"] == old.id for each in invoices):
            raise Refusal(HAS_TRANSACTIONS, "The currency of a contact with transactions is fixed.")
    return {"currency_id": record.id, "currency_code": record.data["currency_code"]}


def _check_region(org: Organization, data: Mapping[str, Any]) -> None:
    """Hold the edition's rules (section 4.3).

    Raises:
        Refusal: A tax number of the wrong length, an exempt customer without the exemption.
    """
    edition = org.settings.edition
    length = _NUMBER_LENGTHS.get(edition)
    number = data.get("tax_reg_no", "")
    if number and length and len(number) != length:
        raise invalid(label_of("tax_reg_no"))
    if data.get("gst_no") and len(data["gst_no"]) != 15:
        raise invalid(label_of("gst_no"))
    if edition == "uk" and len(data.get("vat_reg_no", "")) == 1:
        raise invalid(label_of("vat_reg_no"))
    exemption = data.get("tax_exemption_id")
    if exemption and org.find("tax_exemption", exemption) is None:
        raise invalid("Tax Exemption")
    if data.get("is_taxable") is False and not (exemption or data.get("tax_exemption_code")):
        raise invalid("Tax Exemption")
