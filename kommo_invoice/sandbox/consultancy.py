"""A consultancy with Kommo and QuickBooks: clients in two countries, hours and fixed prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.sandbox.ground import PIPELINE, STAGE, Furnished, Ground
from kommo_invoice.sandbox.kommo import Kommo
from kommo_invoice.sandbox.kommo_seed import set_up
from kommo_invoice.sandbox.quickbooks import CONSULTANCY, QuickBooksSimulator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommo_invoice.sandbox.world import World

_SHAPES: Mapping[str, str] = {
    "Operations review": "hours as products; known to QuickBooks; Net 15",
    "Pricing study": "Canadian dollars, a fixed price, a copy; Net 30",
    "Onboarding plan": "new client, a fixed price; Net 30",
    "Board workshop": "the Canadian client again, in US dollars",
    "Press audit": "a country that the mapping does not know",
}


def _furnish(world: World) -> Furnished:
    kommo = Kommo(world, subdomain="harborpine", currency="USD", timezone="America/Los_Angeles")
    kommo.account.name, kommo.account.country = "Harbor & Pine", "US"
    kommo.add_user("Ruth Aldana", "ruth@harborpine.example", admin=True)
    kommo.add_user("Ben Okoro", "ben@harborpine.example")
    set_up(kommo, currencies=("USD", "CAD"))
    quickbooks = QuickBooksSimulator(world)
    realm = quickbooks.seed()
    quickbooks.add_customer("Cascade Foods Inc", "nora@cascadefoods.example", currency="USD")
    return Furnished(kommo, quickbooks, realm, str(CONSULTANCY["token"]), _waiting(kommo))


def _waiting(kommo: Kommo) -> dict[str, int]:
    """Add the deals, in the stage that asks for invoices."""
    hour = kommo.add_product("Consulting, one hour", "187.50", sku="CONS")
    day = kommo.add_product("Workshop, one day", "1200.00", sku="WORK")
    cascade = _client(kommo, "Cascade Foods Inc", "Nora Quinn", "nora@cascadefoods.example", "US")
    maple = _client(kommo, "Maple Ridge Ltd", "Owen Tran", "owen@mapleridge.example", "Canada")
    redwood = _client(kommo, "Redwood Clinics LLC", "Iris Webb", "iris@redwood.example", "US")
    thames = _client(kommo, "Thames Media Ltd", "Jack Lowe", "jack@thames.example", "UK")
    fifteen, thirty = {"Terms": "Net 15"}, {"Terms": "Net 30"}
    copied = {"Copy to": "payables@mapleridge.example"}
    deals = {
        name: kommo.add_lead(
            name, price, contact=contact, company=company, products=products, fields=fields
        )
        for name, price, (contact, company), products, fields in (
            ("Operations review", "1959.38", cascade, {hour: "7.25", day: "0.5"}, fifteen),
            ("Pricing study", "8500", maple, {}, {**thirty, **copied, "Currency": "CAD"}),
            ("Onboarding plan", "3200", redwood, {}, thirty),
            ("Board workshop", "2400", maple, {day: "2"}, fifteen),
            ("Press audit", "900", thames, {}, thirty),
        )
    }
    for lead in deals.values():
        kommo.move_lead(lead, STAGE, PIPELINE)
    return deals


def _client(kommo: Kommo, company: str, name: str, email: str, country: str) -> tuple[int, int]:
    """Add a client and return its contact and its company."""
    firm = kommo.add_company(company)
    person = kommo.add_contact(name, email=email, company=firm, fields={"Country": country})
    return person, firm


GROUND = Ground(
    firm="a consultancy",
    books="QuickBooks",
    mapping="consultancy.toml",
    where={"environment": "sandbox"},
    create="POST /invoice$",
    shapes=_SHAPES,
    furnish=_furnish,
)
