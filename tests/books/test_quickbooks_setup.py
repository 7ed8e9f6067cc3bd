"""What a QuickBooks company's set-up is in kinv's words."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter
from quickbooks_stand_in import REALM, StandIn

from kommo_invoice.books.quickbooks import connect
from kommo_invoice.domain.catalog import (
    BooksAccount,
    Catalog,
    Item,
    Settings,
    Tax,
    TaxChoice,
    Term,
    find_term,
)
from kommo_invoice.domain.plain import plain
from kommo_invoice.errors import ConfigInvalid


def catalog(
    company: dict[str, Any] | None = None,
    forms: dict[str, Any] | None = None,
    *,
    taxed: bool = True,
    several_currencies: bool = False,
    **lists: list[dict[str, Any]],
) -> Catalog:
    own = {"Id": REALM, "CompanyName": "Sable", "Country": "US"} | (company or {})
    preferences = {
        "SalesFormsPrefs": forms or {},
        "TaxPrefs": {"UsingSalesTax": taxed},
        "CurrencyPrefs": {
            "MultiCurrencyEnabled": several_currencies,
            "HomeCurrency": {"value": "USD"},
        },
    }
    records = {"CompanyInfo": [own], "Preferences": [preferences]} | lists
    return StandIn(records).books().catalog()


def code(number: int, name: str, *rates: str, **changes: Any) -> dict[str, Any]:
    details = [{"TaxRateRef": {"value": each}} for each in rates]
    listed = {"SalesTaxRateList": {"TaxRateDetail": details}} if details else {}
    return {"Id": str(number), "Name": name, "Taxable": True} | listed | changes


class TestTheCompany:
    def test_takes_three_requests(self) -> None:
        books = StandIn({"CompanyInfo": [{"Id": REALM}], "Preferences": [{}]})
        books.books().catalog()

        assert books.paths() == [f"GET /companyinfo/{REALM}", "GET /preferences", "POST /batch"]

    def test_is_read_with_its_currency_and_time_zone(self) -> None:
        found = catalog({"DefaultTimeZone": "America/Los_Angeles"})
        assert found.account == BooksAccount(REALM, "Sable", "USD", "America/Los_Angeles")

    @pytest.mark.parametrize("zone", [None, "", "Pacific", "../etc/passwd"])
    def test_may_have_no_usable_time_zone(self, zone: str | None) -> None:
        assert catalog({"DefaultTimeZone": zone}).account.timezone is None

    def test_is_the_one_that_is_connected(self) -> None:
        books = StandIn({"CompanyInfo": [{"Id": REALM, "CompanyName": "S"}], "Preferences": [{}]})
        assert [each.id for each in books.books().accounts()] == [REALM]

    def test_has_to_be_named(self) -> None:
        client: Any = StandIn()
        with pytest.raises(ConfigInvalid, match=r"books\.account"):
            connect("", base_url=None, open_client=lambda *_: client).catalog()


class TestTheLists:
    def test_items_terms_and_what_cannot_be_sold(self) -> None:
        found = catalog(
            Item=[
                {"Id": "1", "Name": "Advice", "Type": "Service", "Sku": "ADV"},
                {"Id": "2", "Name": "Goods", "Type": "Category"},
                {"Id": "3", "Name": "Set", "Type": "Group"},
            ],
            Term=[
                {"Id": "3", "Name": "Net 30", "DueDays": 30},
                {"Id": "4", "Name": "Month's end", "DayOfMonthDue": 31},
            ],
        )
        assert found.items == (
            Item("1", "Advice", "ADV"),
            Item("2", "Goods", sellable=False),
            Item("3", "Set", sellable=False),
        )
        assert found.terms == (Term("3", "Net 30", 30), Term("4", "Month's end"))

    def test_items_that_share_a_name_go_by_their_whole_one(self) -> None:
        whole = ["Web:Design", "Print:Design", "Web:Hosting"]
        rows = [
            {"Id": str(n), "Name": each.partition(":")[2], "FullyQualifiedName": each}
            for n, each in enumerate(whole)
        ]
        assert [each.name for each in catalog(Item=rows).items] == [*whole[:2], "Hosting"]

    def test_long_lists_are_read_to_their_end(self) -> None:
        rows = [{"Id": str(n), "Name": f"Item {n}"} for n in range(1, 1234)]
        assert len(catalog(Item=rows).items) == 1233


class TestTax:
    RATES = (
        {"Id": "9", "Name": "20%", "RateValue": 20},
        {"Id": "10", "Name": "PST", "RateValue": Decimal("7.5")},
    )

    def test_in_the_us_is_one_whose_rate_the_books_know(self) -> None:
        found = catalog(TaxCode=[code(2, "California")])
        assert (found.settings.taxes, found.taxes) == (
            TaxChoice.BY_BOOKS,
            (Tax("TAX", "TAX", None),),
        )

    @pytest.mark.parametrize("country", ["US", "USA"])
    def test_in_a_us_company_that_charges_none(self, country: str) -> None:
        found = catalog({"Country": country}, taxed=False)
        assert (found.settings.taxes, found.taxes) == (TaxChoice.BY_BOOKS, ())

    @pytest.mark.parametrize("country", ["GB", "GBR"])
    def test_elsewhere_is_a_choice_of_the_company_s_codes(self, country: str) -> None:
        found = catalog(
            {"Country": country},
            TaxCode=[
                code(5, "20.0% S", "9"),
                code(6, "GST/PST", "9", "10"),
                code(7, "Exempt", Taxable=False),
                code(8, "Purchases only"),
                code(11, "Old", "9", Hidden=True),
                code(12, "Strange", "77"),
            ],
            TaxRate=list(self.RATES),
        )
        assert found.settings.taxes is TaxChoice.REQUIRED
        assert found.taxes == (
            Tax("5", "20.0% S", Decimal("0.2")),
            Tax("6", "GST/PST", None),
            Tax("7", "Exempt", Decimal(0)),
            Tax("12", "Strange", None),
        )

    def test_elsewhere_may_be_none_at_all(self) -> None:
        found = catalog({"Country": "CA"}, taxed=False, TaxCode=[code(5, "HST", "9")])
        assert (found.settings.taxes, found.taxes) == (TaxChoice.NONE, ())


class TestSettings:
    FIELDS = (
        {
            "CustomField": [
                {"Name": "SalesFormsPrefs.UseSalesCustom1", "BooleanValue": True},
                {"Name": "SalesFormsPrefs.UseSalesCustom2", "BooleanValue": True},
                {"Name": "SalesFormsPrefs.UseSalesCustom3", "BooleanValue": False},
            ]
        },
        {
            "CustomField": [
                {"Name": "SalesFormsPrefs.SalesCustomName1", "StringValue": "Crew #"},
                {"Name": "SalesFormsPrefs.SalesCustomName2", "StringValue": "CRM deal"},
                {"Name": "SalesFormsPrefs.SalesCustomName3", "StringValue": "Kinv reference"},
            ]
        },
    )

    def test_all_on(self) -> None:
        forms = {
            "CustomTxnNumbers": True,
            "AllowDiscount": True,
            "ETransactionPaymentEnabled": True,
            "CustomField": list(self.FIELDS),
        }
        found = catalog(forms=forms, several_currencies=True)

        assert found.switched_off == found.required == ()
        assert found.settings == Settings(
            taxes=TaxChoice.BY_BOOKS,
            other_currencies=True,
            asks_for_number=True,
            reference_field="2",
            online_payments=True,
        )

    def test_all_off(self) -> None:
        found = catalog()

        assert found.switched_off == (
            "invoice.discount",
            "invoice.discount.amount",
            "invoice.number",
        )
        assert found.settings == Settings(taxes=TaxChoice.BY_BOOKS, other_currencies=False)

    def test_a_field_that_is_not_used_or_not_named_so_is_left_alone(self) -> None:
        used, names = self.FIELDS
        others = {"CustomField": [names["CustomField"][0], names["CustomField"][2]]}

        assert catalog(forms={"CustomField": [used, others]}).settings.reference_field is None

    @pytest.mark.parametrize(("own", "required"), [(True, ("invoice.number",)), (False, ())])
    def test_own_numbers_are_a_must_in_france(self, own: bool, required: tuple[str, ...]) -> None:
        assert catalog({"Country": "FRA"}, {"CustomTxnNumbers": own}).required == required


class TestTerms:
    KNOWN = (Term("3", "Net 30", 30), Term("30", "30 days", 30), Term("5", "Net 15 EOM"))

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Net 30", "3"),
            (" net 30 ", "3"),
            ("30", "30"),
            ("NET30", "3"),
            ("Net 30 days", "3"),
            ("net 15 eom", "5"),
            ("Net 15", None),
            ("soon", None),
        ],
    )
    def test_are_found_by_name_id_or_days(self, text: str, expected: str | None) -> None:
        term = find_term(self.KNOWN, text)
        assert (term.id if term else None) == expected


def test_a_set_up_is_the_same_after_it_was_kept() -> None:
    found = catalog(
        {"Country": "FR"},
        {"CustomTxnNumbers": True, "CustomField": list(TestSettings.FIELDS)},
        Term=[{"Id": "3", "Name": "Net 30", "DueDays": 30}],
        TaxCode=[code(5, "20.0% S", "9")],
        TaxRate=list(TestTax.RATES),
    )
    assert TypeAdapter(Catalog).validate_json(json.dumps(plain(found))) == found
