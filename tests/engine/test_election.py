"""Two invoices with one reference: the oldest draft wins, the other is deleted and reported."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stage import Stage

    from kommo_invoice.sandbox.wave_records import Invoice

LATE_S = 300


def test_a_create_that_comes_after_its_repetition_leaves_one_invoice_and_one_mail(
    stage: Stage,
) -> None:
    stage.fault("late", "invoiceCreate", after_s=LATE_S)
    stage.invoice()
    stage.world.advance(121)
    assert stage.invoice().code == 0
    stage.world.advance(LATE_S)
    assert len(stage.books["invoices"]) == 2
    ended = stage.invoice()
    assert ended.code == 0
    (plan,) = ended.of("plan")
    assert any("carries the same reference and is deleted" in note for note in plan["notes"])
    assert [step["step"] for step in ended.of("step")] == ["invoice.delete"]
    (left,) = stage.books["invoices"]
    assert stage.mark(stage.deal) == f"wave:{left['id']}"
    assert len(stage.books["mails"]) == 1


def test_of_two_drafts_the_oldest_wins_before_anything_is_sent(stage: Stage) -> None:
    stage.fault("late", "invoiceCreate", after_s=LATE_S)
    stage.invoice()
    stage.world.advance(121)
    # The repetition is made, and the run ends before it can look at it.
    stage.fault("status", "Look", skip=2, status=401)
    assert stage.invoice().code == 4
    stage.world.advance(LATE_S)
    made, late = stage.books["invoices"]
    assert {made["status"], late["status"]} == {"DRAFT"}
    assert stage.invoice().code == 0
    (left,) = stage.books["invoices"]
    assert left["id"] == made["id"]
    assert left["status"] == "SENT"
    assert len(stage.books["mails"]) == len(stage.tasks) == 1


def test_drafts_of_a_lost_ledger_are_elected_alike(stage: Stage) -> None:
    stage.map(invoice={"send": False, "status": "draft"})
    stage.invoice()
    (first,) = stage.books["invoices"]
    stage.wave.state.invoices.settle(_copy_of(stage))
    stage.forget()
    stage.map()
    assert stage.invoice().code == 0
    (left,) = stage.books["invoices"]
    assert left["id"] == first["id"]
    assert len(stage.books["mails"]) == 1


def test_a_second_run_after_an_election_writes_nothing(stage: Stage) -> None:
    stage.fault("late", "invoiceCreate", after_s=LATE_S)
    stage.invoice()
    stage.world.advance(121)
    stage.invoice()
    stage.world.advance(LATE_S)
    stage.invoice()
    so_far = len(stage.world.requests)
    assert stage.invoice().code == 0
    assert not stage.writes(so_far)


def test_two_issued_invoices_with_the_reference_need_a_person(stage: Stage) -> None:
    stage.invoice()
    stage.forget()
    stage.wave.state.invoices.settle(_copy_of(stage))
    so_far = len(stage.world.requests)
    ended = stage.invoice()
    assert ended.code == 6
    (error,) = ended.of("error")
    assert "more than one issued invoice carries the reference" in error["message"]
    assert not stage.writes(so_far)


def _copy_of(stage: Stage) -> Invoice:
    """Return a second invoice like the one that is in the books, made a second later."""
    (made,) = stage.wave.state.invoices.all(stage.business)
    number = str(int(made.number) + 1)
    later = made.created_at + timedelta(seconds=1)
    return replace(made, id=f"{made.id}2", number=number, created_at=later, modified_at=later)
