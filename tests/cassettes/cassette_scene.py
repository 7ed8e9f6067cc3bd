"""Where a flow is played: on its cassettes, or, to record them, on the sandbox or real accounts.

``pytest tests/cassettes --record-mode=rewrite`` records on the sandbox. With these variables it
records against real accounts, which should be test accounts with invented people, in which the
mapping's pipeline, stages, fields, item and tax exist::

    KINV_KOMMO_TOKEN, KINV_WAVE_TOKEN     their tokens
    KINV_LIVE_ACCOUNT                     the Kommo subdomain
    KINV_LIVE_BUSINESS                    the Wave business id
    KINV_LIVE_NEW_DEAL                    a deal whose contact Wave does not know
    KINV_LIVE_KNOWN_DEAL                  a deal whose contact Wave knows
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from unittest import mock

import tomli_w
from cassette_files import ACCOUNT, FOLDER, HOSTS, Scrubber

from kommo_invoice.cli import wiring
from kommo_invoice.cli.main import run
from kommo_invoice.http import client
from kommo_invoice.http.rates import Permits
from kommo_invoice.sandbox.kommo import TOKEN
from kommo_invoice.sandbox.kommo_seed import agency
from kommo_invoice.sandbox.server import Sandbox
from kommo_invoice.sandbox.wave import AGENCY, WaveSimulator
from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MOMENT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
LIVE_DEALS = {
    "new_customer": "KINV_LIVE_NEW_DEAL",
    "known_customer": "KINV_LIVE_KNOWN_DEAL",
    "second_run": "KINV_LIVE_NEW_DEAL",
}


@dataclass(frozen=True)
class Scene:
    """One flow's accounts and deal.

    Args:
        folder: Where this run keeps its files.
        business: The Wave business id.
        deal: The deal that is invoiced.
        moment: The time at which kinv runs.
        account: The Kommo subdomain.
        base_urls: Provider -> where it is, in place of its own address.
        tokens: Provider -> token.
        polite: Whether the policy rates hold; answers from files and simulators need none.
    """

    folder: Path
    business: str
    deal: int
    moment: datetime
    account: str = ACCOUNT
    base_urls: Mapping[str, str] = field(default_factory=dict)
    tokens: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(HOSTS, "any-token"))
    polite: bool = False

    @property
    def scrubber(self) -> Scrubber:
        real = {f"https://{self.account}.kommo.com": HOSTS["kommo"]}
        seen = {url: HOSTS[provider] for provider, url in self.base_urls.items()}
        return Scrubber(real | seen, self.account)

    def invoice(self, state: str = "state") -> tuple[int, str]:
        """Run ``kinv invoice`` on the deal and return its exit code and what it printed."""
        printed = io.StringIO()
        arguments = ["invoice", "--deal", str(self.deal), "--json"]
        with contextlib.ExitStack() as stack:
            stack.enter_context(mock.patch.dict(os.environ, self._environment(state), clear=True))
            stack.enter_context(mock.patch.object(wiring, "now", return_value=self.moment))
            if not self.polite:
                stack.enter_context(mock.patch.object(client, "Permits", _unlimited))
            stack.enter_context(contextlib.redirect_stdout(printed))
            stack.enter_context(contextlib.redirect_stderr(printed))
            code = run(arguments)
        return int(code), printed.getvalue()

    def keep(self, flow: str) -> None:
        """Write down what a replay has to know."""
        known = {"business": self.business, "deal": self.deal, "moment": self.moment}
        (FOLDER / flow).mkdir(exist_ok=True)
        (FOLDER / flow / "scene.toml").write_text(tomli_w.dumps(known), encoding="utf-8")

    def _environment(self, state: str) -> dict[str, str]:
        mapping = tomllib.loads((FOLDER / "mapping.toml").read_text(encoding="utf-8"))
        mapping["crm"]["account"] = self.account
        mapping["books"]["account"] = self.business
        for section, provider in (("crm", "kommo"), ("books", "wave")):
            if provider in self.base_urls:
                mapping[section]["base_url"] = self.base_urls[provider]
        path = self.folder / "mapping.toml"
        path.write_text(tomli_w.dumps(mapping), encoding="utf-8")
        return {
            "HOME": str(self.folder),
            "KINV_MAPPING": str(path),
            "KINV_STATE_DIR": str(self.folder / state),
            "KINV_CONFIG_DIR": str(self.folder / "config"),
            **{f"KINV_{provider.upper()}_TOKEN": each for provider, each in self.tokens.items()},
        }


@contextlib.contextmanager
def scene(flow: str, folder: Path, *, recording: bool) -> Iterator[Scene]:
    """Open the scene of a flow."""
    if not recording:
        known = tomllib.loads((FOLDER / flow / "scene.toml").read_text(encoding="utf-8"))
        yield Scene(folder, **known)
    elif "KINV_LIVE_ACCOUNT" in os.environ:
        yield _live(flow, folder)
    else:
        with _sandbox(flow, folder) as built:
            yield built


def _live(flow: str, folder: Path) -> Scene:
    given = os.environ
    return Scene(
        folder,
        business=given["KINV_LIVE_BUSINESS"],
        deal=int(given[LIVE_DEALS[flow]]),
        moment=datetime.now(UTC).replace(microsecond=0),
        account=given["KINV_LIVE_ACCOUNT"],
        tokens={provider: given[f"KINV_{provider.upper()}_TOKEN"] for provider in HOSTS},
        polite=True,
    )


@contextlib.contextmanager
def _sandbox(flow: str, folder: Path) -> Iterator[Scene]:
    world = World(clock=lambda: MOMENT)
    world.unlimited = True
    kommo, seeded = agency(world)
    wave = WaveSimulator(world)
    business = wave.seed()
    deal = seeded.leads["Website relaunch"]
    kommo.move_lead(deal, "Issue Invoice", "Sales")
    with Sandbox(world, [kommo, wave]) as sandbox:
        base_urls = {provider: sandbox.urls[provider] for provider in HOSTS}
        tokens: dict[str, Any] = {"kommo": TOKEN, "wave": AGENCY["token"]}
        built = Scene(folder, business, deal, MOMENT, base_urls=base_urls, tokens=tokens)
        if flow == "known_customer":
            wave.add_customer("Northwind GmbH", "jo@northwind.example")
        if flow == "second_run":
            assert built.invoice("state of another machine")[0] == 0
        yield built


def _unlimited(*given: Any, factor: float, **more: Any) -> Permits:
    """Return the permits of a rate that knows no limit: replies come from files."""
    del factor
    return Permits(*given, factor=math.inf, **more)
