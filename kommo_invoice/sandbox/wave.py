"""The Wave simulator: one user's books behind Wave's GraphQL interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kommo_invoice.domain.money import digits
from kommo_invoice.sandbox.grants import Integration
from kommo_invoice.sandbox.wave_api import NAME, PATH, WaveApi, operation_of
from kommo_invoice.sandbox.wave_graphql import instant, plain
from kommo_invoice.sandbox.wave_oauth import WaveOAuth
from kommo_invoice.sandbox.wave_people import WavePeople
from kommo_invoice.sandbox.wave_state import WaveRules, WaveState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal

    from starlette.types import ASGIApp, Scope

    from kommo_invoice.sandbox.wave_records import Invoice, Item
    from kommo_invoice.sandbox.world import World

AGENCY: Mapping[str, Any] = {
    "token": "wave-sandbox-token",
    "businesses": [
        {"name": "Northlight Digital GmbH", "sender": "billing@northlight.example"},
        {"name": "Personal", "is_personal": True},
    ],
    "taxes": [
        {"name": "VAT 19%", "abbreviation": "VAT19", "rate": "0.19"},
        {"name": "VAT 20%", "abbreviation": "VAT20", "rate": "0.2"},
        {"name": "GST 10%", "abbreviation": "GST", "rate": "0.1"},
    ],
    "products": [
        {"name": "Consulting Services", "price": "120"},
        {"name": "Web Design", "price": "95.5"},
        {"name": "Hosting", "price": "29.9", "taxes": ["VAT 19%"]},
        {"name": "Retainer", "price": "1500"},
        {"name": "Office Supplies", "price": "10", "sold": False},
    ],
}
"""A digital agency in Berlin, as its books are before the first deal."""


class WaveSimulator(WavePeople):
    """Wave on the sandbox's ground.

    Args:
        world: What it shares with the other simulators.
        rules: How the undocumented turns out; they may be changed at any time.

    Attributes:
        oauth: Its applications and tokens.
    """

    name = NAME

    def __init__(self, world: World, rules: WaveRules | None = None) -> None:
        self.rules = rules or WaveRules()
        super().__init__(world, WaveState(world, self.rules))
        self.oauth = WaveOAuth(self.state)
        self.app: ASGIApp = WaveApi(self.state, self.oauth).app
        world.register(NAME, self.state)

    def operation(self, scope: Scope, body: bytes) -> str:
        """Return what a request asks for: ``invoiceCreate``, a query's name, or method and path."""
        if scope["path"] == PATH:
            return operation_of(body)
        return f"{scope['method']} {scope['path']}"

    def add_integration(self, client_id: str, client_secret: str, redirect_uri: str) -> None:
        """Register an application."""
        self.oauth.integrations[client_id] = Integration(client_id, client_secret, redirect_uri)

    def seed(self, data: Mapping[str, Any] = AGENCY) -> str:
        """Fill the books and return the id of the first business.

        Args:
            data: ``token``, ``businesses``, ``taxes``, ``products`` and ``customers``, each entry
                with the arguments of its ``add_*`` method.
        """
        if "token" in data:
            self.world.tokens[NAME].add(data["token"])
        ids = [self.add_business(**each) for each in data.get("businesses", ())]
        for add, key in (
            (self.add_tax, "taxes"),
            (self.add_product, "products"),
            (self.add_customer, "customers"),
        ):
            for each in data.get(key, ()):
                add(**each)
        return ids[0] if ids else self.state.business().id

    def dump(self) -> dict[str, Any]:
        """Return the books as JSON data: amounts as texts, times and dates in ISO's form."""
        state = self.state
        with self.world.lock:
            invoices = [each for owner in state.businesses for each in state.invoices.all(owner)]
            return {
                "customers": [
                    {
                        "id": customer.id,
                        "name": customer.name,
                        "email": customer.email,
                        "currency": customer.currency,
                        "archived": customer.is_archived,
                        "created_at": instant(customer.created_at),
                    }
                    for owner in state.businesses
                    for customer in state.customers.all(owner)
                ],
                "invoices": [self._invoice(invoice) for invoice in invoices],
                "mails": [
                    {
                        "invoice": mail.invoice_id,
                        "to": list(mail.to),
                        "subject": mail.subject,
                        "message": mail.message,
                        "attach_pdf": mail.attach_pdf,
                        "at": instant(mail.at),
                    }
                    for mail in state.mails
                ],
                "payments": [
                    {
                        "id": payment.id,
                        "invoice": invoice.id,
                        "number": invoice.number,
                        "amount": _amount(payment.amount, payment.currency),
                        "currency": payment.currency,
                        "date": payment.day.isoformat(),
                        "method": payment.method,
                        "refund_of": payment.refund_of,
                    }
                    for invoice in invoices
                    for payment in invoice.payments
                ],
            }

    def _invoice(self, invoice: Invoice) -> dict[str, Any]:
        customer = self.state.customers.get(invoice.customer_id)
        currency = invoice.currency
        return {
            "id": invoice.id,
            "number": invoice.number,
            "po_number": invoice.po_number,
            "customer": customer.name,
            "email": customer.email,
            "status": self.state.status(invoice),
            "currency": currency,
            "lines": [self._line(item) for item in invoice.items],
            "subtotal": _amount(invoice.subtotal, currency),
            "discount": _amount(invoice.discount_total, currency),
            "tax": _amount(invoice.tax_total, currency),
            "total": _amount(invoice.total, currency),
            "paid": _amount(invoice.paid, currency),
            "date": invoice.day.isoformat(),
            "due_date": invoice.due_date.isoformat(),
            "memo": invoice.texts.get("memo", ""),
            "created_at": instant(invoice.created_at),
            "sent_at": _time(invoice.sent_at),
            "sent_via": invoice.sent_via,
            "viewed_at": _time(invoice.viewed_at),
        }

    def _line(self, item: Item) -> dict[str, Any]:
        return {
            "product": self.state.products.get(item.product_id).name,
            "description": item.description,
            "quantity": plain(item.quantity),
            "unit_price": plain(item.unit_price),
            "subtotal": _amount(item.subtotal, item.currency),
            "taxes": [self.state.taxes.get(tax.tax_id).name for tax in item.taxes],
        }


def _amount(value: Decimal, currency: str) -> str:
    return f"{value:.{digits(currency)}f}"


def _time(value: datetime | None) -> str | None:
    return None if value is None else instant(value)
