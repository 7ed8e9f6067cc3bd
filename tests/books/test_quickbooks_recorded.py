"""Every recorded answer of QuickBooks is understood, and judged as what it is."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from quickbooks_stand_in import REALM, StandIn, reply

from kommo_invoice.books.quickbooks.company import Company, time_of
from kommo_invoice.books.quickbooks.errors import faults, judge, verdict
from kommo_invoice.books.quickbooks.query import select
from kommo_invoice.books.quickbooks.wire import WireCustomer
from kommo_invoice.books.quickbooks.wire_company import WireItem
from kommo_invoice.books.quickbooks.wire_invoice import WireInvoice, WireLine, WirePayment, deleted
from kommo_invoice.books.shapes import parse
from kommo_invoice.domain.invoice import Status
from kommo_invoice.domain.money import Money
from kommo_invoice.errors import LoginNeeded, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = pytest.mark.skipif("KINV_SPECS" not in os.environ, reason="KINV_SPECS is not set")

FOLDER = Path(os.environ.get("KINV_SPECS", "")) / "quickbooks/samples/json-from-vcr"
FILES = sorted(each.name for each in FOLDER.glob("*.json"))
REFUSED = {
    "error-400-2.400.json": (Rejected, "4001"),
    "error-400_json-1.400.json": (Rejected, "2010"),
    "error-401-1.401.json": (LoginNeeded, None),
    "error-500-1.400.json": (Rejected, "500"),
    "error-500-2.400.json": (Rejected, "2030"),
    "error-validation-1.400.json": (Rejected, "6240"),
}
SHAPES: dict[str, type[Any]] = {
    "Customer": WireCustomer,
    "Invoice": WireInvoice,
    "Payment": WirePayment,
    "Item": WireItem,
}


def recorded(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"), parse_float=Decimal)


def objects(answer: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every object in an answer with the name of its kind."""
    found = answer.items() if isinstance(answer, dict) else ()
    for name, each in found:
        rows = each if isinstance(each, list) else [each]
        for row in rows:
            if isinstance(row, dict) and "Id" in row and name[:1].isupper():
                yield name, row
            else:
                yield from objects(row)


@pytest.mark.parametrize("name", FILES)
def test_each_is_judged_as_what_it_is(name: str) -> None:
    error = judge(reply(recorded(name), int(name.split(".")[1])))

    kind, code = REFUSED.get(name, (None, None))
    assert (type(error) if error else None) is kind
    assert getattr(error, "code", None) == code
    assert error is None or "REDACTED" not in f"{error.message} {error.hint}"


@pytest.mark.parametrize("name", sorted(set(FILES) & set(REFUSED)))
def test_each_refusal_is_the_same_with_status_200(name: str) -> None:
    assert type(judge(reply(recorded(name), 200))) is REFUSED[name][0]


@pytest.mark.parametrize("name", FILES)
def test_every_object_in_it_is_understood(name: str) -> None:
    for kind, row in objects(recorded(name)):
        shape = SHAPES.get(kind)
        if shape is None or row.get("status") == "Deleted":
            continue
        assert parse(shape, row).id == row["Id"]
    for kind, row in objects(recorded(name)):
        for line in row.get("Line", ()) if kind in {"SalesReceipt", "Estimate"} else ():
            assert parse(WireLine, line).amount == line["Amount"]


@pytest.mark.parametrize("name", sorted(set(FILES) - set(REFUSED)))
def test_it_says_when_it_was_given(name: str) -> None:
    moment = time_of(recorded(name))

    assert moment is not None
    assert moment.utcoffset() is not None


def test_there_is_something_to_understand() -> None:
    kinds = [kind for name in FILES for kind, _ in objects(recorded(name))]

    assert len(FILES) == 44
    assert {"Customer", "Invoice", "SalesReceipt"} <= set(kinds)
    assert kinds.count("Customer") > 40


class TestQueries:
    def rows(self, name: str, entity: str) -> list[Any]:
        stand_in = StandIn(scripted={"/query": [reply(recorded(name)), reply(recorded(name))]})
        return list(Company(stand_in, REALM).rows(select(entity)))  # type: ignore[arg-type]

    def test_a_page_has_its_rows(self) -> None:
        assert len(self.rows("all-customers-2.200.json", "Customer")) == 41
        (amy,) = self.rows("get-display_name-1.200.json", "Customer")
        assert parse(WireCustomer, amy).display_name == "Amy's Bird Sanctuary"

    def test_one_without_a_hit_has_none(self) -> None:
        assert self.rows("all-alt_select-5.200.json", "Customer") == []

    def test_a_count_has_none(self) -> None:
        assert self.rows("all-customers-1.200.json", "Customer") == []


def test_each_answer_of_a_batch_has_its_own_verdict() -> None:
    answers = {
        each["bId"]: each for each in recorded("batch-basic-1.200.json")["BatchItemResponse"]
    }
    codes = {
        name: getattr(verdict(found), "code", None) if (found := faults(each)) else None
        for name, each in answers.items()
    }

    assert codes == {"bid1": None, "bid2": "610", "bid3": "5010", "bid4": None}


def test_a_void_keeps_the_lines_and_no_amount() -> None:
    before, after = (
        parse(WireInvoice, recorded(f"void-invoice-{n}.200.json")["Invoice"]).whole(
            lambda: "USD", None, {}
        )
        for n in (1, 2)
    )

    assert (before.id, before.status.live) == (after.id, True)
    assert (after.status, after.total, after.paid) == (
        Status.VOID,
        Money(0, "USD"),
        Money(0, "USD"),
    )
    assert before.total.minor > 0
    assert len(after.lines or ()) == len(before.lines or ()) > 0


def test_a_deleted_invoice_is_told_by_its_id_alone() -> None:
    found = deleted(recorded("delete-invoice-2.200.json")["Invoice"], lambda: "USD")

    assert found is not None
    assert found.status is Status.DELETED
    assert found.id == recorded("delete-invoice-1.200.json")["Invoice"]["Id"]


def test_a_change_log_has_its_rows_under_their_kind() -> None:
    stand_in = StandIn(scripted={"/cdc": [reply(recorded("cdc-basic-1.200.json"))]})
    answer: Any = Company(stand_in, REALM).get("/cdc")  # type: ignore[arg-type]

    ((part,),) = (each["QueryResponse"] for each in answer["CDCResponse"])
    assert {each["TxnStatus"] for each in part["Estimate"]} >= {"Closed"}
    assert all(each["Id"] for each in part["Estimate"])
