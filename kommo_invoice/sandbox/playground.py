"""A playground: both simulators with an agency's deals that wait for their invoices."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from kommo_invoice.sandbox.agency_mapping import agency_mapping, led_to
from kommo_invoice.sandbox.grants import Integration
from kommo_invoice.sandbox.kommo import TOKEN as KOMMO_TOKEN
from kommo_invoice.sandbox.kommo import Kommo
from kommo_invoice.sandbox.kommo_seed import agency
from kommo_invoice.sandbox.server import Sandbox
from kommo_invoice.sandbox.wave import AGENCY as WAVE_BOOKS
from kommo_invoice.sandbox.wave import WaveSimulator
from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kommo_invoice.sandbox.kommo_seed import Agency

PIPELINE, STAGE = "Sales", "Issue Invoice"

SHAPES: Mapping[str, str] = {
    "Website relaunch": "known to Wave; has a PO and a due date",
    "Online shop": "products; pounds, British VAT",
    "App prototype": "new client; dollars, no tax",
    "Brand workshop": "lines in fields; 5 % off, Australian GST",
    "Landing page": "the first client again",
    "Logo sketch": "the contact has no e-mail address",
}
"""The deals that wait, and what is special about each."""

REDIRECT = "http://localhost:8765/callback"
APPLICATIONS: Mapping[str, Integration] = MappingProxyType(
    {
        name: Integration(f"{name}-sandbox-application", f"{name}-sandbox-secret", REDIRECT)
        for name in ("kommo", "wave")
    }
)
"""What is registered at the simulators, for logging in by browser; a person agrees at once."""


@dataclass(frozen=True, slots=True)
class Playground:
    """The running simulators and what stands in them.

    Args:
        world: Their clock, requests and faults.
        kommo: The CRM.
        wave: The books.
        business: The Wave business's id.
        deals: The deals that wait, name -> id.
        sandbox: The servers.
    """

    world: World
    kommo: Kommo
    wave: WaveSimulator
    business: str
    deals: Mapping[str, int]
    sandbox: Sandbox

    def mapping(self, text: str | None = None) -> str:
        """Return a mapping that leads here: the agency's, or ``text``."""
        urls = self.sandbox.urls
        sides = {
            "crm": (self.kommo.account.subdomain, urls[self.kommo.name]),
            "books": (self.business, urls[self.wave.name]),
        }
        return led_to(agency_mapping() if text is None else text, sides)

    def environment(self, folder: Path, mapping: Path) -> dict[str, str]:
        """Return the environment in which kinv works here, and leaves everything else alone.

        Args:
            folder: Where kinv may keep its files. The simulators forget everything when they
                stop, so each start needs a ledger of its own.
            mapping: The mapping file.
        """
        started = f"{self.world.now():%Y%m%dT%H%M%S}"
        return {
            "KINV_MAPPING": str(mapping),
            "KINV_CONFIG_DIR": str(folder / "config"),
            "KINV_STATE_DIR": str(folder / f"state-{started}"),
            "KINV_KOMMO_TOKEN": KOMMO_TOKEN,
            "KINV_WAVE_TOKEN": str(WAVE_BOOKS["token"]),
            "KINV_RATE_FACTOR": "inf",
        }

    @property
    def applications(self) -> dict[str, str]:
        """The environment of the applications, for who wants to log in by browser instead."""
        return {
            f"KINV_{name.upper()}_CLIENT_{part}": value
            for name, one in APPLICATIONS.items()
            for part, value in (("ID", one.client_id), ("SECRET", one.client_secret))
        }


def open_playground(ports: Mapping[str, int] | None = None) -> Playground:
    """Start the simulators; requests are answered until ``sandbox.stop()``.

    Args:
        ports: ``kommo``, ``wave`` and ``control`` -> port; free ones by default.

    Raises:
        OSError: A port cannot be used.
    """
    world = World()
    world.unlimited = True
    kommo, seed = agency(world)
    wave = WaveSimulator(world)
    for simulator in (kommo, wave):
        application = APPLICATIONS[simulator.name]
        simulator.oauth.integrations[application.client_id] = application
    business = wave.seed()
    wave.add_customer("Northwind GmbH", "jo@northwind.example", currency="EUR")
    deals = _waiting(kommo, seed)
    sandbox = Sandbox(world, [kommo, wave], ports).start()
    return Playground(world, kommo, wave, business, deals, sandbox)


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
    waiting = {name: every[name] for name in SHAPES}
    for lead in waiting.values():
        kommo.move_lead(lead, STAGE, PIPELINE)
    return waiting
