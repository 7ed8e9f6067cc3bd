"""Where the browser is sent, and what it is sent with."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from kommo_invoice.auth.logins import LOGINS
from kommo_invoice.auth.oauth import Authorization, agree, missing_scopes
from kommo_invoice.auth.redirect import Returned, ScopeRefused
from kommo_invoice.errors import ConfigInvalid, LoginNeeded, UsageError

KOMMO, WAVE = LOGINS["kommo"], LOGINS["wave"]


def query(authorization: Authorization) -> dict[str, str]:
    return {name: value for name, [value] in parse_qs(urlsplit(authorization.url).query).items()}


def address(authorization: Authorization) -> str:
    return authorization.url.partition("?")[0]


class TestWhereItLeads:
    def test_to_the_provider(self) -> None:
        assert address(Authorization.begin(KOMMO, "id")) == "https://www.kommo.com/oauth"

    def test_a_slash_at_the_end_stays(self) -> None:
        begun = Authorization.begin(WAVE, "id")
        assert address(begun) == "https://api.waveapps.com/oauth2/authorize/"

    @pytest.mark.parametrize(
        ("given", "leads_to"),
        [
            ({"base_url": "http://127.0.0.1:8701"}, "http://127.0.0.1:8701/oauth2/authorize/"),
            ({"base_url": "https://p.example/w/"}, "https://p.example/w/oauth2/authorize/"),
            (
                {"base_url": "https://api.example", "auth_base_url": "https://login.example"},
                "https://login.example/oauth2/authorize/",
            ),
        ],
    )
    def test_scheme_and_host_may_be_others_and_paths_stay(
        self, given: dict[str, Any], leads_to: str
    ) -> None:
        assert address(Authorization.begin(WAVE, "id", **given)) == leads_to

    def test_never_unencrypted_over_a_network(self) -> None:
        with pytest.raises(ConfigInvalid, match="unencrypted"):
            Authorization.begin(WAVE, "id", auth_base_url="http://login.example")


class TestWhatIsAsked:
    def test_of_wave_by_the_standard(self) -> None:
        begun = Authorization.begin(WAVE, "id")
        asked = query(begun)
        assert asked.pop("scope").split() == [*WAVE.oauth.scopes, "offline_access"]
        assert asked == {
            "client_id": "id",
            "response_type": "code",
            "redirect_uri": "http://localhost:8765/callback",
            "state": begun.state,
            "approval_prompt": "force",
        }

    def test_of_kommo_only_what_is_not_fixed_at_registration(self) -> None:
        begun = Authorization.begin(KOMMO, "id")
        assert query(begun) == {"client_id": "id", "state": begun.state, "mode": "popup"}

    def test_without_the_wished_scopes(self) -> None:
        asked = query(Authorization.begin(WAVE, "id", wished=False))
        assert asked["scope"].split() == list(WAVE.oauth.scopes)

    def test_each_login_has_a_state_of_its_own(self) -> None:
        states = {Authorization.begin(WAVE, "id").state for _ in range(10)}
        assert len(states) == 10
        assert min(map(len, states)) >= 43  # 256 bits

    def test_pkce_where_the_provider_knows_it(self) -> None:
        knowing = replace(WAVE, oauth=replace(WAVE.oauth, pkce=True))
        begun = Authorization.begin(knowing, "id")
        assert begun.verifier is not None
        digest = hashlib.sha256(begun.verifier.encode()).digest()
        asked = query(begun)
        assert asked["code_challenge_method"] == "S256"
        assert asked["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
        assert begun.verifier not in begun.url

    def test_and_none_where_it_does_not(self) -> None:
        assert Authorization.begin(WAVE, "id").verifier is None

    def test_nothing_of_it_shows_when_it_is_printed(self) -> None:
        begun = Authorization.begin(WAVE, "id")
        assert begun.state not in repr(begun)


class TestTheRedirectAddress:
    @pytest.mark.parametrize(
        "text",
        ["localhost:8765", "ftp://localhost/", "https://", "http://localhost:x/", "https://a/#b"],
    )
    def test_has_to_be_one(self, text: str) -> None:
        with pytest.raises(UsageError, match="no web address") as refused:
            Authorization.begin(WAVE, "id", text)
        assert "--redirect-uri" in refused.value.hint

    def test_never_brings_a_code_unencrypted_over_a_network(self) -> None:
        with pytest.raises(UsageError, match=r"unencrypted to kinv\.example"):
            Authorization.begin(WAVE, "id", "http://kinv.example/callback")

    @pytest.mark.parametrize(
        ("text", "receivable"),
        [
            ("http://localhost:8765/callback", True),
            ("http://127.0.0.1:8765/", True),
            ("http://[::1]:8765/callback", True),
            ("https://localhost:8765/callback", False),
            ("https://kinv.example/callback", False),
        ],
    )
    def test_says_whether_kinv_can_wait_there(self, text: str, *, receivable: bool) -> None:
        assert Authorization.begin(WAVE, "id", text).redirect.receivable is receivable


class TestAgreeing:
    """A scope that kinv only wished for may be unknown to the provider."""

    def begin(self, wished: bool) -> Authorization:
        return Authorization.begin(WAVE, "id", wished=wished)

    def test_once_more_without_what_was_only_wished_for(self) -> None:
        begun: list[Authorization] = []

        def come_back(authorization: Authorization) -> Returned:
            begun.append(authorization)
            if "offline_access" in authorization.url:
                raise ScopeRefused("invalid_scope")
            return Returned("code", None)

        authorization, returned = agree(self.begin, come_back)
        assert (authorization, returned.code) == (begun[1], "code")
        assert begun[0].state != begun[1].state

    def test_no_third_time(self) -> None:
        begun: list[Authorization] = []

        def come_back(authorization: Authorization) -> Returned:
            begun.append(authorization)
            raise ScopeRefused("invalid_scope")

        with pytest.raises(ScopeRefused):
            agree(self.begin, come_back)
        assert len(begun) == 2

    def test_not_where_nothing_was_only_wished_for(self) -> None:
        begun: list[Authorization] = []

        def come_back(authorization: Authorization) -> Returned:
            begun.append(authorization)
            raise ScopeRefused("invalid_scope")

        with pytest.raises(ScopeRefused):
            agree(lambda _: Authorization.begin(KOMMO, "id"), come_back)
        assert len(begun) == 1

    def test_a_refusal_is_a_refusal(self) -> None:
        begun: list[Authorization] = []

        def come_back(authorization: Authorization) -> Returned:
            begun.append(authorization)
            raise LoginNeeded("access_denied")

        with pytest.raises(LoginNeeded):
            agree(self.begin, come_back)
        assert len(begun) == 1


@pytest.mark.parametrize(
    ("needed", "granted", "missing"),
    [
        (["invoice:read", "invoice:send"], ["invoice:read", "invoice:send"], ()),
        (["invoice:read", "invoice:send"], ["invoice:*"], ()),
        (["invoice:read"], ["invoice:write"], ("invoice:read",)),
        (["invoice:read", "customer:read"], ["customer:*"], ("invoice:read",)),
        (["crm"], ["crm", "notifications"], ()),
        (["crm"], ["crm:*"], ("crm",)),
        (["crm"], [], ("crm",)),
    ],
)
def test_what_was_not_granted(
    needed: list[str], granted: list[str], missing: tuple[str, ...]
) -> None:
    assert missing_scopes(needed, granted) == missing
