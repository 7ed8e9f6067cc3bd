"""The e-mail: proven by the books, asked of a person where they cannot tell, sent once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from stage import Stage


def test_a_mail_whose_answer_was_lost_is_proven_by_the_invoice(stage: Stage) -> None:
    stage.fault("lose", "invoiceSend")
    ended = stage.invoice()
    assert ended.code == 0
    states = {step["step"]: step["state"] for step in ended.of("step")}
    assert states["invoice.send"] == "found"
    (invoice,) = stage.books["invoices"]
    assert ended.of("summary")[0]["totals"] == {"EUR": invoice["total"]}
    assert len(stage.books["mails"]) == 1


class TestAMailThatTheBooksCannotTellOf:
    """It may have been sent: only a person knows."""

    def test_fields_and_task_are_written_the_deal_is_not_moved(self, stage: Stage) -> None:
        ended = _leave_unknown(stage)
        assert ended.code == 6
        (error,) = ended.of("error")
        assert "cannot tell whether the invoice was e-mailed" in error["message"]
        assert "--sent" in error["hint"]
        lead = stage.lead(stage.deal)
        assert lead["stage"] == "Issue Invoice"
        assert lead["fields"]["Invoice number"] == "1"
        assert len(stage.tasks) == 1

    def test_further_runs_and_retries_write_nothing(self, stage: Stage) -> None:
        _leave_unknown(stage)
        so_far = len(stage.world.requests)
        assert stage.invoice().code == 6
        assert stage.kinv("retry", "--all").code == 0
        assert not stage.writes(so_far)

    def test_sent_says_that_it_was_mailed(self, stage: Stage) -> None:
        _leave_unknown(stage)
        assert stage.kinv("ledger", "resolve", "--deal", stage.deal, "--sent").code == 0
        so_far = len(stage.world.requests)
        assert stage.kinv("retry", "--deal", stage.deal).code == 0
        assert stage.writes(so_far) == {"PATCH /api/v4/leads": 1}
        assert stage.lead(stage.deal)["stage"] == "Invoice Sent"
        assert not stage.books["mails"]

    def test_send_again_mails_it(self, stage: Stage) -> None:
        _leave_unknown(stage)
        assert stage.kinv("ledger", "resolve", "--deal", stage.deal, "--send-again").code == 0
        assert stage.kinv("retry", "--deal", stage.deal).code == 0
        lead = stage.lead(stage.deal)
        assert lead["stage"] == "Invoice Sent"
        assert lead["fields"]["Payment status"] == "sent"
        assert len(stage.books["mails"]) == len(stage.tasks) == 1

    def test_a_proof_that_comes_later_settles_it(self, stage: Stage) -> None:
        _leave_unknown(stage)
        _change(stage, sent_at=stage.world.now(), sent_via="WAVE")
        assert stage.invoice().code == 0
        assert stage.lead(stage.deal)["stage"] == "Invoice Sent"
        assert not stage.books["mails"]

    def test_nothing_else_can_be_said_of_it(self, stage: Stage) -> None:
        _leave_unknown(stage)
        ended = stage.kinv("ledger", "resolve", "--deal", stage.deal, "--absent")
        assert ended.code == 3
        assert "nothing of the deal waits for --absent" in ended.err


class TestNoSend:
    """``--no-send`` makes the invoice; another run mails it."""

    def test_the_invoice_is_approved_and_not_mailed(self, stage: Stage) -> None:
        assert stage.kinv("invoice", "--deal", stage.deal, "--no-send").code == 0
        (invoice,) = stage.books["invoices"]
        assert invoice["status"] == "SAVED"
        assert not stage.books["mails"]
        assert stage.lead(stage.deal)["fields"]["Payment status"] == "approved"

    def test_a_plain_run_mails_it_and_tells_the_deal(self, stage: Stage) -> None:
        stage.kinv("invoice", "--deal", stage.deal, "--no-send")
        so_far = len(stage.world.requests)
        assert stage.invoice().code == 0
        assert stage.writes(so_far) == {"invoiceSend": 1, "PATCH /api/v4/leads": 1}
        assert stage.lead(stage.deal)["fields"]["Payment status"] == "sent"
        so_far = len(stage.world.requests)
        assert stage.invoice().code == 0
        assert not stage.writes(so_far)

    @pytest.mark.parametrize("write", ["customerCreate", "invoiceCreate", "invoiceApprove"])
    def test_a_retry_keeps_to_it(self, stage: Stage, write: str) -> None:
        stage.fault("refuse", write)
        stage.fault("status", "Look", skip=1, status=500)
        stage.kinv("invoice", "--deal", stage.deal, "--no-send")
        stage.world.advance(200)
        stage.kinv("retry", "--all")
        (invoice,) = stage.books["invoices"]
        assert invoice["status"] == "SAVED"
        assert not stage.books["mails"]

    def test_a_retry_keeps_to_it_when_nothing_was_begun(self, stage: Stage) -> None:
        stage.fault("status", "Look", times=None, status=500)
        assert stage.kinv("invoice", "--deal", stage.deal, "--no-send").code == 5
        stage.world.faults.clear()
        assert stage.kinv("retry", "--all").code == 0
        assert len(stage.books["invoices"]) == 1
        assert not stage.books["mails"]


class TestMailingSwitchedOff:
    """The books do not mail for this business."""

    def test_nothing_is_begun(self, stage: Stage) -> None:
        stage.wave.change_business(email_send_enabled=False)
        ended = stage.invoice()
        assert ended.code == 3
        assert "e-mailing switched off" in ended.of("error")[0]["message"]
        assert not stage.writes()

    def test_once_it_is_switched_on_the_next_run_sends(self, stage: Stage) -> None:
        stage.wave.change_business(email_send_enabled=False)
        stage.invoice()
        stage.wave.change_business(email_send_enabled=True)
        assert stage.invoice().code == 0
        assert len(stage.books["mails"]) == 1

    def test_without_a_mail_the_invoice_is_made(self, stage: Stage) -> None:
        stage.wave.change_business(email_send_enabled=False)
        stage.map(invoice={"send": False})
        assert stage.invoice().code == 0
        assert stage.books["invoices"][0]["status"] == "SAVED"


class TestAMailThatIsRefused:
    """The invoice stands; the deal is told, but not moved."""

    def test_the_deal_is_written_and_not_moved(self, stage: Stage) -> None:
        stage.fault("status", "invoiceSend", status=200, body=_refusal())
        ended = stage.invoice()
        assert ended.code == 3
        assert "This is no e-mail address" in ended.of("error")[0]["message"]
        lead = stage.lead(stage.deal)
        assert lead["stage"] == "Issue Invoice"
        assert lead["fields"]["Payment status"] == "approved"
        assert len(stage.tasks) == 1

    def test_the_corrected_address_is_mailed_to(self, stage: Stage) -> None:
        stage.fault("status", "invoiceSend", status=200, body=_refusal())
        stage.invoice()
        stage.map(customer={"email": "billing@northwind.example"})
        assert stage.invoice().code == 0
        (mail,) = stage.books["mails"]
        assert mail["to"] == ["billing@northwind.example"]
        assert stage.lead(stage.deal)["stage"] == "Invoice Sent"
        assert len(stage.books["invoices"]) == 1


def test_an_invoice_that_money_has_come_for_is_not_mailed_any_more(stage: Stage) -> None:
    stage.kinv("invoice", "--deal", stage.deal, "--no-send")
    stage.wave.pay("1", "100")
    ended = stage.invoice()
    assert ended.code == 0
    assert not stage.books["mails"]


def test_a_draft_is_left_a_draft_where_the_mapping_says_so(stage: Stage) -> None:
    stage.map(invoice={"send": False, "status": "draft"})
    assert stage.invoice().code == 0
    assert stage.books["invoices"][0]["status"] == "DRAFT"
    assert "invoiceApprove" not in stage.writes()


def test_a_draft_that_somebody_approves_meanwhile_goes_on(stage: Stage) -> None:
    stage.fault("late", "invoiceApprove", after_s=0)
    assert stage.invoice().code == 0
    assert len(stage.books["mails"]) == 1


def _leave_unknown(stage: Stage) -> Any:
    """Have the mail's answer lost and its trace blurred, and run again."""
    stage.fault("refuse", "invoiceSend")
    assert stage.invoice().code == 5
    _change(stage, sent_at=stage.world.now(), sent_via="SKIPPED")
    return stage.invoice()


def _change(stage: Stage, **changes: Any) -> None:
    (made,) = stage.wave.state.invoices.all(stage.business)
    stage.wave.state.invoices.settle(replace(made, **changes))


def _refusal() -> dict[str, object]:
    reason = {
        "path": ["input", "to"],
        "message": "This is no e-mail address.",
        "code": "INVALID",
    }
    payload = {"didSucceed": False, "inputErrors": [reason]}
    return {"data": {"invoiceSend": payload}}
