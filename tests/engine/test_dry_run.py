"""A preview writes nothing, and shows the very values that the run then sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kommo_invoice.mapping.views import LATER

if TYPE_CHECKING:
    from stage import Result, Stage


def test_it_writes_nothing_anywhere(stage: Stage) -> None:
    before = stage.picture()
    assert _preview(stage, stage.deal, stage.other).code == 0
    assert not stage.writes()
    assert stage.picture() == before
    assert not list(stage.state.glob("ledger*"))
    assert not list(stage.state.glob("locks/*"))


def test_it_leaves_an_existing_ledger_as_it_is(stage: Stage) -> None:
    stage.invoice(stage.other)
    stage.fault("refuse", "invoiceCreate")
    stage.invoice()
    before = _rows(stage)
    _preview(stage, stage.deal, stage.other, KINV_SETTLE_S="0")
    assert _rows(stage) == before


@pytest.mark.parametrize("lines", ["deal", "products", "fields"])
def test_its_values_are_those_that_are_sent(stage: Stage, lines: str) -> None:
    deals = _map_lines(stage, lines)
    shown = _steps(_preview(stage, *deals))
    assert not stage.writes()
    assert stage.invoice(*deals).code == 0
    for deal in deals:
        _compare(stage, deal, shown[deal])


def test_a_resumed_deals_values_are_those_that_are_sent(stage: Stage) -> None:
    stage.fault("refuse", "invoiceSend")
    stage.invoice()
    shown = _steps(_preview(stage, stage.deal, KINV_SETTLE_S="0"))[stage.deal]
    assert list(shown) == ["invoice.send", "deal.update", "task.create"]
    stage.until_quiet()
    assert shown["deal.update"]["fields"]["Payment status"] == "sent"
    assert stage.lead(stage.deal)["fields"]["Payment status"] == "sent"
    assert shown["task.create"]["text"] == stage.tasks[0]["text"]


def test_a_client_of_two_deals_is_promised_once(stage: Stage) -> None:
    first, second = stage.add_deal("One"), stage.add_deal("Two")
    plans = _preview(stage, first, second).of("plan")
    assert [plan["customer"]["known"] for plan in plans] == ["new", f"new, with deal {first}"]
    steps = [[step["step"] for step in plan["steps"]] for plan in plans]
    assert "customer.create" in steps[0]
    assert "customer.create" not in steps[1]


def test_its_totals_are_those_that_are_invoiced(stage: Stage) -> None:
    shown = _preview(stage, stage.deal, stage.other).of("summary")[0]
    done = stage.invoice(stage.deal, stage.other).of("summary")[0]
    assert shown["totals"] == done["totals"] == {"EUR": "1428.60", "GBP": "1547.64"}


def test_what_would_fail_fails_in_it(stage: Stage) -> None:
    ended = _preview(stage, stage.add_deal("Nothing", 0), stage.deal)
    assert ended.code == 3
    assert len(ended.of("plan")) == 1


def _preview(stage: Stage, *deals: int, **environment: str) -> Result:
    named = [part for deal in deals for part in ("--deal", deal)]
    return stage.kinv("invoice", *named, "--dry-run", "--json", **environment)


def _steps(ended: Result) -> dict[int, dict[str, Any]]:
    return {
        plan["deal"]: {step["step"]: step["values"] for step in plan["steps"]}
        for plan in ended.of("plan")
    }


def _map_lines(stage: Stage, source: str) -> list[int]:
    """Map the lines' source, and return the deals that it suits."""
    if source == "products":
        lines = {
            "description": "{{ product.name }}",
            "quantity": "{{ product.quantity }}",
            "unit_price": "{{ product.price }}",
        }
        stage.map(lines={"source": source, **lines})
        return [stage.other]
    if source == "fields":
        lines = {
            "description": "{{ deal['Item ' ~ n] }}",
            "quantity": "{{ first(deal['Qty ' ~ n], 1) }}",
            "unit_price": "{{ deal['Price ' ~ n] }}",
        }
        stage.map(lines={"source": source, "count": 3, **lines}, tax={"default": "none"})
        return [stage.seed.leads["Brand workshop"]]
    return [stage.deal, stage.other]


def _compare(stage: Stage, deal: int, shown: dict[str, Any]) -> None:
    """Compare what was shown with the bodies that went out for the deal."""
    reference = stage.reference(deal)
    inputs = {
        each.operation: each.body["variables"]["input"]
        for each in stage.world.requests
        if each.operation.startswith("customerCreate")
        and each.body["variables"]["input"]["email"] == shown["customer.create"]["email"]
    }
    assert inputs["customerCreate"]["name"] == shown["customer.create"]["name"]
    _compare_invoice(_invoice_input(stage, reference), shown["invoice.create"], reference)
    _compare_mail(stage, shown["invoice.send"])
    _compare_deal(stage, deal, shown["deal.update"])
    _compare_task(stage, deal, shown["task.create"])


def _invoice_input(stage: Stage, reference: str) -> dict[str, Any]:
    found = [
        each.body["variables"]["input"]
        for each in stage.world.requests
        if each.operation == "invoiceCreate"
    ]
    (sent,) = (each for each in found if each["poNumber"].endswith(reference))
    return dict(sent)


def _compare_invoice(sent: dict[str, Any], shown: dict[str, Any], reference: str) -> None:
    assert shown["reference"] == reference
    assert sent["currency"] == shown["currency"]
    assert (sent["invoiceDate"], sent["dueDate"]) == (shown["date"], shown["due_date"])
    assert sent["poNumber"] == shown["po_number"]
    percent = [each["percentage"] for each in sent.get("discounts", ())]
    assert percent == ([shown["discount"]["percent"]] if "discount" in shown else [])
    for line, wanted in zip(sent["items"], shown["lines"], strict=True):
        tax = [] if wanted["tax"] == "none" else [{"salesTaxId": wanted["tax"]["id"]}]
        assert line == {
            "productId": wanted["item"]["id"],
            "description": wanted["description"],
            "quantity": wanted["quantity"],
            "unitPrice": wanted["unit_price"],
            "taxes": tax,
        }


def _compare_mail(stage: Stage, shown: dict[str, Any]) -> None:
    sent = [
        each.body["variables"]["input"]
        for each in stage.world.requests
        if each.operation == "invoiceSend"
    ]
    (mail,) = (each for each in sent if each["to"] == [shown["to"]])
    assert (mail["message"], mail["attachPDF"]) == (shown["message"], shown["attach_pdf"])


def _compare_deal(stage: Stage, deal: int, shown: dict[str, Any]) -> None:
    lead = stage.lead(deal)
    assert lead["stage"] == shown["stage"]
    for name, value in shown["fields"].items():
        if LATER in value:
            assert lead["fields"][name]
        else:
            assert lead["fields"][name] == value


def _compare_task(stage: Stage, deal: int, shown: dict[str, Any]) -> None:
    (task,) = (each for each in stage.tasks if each["lead"] == deal)
    before, _, after = shown["text"].partition(LATER)
    assert task["text"].startswith(before)
    assert task["text"].endswith(after)
    assert task["complete_till"] == shown["due"]
    assert str(task["responsible"]) == shown["responsible_id"]


def _rows(stage: Stage) -> list[str]:
    """Return every row of the ledger, as text."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(stage.state / "ledger.sqlite3")) as connection:
        return list(connection.iterdump())


def test_what_only_the_books_will_tell_is_not_invented(stage: Stage) -> None:
    stage.map(invoice={"due_date": None})
    shown = stage.kinv("invoice", "--deal", stage.deal, "--dry-run").out
    _, _, task = shown.partition("create the task")
    assert "due                     (known after create)" in task
    assert stage.invoice().code == 0
