"""Zoho's logins over HTTP: data centres, errors under HTTP 200, a throttle in words."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from oauth_ground import CLIENT, CLIENT_SECRET, get
from zoho_ground import HOUR, NOW, REDIRECT, Ground, ground

from kommo_invoice.auth.endpoint import TokenEndpoint
from kommo_invoice.auth.errors import GrantEnded
from kommo_invoice.auth.logins import LOGINS
from kommo_invoice.auth.oauth import Authorization, missing_scopes
from kommo_invoice.auth.redirect import read_query
from kommo_invoice.errors import ConfigInvalid, LoginNeeded, LostAnswer, RateLimited
from kommo_invoice.redact import mask

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kommo_invoice.http import Judge, Policy
    from kommo_invoice.http.client import Client

SCOPES = (
    "ZohoBooks.contacts.CREATE,ZohoBooks.contacts.READ,ZohoBooks.contacts.UPDATE,"
    "ZohoBooks.invoices.CREATE,ZohoBooks.invoices.READ,ZohoBooks.invoices.UPDATE,"
    "ZohoBooks.invoices.DELETE,ZohoBooks.customerpayments.READ,"
    "ZohoBooks.customerpayments.CREATE,ZohoBooks.creditnotes.READ,ZohoBooks.settings.READ"
)
EU = "https://accounts.zoho.eu"
WAIT = timedelta(minutes=10)


ZOHO = LOGINS["zoho"]


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path) as built:
        yield built


def back(**parameters: str) -> str:
    """Return the query of a redirect that belongs to the state ``s``."""
    given = {"code": "1000.planted-code.0123", "state": "s", **parameters}
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items())


class TestTheBrowser:
    def test_asks_for_lasting_access_to_what_kinv_needs(self, there: Ground) -> None:
        asked = parse_qs(urlsplit(there.begin().url).query)
        assert asked["scope"] == [SCOPES]
        assert asked["access_type"] == ["offline"]
        assert asked["prompt"] == ["consent"]
        assert asked["redirect_uri"] == [REDIRECT]
        assert "code_challenge" not in asked

    @pytest.mark.parametrize(
        ("region", "host"),
        [(None, "accounts.zoho.com"), ("eu", "accounts.zoho.eu"), ("ca", "accounts.zohocloud.ca")],
    )
    def test_begins_in_america_or_where_it_is_told_to(self, region: str | None, host: str) -> None:
        url = Authorization.begin(ZOHO, CLIENT, REDIRECT, region=region).url
        assert url.startswith(f"https://{host}/oauth/v2/auth?")

    def test_begins_nowhere_else(self) -> None:
        with pytest.raises(ConfigInvalid, match="no data centre 'mars', but us, eu, in"):
            Authorization.begin(ZOHO, CLIENT, REDIRECT, region="mars")

    def test_comes_back_with_the_data_centre(self, there: Ground) -> None:
        authorization = there.begin()
        returned = authorization.read(urlsplit(there.redirected(authorization)).query)
        assert (returned.region, returned.account, returned.by_hand) == ("eu", None, False)

    def test_so_does_what_a_person_pastes(self, there: Ground) -> None:
        authorization = there.begin()
        assert authorization.read_pasted(there.redirected(authorization)).region == "eu"

    def test_canada_has_a_server_of_another_name(self, there: Ground) -> None:
        there.oauth.location = "ca"
        authorization = there.begin()
        assert authorization.read_pasted(there.redirected(authorization)).region == "ca"

    @pytest.mark.parametrize(
        ("parameters", "region"),
        [
            ({}, None),
            ({"location": "in"}, "in"),
            ({"accounts-server": EU}, "eu"),
            ({"accounts-server": f"{EU.upper()}/"}, "eu"),
            ({"accounts-server": "https://accounts.zoho.uk", "location": "uk"}, "uk"),
        ],
    )
    def test_may_name_it_in_part(self, parameters: dict[str, str], region: str | None) -> None:
        assert read_query(back(**parameters), ZOHO, "s").region == region

    @pytest.mark.parametrize(
        "parameters",
        [
            {"accounts-server": ""},
            {"accounts-server": "https://accounts.zoho.eu.attacker.example"},
            {"accounts-server": "https://attacker.example/accounts.zoho.eu"},
            {"accounts-server": "https://accounts.zoho.eu@attacker.example"},
            {"accounts-server": "https://accounts.zoho.eu:8443"},
            {"accounts-server": "http://accounts.zoho.eu"},
            {"accounts-server": "accounts.zoho.eu"},
            {"accounts-server": "http://169.254.169.254"},
            {"accounts-server": "https://accounts.zohocloud.eu"},
            {"accounts-server": EU, "location": "us"},
            {"accounts-server": EU, "location": "mars"},
            {"location": "mars"},
        ],
    )
    def test_a_server_that_is_none_of_zohos_gets_nothing(self, parameters: dict[str, str]) -> None:
        with pytest.raises(LoginNeeded, match="nothing was sent there") as refused:
            read_query(back(**parameters), ZOHO, "s")
        assert "`kinv connect zoho`" in refused.value.hint

    def test_the_sandboxs_own_server_is_one_too(self, there: Ground) -> None:
        there.oauth.accounts_server = there.url
        authorization = there.begin()
        assert authorization.read_pasted(there.redirected(authorization)).region == "eu"

    def test_a_person_may_refuse(self, there: Ground) -> None:
        there.oauth.denies = True
        authorization = there.begin()
        with pytest.raises(LoginNeeded, match="refused in the browser"):
            authorization.read_pasted(there.redirected(authorization))


class TestTheTokenEndpoint:
    def test_is_told_the_application_in_the_form(self, there: Ground) -> None:
        code = there.code()
        tokens = there.exchange(code)
        assert there.asked == [
            {
                "grant_type": ["authorization_code"],
                "code": [code],
                "redirect_uri": [REDIRECT],
                "client_id": [CLIENT],
                "client_secret": [CLIENT_SECRET],
            }
        ]
        assert tokens.expires_at == NOW + HOUR
        assert tokens.refresh_expires_at is None
        assert tokens.scopes == ZOHO.oauth.scopes
        assert tokens.api == "https://www.zohoapis.eu"

    def test_nothing_of_it_stands_in_the_address(self, there: Ground) -> None:
        there.exchange()
        (asked,) = [each for each in there.world.requests if each.operation.startswith("POST")]
        assert asked.path.partition("?")[::2] == ("/oauth/v2/token", "")

    def test_of_the_users_data_centre_is_asked(self) -> None:
        def endpoint(region: str | None) -> str:
            return TokenEndpoint(
                ZOHO,
                open_client=_never,
                base_url=None,
                auth_base_url=None,
                account=None,
                clock=lambda: NOW,
                region=region,
            ).host

        assert endpoint("ca") == "https://accounts.zohocloud.ca"
        assert endpoint("eu") == EU
        assert endpoint(None) == "https://accounts.zoho.com"

    @pytest.mark.parametrize(
        ("code", "hint"),
        [
            ("invalid_client", "multi-DC"),
            ("invalid_client_secret", "differ from one data centre to the other"),
        ],
    )
    def test_an_application_that_is_not_known_there(
        self, there: Ground, code: str, hint: str
    ) -> None:
        there.oauth.multi_dc = code != "invalid_client"
        there.oauth.secrets["eu"] = "another-secret-0123"
        with pytest.raises(LoginNeeded, match=rf"\({code}\)") as refused:
            there.exchange()
        assert hint in refused.value.hint
        assert "KINV_ZOHO_CLIENT_SECRET" in refused.value.hint
        assert not isinstance(refused.value, GrantEnded)

    def test_a_code_is_good_once(self, there: Ground) -> None:
        code = there.code()
        there.exchange(code)
        with pytest.raises(GrantEnded):
            there.exchange(code)

    def test_and_in_its_own_data_centre_alone(self, there: Ground) -> None:
        there.oauth.serves = "us"
        with pytest.raises(GrantEnded, match="of another data centre"):
            there.exchange()

    @pytest.mark.parametrize("translated", [False, True])
    def test_a_throttle_is_temporary_in_every_language(
        self, there: Ground, translated: bool
    ) -> None:
        there.people.rules.translated = translated
        secret = there.secret(there.exchange())
        for _ in range(9):
            there.endpoint.refresh(secret)
        with pytest.raises(RateLimited, match="gives no tokens until 12:10 UTC") as throttled:
            there.endpoint.refresh(secret)
        assert throttled.value.retry_at == NOW + WAIT
        there.advance(WAIT)
        assert there.endpoint.refresh(secret).access_token in there.world.tokens["zoho"]

    def test_it_is_not_asked_again_before(self, there: Ground) -> None:
        secret = there.secret(there.exchange())
        there.people.rules.refreshes_per_window = 1
        for _ in range(3):
            with pytest.raises(RateLimited) as throttled:
                there.endpoint.refresh(secret)
            assert throttled.value.retry_at == NOW + WAIT
        assert len(there.asked) == 2

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (400, {"error": "访问被拒绝", "status": "failure"}),
            (400, {"error_description": "no error at all"}),
            (400, "<html>"),
            (429, {}),
            (200, {"error": "Access Denied", "status": "failure"}),
            (200, {"error": {"code": 7}}),
        ],
    )
    def test_it_is_told_by_what_it_is_not(self, there: Ground, status: int, body: object) -> None:
        there.answers(status, body)
        with pytest.raises(RateLimited) as throttled:
            there.exchange("1000.planted.code")
        assert throttled.value.retry_at == NOW + WAIT

    def test_a_time_that_zoho_names_itself_goes_before(self, there: Ground) -> None:
        there.answers(400, {"error": "Access Denied"}, headers={"retry-after": "120"})
        with pytest.raises(RateLimited) as throttled:
            there.exchange("1000.planted.code")
        assert throttled.value.retry_at == NOW + timedelta(minutes=2)

    @pytest.mark.parametrize(
        ("status", "body", "error"),
        [
            (200, {"error": "invalid_code"}, GrantEnded),
            (400, {"error": "invalid_code"}, GrantEnded),
            (400, {"error": "invalid_grant"}, GrantEnded),
            (200, {"error": "invalid_redirect_uri"}, LoginNeeded),
            (400, {"error": "invalid_something_new"}, LoginNeeded),
            (404, {}, LoginNeeded),
            (200, {}, LostAnswer),
            (500, {"error": "invalid_code"}, LostAnswer),
        ],
    )
    def test_other_errors_are_what_they_say(
        self, there: Ground, status: int, body: object, error: type[Exception]
    ) -> None:
        there.answers(status, body)
        with pytest.raises(error) as raised:
            there.exchange("1000.planted.code")
        assert type(raised.value) is error

    @pytest.mark.parametrize("extra", ["access_type", "prompt"])
    def test_a_login_without_refresh_token_is_none(self, there: Ground, extra: str) -> None:
        there.exchange()  # a consent that still holds
        authorization = there.begin()
        page = get(re.sub(rf"&{extra}=\w+", "", authorization.url))
        code = authorization.read_pasted(page.headers["location"]).code
        with pytest.raises(LoginNeeded, match="no refresh token") as refused:
            there.exchange(code)
        assert "`kinv connect zoho`" in refused.value.hint

    def test_no_secret_is_logged(self, there: Ground, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG, logger="kommo_invoice")
        code = there.code()
        tokens = there.exchange(code)
        there.endpoint.refresh(there.secret(tokens))
        assert "/oauth/v2/token" in caplog.text
        for secret in (code, CLIENT_SECRET, tokens.access_token, tokens.refresh_token or ""):
            assert secret not in caplog.text
            assert secret not in mask(f"x {secret} y")


class TestASelfClient:
    CODE = "1000.8b2c.91af"

    @pytest.fixture
    def code(self, there: Ground) -> str:
        there.people.add_integration(CLIENT, CLIENT_SECRET)
        return there.oauth.self_client_code(CLIENT, SCOPES, 10)

    def test_has_its_code_pasted_as_it_is(self, there: Ground, code: str) -> None:
        returned = there.begin().read_pasted(f" {code}\n")
        assert (returned.code, returned.region, returned.by_hand) == (code, None, True)

    def test_exchanges_it_without_an_address(self, there: Ground, code: str) -> None:
        tokens = there.exchange(code, redirect=None)
        assert tokens.refresh_token is not None
        assert "redirect_uri" not in there.asked[0]

    def test_too_late_it_is_told(self, there: Ground, code: str) -> None:
        there.advance(timedelta(minutes=11))
        with pytest.raises(GrantEnded):
            there.exchange(code, redirect=None)


class TestScopes:
    @pytest.mark.parametrize(
        "granted",
        [
            ZOHO.oauth.scopes,
            ["ZohoBooks.fullaccess.all"],
            [f"ZohoBooks.{each}.ALL" for each in ("contacts", "invoices", "settings")]
            + ["ZohoBooks.customerpayments.ALL", "ZohoBooks.creditnotes.ALL"],
        ],
    )
    def test_may_be_wider_than_needed(self, granted: list[str]) -> None:
        assert missing_scopes(ZOHO.oauth.scopes, granted) == ()

    def test_of_one_kind_hold_no_others(self) -> None:
        granted = {*ZOHO.oauth.scopes, "ZohoBooks.invoices.ALL"} - {"ZohoBooks.settings.READ"}
        assert missing_scopes(ZOHO.oauth.scopes, granted) == ("ZohoBooks.settings.READ",)
        assert missing_scopes(("ZohoBooks.settings.READ",), ["ZohoCRM.fullaccess.all"])


def _never(base_url: str, provider: str, policy: Policy, judge: Judge) -> Client:
    raise AssertionError("nothing is to be asked")
