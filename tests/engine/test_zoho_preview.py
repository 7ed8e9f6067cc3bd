"""A preview shows the very values that Zoho Books is then sent, and writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from previews import FIELDS, PRODUCTS, exact, preview, sent
from zoho_stage import CUSTOMER, INVOICE, SEND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from previews import Values
    from zoho_stage import ZohoStage


@pytest.mark.parametrize(
    ("name", "mapping"),
    [
        ("Website relaunch", {}),
        ("Website relaunch", {"invoice": {"discount": "12.5", "number": "reference"}}),
        ("Website relaunch", {"invoice": {"discount": {"amount": "100.25"}, "memo": "Thanks!"}}),
        ("Website relaunch", {"invoice": {"amounts": "inclusive", "discount": None}}),
        ("Online shop", {"lines": PRODUCTS, "invoice": {"cc": "boss@client.example"}}),
        ("Brand workshop", {"lines": FIELDS, "tax": {"default": "Outside the EU"}}),
    ],
    ids=["deal", "percent, number", "amount, memo", "inclusive", "products, cc", "fields"],
)
def test_its_values_are_those_that_are_sent(zoho: ZohoStage, name: str, mapping: Values) -> None:
    zoho.map(**mapping)
    deal = zoho.seed.leads[name]
    plan = preview(zoho, deal)
    shown = {step["step"]: step["values"] for step in plan["steps"]}
    ended = zoho.invoice(deal)
    assert ended.code == 0, ended
    _compare_customer(zoho, sent(zoho, CUSTOMER).body, shown["customer.create"])
    _compare_invoice(sent(zoho, INVOICE), shown["invoice.create"])
    _compare_mail(zoho, sent(zoho, SEND), shown["invoice.send"])
    (invoice,) = zoho.books["invoices"]
    assert exact(plan["total"]) == exact(invoice["total"])
    assert exact(plan["tax"]) == exact(invoice["tax"])
    assert zoho.lead(deal)["stage"] == shown["deal.update"]["stage"]
    (task,) = zoho.tasks
    assert task["text"].endswith(shown["task.create"]["text"][-len("[kinv KU6-1]") :])


def test_a_resumed_deal_shows_what_is_left(zoho: ZohoStage) -> None:
    zoho.fault("refuse", f"^{SEND}$")
    assert zoho.invoice().code == 5
    zoho.world.advance(200)
    steps = [each["step"] for each in preview(zoho, zoho.deal)["steps"]]
    assert steps == ["invoice.send", "deal.update", "task.create"]


def test_what_is_done_has_nothing_to_show(zoho: ZohoStage) -> None:
    assert zoho.invoice().code == 0
    so_far = len(zoho.world.requests)
    ended = zoho.kinv("invoice", "--deal", zoho.deal, "--dry-run", "--json")
    assert (ended.code, ended.of("plan")) == (0, [])
    assert not zoho.writes(so_far)


def _compare_customer(zoho: ZohoStage, body: Mapping[str, Any], shown: Values) -> None:
    assert body["contact_name"] == shown["name"]
    (person,) = body["contact_persons"]
    assert person["email"] == shown["email"]
    assert person["is_primary_contact"] is True
    if shown["currency"] == "EUR":
        assert "currency_id" not in body
    else:
        assert body["currency_id"] == zoho.people.currency_id(shown["currency"])


def _compare_invoice(request: Any, shown: Values) -> None:
    body = request.body
    assert body["reference_number"] == shown["po_number"]
    assert shown["reference"] in {shown.get("number"), shown["po_number"].split(" / ")[-1]}
    assert (body["date"], body["due_date"]) == (shown["date"], shown["due_date"])
    assert body.get("notes") == shown.get("memo")
    assert body.get("invoice_number") == shown.get("number")
    assert ("ignore_auto_number_generation=true" in request.query) == ("number" in shown)
    assert body.get("is_inclusive_tax", False) == (shown.get("amounts") == "inclusive")
    for line, wanted in zip(body["line_items"], shown["lines"], strict=True):
        assert line["description"] == wanted["description"]
        assert exact(line["quantity"]) == exact(wanted["quantity"])
        assert exact(line["rate"]) == exact(wanted["unit_price"])
        assert line["item_id"] == wanted["item"]["id"]
        assert line["tax_id"] == wanted["tax"]["id"]
    wanted = shown.get("discount")
    if wanted is None:
        assert "discount" not in body
    elif wanted.get("percent") is not None:
        assert body["discount"] == f"{exact(wanted['percent']).normalize():f}%"
    else:
        assert exact(body["discount"]) == exact(wanted["amount"])


def _compare_mail(zoho: ZohoStage, request: Any, shown: Values) -> None:
    assert request.body["to_mail_ids"] == [shown["to"]]
    assert request.body.get("cc_mail_ids", []) == shown.get("cc", [])
    (mail,) = zoho.books["mails"]
    assert shown["message"] in mail["body"]
    assert mail["attached"] is shown["attach_pdf"]
