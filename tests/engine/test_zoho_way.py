"""Zoho Books: a draft first, a mail that approves it, and nothing twice whatever is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stamina
from zoho_stage import APPROVE, CUSTOMER, DELETE, INVOICE, REVERSE, SEND

from kommo_invoice.http.retry import TRIES

if TYPE_CHECKING:
    from zoho_stage import ZohoStage

LATE_S = 300
UNMAILED = {"send": False}
KINDS = ("refuse", "lose", "garble")


def one_of_each(zoho: ZohoStage) -> None:
    books = zoho.books
    counts = [len(books[each]) for each in ("customers", "invoices", "mails")]
    assert counts == [1, 1, 1]
    assert len(zoho.tasks) == 1


class TestTheWholeWay:
    """A deal becomes one of each."""

    def test_a_deal_becomes_one_of_each(self, zoho: ZohoStage) -> None:
        ended = zoho.invoice()
        assert ended.code == 0, ended
        picture, reference = zoho.picture(), zoho.reference()
        assert picture["customers"] == [("Northwind GmbH", "jo@northwind.example")]
        (invoice,) = picture["invoices"]
        assert invoice == (f"4711 / {reference}", "sent", "EUR", "1428.60", "Northwind GmbH")
        assert picture["mails"] == ["jo@northwind.example"]
        ((lead, text),) = picture["tasks"]
        assert lead == zoho.deal
        assert text.endswith(f"[kinv {reference}]")
        assert zoho.lead(zoho.deal)["stage"] == "Invoice Sent"

    def test_the_deal_has_number_and_page_of_the_invoice(self, zoho: ZohoStage) -> None:
        assert zoho.invoice().code == 0
        (invoice,) = zoho.books["invoices"]
        fields = zoho.lead(zoho.deal)["fields"]
        assert fields["Invoice ID"] == f"zoho:{invoice['id']}"
        assert fields["Invoice number"] == invoice["number"]
        assert fields["Invoice link"] == invoice["link"].strip()
        assert fields["Payment status"] == "sent"

    def test_a_customer_has_the_deals_currency_and_country(self, zoho: ZohoStage) -> None:
        assert zoho.invoice(zoho.other).code == 0
        (customer,) = zoho.books["customers"]
        assert (customer["currency"], customer["country"]) == ("GBP", "United Kingdom")
        (invoice,) = zoho.books["invoices"]
        assert (invoice["currency"], invoice["lines"][0]["tax"]) == ("GBP", REVERSE)

    @pytest.mark.parametrize("forgotten", [False, True])
    def test_a_second_run_makes_no_write(self, zoho: ZohoStage, forgotten: bool) -> None:
        assert zoho.invoice().code == 0
        if forgotten:
            zoho.forget()
        so_far, picture = len(zoho.world.requests), zoho.picture()
        assert zoho.invoice().code == 0
        assert not zoho.writes(so_far)
        assert zoho.picture() == picture

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("operation", [CUSTOMER, INVOICE, SEND])
    def test_what_is_not_established_may_turn_out_either_way(
        self, zoho: ZohoStage, operation: str, kind: str
    ) -> None:
        zoho.turn_strict()
        zoho.fault(kind, f"^{operation}$")
        zoho.until_quiet()
        one_of_each(zoho)


class TestAnInvoiceThatIsNotMailed:
    """It is marked as sent, which is a step of its own."""

    def test_is_marked_as_sent_and_mailed_to_nobody(self, zoho: ZohoStage) -> None:
        zoho.map(invoice=UNMAILED)
        assert zoho.invoice().code == 0
        (invoice,) = zoho.books["invoices"]
        assert (invoice["status"], invoice["emailed"]) == ("sent", False)
        assert not zoho.books["mails"]
        assert zoho.writes()[APPROVE] == 1

    def test_is_left_alone_as_a_draft_where_the_mapping_says_so(self, zoho: ZohoStage) -> None:
        zoho.map(invoice={**UNMAILED, "status": "draft"})
        assert zoho.invoice().code == 0
        assert zoho.books["invoices"][0]["status"] == "draft"
        assert zoho.writes()[APPROVE] == 0

    @pytest.mark.parametrize("strict", [False, True])
    @pytest.mark.parametrize("kind", [*KINDS, "late"])
    def test_survives_the_loss_of_an_answer(self, zoho: ZohoStage, kind: str, strict: bool) -> None:
        """Where Zoho refuses to mark what is marked already, that is what was to be done."""
        zoho.map(invoice=UNMAILED)
        if strict:
            zoho.turn_strict()
        zoho.fault(kind, APPROVE, after_s=40)
        with stamina.set_testing(True, attempts=TRIES, cap=True):
            zoho.until_quiet()
        zoho.world.advance(41)
        zoho.until_quiet()
        (invoice,) = zoho.books["invoices"]
        assert invoice["status"] == "sent"
        assert zoho.lead(zoho.deal)["fields"]["Payment status"] == "approved"


class TestTwoDrafts:
    """A create that comes after its repetition leaves a stray draft, never two invoices."""

    @pytest.fixture
    def repeated(self, zoho: ZohoStage) -> ZohoStage:
        """Let an invoice be made again, since the first had long counted as absent."""
        zoho.fault("late", f"^{INVOICE}$", after_s=LATE_S)
        assert zoho.invoice().code == 5
        zoho.world.advance(121)
        return zoho

    def test_the_late_one_is_deleted_and_reported(self, repeated: ZohoStage) -> None:
        assert repeated.invoice().code == 0
        repeated.world.advance(LATE_S)
        assert len(repeated.books["invoices"]) == 2
        ended = repeated.invoice()
        assert ended.code == 0
        (plan,) = ended.of("plan")
        assert any("carries the same reference and is deleted" in note for note in plan["notes"])
        assert [step["step"] for step in ended.of("step")] == ["invoice.delete"]
        one_of_each(repeated)
        (left,) = repeated.books["invoices"]
        assert repeated.mark(repeated.deal) == f"zoho:{left['id']}"
        so_far = len(repeated.world.requests)
        assert repeated.invoice().code == 0
        assert not repeated.writes(so_far)

    def test_the_oldest_wins_before_anything_is_sent(self, repeated: ZohoStage) -> None:
        repeated.fault("status", f"^{SEND}$", status=401, times=None)
        assert repeated.invoice().code == 4
        repeated.world.faults.clear()
        repeated.world.advance(LATE_S)
        made, late = repeated.books["invoices"]
        assert {made["status"], late["status"]} == {"draft"}
        assert repeated.invoice().code == 0
        one_of_each(repeated)
        (left,) = repeated.books["invoices"]
        assert (left["id"], left["status"]) == (made["id"], "sent")
        assert repeated.writes()[DELETE] == 1

    def test_a_refusal_by_it_waits_for_the_invoice_that_it_proves(self, zoho: ZohoStage) -> None:
        zoho.people.add_field("kinv reference", unique=True)
        zoho.world.lag_s = LATE_S
        zoho.fault("lose", f"^{INVOICE}$")
        assert zoho.invoice().code == 5
        zoho.world.advance(125)
        ended = zoho.invoice()
        assert ended.code == 5, ended
        assert "not to be seen yet" in ended.of("error")[0]["message"]
        zoho.world.advance(LATE_S)
        assert zoho.invoice().code == 0
        one_of_each(zoho)

    def test_an_unique_field_of_kinvs_keeps_the_late_one_out(self, zoho: ZohoStage) -> None:
        zoho.people.add_field("kinv reference", unique=True)
        zoho.fault("late", f"^{INVOICE}$", after_s=LATE_S)
        assert zoho.invoice().code == 5
        zoho.world.advance(121)
        assert zoho.invoice().code == 0
        zoho.world.advance(LATE_S)
        one_of_each(zoho)
        assert zoho.invoice().code == 0
        (invoice,) = zoho.books["invoices"]
        assert invoice["fields"] == {"kinv reference": zoho.reference()}


class TestATakenName:
    """Zoho wants each name once (3062)."""

    def test_of_a_vendor_gets_a_suffix(self, zoho: ZohoStage) -> None:
        zoho.take_name("Northwind GmbH")
        assert zoho.invoice().code == 0
        assert zoho.names == [("Northwind GmbH (2)", "jo@northwind.example")]

    def test_of_the_clients_own_record_is_used(self, zoho: ZohoStage) -> None:
        """The address is that of a person who is not its primary one."""
        customer = zoho.add_customer(email="office@northwind.example")
        zoho.people.add_person(customer, "Jo", "jo@northwind.example")
        assert zoho.invoice().code == 0
        assert len(zoho.names) == len(zoho.books["invoices"]) == len(zoho.books["mails"]) == 1
        assert zoho.picture()["mails"] == ["jo@northwind.example"]

    def test_stops_the_deal_where_the_mapping_says_so(self, zoho: ZohoStage) -> None:
        zoho.map(customer={"on_name_taken": "error"})
        zoho.take_name("Northwind GmbH")
        ended = zoho.invoice()
        assert ended.code == 3
        assert "'Northwind GmbH'" in ended.of("error")[0]["message"]
        assert not zoho.books["invoices"]


class TestOrderNumbersOfTheClients:
    """They stand beside our reference, and are never taken for it."""

    @pytest.mark.parametrize("near", ["{}9", "9{}", "x{}", "{}-2611"])
    def test_a_reference_that_only_contains_ours_is_anothers(
        self, zoho: ZohoStage, near: str
    ) -> None:
        other = zoho.add_invoice("1200.50", po_number=near.format(zoho.reference()))
        assert zoho.invoice().code == 0
        assert len(zoho.books["invoices"]) == 2
        assert zoho.mark(zoho.deal) != f"zoho:{other}"

    def test_an_invoice_by_hand_with_our_reference_is_adopted_and_never_mailed(
        self, zoho: ZohoStage
    ) -> None:
        more: dict[str, Any] = {"tax": "VAT DE 19%"}
        made = zoho.add_invoice("1200.50", po_number=f"4711 / {zoho.reference()}", **more)
        zoho.people.mark_sent(made)
        assert zoho.invoice().code == 0
        assert zoho.mark(zoho.deal) == f"zoho:{made}"
        assert len(zoho.books["invoices"]) == 1
        assert not zoho.books["mails"]


class TestALostLedger:
    """What the deal's own field names, and the reference, say what was done."""

    def test_an_invoice_of_the_books_own_numbers_stays_the_deals(self, zoho: ZohoStage) -> None:
        """``INV-000011`` has the shape of a reference."""
        invoice = zoho.add_invoice("1200.50")
        linked = zoho.kinv("link", "--deal", zoho.deal, "--invoice", invoice)
        assert linked.code == 0, linked
        zoho.forget()
        assert zoho.invoice().code == 0
        assert [each["id"] for each in zoho.books["invoices"]] == [invoice]
        assert not zoho.books["mails"]

    def test_a_customer_that_was_taken_by_its_name_stays_the_deals(self, zoho: ZohoStage) -> None:
        zoho.people.add_contact("Northwind GmbH")
        assert zoho.invoice().code == 0
        zoho.forget()
        assert zoho.invoice().code == 0
        one_of_each(zoho)


def test_a_draft_that_lost_its_reference_is_never_mailed(zoho: ZohoStage) -> None:
    zoho.map(invoice=UNMAILED | {"status": "draft"})
    assert zoho.invoice().code == 0
    (invoice,) = zoho.books["invoices"]
    zoho.people.change_invoice(invoice["id"], reference_number="cut")
    zoho.map()
    for _ in range(2):
        ended = zoho.invoice()
        assert ended.code == 3, ended
        assert "does not carry" in ended.of("error")[0]["message"]
    assert not zoho.books["mails"]
