"""The Wave simulator's OAuth: consent, codes, tokens that rotate and end, and what each may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from kommo_case import InProcess
from wave_books import INVOICE_FIELDS, mutate

from kommo_invoice.sandbox.wave import WaveSimulator
from kommo_invoice.sandbox.world import World

REDIRECT = "http://localhost:8765/callback"
SCOPES = "user:read business:read customer:write invoice:write invoice:send offline_access"
USER = "{ user { defaultEmail } }"
BUSINESSES = "{ businesses { edges { node { id name } } } }"


@dataclass
class Case:
    """An application at Wave, and a person with two businesses."""

    wave: WaveSimulator
    api: httpx.Client

    def authorise(self, **changed: Any) -> httpx.Response:
        asked = {
            "client_id": "app",
            "response_type": "code",
            "scope": SCOPES,
            "redirect_uri": REDIRECT,
            "state": "s1",
        }
        given = {name: value for name, value in (asked | changed).items() if value is not None}
        return self.api.get("/oauth2/authorize/", params=given)

    def back(self, **changed: Any) -> dict[str, str]:
        """Return what the browser brings back."""
        answer = self.authorise(**changed)
        assert answer.status_code == 302, answer.text
        address, _, query = answer.headers["location"].partition("?")
        assert address == REDIRECT
        return {name: value for name, [value] in parse_qs(query).items()}

    def token(self, **given: Any) -> httpx.Response:
        application = {"client_id": "app", "client_secret": "hush", "redirect_uri": REDIRECT}
        return self.api.post("/oauth2/token/", data=application | given)

    def tokens(self, **changed: Any) -> dict[str, Any]:
        """Have the person agree, and return the tokens."""
        code = self.back(**changed)["code"]
        answer = self.token(grant_type="authorization_code", code=code)
        assert answer.status_code == 200, answer.text
        given: dict[str, Any] = answer.json()
        return given

    def refresh(self, token: str) -> httpx.Response:
        return self.token(grant_type="refresh_token", refresh_token=token)

    def ask(self, token: str, query: str = USER, **variables: Any) -> httpx.Response:
        return self.api.post(
            "/graphql/public",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {token}"},
        )

    def code_of(self, answer: httpx.Response) -> tuple[int, str]:
        [error] = answer.json()["errors"]
        return answer.status_code, error["extensions"]["code"]


@pytest.fixture
def case() -> Case:
    world = World(lambda: datetime(2026, 11, 21, 12, tzinfo=UTC))
    world.unlimited = True
    wave = WaveSimulator(world)
    wave.seed()
    wave.add_integration("app", "hush", REDIRECT)
    return Case(wave, httpx.Client(transport=InProcess(wave.app), base_url="http://127.0.0.1:8701"))


class TestConsent:
    def test_a_person_agrees_at_once(self, case: Case) -> None:
        assert case.back().keys() == {"code", "state"}
        assert case.back(state="s2")["state"] == "s2"

    def test_a_state_is_only_returned_where_one_came(self, case: Case) -> None:
        assert case.back(state=None).keys() == {"code"}

    def test_the_slash_at_the_end_belongs_to_the_addresses(self, case: Case) -> None:
        assert case.api.get("/oauth2/authorize?client_id=app").status_code == 404
        assert case.api.post("/oauth2/token", data={}).status_code == 404

    @pytest.mark.parametrize(
        ("changed", "error"),
        [
            ({"response_type": None}, "unsupported_response_type"),
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"scope": None}, "invalid_request"),
            ({"scope": "invoice:create"}, "invalid_scope"),
            ({"scope": "invoice:read nonsense"}, "invalid_scope"),
            ({"scope": "nonsense:*"}, "invalid_scope"),
        ],
    )
    def test_what_is_wrong_comes_back_to_the_application(
        self, case: Case, changed: dict[str, Any], error: str
    ) -> None:
        assert case.back(**changed) == {"error": error, "state": "s1"}

    @pytest.mark.parametrize(
        "changed",
        [{"client_id": "other"}, {"client_id": None}, {"redirect_uri": "http://localhost:8765/"}],
    )
    def test_but_never_to_an_address_that_is_not_registered(
        self, case: Case, changed: dict[str, Any]
    ) -> None:
        assert case.authorise(**changed).status_code == 400

    def test_the_registered_address_is_the_usual_one(self, case: Case) -> None:
        assert "code" in case.back(redirect_uri=None)

    def test_the_person_may_refuse(self, case: Case) -> None:
        case.wave.oauth.denies = True
        assert case.back() == {"error": "access_denied", "state": "s1"}

    def test_offline_access_may_be_unknown(self, case: Case) -> None:
        case.wave.rules.knows_offline_access = False
        assert case.back()["error"] == "invalid_scope"
        assert "code" in case.back(scope="invoice:*")


class TestTokens:
    def test_a_code_gives_a_pair(self, case: Case) -> None:
        given = case.tokens()
        assert given["expires_in"] == 7200
        assert given["scope"] == SCOPES
        assert case.ask(given["access_token"]).json()["data"]["user"]

    def test_a_code_is_good_once(self, case: Case) -> None:
        code = case.back()["code"]
        asked = {"grant_type": "authorization_code", "code": code}
        assert case.token(**asked).status_code == 200
        again = case.token(**asked)
        assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})

    def test_and_for_a_minute(self, case: Case) -> None:
        code = case.back()["code"]
        case.wave.world.advance(60)
        late = case.token(grant_type="authorization_code", code=code)
        assert late.json() == {"error": "invalid_grant"}

    def test_an_access_token_lives_two_hours(self, case: Case) -> None:
        token = case.tokens()["access_token"]
        case.wave.world.advance(7199)
        assert case.ask(token).status_code == 200
        case.wave.world.advance(1)
        assert case.code_of(case.ask(token)) == (401, "UNAUTHENTICATED")

    @pytest.mark.parametrize(
        ("changed", "status", "error"),
        [
            ({"client_secret": "wrong"}, 401, "invalid_client"),
            ({"client_id": "other"}, 401, "invalid_client"),
            ({"redirect_uri": "http://localhost/"}, 400, "invalid_grant"),
            ({"code": "unknown"}, 400, "invalid_grant"),
            ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ],
    )
    def test_what_is_wrong_is_said_by_oauths_words(
        self, case: Case, changed: dict[str, Any], status: int, error: str
    ) -> None:
        asked = {"grant_type": "authorization_code", "code": case.back()["code"]}
        answer = case.token(**(asked | changed))
        assert (answer.status_code, answer.json()) == (status, {"error": error})

    def test_only_a_form_is_read(self, case: Case) -> None:
        asked = {"client_id": "app", "client_secret": "hush", "redirect_uri": REDIRECT}
        answer = case.api.post("/oauth2/token/", json=asked)
        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


class TestRotation:
    def test_each_refresh_kills_the_old_refresh_token(self, case: Case) -> None:
        first = case.tokens()["refresh_token"]
        second = case.refresh(first).json()["refresh_token"]
        assert second != first
        assert case.refresh(first).json() == {"error": "invalid_grant"}
        assert case.refresh(second).status_code == 200

    def test_a_second_use_may_end_the_whole_family(self, case: Case) -> None:
        case.wave.oauth.revokes_families = True
        first, other = case.tokens(), case.tokens()
        second = case.refresh(first["refresh_token"]).json()
        assert case.refresh(first["refresh_token"]).status_code == 400
        assert case.refresh(second["refresh_token"]).status_code == 400
        for dead in (first, second):
            assert case.code_of(case.ask(dead["access_token"])) == (401, "UNAUTHENTICATED")
        assert case.ask(other["access_token"]).status_code == 200

    def test_the_answer_may_omit_the_refresh_token_and_the_old_one_lives(self, case: Case) -> None:
        case.wave.oauth.rotates = False
        token = case.tokens()["refresh_token"]
        for _ in range(2):
            again = case.refresh(token).json()
            assert "refresh_token" not in again
            assert case.ask(again["access_token"]).status_code == 200

    def test_there_may_be_none_without_offline_access(self, case: Case) -> None:
        case.wave.rules.offline_needs_scope = True
        assert "refresh_token" in case.tokens()
        assert "refresh_token" not in case.tokens(scope="user:read")


class TestWhatATokenMayDo:
    def test_only_what_was_agreed_to(self, case: Case) -> None:
        token = case.tokens(scope="user:read invoice:write")["access_token"]
        send = mutate("invoiceSend", INVOICE_FIELDS)
        asked = {"invoiceId": "x", "to": ["jo@northwind.example"]}
        assert case.code_of(case.ask(token, send, input=asked)) == (403, "FORBIDDEN")
        assert case.code_of(case.ask(token, BUSINESSES)) == (403, "FORBIDDEN")
        assert case.ask(token).status_code == 200

    def test_a_star_is_everything_of_a_resource(self, case: Case) -> None:
        token = case.tokens(scope="business:*")["access_token"]
        assert case.ask(token, BUSINESSES).status_code == 200

    def test_a_full_access_token_may_do_everything(self, case: Case) -> None:
        assert case.ask("wave-sandbox-token", BUSINESSES).status_code == 200

    def test_it_may_be_limited_to_one_business(self, case: Case) -> None:
        private = next(each.id for each in case.wave.state.businesses.values() if each.is_personal)
        case.wave.oauth.business = private
        given = case.tokens()
        token = given["access_token"]

        def seen(by: str) -> list[str]:
            edges = case.ask(by, BUSINESSES).json()["data"]["businesses"]["edges"]
            return [edge["node"]["id"] for edge in edges]

        assert (given["businessId"], seen(token)) == (private, [private])
        assert len(seen("wave-sandbox-token")) == 2
        one = "query One($id: ID) { business(id: $id) { id } }"
        assert case.ask(token, one).json()["data"]["business"]["id"] == private
        other = case.wave.state.business().id
        assert case.code_of(case.ask(token, one, id=other)) == (200, "NOT_FOUND")


def test_faults_hit_it_by_method_and_path(case: Case) -> None:
    path = urlsplit(str(case.authorise().request.url)).path
    assert case.wave.operation({"path": path, "method": "GET"}, b"") == "GET /oauth2/authorize/"
