"""Organisations in Zoho Books, what they are set up with, and where they are."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from zoho_stand_in import ACCOUNT, StandIn, currency, done, organization, refusal, reply

from kommo_invoice.books.zoho import account_id, connect
from kommo_invoice.books.zoho.regions import api_url
from kommo_invoice.domain.catalog import BooksAccount, Item, Tax, TaxChoice
from kommo_invoice.domain.draft import CustomerDraft
from kommo_invoice.errors import ConfigInvalid, Rejected


def firm(**changes: Any) -> StandIn:
    return StandIn({"organizations": [organization(organization_id="1"), organization(**changes)]})


def fields(*rows: dict[str, Any]) -> list[Any]:
    return [done(fields=list(rows))]


class TestAccounts:
    def test_are_all_that_the_token_opens_and_that_are_not_closed(self) -> None:
        books = firm(name="Süd", currency_code="USD", time_zone="America/New_York")
        books.records["organizations"].append(organization(is_org_active=False))

        assert books.books().accounts() == [
            BooksAccount("1", "Nordlicht", "EUR", "Europe/Berlin"),
            BooksAccount(ACCOUNT, "Süd", "USD", "America/New_York"),
        ]
        assert books.requests[0].raw_query == ""

    @pytest.mark.parametrize("zone", ["PST", "", "Mars/Olympus", None])
    def test_with_a_zone_that_nobody_knows_have_none(self, zone: str | None) -> None:
        assert firm(time_zone=zone).books().accounts()[1].timezone is None

    def test_are_named_by_their_digits(self) -> None:
        assert account_id(" 600-01 ") == ACCOUNT


class TestTheCatalog:
    def test_of_the_named_organisation_takes_five_requests(self) -> None:
        books = firm(currency_code="CHF", time_zone="Europe/Zurich")

        catalog = books.books().catalog()

        assert catalog.account == BooksAccount(ACCOUNT, "Nordlicht", "CHF", "Europe/Zurich")
        assert books.paths() == [
            "GET /organizations",
            "GET /settings/taxes",
            "GET /settings/currencies",
            "GET /items",
            "GET /settings/fields",
        ]

    def test_of_an_unknown_organisation_is_an_error_of_the_mapping(self) -> None:
        books = StandIn({"organizations": [organization(organization_id="1")]})

        with pytest.raises(ConfigInvalid, match=ACCOUNT):
            books.books().catalog()

    def test_has_items_and_taxes_by_the_organisation_s_own_ids(self) -> None:
        books = firm()
        books.records |= {
            "items": [
                {"item_id": 19, "name": "Advice", "sku": "ADV", "status": "active", "rate": ""},
                {"item_id": "20", "name": "Old", "sku": "", "status": "inactive"},
            ],
            "taxes": [
                {"tax_id": "7", "tax_name": "VAT", "tax_percentage": 19, "tax_type": "tax"},
                {"tax_id": "8", "tax_name": "None", "tax_percentage": 0, "tax_type": "tax"},
                {
                    "tax_id": "9",
                    "tax_name": "PST",
                    "tax_percentage": Decimal("7.5"),
                    "tax_type": "compound_tax",
                },
                {"tax_id": "5", "tax_name": "G", "tax_percentage": 12, "tax_type": "tax_group"},
            ],
        }

        catalog = books.books().catalog()

        assert catalog.items == (
            Item("19", "Advice", "ADV"),
            Item("20", "Old", sellable=False),
        )
        assert catalog.taxes == (
            Tax("7", "VAT", Decimal("0.19")),
            Tax("8", "None", Decimal(0)),
            Tax("9", "PST", Decimal("0.075"), compound=True),
            Tax("5", "G", None),
        )
        assert catalog.settings.taxes is TaxChoice.OPTIONAL

    def test_of_an_organisation_without_tax_has_none(self) -> None:
        assert firm().books().catalog().settings.taxes is TaxChoice.NONE

    def test_says_whether_there_are_other_currencies(self) -> None:
        books = firm()
        books.records["currencies"] = [currency(1, "EUR")]
        assert not books.books().catalog().settings.other_currencies

        books.records["currencies"].append(currency(2, "GBP"))
        assert books.books().catalog().settings.other_currencies

    @pytest.mark.parametrize(
        ("row", "found"),
        [
            ({"customfield_id": "990", "label": "kinv reference"}, "990"),
            ({"field_id": 991, "label": "Kinv_Deal", "data_type": "string"}, "991"),
            ({"field_id": "992", "label": "kinv", "is_active": False}, None),
            ({"field_id": "993", "label": "kinv", "data_type": "number"}, None),
            ({"field_id": "994", "label": "Deal"}, None),
        ],
    )
    def test_names_the_field_for_our_reference(
        self, row: dict[str, Any], found: str | None
    ) -> None:
        books = firm()
        books.scripted["/settings/fields"] = fields({"field_id": "1", "label": "Project"}, row)

        assert books.books().catalog().settings.reference_field == found
        assert books.requests[-1].params == {"entity": "invoice"}

    def test_has_no_such_field_where_they_cannot_be_listed(self) -> None:
        books = firm()
        answers = [reply({"code": 0}), refusal(57, status=401), refusal(5, status=404)]
        books.scripted["/settings/fields"] = list(answers)

        for _ in answers:
            assert books.books().catalog().settings.reference_field is None


class TestRegions:
    def test_are_found_by_their_names(self) -> None:
        assert api_url("ca") == "https://www.zohoapis.ca"
        assert api_url(None) == api_url(" US ") == "https://www.zohoapis.com"

    @pytest.mark.parametrize("name", ["mars", "uk"])
    def test_without_an_api_are_errors_of_the_mapping(self, name: str) -> None:
        with pytest.raises(ConfigInvalid, match=r"books\.region"):
            api_url(name)


class TestConnecting:
    @pytest.mark.parametrize(
        ("given", "host"),
        [
            ({}, "https://www.zohoapis.com"),
            ({"region": "eu"}, "https://www.zohoapis.eu"),
            ({"region": "eu", "base_url": "http://127.0.0.1:1"}, "http://127.0.0.1:1"),
        ],
    )
    def test_goes_to_the_region_s_host(self, given: dict[str, Any], host: str) -> None:
        hosts: list[str] = []
        asked = {"base_url": None, "open_client": lambda url, *_: hosts.append(url), **given}

        connect(ACCOUNT, **asked)

        assert hosts == [host]

    def test_knows_no_sandbox_beside_organisations(self) -> None:
        with pytest.raises(ConfigInvalid, match="id of its own"):
            connect(ACCOUNT, base_url=None, open_client=lambda: None, environment="sandbox")  # type: ignore[arg-type, return-value]


def test_a_currency_that_is_not_switched_on_is_refused() -> None:
    books = firm()
    books.records["currencies"] = [currency(1, "EUR"), currency(2, "GBP")]

    with pytest.raises(Rejected, match=r"no currency XXX \(it has EUR, GBP\)"):
        books.books().create_customer(CustomerDraft("A", "a@x.example", currency="XXX"), key="k")
    assert books.paths() == ["GET /settings/currencies"]
