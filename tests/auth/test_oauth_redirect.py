"""What comes back from the browser, by itself or pasted."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from kommo_invoice.auth.logins import LOGINS
from kommo_invoice.auth.redirect import (
    ScopeRefused,
    StrangeRedirect,
    account_at,
    read_pasted,
    read_query,
)
from kommo_invoice.errors import ExitCode, LoginNeeded
from kommo_invoice.redact import mask

KOMMO, WAVE = LOGINS["kommo"], LOGINS["wave"]
STATE = "the-state-of-this-login"
CODE = "planted-code-0123456789"


def query(**given: str) -> str:
    return urlencode({"code": CODE, "state": STATE, **given})


class TestCodes:
    def test_a_code_comes_with_the_state_that_was_sent(self) -> None:
        assert read_query(query(), WAVE, STATE).code == CODE

    def test_from_now_on_it_is_masked(self) -> None:
        code = "planted-and-remembered-code"
        returned = read_query(query(code=code), WAVE, STATE)
        assert code not in mask(f"it is {code}")
        assert code not in repr(returned)

    @pytest.mark.parametrize("code", ["", "short", "has space in it", "<script>alert(1)</script>"])
    def test_something_else_is_none(self, code: str) -> None:
        with pytest.raises(LoginNeeded, match="without a code"):
            read_query(query(code=code), WAVE, STATE)

    def test_two_are_none(self) -> None:
        with pytest.raises(LoginNeeded, match="without a code"):
            read_query(f"{query()}&code=another-code", WAVE, STATE)


class TestStates:
    @pytest.mark.parametrize(
        "given", [query(state="another"), query(state=""), f"code={CODE}", f"{query()}&state=x", ""]
    )
    def test_another_or_no_state_is_another_login(self, given: str) -> None:
        with pytest.raises(StrangeRedirect) as strange:
            read_query(given, WAVE, STATE)
        assert strange.value.exit_code is ExitCode.LOGIN

    def test_an_error_needs_it_too(self) -> None:
        with pytest.raises(StrangeRedirect):
            read_query("error=access_denied", WAVE, STATE)


class TestRefusals:
    @pytest.mark.parametrize(
        ("code", "message", "hint"),
        [
            ("access_denied", "refused in the browser", "`kinv connect wave`"),
            ("server_error", "just now", "`kinv connect wave`"),
            ("temporarily_unavailable", "just now", "`kinv connect wave`"),
            ("unauthorized_client", "the application", "KINV_WAVE_CLIENT_ID"),
            ("invalid_request", "the application", "redirect address"),
            ("invalid_scope", "what kinv needs", "invoice:send"),
        ],
    )
    def test_each_says_what_to_do(self, code: str, message: str, hint: str) -> None:
        with pytest.raises(LoginNeeded, match=message) as refused:
            read_query(f"error={code}&state={STATE}", WAVE, STATE)
        assert hint in refused.value.hint
        assert refused.value.exit_code is ExitCode.LOGIN

    def test_a_scope_that_is_not_known_can_be_told_from_the_others(self) -> None:
        with pytest.raises(ScopeRefused):
            read_query(f"error=invalid_scope&state={STATE}", WAVE, STATE)

    def test_what_is_no_code_of_the_standard_is_not_repeated(self) -> None:
        given = f"error=go-to-evil.example&error_description=call-us&state={STATE}"
        with pytest.raises(LoginNeeded) as refused:
            read_query(given, WAVE, STATE)
        assert "evil" not in refused.value.message + refused.value.hint
        assert "call-us" not in refused.value.message + refused.value.hint


class TestTheAccount:
    @pytest.mark.parametrize(
        "host",
        ["acme.kommo.com", "https://acme.kommo.com", "https://acme.kommo.com/", "ACME.Kommo.com"],
    )
    def test_kommo_names_it(self, host: str) -> None:
        assert read_query(query(referer=host), KOMMO, STATE).account == "acme"

    @pytest.mark.parametrize(
        "host",
        [
            "",
            "acme.kommo.com.evil.example",
            "evil.example/.kommo.com",
            "evil.example#.kommo.com",
            "a.b.kommo.com",
            "kommo.com",
            "www.kommo.com",
            "-a.kommo.com",
            "acme-kommo.com",
            "acme.kommo.com:8443",
            "x@acme.kommo.com",
        ],
    )
    def test_another_host_is_none(self, host: str) -> None:
        with pytest.raises(LoginNeeded, match="which account"):
            read_query(query(referer=host), KOMMO, STATE)

    def test_wave_does_not(self) -> None:
        assert read_query(query(referer="acme.kommo.com"), WAVE, STATE).account is None

    def test_a_host_of_the_provider_is_an_account(self) -> None:
        assert account_at("acme.kommo.com", KOMMO) == "acme"
        assert account_at("acmeXkommoXcom", KOMMO) is None


class TestPasting:
    @pytest.mark.parametrize(
        "text",
        [
            f"http://localhost:8765/callback?{query()}",
            f"  https://kinv.example/back?x=1&{query()}#top \n",
            f"?{query()}",
            query(),
        ],
    )
    def test_the_address_or_what_follows_its_question_mark(self, text: str) -> None:
        assert read_pasted(text, WAVE, STATE).code == CODE

    def test_the_state_is_checked_as_well(self) -> None:
        with pytest.raises(StrangeRedirect):
            read_pasted(f"http://localhost/?{query(state='old')}", WAVE, STATE)

    def test_a_refusal_can_be_pasted_too(self) -> None:
        with pytest.raises(LoginNeeded, match="refused in the browser"):
            read_pasted(f"http://localhost/?error=access_denied&state={STATE}", WAVE, STATE)

    def test_kommo_shows_bare_codes_to_copy(self) -> None:
        returned = read_pasted(f" {CODE}\n", KOMMO, STATE)
        assert (returned.code, returned.account) == (CODE, None)

    def test_wave_does_not(self) -> None:
        with pytest.raises(LoginNeeded, match="not the address"):
            read_pasted(CODE, WAVE, STATE)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "hello there",
            "https://api.waveapps.com/oauth2/authorize/?client_id=1&state=2",
            "http://localhost:8765/callback",
        ],
    )
    @pytest.mark.parametrize("login", [KOMMO, WAVE], ids=lambda login: login.provider)
    def test_anything_else_is_told_what_to_copy(self, login: object, text: str) -> None:
        with pytest.raises(LoginNeeded, match="not the address") as refused:
            read_pasted(text, login, STATE)  # type: ignore[arg-type]
        assert "code=" in refused.value.hint
