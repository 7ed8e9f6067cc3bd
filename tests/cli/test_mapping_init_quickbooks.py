"""``kinv mapping init`` for QuickBooks companies, each set up in its own way."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from init_case import begin, check, play, target

if TYPE_CHECKING:
    from quickbooks_stage import QuickBooksStage
    from stage import Result


def company(stage: QuickBooksStage, country: str, **settings: Any) -> str:
    """Add a company that is set up as its country's are, and return its realm id."""
    realm = stage.people.add_company("Maple & Main", country, **settings)
    stage.people.add_item("Consulting Services", 180, company=realm)
    for name, days in (("Net 10", 10), ("Net 60", 60)):
        stage.people.add_term(name, days, company=realm)
    return realm


def first(stage: QuickBooksStage, realm: str, *arguments: str) -> Result:
    return begin(stage, "--books-account", realm, *arguments)


def written(stage: QuickBooksStage) -> dict[str, Any]:
    return tomllib.loads(target(stage).read_text(encoding="utf-8"))


def text(stage: QuickBooksStage) -> str:
    return target(stage).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("country", "settings", "tax"),
    [
        ("GB", {"currency": "GBP", "rates": {"EUR": "0.85", "USD": "0.8"}}, "20.0% S"),
        ("GB", {"currency": "EUR"}, "No VAT"),
        ("US", {"currency": "USD", "rates": {"EUR": "1.08"}}, "TAX"),
        ("US", {"currency": "EUR"}, "none"),
        ("CA", {"currency": "CAD", "rates": {"EUR": "1.5", "USD": "1.4"}}, "GST/PST BC"),
        ("CA", {"currency": "EUR", "custom_numbers": True, "payments": True}, "Exempt"),
        ("FR", {"currency": "EUR", "custom_numbers": True}, "No tax"),
        ("AU", {"currency": "EUR", "allow_discount": False}, "GST free"),
    ],
)
def test_what_it_writes_passes_the_check_and_previews_a_deal(
    live: QuickBooksStage, country: str, settings: dict[str, Any], tax: str
) -> None:
    realm = company(live, country, **settings)
    ended = first(live, realm, "--tax-default", tax)
    assert ended.code == 0, ended
    assert written(live)["books"]["account"] == realm
    assert written(live)["tax"]["default"] == tax
    checked = check(live)
    assert checked.code == 0, checked
    ended = live.kinv("--mapping", target(live), "invoice", "--deal", live.deal, "--dry-run")
    assert ended.code == 0, ended
    assert not live.writes()


class TestWhereEveryLineNeedsATax:
    def test_none_is_not_offered(self, live: QuickBooksStage) -> None:
        ended = first(live, live.business)
        assert ended.code == 2
        assert "One of '20.0% S', '5.0% R', '0.0% Z', 'No VAT', 'error'" in ended.err
        assert "'none'" not in ended.err

    @pytest.mark.parametrize("flag", [("--tax-default", "none"), ("--tax", "DE=none")])
    def test_none_is_no_answer(self, live: QuickBooksStage, flag: tuple[str, str]) -> None:
        ended = first(live, live.business, *flag)
        assert ended.code == 2
        assert f"{flag[0]}: the books want a tax on every line, so 'none' is no answer" in ended.err
        assert "0.0% Z, No VAT" in ended.err
        assert not target(live).exists()

    def test_nor_on_a_terminal(self, live: QuickBooksStage) -> None:
        code, shown = play(
            live,
            ("Which pipeline's deals are invoiced?", "\n"),
            ("Which stage of Sales asks for an invoice?", "\n"),
            ("when it is invoiced?", "\n"),
            ("when it is paid?", "\n"),
            ("invoice lines for?", "1\n"),
            ("clients in DE take?", "4\n"),
            ("clients in other countries take?", "1\n"),
            extra=("--books-account", live.business),
        )
        assert code == 0, shown
        assert written(live)["tax"]["DE"] == "No VAT"
        assert written(live)["tax"]["default"] == "error"
        assert "no tax" not in shown
        assert check(live).code == 0


class TestWhereTheBooksDecideTheTax:
    def test_a_line_is_taxable_or_not(self, live: QuickBooksStage) -> None:
        realm = company(live, "US", currency="EUR")
        ended = first(live, realm)
        assert ended.code == 2
        assert "One of 'TAX' (TAX: taxable, the books find the rate), 'none' (not" in ended.err
        assert first(live, realm, "--tax", "US=TAX", "--tax-default", "none").code == 0
        assert 'The books find the rate: a line is taxable, or it is "none".' in text(live)
        assert (written(live)["tax"]["US"], written(live)["tax"]["default"]) == ("TAX", "none")
        assert json.loads(check(live).out)["notes"]

    def test_without_sales_tax_there_is_no_section(self, live: QuickBooksStage) -> None:
        realm = company(live, "US", currency="EUR", using_sales_tax=False)
        assert first(live, realm).code == 0
        assert "tax" not in written(live)
        assert check(live).code == 0


def test_the_company_s_own_terms_are_named(live: QuickBooksStage) -> None:
    realm = company(live, "US", currency="EUR")
    first(live, realm, "--tax-default", "none")
    assert written(live)["invoice"]["terms"] == "{{ deal['Terms'] }}"
    assert "# one of the books' own: Net 10, Net 60" in text(live)


def test_what_is_switched_off_is_left_out(live: QuickBooksStage) -> None:
    live.people.change_company(allow_discount=False)
    ended = first(live, live.business, "--tax-default", "20.0% S")
    assert "left out  customer.tax_number, invoice.discount: the books" in ended.out
    assert "discount" not in written(live)["invoice"]
    drops = json.loads(check(live).out)["drops"]
    assert "dropped" not in {each["effect"] for each in drops}


def test_a_number_that_is_wanted_is_given(live: QuickBooksStage) -> None:
    realm = company(live, "FR", currency="EUR", custom_numbers=True)
    first(live, realm, "--tax-default", "No tax")
    assert written(live)["invoice"]["number"] == "reference"


def test_a_currency_that_no_deal_could_have_is_told_before_anything_is_written(
    live: QuickBooksStage,
) -> None:
    fields = live.kommo.account.fields["leads"]
    for number in [number for number, each in fields.items() if each.name == "Currency"]:
        del fields[number]
    ended = first(live, company(live, "US", currency="USD"), "--tax-default", "none")
    assert ended.code == 7
    assert "customer.currency: the CRM's currency is EUR; Maple & Main invoices in USD" in ended.err
    assert not target(live).exists()


class TestTheCompany:
    def test_a_token_from_the_environment_does_not_tell_it(self, live: QuickBooksStage) -> None:
        ended = begin(live, "--tax-default", "20.0% S")
        assert ended.code == 7
        assert "the quickbooks token opens no account, or does not tell which one" in ended.err
        assert "→ name the account with --books-account" in ended.err
        assert not target(live).exists()

    def test_it_may_be_given_in_groups_of_digits(self, live: QuickBooksStage) -> None:
        realm = live.business
        spelled = f"{realm[:4]} {realm[4:8]}-{realm[8:]}"
        assert first(live, spelled, "--tax-default", "20.0% S").code == 0
        assert written(live)["books"]["account"] == realm

    def test_letters_are_none(self, live: QuickBooksStage) -> None:
        ended = first(live, "Harbor", "--tax-default", "20.0% S")
        assert ended.code == 7
        assert "'Harbor' is no QuickBooks company" in ended.err
        assert not target(live).exists()


class TestTheEnvironment:
    FLAGS = ("--tax-default", "20.0% S", "--books-environment")

    def test_the_sandbox_stands_in_the_mapping(self, live: QuickBooksStage) -> None:
        assert first(live, live.business, *self.FLAGS, "sandbox").code == 0
        assert written(live)["books"]["environment"] == "sandbox"
        assert check(live).code == 0

    def test_without_the_flag_nothing_is_said(self, live: QuickBooksStage) -> None:
        assert first(live, live.business, *self.FLAGS[:2]).code == 0
        assert "environment" not in written(live)["books"]

    def test_another_word_is_told(self, live: QuickBooksStage) -> None:
        ended = first(live, live.business, *self.FLAGS, "sandbx")
        assert ended.code == 2
        assert "--books-environment: it is production or sandbox, not 'sandbx'" in ended.err
        assert not live.requests()
