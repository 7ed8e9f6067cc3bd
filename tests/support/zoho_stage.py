"""A stage with Zoho Books in Wave's place: mailing approves, and names are there once."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from people_stage import PeopleStage

from kommo_invoice.domain.plan import StepKind
from kommo_invoice.sandbox.zoho import CONSULTANCY, ZohoSimulator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommo_invoice.sandbox.server import Simulator

CUSTOMER, INVOICE, SEND = "POST /contacts", "POST /invoices", "POST /invoices/email"
APPROVE, DELETE = "POST /invoices/status/sent", "DELETE /invoice"
VAT, REVERSE = "VAT DE 19%", "Reverse charge"
STRICT: Mapping[str, Any] = MappingProxyType(
    {
        "names_ignore_case": False,
        "names_trimmed": False,
        "emails_ignore_case": False,
        "missing_reference_status": 400,
        "needs_item": True,
        "items_bring_tax": False,
        "totals_as_text": True,
        "primary_is_used": False,
        "repeats_refused": True,
        "counters": False,
    }
)
"""What is not established, the other way round: what was lost is found again alike."""


@dataclass
class ZohoStage(PeopleStage):
    """Both simulators, a mapping file and a state folder."""

    provider: ClassVar[str] = "zoho"
    steps: ClassVar[Mapping[StepKind, str]] = MappingProxyType(
        {
            StepKind.CUSTOMER_CREATE: CUSTOMER,
            StepKind.INVOICE_CREATE: INVOICE,
            StepKind.INVOICE_APPROVE: APPROVE,
            StepKind.INVOICE_SEND: SEND,
            StepKind.INVOICE_DELETE: DELETE,
        }
    )
    told_apart_by: ClassVar[tuple[str, ...]] = (
        *("reference", "status", "currency", "total", "customer"),
    )
    tax: ClassVar[Mapping[str, str]] = MappingProxyType({"DE": VAT, "GB": REVERSE})
    order_text: ClassVar[str] = "reference_number"

    def _open_books(self) -> Simulator:
        self.people: ZohoSimulator = ZohoSimulator(self.world)
        self.business = self.people.seed(CONSULTANCY)
        return self.people

    def turn_strict(self) -> None:
        """Let what is not established turn out the other way round."""
        for rule, value in STRICT.items():
            setattr(self.people.rules, rule, value)

    @staticmethod
    def is_issued(invoice: Mapping[str, Any]) -> bool:
        """Say whether an invoice of the books counts: it is no draft."""
        return bool(invoice["status"] != "draft")

    @staticmethod
    def is_mailed(invoice: Mapping[str, Any]) -> bool:
        """Say whether the books take an invoice for e-mailed."""
        return bool(invoice["emailed"])
