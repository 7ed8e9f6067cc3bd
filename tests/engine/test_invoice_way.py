"""The whole way of a deal: one of each, and a second run that writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stage import Stage


def test_a_deal_becomes_one_of_each(stage: Stage) -> None:
    ended = stage.invoice()
    assert ended.code == 0, ended
    picture = stage.picture()
    assert picture["customers"] == [("Northwind GmbH", "jo@northwind.example")]
    (invoice,) = picture["invoices"]
    reference = ended.events[0]["claim"]
    assert invoice == (f"4711 / {reference}", "SENT", "EUR", "1428.60", "jo@northwind.example")
    assert picture["mails"] == ["jo@northwind.example"]
    ((lead, text),) = picture["tasks"]
    assert lead == stage.deal
    assert text.endswith(f"[kinv {reference}]")


def test_a_second_run_makes_no_write(stage: Stage) -> None:
    stage.invoice()
    so_far, picture = len(stage.world.requests), stage.picture()
    ended = stage.invoice()
    assert ended.code == 0
    assert not stage.writes(so_far)
    assert stage.picture() == picture
    assert [event["event"] for event in ended.events] == ["skip", "summary"]


def test_without_its_ledger_a_run_makes_no_write(stage: Stage) -> None:
    stage.invoice()
    stage.forget()
    so_far, picture = len(stage.world.requests), stage.picture()
    assert stage.invoice().code == 0
    assert not stage.writes(so_far)
    assert stage.picture() == picture
