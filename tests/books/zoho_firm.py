"""The consultancy's organisation in the Zoho Books simulator, with the adapter connected to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from conformance_ground import Ground, Scripted

from kommo_invoice.books.zoho import Zoho, connect
from kommo_invoice.domain.draft import CustomerDraft, Draft, LineDraft
from kommo_invoice.sandbox.world import World
from kommo_invoice.sandbox.zoho import CONSULTANCY, ZohoSimulator

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from kommo_invoice.books.base import Look, Sighting
    from kommo_invoice.domain.invoice import Invoice
    from kommo_invoice.sandbox.zoho_rules import ZohoRules

EMAIL = "o'neil+books@acme.example"
REFERENCE = "KQ4-12345678"
[NORDLICHT] = CONSULTANCY["organizations"]


class Firm(Ground):
    """The consultancy's organisation in the simulator, with the adapter connected to it."""

    provider = "zoho"
    unauthorised: ClassVar[Scripted] = Scripted(403)

    def __init__(self, state_dir: Path, rules: ZohoRules, **settings: Any) -> None:
        world = World()
        self.people = ZohoSimulator(world, rules)
        seed = {**CONSULTANCY, "organizations": [{**NORDLICHT, **settings}]}
        self.account = self.people.seed(seed)
        super().__init__(state_dir, world, self.people)
        self.books: Zoho = connect(self.account, base_url=self.url, open_client=self.open_client())
        self.catalog = self.books.catalog()
        self.forget()

    def today(self) -> date:
        return self.world.now().date()

    def line(self, tax: str | None = "VAT DE 19%", **changes: Any) -> LineDraft:
        values: dict[str, Any] = {
            "description": 'Advice "R&D", größer {x}\\n',
            "quantity": Decimal("1.5"),
            "unit_price": Decimal("99.99"),
            "item": next(e for e in self.catalog.items if e.name == "Consulting Services"),
            "tax": next((e for e in self.catalog.taxes if e.name == tax), None),
        }
        return LineDraft(**(values | changes))

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

    def create(self, owner: str | None = None, **changes: Any) -> Invoice:
        return self.books.create_invoice(self.draft(**changes), owner or self.customer(), key="k")

    def found(self, look: Look) -> Sighting:
        (sighting,) = self.books.look([look])
        return sighting

    def read(self, invoice: str) -> Invoice:
        (found,) = self.books.read([invoice])
        assert found is not None
        return found

    def dumped(self, kind: str) -> list[dict[str, Any]]:
        return list(self.people.dump()[kind])
