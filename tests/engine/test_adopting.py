"""What is found in the books before anything is created: taken, linked or refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from stage import Result, Stage


@pytest.mark.parametrize("status", ["DRAFT", "SAVED"])
def test_our_reference_with_equal_content_goes_on_to_one_mail(stage: Stage, status: str) -> None:
    ours = _own(stage, status=status)
    ended = stage.invoice()
    assert ended.code == 0
    assert "was found by its reference" in ended.of("plan")[0]["notes"][0]
    assert "invoiceCreate" not in stage.writes()
    (invoice,) = stage.books["invoices"]
    assert (invoice["id"], invoice["status"]) == (ours, "SENT")
    assert len(stage.books["mails"]) == len(stage.tasks) == 1
    assert stage.mark(stage.deal) == f"wave:{ours}"


def test_our_reference_that_was_sent_already_is_only_written_back(stage: Stage) -> None:
    ours = _own(stage)
    _change(stage, ours, sent_at=stage.world.now(), sent_via="WAVE")
    assert stage.invoice().code == 0
    assert stage.writes() == {"PATCH /api/v4/leads": 1, "POST /api/v4/tasks": 1}
    assert stage.lead(stage.deal)["stage"] == "Invoice Sent"


def test_our_reference_with_other_lines_of_the_same_total_is_linked_and_never_mailed(
    stage: Stage,
) -> None:
    ours = _own(stage, items=stage.line(price="600.25") * 2)
    for _ in range(2):
        assert stage.invoice().code == 0
    assert not stage.books["mails"]
    assert stage.mark(stage.deal) == f"wave:{ours}"


def test_our_reference_with_another_total_is_refused_with_both_values(stage: Stage) -> None:
    _own(stage, items=stage.line(price="999"))
    ended = _refused(stage)
    assert "total is 1188.81, not 1428.60" in ended.of("error")[0]["message"]


def test_our_reference_for_another_customer_is_refused_naming_both(stage: Stage) -> None:
    _own(stage, customer=stage.add_customer("Else", "else@where.example"))
    ended = _refused(stage)
    message = ended.of("error")[0]["message"]
    assert "its customer is else@where.example" in message
    assert "jo@northwind.example" in message


def test_a_number_of_ours_that_another_invoice_has_is_refused(stage: Stage) -> None:
    stage.map(invoice={"number": "INV-{{ deal.id }}"})
    elsewhere = stage.add_customer("Else", "else@where.example")
    stage.add_invoice("5", customer=elsewhere, invoice_number=f"INV-{stage.deal}")
    ended = _refused(stage)
    message = ended.of("error")[0]["message"]
    assert f"the number INV-{stage.deal} is that of another invoice" in message
    assert "else@where.example" in message


def test_our_reference_in_another_currency_is_refused_with_both_values(stage: Stage) -> None:
    _own(stage, currency="USD")
    ended = _refused(stage)
    assert "currency is USD, not EUR" in ended.of("error")[0]["message"]


def test_a_reference_is_one_whole_word(stage: Stage) -> None:
    longer = stage.add_invoice("1200.50", po_number=f"{stage.reference()}1", items=stage.line())
    assert stage.invoice().code == 0
    assert stage.mark(stage.deal) != f"wave:{longer}"
    assert len(stage.books["invoices"]) == 2


def test_an_invoice_that_the_field_names_by_hand_is_linked_and_never_sent(stage: Stage) -> None:
    by_hand = stage.add_invoice("77")
    _fill(stage, stage.deal, f"wave:{by_hand}")
    for _ in range(2):
        assert stage.invoice().code == 0
    assert set(stage.writes()) == {"PATCH /api/v4/leads", "POST /api/v4/tasks"}
    fields = stage.lead(stage.deal)["fields"]
    assert (fields["Invoice number"], fields["Payment status"]) == ("1", "approved")


@pytest.mark.parametrize("with_ledger", [True, False])
def test_a_copied_deal_gets_its_own_invoice(stage: Stage, with_ledger: bool) -> None:
    stage.invoice()
    original = stage.mark(stage.deal)
    copy = stage.add_deal("Website relaunch", "1200.50", fields={"Invoice ID": original})
    if not with_ledger:
        stage.forget()
    ended = stage.invoice(copy)
    assert ended.code == 0
    assert "its invoice field was copied" in ended.of("plan")[0]["notes"][0]
    assert stage.mark(copy) != original
    assert len(stage.books["invoices"]) == len(stage.books["mails"]) == 2


@pytest.mark.parametrize("text", ["garbage", "zoho:123", "wave:", "4711"])
def test_a_field_that_names_no_invoice_of_these_books_is_refused(stage: Stage, text: str) -> None:
    _fill(stage, stage.deal, text)
    ended = _refused(stage)
    assert repr(text) in ended.of("error")[0]["message"]


def test_the_invoice_of_another_deal_in_this_ledger_is_not_taken_by_its_reference(
    stage: Stage,
) -> None:
    ours = _own(stage)
    assert stage.kinv("link", "--deal", stage.other, "--invoice", ours).code == 0
    ended = stage.invoice()
    assert ended.code == 3
    assert f"deal {stage.other} has it" in ended.of("error")[0]["message"]


def _own(stage: Stage, **more: Any) -> str:
    """Put an invoice into the books as kinv would have made it for the German deal."""
    return stage.add_invoice(
        "0", **{"po_number": f"4711 / {stage.reference()}", "items": stage.line(), **more}
    )


def _refused(stage: Stage) -> Result:
    """Run, and check that it is refused without any write, again and again."""
    before = stage.picture()
    for _ in range(2):
        ended = stage.invoice()
        assert ended.code == 3
    assert not stage.writes()
    assert stage.picture() == before
    return ended


def _fill(stage: Stage, deal: int, text: str) -> None:
    stage.kommo.edit_lead(deal, fields={"Invoice ID": text})


def _change(stage: Stage, invoice_id: str, **changes: Any) -> None:
    stage.wave.state.invoices.settle(replace(stage.wave.state.invoices.get(invoice_id), **changes))
