"""``kinv mapping check`` and ``kinv doctor`` know what a company is set up for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from checked import check, dropped, invalid, refused, told_as

if TYPE_CHECKING:
    from quickbooks_stage import QuickBooksStage
    from stage import Stage


class TestWhatIsDropped:
    def test_it_is_listed_as_for_wave(self, live: QuickBooksStage) -> None:
        live.map(
            customer={"tax_number": "{{ company['VAT ID'] }}"}, invoice={"amounts": "inclusive"}
        )
        told = check(live)
        assert dropped(told) == {"customer.tax_number", "invoice.message"}
        assert set(told_as("converted", told)) == {"invoice.amounts", "invoice.po_number"}
        assert not refused(told)

    def test_a_key_with_a_default_is_told_only_where_it_is_written(
        self, live: QuickBooksStage
    ) -> None:
        assert "invoice.attach_pdf" not in dropped(check(live))
        for wish in (True, False):
            live.map(invoice={"attach_pdf": wish})
            assert "invoice.attach_pdf" in dropped(check(live))

    def test_people_read_it_line_by_line(self, live: QuickBooksStage) -> None:
        live.people.change_company(allow_discount=False)
        told = live.kinv("mapping", "check").out
        assert "  dropped   invoice.message: the mail's text is the books' own\n" in told
        assert "  refused   invoice.discount: it is switched off in the books for Harbor" in told


class TestWhatIsSwitchedOff:
    @pytest.fixture
    def bare(self, live: QuickBooksStage) -> QuickBooksStage:
        live.people.change_company(allow_discount=False, custom_numbers=False)
        return live

    def test_what_some_deals_ask_for_is_refused(self, bare: QuickBooksStage) -> None:
        off = "it is switched off in the books for Harbor & Pine"
        assert refused(check(bare)) == {"invoice.discount": off}

    @pytest.mark.parametrize(
        ("invoice", "key"),
        [
            ({"number": "reference"}, "invoice.number"),
            ({"number": "INV-{{ deal.id }}"}, "invoice.number"),
            ({"discount": "5"}, "invoice.discount"),
            ({"discount": {"amount": "5.00"}}, "invoice.discount.amount"),
        ],
    )
    def test_what_all_deals_ask_for_is_no_mapping(
        self, bare: QuickBooksStage, invoice: dict[str, Any], key: str
    ) -> None:
        bare.map(invoice=invoice)
        invalid(bare, f"{key}: is switched off in the books for Harbor & Pine")

    def test_it_is_seen_as_soon_as_it_is_switched_on(self, bare: QuickBooksStage) -> None:
        bare.map(invoice={"number": "reference"})
        assert bare.invoice().code == 7
        bare.people.change_company(custom_numbers=True)
        assert bare.invoice().code == 0
        (invoice,) = bare.books["invoices"]
        assert invoice["number"] == bare.reference()

    def test_a_number_that_is_wanted_has_to_be_given(self, live: QuickBooksStage) -> None:
        live.people.change_company(country="FR")
        invalid(live, "invoice.number: is required: the books want it for Harbor & Pine")
        live.map(invoice={"number": "reference"})
        check(live)


class TestTaxes:
    def test_books_that_want_one_on_every_line(self, live: QuickBooksStage) -> None:
        live.map(tax={"US": "none"})
        assert refused(check(live)) == {
            "tax.US": "Harbor & Pine wants a tax on every line of an invoice; in place of "
            '"none" there is 0.0% Z and No VAT'
        }

    def test_no_section_at_all(self, live: QuickBooksStage) -> None:
        path = live.map()
        text = path.read_text(encoding="utf-8")
        begin, end = text.index("[tax]"), text.index("[write_back]")
        path.write_text(text[:begin] + text[end:], encoding="utf-8")
        invalid(live, "tax: is required: Harbor & Pine wants a tax", "0.0% Z and No VAT")

    def test_books_that_decide_it_say_so(self, live: QuickBooksStage) -> None:
        live.people.change_company(country="US")
        live.people.add_tax_code("TAX", {})
        live.map(tax={"DE": "TAX", "GB": "TAX", "US": "none"})
        told = check(live)
        (note,) = told["notes"]
        assert note == (
            "QuickBooks Online decides the tax: a line only says whether it is taxable (TAX) or "
            "not (none)"
        )
        assert not refused(told)

    def test_prices_with_a_tax_that_only_the_books_know(self, live: QuickBooksStage) -> None:
        live.people.change_company(country="US")
        live.map(tax={"DE": "TAX", "GB": "TAX", "US": "none"}, invoice={"amounts": "inclusive"})
        assert "the books alone know the rate of TAX" in refused(check(live))["invoice.amounts"]

    def test_an_account_that_charges_none(self, live: QuickBooksStage) -> None:
        live.people.change_company(using_sales_tax=False)
        invalid(live, "tax.DE: there is no tax '20.0% S': Harbor & Pine has none")
        live.map(tax={"DE": "none", "GB": "none", "US": "none"})
        check(live)


class TestCurrencies:
    ONLY = "Harbor & Pine invoices in EUR only: deals in another currency are refused"

    def test_deals_may_ask_for_another(self, live: QuickBooksStage) -> None:
        assert self.ONLY not in check(live)["warnings"]
        live.people.change_company(multi_currency=False)
        assert self.ONLY in check(live)["warnings"]

    @pytest.mark.parametrize("currency", ["EUR", "{{ account.currency }}"])
    def test_a_mapping_that_asks_for_none_is_not_warned(
        self, live: QuickBooksStage, currency: str
    ) -> None:
        live.people.change_company(multi_currency=False)
        live.map(customer={"currency": currency})
        assert self.ONLY not in check(live)["warnings"]

    def test_all_deals_ask_for_another(self, live: QuickBooksStage) -> None:
        live.people.change_company(multi_currency=False)
        live.map(customer={"currency": "GBP"})
        invalid(live, "customer.currency: GBP is another currency; Harbor & Pine invoices in EUR")


class TestTerms:
    def test_unknown_ones_are_told_with_the_nearest(self, live: QuickBooksStage) -> None:
        live.map(invoice={"terms": "Net 16", "due_date": None})
        invalid(live, "invoice.terms: there are no terms 'Net 16'", "'Net 15'")

    def test_known_ones_stand_in_the_doctor_s_findings(self, live: QuickBooksStage) -> None:
        live.map(invoice={"terms": "net 15 days", "due_date": None})
        check(live)
        shown = live.kinv("doctor").out
        assert "Net 15 (" in shown
        assert "due after 15 days for invoice.terms" in shown


class TestDrafts:
    def test_books_without_them_make_none(self, live: QuickBooksStage) -> None:
        live.map(invoice={"send": False, "status": "draft"})
        invalid(live, "invoice.status: QuickBooks Online has no drafts: an invoice is live")

    def test_nor_for_the_deals_that_are_not_to_be_mailed(self, live: QuickBooksStage) -> None:
        live.map(invoice={"send": "{{ deal['PO'] != '4711' }}", "status": "draft"})
        assert "has no drafts" in refused(check(live))["invoice.status"]
        ended = live.invoice()
        assert ended.code == 3
        assert "has no drafts" in ended.of("error")[0]["message"]
        assert not live.writes()
        assert live.invoice(live.other).code == 0

    def test_they_mean_nothing_where_all_is_mailed(self, live: QuickBooksStage) -> None:
        live.map(invoice={"status": "draft"})
        assert not refused(check(live))
        assert live.invoice().code == 0

    def test_wave_has_them(self, stage: Stage) -> None:
        stage.map(invoice={"send": False, "status": "draft"})
        assert not refused(check(stage))
        assert stage.invoice().code == 0
        (invoice,) = stage.books["invoices"]
        assert invoice["status"] == "DRAFT"


class TestTheClientsPage:
    def test_without_online_payments_it_is_the_staff_s(self, live: QuickBooksStage) -> None:
        (warning,) = check(live)["warnings"]
        assert "the field 'Invoice link' gets the link for its staff" in warning
        live.people.change_company(payments=True)
        assert not check(live)["warnings"]

    def test_a_mapping_that_does_not_use_it_is_not_warned(self, live: QuickBooksStage) -> None:
        live.map(write_back={"fields": {"Invoice number": "{{ invoice.number }}"}})
        assert not check(live)["warnings"]


class TestTheDoctor:
    def test_it_shows_what_is_refused(self, live: QuickBooksStage) -> None:
        live.people.change_company(allow_discount=False)
        ended = live.kinv("doctor", "--json")
        assert ended.code == 0, ended
        assert "invoice.discount: it is switched off in the books for Harbor & Pine" in ended.out

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"invoice": {"send": False, "status": "draft"}}, "invoice.status: QuickBooks Online"),
            ({"tax": {"DE": "none", "GB": "none", "US": "none"}}, "tax: is required"),
            ({"invoice": {"terms": "Net 16"}}, "there are no terms 'Net 16'"),
        ],
    )
    def test_it_fails_where_a_run_would(
        self, live: QuickBooksStage, changes: dict[str, Any], words: str
    ) -> None:
        live.map(**changes)
        ended = live.kinv("doctor")
        assert ended.code == 7, ended
        (line,) = [each for each in ended.out.splitlines() if words in each]
        assert line.startswith("fails")

    def test_what_the_books_say_is_not_told_where_they_cannot_be_read(
        self, live: QuickBooksStage
    ) -> None:
        live.map(invoice={"terms": "Net 16"}, tax={"DE": "none", "GB": "none", "US": "none"})
        live.fault("status", ".", times=None, status=503)
        ended = live.kinv("doctor")
        assert ended.code == 5
        assert "invoice.terms" not in ended.out
        assert "is required" not in ended.out
        assert "not checked  terms" in ended.out


@pytest.mark.parametrize(
    ("books", "words"),
    [
        ({"account": "Harbor"}, "'Harbor' is no QuickBooks company: its id (realm id) has digits"),
        ({"account": "934145300000000x"}, "has digits alone"),
    ],
)
def test_a_malformed_company(live: QuickBooksStage, books: dict[str, Any], words: str) -> None:
    live.map()
    path = live.folder / "mapping.toml"
    text = path.read_text(encoding="utf-8").replace(live.business, books["account"])
    path.write_text(text, encoding="utf-8")
    invalid(live, words)
    assert not live.requests()


def test_an_environment_that_the_books_do_not_have(stage: Stage) -> None:
    stage.map(books={"environment": "sandbox"})
    ended = invalid(stage, "Wave has no sandbox businesses")
    assert "leave `environment` out of [books]" in ended.err
    assert not stage.requests()


def test_the_sandbox_of_books_that_have_one(live: QuickBooksStage) -> None:
    live.map(books={"environment": "sandbox"})
    check(live)
