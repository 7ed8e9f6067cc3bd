"""A preview shows the very values that QuickBooks is then sent, and writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from previews import FIELDS, PRODUCTS, exact, preview, sent
from quickbooks_stage import CUSTOMER, INVOICE, SEND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from previews import Values
    from quickbooks_stage import QuickBooksStage


@pytest.mark.parametrize(
    ("name", "mapping"),
    [
        ("Website relaunch", {}),
        ("Website relaunch", {"invoice": {"discount": "12.5", "number": "reference"}}),
        ("Online shop", {"lines": PRODUCTS}),
        ("Brand workshop", {"lines": FIELDS, "tax": {"default": "No VAT"}}),
        ("Online shop", {"lines": PRODUCTS, "invoice": {"due_date": None, "terms": "Net 15"}}),
    ],
    ids=["deal", "discount and number", "products", "fields", "terms"],
)
def test_its_values_are_those_that_are_sent(
    live: QuickBooksStage, name: str, mapping: Values
) -> None:
    live.map(**mapping)
    deal = live.seed.leads[name]
    plan = preview(live, deal)
    shown = {step["step"]: step["values"] for step in plan["steps"]}
    assert live.invoice(deal).code == 0
    _compare_customer(sent(live, CUSTOMER).body, shown["customer.create"])
    _compare_invoice(sent(live, INVOICE).body, shown["invoice.create"])
    assert f"sendTo={shown['invoice.send']['to'].replace('@', '%40')}" in sent(live, SEND).query
    (invoice,) = live.books["invoices"]
    assert exact(plan["total"]) == exact(invoice["total"])
    assert live.lead(deal)["stage"] == shown["deal.update"]["stage"]
    (task,) = live.tasks
    assert task["text"].endswith(shown["task.create"]["text"][-len("[kinv KQ4-1]") :])


@pytest.mark.parametrize("holder", ["customer", "vendor"])
def test_a_name_that_is_taken_shows_only_when_it_is_asked_for(
    live: QuickBooksStage, holder: str
) -> None:
    """No read tells who has a name without one more request, so the preview shows the wish."""
    if holder == "customer":
        live.add_customer("Northwind GmbH", "somebody@else.example")
    else:
        live.take_name("Northwind GmbH")
    shown = {each["step"]: each["values"] for each in preview(live, live.deal)["steps"]}
    assert shown["customer.create"]["name"] == "Northwind GmbH"
    assert live.invoice().code == 0
    assert live.names[-1] == ("Northwind GmbH (2)", "jo@northwind.example")


def test_a_resumed_deal_shows_what_is_left(live: QuickBooksStage) -> None:
    live.fault("refuse", SEND)
    assert live.invoice().code == 5
    live.world.advance(200)
    steps = [each["step"] for each in preview(live, live.deal)["steps"]]
    assert steps == ["invoice.send", "deal.update", "task.create"]


def _compare_customer(body: Mapping[str, Any], shown: Values) -> None:
    assert body["DisplayName"] == shown["name"]
    assert body["PrimaryEmailAddr"] == {"Address": shown["email"]}
    assert body["CurrencyRef"] == {"value": shown["currency"]}


def _compare_invoice(body: Mapping[str, Any], shown: Values) -> None:
    texts = (shown.get("po_number"), shown["reference"])
    assert body["PrivateNote"] == " / ".join(each for each in texts if each)
    assert body["CurrencyRef"] == {"value": shown["currency"]}
    assert (body["TxnDate"], body.get("DueDate")) == (shown["date"], shown.get("due_date"))
    assert ("SalesTermRef" in body) == ("terms" in shown)
    assert body["DocNumber"] == shown.get("number", "AUTO_GENERATE")
    lines = [each for each in body["Line"] if each["DetailType"] == "SalesItemLineDetail"]
    for line, wanted in zip(lines, shown["lines"], strict=True):
        detail = line["SalesItemLineDetail"]
        assert line["Description"] == wanted["description"]
        assert exact(detail["Qty"]) == exact(wanted["quantity"])
        assert exact(detail["UnitPrice"]) == exact(wanted["unit_price"])
        assert detail["ItemRef"] == {"value": wanted["item"]["id"]}
        assert detail["TaxCodeRef"] == {"value": wanted["tax"]["id"]}
    taken_off = [each["DiscountLineDetail"] for each in body["Line"] if each not in lines]
    if "discount" in shown:
        (detail,) = taken_off
        assert exact(detail["DiscountPercent"]) == exact(shown["discount"]["percent"])
    else:
        assert not taken_off
