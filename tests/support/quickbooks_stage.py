"""A stage with QuickBooks in Wave's place: books without drafts, with keys and unique names."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from people_stage import PeopleStage

from kommo_invoice.domain.plan import StepKind
from kommo_invoice.sandbox.quickbooks import CONSULTANCY, QuickBooksSimulator
from kommo_invoice.sandbox.quickbooks_state import RequestIds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommo_invoice.sandbox.server import Simulator

CUSTOMER, INVOICE, SEND = "POST /customer", "POST /invoice", "POST /invoice/send"
COMPANY: Mapping[str, Any] = {
    "name": "Harbor & Pine",
    "country": "GB",
    "currency": "EUR",
    "rates": {"GBP": "1.17", "USD": "0.92"},
    "custom_numbers": True,
}
TAX = {"DE": "20.0% S", "GB": "20.0% S", "US": "No VAT"}


@dataclass
class QuickBooksStage(PeopleStage):
    """Both simulators, a mapping file and a state folder."""

    provider: ClassVar[str] = "quickbooks"
    steps: ClassVar[Mapping[StepKind, str]] = MappingProxyType(
        {
            StepKind.CUSTOMER_CREATE: CUSTOMER,
            StepKind.INVOICE_CREATE: INVOICE,
            StepKind.INVOICE_SEND: SEND,
        }
    )
    told_apart_by: ClassVar[tuple[str, ...]] = ("note", "number", "currency", "total", "email")
    moods: ClassVar[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
        {
            "replays": {},
            "refuses": {"request_ids": RequestIds.REFUSE, "send_replays": True},
            "forgets": {"request_ids_kept_s": 60.0, "send_replays": True, "failures_kept": True},
        }
    )

    tax: ClassVar[Mapping[str, str]] = MappingProxyType(TAX)
    order_text: ClassVar[str] = "PrivateNote"

    def _open_books(self) -> Simulator:
        self.people: QuickBooksSimulator = QuickBooksSimulator(self.world)
        self.business = self.people.seed({**CONSULTANCY, "companies": [COMPANY]})
        return self.people

    def taxed_line(self, amount: str = "1200.50") -> dict[str, Any]:
        """Return a line as the mapping makes the German deal's."""
        return {
            "DetailType": "SalesItemLineDetail",
            "Amount": Decimal(amount),
            "Description": "Website relaunch",
            "SalesItemLineDetail": {
                "ItemRef": {"value": self.people.item_id("Consulting Services")},
                "Qty": Decimal(1),
                "UnitPrice": Decimal(amount),
                "TaxCodeRef": {"value": self.people.tax_code_id("20.0% S")},
            },
        }

    @staticmethod
    def is_issued(invoice: Mapping[str, Any]) -> bool:
        """Say whether an invoice of the books counts: there are no drafts."""
        return True

    @staticmethod
    def is_mailed(invoice: Mapping[str, Any]) -> bool:
        """Say whether the books take an invoice for e-mailed."""
        return bool(invoice["email_status"] == "EmailSent")
