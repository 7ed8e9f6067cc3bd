"""What becomes of a refresh that fails, is cut off, or meets what it cannot use."""

from __future__ import annotations

import signal
import threading
from datetime import timedelta

import pytest
from token_fixtures import (  # noqa: F401 - fixtures are asked for by name
    AGAIN,
    ENDED,
    LONG,
    PLANTED,
    ground_fixture,
    nothing_secret_told,
    server_fixture,
)
from token_ground import NOW, Ground
from token_server import FIRST_ACCESS, FIRST_REFRESH, Lose, TokenServer

from kommo_invoice.auth.connection import Secret, StoreKind, TokenAnswer
from kommo_invoice.auth.connections import Connections
from kommo_invoice.errors import (
    ExitCode,
    LoginNeeded,
    NotExecuted,
    RateLimited,
    SecretStoreUnavailable,
)


class Full:
    """A store that takes a number of texts, and then none."""

    kind = StoreKind.PLAIN

    def __init__(self, ground: Ground, takes: int) -> None:
        self.inner = ground.store
        self.takes = takes

    def get(self, key: str) -> str | None:
        return self.inner.get(key)

    def put(self, key: str, text: str) -> None:
        self.takes -= 1
        if self.takes < 0:
            raise SecretStoreUnavailable("the disk is full")
        self.inner.put(key, text)

    def delete(self, key: str) -> None:
        self.inner.delete(key)

    def where(self) -> str:
        return self.inner.where()


def test_a_lost_answer_is_temporary_and_tried_again_later(
    ground: Ground, server: TokenServer
) -> None:
    server.lose = Lose.BEFORE
    ground.keep(ENDED)
    token = ground.token()
    for _ in range(3):
        with pytest.raises(NotExecuted, match="wave:acme could not be refreshed") as failure:
            token.token()
        assert failure.value.exit_code is ExitCode.TEMPORARY
        assert "the next run tries again" in failure.value.hint
    with pytest.raises(NotExecuted):
        token.renew()
    server.lose = None
    assert not server.asked, "a server that cannot be heard is left alone for a minute"
    ground.now += timedelta(minutes=1)
    assert token.token() == "access-planted-1"


def test_a_lost_answer_after_the_rotation_ends_in_a_new_login(
    ground: Ground, server: TokenServer
) -> None:
    server.lose = Lose.AFTER
    ground.keep(ENDED)
    with pytest.raises(NotExecuted):
        ground.token().token()
    server.lose = None
    with pytest.raises(LoginNeeded):
        ground.token().token()
    assert len(server.asked) == 2


def test_while_the_token_is_good_an_outage_does_not_matter(
    ground: Ground, server: TokenServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.lose = Lose.BEFORE
    ground.keep(timedelta(minutes=4))
    token = ground.token()
    assert [token.token(), token.token()] == [FIRST_ACCESS] * 2
    assert caplog.text.count("the present one is still good") == 1
    ground.now += timedelta(minutes=4)
    with pytest.raises(NotExecuted):
        token.token()


def test_an_endpoint_that_asks_to_wait_is_told_with_its_time(ground: Ground) -> None:
    ground.keep(ENDED)
    wait = RateLimited("wave asks to wait", retry_at=NOW + LONG)

    def refuse(secret: Secret) -> TokenAnswer:
        raise wait

    token = ground.token(refresh=refuse)
    for _ in range(2):
        with pytest.raises(RateLimited) as failure:
            token.token()
        assert failure.value.retry_at == NOW + LONG


def test_while_another_process_holds_the_lock_nothing_is_asked(
    ground: Ground, server: TokenServer
) -> None:
    ground.keep(ENDED)
    patient = Connections(ground.state_dir)
    with patient.locked(ground.connection), pytest.raises(NotExecuted) as failure:
        ground.token(connections=Connections(ground.state_dir, lock_wait_s=0)).token()
    assert failure.value.exit_code is ExitCode.TEMPORARY
    assert "another kinv has been working on the token of wave:acme" in failure.value.message
    assert not server.asked
    assert ground.token().token() == "access-planted-1"


def test_a_grant_that_has_ended_is_asked_for_once(ground: Ground, server: TokenServer) -> None:
    server.alive = False
    ground.keep(ENDED)
    with pytest.raises(LoginNeeded, match="has ended") as failure:
        ground.token().token()
    assert AGAIN in failure.value.hint
    assert ground.facts.refused_at == NOW

    ground.now += timedelta(days=1)
    for want in (ground.token().token, ground.token().renew):
        with pytest.raises(LoginNeeded, match="since 2026-11-21 12:00 UTC") as failure:
            want()
        assert AGAIN in failure.value.hint
    assert len(server.asked) == 1

    server.alive = True
    ground.keep(ENDED)  # a person has logged in again
    assert ground.token().token() == "access-planted-1"


def test_a_grant_ends_only_when_nobody_has_kept_a_newer_one_meanwhile(
    ground: Ground, server: TokenServer
) -> None:
    """Another state folder may share the store, but not the lock."""
    server.alive = False
    old = ground.keep(ENDED)
    new = {"access_token": "other-planted", "expires_at": NOW + LONG, "generation": 1}

    def late(secret: Secret) -> TokenAnswer:
        ground.put(old.model_copy(update=new))
        return ground.endpoint.refresh(secret)

    assert ground.token(refresh=late).token() == "other-planted"
    assert ground.facts.refused_at is None


def test_a_refused_generation_says_nothing_of_a_newer_one(
    ground: Ground, server: TokenServer
) -> None:
    secret = ground.keep(ENDED)
    ground.connections.note_refusal(ground.connection, generation=0, at=NOW)
    ground.put(secret.model_copy(update={"generation": 1}))
    assert ground.token().token() == "access-planted-1"
    assert ground.facts.refused_at is None


def test_a_token_is_given_out_for_its_own_host_alone(ground: Ground, server: TokenServer) -> None:
    ground.keep(ENDED)
    with pytest.raises(LoginNeeded) as failure:
        ground.token(host="https://elsewhere.example").token()
    assert f"is for {server.url} and is not sent to https://elsewhere.example" in (
        failure.value.message
    )
    assert AGAIN in failure.value.hint
    assert not server.asked


def test_a_secret_that_is_gone_asks_for_a_login(ground: Ground) -> None:
    ground.keep(LONG)
    ground.store.delete(ground.connection.key)
    with pytest.raises(LoginNeeded, match="is not in the plain store") as failure:
        ground.token().token()
    assert AGAIN in failure.value.hint


@pytest.mark.parametrize("text", ["", "{", '{"access_token": "planted-secret"}', "[]"])
def test_a_damaged_secret_asks_for_a_login_and_is_not_quoted(ground: Ground, text: str) -> None:
    ground.keep(LONG)
    ground.store.put(ground.connection.key, text)
    with pytest.raises(LoginNeeded, match="is damaged") as failure:
        ground.token().token()
    assert AGAIN in failure.value.hint
    assert "planted" not in f"{failure.value!r} {failure.value.__context__!r}"


def test_a_store_that_takes_nothing_is_found_out_before_the_refresh_token_is_used(
    ground: Ground, server: TokenServer
) -> None:
    ground.keep(ENDED)
    with pytest.raises(SecretStoreUnavailable):
        ground.token(open_store=lambda _: Full(ground, takes=0)).token()
    assert not server.asked


def test_an_answer_that_could_not_be_kept_is_kept_by_the_next_try(
    ground: Ground, server: TokenServer
) -> None:
    ground.keep(ENDED)
    store = Full(ground, takes=1)
    token = ground.token(open_store=lambda _: store)
    for _ in range(2):
        with pytest.raises(SecretStoreUnavailable):
            token.token()
    store.takes = 1
    assert token.token() == "access-planted-1"
    assert ground.secret.refresh_token == server.refresh_token
    assert server.asked == [FIRST_REFRESH]


# Ctrl-C.


def test_ctrl_c_waits_until_the_new_token_is_kept(ground: Ground) -> None:
    ground.keep(ENDED)
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    def interrupted(secret: Secret) -> TokenAnswer:
        signal.raise_signal(signal.SIGINT)
        return ground.endpoint.refresh(secret)

    token = ground.token(refresh=interrupted)
    with pytest.raises(KeyboardInterrupt):
        token.token()
    assert ground.secret.generation == 1
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert token.token() == "access-planted-1"


def test_ctrl_c_goes_before_the_error_of_a_refresh(ground: Ground) -> None:
    ground.keep(ENDED)

    def interrupted(secret: Secret) -> TokenAnswer:
        signal.raise_signal(signal.SIGINT)
        raise RateLimited("wave asks to wait")

    with pytest.raises(KeyboardInterrupt):
        ground.token(refresh=interrupted).token()


def test_a_thread_refreshes_as_well(ground: Ground) -> None:
    ground.keep(ENDED)
    got: list[str] = []
    thread = threading.Thread(target=lambda: got.append(ground.token().token()))
    thread.start()
    thread.join()
    assert got == ["access-planted-1"]


def test_nothing_of_it_shows_a_secret(ground: Ground) -> None:
    secret = ground.keep(LONG)
    token = ground.token()
    token.token()
    shown = f"{token!r} {secret!r} {secret} {ground.facts!r} {ground.connections!r}"
    assert not any(each in shown for each in PLANTED)
    assert "planted" not in (ground.state_dir / "connections.json").read_text(encoding="utf-8")
