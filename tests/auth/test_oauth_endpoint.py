"""The token endpoint, asked over HTTP: tokens for codes, tokens for refresh tokens, refusals."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from oauth_ground import CLIENT, CLIENT_SECRET, NOW, ground

from kommo_invoice.auth.connection import Secret
from kommo_invoice.auth.errors import GrantEnded
from kommo_invoice.auth.logins import LOGINS
from kommo_invoice.errors import (
    ExitCode,
    KinvError,
    LoginNeeded,
    LostAnswer,
    NotExecuted,
    Refused,
    UsageError,
)
from kommo_invoice.redact import mask
from kommo_invoice.sandbox.faults import FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from oauth_ground import Ground

BOTH = pytest.mark.parametrize("provider", ["kommo", "wave"])
GOOD = {"access_token": "planted-access-0123", "refresh_token": "planted-refresh-0123"}


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path) as built:
        yield built


class TestCodes:
    @BOTH
    def test_a_code_is_exchanged_for_tokens(self, there: Ground, provider: str) -> None:
        tokens = there.exchange(provider)
        assert tokens.access_token in there.world.tokens[provider]
        assert tokens.refresh_token

    def test_kommo_is_asked_in_json(self, there: Ground) -> None:
        code = there.code("kommo")
        there.exchange("kommo", code)
        assert there.asked("kommo") == [
            {
                "grant_type": "authorization_code",
                "client_id": CLIENT,
                "client_secret": CLIENT_SECRET,
                "code": code,
                "redirect_uri": there.redirect,
            }
        ]

    def test_wave_is_asked_by_a_form(self, there: Ground) -> None:
        code = there.code("wave")
        there.exchange("wave", code)
        [form] = there.asked("wave")
        assert parse_qs(form) == {
            "grant_type": ["authorization_code"],
            "client_id": [CLIENT],
            "client_secret": [CLIENT_SECRET],
            "code": [code],
            "redirect_uri": [there.redirect],
        }

    def test_the_proof_of_pkce_goes_along(self, there: Ground) -> None:
        endpoint = there.endpoint("wave")
        endpoint.exchange(there.code("wave"), CLIENT, CLIENT_SECRET, there.redirect, "the-verifier")
        assert parse_qs(there.asked("wave")[0])["code_verifier"] == ["the-verifier"]

    @BOTH
    def test_a_code_is_good_once(self, there: Ground, provider: str) -> None:
        code = there.code(provider)
        there.exchange(provider, code)
        with pytest.raises(GrantEnded) as ended:
            there.exchange(provider, code)
        assert ended.value.exit_code is ExitCode.LOGIN
        assert f"`kinv connect {provider}`" in ended.value.hint

    @BOTH
    def test_a_code_that_waited_too_long_is_not(self, there: Ground, provider: str) -> None:
        code = there.code(provider)
        there.world.advance(1300)
        with pytest.raises(GrantEnded):
            there.exchange(provider, code)

    def test_no_bearer_token_is_sent(self, there: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
        sent: list[str] = []
        simulator = there.wave.app

        async def watching(scope, receive, send):  # type: ignore[no-untyped-def]
            sent.extend(name.decode().lower() for name, _ in scope["headers"])
            await simulator(scope, receive, send)

        monkeypatch.setattr(there.wave, "app", watching)
        there.exchange("wave")
        assert "content-type" in sent
        assert "authorization" not in sent


class TestLives:
    def test_they_are_as_the_answer_says(self, there: Ground) -> None:
        tokens = there.exchange("wave")
        assert tokens.expires_at == NOW + timedelta(hours=2)
        assert tokens.refresh_expires_at is None

    def test_an_unused_refresh_token_ends_where_that_is_known(self, there: Ground) -> None:
        assert there.exchange("kommo").refresh_expires_at == NOW + timedelta(days=90)

    @pytest.mark.parametrize("told", [None, "soon", "", 0, -5, True, 1.5, [], "9" * 5000, 10**12])
    def test_what_is_no_life_is_the_usual_one(self, there: Ground, told: object) -> None:
        body = GOOD | ({} if told is None else {"expires_in": told})
        there.answers("wave", 200, body)
        tokens = there.exchange("wave", "planted-code-01234")
        assert tokens.expires_at == NOW + LOGINS["wave"].oauth.access_life

    def test_a_life_may_be_a_text(self, there: Ground) -> None:
        there.answers("wave", 200, {**GOOD, "expires_in": "600"})
        tokens = there.exchange("wave", "planted-code-01234")
        assert tokens.expires_at == NOW + timedelta(minutes=10)

    @pytest.mark.parametrize(
        ("told", "scopes"),
        [
            ({}, None),
            ({"scope": ""}, None),
            ({"scope": ["invoice:read"]}, None),
            ({"scope": "invoice:read  user:read"}, ("invoice:read", "user:read")),
        ],
    )
    def test_scopes_are_told_or_not(
        self, there: Ground, told: dict[str, object], scopes: tuple[str, ...] | None
    ) -> None:
        there.answers("wave", 200, GOOD | told)
        assert there.exchange("wave", "planted-code-01234").scopes == scopes


class TestRefreshing:
    @BOTH
    def test_a_refresh_token_gives_new_tokens_and_dies(self, there: Ground, provider: str) -> None:
        first = there.exchange(provider)
        endpoint = there.endpoint(provider)
        second = endpoint.refresh(there.secret(provider, first))
        assert second.access_token in there.world.tokens[provider]
        assert second.refresh_token not in {None, first.refresh_token}
        with pytest.raises(GrantEnded):
            endpoint.refresh(there.secret(provider, first))
        assert endpoint.refresh(there.secret(provider, second)).access_token

    @BOTH
    def test_the_redirect_address_is_repeated(self, there: Ground, provider: str) -> None:
        there.endpoint(provider).refresh(there.secret(provider, there.exchange(provider)))
        asked = there.asked(provider)[-1]
        told = asked["redirect_uri"] if provider == "kommo" else parse_qs(asked)["redirect_uri"][0]
        assert told == there.redirect

    def test_where_no_new_one_comes_the_old_one_goes_on(self, there: Ground) -> None:
        there.wave.oauth.rotates = False
        first = there.exchange("wave")
        endpoint = there.endpoint("wave")
        for _ in range(2):
            assert endpoint.refresh(there.secret("wave", first)).refresh_token is None

    @BOTH
    def test_a_family_that_ended_is_told(self, there: Ground, provider: str) -> None:
        simulator = {"kommo": there.kommo, "wave": there.wave}[provider]
        simulator.oauth.revokes_families = True  # type: ignore[attr-defined]
        endpoint, first = there.endpoint(provider), there.exchange(provider)
        second = endpoint.refresh(there.secret(provider, first))
        for used in (first, second):
            with pytest.raises(GrantEnded):
                endpoint.refresh(there.secret(provider, used))
        assert second.access_token not in there.world.tokens[provider]

    @BOTH
    def test_a_grant_is_not_renewed_elsewhere(self, there: Ground, provider: str) -> None:
        tokens = there.exchange(provider)
        secret = there.secret(provider, tokens, token_host="https://elsewhere.example")
        before = len(there.world.requests)
        with pytest.raises(LoginNeeded, match="is not renewed at"):
            there.endpoint(provider).refresh(secret)
        assert len(there.world.requests) == before

    @pytest.mark.parametrize("missing", ["refresh_token", "client_id", "client_secret"])
    def test_nothing_is_asked_without_a_whole_grant(self, there: Ground, missing: str) -> None:
        secret = there.secret("wave", there.exchange("wave"), **{missing: None})
        before = len(there.world.requests)
        with pytest.raises(LoginNeeded, match="cannot be refreshed"):
            there.endpoint("wave").refresh(secret)
        assert len(there.world.requests) == before


class TestRefusals:
    def test_another_application_is_told_by_its_variables(self, there: Ground) -> None:
        endpoint = there.endpoint("wave")
        with pytest.raises(LoginNeeded, match="invalid_client") as refused:
            endpoint.exchange(there.code("wave"), CLIENT, "another-secret", there.redirect)
        assert "KINV_WAVE_CLIENT_ID and KINV_WAVE_CLIENT_SECRET" in refused.value.hint
        assert not isinstance(refused.value, GrantEnded)

    def test_kommo_does_not_tell_it_from_a_dead_code(self, there: Ground) -> None:
        endpoint = there.endpoint("kommo")
        with pytest.raises(GrantEnded) as refused:
            endpoint.exchange(there.code("kommo"), CLIENT, "another-secret", there.redirect)
        assert "KINV_KOMMO_CLIENT_SECRET" in refused.value.hint

    @pytest.mark.parametrize(
        ("status", "body", "kind"),
        [
            (400, {"error": "invalid_grant"}, GrantEnded),
            (200, {"error": "invalid_grant"}, GrantEnded),
            (401, {"error": "invalid_grant"}, GrantEnded),
            (400, {"error": "unauthorized_client"}, LoginNeeded),
            (401, {}, LoginNeeded),
            (400, {"error": "invalid_request"}, LoginNeeded),
            (400, {"error": {"code": "invalid_grant"}}, LoginNeeded),
            (404, "<html>Not Found</html>", LoginNeeded),
            (404, {"title": "Not Found", "status": 404}, LoginNeeded),
            (402, {}, Refused),
            (403, "<html>Forbidden</html>", Refused),
            (302, "", Refused),
        ],
    )
    @BOTH
    def test_each_kind(
        self, there: Ground, provider: str, status: int, body: object, kind: type[KinvError]
    ) -> None:
        there.answers(provider, status, body)
        with pytest.raises(kind) as refused:
            there.exchange(provider, "planted-code-01234")
        assert type(refused.value) is kind
        assert len(there.asked(provider)) == 1

    @pytest.mark.parametrize(("status", "title"), [(400, "Bad Request"), (401, "Unauthorized")])
    def test_kommos_problems_end_the_grant(self, there: Ground, status: int, title: str) -> None:
        there.answers("kommo", status, {"title": title, "status": status, "hint": "revoked"})
        with pytest.raises(GrantEnded):
            there.exchange("kommo", "planted-code-01234")

    @BOTH
    @pytest.mark.parametrize("status", [400, 401, 404, 500])
    def test_a_body_is_never_quoted(
        self, there: Ground, provider: str, status: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, logger="kommo_invoice")
        echo = f"client_secret={CLIENT_SECRET} code=planted-code-01234 is wrong"
        there.answers(provider, status, {"error": echo, "error_description": echo, "title": echo})
        with pytest.raises(KinvError) as refused:
            there.exchange(provider, "planted-code-01234")
        said = f"{refused.value.message} {refused.value.hint} {caplog.text}"
        assert "is wrong" not in f"{refused.value.message} {refused.value.hint}"
        assert CLIENT_SECRET not in said
        assert "planted-code-01234" not in said


class TestLostAnswers:
    @BOTH
    @pytest.mark.parametrize("kind", [FaultKind.LOSE, FaultKind.TRUNCATE, FaultKind.GARBLE])
    def test_nothing_that_is_good_once_is_sent_twice(
        self, there: Ground, provider: str, kind: FaultKind
    ) -> None:
        secret = there.secret(provider, there.exchange(provider))
        there.fault(provider, kind)
        with pytest.raises(LostAnswer):
            there.endpoint(provider).refresh(secret)
        assert len(there.asked(provider)) == 2

    @pytest.mark.parametrize("status", [500, 502, 504, 408])
    def test_nor_after_an_error_of_the_server(self, there: Ground, status: int) -> None:
        there.answers("wave", status, {"error": "invalid_grant"})
        with pytest.raises(LostAnswer):
            there.exchange("wave", "planted-code-01234")
        assert len(there.asked("wave")) == 1

    @pytest.mark.parametrize("body", [{}, [], {"access_token": ""}, {"access_token": 5}, None])
    def test_an_answer_without_a_token_is_none(self, there: Ground, body: object) -> None:
        there.answers("wave", 200, body)
        with pytest.raises(LostAnswer):
            there.exchange("wave", "planted-code-01234")

    def test_a_login_is_begun_anew_after_it(self, there: Ground) -> None:
        there.answers("wave", 503, "")
        with pytest.raises(LostAnswer) as lost:
            there.exchange("wave", "planted-code-01234")
        assert lost.value.hint == "run `kinv connect wave` again"

    def test_what_did_not_leave_is_told_so(self, there: Ground) -> None:
        secret = there.secret("wave", there.exchange("wave"))
        endpoint = there.endpoint("wave")
        there.sandbox.stop()
        with pytest.raises(NotExecuted):
            endpoint.refresh(secret)


class TestWhichAddress:
    def test_the_accounts_own(self, there: Ground) -> None:
        endpoint = there.endpoint("kommo", base_url=None)
        assert endpoint._root + endpoint._path == "https://agency.kommo.com/oauth2/access_token"

    def test_the_one_for_logging_in_goes_first(self, there: Ground) -> None:
        url = there.sandbox.urls["wave"]
        endpoint = there.endpoint("wave", base_url="https://api.example", auth_base_url=url)
        tokens = endpoint.exchange(there.code("wave"), CLIENT, CLIENT_SECRET, there.redirect)
        assert tokens.access_token in there.world.tokens["wave"]

    @pytest.mark.parametrize(
        "account", [None, "", "evil.example/", "a.b", "x@evil.example#", "www"]
    )
    def test_an_account_that_is_none_leads_nowhere(
        self, there: Ground, account: str | None
    ) -> None:
        with pytest.raises(UsageError, match="which Kommo account") as refused:
            there.endpoint("kommo", base_url=None, account=account)
        assert "--account" in refused.value.hint


class TestSecrets:
    @BOTH
    def test_none_shows_at_debug_level_and_all_are_masked_afterwards(
        self, there: Ground, provider: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, logger="kommo_invoice")
        code = there.code(provider)
        tokens = there.exchange(provider, code)
        again = there.endpoint(provider).refresh(there.secret(provider, tokens))
        secrets = [
            code,
            CLIENT_SECRET,
            *(tokens.access_token, tokens.refresh_token or "-"),
            *(again.access_token, again.refresh_token or "-"),
        ]
        assert "/oauth2/" in caplog.text  # the requests are logged, their bodies are not
        assert "grant_type" not in caplog.text
        for secret in secrets:
            assert secret not in caplog.text
            assert secret not in mask(f"x {secret} y")
            assert secret not in f"{tokens!r} {again!r}"

    def test_a_grant_is_masked_before_it_is_sent(self, there: Ground) -> None:
        secret = Secret(
            host="",
            token_host=there.endpoint("wave").host,
            access_token="a",
            refresh_token="planted-refresh-only-here",
            client_id="id",
            client_secret="planted-secret-only-here",
        )
        with pytest.raises(LoginNeeded):
            there.endpoint("wave").refresh(secret)
        assert mask("planted-refresh-only-here planted-secret-only-here") == "*** ***"
