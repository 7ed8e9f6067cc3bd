"""The Zoho Books simulator: organisations behind Zoho's interface, and Zoho Accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.grants import Integration
from kommo_invoice.sandbox.zoho_answers import link, status_of
from kommo_invoice.sandbox.zoho_api import ZohoApi, operation_of
from kommo_invoice.sandbox.zoho_contacts import primary
from kommo_invoice.sandbox.zoho_oauth import PROVIDER, ZohoOAuth
from kommo_invoice.sandbox.zoho_payments import unused
from kommo_invoice.sandbox.zoho_people import ZohoPeople
from kommo_invoice.sandbox.zoho_rules import ZohoRules
from kommo_invoice.sandbox.zoho_state import ZohoState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from starlette.types import ASGIApp, Scope

    from kommo_invoice.sandbox.records import Record
    from kommo_invoice.sandbox.world import World
    from kommo_invoice.sandbox.zoho_state import Organization

CONSULTANCY: Mapping[str, Any] = {
    "token": "1000.zoho-sandbox.token",
    "organizations": [
        {
            "name": "Nordlicht Consulting",
            "country": "DE",
            "currency": "EUR",
            "timezone": "Europe/Berlin",
            "currencies": {"USD": "0.92", "GBP": "1.17", "CHF": "1.04"},
            "terms_days": 14,
        },
    ],
    "taxes": [
        {"name": "VAT DE 19%", "percent": "19", "is_default_tax": True},
        {"name": "VAT DE 7%", "percent": "7"},
        {"name": "VAT AT 20%", "percent": "20"},
        {"name": "VAT FR 20%", "percent": "20"},
        {"name": "VAT NL 21%", "percent": "21"},
        {"name": "VAT IT 22%", "percent": "22"},
        {"name": "VAT ES 21%", "percent": "21"},
        {"name": "Reverse charge", "percent": "0"},
        {"name": "Outside the EU", "percent": "0"},
        {"name": "VAT DE 16%", "percent": "16", "active": False},
    ],
    "items": [
        {"name": "Consulting Services", "rate": "150", "sku": "CONS"},
        {"name": "Workshop", "rate": "1200", "sku": "WORK"},
        {"name": "Retainer", "rate": "2500", "sku": "RETA"},
        {"name": "Fax Support", "rate": "40", "active": False},
    ],
    "fields": [{"label": "Project"}],
    "vendors": [{"name": "Fischer Druck"}],
}
"""A consultancy in Germany with clients all over the EU, before its first deal."""


class ZohoSimulator(ZohoPeople):
    """Zoho Books on the sandbox's ground.

    Args:
        world: What it shares with the other simulators.
        rules: How the undocumented turns out; they may be changed at any time.

    Attributes:
        oauth: Its applications and tokens.
    """

    name = PROVIDER

    def __init__(self, world: World, rules: ZohoRules | None = None) -> None:
        self.rules = rules or ZohoRules()
        super().__init__(world, ZohoState(world, self.rules))
        self.oauth = ZohoOAuth(self.state)
        self.app: ASGIApp = ZohoApi(self.state, self.oauth).app
        world.register(PROVIDER, self.state)

    def operation(self, scope: Scope, body: bytes) -> str:  # noqa: ARG002 - the other simulators' have it
        """Return what a request asks for: ``POST /invoices``, ``GET /invoice`` (one)."""
        return operation_of(scope)

    def add_integration(self, client_id: str, client_secret: str, redirect_uri: str = "") -> None:
        """Register an application; without an address it is a self client.

        Args:
            client_id: Its id.
            client_secret: Its secret.
            redirect_uri: The one address that it may send people back to.
        """
        self.oauth.integrations[client_id] = Integration(client_id, client_secret, redirect_uri)

    def seed(self, data: Mapping[str, Any] = CONSULTANCY) -> str:
        """Fill the books and return the id of the first organisation.

        Args:
            data: ``token`` (for all organisations), ``organizations``, and for the first of them
                ``taxes``, ``items``, ``fields``, ``vendors``, ``customers``, each entry with the
                arguments of its ``add_*`` method.
        """
        if "token" in data:
            self.world.tokens[PROVIDER].add(data["token"])
        made = [self.add_organization(**each) for each in data.get("organizations", ())]
        for add, key in (
            (self.add_tax, "taxes"),
            (self.add_item, "items"),
            (self.add_field, "fields"),
            (self.add_vendor, "vendors"),
            (self.add_customer, "customers"),
        ):
            for each in data.get(key, ()):
                add(**each)
        return made[0] if made else self.state.organization().id

    def dump(self) -> dict[str, Any]:
        """Return the books as JSON data: amounts as texts, times and dates in ISO's form."""
        with self.world.lock:
            owners = list(self.state.organizations.values())
            return {
                "customers": [
                    _customer(owner, each)
                    for owner in owners
                    for each in owner.table("contact").all()
                    if each.data["contact_type"] == "customer"
                ],
                "invoices": [
                    _invoice(owner, each)
                    for owner in owners
                    for each in owner.table("invoice").all()
                ],
                "mails": [
                    {
                        "invoice": mail.invoice_id,
                        "organization": mail.organization,
                        "to": list(mail.to),
                        "cc": list(mail.cc),
                        "subject": mail.subject,
                        "body": mail.body,
                        "attached": mail.attached,
                        "at": mail.at.isoformat(),
                    }
                    for mail in self.state.mails
                ],
                "payments": [
                    _payment(owner, each)
                    for owner in owners
                    for each in owner.table("customerpayment").all()
                ],
            }


def _customer(owner: Organization, contact: Record) -> dict[str, Any]:
    data = contact.data
    return {
        "id": contact.id,
        "organization": owner.id,
        "name": data["contact_name"],
        "email": primary(contact).get("email", ""),
        "persons": [each["email"] for each in data["contact_persons"]],
        "currency": data["currency_code"],
        "country": data["billing_address"].get("country", ""),
        "tax_number": data.get("vat_reg_no") or data.get("tax_reg_no") or data.get("gst_no", ""),
        "tax_treatment": next((data[name] for name in _TREATMENTS if data.get(name)), ""),
        "active": data["status"] == "active",
        "created_at": contact.created_at.isoformat(),
    }


_TREATMENTS = ("vat_treatment", "tax_treatment", "gst_treatment")


def _invoice(owner: Organization, invoice: Record) -> dict[str, Any]:
    data = invoice.data
    labels = {each.id: each.data["label"] for each in owner.table("field").all()}
    return {
        "id": invoice.id,
        "organization": owner.id,
        "number": data["invoice_number"],
        "reference": data["reference_number"],
        "customer": data["customer_name"],
        "status": status_of(owner, invoice),
        "emailed": data["is_emailed"],
        "currency": data["currency_code"],
        "lines": [_line(line) for line in data["line_items"]],
        "inclusive": data["is_inclusive_tax"],
        "discount": _amount(owner, invoice, "discount_total"),
        "taxes": {row["tax_name"]: format(row["tax_amount"], "f") for row in data["taxes"]},
        "tax": _amount(owner, invoice, "tax_total"),
        "total": _amount(owner, invoice, "total"),
        "paid": _amount(owner, invoice, "payment_made"),
        "credited": _amount(owner, invoice, "credits_applied"),
        "written_off": _amount(owner, invoice, "write_off_amount"),
        "balance": _amount(owner, invoice, "balance"),
        "date": data["date"],
        "due_date": data["due_date"],
        "notes": data["notes"],
        "fields": {labels[key]: value for key, value in data["custom_fields"].items()},
        "link": link(owner, invoice),
        "created_at": invoice.created_at.isoformat(),
    }


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "item": line["name"],
        "description": line["description"],
        "quantity": format(line["quantity"], "f"),
        "unit_price": format(line["rate"], "f"),
        "amount": format(line["item_total"], "f"),
        "tax": line["tax_name"],
    }


def _payment(owner: Organization, payment: Record) -> dict[str, Any]:
    data = payment.data
    parts = {row["invoice_id"]: row["amount_applied"] for row in data["parts"]}
    return {
        "id": payment.id,
        "organization": owner.id,
        "total": _plain(data["amount"]),
        "unused": _plain(unused(payment)),
        "refunded": _plain(data["amount_refunded"]),
        "currency": data["currency_code"],
        "date": data["date"],
        "method": data["payment_mode"],
        "invoices": {name: _plain(part) for name, part in parts.items()},
    }


def _amount(owner: Organization, invoice: Record, name: str) -> str:
    places = owner.places(invoice.data["currency_code"])
    return f"{invoice.data[name]:.{places}f}"


def _plain(value: Decimal) -> str:
    return format(value, "f")
