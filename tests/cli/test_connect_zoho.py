"""``kinv connect zoho``: pasted addresses and self clients' codes, at the simulator."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from zoho_desk import APP, APPLICATION, LOCAL, SECRET, Person

from kommo_invoice.auth.connections import Connections
from kommo_invoice.auth.logins import LOGINS
from kommo_invoice.sandbox.faults import Fault, FaultKind
from kommo_invoice.sandbox.server import Sandbox
from kommo_invoice.sandbox.zoho import ZohoSimulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stage import Result, Stage

ZOHO = LOGINS["zoho"]
TOKEN = "POST /oauth/v2/token"
EVIL = "https%3A%2F%2Faccounts.zoho.eu.attacker.example"


@pytest.fixture
def bare(stage: Stage) -> Stage:
    """A stage without tokens and mapping."""
    stage.settings |= {
        "KINV_KOMMO_TOKEN": "",
        "KINV_WAVE_TOKEN": "",
        "KINV_MAPPING": "",
        "KINV_STORE": "plain",
        **APPLICATION,
    }
    (stage.folder / "mapping.toml").unlink()
    return stage


@pytest.fixture
def people(bare: Stage) -> ZohoSimulator:
    """A consultancy in Europe."""
    people = ZohoSimulator(bare.world)
    people.seed()
    people.add_integration(APP, SECRET, LOCAL)
    return people


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Person:
    """Whoever sits at the terminal."""
    person = Person()
    monkeypatch.setattr(sys, "stdin", person)
    return person


@pytest.fixture
def connect(bare: Stage, people: ZohoSimulator, person: Person) -> Iterator[Callable[..., Result]]:
    """Run ``kinv connect zoho --paste`` at the simulator."""
    with Sandbox(bare.world, [people]) as sandbox:
        base = ("--base-url", sandbox.urls["zoho"])
        yield lambda *more: bare.kinv("connect", "zoho", "--paste", *base, *more)


@pytest.fixture
def self_client(people: ZohoSimulator, person: Person) -> Callable[..., None]:
    """Have the person make a code in the console, of a self client."""

    def make(scopes: str = ZOHO.oauth.needed) -> None:
        people.add_integration(APP, SECRET)
        person.code = people.oauth.self_client_code(APP, scopes, 10)

    return make


def connections(stage: Stage) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(stage.kinv("connect", "--json").out)["connections"]
    return found


def asked(stage: Stage) -> int:
    """How often the token endpoint was asked."""
    return [each.operation for each in stage.world.requests].count(TOKEN)


class TestPasting:
    def test_connects_the_organisation(
        self, connect: Callable[..., Result], bare: Stage, people: ZohoSimulator
    ) -> None:
        ended = connect()
        assert ended.code == 0, ended.err
        assert "connected: Nordlicht Consulting" in ended.out
        assert "taxes" in ended.out
        assert "works until revoked" in ended.out
        (connection,) = connections(bare)
        assert connection["account"] == people.state.organization().id
        assert connection["region"] == "eu"
        assert connection["scopes"] == list(ZOHO.oauth.scopes)
        assert connection["expires_at"] is None
        assert connection["renewable"] is True
        assert SECRET not in ended.out + ended.err

    def test_says_how_else_a_code_is_had(self, connect: Callable[..., Result]) -> None:
        ended = connect()
        assert "Self Client" in ended.err
        assert ZOHO.oauth.needed in ended.err
        assert "10 minutes" in ended.err

    def test_names_the_organisations_where_there_are_several(
        self, connect: Callable[..., Result], bare: Stage, people: ZohoSimulator
    ) -> None:
        second = people.add_organization("Nordlicht Studio", country="DE")
        ended = connect()
        assert ended.code == 2
        assert "opens 2 accounts" in ended.err
        assert connections(bare) == []
        assert connect("--account", second).code == 0
        assert [each["account"] for each in connections(bare)] == [second]

    @pytest.mark.parametrize("told", ["itself", "nothing"])
    def test_survives_an_answer_that_does_not_name_the_api(
        self, connect: Callable[..., Result], bare: Stage, people: ZohoSimulator, told: str
    ) -> None:
        people.oauth.api_domain = "" if told == "nothing" else _url(bare, connect)
        assert connect().code == 0
        assert connections(bare)[0]["region"] == "eu"

    def test_sends_nothing_to_a_server_that_is_not_zohos(
        self, connect: Callable[..., Result], bare: Stage, person: Person
    ) -> None:
        person.brings = lambda url: url.replace("https%3A%2F%2Faccounts.zoho.eu", EVIL)
        ended = connect()
        assert ended.code == 4
        assert "nothing was sent there" in ended.err
        assert asked(bare) == 0

    def test_uses_no_token_at_an_api_that_is_not_zohos(
        self, connect: Callable[..., Result], bare: Stage, people: ZohoSimulator
    ) -> None:
        people.oauth.api_domain = "https://www.zohoapis.eu.attacker.example"
        ended = connect()
        assert ended.code == 4
        assert "they were not used" in ended.err
        assert connections(bare) == []

    def test_tells_of_a_data_centre_without_a_known_api(
        self, connect: Callable[..., Result], bare: Stage, people: ZohoSimulator, person: Person
    ) -> None:
        people.oauth.api_domain = "https://www.zohoapis.uk"
        person.brings = lambda url: url.replace("accounts.zoho.eu", "accounts.zoho.uk").replace(
            "location=eu", "location=uk"
        )
        ended = connect()
        assert ended.code == 7
        assert "in the data centre uk" in ended.err
        assert "--auth-base-url" in ended.err
        assert connections(bare) == []

    def test_of_another_logins_address_is_refused(
        self, connect: Callable[..., Result], bare: Stage, person: Person
    ) -> None:
        person.brings = lambda url: f"{url}x"
        ended = connect()
        assert ended.code == 4
        assert "not the answer" in ended.err
        assert asked(bare) == 0

    def test_a_refusal_in_the_browser_is_told(
        self, connect: Callable[..., Result], people: ZohoSimulator
    ) -> None:
        people.oauth.denies = True
        ended = connect()
        assert ended.code == 4
        assert "refused in the browser" in ended.err

    def test_an_application_without_multi_dc_is_told(
        self, connect: Callable[..., Result], bare: Stage, people: ZohoSimulator
    ) -> None:
        people.oauth.registered_at, people.oauth.multi_dc = "us", False
        ended = connect()
        assert ended.code == 4
        assert "(invalid_client)" in ended.err
        assert "switch on multi-DC" in ended.err
        assert connections(bare) == []

    def test_a_throttle_is_told_with_its_end(
        self, connect: Callable[..., Result], bare: Stage
    ) -> None:
        body = {"error": "Access Denied", "error_description": "words", "status": "failure"}
        bare.world.faults.add(Fault("zoho", TOKEN, FaultKind.STATUS, status=400, body=body))
        ended = connect()
        assert ended.code == 5
        assert "gives no tokens until" in ended.err
        assert "`kinv connect zoho` again" in ended.err
        assert connections(bare) == []

    def test_a_grant_that_cannot_be_renewed_is_not_kept(
        self, connect: Callable[..., Result], bare: Stage
    ) -> None:
        body = {"access_token": "1000.planted.access-token", "expires_in": 3600}
        bare.world.faults.add(Fault("zoho", TOKEN, FaultKind.STATUS, status=200, body=body))
        ended = connect()
        assert ended.code == 4
        assert "no refresh token" in ended.err
        assert connections(bare) == []


class TestASelfClient:
    def test_needs_no_browser_and_no_address(
        self, connect: Callable[..., Result], bare: Stage, self_client: Callable[..., None]
    ) -> None:
        self_client()
        ended = connect("--region", "EU")
        assert ended.code == 0, ended.err
        assert connections(bare)[0]["region"] == "eu"
        assert not any("/auth" in each.operation for each in bare.world.requests)

    def test_with_too_few_scopes_is_told_which(
        self, connect: Callable[..., Result], bare: Stage, self_client: Callable[..., None]
    ) -> None:
        self_client(ZOHO.oauth.needed.replace(",ZohoBooks.settings.READ", ""))
        ended = connect("--region", "eu")
        assert ended.code == 8
        assert "lacks ZohoBooks.settings.READ" in ended.err
        assert connections(bare) == []

    def test_with_all_scopes_is_enough(
        self, connect: Callable[..., Result], self_client: Callable[..., None]
    ) -> None:
        self_client("ZohoBooks.fullaccess.all")
        assert connect("--region", "eu").code == 0

    def test_at_another_data_centre_is_told(
        self,
        connect: Callable[..., Result],
        bare: Stage,
        people: ZohoSimulator,
        self_client: Callable[..., None],
    ) -> None:
        self_client()
        people.oauth.serves = "us"
        ended = connect()
        assert ended.code == 4
        assert "of another data centre" in ended.err
        assert "--region" in ended.err
        assert connections(bare) == []


class TestFlags:
    def test_a_data_centre_that_there_is_not(self, bare: Stage) -> None:
        ended = bare.kinv("connect", "zoho", "--region", "mars")
        assert ended.code == 2
        assert "--region: Zoho Books has no data centre 'mars', but us, eu" in ended.err
        assert "books.zoho.eu" in ended.err

    def test_a_provider_that_has_none(self, bare: Stage) -> None:
        ended = bare.kinv("connect", "wave", "--token-stdin", "--region", "eu")
        assert ended.code == 2
        assert "--region: Wave has no data centres" in ended.err

    def test_an_empty_one(self, bare: Stage) -> None:
        ended = bare.kinv("connect", "zoho", "--region", " ")
        assert ended.code == 2
        assert "--region is empty" in ended.err

    def test_there_are_no_tokens_for_people(self, bare: Stage) -> None:
        ended = bare.kinv("connect", "zoho", "--token-stdin")
        assert ended.code == 2
        assert "gives people no tokens" in ended.err
        assert Connections(bare.state).all() == ()

    def test_a_sandbox_is_an_organisation_of_its_own(self, bare: Stage) -> None:
        ended = bare.kinv("connect", "zoho", "--environment", "sandbox")
        assert ended.code == 2
        assert "--environment:" in ended.err


def test_disconnecting_says_what_stays_at_zoho(connect: Callable[..., Result], bare: Stage) -> None:
    connect()
    ended = bare.kinv("disconnect", "zoho")
    assert ended.code == 0
    assert "it is one of the 20 logins" in ended.err
    assert connections(bare) == []


def _url(bare: Stage, connect: Callable[..., Result]) -> str:
    """Return the simulator's own address."""
    connect()
    (connection,) = connections(bare)
    return str(connection["host"])
