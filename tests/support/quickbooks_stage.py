"""A stage with QuickBooks in Wave's place: books without drafts, with keys and unique names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from stage import Stage

from kommo_invoice.sandbox.kommo_seed import agency
from kommo_invoice.sandbox.quickbooks import CONSULTANCY, QuickBooksSimulator
from kommo_invoice.sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Mapping

CUSTOMER, INVOICE, SEND = "POST /customer", "POST /invoice", "POST /invoice/send"
WRITES = {CUSTOMER, INVOICE, SEND, "PATCH /api/v4/leads", "POST /api/v4/tasks"}
COMPANY: Mapping[str, Any] = {
    "name": "Harbor & Pine",
    "country": "GB",
    "currency": "EUR",
    "rates": {"GBP": "1.17", "USD": "0.92"},
    "custom_numbers": True,
}
TAX = {"DE": "20.0% S", "GB": "20.0% S", "US": "No VAT"}


@dataclass
class QuickBooksStage(Stage):
    """Both simulators, a mapping file and a state folder."""

    def __post_init__(self) -> None:
        self.world.unlimited = True
        self.kommo, self.seed = agency(self.world)
        self.people = QuickBooksSimulator(self.world)
        self.business = self.people.seed({**CONSULTANCY, "companies": [COMPANY]})
        self.sandbox = Sandbox(self.world, [self.kommo, self.people]).start()
        for lead in self.seed.leads.values():
            if "Care plan" not in self.kommo.lead(lead).name:
                self.kommo.move_lead(lead, "Issue Invoice", "Sales")
        self.map()

    def map(self, **changes: Any) -> Any:
        """Write the mapping, with sections changed."""
        self.sandbox.urls["wave"] = self.sandbox.urls["quickbooks"]
        changes["books"] = {"provider": "quickbooks", **changes.get("books", {})}
        changes["tax"] = {**TAX, **changes.get("tax", {})}
        return super().map(**changes)

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a run."""
        self.world.tokens["wave"].add("unused")
        return super().environment(**{"KINV_QUICKBOOKS_TOKEN": str(CONSULTANCY["token"]), **more})

    def add_customer(
        self, name: str = "Northwind GmbH", email: str = "jo@northwind.example", **more: Any
    ) -> str:
        """Add a customer to the books by hand, by default the German deal's."""
        return self.people.add_customer(name, email, **{"currency": "EUR", **more})

    def add_invoice(self, amount: str, *, po_number: str = "", **more: Any) -> str:
        """Add an invoice to the books by hand, by default of the German deal's customer."""
        customer = more.pop("customer", None) or self.add_customer()
        return self.people.add_invoice(customer, amount, PrivateNote=po_number, **more)

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

    def fault(self, kind: Any, match: str, *, provider: str = "quickbooks", **more: Any) -> None:
        """Have the next request that matches go wrong."""
        super().fault(kind, match, provider=provider, **more)

    def writes(self, since: int = 0) -> Counter[str]:
        """Count the requests that change something."""
        counted = self.requests(since)
        return Counter({name: counted[name] for name in counted if name in WRITES})

    @property
    def books(self) -> dict[str, Any]:
        """What the books hold."""
        held: dict[str, Any] = self.sandbox.dump()["quickbooks"]
        return held

    @property
    def names(self) -> list[tuple[str, str]]:
        """Names and addresses of the customers, in the order of their making."""
        return [(each["name"], each["email"]) for each in self.books["customers"]]

    def picture(self) -> dict[str, Any]:
        """Return what each side holds, without ids and times that differ from run to run."""
        books, crm = self.books, self.sandbox.dump()["kommo"]
        return {
            "customers": sorted(self.names),
            "invoices": sorted(
                (each["note"], each["number"], each["currency"], each["total"], each["email"])
                for each in books["invoices"]
            ),
            "mails": sorted(mail["to"][0] for mail in books["mails"]),
            "tasks": sorted((each["lead"], each["text"]) for each in crm["tasks"]),
            "deals": [
                (lead["id"], lead["stage"], self._filled(lead["fields"])) for lead in crm["leads"]
            ],
        }
