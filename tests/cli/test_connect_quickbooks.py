"""``kinv connect quickbooks``: by browser alone; production keys need a pasted address."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pasting import Person

from kommo_invoice.auth.connection import Connection, Kind, StoreKind
from kommo_invoice.auth.connections import Connections
from kommo_invoice.cli.tokens import TokenSources
from kommo_invoice.config.settings import Settings
from kommo_invoice.engine.providers import Account
from kommo_invoice.errors import LoginNeeded
from kommo_invoice.http.client import Client
from kommo_invoice.sandbox.quickbooks import QuickBooksSimulator
from kommo_invoice.sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stage import Result, Stage

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
APP, LIVE, SECRET = "development-app", "production-app", "the-application-s-secret"
LOCAL, OWN = "http://localhost:8765/callback", "https://acme.example/kinv"


@pytest.fixture
def bare(stage: Stage) -> Stage:
    """A stage without tokens and mapping."""
    stage.settings |= {
        "KINV_KOMMO_TOKEN": "",
        "KINV_WAVE_TOKEN": "",
        "KINV_MAPPING": "",
        "KINV_STORE": "plain",
        "KINV_QUICKBOOKS_CLIENT_ID": APP,
        "KINV_QUICKBOOKS_CLIENT_SECRET": SECRET,
    }
    (stage.folder / "mapping.toml").unlink()
    return stage


@pytest.fixture
def people(bare: Stage) -> QuickBooksSimulator:
    """A company at QuickBooks, and both pairs of an application's keys."""
    people = QuickBooksSimulator(bare.world)
    people.seed()
    people.add_integration(APP, SECRET, LOCAL)
    people.add_integration(LIVE, SECRET, OWN, production=True)
    return people


@pytest.fixture
def connect(
    bare: Stage, people: QuickBooksSimulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Result]]:
    """Run ``kinv connect quickbooks --paste`` at the simulator."""
    monkeypatch.setattr(sys, "stdin", Person())
    with Sandbox(bare.world, [people]) as sandbox:
        base = ("--base-url", sandbox.urls["quickbooks"])
        yield lambda *more: bare.kinv("connect", "quickbooks", "--paste", *base, *more)


def connections(stage: Stage) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(stage.kinv("connect", "--json").out)["connections"]
    return found


class TestPasting:
    def test_connects_the_company_that_the_address_names(
        self, connect: Callable[..., Result], bare: Stage, people: QuickBooksSimulator
    ) -> None:
        ended = connect("--environment", "sandbox")
        assert ended.code == 0, ended.err
        assert "connected: Harbor & Pine Consulting" in ended.out
        (connection,) = connections(bare)
        assert connection["account"] == people.state.company().realm
        assert connection["environment"] == "sandbox"
        assert connection["final_at"] is not None
        assert SECRET not in ended.out + ended.err

    def test_does_so_with_production_keys(
        self, connect: Callable[..., Result], bare: Stage, people: QuickBooksSimulator
    ) -> None:
        bare.settings["KINV_QUICKBOOKS_CLIENT_ID"] = LIVE
        people.change_company(is_sandbox=False)
        ended = connect("--redirect-uri", OWN)
        assert ended.code == 0, ended.err

    def test_crossed_keys_are_told_and_nothing_is_kept(
        self, connect: Callable[..., Result], bare: Stage, people: QuickBooksSimulator
    ) -> None:
        people.change_company(is_sandbox=False)
        ended = connect()
        assert ended.code == 4
        assert "development keys open sandbox companies only" in ended.err
        assert connections(bare) == []

    def test_another_company_than_the_named_one_is_refused(
        self, connect: Callable[..., Result], bare: Stage
    ) -> None:
        ended = connect("--account", "1234-5678")
        assert ended.code == 7
        assert "was agreed to, not 12345678" in ended.err
        assert connections(bare) == []

    def test_a_refusal_in_the_browser_is_told(
        self, connect: Callable[..., Result], people: QuickBooksSimulator
    ) -> None:
        people.oauth.denies = True
        ended = connect()
        assert ended.code == 4
        assert "refused in the browser" in ended.err

    def test_another_secret_is_told(self, connect: Callable[..., Result], bare: Stage) -> None:
        bare.settings["KINV_QUICKBOOKS_CLIENT_SECRET"] = "another-secret-0123"
        ended = connect()
        assert ended.code == 4
        assert "invalid_client" in ended.err
        assert "another-secret-0123" not in ended.out + ended.err


class TestWithoutAProvider:
    def test_a_token_from_stdin_is_refused_with_the_way_that_there_is(self, bare: Stage) -> None:
        ended = bare.kinv("connect", "quickbooks", "--token-stdin")
        assert ended.code == 2
        assert "gives people no tokens" in ended.err
        assert "log in by browser" in ended.err

    @pytest.mark.parametrize("flags", [(), ("--oauth",), ("--environment", "production")])
    def test_real_companies_do_not_send_browsers_to_this_machine(
        self, bare: Stage, flags: tuple[str, ...]
    ) -> None:
        ended = bare.kinv("connect", "quickbooks", *flags)
        assert ended.code == 2
        assert "--paste --redirect-uri https://" in ended.err
        assert "--environment sandbox" in ended.err

    def test_an_environment_that_there_is_not(self, bare: Stage) -> None:
        for provider, name in (("quickbooks", "test"), ("kommo", "sandbox")):
            ended = bare.kinv("connect", provider, "--environment", name)
            assert ended.code == 2
            assert "--environment:" in ended.err
        assert Connections(bare.state).all() == ()


def test_a_sandbox_companys_token_is_for_the_sandboxs_host(tmp_path: Path) -> None:
    kept = Connection(
        provider="quickbooks",
        account="9341",
        name="Harbor & Pine",
        kind=Kind.OAUTH,
        store=StoreKind.PLAIN,
        host="https://sandbox-quickbooks.api.intuit.com",
        environment="sandbox",
        connected_at=NOW,
        expires_at=NOW + timedelta(days=101),
        final_at=NOW + timedelta(days=60),
    )
    Connections(tmp_path).save(kept)
    sources = TokenSources(Settings(), tmp_path, lambda: NOW, Client, print)
    facts = sources.facts(Account("quickbooks", "9341", None, "sandbox"))
    assert (facts.connection, facts.ends) == (kept, kept.final_at)
    with pytest.raises(LoginNeeded, match=r"not sent to https://quickbooks\.api\.intuit\.com"):
        sources.facts(Account("quickbooks", "9341"))
