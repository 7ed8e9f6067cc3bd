"""Where a flow is played: on its cassettes, or, to record them, on the sandbox or real accounts.

``pytest tests/cassettes --record-mode=rewrite`` records on the sandbox. With these variables it
records against real accounts, which should be test accounts with invented people, in which the
mapping's pipeline, stages, fields, item and tax exist::

    KINV_KOMMO_TOKEN                                        its token
    KINV_LIVE_ACCOUNT                                       the Kommo subdomain
    KINV_<BOOKS>_TOKEN                                      the books' token
    KINV_LIVE_<BOOKS>                                       business id; realm of a sandbox company;
                                                            id of an organisation
    KINV_LIVE_<BOOKS>_REGION                                its data centre, where there are several
    KINV_LIVE_<BOOKS>_NEW_DEAL                              a deal whose contact is not known there
    KINV_LIVE_<BOOKS>_KNOWN_DEAL                            one whose contact is

<BOOKS> is WAVE, QUICKBOOKS, ZOHO.

In ``late_link`` the books tell the client's page only when they are asked for it alone; in
``taken_name`` the new customer's name is another one's.
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
from cassette_books import BOOKS
from cassette_files import ACCOUNT, FOLDER, HOSTS, Scrubber, books_of

from kommo_invoice.books.quickbooks import SANDBOX_URL
from kommo_invoice.books.zoho.regions import REGIONS
from kommo_invoice.cli import wiring
from kommo_invoice.cli.main import run
from kommo_invoice.http import client
from kommo_invoice.http.rates import Permits
from kommo_invoice.sandbox.kommo import TOKEN
from kommo_invoice.sandbox.kommo_seed import agency
from kommo_invoice.sandbox.server import Sandbox
from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MOMENT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Scene:
    """One flow's accounts and deal.

    Args:
        folder: Where this run keeps its files.
        books: The provider of the books.
        business: The company in the books, by its id.
        deal: The deal that is invoiced.
        moment: The time at which kinv runs.
        account: The Kommo subdomain.
        base_urls: Provider -> where it is, in place of its own address.
        tokens: Provider -> token.
        live: Whether these are real accounts: policy rates hold, and the books' company is one of
            the provider's own sandbox, where it has one.
    """

    folder: Path
    books: str
    business: str
    deal: int
    moment: datetime
    account: str = ACCOUNT
    base_urls: Mapping[str, str] = field(default_factory=dict)
    tokens: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(HOSTS, "any-token"))
    live: bool = False

    @property
    def scrubber(self) -> Scrubber:
        real = {
            f"https://{self.account}.kommo.com": HOSTS["kommo"],
            SANDBOX_URL: HOSTS["quickbooks"],
            **{api: HOSTS["zoho"] for api in REGIONS.values() if api and self.books == "zoho"},
            "https://sandbox.qbo.intuit.com": "https://qbo.intuit.com",
        }
        seen = {url: HOSTS[provider] for provider, url in self.base_urls.items()}
        return Scrubber(real | seen, self.account)

    def invoice(self, state: str = "state") -> tuple[int, str]:
        """Run ``kinv invoice`` on the deal and return its exit code and what it printed."""
        printed = io.StringIO()
        arguments = ["invoice", "--deal", str(self.deal), "--json"]
        with contextlib.ExitStack() as stack:
            stack.enter_context(mock.patch.dict(os.environ, self._environment(state), clear=True))
            stack.enter_context(mock.patch.object(wiring, "now", return_value=self.moment))
            if not self.live:
                stack.enter_context(mock.patch.object(client, "Permits", _unlimited))
            stack.enter_context(contextlib.redirect_stdout(printed))
            stack.enter_context(contextlib.redirect_stderr(printed))
            code = run(arguments)
        return int(code), printed.getvalue()

    def keep(self, flow: str) -> None:
        """Write down what a replay has to know."""
        known = {"business": self.business, "deal": self.deal, "moment": self.moment}
        (FOLDER / flow).mkdir(parents=True, exist_ok=True)
        (FOLDER / flow / "scene.toml").write_text(tomli_w.dumps(known), encoding="utf-8")

    def _environment(self, state: str) -> dict[str, str]:
        mapping = tomllib.loads((FOLDER / self.books / "mapping.toml").read_text(encoding="utf-8"))
        mapping["crm"]["account"] = self.account
        mapping["books"]["account"] = self.business
        if self.live and self.books == "quickbooks":
            mapping["books"]["environment"] = "sandbox"
        if region := self.live and os.environ.get(f"KINV_LIVE_{self.books.upper()}_REGION"):
            mapping["books"]["region"] = region
        for section, provider in (("crm", "kommo"), ("books", self.books)):
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
        yield Scene(folder, books_of(flow), **known)
    elif "KINV_LIVE_ACCOUNT" in os.environ:
        yield _live(flow, folder)
    else:
        with _sandbox(flow, folder) as built:
            yield built


def _live(flow: str, folder: Path) -> Scene:
    given, books = os.environ, books_of(flow)
    ours = f"KINV_LIVE_{books.upper()}"
    deal = f"{ours}_KNOWN_DEAL" if flow.endswith("/known_customer") else f"{ours}_NEW_DEAL"
    return Scene(
        folder,
        books,
        business=given[ours],
        deal=int(given[deal]),
        moment=datetime.now(UTC).replace(microsecond=0),
        account=given["KINV_LIVE_ACCOUNT"],
        tokens={provider: given[f"KINV_{provider.upper()}_TOKEN"] for provider in ("kommo", books)},
        live=True,
    )


@contextlib.contextmanager
def _sandbox(flow: str, folder: Path) -> Iterator[Scene]:
    world = World(clock=lambda: MOMENT)
    world.unlimited = True
    kommo, seeded = agency(world)
    name = books_of(flow)
    books = BOOKS[name](world, flow)
    deal = books.deal(kommo, seeded)
    kommo.move_lead(deal, "Issue Invoice", "Sales")
    with Sandbox(world, [kommo, books.simulator]) as sandbox:
        base_urls = {provider: sandbox.urls[provider] for provider in ("kommo", name)}
        tokens: dict[str, Any] = {"kommo": TOKEN, name: books.token}
        built = Scene(folder, name, books.account, deal, MOMENT, base_urls=base_urls, tokens=tokens)
        if flow.endswith("/known_customer"):
            books.add_customer()
        if flow.endswith("/taken_name"):
            books.take_name()
        if flow.endswith("/second_run"):
            assert built.invoice("state of another machine")[0] == 0
        yield built


def _unlimited(*given: Any, factor: float, **more: Any) -> Permits:
    """Return the permits of a rate that knows no limit: replies come from files."""
    del factor
    return Permits(*given, factor=math.inf, **more)
