"""A playground: two simulators with a firm's deals that wait for their invoices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kommo_invoice.sandbox.grants import Integration
from kommo_invoice.sandbox.ground import ground_of
from kommo_invoice.sandbox.kommo import TOKEN as KOMMO_TOKEN
from kommo_invoice.sandbox.leading import led_to, packaged
from kommo_invoice.sandbox.server import Sandbox
from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kommo_invoice.sandbox.ground import Furnished, Ground

REDIRECT = "http://localhost:8765/callback"
"""Where browsers are sent back to: the address that ``kinv connect`` listens at by itself."""


@dataclass(frozen=True, slots=True)
class Playground:
    """The running simulators and what stands in them.

    Args:
        ground: Whose they are.
        world: Their clock, requests and faults.
        sides: The CRM and the books.
        sandbox: The servers.
    """

    ground: Ground
    world: World
    sides: Furnished
    sandbox: Sandbox

    @property
    def deals(self) -> Mapping[str, int]:
        """The deals that wait, name -> id."""
        return self.sides.deals

    def mapping(self, text: str | None = None) -> str:
        """Return a mapping that leads here: the firm's, or ``text``."""
        urls, kommo, books = self.sandbox.urls, self.sides.kommo, self.sides.books
        crm_side = {"account": kommo.account.subdomain, "base_url": urls[kommo.name]}
        books_side = {"account": self.sides.account, "base_url": urls[books.name]}
        books_side |= self.ground.where
        own = packaged(self.ground.mapping) if text is None else text
        return led_to(own, {"crm": crm_side, "books": books_side})

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
            f"KINV_{self.sides.books.name.upper()}_TOKEN": self.sides.token,
            "KINV_RATE_FACTOR": "inf",
        }

    @property
    def applications(self) -> dict[str, str]:
        """The environment of the applications, for who wants to log in by browser instead."""
        given: dict[str, str] = {}
        for simulator in (self.sides.kommo, self.sides.books):
            one = _application(simulator.name)
            given[f"KINV_{simulator.name.upper()}_CLIENT_ID"] = one.client_id
            given[f"KINV_{simulator.name.upper()}_CLIENT_SECRET"] = one.client_secret
        return given


def open_playground(books: str = "wave", ports: Mapping[str, int] | None = None) -> Playground:
    """Start the simulators; requests are answered until ``sandbox.stop()``.

    Args:
        books: Which books to play with.
        ports: ``kommo``, the books' name and ``control`` -> port; free ones by default.

    Raises:
        UsageError: There are no such books to play with.
        OSError: A port cannot be used.
    """
    ground = ground_of(books)
    world = World()
    world.unlimited = True
    sides = ground.furnish(world)
    for simulator in (sides.kommo, sides.books):
        application = _application(simulator.name)
        simulator.oauth.integrations[application.client_id] = application
    sandbox = Sandbox(world, [sides.kommo, sides.books], ports).start()
    return Playground(ground, world, sides, sandbox)


def _application(name: str) -> Integration:
    """Return what is registered at a simulator, for logging in by browser: one agrees at once."""
    return Integration(f"{name}-sandbox-application", f"{name}-sandbox-secret", REDIRECT)
