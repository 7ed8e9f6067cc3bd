"""A digital agency with Kommo and Wave: several countries, several currencies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.sandbox.ground import PIPELINE, STAGE, Furnished, Ground
from kommo_invoice.sandbox.kommo_seed import agency
from kommo_invoice.sandbox.wave import AGENCY, WaveSimulator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommo_invoice.sandbox.kommo import Kommo
    from kommo_invoice.sandbox.kommo_seed import Agency
    from kommo_invoice.sandbox.world import World

_SHAPES: Mapping[str, str] = {
    "Website relaunch": "known to Wave; has a PO and a due date",
    "Online shop": "products; pounds, British VAT",
    "App prototype": "new client; dollars, no tax",
    "Brand workshop": "lines in fields; 5 % off, Australian GST",
    "Landing page": "the first client again",
    "Logo sketch": "the contact has no e-mail address",
}


def _furnish(world: World) -> Furnished:
    kommo, seed = agency(world)
    wave = WaveSimulator(world)
    business = wave.seed()
    wave.add_customer("Northwind GmbH", "jo@northwind.example", currency="EUR")
    return Furnished(kommo, wave, business, str(AGENCY["token"]), _waiting(kommo, seed))


def _waiting(kommo: Kommo, seed: Agency) -> dict[str, int]:
    """Add the deals that the seed lacks, and move all into the stage that asks for invoices."""
    labs = kommo.add_company("Cole Labs Inc")
    dana = kommo.add_contact(
        "Dana Cole", email="dana@colelabs.example", company=labs, fields={"Country": "US"}
    )
    sam = kommo.add_contact("Sam Hale", phone="+49 40 5550123", fields={"Country": "DE"})
    added = {
        "App prototype": kommo.add_lead(
            "App prototype", 5400, contact=dana, company=labs, fields={"Currency": "USD"}
        ),
        "Landing page": kommo.add_lead(
            "Landing page",
            640,
            contact=seed.contacts["jo@northwind.example"],
            company=seed.companies["Northwind GmbH"],
        ),
        "Logo sketch": kommo.add_lead("Logo sketch", 250, contact=sam),
    }
    every = seed.leads | added
    waiting = {name: every[name] for name in _SHAPES}
    for lead in waiting.values():
        kommo.move_lead(lead, STAGE, PIPELINE)
    return waiting


GROUND = Ground(
    firm="a digital agency",
    books="Wave",
    mapping="agency.toml",
    create="invoiceCreate",
    shapes=_SHAPES,
    furnish=_furnish,
)
