"""A mapping for which the books would refuse every deal does not compile."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from first_ground import first
from mapping_ground import CATALOG, SETUP, write_in

from kommo_invoice.domain.catalog import Settings, Tax, TaxChoice
from kommo_invoice.errors import ConfigInvalid
from kommo_invoice.mapping import compile_mapping, load_mapping

if TYPE_CHECKING:
    from pathlib import Path

    from mapping_ground import Changes

    from kommo_invoice.domain.catalog import Catalog
    from kommo_invoice.mapping.first.answers import Question

FREE = Tax("t0", "Zero", Decimal(0))
WANTS_TAX = replace(
    CATALOG, taxes=(*CATALOG.taxes, FREE), settings=Settings(taxes=TaxChoice.REQUIRED)
)
TAXED = {"key": "all", "all": "VAT 19%"}
UNTAXED = {"key": "all", "all": "none"}
HOME_ALONE = replace(CATALOG, settings=Settings(other_currencies=False))
REFUSED = {"invoice.status": "These books have no drafts", "lines.discount": "no such discount"}


def problems(folder: Path, catalog: Catalog, changes: Changes = None, **setup: Any) -> list[str]:
    """Return what is wrong with the mapping, as key and words."""
    file = load_mapping(write_in(folder)(changes))
    try:
        compile_mapping(file, replace(SETUP, **setup), catalog, REFUSED)
    except ConfigInvalid as error:
        return [f"{each.key}: {each.message}" for each in error.problems]
    return []


class TestSwitchedOff:
    COMPANY = replace(
        CATALOG, switched_off=("invoice.discount", "invoice.discount.amount", "invoice.number")
    )

    @pytest.mark.parametrize(
        ("changes", "key"),
        [
            ({"invoice.discount": 5}, "invoice.discount"),
            ({"invoice.discount.amount": "5.00"}, "invoice.discount.amount"),
            ({"invoice.number": "reference"}, "invoice.number"),
            ({"invoice.number": "INV-{{ deal.id }}"}, "invoice.number"),
        ],
    )
    def test_what_is_asked_for_every_deal_is_wrong(
        self, tmp_path: Path, changes: Changes, key: str
    ) -> None:
        told = problems(tmp_path, self.COMPANY, changes)
        assert told == [f"{key}: is switched off in the books for Acme Ltd"]

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"invoice.discount": "{{ deal['Discount %'] }}"},
            {"invoice.discount": "0"},
            {"invoice.discount": ""},
        ],
    )
    def test_what_only_some_deals_ask_for_is_let_through(
        self, tmp_path: Path, changes: Changes
    ) -> None:
        assert not problems(tmp_path, self.COMPANY, changes)


def test_what_the_books_want_has_to_be_given(tmp_path: Path) -> None:
    company = replace(CATALOG, required=("invoice.number",))
    told = problems(tmp_path, company)
    assert told == ["invoice.number: is required: the books want it for Acme Ltd"]
    assert not problems(tmp_path, company, {"invoice.number": "reference"})
    assert not problems(tmp_path, company, {"invoice.number": "INV-{{ deal.id }}"})


class TestRefusedByTheBooks:
    @pytest.mark.parametrize(
        ("send", "status", "wrong"),
        [
            (False, "draft", True),
            ("no", "draft", True),
            (False, "approved", False),
            (True, "draft", False),
            ("{{ deal['Ready'] }}", "draft", False),
        ],
    )
    def test_drafts_where_there_are_none(
        self, tmp_path: Path, send: object, status: str, wrong: bool
    ) -> None:
        told = problems(tmp_path, CATALOG, {"invoice.send": send, "invoice.status": status})
        assert told == (["invoice.status: These books have no drafts"] if wrong else [])

    def test_a_discount_on_every_line(self, tmp_path: Path) -> None:
        told = problems(tmp_path, CATALOG, {"lines.discount": "5"})
        assert told == ["lines.discount: no such discount"]
        assert not problems(tmp_path, CATALOG, {"lines.discount": "{{ deal['Discount %'] }}"})


class TestTaxes:
    WORDS = 'is required: Acme Ltd wants a tax on every line of an invoice; in place of "none" '

    @pytest.mark.parametrize(
        ("changes", "key"),
        [
            ({}, "tax"),
            ({"tax": UNTAXED}, "tax"),
            ({"tax": {"key": "all", "default": "none"}}, "tax"),
            ({"tax": {"key": "all"}}, "tax"),
            ({"tax": TAXED, "lines.tax": "none"}, "lines.tax"),
        ],
    )
    def test_one_is_wanted_and_none_is_named(
        self, tmp_path: Path, changes: Changes, key: str
    ) -> None:
        assert problems(tmp_path, WANTS_TAX, changes) == [f"{key}: {self.WORDS}there is Zero"]

    @pytest.mark.parametrize(
        "changes",
        [
            {"tax": TAXED},
            {"tax": {**TAXED, "US": "none"}},
            {"tax": {"key": "all", "default": "Zero"}},
            {"lines.tax": "Zero"},
            {"lines.tax": "{{ deal.name }}"},
        ],
    )
    def test_some_deals_have_one(self, tmp_path: Path, changes: Changes) -> None:
        assert not problems(tmp_path, WANTS_TAX, changes)

    def test_a_name_that_is_wrong_is_told_alone(self, tmp_path: Path) -> None:
        told = problems(tmp_path, WANTS_TAX, {"tax": {"key": "all", "all": "VAT 18%"}})
        assert told == ["tax.all: there is no tax 'VAT 18%'"]

    @pytest.mark.parametrize("choice", [TaxChoice.NONE, TaxChoice.BY_BOOKS])
    def test_an_account_that_charges_none_says_so(self, tmp_path: Path, choice: TaxChoice) -> None:
        company = replace(CATALOG, taxes=(), settings=Settings(taxes=choice))
        told = problems(tmp_path, company, {"tax": TAXED})
        assert told == ["tax.all: there is no tax 'VAT 19%': Acme Ltd has none"]
        assert not problems(tmp_path, company, {"tax": UNTAXED})
        assert not problems(tmp_path, company)


class TestCurrencies:
    @pytest.mark.parametrize("key", ["customer.currency", "invoice.currency"])
    def test_another_one_for_all_deals(self, tmp_path: Path, key: str) -> None:
        told = problems(tmp_path, HOME_ALONE, {key: "GBP"})
        only = "Acme Ltd invoices in EUR only, as long as its books have no other"
        assert told == [f"{key}: GBP is another currency; {only}"]

    def test_the_crm_s_own_where_the_mapping_names_no_other(self, tmp_path: Path) -> None:
        dollars = replace(SETUP.account, currency="USD")
        (told,) = problems(tmp_path, HOME_ALONE, account=dollars)
        assert told.startswith("customer.currency: the CRM's currency is USD; Acme Ltd invoices")
        assert not problems(tmp_path, CATALOG, account=dollars)

    @pytest.mark.parametrize("currency", ["EUR", "eur", "{{ deal['Currency'] }}"])
    def test_the_home_currency_or_the_deal_s(self, tmp_path: Path, currency: str) -> None:
        assert not problems(tmp_path, HOME_ALONE, {"customer.currency": currency})


def test_no_tax_is_meant_where_another_word_for_it_is_written(tmp_path: Path) -> None:
    file = load_mapping(write_in(tmp_path)({"tax": {"key": "all", "all": "NON"}}))
    with pytest.raises(ConfigInvalid, match="did you mean 'none'"):
        compile_mapping(file, SETUP, CATALOG)


class TestTheTaxTreatment:
    COMPANY = replace(CATALOG, settings=Settings(tax_treatments=("uk", "overseas")))

    def test_of_all_customers_has_to_be_one_of_the_books_words(self, tmp_path: Path) -> None:
        (told,) = problems(tmp_path, self.COMPANY, {"customer.tax_treatment": "oversea"})
        assert told == (
            "customer.tax_treatment: there is no tax treatment 'oversea' in the books, but uk, "
            "overseas"
        )

    @pytest.mark.parametrize("word", ["uk", " Overseas ", "", "{{ company['VAT ID'] }}"])
    def test_that_fits_or_is_not_known_yet_is_let_through(self, tmp_path: Path, word: str) -> None:
        assert not problems(tmp_path, self.COMPANY, {"customer.tax_treatment": word})

    def test_is_any_word_where_the_books_tell_none(self, tmp_path: Path) -> None:
        assert not problems(tmp_path, CATALOG, {"customer.tax_treatment": "anything"})


class TestTheTaxThatTheBooksFind:
    def test_is_asked_for_in_these_words(self) -> None:
        taxable = Tax("TAX", "TAX", None)
        company = replace(CATALOG, taxes=(taxable,), settings=Settings(taxes=TaxChoice.BY_BOOKS))
        asked: list[Question] = []

        def ask(question: Question) -> str:
            asked.append(question)
            return question.default or question.options[0].value

        first(SETUP, company, ask)
        (tax,) = [each for each in asked if each.flag == "--tax-default"]
        assert [str(each) for each in tax.options][-2:] == [
            "TAX: taxable, the books find the rate",
            "not taxable",
        ]
