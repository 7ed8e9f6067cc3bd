"""The sandbox's server: what each fault does to a request, and the world that faults live in."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from kommo_invoice.sandbox.faults import Fault, FaultKind
from kommo_invoice.sandbox.server import Sandbox
from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request


class Counter:
    """A provider that counts how often it acted."""

    name = "counter"

    def __init__(self) -> None:
        self.acted: list[bytes] = []
        self.arrived = threading.Event()
        self.app = Starlette(routes=[Route("/count", self.count, methods=["GET", "POST"])])

    async def count(self, request: Request) -> JSONResponse:
        self.acted.append(await request.body())
        self.arrived.set()
        return JSONResponse({"count": len(self.acted), "padding": "x" * 100})

    def operation(self, scope: Any, body: Any) -> str:
        return f"{scope['method']} {scope['path']}"

    def dump(self) -> dict[str, Any]:
        return {"count": len(self.acted)}


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def sandbox(world: World, counter: Counter) -> Iterator[Sandbox]:
    with Sandbox(world, [counter]) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.urls["counter"]) as opened:
        yield opened


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.urls["control"]) as opened:
        yield opened


def fault(kind: str, **more: Any) -> Fault:
    return Fault("counter", "POST /count", FaultKind(kind), **more)


def test_without_faults_a_request_is_answered_and_recorded(
    client: httpx.Client, world: World
) -> None:
    answer = client.post("/count?a=1", json={"b": 2})

    assert answer.json()["count"] == 1
    [record] = world.requests
    assert (record.provider, record.method, record.path) == ("counter", "POST", "/count")
    assert (record.operation, record.query, record.body) == ("POST /count", "a=1", {"b": 2})
    assert (record.status, record.fault) == (200, None)
    assert world.calls("counter") == {"POST /count": 1}


def test_refuse_drops_the_connection_before_anything_is_done(
    client: httpx.Client, counter: Counter, world: World
) -> None:
    world.faults.add(fault("refuse"))

    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/count")

    assert counter.acted == []
    assert world.requests[0].status is None


def test_lose_acts_and_answers_nothing(
    client: httpx.Client, counter: Counter, world: World
) -> None:
    world.faults.add(fault("lose"))

    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/count", content=b"once")

    assert counter.acted == [b"once"]
    assert (world.requests[0].status, world.requests[0].fault) == (200, "lose")


def test_late_acts_when_the_clock_is_moved_past_it(
    client: httpx.Client, counter: Counter, world: World
) -> None:
    world.faults.add(fault("late", after_s=60))

    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/count", content=b"late")
    assert counter.acted == []

    world.advance(59)
    assert counter.acted == []
    world.advance(2)
    assert counter.acted == [b"late"]
    world.advance(60)
    assert counter.acted == [b"late"]


def test_late_acts_by_itself_when_the_time_comes(
    client: httpx.Client, counter: Counter, world: World
) -> None:
    world.faults.add(fault("late", after_s=0.01))

    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/count")

    assert counter.arrived.wait(timeout=5)


def test_delay_acts_at_once_and_answers_after_the_client_gave_up(
    client: httpx.Client, counter: Counter, world: World
) -> None:
    world.faults.add(fault("delay", delay_s=30))

    with pytest.raises(httpx.ReadTimeout):
        client.post("/count", timeout=0.1)

    assert len(counter.acted) == 1


def test_status_answers_without_acting(
    client: httpx.Client, counter: Counter, world: World
) -> None:
    world.faults.add(
        fault("status", status=503, body={"error": "busy"}, headers={"Retry-After": "7"})
    )

    answer = client.post("/count")

    assert (answer.status_code, answer.json()) == (503, {"error": "busy"})
    assert (answer.headers["retry-after"], answer.headers["content-type"]) == (
        "7",
        "application/json",
    )
    assert counter.acted == []


def test_status_answers_a_text_as_html_unless_told_otherwise(
    client: httpx.Client, world: World
) -> None:
    world.faults.add(
        fault("status", status=502, body="<p>"),
        fault("status", status=502, body="{", content_type="application/json"),
    )

    assert client.post("/count").headers["content-type"] == "text/html; charset=utf-8"
    broken = client.post("/count")
    assert (broken.headers["content-type"], broken.text) == ("application/json", "{")


def test_truncate_acts_and_drops_the_line_in_the_middle_of_the_body(
    client: httpx.Client, counter: Counter, world: World
) -> None:
    world.faults.add(fault("truncate"))

    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        client.post("/count")

    assert len(counter.acted) == 1


def test_garble_acts_and_answers_html_with_200(
    client: httpx.Client, counter: Counter, world: World
) -> None:
    world.faults.add(fault("garble"))

    answer = client.post("/count")

    assert answer.status_code == 200
    assert answer.text.startswith("<!DOCTYPE html>")
    assert len(counter.acted) == 1


def test_a_dropped_connection_leaves_the_others_alone(sandbox: Sandbox, world: World) -> None:
    world.faults.add(fault("refuse"))
    url = sandbox.urls["counter"]

    with httpx.Client(base_url=url) as first, httpx.Client(base_url=url) as second:
        assert first.get("/count").json()["count"] == 1
        assert second.get("/count").json()["count"] == 2
        with pytest.raises(httpx.RemoteProtocolError):
            second.post("/count")
        assert first.get("/count").json()["count"] == 3
        assert second.get("/count").json()["count"] == 4


def test_a_rule_skips_and_then_hits_as_often_as_it_says(client: httpx.Client, world: World) -> None:
    world.faults.add(fault("status", skip=1, times=2))

    assert [client.post("/count").status_code for _ in range(4)] == [200, 500, 500, 200]
    assert world.faults.pending() == []


def test_a_rule_without_end_hits_until_it_is_lifted(client: httpx.Client, world: World) -> None:
    world.faults.add(fault("status", times=None))

    assert {client.post("/count").status_code for _ in range(3)} == {500}
    world.faults.clear()
    assert client.post("/count").status_code == 200


@pytest.mark.parametrize(
    ("match", "hit"),
    [("POST", True), ("/count$", True), ("GET", False), ("^count", False)],
)
def test_a_rule_searches_the_operation(
    client: httpx.Client, world: World, match: str, hit: bool
) -> None:
    world.faults.add(Fault("counter", match, FaultKind.STATUS))

    assert (client.post("/count").status_code == 500) is hit


def test_a_rule_is_about_one_provider(client: httpx.Client, world: World) -> None:
    world.faults.add(Fault("another", "POST", FaultKind.STATUS))

    assert client.post("/count").status_code == 200


@pytest.mark.parametrize("kind", list(FaultKind))
def test_a_rule_goes_through_json_unchanged(kind: str) -> None:
    rule = fault(kind, times=None, skip=2, after_s=1.5, headers={"a": "b"}, body={"c": [1]})

    assert Fault.from_dict(rule.to_dict()) == rule


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"match": "x", "kind": "lose"}, "needs provider"),
        ({"provider": "x", "match": "x", "kind": "explode"}, "explode"),
        ({"provider": "x", "match": "(", "kind": "lose"}, "no regular expression"),
        ({"provider": "x", "match": "x", "kind": "lose", "time": 1}, "has no time"),
    ],
)
def test_a_wrong_rule_is_refused(control: httpx.Client, data: Any, complaint: str) -> None:
    answer = control.post("/faults", json=data)

    assert answer.status_code == 400
    assert complaint in answer.json()["error"]


def test_other_processes_see_and_steer_the_world(
    control: httpx.Client, client: httpx.Client, world: World, counter: Counter
) -> None:
    control.post("/faults", json={"provider": "counter", "match": "POST", "kind": "late"})
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/count")
    before = datetime.fromisoformat(control.get("/world").json()["now"])

    after = datetime.fromisoformat(control.post("/clock", json={"advance_s": 31}).json()["now"])

    assert after - before >= timedelta(seconds=31)
    assert control.get("/world").json()["counter"] == {"count": 1}
    [asked] = control.get("/requests").json()
    assert (asked["fault"], asked["status"]) == ("late", 200)
    control.post("/faults", json=[{"provider": "counter", "match": "POST", "kind": "refuse"}])
    assert control.delete("/faults").json() == world.faults.pending() == []
    assert control.post("/lag", json={"seconds": 3}).json() == {"seconds": 3}
    assert world.lag_s == 3
    world.tokens["counter"].add("secret")
    control.post("/expire", json={"provider": "counter"})
    assert (world.tokens["counter"], world.expired) == (set(), {"secret"})


def test_stopping_answers_what_is_delayed(world: World, counter: Counter) -> None:
    answers = []
    world.faults.add(fault("delay", delay_s=60))
    with Sandbox(world, [counter]) as running:
        url = f"{running.urls['counter']}/count"
        asking = threading.Thread(target=lambda: answers.append(httpx.post(url, timeout=30)))
        asking.start()
        assert counter.arrived.wait(timeout=5)
    asking.join(timeout=5)

    assert [answer.status_code for answer in answers] == [200]


def test_a_port_can_be_chosen_and_a_taken_one_is_an_error(
    sandbox: Sandbox, counter: Counter
) -> None:
    port = int(sandbox.urls["counter"].rpartition(":")[2])

    with pytest.raises(OSError, match="in use"):
        Sandbox(World(), [counter], {"counter": port}).start()


def test_the_clock_is_the_given_one_moved_by_hand() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    world = World(clock=lambda: noon)

    world.advance(90)

    assert world.now() == noon + timedelta(seconds=90)


def test_ids_are_the_same_in_every_world() -> None:
    assert [World().ids.next("deal", 100) for _ in range(2)] == [100, 100]
    ids = World().ids
    assert [ids.next("deal", 100), ids.next("deal", 100), ids.next("task")] == [100, 101, 1]


def test_a_rate_holds_in_any_window_and_refusals_do_not_count() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    world = World(clock=lambda: noon)

    assert [world.over_rate("x", 2, 10) for _ in range(3)] == [None, None, 10.0]
    assert world.over_rate("y", 2, 10) is None
    world.advance(10)
    assert [world.over_rate("x", 2, 10) for _ in range(3)] == [None, None, 10.0]
    world.unlimited = True
    assert world.over_rate("x", 2, 10) is None
