"""The QuickBooks simulator: companies behind Intuit's interface, and its OAuth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kommo_invoice.sandbox.grants import Integration
from kommo_invoice.sandbox.quickbooks_answers import has_link, instant, link
from kommo_invoice.sandbox.quickbooks_api import QuickBooksApi, operation_of
from kommo_invoice.sandbox.quickbooks_money import CENT
from kommo_invoice.sandbox.quickbooks_oauth import PROVIDER, QuickBooksOAuth
from kommo_invoice.sandbox.quickbooks_payments import parts_of
from kommo_invoice.sandbox.quickbooks_people import QuickBooksPeople
from kommo_invoice.sandbox.quickbooks_state import QuickBooksRules, QuickBooksState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from starlette.types import ASGIApp, Scope

    from kommo_invoice.sandbox.quickbooks_state import Company, Record
    from kommo_invoice.sandbox.world import World

CONSULTANCY: Mapping[str, Any] = {
    "token": "quickbooks-sandbox-token",
    "companies": [
        {
            "name": "Harbor & Pine Consulting",
            "rates": {"CAD": "0.73", "EUR": "1.08"},
            "custom_numbers": True,
            "payments": True,
            "custom_fields": ("Deal",),
        },
    ],
    "items": [
        {"name": "Services", "kind": "Category"},
        {"name": "Consulting Services", "price": "180", "Sku": "CONS"},
        {"name": "Workshop", "price": "1200", "Sku": "WORK"},
        {"name": "Retainer", "price": "2500", "Sku": "RETA"},
        {"name": "Fax Support", "price": "40", "active": False},
    ],
    "terms": [
        {"name": "Due on receipt", "days": 0},
        {"name": "Net 15", "days": 15},
        {"name": "Net 30", "days": 30},
    ],
    "vendors": [{"name": "Bayside Print"}],
    "employees": [{"name": "Emily Platt"}],
}
"""A consultancy in San Francisco with Canadian clients, before its first deal."""


class QuickBooksSimulator(QuickBooksPeople):
    """QuickBooks Online on the sandbox's ground.

    Args:
        world: What it shares with the other simulators.
        rules: How the undocumented turns out; they may be changed at any time.

    Attributes:
        oauth: Its applications and tokens.
    """

    name = PROVIDER

    def __init__(self, world: World, rules: QuickBooksRules | None = None) -> None:
        self.rules = rules or QuickBooksRules()
        super().__init__(world, QuickBooksState(world, self.rules))
        self.oauth = QuickBooksOAuth(self.state)
        self.app: ASGIApp = QuickBooksApi(self.state, self.oauth).app
        world.register(PROVIDER, self.state)

    def operation(self, scope: Scope, body: bytes) -> str:
        """Return what a request asks for: ``POST /invoice``, ``GET /query Customer``."""
        return operation_of(scope, body)

    def add_integration(
        self, client_id: str, client_secret: str, redirect_uri: str, *, production: bool = False
    ) -> None:
        """Register an application's keys.

        Args:
            client_id: Its id.
            client_secret: Its secret.
            redirect_uri: The one address that it may send people back to.
            production: Whether they are Production keys, which reach real companies alone.

        Raises:
            ValueError: Production keys take no address without https, nor one of this machine.
        """
        address = urlsplit(redirect_uri)
        if production and (address.scheme != "https" or address.hostname in _OWN_HOSTS):
            raise ValueError(f"{redirect_uri} cannot be registered with Production keys")
        self.oauth.integrations[client_id] = Integration(client_id, client_secret, redirect_uri)
        if production:
            self.oauth.production.add(client_id)

    def seed(self, data: Mapping[str, Any] = CONSULTANCY) -> str:
        """Fill the books and return the realm of the first company.

        Args:
            data: ``token`` (for all companies), ``companies``, and for the first of them
                ``items``, ``terms``, ``tax_codes``, ``vendors``, ``employees``, ``customers``,
                each entry with the arguments of its ``add_*`` method.
        """
        if "token" in data:
            self.world.tokens[PROVIDER].add(data["token"])
        realms = [self.add_company(**each) for each in data.get("companies", ())]
        for add, key in (
            (self.add_item, "items"),
            (self.add_term, "terms"),
            (self.add_tax_code, "tax_codes"),
            (self.add_vendor, "vendors"),
            (self.add_employee, "employees"),
            (self.add_customer, "customers"),
        ):
            for each in data.get(key, ()):
                add(**each)
        return realms[0] if realms else self.state.company().realm

    def dump(self) -> dict[str, Any]:
        """Return the books as JSON data: amounts as texts, times and dates in ISO's form."""
        with self.world.lock:
            companies = list(self.state.companies.values())
            return {
                "customers": [
                    {
                        "id": each.id,
                        "company": company.realm,
                        "name": each.data["DisplayName"],
                        "email": each.data.get("PrimaryEmailAddr", {}).get("Address", ""),
                        "currency": each.ref("CurrencyRef"),
                        "active": each.is_active,
                        "created_at": instant(each.created_at),
                    }
                    for company in companies
                    for each in company.table("Customer").all()
                ],
                "invoices": [
                    _invoice(company, each)
                    for company in companies
                    for each in company.table("Invoice").all()
                ],
                "mails": [
                    {
                        "invoice": mail.invoice_id,
                        "company": mail.realm,
                        "to": mail.to.split(","),
                        "cc": mail.cc,
                        "bcc": mail.bcc,
                        "at": instant(mail.at),
                    }
                    for mail in self.state.mails
                ],
                "payments": [
                    {
                        "id": each.id,
                        "company": company.realm,
                        "total": _amount(each.data["TotalAmt"]),
                        "unapplied": _amount(each.data["UnappliedAmt"]),
                        "currency": each.ref("CurrencyRef"),
                        "date": each.data["TxnDate"],
                        "invoices": {name: _amount(part) for name, part in parts_of(each)},
                    }
                    for company in companies
                    for each in company.table("Payment").all()
                ],
            }


_OWN_HOSTS = {"localhost", "127.0.0.1", "::1"}


def _invoice(company: Company, invoice: Record) -> dict[str, Any]:
    data = invoice.data
    customer = company.table("Customer").find(invoice.ref("CustomerRef"))
    return {
        "id": invoice.id,
        "company": company.realm,
        "number": data.get("DocNumber"),
        "note": data.get("PrivateNote", ""),
        "memo": data.get("CustomerMemo", {}).get("value", ""),
        "fields": dict(data["CustomField"]),
        "customer": "" if customer is None else customer.data["DisplayName"],
        "email": data.get("BillEmail", {}).get("Address", ""),
        "email_status": data["EmailStatus"],
        "sent_at": data.get("DeliveryInfo", {}).get("DeliveryTime"),
        "currency": invoice.ref("CurrencyRef"),
        "lines": [_line(line) for line in data["Line"] if "SalesItemLineDetail" in line],
        "discount": _amount(_discount(data["Line"])),
        "tax": _amount(data["TxnTaxDetail"]["TotalTax"]),
        "total": _amount(data["TotalAmt"]),
        "paid": _amount(data["TotalAmt"] - data["Balance"]),
        "balance": _amount(data["Balance"]),
        "date": data["TxnDate"],
        "due_date": data["DueDate"],
        "link": link(company, invoice) if has_link(company, invoice) else None,
        "created_at": instant(invoice.created_at),
    }


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    detail = line["SalesItemLineDetail"]
    return {
        "item": detail["ItemRef"]["name"],
        "description": line.get("Description", ""),
        "quantity": _plain(detail.get("Qty")),
        "unit_price": _plain(detail.get("UnitPrice")),
        "amount": _amount(line["Amount"]),
        "tax_code": detail.get("TaxCodeRef", {}).get("value"),
    }


def _discount(lines: list[Mapping[str, Any]]) -> Decimal:
    return sum((line["Amount"] for line in lines if "DiscountLineDetail" in line), CENT)


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def _amount(value: Decimal) -> str:
    return f"{value:.2f}"
