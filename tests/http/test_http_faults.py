"""How a call ends for everything that a provider, or the network, can do to it."""

from __future__ import annotations

import socket
import time
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, NamedTuple

import pytest
import stamina
from opening import NOW, Setting
from scripted import Behaviour, Provider, answer, dribble, drop, hang, html, provider, truncated

from kommo_invoice.errors import (
    KinvError,
    LoginNeeded,
    LostAnswer,
    NotExecuted,
    RateLimited,
    Refused,
    Rejected,
    Temporary,
)
from kommo_invoice.http import CallClass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READ, CREATE = CallClass.READ, CallClass.CREATE
OK = answer(200, {"id": 1})


@pytest.fixture
def kommo() -> Iterator[Provider]:
    with provider() as it:
        yield it


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Setting]:
    it = Setting(tmp_path)
    yield it
    for client in it.opened:
        client.close()


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that kinv would have slept between tries."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


class Ends(NamedTuple):
    """How a call ends: its error (None: with a reply), after how many requests and acts."""

    error: type[KinvError] | None
    requests: int
    acts: int


class Fault(NamedTuple):
    script: tuple[Behaviour, ...]
    repeatable: Ends
    create: Ends


LOST = Ends(LostAnswer, 1, 1)
FAULTS = {
    "reset before acting": Fault(
        (drop(acting=False),), Ends(Temporary, 4, 0), Ends(LostAnswer, 1, 0)
    ),
    "reset after acting": Fault((drop(acting=True),), Ends(Temporary, 4, 4), LOST),
    "one reset": Fault((drop(acting=True), OK), Ends(None, 2, 2), LOST),
    "no answer in time": Fault((hang, OK), Ends(None, 2, 2), LOST),
    "answer that dribbles": Fault((dribble, OK), Ends(None, 2, 2), LOST),
    "cut-off JSON": Fault((truncated,), Ends(Temporary, 4, 4), LOST),
    "JSON that ends early": Fault((answer(raw=b'{"id": 1'), OK), Ends(None, 2, 2), LOST),
    "a web page with 200": Fault((html(200),), Ends(Temporary, 4, 4), LOST),
    "500": Fault((answer(500, {}),), Ends(Temporary, 4, 0), Ends(LostAnswer, 1, 0)),
    "502 as a web page": Fault((html(502), OK), Ends(None, 2, 1), Ends(LostAnswer, 1, 0)),
    "504": Fault((html(504),), Ends(Temporary, 4, 0), Ends(LostAnswer, 1, 0)),
    "408": Fault((answer(408), OK), Ends(None, 2, 1), Ends(LostAnswer, 1, 0)),
    "429, then well": Fault((html(429), OK), Ends(None, 2, 1), Ends(None, 2, 1)),
    "429 for ever": Fault((html(429),), Ends(RateLimited, 4, 0), Ends(RateLimited, 4, 0)),
    **{
        f"{status} {'page' if behave is html else 'JSON'}": Fault(
            (behave(status),), Ends(error, 1, 0), Ends(error, 1, 0)
        )
        for behave, statuses in {
            answer: {
                **dict.fromkeys((400, 404, 405, 409, 410, 422), Rejected),
                **dict.fromkeys((301, 302, 307, 308, 402, 403), Refused),
                401: LoginNeeded,
            },
            html: {404: Rejected, 402: Refused, 403: Refused, 401: LoginNeeded},
        }.items()
        for status, error in statuses.items()
    },
    "204": Fault((answer(204),), Ends(None, 1, 1), Ends(None, 1, 1)),
    "200 and nothing": Fault((answer(200),), Ends(None, 1, 1), Ends(None, 1, 1)),
}


@pytest.mark.parametrize("call", CallClass)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_ends_as_the_class_of_the_call_says(
    kommo: Provider, setting: Setting, fault: str, call: CallClass
) -> None:
    script, repeatable, create = FAULTS[fault]
    expected = create if call is CREATE else repeatable
    kommo.will(*script)
    error: type[KinvError] | None = None
    try:
        setting.client(kommo.url).call(call, "POST", "/api", json={"n": 1})
    except KinvError as raised:
        error = type(raised)
    assert Ends(error, len(kommo.seen), kommo.acted) == expected


@pytest.mark.parametrize("call", CallClass)
def test_a_refused_connection_is_tried_quickly_and_was_surely_not_executed(
    setting: Setting, naps: list[float], call: CallClass
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = setting.client(f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(NotExecuted, match=r"kommo cannot be reached \(.*refused"):
            client.call(call, "POST", "/api")
    assert len(naps) == 2
    assert sum(naps) < 2


def test_waits_between_tries_grow_and_end_soon(
    kommo: Provider, setting: Setting, naps: list[float]
) -> None:
    kommo.will(answer(500))
    with pytest.raises(Temporary):
        setting.client(kommo.url).call(READ, "GET", "/api")
    assert len(naps) == 3
    assert 0.25 <= naps[0] < naps[1] < naps[2] <= 4


def test_a_provider_that_hangs_is_not_asked_four_times(
    kommo: Provider, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    kommo.will(hang)
    monkeypatch.setattr("kommo_invoice.http.retry.GIVE_UP_AFTER_S", 0.1)
    with pytest.raises(Temporary, match="timed out"):
        setting.client(kommo.url).call(READ, "GET", "/api")
    assert len(kommo.seen) == 1


def test_in_staminas_testing_mode_nothing_sleeps(
    kommo: Provider, setting: Setting, naps: list[float]
) -> None:
    kommo.will(html(429), answer(500), OK)
    with stamina.set_testing(True, attempts=4, cap=True):
        setting.client(kommo.url).call(READ, "GET", "/api")
    assert not any(naps)


@pytest.mark.parametrize(
    ("retry_after", "nap"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("60", 60.0),
        ("1.5", 1.5),
        (format_datetime(NOW + timedelta(seconds=30), usegmt=True), 30.0),
        (format_datetime(NOW - timedelta(seconds=30), usegmt=True), 0.0),
    ],
)
@pytest.mark.parametrize("call", CallClass)
def test_retry_after_is_obeyed_up_to_a_minute(
    kommo: Provider,
    setting: Setting,
    naps: list[float],
    call: CallClass,
    retry_after: str,
    nap: float,
) -> None:
    kommo.will(answer(429, Retry_After=retry_after), OK)
    assert setting.client(kommo.url).call(call, "POST", "/api").status == 200
    assert naps == [nap]


def test_without_a_usable_retry_after_the_waits_are_1_2_and_4_seconds(
    kommo: Provider, setting: Setting, naps: list[float]
) -> None:
    kommo.will(answer(429, Retry_After="soon"))
    with pytest.raises(RateLimited) as raised:
        setting.client(kommo.url).call(CREATE, "POST", "/api")
    assert naps == [1, 2, 4]
    assert raised.value.retry_at is None


@pytest.mark.parametrize(
    ("retry_after", "wait"),
    [
        ("61", timedelta(seconds=61)),
        (format_datetime(NOW + timedelta(hours=2), usegmt=True), timedelta(hours=2)),
        ("99999999999999999999", timedelta(days=1)),
        ("inf", timedelta(days=1)),
    ],
)
def test_a_longer_block_is_told_at_once_and_remembered_for_every_client_of_the_host(
    kommo: Provider, setting: Setting, naps: list[float], retry_after: str, wait: timedelta
) -> None:
    kommo.will(answer(429, Retry_After=retry_after), OK)
    with pytest.raises(RateLimited) as raised:
        setting.client(kommo.url).call(READ, "GET", "/api")
    assert raised.value.retry_at == NOW + wait
    assert naps == []

    another = setting.client(kommo.url)
    with pytest.raises(RateLimited, match="asked to wait until") as blocked:
        another.call(CREATE, "POST", "/api")
    assert blocked.value.retry_at == NOW + wait
    assert len(kommo.seen) == 1

    setting.now = NOW + wait
    assert another.call(CREATE, "POST", "/api").status == 200


def test_waits_add_up_to_a_minute_at_most(
    kommo: Provider, setting: Setting, naps: list[float]
) -> None:
    kommo.will(answer(429, Retry_After="25"))
    with pytest.raises(RateLimited):
        setting.client(kommo.url).call(READ, "GET", "/api")
    assert naps == [25, 25]


@pytest.mark.parametrize(
    "content", [b"", b"{}", b'{"until": 5}', b'{"until": "2999-01-01T00:00:00+00:00"}']
)
def test_a_block_that_cannot_be_true_is_forgotten(
    kommo: Provider, setting: Setting, content: bytes
) -> None:
    kommo.will(answer(429, Retry_After="100"), OK)
    client = setting.client(kommo.url)
    with pytest.raises(RateLimited):
        client.call(READ, "GET", "/api")
    (block,) = setting.state.glob("rates/*.block.json")
    block.write_bytes(content)
    assert client.call(READ, "GET", "/api").status == 200
    assert not block.exists()
