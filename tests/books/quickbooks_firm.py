"""A company in the QuickBooks simulator, over real HTTP, with the adapter connected to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from conformance_ground import Ground, Scripted

from kommo_invoice.books.quickbooks import QuickBooks, connect
from kommo_invoice.domain.catalog import TaxChoice
from kommo_invoice.domain.draft import CustomerDraft, Draft, LineDraft
from kommo_invoice.sandbox.quickbooks import CONSULTANCY, QuickBooksSimulator
from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from kommo_invoice.books.base import Look, Sighting
    from kommo_invoice.domain.catalog import Catalog, Tax
    from kommo_invoice.domain.invoice import Invoice
    from kommo_invoice.sandbox.quickbooks_state import QuickBooksRules

REFERENCE = "KQ4-12345678"
EMAIL = "o'neil+books@acme.example"


class Firm(Ground):
    """A company in the simulator, with the adapter connected to it."""

    provider = "quickbooks"
    unauthorised: ClassVar[Scripted] = Scripted(403)

    def __init__(self, state_dir: Path, rules: QuickBooksRules, **settings: Any) -> None:
        world = World()
        self.people = QuickBooksSimulator(world, rules)
        company = {"name": "Harbor & Pine", **settings}
        self.realm = self.people.seed({**CONSULTANCY, "companies": [company]})
        super().__init__(state_dir, world, self.people)
        self.books: QuickBooks = connect(
            self.realm, base_url=self.url, open_client=self.open_client()
        )
        self.catalog: Catalog = self.books.catalog()
        self.forget()

    def today(self) -> date:
        return self.world.now().date()

    def line(self, **changes: Any) -> LineDraft:
        item = next(each for each in self.catalog.items if each.name == "Consulting Services")
        values: dict[str, Any] = {
            "description": 'Advice "R&D", größer {x}\\n',
            "quantity": Decimal("1.5"),
            "unit_price": Decimal("99.99"),
            "item": item,
            "tax": self.tax(),
        }
        return LineDraft(**(values | changes))

    def tax(self) -> Tax | None:
        rated = [each for each in self.catalog.taxes if each.rate]
        return rated[0] if rated and self.catalog.settings.taxes is TaxChoice.REQUIRED else None

    def draft(self, **changes: Any) -> Draft:
        values: dict[str, Any] = {
            "reference": REFERENCE,
            "customer": CustomerDraft("O'Neil & Sons", EMAIL),
            "currency": self.catalog.account.currency,
            "lines": (self.line(),),
            "date": self.today(),
            "due_date": self.today() + timedelta(days=30),
        }
        return Draft(**(values | changes))

    def customer(self, **changes: Any) -> str:
        draft = replace(CustomerDraft("O'Neil & Sons", EMAIL), **changes)
        return self.books.create_customer(draft, key="customer").id

    def create(self, owner: str | None = None, key: str = REFERENCE, **changes: Any) -> Invoice:
        return self.books.create_invoice(self.draft(**changes), owner or self.customer(), key=key)

    def found(self, look: Look) -> Sighting:
        (sighting,) = self.books.look([look])
        return sighting

    def read(self, invoice: str) -> Invoice:
        (found,) = self.books.read([invoice])
        assert found is not None
        return found

    def dumped(self, kind: str) -> list[dict[str, Any]]:
        return list(self.people.dump()[kind])
