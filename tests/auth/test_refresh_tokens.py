"""When a token is refreshed, what is kept of that, and what a 401 leads to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from token_fixtures import (  # noqa: F401 - fixtures are asked for by name
    AGAIN,
    ENDED,
    LONG,
    ground_fixture,
    nothing_secret_told,
    server_fixture,
)
from token_ground import NOW, Ground
from token_server import FIRST_ACCESS, FIRST_REFRESH, TokenServer

from kommo_invoice import checkpoints
from kommo_invoice.auth.connection import Kind, TokenAnswer
from kommo_invoice.http import CallClass, Policy
from kommo_invoice.http.client import Client

# When it is refreshed.


@pytest.mark.parametrize(
    ("ends_in", "asked"),
    [
        (timedelta(minutes=5, seconds=1), 0),
        (timedelta(minutes=5), 1),
        (ENDED, 1),
        (None, 0),
    ],
)
def test_a_token_is_refreshed_five_minutes_before_it_ends(
    ground: Ground, server: TokenServer, ends_in: timedelta | None, asked: int
) -> None:
    ground.keep(ends_in)
    assert ground.token().token() == f"access-planted-{asked}"
    assert len(server.asked) == asked


def test_a_refresh_is_kept_whole_and_told_without_secrets(
    ground: Ground, server: TokenServer, caplog: pytest.LogCaptureFixture
) -> None:
    before = ground.keep(ENDED)
    ground.token().token()
    assert ground.secret == before.model_copy(
        update={
            "access_token": "access-planted-1",
            "refresh_token": "refresh-planted-1",
            "refresh_expires_at": None,
            "expires_at": NOW + timedelta(hours=1),
            "generation": 1,
        }
    )
    assert "wave:acme: refreshed the token; generation 1 is good until" in caplog.text
    assert "2026-11-21 13:00 UTC" in caplog.text


def test_the_registry_follows_the_end_of_the_refresh_token(ground: Ground) -> None:
    ground.keep(ENDED)
    ends = NOW + timedelta(days=90)
    tokens = TokenAnswer(
        access_token="access-planted-1",
        expires_at=NOW + LONG,
        refresh_token="refresh-planted-1",
        refresh_expires_at=ends,
        scopes=("invoice:send",),
    )
    ground.token(refresh=lambda _: tokens).token()
    assert ground.facts.expires_at == ends
    assert ground.facts.scopes == ("invoice:send",)


def test_without_a_new_refresh_token_the_old_one_goes_on(
    ground: Ground, server: TokenServer
) -> None:
    server.rotates = False
    before = ground.keep(ENDED)
    ground.token().token()
    after = ground.secret
    assert after.refresh_token == before.refresh_token
    assert after.refresh_expires_at == ground.facts.expires_at == before.refresh_expires_at
    ground.now = NOW + LONG
    assert ground.token().token() == "access-planted-2"


def test_the_new_refresh_token_is_kept_before_the_access_token_is_used(ground: Ground) -> None:
    ground.keep(ENDED)
    kept: list[tuple[str, int]] = []

    def look(name: str) -> None:
        kept.append((name, ground.secret.generation))

    checkpoints.install(look)
    try:
        ground.token().token()
    finally:
        checkpoints.install(None)
    assert kept[-2:] == [("auth.refresh.answered", 0), ("auth.refresh.saved", 1)]


def test_the_store_is_read_once_while_the_token_is_good(ground: Ground) -> None:
    secret = ground.keep(LONG)
    token = ground.token()
    assert token.token() == FIRST_ACCESS
    ground.put(secret.model_copy(update={"access_token": "another"}))
    assert token.token() == FIRST_ACCESS


def test_a_token_without_an_end_of_its_own_is_never_refreshed(ground: Ground) -> None:
    ground.keep(ENDED, refresh_token=None)
    ground.connection = ground.connection.model_copy(update={"kind": Kind.TOKEN})
    token = ground.token(refresh=None)
    assert token.token() == FIRST_ACCESS
    assert not token.renew()
    assert AGAIN in token.explain()


# After a 401.


def client(ground: Ground) -> Client:
    policy = Policy(rates=(), in_flight=2)
    return Client(
        ground.url,
        "wave",
        policy,
        lambda _: None,
        auth=ground.token(),
        state_dir=ground.state_dir,
        clock=ground.clock,
    )


def test_a_refused_token_is_renewed_and_the_call_repeated(
    ground: Ground, server: TokenServer
) -> None:
    ground.keep(LONG, access_token="revoked-planted")
    with client(ground) as it:
        assert it.call(CallClass.READ, "GET", "/api").status == 200
    assert server.asked == [FIRST_REFRESH]


def test_what_another_process_got_is_taken_without_asking(
    ground: Ground, server: TokenServer
) -> None:
    ground.keep(LONG)
    mine, other = ground.token(), ground.token()
    mine.token()
    assert other.renew()
    assert mine.renew()
    assert mine.token() == other.token() == "access-planted-1"
    assert server.asked == [FIRST_REFRESH]


def test_a_login_made_anew_is_taken_though_it_counts_from_nought(
    ground: Ground, server: TokenServer
) -> None:
    ground.keep(LONG, generation=7)
    token = ground.token()
    token.token()
    ground.keep(LONG, access_token="anew-planted", generation=0)
    assert token.renew()
    assert token.token() == "anew-planted"
    assert not server.asked


def test_a_new_token_that_is_refused_at_once_is_no_loop(
    ground: Ground, server: TokenServer
) -> None:
    ground.keep(LONG)
    token = ground.token()
    assert token.renew()
    assert not token.renew()
    ground.now += timedelta(seconds=59)
    assert not token.renew()
    assert len(server.asked) == 1
    ground.now += timedelta(seconds=1)
    assert token.renew()
    assert len(server.asked) == 2


def test_tokens_that_are_dead_on_arrival_are_no_loop(ground: Ground, server: TokenServer) -> None:
    server.life_s = 1
    ground.keep(ENDED)
    token = ground.token()
    assert [token.token() for _ in range(5)] == ["access-planted-1"] * 5
    assert len(server.asked) == 1


def test_a_clock_that_was_ahead_costs_one_refresh_and_then_a_401(
    ground: Ground, server: TokenServer
) -> None:
    ground.keep(LONG)
    ground.now = NOW + timedelta(days=365)
    ground.token().token()
    ground.now = NOW
    server.ended.add("access-planted-1")  # after its hour; kinv believes it to live for a year
    with client(ground) as it:
        assert it.call(CallClass.READ, "GET", "/api").status == 200
    assert ground.secret.expires_at == NOW + timedelta(hours=1)
    assert server.asked == [FIRST_REFRESH, "refresh-planted-1"]


def test_a_clock_that_was_set_back_does_not_hold_a_refresh_up(
    ground: Ground, server: TokenServer
) -> None:
    ground.keep(LONG)
    token = ground.token()
    assert token.renew()
    ground.now -= timedelta(days=1)
    assert token.renew()
    assert len(server.asked) == 2
