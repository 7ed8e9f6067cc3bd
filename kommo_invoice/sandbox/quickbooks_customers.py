"""How customers come into a QuickBooks company, and change there (sheet, sections 4.1 and 4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.quickbooks_answers import currency_ref
from kommo_invoice.sandbox.quickbooks_faults import Refusal, inactive, missing, unknown_reference
from kommo_invoice.sandbox.quickbooks_properties import checked
from kommo_invoice.sandbox.quickbooks_state import NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from kommo_invoice.sandbox.quickbooks_state import Company, Record

SUFFIX = " (deleted)"
_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
_KEPT = (
    *("Taxable", "Job", "BillWithParent", *_PARTS, "CompanyName", "DisplayName", "Active"),
    *("PrintOnCheckName", "PrimaryEmailAddr", "PrimaryPhone", "AlternatePhone", "Mobile", "Fax"),
    *("WebAddr", "BillAddr", "ShipAddr", "Notes", "CurrencyRef", "SalesTermRef", "ResaleNum"),
    *("DefaultTaxCodeRef", "PreferredDeliveryMethod", "PrimaryTaxIdentifier", "GSTIN"),
    *("BusinessNumber", "GSTRegistrationType", "ParentRef"),
)
"""What is kept of a body; the rest is computed or without effect."""


def write_customer(company: Company, body: object) -> Record:
    """Create a customer, or change the one whose Id the body has.

    Raises:
        Refusal: 6240 for a name that a customer, vendor or employee has; 6080 without a name;
            5010 for an old SyncToken; 610 for an unknown Id.
    """
    asked = checked("Customer", body)
    if "Id" not in asked:
        return create_customer(company, asked)
    record = current(company, "Customer", asked)
    kept = {name: asked[name] for name in _KEPT if name in asked}
    data = {**record.data, **kept} if asked.get("sparse") else {"Active": True, **kept}
    if "CurrencyRef" in data and data["CurrencyRef"]["value"] != record.ref("CurrencyRef"):
        raise Refusal("6000", "A customer's currency cannot be changed", "CurrencyRef")
    data["CurrencyRef"] = record.data["CurrencyRef"]
    if not data["Active"]:
        data["DisplayName"] = record.data["DisplayName"].removesuffix(SUFFIX) + SUFFIX
    elif not record.is_active and data.get("DisplayName", "").endswith(SUFFIX):
        data["DisplayName"] = data["DisplayName"].removesuffix(SUFFIX)
    return company.change(record, _composed(company, data, record.id))


def create_customer(
    company: Company, asked: Mapping[str, Any], at: datetime | None = None
) -> Record:
    """Create a customer from checked properties; with ``at`` it has been there since then.

    Raises:
        Refusal: As for ``write_customer``.
    """
    kept = {name: asked[name] for name in _KEPT if name in asked}
    return company.add("Customer", _composed(company, {**kept, "Active": True}), at=at)


def current(company: Company, kind: str, asked: Mapping[str, Any]) -> Record:
    """Return the record that a body names by Id and SyncToken.

    Raises:
        Refusal: It does not exist (610), or has changed since (5010).
    """
    for name in ("Id", "SyncToken"):
        if name not in asked:
            raise missing(name)
    record = company.table(kind).find(asked["Id"])
    if record is None:
        raise inactive(kind)
    if asked["SyncToken"] != str(record.version):
        raise Refusal("5010", "Stale Object Error : it was changed in between", "")
    return record


def is_address(text: str) -> bool:
    """Whether QuickBooks takes a text for one or more e-mail addresses, by commas apart."""
    return all("@" in each and "." in each.rpartition("@")[2] for each in text.split(","))


def claim_name(company: Company, name: str, own_id: str | None = None) -> None:
    """Make sure that a name is nobody else's among customers, vendors and employees.

    Raises:
        Refusal: 6240.
    """
    wanted = name.casefold()
    for kind in NAMES:
        for record in company.table(kind).all():
            if record.id == own_id:
                continue
            taken = {record.data["DisplayName"].casefold()}
            if company.rules.deactivated_names_taken and not record.is_active:
                taken.add(record.data["DisplayName"].removesuffix(SUFFIX).casefold())
            if wanted in taken:
                raise Refusal("6240", "Somebody has this name already. : null")


def _composed(company: Company, data: dict[str, Any], own_id: str | None = None) -> dict[str, Any]:
    """Return a customer's properties, complete and proven."""
    joined = " ".join(data[part] for part in _PARTS if data.get(part))
    name = data.get("DisplayName") or joined
    if not name.strip():
        raise Refusal("6080", "One of DisplayName and the parts of a name is needed")
    if any(sign in name for sign in ":\t\n"):
        raise Refusal("6000", "A name is without colon, tab and new line", "DisplayName")
    email = data.get("PrimaryEmailAddr", {}).get("Address")
    if email and not is_address(email):
        raise Refusal("6000", "This is no e-mail address", "PrimaryEmailAddr")
    term = data.get("SalesTermRef")
    if term is not None and company.table("Term").find(term.get("value")) is None:
        raise unknown_reference("SalesTermRef", str(term.get("value")))
    claim_name(company, name, own_id)
    whole = {
        "Taxable": True,
        "Job": False,
        "BillWithParent": False,
        "PreferredDeliveryMethod": "Print",
        **data,
        "CurrencyRef": currency_ref(_currency(company, data)),
        "FullyQualifiedName": name,
        "DisplayName": name,
    }
    return {**whole, "PrintOnCheckName": data.get("PrintOnCheckName", name.removesuffix(SUFFIX))}


def _currency(company: Company, data: Mapping[str, Any]) -> str:
    settings = company.settings
    asked = str(data.get("CurrencyRef", {}).get("value", settings.currency))
    if asked == settings.currency:
        return asked
    if not settings.multi_currency:
        raise Refusal("6000", "Multicurrency is switched off", "CurrencyRef")
    if asked not in settings.rates:
        raise unknown_reference("CurrencyRef", asked)
    return asked
