"""A deal that changes after it was begun: reported, corrected, or replaced."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from kommo_invoice.sandbox.wave_invoicing import patch_invoice
from kommo_invoice.sandbox.wave_money import TaxRounding

if TYPE_CHECKING:
    from stage import Stage


def test_a_change_after_success_is_reported_and_nothing_is_done(stage: Stage) -> None:
    stage.invoice()
    stage.kommo.edit_lead(stage.deal, price="2000")
    so_far, before = len(stage.world.requests), stage.books
    ended = stage.invoice()
    assert ended.code == 0
    (skip,) = ended.of("skip")
    assert skip["changed"]
    assert "the deal was changed after invoicing" in skip["reason"]
    assert not stage.writes(so_far)
    assert stage.books == before


def test_another_due_date_is_no_change(stage: Stage) -> None:
    stage.invoice()
    stage.kommo.edit_lead(stage.deal, fields={"Due Date": date(2099, 1, 1)})
    assert not stage.invoice().of("skip")[0]["changed"]


def test_a_deal_that_the_books_refused_is_invoiced_when_it_is_corrected(stage: Stage) -> None:
    stage.fault("status", "invoiceCreate", status=200, body=_refusal())
    ended = stage.invoice()
    assert ended.code == 3
    assert "The discount is more than the invoice" in ended.of("error")[0]["message"]
    stage.kommo.edit_lead(stage.deal, price="1500")
    assert stage.invoice().code == 0
    (invoice,) = stage.books["invoices"]
    assert invoice["total"] == "1785.00"
    assert len(stage.books["customers"]) == len(stage.books["mails"]) == 1


def test_a_deal_proven_absent_is_invoiced_as_it_is_now(stage: Stage) -> None:
    stage.fault("refuse", "invoiceCreate")
    stage.invoice()
    stage.kommo.edit_lead(stage.deal, price="1500")
    stage.until_quiet()
    (invoice,) = stage.books["invoices"]
    assert (invoice["total"], invoice["status"]) == ("1785.00", "SENT")


def test_a_deal_that_was_lost_before_its_invoice_was_made_gets_none(stage: Stage) -> None:
    stage.fault("refuse", "invoiceCreate")
    stage.invoice()
    stage.kommo.move_lead(stage.deal, "Closed - lost")
    ended = stage.invoice(KINV_SETTLE_S="0")
    assert ended.code == 3
    assert "is lost" in ended.of("error")[0]["message"]
    assert not stage.books["invoices"]


def test_a_resumed_claim_goes_on_from_its_stored_draft(stage: Stage) -> None:
    stage.fault("lose", "invoiceCreate")
    stage.fault("status", "Look", skip=1, status=401)
    assert stage.invoice().code == 4
    stage.kommo.edit_lead(stage.deal, price="1500")
    assert stage.invoice().code == 0
    (invoice,) = stage.books["invoices"]
    assert (invoice["total"], invoice["status"]) == ("1428.60", "SENT")
    assert stage.invoice().of("skip")[0]["changed"]


def test_an_invoice_that_comes_out_otherwise_is_neither_approved_nor_mailed(stage: Stage) -> None:
    _raise_the_tax(stage)
    ended = stage.invoice()
    assert ended.code == 3
    (error,) = ended.of("error")
    assert "tax is 288.12, not 228.10" in error["message"]
    assert "total is 1488.62, not 1428.60" in error["message"]
    assert _invoice(stage)["status"] == "DRAFT"
    assert not stage.mark(stage.deal)
    assert stage.writes()["invoiceApprove"] == 1  # the other deal's


def test_a_rate_that_was_changed_in_the_books_is_known_to_the_next_run(stage: Stage) -> None:
    _raise_the_tax(stage)
    stage.invoice()
    assert stage.invoice().code == 0
    assert (_invoice(stage)["total"], _invoice(stage)["status"]) == ("1488.62", "SENT")


def test_until_something_is_corrected_a_wrong_draft_stays_as_it_is(stage: Stage) -> None:
    _leave_a_wrong_draft(stage)
    so_far = len(stage.world.requests)
    for _ in range(2):
        ended = stage.invoice()
        assert ended.code == 3
        assert "total is 118.99, not 1428.60" in ended.of("error")[0]["message"]
    assert not stage.writes(so_far)


def test_a_corrected_deal_replaces_its_wrong_draft(stage: Stage) -> None:
    _leave_a_wrong_draft(stage)
    stage.kommo.edit_lead(stage.deal, price="1300")
    ended = stage.invoice()
    assert ended.code == 0
    assert "is replaced" in ended.of("plan")[0]["notes"][0]
    (invoice,) = stage.books["invoices"]
    assert (invoice["total"], invoice["status"]) == ("1547.00", "SENT")
    assert stage.mark(stage.deal) == f"wave:{invoice['id']}"
    so_far = len(stage.world.requests)
    assert stage.invoice().code == 0
    assert not stage.writes(so_far)


@pytest.mark.parametrize("kind", ["lose", "refuse", "garble"])
def test_a_draft_whose_deletion_got_no_answer_is_replaced_all_the_same(
    stage: Stage, kind: str
) -> None:
    _leave_a_wrong_draft(stage)
    stage.kommo.edit_lead(stage.deal, price="1300")
    stage.fault(kind, "invoiceDelete")
    assert stage.invoice().code == 0
    (invoice,) = stage.books["invoices"]
    assert (invoice["total"], invoice["status"]) == ("1547.00", "SENT")
    assert len(stage.books["mails"]) == 1


def test_a_draft_that_a_person_corrected_in_the_books_goes_on(stage: Stage) -> None:
    _leave_a_wrong_draft(stage)
    stage.invoice()
    _edit_draft(stage, "1200.50")
    assert stage.invoice().code == 0
    assert _invoice(stage)["status"] == "SENT"


def test_tax_rounded_the_other_way_is_right_as_well(stage: Stage) -> None:
    stage.wave.rules.tax_rounding = TaxRounding.TAX
    stage.map(lines={"source": "fields", "count": 3} | _rows())
    rows = {f"{name} {n}": value for n in (1, 2, 3) for name, value in _tenth().items()}
    deal = stage.add_deal("Three small things", "0.33", fields=rows)
    assert stage.invoice(deal).code == 0
    (invoice,) = stage.books["invoices"]
    assert (invoice["tax"], invoice["status"]) == ("0.06", "SENT")


def _rows() -> dict[str, str]:
    return {
        "description": "{{ deal['Item ' ~ n] }}",
        "quantity": "{{ deal['Qty ' ~ n] }}",
        "unit_price": "{{ deal['Price ' ~ n] }}",
    }


def _tenth() -> dict[str, str]:
    """Return a row of 0.11, whose VAT of 0.0209 is rounded down on each line."""
    return {"Item": "Thing", "Qty": "1", "Price": "0.11"}


def _raise_the_tax(stage: Stage) -> None:
    """Change the rate in the books after kinv has read them."""
    stage.invoice(stage.other)
    taxes = stage.wave.state.taxes
    tax = taxes.get(stage.wave._tax("VAT 19%", None))
    taxes.settle(replace(tax, rate=Decimal("0.24")))


def _leave_a_wrong_draft(stage: Stage) -> None:
    """Have a draft made whose answer is lost, and changed by a person before anybody looks."""
    stage.fault("lose", "invoiceCreate")
    stage.fault("status", "Look", skip=1, status=401)
    assert stage.invoice().code == 4
    _edit_draft(stage, "99.99")


def _edit_draft(stage: Stage, price: str) -> None:
    (made,) = stage.wave.state.invoices.all(stage.business)
    patch_invoice(stage.wave.state, {"id": made.id, "items": stage.line(price=price)})


def _invoice(stage: Stage) -> dict[str, Any]:
    """Return the German deal's invoice."""
    carrying = (each for each in stage.books["invoices"] if stage.reference() in each["po_number"])
    (invoice,) = carrying
    return dict(invoice)


def _refusal() -> dict[str, object]:
    """Return Wave's refusal of an invoice."""
    reason = {
        "path": ["input", "discounts"],
        "message": "The discount is more than the invoice.",
        "code": "INVALID",
    }
    payload = {"didSucceed": False, "inputErrors": [reason], "invoice": None}
    return {"data": {"invoiceCreate": payload}}
