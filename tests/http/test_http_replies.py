"""What is sent, how replies are read and judged, and what can be watched of it."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from opening import NOW, TOKEN, Setting, Tokens
from scripted import Provider, answer, drop, html, provider

from kommo_invoice import __version__, checkpoints
from kommo_invoice.errors import (
    KinvError,
    LoginNeeded,
    LostAnswer,
    NotExecuted,
    RateLimited,
    Rejected,
    Temporary,
)
from kommo_invoice.http import CallClass, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

READ, SET, CREATE, KEYED = CallClass.READ, CallClass.SET, CallClass.CREATE, CallClass.KEYED
REPEATABLE = (READ, SET, KEYED)
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


@pytest.mark.parametrize("call", CallClass)
def test_a_401_is_repeated_once_with_a_renewed_token(
    kommo: Provider, setting: Setting, call: CallClass
) -> None:
    kommo.will(answer(401), OK)
    auth = Tokens("old-token-123456", "new-token-123456")
    assert setting.client(kommo.url, auth=auth).call(call, "POST", "/api").status == 200
    assert [seen.headers["authorization"] for seen in kommo.seen] == [
        "Bearer old-token-123456",
        "Bearer new-token-123456",
    ]


def test_a_second_401_is_the_end_and_the_hint_says_what_to_do(
    kommo: Provider, setting: Setting
) -> None:
    kommo.will(answer(401))
    auth = Tokens("old-token-123456", "new-token-123456", "third-token-123456")
    with pytest.raises(LoginNeeded) as raised:
        setting.client(kommo.url, auth=auth).call(READ, "GET", "/api")
    assert raised.value.hint.endswith("set KINV_KOMMO_TOKEN")
    assert (auth.renewals, len(kommo.seen)) == (1, 2)


@pytest.mark.parametrize("token", ["", "two words", "pasted\n", "tökén", "bell\a"])
def test_what_cannot_be_a_token_is_never_sent(
    kommo: Provider, setting: Setting, token: str
) -> None:
    with pytest.raises(LoginNeeded, match="cannot be one"):
        setting.client(kommo.url, auth=Tokens(token)).call(READ, "GET", "/api")
    assert kommo.seen == []


def test_the_judge_goes_first_and_reads_what_can_be_read_and_every_refusal(
    kommo: Provider, setting: Setting
) -> None:
    judged: list[tuple[int, object]] = []

    def judge(reply: Reply) -> KinvError:
        judged.append((reply.status, reply.body))
        return Rejected("in the provider's words")

    client = setting.client(kommo.url, judge=judge)
    kommo.will(
        answer(200, {"errors": 1}),
        answer(403, {"title": 1}),
        answer(204),
        html(403),
        html(200),
        answer(500),
    )
    for expected in (Rejected, Rejected, Rejected, Rejected, LostAnswer, LostAnswer):
        with pytest.raises(expected):
            client.call(CREATE, "POST", "/api")
    assert judged == [(200, {"errors": 1}), (403, {"title": 1}), (204, None), (403, None)]


def once(error: KinvError) -> Callable[[Reply], KinvError | None]:
    errors = [error]
    return lambda _: errors.pop() if errors else None


@pytest.mark.parametrize("error", [Temporary("busy"), NotExecuted("gone"), LostAnswer("?")])
def test_a_judged_temporary_is_retried_but_for_plain_creates(
    kommo: Provider, setting: Setting, error: Temporary
) -> None:
    kommo.will(OK)
    for call in REPEATABLE:
        assert setting.client(kommo.url, judge=once(error)).call(call, "GET", "/api").status == 200
    with pytest.raises(type(error)):
        setting.client(kommo.url, judge=once(error)).call(CREATE, "POST", "/api")


def test_a_judged_rate_limit_is_a_429(kommo: Provider, setting: Setting, naps: list[float]) -> None:
    kommo.will(answer(200, {}, Retry_After="9"), OK)
    client = setting.client(kommo.url, judge=once(RateLimited("throttled")))
    assert client.call(CREATE, "POST", "/api").status == 200
    assert naps == [9]


def test_a_judged_log_in_is_a_401(kommo: Provider, setting: Setting) -> None:
    kommo.will(OK)
    auth = Tokens("old-token-123456", "new-token-123456")
    client = setting.client(kommo.url, auth=auth, judge=once(LoginNeeded("not authenticated")))
    assert client.call(CREATE, "POST", "/api").status == 200
    assert auth.renewals == 1


def test_what_a_request_carries(kommo: Provider, setting: Setting) -> None:
    kommo.will(OK)
    setting.client(f"{kommo.url}/proxy/").call(
        KEYED,
        "POST",
        "/api/v4/leads?with=contacts",
        params=[("filter[id][]", "1"), ("filter[id][]", "2")],
        json={"name": "Zoë", "price": Decimal("10.10"), "n": 12, "none": None, "yes": True},
        headers={"Idempotency-Key": "KQ4-1", "Authorization": "Bearer another"},
    )
    (seen,) = kommo.seen
    assert (
        seen.path
        == "/proxy/api/v4/leads?with=contacts&filter%5Bid%5D%5B%5D=1&filter%5Bid%5D%5B%5D=2"
    )
    assert seen.body.decode() == '{"name":"Zoë","price":10.10,"n":12,"none":null,"yes":true}'
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"
    assert seen.headers["accept"] == "application/json"
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["user-agent"] == f"kinv/{__version__}"
    assert seen.headers["idempotency-key"] == "KQ4-1"


def test_a_reply_holds_decimals_and_ints_and_never_floats(
    kommo: Provider, setting: Setting
) -> None:
    kommo.will(answer(raw=b'{"price": 10.10, "n": 12, "e": 1e2, "big": 12345678901234567890}'))
    reply = setting.client(kommo.url).call(READ, "GET", "/api")
    assert isinstance(reply.body, dict)
    assert {name: (type(value), str(value)) for name, value in reply.body.items()} == {
        "price": (Decimal, "10.10"),
        "n": (int, "12"),
        "e": (Decimal, "1E+2"),
        "big": (int, "12345678901234567890"),
    }
    assert reply.received_at == NOW
    assert reply.headers["content-length"] == str(len(reply.text))


@pytest.mark.parametrize("raw", [b"NaN", b"[Infinity]", b"[" * 100_000])
def test_what_is_not_quite_json_is_unreadable(
    kommo: Provider, setting: Setting, raw: bytes
) -> None:
    kommo.will(answer(raw=raw))
    with pytest.raises(LostAnswer):
        setting.client(kommo.url).call(CREATE, "POST", "/api")


@pytest.mark.parametrize("value", [1.5, Decimal("NaN"), object(), {1: "number as name"}, {1, 2}])
def test_what_json_does_not_know_is_a_bug_and_not_sent(
    kommo: Provider, setting: Setting, value: object
) -> None:
    with pytest.raises(TypeError):
        setting.client(kommo.url).call(SET, "PATCH", "/api", json=value)
    assert kommo.seen == []


def test_the_words_of_the_layer_are_light() -> None:
    code = "import sys; from kommo_invoice.http import Rate; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"httpx", "stamina", "pyrate_limiter", "filelock"} & set(done.stdout.split())


def test_each_request_is_one_line_without_secrets(
    kommo: Provider, setting: Setting, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "kommo_invoice")
    kommo.will(answer(200, {"access_token": "xyzzy-xyzzy"}, X_Request_Id="r-1"))
    setting.client(kommo.url).call(READ, "GET", "/api?page=2&refresh_token=plugh-plugh")
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("kommo GET /api?page=2&refresh_token=***: 200, ")
    assert line.endswith(" ms, request id r-1")


def test_bodies_are_logged_masked_and_only_when_asked_for(
    kommo: Provider, setting: Setting, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "kommo_invoice")
    kommo.will(answer(200, {"access_token": "xyzzy-xyzzy", "id": 77}))
    client = setting.client(kommo.url, debug_http=True)
    client.call(READ, "POST", "/api", json={"secret": "plugh-plugh", "token": TOKEN, "n": 55})
    assert '> {"secret":"***","token":"***","n":55}' in caplog.text
    assert '< {"access_token": "***", "id": 77}' in caplog.text


def test_checkpoints_stand_before_the_request_and_right_after_the_answer(
    kommo: Provider, setting: Setting
) -> None:
    reached: list[tuple[str, int]] = []
    checkpoints.install(lambda name: reached.append((name, len(kommo.seen))))
    try:
        kommo.will(drop(acting=True), OK)
        setting.client(kommo.url).call(READ, "GET", "/api?page=2")
    finally:
        checkpoints.install(None)
    assert reached == [
        ("http.before:GET /api", 0),
        ("http.after:GET /api", 1),
        ("http.before:GET /api", 1),
        ("http.after:GET /api", 2),
    ]


def test_an_error_never_quotes_a_body(kommo: Provider, setting: Setting) -> None:
    private = json.dumps({"email": "jane@example.com"}).encode()
    for status in (200, 302, 400, 401, 402, 403, 422, 429, 500):
        kommo.will(answer(status, raw=private + b"!"))
        with pytest.raises(KinvError) as raised:
            setting.client(kommo.url).call(CREATE, "POST", "/api")
        assert "jane" not in f"{raised.value.message} {raised.value.hint}"
