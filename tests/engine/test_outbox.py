"""What is written to deals: in batches, bad ones left out, people's own moves respected."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from datetime import datetime

    from stage import Stage


def test_several_deals_take_one_write_of_each_kind(stage: Stage) -> None:
    deals = [stage.deal, stage.other, *(stage.add_deal(f"Work {n}") for n in range(4))]
    assert stage.invoice(*deals).code == 0
    writes = stage.writes()
    assert writes["PATCH /api/v4/leads"] == writes["POST /api/v4/tasks"] == 1
    assert len(stage.tasks) == len(deals)
    assert {stage.lead(deal)["stage"] for deal in deals} == {"Invoice Sent"}


def test_one_bad_deal_is_named_and_the_others_are_done(stage: Stage) -> None:
    deals = [stage.deal, stage.other, stage.add_deal("Work")]
    stage.fault("status", "PATCH", provider="kommo", status=400, body=_refusal(stage.other))
    ended = stage.invoice(*deals)
    assert ended.code == 3
    (error,) = ended.of("error")
    assert error["deal"] == stage.other
    assert "Invoice number" in error["message"]
    assert [stage.lead(deal)["stage"] for deal in deals] == [
        "Invoice Sent",
        "Issue Invoice",
        "Invoice Sent",
    ]
    assert stage.invoice(*deals).code == 0
    assert stage.lead(stage.other)["stage"] == "Invoice Sent"
    assert len(stage.tasks) == len(stage.books["mails"]) == 3


def test_one_bad_task_is_left_out_and_the_others_are_looked_for_first(stage: Stage) -> None:
    deals = [stage.deal, stage.other, stage.add_deal("Work")]
    stage.fault("status", "POST", provider="kommo", status=400, body=_refusal(1, "text"))
    ended = stage.invoice(*deals)
    assert ended.code == 3
    assert [error["deal"] for error in ended.of("error")] == [stage.other]
    assert {task["lead"] for task in stage.tasks} == set(deals) - {stage.other}
    operations = [each.operation for each in stage.world.requests]
    post = operations.index("POST /api/v4/tasks")
    assert operations[post + 1 : post + 3] == ["GET /api/v4/tasks", "POST /api/v4/tasks"]
    stage.until_quiet(*deals)
    assert len(stage.tasks) == 3


def test_a_deal_that_a_person_moved_on_stays_where_it_is(stage: Stage) -> None:
    stage.kommo.move_lead(stage.deal, "Payment Received", "Sales")
    assert stage.invoice().code == 0
    lead = stage.lead(stage.deal)
    assert lead["stage"] == "Payment Received"
    assert lead["fields"]["Invoice number"] == "1"


@pytest.mark.parametrize("moved", [True, False])
def test_a_stage_that_was_read_long_ago_is_read_again_before_the_move(
    stage: Stage, moved: bool
) -> None:
    """The mail takes a minute, and somebody moves the deal on in the meantime."""
    begun = stage.world.now()
    waited: list[bool] = []

    def clock() -> datetime:
        if stage.requests()["invoiceSend"] and not waited:
            waited.append(True)
            stage.world.advance(60)
            if moved:
                stage.kommo.move_lead(stage.deal, "Payment Received", "Sales")
        return stage.world.now()

    stage.clock = clock
    assert stage.invoice().code == 0
    assert (stage.world.now() - begun).total_seconds() > 60
    wanted = "Payment Received" if moved else "Invoice Sent"
    assert stage.lead(stage.deal)["stage"] == wanted


def test_a_stage_that_was_read_just_now_is_not_read_again(stage: Stage) -> None:
    stage.invoice()
    assert stage.requests()[f"GET /api/v4/leads/{stage.deal}"] == 1
    assert "GET /api/v4/leads" not in stage.requests()


@pytest.mark.parametrize("completed", [True, False])
def test_a_task_is_found_by_its_marker_also_when_it_is_completed(
    stage: Stage, completed: bool
) -> None:
    stage.invoice()
    (task,) = stage.kommo.account.tasks.all()
    if completed:
        stage.kommo.account.put_task(replace(task, is_completed=True))
    stage.forget()
    assert stage.invoice().code == 0
    assert len(stage.tasks) == 1


def test_a_task_with_another_marker_is_not_taken_for_ours(stage: Stage) -> None:
    stage.fault("lose", "POST", provider="kommo")
    stage.fault("status", "GET /api/v4/tasks", provider="kommo", status=401)
    assert stage.invoice().code == 4
    (task,) = stage.kommo.account.tasks.all()
    stage.kommo.account.put_task(replace(task, text=task.text.replace("]", "1]")))
    stage.until_quiet()
    assert len(stage.tasks) == 2


def test_an_outage_of_the_crm_is_told_once_and_made_up_for(stage: Stage) -> None:
    deals = [stage.deal, stage.other, stage.add_deal("Work")]
    stage.fault("status", "PATCH", provider="kommo", times=None, status=503)
    ended = stage.invoice(*deals)
    assert ended.code == 5
    (error,) = ended.of("error")
    assert (error["deal"], error["deals"]) == (None, deals)
    assert ended.of("summary")[0]["deals"] == {"waiting": 3}
    stage.world.faults.clear()
    stage.until_quiet(*deals)
    assert len(stage.books["mails"]) == len(stage.tasks) == 3


def test_a_second_batch_is_sent_when_the_first_is_full(stage: Stage) -> None:
    deals = [stage.add_deal(f"Work {n}") for n in range(51)]
    assert stage.invoice(*deals).code == 0
    assert stage.writes()["PATCH /api/v4/leads"] == 2
    assert len(stage.tasks) == 51
    assert len(stage.books["customers"]) == 1


def _refusal(request_id: int, path: str = "custom_fields_values.1.values.0.value") -> Any:
    """Return Kommo's refusal of one item of a batch."""
    errors = [{"code": "NotSupportedChoice", "path": path, "detail": "It is too long."}]
    return {
        "validation-errors": [{"request_id": str(request_id), "errors": errors}],
        "title": "Bad Request",
        "status": 400,
    }
