"""A run that is killed, wherever it stands, goes on as if it had never been killed."""

from __future__ import annotations

import os
import signal
from random import Random
from typing import TYPE_CHECKING

import pytest
from crash import SEED, Doorbell, Flow
from stage import Stage
from stages import STAGES

from kommo_invoice.books.capability_tables import BOOKS
from kommo_invoice.books.features import Feature
from kommo_invoice.domain.plan import StepKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crash import Crashes

SHARDS = 5
LONG = os.environ.get("KINV_LONG") == "1"
HELD = (StepKind.INVOICE_CREATE, StepKind.INVOICE_SEND, StepKind.DEAL_UPDATE)


def one_deal(stage: Stage) -> list[object]:
    return ["invoice", "--deal", stage.deal, "--json"]


def two_deals(stage: Stage) -> list[object]:
    return ["invoice", "--deal", stage.deal, "--deal", stage.other, "--json"]


def known_customer(stage: Stage) -> None:
    stage.add_customer("Northwind GmbH")


def taken_name(stage: Stage) -> None:
    stage.take_name("Northwind GmbH")


def own_number(stage: Stage) -> None:
    stage.map(invoice={"number": "reference"})


def flows_of(stage: type[Stage]) -> Iterator[Flow]:
    """Yield the ways of a deal that there are with these books."""
    can = BOOKS[stage.provider]
    yield Flow("new customer", one_deal, stage=stage, twins=stage is Stage)
    yield Flow("known customer", one_deal, known_customer, stage, since_deal=1)
    yield Flow("two deals", two_deals, stage=stage, since_deal=2)
    if can.customers.unique_names:
        yield Flow("taken name", one_deal, taken_name, stage, since_deal=1)
    if Feature.OWN_NUMBER in can.features:
        yield Flow("own number", one_deal, own_number, stage, since_deal=1)


FLOWS = tuple(flow for stage in STAGES.values() for flow in flows_of(stage))
NEW_CUSTOMERS = [flow for flow in FLOWS if flow.name == "new customer"]

each_flow = pytest.mark.parametrize("flow", FLOWS, ids=str)


@each_flow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_flow_survives_its_death_at_every_checkpoint(
    flow: Flow, shard: int, crashes: Crashes, killed: Callable[[int], None]
) -> None:
    broken, deaths = [], 0
    for at, name in _moments(flow, crashes)[shard::SHARDS]:
        with crashes.stage(flow) as stage:
            crashes.kill_at(stage, flow, at)
            broken += [f"{at} {name}: {each}" for each in crashes.damage(stage, flow)]
            deaths += 1
    killed(deaths)
    assert not broken, "\n".join(broken)


@each_flow
def test_a_flow_survives_its_death_with_the_loss_of_its_ledger(
    flow: Flow, crashes: Crashes, killed: Callable[[int], None]
) -> None:
    """Once the books show an invoice.

    Without a ledger only what both sides hold makes a difference, and that changes only where a
    request was answered: the other checkpoints are killed in long runs alone.
    """
    broken, deaths = [], 0
    for at, name in _moments(flow, crashes):
        if not (name.startswith("http.after") or LONG):
            continue
        with crashes.stage(flow) as stage:
            crashes.kill_at(stage, flow, at)
            deaths += 1
            if stage.picture()["invoices"]:
                stage.forget()
                broken += [f"{at} {name}: {each}" for each in crashes.damage(stage, flow)]
    killed(deaths)
    assert not broken, "\n".join(broken)


@each_flow
def test_checkpoints_surround_every_request_and_every_commit(flow: Flow, crashes: Crashes) -> None:
    clean = crashes.clean(flow)
    sides = [tuple(name.split(":", 1)) for name in clean.names]
    for kind in ("http", "commit"):
        before = [what for side, what in sides if side == f"{kind}.before"]
        after = [what for side, what in sides if side == f"{kind}.after"]
        assert before == after
    assert sum(side == "http.before" for side, _ in sides) == clean.requests
    written = {what.removeprefix("intent.") for _, what in sides if what.startswith("intent.")}
    assert written >= {"invoice.create", "invoice.send", "deal.update", "task.create"}


@pytest.mark.parametrize("number", range(10))
def test_a_kill_at_any_moment_leaves_nothing_twice(number: int, crashes: Crashes) -> None:
    random = Random(f"{SEED} {number}")
    flow = random.choice(FLOWS)
    moment_s = random.uniform(0, crashes.clean(flow).lasted_s)
    with crashes.stage(flow) as stage:
        crashes.start(stage, flow, kill_after_s=moment_s)
        assert crashes.nursery.wait() in {-signal.SIGKILL, 0}
        assert not crashes.damage(stage, flow)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["SIGTERM", "Ctrl-C"]
)
@pytest.mark.parametrize("step", HELD)
@pytest.mark.parametrize("flow", NEW_CUSTOMERS, ids=str)
def test_a_run_that_is_stopped_in_a_request_says_so_and_goes_on_later(
    flow: Flow, step: StepKind, number: signal.Signals, code: int, crashes: Crashes
) -> None:
    with crashes.stage(flow) as stage:
        stage.world.requests = bell = Doorbell(stage.operation(step))
        stage.spoil(step, "delay", delay_s=30)
        crashes.start(stage, flow)
        assert bell.rung.wait(20)
        crashes.nursery.signal(number)
        assert crashes.nursery.wait() == code
        assert not crashes.damage(stage, flow)


def test_a_new_ledger_learns_what_it_finds_on_both_sides(stage: Stage) -> None:
    stage.invoice()
    stage.forget()
    assert [event["state"] for event in stage.invoice().of("step")] == ["found"]
    assert [event["event"] for event in stage.invoice().events] == ["skip", "summary"]


def _moments(flow: Flow, crashes: Crashes) -> list[tuple[int, str]]:
    if LONG:
        return crashes.clean(flow).moments(0, twins=True)
    return crashes.clean(flow).moments(flow.since_deal, twins=flow.twins)
