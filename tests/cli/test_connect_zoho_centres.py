"""``kinv connect zoho`` between data centres: each with servers of its own, as in the wild."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from zoho_desk import APP, APPLICATION, LOCAL, SECRET, Person

from kommo_invoice.auth.centres import Centre, Centres
from kommo_invoice.auth.connection import Connection, Secret
from kommo_invoice.auth.connections import Connections
from kommo_invoice.auth.logins import LOGINS
from kommo_invoice.auth.stores.plain_store import PlainStore
from kommo_invoice.cli.tokens import TokenSources
from kommo_invoice.config.settings import Settings
from kommo_invoice.errors import LoginNeeded
from kommo_invoice.http.client import Client
from kommo_invoice.sandbox.server import Sandbox
from kommo_invoice.sandbox.zoho import ZohoSimulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stage import Result, Stage


ZOHO = LOGINS["zoho"]


class World:
    """Zoho's accounts servers and APIs in America and Europe; the person is at home in Europe.

    Attributes:
        america: The accounts server there, where the application is registered.
        europe: The accounts server, and the API, in Europe.
        person: Whoever logs in.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.people = ZohoSimulator(stage.world)
        self.people.seed()
        self.people.add_integration(APP, SECRET, LOCAL)
        self.people.oauth.registered_at = "us"
        self.servers = [Sandbox(stage.world, [self.people]).start() for _ in range(4)]
        urls = [each.urls["zoho"] for each in self.servers]
        self.america, self.europe, self.api = urls[0], urls[1], urls[2]
        self.people.oauth.accounts_server = self.europe
        self.people.oauth.api_domain = self.api
        self.centres = Centres(
            all=(Centre("us", self.america, urls[3]), Centre("eu", self.europe, self.api)),
            whose="Zoho Books",
            told_by="look at the address",
        )
        self.person = Person()

    def close(self) -> None:
        for each in self.servers:
            each.stop()

    def connect(self, *more: str) -> Result:
        return self.stage.kinv("connect", "zoho", "--paste", *more)

    @property
    def connection(self) -> Connection:
        (connection,) = Connections(self.stage.state).all()
        return connection

    @property
    def secret(self) -> Secret:
        text = PlainStore(self.stage.state).get(self.connection.key)
        return Secret.model_validate_json(text or "")

    def sources(self) -> TokenSources:
        """Return the tokens as a run has them."""
        state, now = self.stage.state, self.stage.world.now

        def without_token(*given: object) -> Client:
            return Client(*given, auth=None, state_dir=state, clock=now)  # type: ignore[arg-type]  # as the run's own

        return TokenSources(Settings(), state, now, without_token, print)


@pytest.fixture
def world(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    stage.settings |= {
        "KINV_KOMMO_TOKEN": "",
        "KINV_WAVE_TOKEN": "",
        "KINV_MAPPING": "",
        "KINV_STORE": "plain",
        **APPLICATION,
    }
    (stage.folder / "mapping.toml").unlink()
    world = World(stage)
    known = {**LOGINS, "zoho": replace(ZOHO, centres=world.centres)}
    monkeypatch.setattr("kommo_invoice.auth.logins.LOGINS", known)
    monkeypatch.setattr("kommo_invoice.cli.doctor_facts.LOGINS", known)
    monkeypatch.setattr(sys, "stdin", world.person)
    try:
        yield world
    finally:
        world.close()


def mapped(world: World, monkeypatch: pytest.MonkeyPatch, **books: str) -> None:
    """Write a mapping with these books in it."""
    account = world.people.state.organization().id
    lines = [f'{name} = "{value}"' for name, value in ({"account": account} | books).items()]
    path = world.stage.folder / "mapping.toml"
    path.write_text("\n".join(["[books]", 'provider = "zoho"', *lines]), encoding="utf-8")
    monkeypatch.setitem(world.stage.settings, "KINV_MAPPING", str(path))


class TestTheHomeDataCentre:
    def test_gives_the_tokens_and_gets_them_wherever_it_began(self, world: World) -> None:
        ended = world.connect()
        assert ended.code == 0, ended.err
        assert world.person.asked[0].startswith(f"{world.america}/oauth/v2/auth?")
        assert world.secret.token_host == world.europe
        assert world.secret.host == world.connection.host == world.api
        assert (world.connection.region, world.connection.base_url) == ("eu", None)
        assert f"{world.api} alone" in ended.out

    def test_is_begun_at_where_a_flag_or_the_mapping_says_so(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert world.connect("--region", "eu").code == 0
        mapped(world, monkeypatch, region="eu")
        ended = world.connect()
        assert ended.code == 0
        assert "warning" not in ended.out
        assert all(each.startswith(world.europe) for each in world.person.asked)

    def test_renews_them(self, world: World) -> None:
        assert world.connect().code == 0
        first = world.secret
        world.stage.world.advance(timedelta(hours=2).total_seconds())
        world.servers[0].stop()
        token = world.sources().auth("zoho", world.connection.account, world.api).token()
        assert token == world.secret.access_token != first.access_token
        assert world.secret.generation == first.generation + 1

    def test_decides_by_its_answer_which_api_is_asked(self, world: World) -> None:
        world.people.oauth.api_domain = world.centres.api("us")
        assert world.connect().code == 0
        assert (world.connection.region, world.connection.host) == (
            "us",
            world.centres.api("us"),
        )
        world.stage.world.advance(timedelta(hours=2).total_seconds())
        host = world.connection.host
        world.sources().auth("zoho", world.connection.account, host).token()
        assert world.secret.token_host == world.europe

    def test_is_the_only_one_that_its_token_goes_to(self, world: World) -> None:
        world.connect()
        before = len(world.stage.world.requests)
        elsewhere = world.centres.api("us")
        with pytest.raises(LoginNeeded, match="it is not sent to") as refused:
            world.sources().auth("zoho", world.connection.account, elsewhere).token()
        assert 'set region = "eu" in [books] of the mapping' in refused.value.hint
        assert len(world.stage.world.requests) == before


class TestAMapping:
    @pytest.mark.parametrize("books", [{}, {"region": "us"}])
    def test_of_another_data_centre_is_warned_of(
        self, world: World, monkeypatch: pytest.MonkeyPatch, books: dict[str, str]
    ) -> None:
        mapped(world, monkeypatch, **books)
        ended = world.connect()
        assert ended.code == 0
        assert 'set region = "eu" in its [books], else nothing is sent' in " ".join(
            ended.out.split()
        )

    def test_with_a_data_centre_that_there_is_not_sends_nothing(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mapped(world, monkeypatch, region="mars")
        ended = world.connect()
        assert ended.code == 7
        assert "no data centre 'mars'" in ended.err
        assert world.person.asked == []

    def test_of_another_organisation_is_its_own_business(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mapped(world, monkeypatch, account="1", region="us")
        ended = world.connect("--account", world.people.state.organization().id)
        assert ended.code == 0
        assert "warning" not in ended.out
