"""Whatever happens to the answer of a write, further runs end with one of each."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from stage import Stage

if TYPE_CHECKING:
    from pathlib import Path

CREATES = (
    ("wave", "customerCreate"),
    ("wave", "invoiceCreate"),
    ("wave", "invoiceSend"),
    ("kommo", "POST /api/v4/tasks"),
)
REPEATABLE = (("wave", "invoiceApprove"), ("kommo", "PATCH /api/v4/leads"))

NOT_DONE: dict[str, dict[str, Any]] = {
    "refuse": {"kind": "refuse"},
    "status 500": {"kind": "status", "status": 500},
    "status 502": {"kind": "status", "status": 502},
}
DONE: dict[str, dict[str, Any]] = {
    "lose": {"kind": "lose"},
    "garble": {"kind": "garble"},
    "truncate": {"kind": "truncate"},
}
LATE_S = 40

creates = pytest.mark.parametrize(("provider", "write"), CREATES)
writes = pytest.mark.parametrize(("provider", "write"), [*CREATES, *REPEATABLE])
not_done = pytest.mark.parametrize("fault", NOT_DONE.values(), ids=NOT_DONE)
done = pytest.mark.parametrize("fault", DONE.values(), ids=DONE)


@pytest.fixture(scope="module")
def ideal(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What both sides hold after a run without any fault."""
    return _ideal(tmp_path_factory.mktemp("ideal"))


def _ideal(folder: Path) -> dict[str, Any]:
    stage = Stage(folder)
    assert stage.invoice().code == 0
    picture = stage.picture()
    stage.close()
    return picture


@not_done
@writes
def test_a_write_that_was_not_done_is_done_by_a_further_run(
    stage: Stage, ideal: dict[str, Any], provider: str, write: str, fault: dict[str, Any]
) -> None:
    stage.fault(match=write, provider=provider, **fault)
    stage.until_quiet()
    assert stage.picture() == ideal


@done
@writes
def test_a_write_whose_answer_is_lost_is_found_by_the_same_run(
    stage: Stage, ideal: dict[str, Any], provider: str, write: str, fault: dict[str, Any]
) -> None:
    stage.fault(match=write, provider=provider, **fault)
    assert stage.invoice().code == 0
    assert stage.picture() == ideal


@creates
@pytest.mark.parametrize(
    "fault", [NOT_DONE["refuse"], NOT_DONE["status 500"]], ids=["refuse", "500"]
)
def test_until_the_settle_time_is_over_a_lost_write_is_not_repeated(
    stage: Stage, ideal: dict[str, Any], provider: str, write: str, fault: dict[str, Any]
) -> None:
    stage.fault(match=write, provider=provider, **fault)
    begun = stage.world.now()
    first = stage.invoice()
    (error,) = first.of("error")
    assert (first.code, error["exit_code"]) == (5, 5)
    assert error["retry_at"] > (begun + timedelta(seconds=119)).isoformat()
    so_far = len(stage.world.requests)
    stage.world.advance(100)
    assert stage.invoice().code == 5
    assert not stage.writes(so_far)
    stage.world.advance(21)
    assert stage.invoice().code == 0
    assert stage.picture() == ideal


def test_an_invoice_that_was_found_counts_in_the_totals(stage: Stage) -> None:
    stage.fault("lose", "invoiceCreate")
    (summary,) = stage.invoice().of("summary")
    assert summary["totals"] == {"EUR": "1428.60"}


def test_without_a_ledger_a_task_that_is_not_listed_yet_is_not_repeated(stage: Stage) -> None:
    stage.world.lag_s = 60
    assert stage.invoice().code == 0
    stage.forget()
    waiting = stage.invoice()
    assert waiting.code == 5
    assert "its task may not be listed yet" in waiting.of("error")[0]["message"]
    stage.world.advance(121)
    assert stage.invoice().code == 0
    assert len(stage.tasks) == 1


@creates
def test_a_write_that_is_done_late_is_found_and_not_repeated(
    stage: Stage, ideal: dict[str, Any], provider: str, write: str
) -> None:
    stage.fault("late", write, provider=provider, after_s=LATE_S)
    assert stage.invoice().code == 5
    stage.world.advance(LATE_S + 1)
    so_far = len(stage.world.requests)
    stage.until_quiet()
    assert write not in stage.writes(so_far)
    assert stage.picture() == ideal


@pytest.mark.parametrize(("provider", "write"), REPEATABLE)
def test_a_repeatable_write_is_done_at_once_and_may_be_done_again_late(
    stage: Stage, ideal: dict[str, Any], provider: str, write: str
) -> None:
    stage.fault("late", write, provider=provider, after_s=LATE_S)
    assert stage.invoice().code == 0
    stage.world.advance(LATE_S + 1)
    assert stage.invoice().code == 0
    assert stage.picture() == ideal


@creates
def test_lists_that_lag_behind_do_not_make_a_lost_write_absent(
    stage: Stage, ideal: dict[str, Any], provider: str, write: str
) -> None:
    stage.world.lag_s = 60
    stage.fault("lose", write, provider=provider)
    stage.invoice()
    stage.world.advance(30)
    so_far = len(stage.world.requests)
    stage.invoice()
    assert write not in stage.writes(so_far)
    stage.world.advance(91)
    assert stage.invoice().code == 0
    assert stage.picture() == ideal


@done
@writes
def test_with_its_ledger_deleted_after_a_lost_answer_a_run_still_ends_with_one_of_each(
    stage: Stage, ideal: dict[str, Any], provider: str, write: str, fault: dict[str, Any]
) -> None:
    stage.fault(match=write, provider=provider, **fault)
    stage.fault("status", "Look", times=None, status=401, skip=1)
    stage.fault("status", "GET /api/v4/tasks", provider="kommo", status=401)
    stage.invoice()
    stage.world.faults.clear()
    stage.forget()
    stage.until_quiet()
    assert stage.picture() == ideal


def test_a_run_that_waits_for_one_deal_does_the_others(stage: Stage) -> None:
    stage.fault("refuse", "invoiceCreate")
    ended = stage.invoice(stage.deal, stage.other)
    assert ended.code == 5
    assert ended.of("summary")[0]["deals"] == {"waiting": 1, "invoiced": 1}
    assert stage.lead(stage.other)["stage"] == "Invoice Sent"
    stage.until_quiet(stage.deal, stage.other)
    assert len(stage.books["invoices"]) == len(stage.books["mails"]) == 2


def test_a_waiting_deal_is_done_by_retry_when_it_is_due_and_not_before(
    stage: Stage, ideal: dict[str, Any]
) -> None:
    stage.fault("refuse", "invoiceCreate")
    stage.invoice()
    so_far = len(stage.world.requests)
    assert stage.kinv("retry").code == 0
    assert not stage.writes(so_far)
    stage.world.advance(121)
    assert stage.kinv("retry").code == 0
    assert stage.picture() == ideal


def test_what_a_new_customer_stumbles_over_is_repeated_at_once(
    stage: Stage, ideal: dict[str, Any]
) -> None:
    stage.wave.rules.first_invoice_stumbles = True
    assert stage.invoice().code == 0
    assert stage.requests()["invoiceCreate"] == 2
    assert stage.picture() == ideal
