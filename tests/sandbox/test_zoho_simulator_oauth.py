"""Zoho Accounts in the sandbox: consent, HTTP-200 errors, throttle, data centres (sheet, 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from zoho_books import Zoho

if TYPE_CHECKING:
    import httpx

REDIRECT = "http://localhost:8976/callback"
SCOPE = "ZohoBooks.invoices.READ,ZohoBooks.invoices.CREATE,ZohoBooks.contacts.READ"
TOKEN, REVOKE = "/oauth/v2/token", "/oauth/v2/token/revoke"
HOUR = 3600


@dataclass
class Case:
    """An application, and a user of the European data centre."""

    books: Zoho

    def authorise(self, **changed: Any) -> httpx.Response:
        asked = {
            "client_id": "app",
            "response_type": "code",
            "scope": SCOPE,
            "redirect_uri": REDIRECT,
            "access_type": "offline",
            "prompt": "consent",
            "state": "s1",
        }
        given = {name: value for name, value in (asked | changed).items() if value is not None}
        return self.books.api.get("/oauth/v2/auth", params=given)

    def back(self, **changed: Any) -> dict[str, str]:
        """Return what the browser brings back."""
        answer = self.authorise(**changed)
        assert answer.status_code == 302, answer.text
        location = urlsplit(answer.headers["location"])
        return {name: value for name, [value] in parse_qs(location.query).items()}

    def token(self, **given: Any) -> httpx.Response:
        named = {"client_id": "app", "client_secret": "hush", **given}
        return self.books.api.post(TOKEN, data=named)

    def redeem(self, code: str, **given: Any) -> httpx.Response:
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        return self.token(**{**asked, **given})

    def first(self, **changed: Any) -> dict[str, Any]:
        """Have the person agree, and return the tokens."""
        return self.given(self.redeem(self.back(**changed)["code"]))

    def refresh(self, token: str, **given: Any) -> httpx.Response:
        return self.token(grant_type="refresh_token", refresh_token=token, **given)

    def given(self, answer: httpx.Response) -> dict[str, Any]:
        tokens: dict[str, Any] = answer.json()
        assert "access_token" in tokens, answer.text
        return tokens

    def error(self, answer: httpx.Response) -> str:
        """Return what the token endpoint says is wrong, with HTTP 200."""
        assert answer.status_code == 200
        assert "access_token" not in answer.json()
        return str(answer.json()["error"])

    def enter(self, token: str, path: str = "/invoices", method: str = "GET") -> tuple[int, int]:
        headers = {"Authorization": f"Zoho-oauthtoken {token}"}
        return self.books.refusal(self.books.send(method, path, headers=headers))


@pytest.fixture
def case() -> Case:
    books = Zoho()
    books.people.add_integration("app", "hush", REDIRECT)
    return Case(books)


class TestConsent:
    def test_the_data_centre_comes_back_with_the_code(self, case: Case) -> None:
        back = case.back()
        assert back.pop("code").startswith("1000.")
        assert back == {
            "state": "s1",
            "location": "eu",
            "accounts-server": "https://accounts.zoho.eu",
        }

    @pytest.mark.parametrize(
        ("location", "accounts", "api"),
        [
            ("us", "https://accounts.zoho.com", "https://www.zohoapis.com"),
            ("ca", "https://accounts.zohocloud.ca", "https://www.zohoapis.ca"),
            ("in", "https://accounts.zoho.in", "https://www.zohoapis.in"),
        ],
    )
    def test_it_is_the_users_own(self, case: Case, location: str, accounts: str, api: str) -> None:
        case.books.people.oauth.location = location
        back = case.back()
        assert (back["location"], back["accounts-server"]) == (location, accounts)
        assert case.given(case.redeem(back["code"]))["api_domain"] == api

    def test_hosts_of_somebody_else_may_be_put_there(self, case: Case) -> None:
        oauth = case.books.people.oauth
        oauth.accounts_server, oauth.api_domain = "https://evil.example", "https://evil.example"
        back = case.back()
        assert back["accounts-server"] == "https://evil.example"
        assert case.given(case.redeem(back["code"]))["api_domain"] == "https://evil.example"
        oauth.api_domain = ""
        assert "api_domain" not in case.first()

    @pytest.mark.parametrize(
        "changed",
        [
            {"client_id": "other"},
            {"redirect_uri": f"{REDIRECT}/"},
            {"redirect_uri": None},
            {"response_type": "token"},
            {"scope": SCOPE.replace(",", " ")},
            {"scope": "ZohoBooks.invoices.read"},
            {"scope": None},
        ],
    )
    def test_what_is_wrong_is_told_to_the_person_alone(
        self, case: Case, changed: dict[str, Any]
    ) -> None:
        assert case.authorise(**changed).status_code == 400

    def test_the_person_may_refuse(self, case: Case) -> None:
        case.books.people.oauth.denies = True
        assert case.back() == {"error": "access_denied", "state": "s1"}

    def test_without_offline_there_is_no_refresh_token(self, case: Case) -> None:
        assert "refresh_token" in case.first()
        assert "refresh_token" not in case.first(access_type=None)

    def test_a_second_consent_gives_one_only_if_asked_anew(self, case: Case) -> None:
        assert "refresh_token" in case.first(prompt=None)
        assert "refresh_token" not in case.first(prompt=None)
        assert "refresh_token" in case.first()


class TestCodes:
    def test_an_answer(self, case: Case) -> None:
        tokens = case.first()
        assert tokens.keys() == {
            *("access_token", "refresh_token", "scope", "api_domain", "token_type", "expires_in")
        }
        assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", HOUR)
        assert case.enter(tokens["access_token"]) == (200, 0)

    def test_by_rule_it_does_not_name_the_scopes(self, case: Case) -> None:
        assert case.first()["scope"].split() == SCOPE.split(",")
        case.books.rules.tells_scope = False
        assert "scope" not in case.first()

    def test_parameters_may_stand_in_the_query(self, case: Case) -> None:
        params = {
            "grant_type": "authorization_code",
            "code": case.back()["code"],
            "redirect_uri": REDIRECT,
            "client_id": "app",
            "client_secret": "hush",
        }
        assert "access_token" in case.books.api.post(TOKEN, params=params).json()

    def test_one_is_good_once_and_for_a_minute(self, case: Case) -> None:
        code = case.back()["code"]
        case.given(case.redeem(code))
        assert case.error(case.redeem(code)) == "invalid_code"
        late = case.back()["code"]
        case.books.world.advance(61)
        assert case.error(case.redeem(late)) == "invalid_code"

    @pytest.mark.parametrize(
        ("changed", "error"),
        [
            ({"client_id": "other"}, "invalid_client"),
            ({"client_secret": "wrong"}, "invalid_client_secret"),
            ({"code": "1000.a.b"}, "invalid_code"),
            ({"redirect_uri": "http://localhost/"}, "invalid_redirect_uri"),
            ({"grant_type": "password"}, "unsupported_grant_type"),
        ],
    )
    def test_what_is_wrong_comes_with_200(
        self, case: Case, changed: dict[str, str], error: str
    ) -> None:
        asked = {"code": case.back()["code"], **changed}
        assert case.error(case.redeem(**asked)) == error


class TestSelfClient:
    @pytest.fixture
    def own(self, case: Case) -> Case:
        case.books.people.add_integration("self", "hush")
        return case

    def test_its_codes_know_no_redirect(self, own: Case) -> None:
        code = own.books.people.oauth.self_client_code("self", SCOPE)
        assert own.error(own.redeem(code, client_id="self")) == "invalid_redirect_uri"
        asked = {"grant_type": "authorization_code", "code": code, "client_id": "self"}
        assert "refresh_token" in own.given(own.token(**asked))

    def test_they_live_longer(self, own: Case) -> None:
        code = own.books.people.oauth.self_client_code("self", SCOPE, minutes=10)
        own.books.world.advance(599)
        asked = {"grant_type": "authorization_code", "code": code, "client_id": "self"}
        assert "access_token" in own.given(own.token(**asked))

    def test_it_has_no_consent_page(self, own: Case) -> None:
        assert own.authorise(client_id="self").status_code == 400


class TestRefreshing:
    def test_the_refresh_token_stays_and_is_not_repeated(self, case: Case) -> None:
        tokens = case.first()
        again = case.given(case.refresh(tokens["refresh_token"]))
        assert "refresh_token" not in again
        assert again["api_domain"] == "https://www.zohoapis.eu"
        case.books.world.advance(400 * 86_400)
        newest = case.given(case.refresh(tokens["refresh_token"]))["access_token"]
        assert case.enter(newest) == (200, 0)

    def test_an_access_token_lives_an_hour(self, case: Case) -> None:
        token = case.first()["access_token"]
        case.books.world.advance(HOUR - 1)
        assert case.enter(token) == (200, 0)
        case.books.world.advance(1)
        assert case.enter(token) == (401, 57)

    def test_the_throttle_is_10_in_10_minutes_and_no_revocation(self, case: Case) -> None:
        case.books.world.unlimited = False
        token = case.first()["refresh_token"]
        answers = [case.refresh(token) for _ in range(10)]
        assert [answer.status_code for answer in answers] == [200] * 9 + [400]
        body = answers[-1].json()
        assert (body["error"], body["status"]) == ("Access Denied", "failure")
        case.books.world.advance(600)
        case.given(case.refresh(token))

    def test_its_words_are_the_accounts_by_rule(self, case: Case) -> None:
        case.books.world.unlimited = False
        case.books.rules.translated = True
        case.books.rules.refreshes_per_window = 1
        body = case.refresh(case.first()["refresh_token"]).json()
        assert body["error"] == "Zugriff verweigert"
        assert "requests" not in body["error_description"]

    def test_of_many_access_tokens_the_oldest_die(self, case: Case) -> None:
        tokens = case.first()
        all_of_them = [tokens["access_token"]]
        for _ in range(11):
            answer = case.refresh(tokens["refresh_token"])
            all_of_them.append(case.given(answer)["access_token"])
        dead = [token for token in all_of_them if case.enter(token) == (401, 57)]
        assert dead == all_of_them[:2]

    def test_the_21st_connection_silently_ends_the_first(self, case: Case) -> None:
        tokens = [case.first() for _ in range(21)]
        assert case.error(case.refresh(tokens[0]["refresh_token"])) == "invalid_code"
        assert case.enter(tokens[0]["access_token"]) == (401, 57)
        case.given(case.refresh(tokens[1]["refresh_token"]))

    def test_another_applications_token(self, case: Case) -> None:
        case.books.people.add_integration("two", "hush", REDIRECT)
        answer = case.refresh(case.first()["refresh_token"], client_id="two")
        assert case.error(answer) == "invalid_code"


class TestRevocation:
    def test_with_the_refresh_token_all_ends(self, case: Case) -> None:
        tokens = case.first()
        answer = case.books.api.post(REVOKE, params={"token": tokens["refresh_token"]})
        assert (answer.status_code, answer.json()) == (200, {"status": "success"})
        assert case.enter(tokens["access_token"]) == (401, 57)
        assert case.error(case.refresh(tokens["refresh_token"])) == "invalid_code"
        again = case.books.api.post(REVOKE, data={"token": tokens["refresh_token"]})
        assert again.status_code == 400

    def test_with_an_access_token_that_one(self, case: Case) -> None:
        tokens = case.first()
        case.books.api.post(REVOKE, params={"token": tokens["access_token"]})
        assert case.enter(tokens["access_token"]) == (401, 57)
        case.given(case.refresh(tokens["refresh_token"]))


class TestScopes:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/contacts"),
            ("GET", "/settings/taxes"),
            ("GET", "/organizations"),
            ("GET", "/customerpayments"),
            ("DELETE", "/invoices/1"),
            ("PUT", "/invoices/1"),
        ],
    )
    def test_what_was_not_agreed_to_is_57_like_a_dead_token(
        self, case: Case, method: str, path: str
    ) -> None:
        assert case.enter(case.first()["access_token"], path, method) == (401, 57)

    def test_mails_and_states_are_creations(self, case: Case) -> None:
        token = case.first()["access_token"]
        made = case.books.create()["invoice_id"]
        assert case.enter(token, f"/invoices/{made}/status/sent", "POST") == (200, 0)
        assert case.enter(token, f"/invoices/{made}/email", "POST") == (200, 0)

    @pytest.mark.parametrize("scope", ["ZohoBooks.fullaccess.all", "ZohoBooks.settings.ALL"])
    def test_wide_ones(self, case: Case, scope: str) -> None:
        token = case.first(scope=scope)["access_token"]
        assert case.enter(token, "/settings/taxes") == (200, 0)


class TestDataCentres:
    def test_an_application_that_is_not_switched_on_elsewhere(self, case: Case) -> None:
        code = case.back()["code"]
        oauth = case.books.people.oauth
        oauth.registered_at, oauth.multi_dc = "us", False
        assert case.error(case.redeem(code)) == "invalid_client"

    def test_each_may_have_a_secret_of_its_own(self, case: Case) -> None:
        case.books.people.oauth.secrets["eu"] = "leise"
        code = case.back()["code"]
        assert case.error(case.redeem(code)) == "invalid_client_secret"
        case.given(case.redeem(code, client_secret="leise"))

    def test_at_another_one_nothing_is_good(self, case: Case) -> None:
        tokens, code = case.first(), case.back()["code"]
        case.books.people.oauth.serves = "us"
        assert case.error(case.redeem(code)) == "invalid_code"
        assert case.error(case.refresh(tokens["refresh_token"])) == "invalid_code"
        assert case.enter(tokens["access_token"]) == (401, 57)
        case.books.people.oauth.serves = "eu"
        case.given(case.redeem(code))

    def test_the_list_of_servers(self, case: Case) -> None:
        answer = case.books.api.get("/oauth/serverinfo").json()
        assert answer["locations"]["ca"] == "https://accounts.zohocloud.ca"
