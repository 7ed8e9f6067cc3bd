"""Organisations, taxes, currencies, items, fields in the Zoho Books simulator (4.1, 4.11)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.zoho_custom import definitions
from kommo_invoice.sandbox.zoho_faults import MISSING, TAKEN, Refusal, invalid, label_of
from kommo_invoice.sandbox.zoho_fields import FIELD, ITEM, checked
from kommo_invoice.sandbox.zoho_money import ZERO

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from kommo_invoice.sandbox.records import Record
    from kommo_invoice.sandbox.zoho_state import Organization

SYMBOLS: Mapping[str, str] = {"EUR": "€", "USD": "$", "GBP": "£", "INR": "₹"}
DATA_TYPES = {
    *("string", "number", "decimal", "amount", "date", "dropdown", "check_box", "multiline"),
    *("email", "url", "phone"),
}


def shown_organization(org: Organization) -> dict[str, Any]:
    """Return an organisation as a row."""
    settings = org.settings
    return {
        "organization_id": org.id,
        "name": settings.name,
        "contact_name": "",
        "email": "",
        "is_default_org": org.is_default,
        "is_org_active": True,
        "plan_name": settings.plan,
        "plan_period": "Monthly",
        "language_code": "en",
        # A text in recorded answers, a number in the specification (section 4.1).
        "fiscal_year_start_month": "1",
        "account_created_date": "2024-01-02",
        "time_zone": settings.timezone,
        "country_code": settings.country,
        "currency_id": org.currency(settings.currency).id,
        "currency_code": settings.currency,
        "currency_symbol": SYMBOLS.get(settings.currency, settings.currency),
        "price_precision": org.places(settings.currency),
    }


def taxes(org: Organization) -> dict[str, Any]:
    """Return the active taxes; an organisation without any answers an empty list."""
    rows = [
        {"tax_id": record.id, **{name: record.data[name] for name in _TAX}}
        for record in org.table("tax").all(org.as_of())
        if record.data["is_active"]
    ]
    return {"taxes": rows, "page_context": _whole_page("Taxes", "Taxes.Active")}


def american(org: Organization, name: str) -> dict[str, Any]:
    """Return the tax authorities or exemptions, which only the US edition has."""
    kind, key = {
        "taxauthorities": ("tax_authority", "tax_authorities"),
        "taxexemptions": ("tax_exemption", "tax_exemptions"),
    }[name]
    rows = [{f"{kind}_id": record.id, **record.data} for record in org.table(kind).all()]
    return {key: rows}


def currencies(org: Organization, params: Mapping[str, str]) -> dict[str, Any]:
    """Return the currencies; a rate is 0 where nobody ever set one."""
    hides_base = params.get("filter_by") == "Currencies.ExcludeBaseCurrency"
    rows = [
        {"currency_id": record.id, **record.data}
        for record in org.table("currency").all()
        if not (hides_base and record.data["is_base_currency"])
    ]
    return {"currencies": rows, "page_context": _whole_page("Currencies", "")}


def fields(org: Organization, params: Mapping[str, str]) -> dict[str, Any]:
    """Return the custom fields, of one entity or of all."""
    entities = [params["entity"]] if params.get("entity") else ["invoice", "contact"]
    found = [record for entity in entities for record in definitions(org, entity)]
    return {"fields": [shown_field(org, record) for record in found]}


def shown_field(org: Organization, field: Record) -> dict[str, Any]:
    """Return a custom field; whether it must be unique is told by rule."""
    shown = {name: value for name, value in field.data.items() if name != "unique"}
    if org.rules.unique_key is not None:
        shown[org.rules.unique_key] = field.data["unique"]
    return {"field_id": field.id, "customfield_id": field.id, **shown}


def create_field(
    org: Organization, body: object, *, unique: bool = False, at: datetime | None = None
) -> Record:
    """Make a custom field and return it.

    Args:
        org: Whose.
        body: ``label``, ``data_type``, ``entity``, ``show_on_pdf`` at least.
        unique: Whether a value can be used once only; that cannot be asked for by the body.
        at: Since when it has been there.

    Raises:
        Refusal: Something is missing or not known.
    """
    asked = checked(body, FIELD)
    for name in ("label", "data_type", "entity", "show_on_pdf"):
        if asked.get(name) in {None, ""}:
            raise invalid(label_of(name))
    if asked["data_type"] not in DATA_TYPES or asked["entity"] not in {"invoice", "contact"}:
        raise invalid("Data Type")
    words = re.sub(r"[^a-z0-9]+", "_", asked["label"].casefold()).strip("_")
    data = {
        "is_mandatory": False,
        "value_length": Decimal(255),
        **asked,
        "api_name": f"cf_{words}",
        "is_active": True,
        "unique": unique,
    }
    taken = (each.data["api_name"] for each in definitions(org, data["entity"]))
    if data["api_name"] in taken:
        raise Refusal(TAKEN, f"The field {asked['label']} already exists.")
    return org.add("field", data, at=at)


def create_item(org: Organization, body: object, at: datetime | None = None) -> Record:
    """Make an item and return it.

    Raises:
        Refusal: Name or rate is missing, the name is taken, the tax does not exist.
    """
    asked = checked(body, ITEM)
    if not asked.get("name") or "rate" not in asked:
        raise invalid("Name" if not asked.get("name") else "Rate")
    wanted = asked["name"].strip().casefold()
    if any(each.data["name"].casefold() == wanted for each in org.table("item").all()):
        raise Refusal(TAKEN, f"Item {asked['name']} already exists.")
    tax = org.find("tax", asked.get("tax_id"))
    if asked.get("tax_id") and tax is None:
        raise Refusal(MISSING, "Tax does not exist.", status=org.rules.missing_reference_status)
    data = {
        "description": "",
        "unit": "",
        "sku": "",
        "product_type": "service",
        "tax_id": "",
        **asked,
        "status": "active",
        "tax_name": "" if tax is None else tax.data["tax_name"],
        "tax_percentage": ZERO if tax is None else tax.data["tax_percentage"],
        # Empty numbers are empty texts (section 8).
        "stock_on_hand": "",
    }
    return org.add("item", data, at=at)


_TAX = (
    *("tax_name", "tax_percentage", "tax_type", "tax_specific_type", "tax_authority_id"),
    *("is_default_tax", "is_value_added", "is_editable"),
)


def _whole_page(title: str, applied: str) -> dict[str, Any]:
    """Return the context of a list that always fits one page."""
    return {
        "page": 1,
        "per_page": 200,
        "has_more_page": False,
        "report_name": title,
        "applied_filter": applied,
        "sort_column": "",
        "sort_order": "A",
    }
