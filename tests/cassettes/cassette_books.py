"""The books of the sandbox that cassettes are recorded on: whom they know, and for which deal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.sandbox.quickbooks import CONSULTANCY, QuickBooksSimulator
from kommo_invoice.sandbox.quickbooks_state import QuickBooksRules
from kommo_invoice.sandbox.wave import AGENCY, WaveSimulator
from kommo_invoice.sandbox.zoho import CONSULTANCY as CONSULTANCY_EU
from kommo_invoice.sandbox.zoho import ZohoSimulator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommo_invoice.sandbox.kommo import Kommo
    from kommo_invoice.sandbox.kommo_seed import Agency
    from kommo_invoice.sandbox.world import World


class WaveBooks:
    """A business in Wave, and the agency's plainest deal."""

    def __init__(self, world: World, flow: str) -> None:
        del flow
        self.simulator = WaveSimulator(world)
        self.account = self.simulator.seed()
        self.token = str(AGENCY["token"])

    def deal(self, kommo: Kommo, seeded: Agency) -> int:
        del kommo
        return seeded.leads["Website relaunch"]

    def add_customer(self) -> None:
        self.simulator.add_customer("Northwind GmbH", "jo@northwind.example")

    def take_name(self) -> None:
        raise NotImplementedError("customers of Wave may share a name")


class QuickBooksBooks:
    """A company in QuickBooks, and a deal whose names and address need escaping and encoding."""

    def __init__(self, world: World, flow: str) -> None:
        late = flow.endswith("/late_link")
        self.simulator = QuickBooksSimulator(world, QuickBooksRules(link_on_create=not late))
        self.account = self.simulator.seed()
        self.token = str(CONSULTANCY["token"])

    def deal(self, kommo: Kommo, seeded: Agency) -> int:
        del seeded
        company = kommo.add_company("O'Neil & Sons, 50% Off: Ltd")
        contact = kommo.add_contact(
            "Órla O'Neil", email="O'Neil+billing@sons.example", company=company,
            fields={"Country": "US"},
        )  # fmt: skip
        return kommo.add_lead(
            "Advice 100% \\ R&D", "1200.50", contact=contact, company=company,
            fields={"PO": "A&B + 4711", "Terms": "Net 15", "Currency": "USD", "Discount %": "5"},
        )  # fmt: skip

    def add_customer(self) -> None:
        self.simulator.add_customer("O'Neil & Sons", "o'neil+billing@sons.example")

    def take_name(self) -> None:
        self.simulator.add_customer("O'Neil & Sons, 50% Off Ltd", "somebody@else.example")


class ZohoBooks:
    """An organisation in Zoho Books, and a deal in a foreign currency of a client with VAT number.

    Names and address need escaping and encoding.
    """

    def __init__(self, world: World, flow: str) -> None:
        del flow
        self.simulator = ZohoSimulator(world)
        self.account = self.simulator.seed()
        self.token = str(CONSULTANCY_EU["token"])

    def deal(self, kommo: Kommo, seeded: Agency) -> int:
        del seeded
        company = kommo.add_company("Größe & Söhne Ltd, 50% Off", {"VAT ID": "GB123456789"})
        contact = kommo.add_contact(
            "Órla O'Neil", email="o'neil+billing@sons.example", company=company,
            fields={"Country": "United Kingdom"},
        )  # fmt: skip
        return kommo.add_lead(
            "Advice 100% \\ <R&D>", "1200.50", contact=contact, company=company,
            fields={"PO": "A&B + 4711", "Currency": "GBP", "Discount %": "5"},
        )  # fmt: skip

    def add_customer(self) -> None:
        self.simulator.add_customer("Söhne", "O'Neil+Billing@sons.example", currency="GBP")

    def take_name(self) -> None:
        self.simulator.add_customer("Größe & Söhne Ltd, 50% Off", "somebody@else.example")


BOOKS: Mapping[str, type[WaveBooks | QuickBooksBooks | ZohoBooks]] = {
    "wave": WaveBooks,
    "quickbooks": QuickBooksBooks,
    "zoho": ZohoBooks,
}
