"""An invoice that is gone: never replaced silently, issued anew with a reason, linked by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.wave_sending import delete_invoice

if TYPE_CHECKING:
    from stage import Result, Stage


def test_a_deleted_invoice_is_not_issued_again_by_itself(stage: Stage) -> None:
    stage.invoice()
    _delete(stage)
    for _ in range(2):
        so_far = len(stage.world.requests)
        ended = stage.invoice()
        assert ended.code == 3
        (error,) = ended.of("error")
        assert "its invoice was deleted in the books" in error["message"]
        assert "--again" in error["hint"]
        assert not stage.writes(so_far)


def test_without_its_ledger_the_deals_field_says_that_there_was_one(stage: Stage) -> None:
    stage.invoice()
    _delete(stage)
    stage.forget()
    ended = stage.invoice()
    assert ended.code == 3
    assert "--again" in ended.of("error")[0]["hint"]


def test_again_issues_the_next_issue_and_writes_it_to_the_deal(stage: Stage) -> None:
    stage.invoice()
    _delete(stage)
    assert _again(stage).code == 0
    (invoice,) = stage.books["invoices"]
    assert invoice["po_number"].endswith(stage.reference(issue=2))
    assert stage.mark(stage.deal) == f"wave:{invoice['id']}"
    assert len(stage.books["mails"]) == len(stage.tasks) == 2
    so_far = len(stage.world.requests)
    assert stage.invoice().code == 0
    assert not stage.writes(so_far)


def test_again_works_without_the_ledger(stage: Stage) -> None:
    stage.invoice()
    _delete(stage)
    stage.forget()
    assert _again(stage).code == 0
    assert stage.books["invoices"][0]["po_number"].endswith("~2")


def test_again_is_shown_by_a_preview_that_closes_nothing(stage: Stage) -> None:
    stage.invoice()
    _delete(stage)
    ended = stage.kinv("invoice", "--deal", stage.deal, "--again", "typo", "--dry-run", "--json")
    assert ended.code == 0
    assert ended.of("plan")[0]["claim"] == stage.reference(issue=2)
    assert stage.invoice().code == 3


def test_again_is_refused_while_the_invoice_stands(stage: Stage) -> None:
    stage.invoice()
    so_far = len(stage.world.requests)
    assert _again(stage).code == 3
    _delete(stage)
    _again(stage)
    writes = stage.writes(so_far)
    ended = _again(stage)
    assert ended.code == 3
    assert "there is nothing to issue again" in ended.of("error")[0]["message"]
    assert stage.writes(so_far) == writes


def test_an_again_that_was_interrupted_goes_on_without_saying_it_twice(stage: Stage) -> None:
    stage.invoice()
    _delete(stage)
    stage.fault("refuse", "invoiceCreate")
    assert _again(stage).code == 5
    stage.until_quiet()
    (invoice,) = stage.books["invoices"]
    assert invoice["po_number"].endswith("~2")


def test_an_again_that_failed_before_its_new_claim_can_be_followed_by_a_plain_run(
    stage: Stage,
) -> None:
    stage.invoice()
    _delete(stage)
    stage.fault("status", "Look", skip=1, status=401)
    assert _again(stage).code == 4
    assert stage.invoice().code == 0
    assert stage.books["invoices"][0]["po_number"].endswith("~2")


def test_a_third_issue_follows_the_second(stage: Stage) -> None:
    stage.invoice()
    for _ in range(2):
        _delete(stage)
        assert _again(stage).code == 0
    (invoice,) = stage.books["invoices"]
    assert invoice["po_number"].endswith("~3")


def test_a_lost_ledger_finds_the_second_issue_alive(stage: Stage) -> None:
    stage.invoice()
    _delete(stage)
    _again(stage)
    stage.forget()
    so_far = len(stage.world.requests)
    assert stage.invoice().code == 0
    assert _again(stage).code == 3
    assert not stage.writes(so_far)


class TestLinking:
    """A person says whose an invoice is."""

    def test_an_invoice_made_by_hand_is_written_to_the_deal_and_never_mailed(
        self, stage: Stage
    ) -> None:
        by_hand = stage.add_invoice("1000")
        assert _say(stage, "link", by_hand).code == 0
        assert stage.mark(stage.deal) == f"wave:{by_hand}"
        assert stage.invoice().code == 0
        assert len(stage.books["invoices"]) == 1
        assert not stage.books["mails"]

    def test_it_can_be_named_as_the_deals_field_shows_it(self, stage: Stage) -> None:
        by_hand = stage.add_invoice("1000")
        assert _say(stage, "link", f"wave:{by_hand}").code == 0

    def test_a_preview_links_nothing(self, stage: Stage) -> None:
        by_hand = stage.add_invoice("1000")
        assert _say(stage, "link", by_hand, "--dry-run").code == 0
        assert not stage.writes()
        assert stage.mark(stage.deal) is None

    def test_an_unknown_invoice_and_one_of_another_deal_are_refused(self, stage: Stage) -> None:
        by_hand = stage.add_invoice("1000")
        assert _say(stage, "link", "nonsense").code == 3
        assert _say(stage, "link", by_hand, deal=stage.other).code == 0
        ended = _say(stage, "link", by_hand)
        assert ended.code == 3
        assert f"is that of deal {stage.other}" in ended.of("error")[0]["message"]

    def test_a_deal_with_an_invoice_takes_no_second_one(self, stage: Stage) -> None:
        stage.invoice()
        by_hand = stage.add_invoice("1000", customer=stage.books["customers"][0]["id"])
        ended = _say(stage, "link", by_hand)
        assert ended.code == 3
        assert "unlink" in ended.of("error")[0]["hint"]

    def test_a_misfit_can_be_linked(self, stage: Stage) -> None:
        misfit = stage.add_invoice("1", po_number=stage.reference())
        assert stage.invoice().code == 3
        assert _say(stage, "link", misfit).code == 0
        assert stage.invoice().code == 0
        assert not stage.books["mails"]


class TestUnlinking:
    """A person says that an invoice is not this deal's."""

    def test_the_field_is_cleared_and_the_deal_can_be_invoiced(self, stage: Stage) -> None:
        by_hand = stage.add_invoice("1000")
        _say(stage, "link", by_hand)
        assert _say(stage, "unlink", by_hand).code == 0
        assert stage.mark(stage.deal) is None
        assert stage.invoice().code == 0
        assert len(stage.books["invoices"]) == 2
        assert stage.mark(stage.deal) != f"wave:{by_hand}"

    def test_a_field_that_could_not_be_cleared_is_not_believed(self, stage: Stage) -> None:
        by_hand = stage.add_invoice("1000")
        _say(stage, "link", by_hand)
        stage.fault("status", "PATCH", provider="kommo", status=402)
        assert _say(stage, "unlink", by_hand).code == 8
        assert stage.mark(stage.deal) == f"wave:{by_hand}"
        assert stage.invoice().code == 0
        assert stage.mark(stage.deal) != f"wave:{by_hand}"

    def test_an_invoice_that_is_not_the_deals_cannot_be_unlinked(self, stage: Stage) -> None:
        assert _say(stage, "unlink", "nonsense").code == 3

    def test_another_can_be_linked_then(self, stage: Stage) -> None:
        first, second = stage.add_invoice("1000"), stage.add_invoice("2000")
        _say(stage, "link", first)
        _say(stage, "unlink", first)
        assert _say(stage, "link", second).code == 0
        assert stage.mark(stage.deal) == f"wave:{second}"


def _delete(stage: Stage) -> None:
    """Delete the German deal's invoice by hand."""
    (made,) = stage.wave.state.invoices.all(stage.business)
    delete_invoice(stage.wave.state, {"invoice_id": made.id})


def _again(stage: Stage) -> Result:
    return stage.kinv("invoice", "--deal", stage.deal, "--again", "wrong address", "--json")


def _say(stage: Stage, command: str, invoice: str, *more: Any, deal: int | None = None) -> Result:
    named = ["--deal", deal or stage.deal, "--invoice", invoice, "--json"]
    return stage.kinv(command, *named, *more)
