"""How changes are followed in Zoho Books."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from zoho_stand_in import StandIn, done, row

from kommo_invoice.books.zoho.changes import instant
from kommo_invoice.domain.invoice import Status

SINCE = datetime(2026, 10, 20, tzinfo=UTC)


def found(books: StandIn) -> list[tuple[str, Status]]:
    return [(each.id, each.status) for each in books.books().changed(SINCE)]


def test_nothing_changed_takes_one_request() -> None:
    books = StandIn(scripted={"/invoices": [done(invoices=[])]})

    assert found(books) == []
    (asked,) = books.requests
    assert asked.params["last_modified_time"] == "2026-10-19T23:59:59+0000"
    assert "last_modified_time=2026-10-19T23%3A59%3A59%2B0000" in asked.raw_query
    assert (asked.params["sort_column"], asked.params["sort_order"]) == ("created_time", "A")


def test_they_come_oldest_change_first_without_what_is_older() -> None:
    books = StandIn(
        {
            "invoices": [
                row(1, last_modified_time="2026-10-25T10:00:00+0200"),
                row(2, last_modified_time="2026-10-24T10:00:00+0200", status="void"),
                row(3, last_modified_time="2026-10-20T01:59:59+0200"),
                row(4, last_modified_time="2026-10-20T02:00:00+0200"),
            ]
        }
    )

    assert found(books) == [("4", Status.APPROVED), ("2", Status.VOID), ("1", Status.APPROVED)]


def test_what_moves_to_a_later_page_meanwhile_comes_once_as_it_was_last() -> None:
    moment = "2026-10-25T10:00:00+0200"
    rows = [row(n, last_modified_time=moment) for n in range(201)]
    paid: dict[str, Any] = {"status": "paid", "balance": 0, "last_payment_date": "2026-10-26"}
    again = [row(199, last_modified_time=moment, **paid), rows[200]]
    books = StandIn(
        scripted={
            "/invoices": [
                done(invoices=rows[:200], page_context={"has_more_page": True}),
                done(invoices=again, page_context={"has_more_page": False}),
            ]
        }
    )

    seen = found(books)

    assert len(seen) == len({each for each, _ in seen}) == 201
    assert dict(seen)["199"] is Status.PAID
    assert [each.params["page"] for each in books.requests] == ["1", "2"]


@pytest.mark.parametrize("context", [{"has_more_page": True}, [{"has_more_page": True}], None])
def test_pages_are_turned_until_they_are_empty(context: object) -> None:
    moment = "2026-10-25T10:00:00+0200"
    rows = [row(n, last_modified_time=moment) for n in range(200)]
    answers = [
        done(invoices=rows, page_context=context),
        done(invoices=[], page_context=context),
    ]
    books = StandIn(scripted={"/invoices": answers})

    assert len(found(books)) == 200
    assert len(books.requests) == 2


def test_a_list_without_pages_is_read_once() -> None:
    moment = "2026-10-25T10:00:00+0200"
    rows = [row(n, last_modified_time=moment) for n in range(300)]
    books = StandIn(scripted={"/invoices": [done(invoices=rows), done(invoices=rows)]})

    assert len(found(books)) == 300


def test_times_have_whole_seconds_and_an_offset_without_a_colon() -> None:
    moment = datetime(2026, 10, 20, 12, 0, 0, 999, tzinfo=timezone(timedelta(hours=2)))

    assert instant(moment) == "2026-10-20T10:00:00+0000"
