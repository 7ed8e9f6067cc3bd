"""Books without drafts: one of each, the page asked for, and what comes out wrong is live."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import pytest
from quickbooks_stage import CUSTOMER, INVOICE, SEND

if TYPE_CHECKING:
    from quickbooks_stage import QuickBooksStage

READ = "GET /invoice"


class TestTheWholeWay:
    """A deal becomes one of each."""

    def test_a_deal_becomes_one_of_each(self, live: QuickBooksStage) -> None:
        ended = live.invoice()
        assert ended.code == 0, ended
        picture, reference = live.picture(), live.reference()
        assert picture["customers"] == [("Northwind GmbH", "jo@northwind.example")]
        (invoice,) = picture["invoices"]
        assert invoice[0] == f"4711 / {reference}"
        assert invoice[2:] == ("EUR", "1440.60", "jo@northwind.example")
        assert picture["mails"] == ["jo@northwind.example"]
        ((lead, text),) = picture["tasks"]
        assert lead == live.deal
        assert text.endswith(f"[kinv {reference}]")
        assert live.lead(live.deal)["stage"] == "Invoice Sent"

    @pytest.mark.parametrize("forgotten", [False, True])
    def test_a_second_run_makes_no_write(self, live: QuickBooksStage, forgotten: bool) -> None:
        assert live.invoice().code == 0
        if forgotten:
            live.forget()
        so_far, picture = len(live.world.requests), live.picture()
        assert live.invoice().code == 0
        assert not live.writes(so_far)
        assert live.picture() == picture

    @pytest.mark.parametrize("operation", [CUSTOMER, INVOICE, SEND])
    @pytest.mark.parametrize("kind", ["lose", "refuse"])
    def test_a_lost_answer_makes_nothing_twice(
        self, live: QuickBooksStage, operation: str, kind: str
    ) -> None:
        live.fault(kind, operation)
        live.until_quiet()
        books = live.books
        assert [len(books[each]) for each in ("customers", "invoices", "mails")] == [1, 1, 1]

    def test_the_set_up_is_not_read_again_for_a_write(self, live: QuickBooksStage) -> None:
        assert live.invoice().code == 0
        so_far = len(live.world.requests)
        assert live.invoice(live.other).code == 0
        asked = live.requests(so_far)
        assert not [each for each in asked if "Preferences" in each or "CompanyInfo" in each]


class TestTheClientsPage:
    """It is asked for where the invoice came without it."""

    def test_it_is_asked_for_once_and_told_to_the_deal(self, live: QuickBooksStage) -> None:
        assert live.invoice().code == 0
        (invoice,) = live.books["invoices"]
        link = live.lead(live.deal)["fields"]["Invoice link"]
        assert link.endswith(f"/app/invoice?txnId={invoice['id']}")
        assert live.requests()[READ] == 1

    def test_a_second_run_reads_the_invoice_and_asks_for_no_page(
        self, live: QuickBooksStage
    ) -> None:
        live.invoice()
        so_far = len(live.world.requests)
        assert live.invoice().code == 0
        assert live.requests(so_far)[READ] == 1

    def test_it_is_not_asked_for_where_the_mapping_does_not_use_it(
        self, live: QuickBooksStage
    ) -> None:
        live.map(write_back={"fields": {"Invoice number": "{{ invoice.number }}"}})
        assert live.invoice().code == 0
        assert live.requests()[READ] == 0

    def test_where_it_cannot_be_read_the_next_run_tells_it(self, live: QuickBooksStage) -> None:
        for _ in range(5):
            live.fault("status", READ, status=503)
        assert live.invoice().code == 5
        assert live.mark(live.deal) is None
        live.world.faults.clear()
        live.until_quiet()
        assert "txnId=" in live.lead(live.deal)["fields"]["Invoice link"]
        assert live.writes()[SEND] == live.writes()[INVOICE] == 1

    def test_where_the_books_refuse_to_tell_it_the_deal_is_told_the_rest(
        self, live: QuickBooksStage
    ) -> None:
        live.fault("status", READ, status=403)
        assert live.invoice().code == 0
        fields = live.lead(live.deal)["fields"]
        assert fields["Invoice number"]
        assert not fields.get("Invoice link")


class TestAPercentage:
    """QuickBooks rounds what is taken off, and kinv what is left."""

    @pytest.mark.parametrize(
        ("percent", "total", "sent"),
        [("10", "1080.45", "DiscountPercent"), ("5", "1140.48", "Amount")],
    )
    def test_comes_to_what_the_preview_promised(
        self, live: QuickBooksStage, percent: str, total: str, sent: str
    ) -> None:
        live.map(invoice={"discount": percent}, tax={"DE": "No VAT"})
        preview = live.kinv("invoice", "--deal", live.deal, "--dry-run", "--json").of("plan")[0]
        assert live.invoice().code == 0
        assert preview["total"] == live.books["invoices"][0]["total"] == total
        (create,) = [each for each in live.world.requests if each.operation == INVOICE]
        line = cast("dict[str, Any]", create.body)["Line"][-1]
        assert sent in {**line, **line["DiscountLineDetail"]}


class TestAWrongTotal:
    """The invoice is live, so kinv neither mails nor replaces it."""

    @pytest.fixture
    def wrong(self, live: QuickBooksStage) -> QuickBooksStage:
        """Let the tax rate be another one than was read."""
        live.invoice(live.other)
        for rate in live.people.state.company().table("TaxRate").all():
            if rate.data["Name"] == "20.0% S":
                live.people.state.company().change(rate, {**rate.data, "RateValue": Decimal(5)})
        return live

    def test_it_stops_with_words_that_fit(self, wrong: QuickBooksStage) -> None:
        mails = len(wrong.books["mails"])
        ended = wrong.invoice()
        assert ended.code == 3
        (error,) = ended.of("error")
        assert "tax is" in error["message"]
        assert "it was not e-mailed" in error["message"]
        assert "draft" not in error["message"] + error["hint"]
        assert "approved nor" not in error["message"]
        assert f"`kinv invoice --deal {wrong.deal} --again" in error["hint"]
        assert len(wrong.books["mails"]) == mails

    def test_the_next_run_says_so_again_and_writes_nothing(self, wrong: QuickBooksStage) -> None:
        wrong.invoice()
        so_far = len(wrong.world.requests)
        wrong.kommo.edit_lead(wrong.deal, price=5)
        ended = wrong.invoice()
        assert ended.code == 3
        assert f"`kinv invoice --deal {wrong.deal} --again" in ended.of("error")[0]["hint"]
        assert not wrong.writes(so_far)

    def test_once_it_is_void_it_is_issued_again(self, wrong: QuickBooksStage) -> None:
        wrong.invoice()
        invoice = wrong.books["invoices"][-1]["id"]
        wrong.people.void(invoice)
        ended = wrong.kinv("invoice", "--deal", wrong.deal, "--again", "wrong tax", "--json")
        assert ended.code == 0, ended
        last = wrong.books["invoices"][-1]
        assert last["total"] == "1260.53"
        assert last["note"].endswith(wrong.reference(issue=2))
