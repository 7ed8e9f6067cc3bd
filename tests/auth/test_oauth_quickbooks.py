"""QuickBooks' logins over HTTP: Basic, the realm in the redirect, daily values, the final end."""

from __future__ import annotations

import base64
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from oauth_ground import CLIENT, CLIENT_SECRET, get

from kommo_invoice.auth.connection import Connection, Kind, Secret, StoreKind
from kommo_invoice.auth.connections import Connections
from kommo_invoice.auth.endpoint import TokenEndpoint
from kommo_invoice.auth.errors import GrantEnded
from kommo_invoice.auth.expiry import warning
from kommo_invoice.auth.logins import LOGINS, SANDBOX
from kommo_invoice.auth.oauth import Authorization
from kommo_invoice.auth.redirect import read_query
from kommo_invoice.auth.stored import StoredToken
from kommo_invoice.auth.stores.plain_store import PlainStore
from kommo_invoice.errors import ConfigInvalid, LoginNeeded
from kommo_invoice.http.client import Client
from kommo_invoice.redact import mask
from kommo_invoice.sandbox.faults import Fault, FaultKind
from kommo_invoice.sandbox.quickbooks import QuickBooksSimulator
from kommo_invoice.sandbox.server import Sandbox
from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kommo_invoice.auth.connection import TokenAnswer

QUICKBOOKS = LOGINS["quickbooks"]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
REDIRECT = "http://localhost:8765/callback"
TOKEN = "POST /oauth2/v1/tokens/bearer"
DAY = timedelta(days=1)
YEARS = timedelta(days=5 * 365)


class Ground:
    """A company, an application with Development keys, and a grant kept by kinv."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.world = World(lambda: NOW)
        self.world.unlimited = True
        self.people = QuickBooksSimulator(self.world)
        self.realm = self.people.seed()
        self.people.add_integration(CLIENT, CLIENT_SECRET, REDIRECT)
        self.sandbox = Sandbox(self.world, [self.people])
        self.store = PlainStore(folder)
        self.connections = Connections(folder, lock_wait_s=5)

    @property
    def url(self) -> str:
        return self.sandbox.urls["quickbooks"]

    def begin(self) -> Authorization:
        return Authorization.begin(QUICKBOOKS, CLIENT, REDIRECT, base_url=self.url)

    def redirected(self, authorization: Authorization) -> str:
        got = get(authorization.url)
        assert got.status == 302, got
        return got.headers["location"]

    def client(self, *given: Any) -> Client:
        clock = self.world.now
        return Client(*given, auth=None, state_dir=self.folder, clock=clock, debug_http=True)

    @property
    def endpoint(self) -> TokenEndpoint:
        return TokenEndpoint(
            QUICKBOOKS,
            open_client=self.client,
            base_url=self.url,
            auth_base_url=None,
            account=self.realm,
            clock=self.world.now,
        )

    def code(self) -> str:
        authorization = self.begin()
        return authorization.read_pasted(self.redirected(authorization)).code

    def exchange(self, code: str | None = None, secret: str = CLIENT_SECRET) -> TokenAnswer:
        return self.endpoint.exchange(code or self.code(), CLIENT, secret, REDIRECT)

    def secret(self, tokens: TokenAnswer) -> Secret:
        return Secret(
            host=self.url,
            token_host=self.url,
            access_token=tokens.access_token,
            expires_at=tokens.expires_at,
            refresh_token=tokens.refresh_token,
            refresh_expires_at=tokens.refresh_expires_at,
            final_at=tokens.final_at,
            client_id=CLIENT,
            client_secret=CLIENT_SECRET,
            redirect_uri=REDIRECT,
        )

    def connect(self) -> Connection:
        """Have a person agree, and keep the grant."""
        secret = self.secret(self.exchange())
        connection = Connection(
            provider="quickbooks",
            account=self.realm,
            name="Harbor & Pine",
            kind=Kind.OAUTH,
            store=StoreKind.PLAIN,
            host=self.url,
            base_url=self.url,
            connected_at=self.world.now(),
            expires_at=secret.refresh_expires_at,
            final_at=secret.final_at,
        )
        self.connections.save(connection)
        self.store.put(connection.key, secret.model_dump_json())
        return connection

    def kept(self, connection: Connection) -> Secret:
        return Secret.model_validate_json(self.store.get(connection.key) or "")

    def facts(self, connection: Connection) -> Connection:
        found = self.connections.find(connection.key)
        assert found is not None
        return found

    def token(self, connection: Connection) -> StoredToken:
        """Return the token as a new process has it."""
        return StoredToken(
            connection,
            open_store=lambda _: self.store,
            connections=self.connections,
            clock=self.world.now,
            host=self.url,
            refresh=self.endpoint.refresh,
        )

    def advance(self, time: timedelta) -> None:
        self.world.advance(time.total_seconds())

    def answers(self, status: int, body: object) -> None:
        """Have the token endpoint answer this, and do nothing."""
        fault = Fault("quickbooks", TOKEN, FaultKind.STATUS, status=status, body=body)
        self.world.faults.add(fault)

    @property
    def asked(self) -> list[dict[str, list[str]]]:
        """The forms that the token endpoint was asked with."""
        bodies: list[Any] = [each.body for each in self.world.requests if each.operation == TOKEN]
        return [parse_qs(body) for body in bodies]


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Ground]:
    built = Ground(tmp_path)
    with built.sandbox:
        yield built


class TestTheBrowser:
    def test_asks_for_the_books_alone(self, there: Ground) -> None:
        asked = parse_qs(urlsplit(there.begin().url).query)
        assert asked["scope"] == ["com.intuit.quickbooks.accounting"]
        assert asked["redirect_uri"] == [REDIRECT]
        assert "code_challenge" not in asked

    def test_goes_to_intuits_own_hosts(self) -> None:
        url = Authorization.begin(QUICKBOOKS, CLIENT, REDIRECT).url
        assert url.startswith("https://appcenter.intuit.com/connect/oauth2?")

    def test_names_the_company(self, there: Ground) -> None:
        authorization = there.begin()
        returned = authorization.read(urlsplit(there.redirected(authorization)).query)
        assert returned.account == there.realm

    def test_so_does_what_a_person_pastes(self, there: Ground) -> None:
        authorization = there.begin()
        assert authorization.read_pasted(there.redirected(authorization)).account == there.realm

    @pytest.mark.parametrize("realm", ["", "../9341", "93 41", "9341/x", "a" * 65, "٣"])
    def test_what_is_no_company_is_none(self, realm: str) -> None:
        with pytest.raises(LoginNeeded, match="which account agreed"):
            read_query(f"code=planted-code-0123&state=s&realmId={realm}", QUICKBOOKS, "s")

    def test_a_code_alone_says_too_little(self, there: Ground) -> None:
        with pytest.raises(LoginNeeded, match="not the address"):
            there.begin().read_pasted("planted-code-0123456789")

    def test_a_person_may_refuse(self, there: Ground) -> None:
        there.people.oauth.denies = True
        authorization = there.begin()
        with pytest.raises(LoginNeeded, match="refused in the browser"):
            authorization.read_pasted(there.redirected(authorization))


class TestTheTokenEndpoint:
    def test_is_told_the_application_by_basic_and_not_in_the_form(self, there: Ground) -> None:
        code = there.code()
        assert there.exchange(code).access_token in there.world.tokens["quickbooks"]
        assert there.asked == [
            {"grant_type": ["authorization_code"], "code": [code], "redirect_uri": [REDIRECT]}
        ]

    def test_a_refresh_needs_no_address(self, there: Ground) -> None:
        tokens = there.exchange()
        there.endpoint.refresh(there.secret(tokens))
        assert there.asked[-1].keys() == {"grant_type", "refresh_token"}

    def test_says_how_long_all_lives(self, there: Ground) -> None:
        tokens = there.exchange()
        assert tokens.expires_at == NOW + timedelta(hours=1)
        assert tokens.refresh_expires_at == NOW + timedelta(days=101)
        assert tokens.final_at == NOW + YEARS
        assert tokens.scopes is None

    @pytest.mark.parametrize(
        ("told", "left", "final"),
        [
            ({}, 100, None),
            ({"x_refresh_token_expires_in": "soon"}, 100, None),
            ({"x_refresh_token_expires_in": 31 * 86400}, 31, None),
            # What a refresh does not lengthen any more has its end in sight.
            ({"x_refresh_token_expires_in": 30 * 86400}, 30, 30),
            (
                {
                    "x_refresh_token_expires_in": 20 * 86400,
                    "x_refresh_token_hard_expires_in": 400 * 86400,
                },
                20,
                400,
            ),
        ],
    )
    def test_or_does_not(
        self, there: Ground, told: dict[str, object], left: int, final: int | None
    ) -> None:
        body = {"access_token": "planted-access-01", "refresh_token": "planted-refresh-01", **told}
        there.answers(200, body)
        tokens = there.exchange("planted-code-01234")
        assert tokens.refresh_expires_at == NOW + left * DAY
        assert tokens.final_at == (None if final is None else NOW + final * DAY)

    def test_another_application_is_told_by_its_variables(self, there: Ground) -> None:
        with pytest.raises(LoginNeeded, match="invalid_client") as refused:
            there.exchange(secret="another-secret")
        assert "KINV_QUICKBOOKS_CLIENT_ID" in refused.value.hint
        assert not isinstance(refused.value, GrantEnded)

    def test_a_code_is_good_once(self, there: Ground) -> None:
        code = there.code()
        there.exchange(code)
        with pytest.raises(GrantEnded):
            there.exchange(code)

    def test_no_secret_is_logged(self, there: Ground, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG, logger="kommo_invoice")
        code = there.code()
        tokens = there.exchange(code)
        there.endpoint.refresh(there.secret(tokens))
        basic = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
        assert "/oauth2/v1/tokens/bearer" in caplog.text
        for secret in (code, CLIENT_SECRET, basic, tokens.access_token, tokens.refresh_token or ""):
            assert secret not in caplog.text
            assert secret not in mask(f"x {secret} y")


class TestAGrant:
    def test_keeps_the_refresh_token_that_stays_the_same_within_a_day(self, there: Ground) -> None:
        connection = there.connect()
        first = there.kept(connection)
        there.advance(timedelta(hours=2))
        token = there.token(connection).token()
        second = there.kept(connection)
        assert second.refresh_token == first.refresh_token
        assert second.access_token == token != first.access_token
        assert second.generation == first.generation + 1
        assert there.facts(connection).expires_at == there.world.now() + timedelta(days=101)

    def test_takes_the_new_one_that_comes_then(self, there: Ground) -> None:
        connection = there.connect()
        first = there.kept(connection)
        for _ in range(3):
            there.advance(DAY)
            assert there.token(connection).token() in there.world.tokens["quickbooks"]
        assert there.kept(connection).refresh_token != first.refresh_token
        with pytest.raises(GrantEnded):
            there.endpoint.refresh(first)

    def test_that_was_not_used_for_too_long_has_ended_and_is_not_tried_again(
        self, there: Ground
    ) -> None:
        connection = there.connect()
        there.advance(102 * DAY)
        for _ in range(2):
            with pytest.raises(LoginNeeded, match="has ended") as ended:
                there.token(connection).token()
            assert "`kinv connect quickbooks`" in ended.value.hint
        assert len(there.asked) == 2  # the code, and one refresh
        assert there.facts(connection).refused_at is not None

    def test_ends_after_five_years_and_says_so_a_month_before(self, there: Ground) -> None:
        connection = there.connect()
        for _ in range(18):
            there.advance(100 * DAY)
            there.token(connection).token()
        facts = there.facts(connection)
        assert facts.final_at == facts.ends_at == NOW + YEARS
        told = warning(facts, there.world.now())
        assert told == (
            f"the login of quickbooks:{there.realm} ends on 2031-11-20 (in 25 days), however often "
            "it is used: run `kinv connect quickbooks` before"
        )
        assert warning(facts, NOW + YEARS - 31 * DAY) is None
        assert "ended on 2031-11-20" in (warning(facts, NOW + YEARS) or "")
        there.advance(25 * DAY)
        with pytest.raises(LoginNeeded, match="has ended"):
            there.token(connection).token()

    def test_a_final_end_that_is_not_told_again_stays_known(self, there: Ground) -> None:
        connection = there.connect()
        there.advance(DAY)
        there.answers(200, {"access_token": "planted-access-02", "refresh_token": "planted-rt-02"})
        there.token(connection).token()
        assert there.kept(connection).final_at == NOW + YEARS
        assert there.facts(connection).final_at == NOW + YEARS


class TestAddresses:
    def test_sandbox_companies_have_a_host_of_their_own(self) -> None:
        assert QUICKBOOKS.address("1", None) == QUICKBOOKS.address("1", "production")
        assert QUICKBOOKS.address("1", SANDBOX) == "https://sandbox-quickbooks.api.intuit.com"

    def test_others_have_none(self) -> None:
        with pytest.raises(ConfigInvalid, match="Wave has no sandbox"):
            LOGINS["wave"].address(None, SANDBOX)
        with pytest.raises(ConfigInvalid, match="no environment 'test'"):
            QUICKBOOKS.address("1", "test")
