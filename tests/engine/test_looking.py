"""How far a look goes: a ledger that is younger than the deal searches the whole business."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stage import Stage

OTHERS = 150
"""Invoices of other people, more than one list page takes."""


def test_a_ledger_younger_than_the_deal_reads_the_whole_business(stage: Stage) -> None:
    ours = stage.add_invoice("1200.50", po_number=stage.reference(), items=stage.line())
    _crowd(stage)
    ended = stage.invoice()
    assert ended.code == 0
    assert stage.mark(stage.deal) == f"wave:{ours}"
    assert "invoiceCreate" not in stage.writes()


def test_a_ledger_older_than_the_deal_stops_at_the_first_page(stage: Stage) -> None:
    stage.invoice(stage.other)
    stage.world.advance(60)
    deal = stage.add_deal("New work")
    _crowd(stage)
    so_far = len(stage.world.requests)
    assert stage.invoice(deal).code == 0
    assert _pages(stage, so_far) == {1}


def test_an_older_ledger_that_lost_an_answer_reads_the_whole_business(stage: Stage) -> None:
    stage.invoice(stage.other)
    stage.world.advance(60)
    deal = stage.add_deal("New work")
    _crowd(stage)
    stage.fault("refuse", "invoiceCreate")
    so_far = len(stage.world.requests)
    assert stage.invoice(deal).code == 5
    assert _pages(stage, so_far) == {1, 2}


def _crowd(stage: Stage) -> None:
    someone = stage.add_customer("Someone", "someone@else.example")
    for _ in range(OTHERS):
        stage.wave.add_invoice(someone, "10")


def _pages(stage: Stage, since: int) -> set[int]:
    """Return the pages of the business's invoice list that were asked for."""
    pages: set[int] = set()
    for asked in stage.world.requests[since:]:
        if asked.operation == "Look" and "invoices" in asked.body["query"]:
            values = asked.body["variables"]
            pages |= {value for name, value in values.items() if "page" in name.lower()}
    return pages
