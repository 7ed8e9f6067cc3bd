"""How changes are followed in QuickBooks."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from quickbooks_stand_in import StandIn, fault, invoice, payment, reply

from kommo_invoice.books.quickbooks.company import rows_of
from kommo_invoice.domain.invoice import Status

SINCE = datetime(2026, 10, 20, tzinfo=UTC)
AT = "2026-11-02T01:00:00.101-08:00"


def log(*, at: str = AT, **rows: Any) -> Any:
    parts = [{name: found, "startPosition": 1} if found else {} for name, found in rows.items()]
    return reply({"CDCResponse": [{"QueryResponse": parts}], "time": at})


def gone(number: int) -> dict[str, Any]:
    times = {"LastUpdatedTime": "2026-10-25T08:00:00-07:00"}
    return {"domain": "QBO", "status": "Deleted", "Id": str(number), "MetaData": times}


def changed(number: int, moment: str, **changes: Any) -> dict[str, Any]:
    times = {"CreateTime": "2026-10-01T08:00:00-07:00", "LastUpdatedTime": moment}
    return invoice(number, MetaData=times, **changes)


def many(kind: Any, count: int) -> list[dict[str, Any]]:
    start = SINCE + timedelta(days=1)
    rows = []
    for n in range(1, count + 1):
        moment = (start + timedelta(seconds=n)).isoformat()
        rows.append(kind(n, MetaData={"CreateTime": moment, "LastUpdatedTime": moment}))
    return rows


def found(books: StandIn, since: datetime = SINCE) -> list[tuple[str, Status]]:
    return [(each.id, each.status) for each in books.books().changed(since)]


def test_nothing_changed_takes_one_request() -> None:
    books = StandIn(scripted={"/cdc": [log(Invoice=[], Payment=[])]})

    assert found(books) == []
    (asked,) = books.requests
    assert asked.params == {
        "entities": "Invoice,Payment",
        "changedSince": "2026-10-20T00:00:00+00:00",
    }
    assert "changedSince=2026-10-20T00%3A00%3A00%2B00%3A00" in asked.raw_query


def test_changes_come_oldest_first_with_what_was_deleted() -> None:
    rows = [
        changed(1, "2026-10-26T08:00:00-07:00"),
        gone(2),
        changed(3, "2026-10-24T08:00:00-07:00", EmailStatus="EmailSent"),
    ]
    books = StandIn(scripted={"/cdc": [log(Invoice=rows, Payment=[])]})

    assert found(books) == [
        ("3", Status.SENT),
        ("2", Status.DELETED),
        ("1", Status.APPROVED),
    ]


def test_a_payment_names_the_invoices_that_it_paid() -> None:
    stored = [invoice(n, Balance=0) for n in (1, 2, 3)]
    pays = payment(9, ("1", 100), ("2", 100))
    books = StandIn({"Invoice": stored})
    books.scripted["/cdc"] = [log(Invoice=[invoice(1)], Payment=[pays, gone(8)])]

    assert sorted(found(books)) == [("1", Status.APPROVED), ("2", Status.PAID)]
    assert books.paths() == ["GET /cdc", "GET /query"]


class TestTooMuchForOneAnswer:
    def test_is_asked_for_kind_by_kind(self) -> None:
        invoices, pays = many(invoice, 600), many(payment, 400)
        books = StandIn()
        books.scripted["/cdc"] = [
            log(Invoice=invoices, Payment=pays),
            log(Invoice=many(invoice, 700)),
            log(Payment=pays),
        ]

        assert len(found(books)) == 700
        assert [each.params.get("entities") for each in books.requests] == [
            "Invoice,Payment",
            "Invoice",
            "Payment",
        ]

    def test_even_so_is_read_by_queries_and_the_deletions_are_kept(self) -> None:
        stored = many(invoice, 2300)
        cut = [*stored[:999], gone(5000)]
        books = StandIn({"Invoice": stored})
        books.scripted["/cdc"] = [log(Invoice=cut), log(Invoice=cut), log(Payment=[])]

        changes = found(books)

        assert len(changes) == 2301
        assert ("5000", Status.DELETED) in changes
        assert books.paths() == [*["GET /cdc"] * 2, *["GET /query"] * 3, "GET /cdc"]

    def test_a_change_during_the_walk_hides_no_other(self) -> None:
        stored = many(invoice, 1500)
        books = StandIn({"Invoice": stored}, {"/cdc": [fault("4001", "too old")]})

        def touch_the_first() -> None:
            late = "2026-11-01T08:00:00-07:00"
            stored[0] |= {"SyncToken": "9", "MetaData": {"LastUpdatedTime": late}}

        books.on_request = touch_the_first
        assert {each for each, _ in found(books)} == {str(n) for n in range(1, 1501)}


class TestALongTimeAgo:
    def test_is_read_by_queries_since_the_log_ends_after_30_days(self) -> None:
        books = StandIn({"Invoice": many(invoice, 3), "Payment": [payment(9, ("1", 1))]})
        books.scripted["/cdc"] = [log(Invoice=[], Payment=[])]

        assert len(found(books, SINCE - timedelta(days=60))) == 3
        assert books.paths() == ["GET /cdc", "GET /query", "GET /query"]

    def test_names_what_was_deleted_lately(self) -> None:
        books = StandIn(scripted={"/cdc": [log(Invoice=[gone(7)], Payment=[])]})

        assert found(books, SINCE - timedelta(days=60)) == [("7", Status.DELETED)]

    def test_may_be_refused_by_the_log(self) -> None:
        books = StandIn({"Invoice": many(invoice, 3)}, {"/cdc": [fault("2050", "too old")]})

        assert len(found(books, SINCE - timedelta(days=60))) == 3


@pytest.mark.skipif("KINV_SPECS" not in os.environ, reason="KINV_SPECS is not set")
def test_a_recorded_log_has_the_shape_that_is_read() -> None:
    folder = Path(os.environ["KINV_SPECS"]) / "quickbooks/samples/json-from-vcr"
    answer = json.loads((folder / "cdc-basic-1.200.json").read_text(), parse_float=Decimal)

    (response,) = rows_of(answer, "CDCResponse")
    (part,) = rows_of(response, "QueryResponse")
    assert rows_of(part, "Estimate")
