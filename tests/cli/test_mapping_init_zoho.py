"""``kinv mapping init`` for organisations in Zoho Books, each of another edition."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from init_case import begin, check, play, target

if TYPE_CHECKING:
    from stage import Result, Stage
    from zoho_stage import ZohoStage

TAXES: dict[str, tuple[str, str]] = {
    "DE": ("EUR", "VAT DE 19%"),
    "GB": ("GBP", "VAT DE 19%"),
    "US": ("USD", "Sales tax"),
    "IN": ("INR", "IGST18"),
    "AE": ("AED", "Standard Rate"),
}


def organization(stage: ZohoStage, country: str) -> str:
    """Add an organisation of a country, with an item and a tax, and return its id."""
    currency, tax = TAXES[country]
    others = {} if currency == "EUR" else {"EUR": "1.1"}
    made = stage.people.add_organization(
        f"Advice of {country}",
        country=country,
        currency=currency,
        currencies={**others, "GBP": "1.2"} if currency != "GBP" else others,
    )
    stage.people.add_item("Consulting Services", 150, organization=made)
    stage.people.add_tax(tax, 18, organization=made)
    stage.people.add_tax("Exempt", 0, organization=made)
    return made


def first(stage: ZohoStage, account: str, *arguments: str) -> Result:
    return begin(stage, "--books-account", account, *arguments)


def written(stage: ZohoStage) -> dict[str, Any]:
    return tomllib.loads(target(stage).read_text(encoding="utf-8"))


@pytest.mark.parametrize("country", TAXES)
def test_what_it_writes_passes_the_check_and_previews_a_deal(zoho: ZohoStage, country: str) -> None:
    account, (_, tax) = organization(zoho, country), TAXES[country]
    ended = first(zoho, account, "--tax", f"DE={tax}", "--tax-default", "Exempt")
    assert ended.code == 0, ended
    assert written(zoho)["books"]["account"] == account
    assert written(zoho)["tax"] == {
        "key": "{{ customer.country }}",
        "DE": tax,
        "default": "Exempt",
    }
    checked = check(zoho)
    assert checked.code == 0, checked
    assert "dropped" not in {each["effect"] for each in json.loads(checked.out)["drops"]}
    ended = zoho.kinv("--mapping", target(zoho), "invoice", "--deal", zoho.deal, "--dry-run")
    assert ended.code == 0, ended
    assert not zoho.writes()


@pytest.mark.parametrize(
    ("country", "words"),
    [
        ("GB", "uk, eu_vat_registered, overseas"),
        ("IN", "business_gst, business_none, overseas, consumer"),
        ("AE", "vat_registered, vat_not_registered, gcc_vat_registered"),
    ],
)
def test_the_edition_s_own_words_for_a_tax_treatment_stand_in_a_comment(
    zoho: ZohoStage, country: str, words: str
) -> None:
    first(zoho, organization(zoho, country), "--tax-default", "Exempt")
    text = target(zoho).read_text(encoding="utf-8")
    (line,) = [each for each in text.splitlines() if "tax_treatment" in each]
    assert line.startswith("# tax_treatment = ")
    assert words in line


def test_a_customer_s_tax_number_is_left_out_where_the_edition_has_none(zoho: ZohoStage) -> None:
    ended = first(zoho, organization(zoho, "US"), "--tax-default", "Exempt")
    assert "left out  customer.tax_number: the books do not take them" in ended.out
    assert "tax_number" not in written(zoho)["customer"]
    first(zoho, organization(zoho, "GB"), "--tax-default", "Exempt", "--force")
    assert written(zoho)["customer"]["tax_number"] == "{{ company['VAT ID'] }}"


def test_an_organisation_without_taxes_has_no_section(zoho: ZohoStage) -> None:
    account = zoho.people.add_organization("Tax free", currencies={"GBP": "1.2"})
    zoho.people.add_item("Advice", 150, organization=account)
    assert first(zoho, account).code == 0
    assert "tax" not in written(zoho)
    assert check(zoho).code == 0


class TestTheOrganisation:
    """A token in the environment tells the organisations that it opens."""

    def test_the_only_one_is_taken(self, zoho: ZohoStage) -> None:
        assert begin(zoho, "--tax-default", "Reverse charge").code == 0
        assert written(zoho)["books"]["account"] == zoho.business
        assert "Zoho Books Nordlicht Consulting" in target(zoho).read_text(encoding="utf-8")

    def test_several_are_listed(self, zoho: ZohoStage) -> None:
        other = organization(zoho, "GB")
        ended = begin(zoho, "--tax-default", "Exempt")
        assert ended.code == 2
        assert "--books-account" in ended.err
        assert f"'{zoho.business}' (Nordlicht Consulting)" in ended.err
        assert f"'{other}' (Advice of GB)" in ended.err
        assert not target(zoho).exists()

    def test_a_person_chooses(self, zoho: ZohoStage) -> None:
        other = organization(zoho, "GB")
        code, shown = play(
            zoho,
            ("Which account of zoho is it?", "2\n"),
            ("Which pipeline's deals are invoiced?", "\n"),
            ("Which stage of Sales asks for an invoice?", "\n"),
            ("when it is invoiced?", "\n"),
            ("when it is paid?", "\n"),
            ("clients in DE take?", "1\n"),
            ("clients in other countries take?", "1\n"),
        )
        assert code == 0, shown
        assert written(zoho)["books"]["account"] == other

    def test_letters_are_none(self, zoho: ZohoStage) -> None:
        ended = first(zoho, "Nordlicht", "--tax-default", "Exempt")
        assert ended.code == 7
        assert "'Nordlicht' is no organisation in Zoho Books" in ended.err
        assert not target(zoho).exists()


class TestTheRegion:
    FLAGS = ("--tax-default", "Reverse charge", "--books-region")

    def test_it_stands_in_the_mapping(self, zoho: ZohoStage) -> None:
        assert begin(zoho, *self.FLAGS, "eu").code == 0
        assert written(zoho)["books"]["region"] == "eu"
        assert check(zoho).code == 0

    def test_without_the_flag_nothing_is_said(self, zoho: ZohoStage) -> None:
        assert begin(zoho, *self.FLAGS[:2]).code == 0
        assert "region" not in written(zoho)["books"]

    def test_an_unknown_one_is_told_with_the_nearest(self, zoho: ZohoStage) -> None:
        ended = begin(zoho, *self.FLAGS, "euu")
        assert ended.code == 2
        assert "--books-region: Zoho Books has no data centre 'euu'" in ended.err
        assert "did you mean 'eu'?" in ended.err
        assert not zoho.requests()
        assert not target(zoho).exists()

    def test_other_books_have_none(self, stage: Stage) -> None:
        ended = begin(stage, "--tax-default", "none", "--books", "wave", "--books-region", "eu")
        assert ended.code == 2
        assert "--books-region: Wave has no data centres to choose from" in ended.err
        assert not stage.requests()
