"""The QuickBooks simulator's OAuth: consent to one company, tokens that change daily and end."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from quickbooks_books import QuickBooks

if TYPE_CHECKING:
    import httpx

REDIRECT = "http://localhost:8765/callback"
SCOPE = "com.intuit.quickbooks.accounting"
TOKEN, REVOKE = "/oauth2/v1/tokens/bearer", "/v2/oauth2/tokens/revoke"
DAY = timedelta(days=1).total_seconds()


@dataclass
class Case:
    """An application with Development keys, and a person with two companies."""

    books: QuickBooks
    other: str

    def authorise(self, **changed: Any) -> httpx.Response:
        asked = {
            "client_id": "app",
            "response_type": "code",
            "scope": SCOPE,
            "redirect_uri": REDIRECT,
            "state": "s1",
        }
        given = {name: value for name, value in (asked | changed).items() if value is not None}
        return self.books.api.get("/connect/oauth2", params=given)

    def back(self, **changed: Any) -> dict[str, str]:
        """Return what the browser brings back."""
        answer = self.authorise(**changed)
        assert answer.status_code == 302, answer.text
        location = urlsplit(answer.headers["location"])
        return {name: value for name, [value] in parse_qs(location.query).items()}

    def token(self, client: str = "app:hush", headers: Any = None, **given: Any) -> httpx.Response:
        basic = base64.b64encode(client.encode()).decode()
        named = {"Authorization": f"Basic {basic}", **(headers or {})}
        return self.books.api.post(TOKEN, data=given, headers=named)

    def first(self, **headers: str) -> dict[str, Any]:
        """Have the person agree, and return the tokens."""
        code = self.back()["code"]
        return self.given(
            self.token(
                headers=headers,
                grant_type="authorization_code",
                code=code,
                redirect_uri=REDIRECT,
            )
        )

    def refresh(self, token: str) -> httpx.Response:
        return self.token(grant_type="refresh_token", refresh_token=token)

    def given(self, answer: httpx.Response) -> dict[str, Any]:
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    def enter(self, token: str, realm: str = "") -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return self.books.send("GET", "/preferences", realm, headers=headers).status_code

    def dead(self, token: str) -> bool:
        answer = self.refresh(token)
        return answer.status_code == 400 and answer.json()["error"] == "invalid_grant"


@pytest.fixture
def case() -> Case:
    books = QuickBooks()
    books.people.add_integration("app", "hush", REDIRECT)
    return Case(books, books.people.add_company("Other"))


class TestConsent:
    def test_the_company_comes_back_with_the_code_and_nowhere_else(self, case: Case) -> None:
        back = case.back()
        assert back.keys() == {"code", "state", "realmId"}
        assert (back["realmId"], back["state"]) == (case.books.realm, "s1")

    def test_the_person_picks_one_company(self, case: Case) -> None:
        case.books.people.oauth.company = case.other
        assert case.back()["realmId"] == case.other
        token = case.first()["access_token"]
        assert (case.enter(token, case.other), case.enter(token)) == (200, 403)

    @pytest.mark.parametrize(
        "changed",
        [
            {"client_id": "other"},
            {"redirect_uri": f"{REDIRECT}/"},
            {"redirect_uri": None},
            {"state": None},
            {"response_type": "token"},
        ],
    )
    def test_what_is_wrong_is_told_to_the_person_alone(
        self, case: Case, changed: dict[str, Any]
    ) -> None:
        assert case.authorise(**changed).status_code == 400

    @pytest.mark.parametrize(
        "scope", ["", "com.intuit.quickbooks.payment", f"{SCOPE} com.intuit.quickbooks.payment"]
    )
    def test_one_scope_too_many_fails_the_whole_consent(self, case: Case, scope: str) -> None:
        assert case.back(scope=scope) == {"error": "invalid_scope", "state": "s1"}

    def test_the_person_may_refuse(self, case: Case) -> None:
        case.books.people.oauth.denies = True
        assert case.back() == {"error": "access_denied", "state": "s1"}


class TestKeys:
    @pytest.mark.parametrize("address", [REDIRECT, "https://localhost/cb", "http://a.example/cb"])
    def test_production_keys_take_only_real_https_addresses(self, case: Case, address: str) -> None:
        with pytest.raises(ValueError, match="Production"):
            case.books.people.add_integration("live", "hush", address, production=True)

    def test_each_pair_reaches_its_own_kind_of_company(self, case: Case) -> None:
        token = case.first()["access_token"]
        assert case.enter(token) == 200
        case.books.people.change_company(is_sandbox=False)
        assert case.enter(token) == 403

    def test_production_keys_reach_real_ones(self, case: Case) -> None:
        address = "https://acme.example/cb"
        case.books.people.add_integration("live", "hush", address, production=True)
        case.books.people.change_company(is_sandbox=False)
        code = case.back(client_id="live", redirect_uri=address)["code"]
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": address}
        assert case.enter(case.given(case.token("live:hush", **asked))["access_token"]) == 200


class TestTokens:
    def test_a_code_gives_a_pair(self, case: Case) -> None:
        tokens = case.first()
        assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 3600)
        assert tokens["x_refresh_token_expires_in"] == 8_726_400
        assert case.enter(tokens["access_token"]) == 200

    def test_an_access_token_lives_an_hour(self, case: Case) -> None:
        token = case.first()["access_token"]
        case.books.world.advance(3599)
        assert case.enter(token) == 200
        case.books.world.advance(1)
        assert case.enter(token) == 401

    def test_without_the_right_scope_it_opens_nothing(self, case: Case) -> None:
        code = case.back(scope="openid")["code"]
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        assert case.enter(case.given(case.token(**asked))["access_token"]) == 403

    @pytest.mark.parametrize(
        ("client", "changed", "status", "error"),
        [
            ("app:wrong", {}, 401, "invalid_client"),
            ("other:hush", {}, 401, "invalid_client"),
            ("app:hush", {"code": "unknown"}, 400, "invalid_grant"),
            ("app:hush", {"redirect_uri": "http://localhost/"}, 400, "invalid_grant"),
            ("app:hush", {"grant_type": "password"}, 400, "unsupported_grant_type"),
        ],
    )
    def test_what_is_wrong_is_said_by_oauths_words(
        self, case: Case, client: str, changed: dict[str, Any], status: int, error: str
    ) -> None:
        asked = {"grant_type": "authorization_code", "redirect_uri": REDIRECT} | changed
        asked.setdefault("code", case.back()["code"])
        answer = case.token(client, **asked)
        assert (answer.status_code, answer.json()["error"]) == (status, error)

    @pytest.mark.parametrize("header", ["", "Basic", "Basic app:hush", "Bearer YXBwOmh1c2g="])
    def test_and_does_so_rightly(self, case: Case, header: str) -> None:
        headers = {"Authorization": header}
        assert case.token(headers=headers).status_code == 401

    def test_the_application_names_itself_by_basic_alone(self, case: Case) -> None:
        secret = {"client_id": "app", "client_secret": "hush"}
        answer = case.books.api.post(TOKEN, data={"grant_type": "refresh_token", **secret})
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")

    def test_a_code_is_good_once_and_may_take_everything_along(self, case: Case) -> None:
        case.books.people.oauth.revokes_families = True
        asked = {"grant_type": "authorization_code", "redirect_uri": REDIRECT}
        asked["code"] = case.back()["code"]
        tokens = case.given(case.token(**asked))
        assert case.token(**asked).json()["error"] == "invalid_grant"
        assert case.enter(tokens["access_token"]) == 401


class TestRefreshing:
    def test_within_a_day_the_value_stays(self, case: Case) -> None:
        token = case.first()["refresh_token"]
        case.books.world.advance(DAY - 1)
        again = case.given(case.refresh(token))
        assert again["refresh_token"] == token
        assert case.enter(again["access_token"]) == 200

    def test_then_it_changes_and_the_old_one_is_dead(self, case: Case) -> None:
        old = case.first()["refresh_token"]
        case.books.world.advance(DAY)
        new = case.given(case.refresh(old))["refresh_token"]
        assert new != old
        assert case.dead(old)
        assert case.given(case.refresh(new))["refresh_token"] == new

    def test_what_was_never_given_is_dead_as_well(self, case: Case) -> None:
        assert case.dead("RT1-unknown")

    def test_perhaps_not_at_once(self, case: Case) -> None:
        case.books.rules.refresh_grace_s = 60
        old = case.first()["refresh_token"]
        case.books.world.advance(DAY)
        new = case.given(case.refresh(old))["refresh_token"]
        assert case.given(case.refresh(old))["refresh_token"] == new
        case.books.world.advance(60)
        assert case.dead(old)

    def test_two_at_the_same_time_get_the_same_value(self, case: Case) -> None:
        token = case.first()["refresh_token"]
        pair = [case.given(case.refresh(token)) for _ in range(2)]
        assert pair[0]["refresh_token"] == pair[1]["refresh_token"]
        assert pair[0]["access_token"] != pair[1]["access_token"]

    def test_a_dead_one_may_be_taken_for_theft(self, case: Case) -> None:
        case.books.people.oauth.revokes_families = True
        old = case.first()["refresh_token"]
        case.books.world.advance(DAY)
        tokens = case.given(case.refresh(old))
        assert case.dead(old)
        assert case.dead(tokens["refresh_token"])
        assert case.enter(tokens["access_token"]) == 401

    def test_unused_it_ends_after_101_days(self, case: Case) -> None:
        token = case.first()["refresh_token"]
        case.books.world.advance(100 * DAY)
        token = case.given(case.refresh(token))["refresh_token"]
        case.books.world.advance(101 * DAY)
        assert case.dead(token)

    def test_the_answer_tells_the_hard_end_when_asked(self, case: Case) -> None:
        assert "x_refresh_token_hard_expires_in" not in case.first()
        asked = {"x-include-refresh-token-hard-expires-in": "true"}
        assert case.first(**asked)["x_refresh_token_hard_expires_in"] == 5 * 365 * DAY

    def test_after_five_years_nothing_helps(self, case: Case) -> None:
        token = case.first()["refresh_token"]
        for _ in range(18):
            case.books.world.advance(100 * DAY)
            answer = case.given(case.refresh(token))
            token = answer["refresh_token"]
        assert answer["x_refresh_token_expires_in"] == 25 * DAY
        case.books.world.advance(25 * DAY)
        assert case.dead(token)


class TestRevocation:
    def revoke(self, case: Case, token: str, client: str = "app:hush") -> int:
        basic = base64.b64encode(client.encode()).decode()
        headers = {"Authorization": f"Basic {basic}"}
        return case.books.api.post(REVOKE, json={"token": token}, headers=headers).status_code

    @pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
    def test_either_token_ends_both(self, case: Case, kind: str) -> None:
        tokens = case.first()
        assert self.revoke(case, tokens[kind]) == 200
        assert case.dead(tokens["refresh_token"])
        assert case.enter(tokens["access_token"]) == 401

    def test_it_is_told_as_json(self, case: Case) -> None:
        headers = {"Authorization": "Basic " + base64.b64encode(b"app:hush").decode()}
        token = case.first()["refresh_token"]
        form = case.books.api.post(REVOKE, data={"token": token}, headers=headers)
        assert form.status_code == 400
        assert not case.dead(token)

    def test_only_ones_own(self, case: Case) -> None:
        case.books.people.add_integration("other", "hush", REDIRECT)
        token = case.first()["refresh_token"]
        assert self.revoke(case, token, "other:hush") == 400
        assert self.revoke(case, token, "app:wrong") == 401
        assert self.revoke(case, "unknown") == 400
        assert not case.dead(token)


def test_faults_hit_it_by_method_and_path(case: Case) -> None:
    scope = {"path": TOKEN, "method": "POST", "query_string": b""}
    assert case.books.people.operation(scope, b"") == f"POST {TOKEN}"
