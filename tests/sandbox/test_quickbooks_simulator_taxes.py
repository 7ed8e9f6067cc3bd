"""Tax in the QuickBooks simulator: the engine of the US, codes on lines elsewhere."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from quickbooks_books import QuickBooks, code, discount


class TestUnitedStates:
    @pytest.fixture
    def books(self) -> QuickBooks:
        return QuickBooks()

    def test_lines_say_whether_and_the_engine_how_much(self, books: QuickBooks) -> None:
        made = books.create(books.line(100, **code("TAX")), books.line(50, **code("NON")))
        assert made["TxnTaxDetail"]["TotalTax"] == Decimal("8.25")
        assert made["TotalAmt"] == Decimal("158.25")
        assert "GlobalTaxCalculation" not in made

    def test_a_line_without_a_code_is_not_taxed(self, books: QuickBooks) -> None:
        made = books.create()
        assert (made["TotalAmt"], made["TxnTaxDetail"]) == (100, {"TotalTax": 0})

    def test_some_customers_are_not_taxed(self, books: QuickBooks) -> None:
        books.people.change_customer(books.customer, Taxable=False)
        assert books.create(books.line(100, **code("TAX")))["TotalAmt"] == 100

    @pytest.mark.parametrize("tax_code", ["1", "tax", "VAT 20%"])
    def test_there_are_no_other_codes(self, books: QuickBooks, tax_code: str) -> None:
        assert books.refused(books.line(100, **code(tax_code))) == "6100"

    def test_the_two_stand_among_the_tax_codes(self, books: QuickBooks) -> None:
        ids = books.found("select * from TaxCode", "Id")
        assert {"TAX", "NON"} < set(ids)

    def test_a_given_tax_overrides(self, books: QuickBooks) -> None:
        detail = {"TotalTax": 9}
        made = books.create(books.line(100, **code("TAX")), TxnTaxDetail=detail)
        assert made["TotalAmt"] == 109

    def test_where_no_tax_is_used_all_of_it_is_ignored(self, books: QuickBooks) -> None:
        books.people.change_company(using_sales_tax=False)
        detail = {"TotalTax": 9}
        made = books.create(books.line(100, **code("TAX")), TxnTaxDetail=detail)
        assert made["TotalAmt"] == 100

    def test_without_the_engine_the_invoice_names_the_rates(self) -> None:
        books = QuickBooks(automated_tax=False)
        taxed = books.line(100, **code("TAX"))
        assert books.create(taxed)["TotalAmt"] == 100
        group = {"TxnTaxCodeRef": {"value": books.people.tax_code_id("California")}}
        assert books.create(taxed, TxnTaxDetail=group)["TotalAmt"] == Decimal("108.25")


class TestElsewhere:
    @pytest.fixture
    def books(self) -> QuickBooks:
        return QuickBooks("GB", currency="GBP")

    def taxed(self, books: QuickBooks, amount: float = 100, name: str = "20.0% S") -> Any:
        return books.line(amount, **code(books.people.tax_code_id(name)))

    def test_every_line_needs_a_code(self, books: QuickBooks) -> None:
        assert books.refused() == "6000"
        assert books.refused(self.taxed(books), books.line(5)) == "6000"

    def test_unless_tax_does_not_apply(self, books: QuickBooks) -> None:
        assert books.create(GlobalTaxCalculation="NotApplicable")["TotalAmt"] == 100
        books.people.change_company(using_sales_tax=False)
        assert books.create()["TotalAmt"] == 100

    @pytest.mark.parametrize("tax_code", ["TAX", "NON", "999"])
    def test_it_is_one_of_the_company(self, books: QuickBooks, tax_code: str) -> None:
        assert books.refused(books.line(100, **code(tax_code))) == "2500"

    def test_each_rate_is_rounded_once(self, books: QuickBooks) -> None:
        lines = [self.taxed(books, 0.03) for _ in range(3)]
        made = books.create(*lines, self.taxed(books, 1, "5.0% R"))
        parts = made["TxnTaxDetail"]["TaxLine"]
        assert [part["Amount"] for part in parts] == [Decimal("0.02"), Decimal("0.05")]
        assert parts[0]["TaxLineDetail"]["NetAmountTaxable"] == Decimal("0.09")
        assert (made["TotalAmt"], made["GlobalTaxCalculation"]) == (
            Decimal("1.16"),
            "TaxExcluded",
        )

    @pytest.mark.parametrize(("after", "total"), [(False, "110.00"), (True, "108.00")])
    def test_a_discount_is_before_or_after_tax(
        self, books: QuickBooks, after: bool, total: str
    ) -> None:
        lines = (self.taxed(books), discount(percent=10))
        made = books.create(*lines, ApplyTaxAfterDiscount=after)
        assert made["TotalAmt"] == Decimal(total)

    def test_a_line_with_tax_inside_says_both(self, books: QuickBooks) -> None:
        made = books.create(self.taxed(books), GlobalTaxCalculation="TaxInclusive")
        [line, _] = made["Line"]
        assert (line["Amount"], line["SalesItemLineDetail"]["TaxInclusiveAmt"]) == (100, 120)
        assert made["TotalAmt"] == 120

    def test_rates_stand_behind_codes(self) -> None:
        books = QuickBooks("CA", currency="CAD")
        [found] = books.ask("select * from TaxCode where Name = 'GST/PST BC'")["TaxCode"]
        refs = [each["TaxRateRef"] for each in found["SalesTaxRateList"]["TaxRateDetail"]]
        assert [each["name"] for each in refs] == ["GST", "PST (BC)"]
        rates = {each["Id"]: each for each in books.ask("select * from TaxRate")["TaxRate"]}
        assert [rates[each["value"]]["RateValue"] for each in refs] == [5, 7]
        made = books.create(books.line(100, **code(found["Id"])))
        assert [part["Amount"] for part in made["TxnTaxDetail"]["TaxLine"]] == [5, 7]

    def test_an_inactive_code_is_no_more_used(self, books: QuickBooks) -> None:
        old = books.people.add_tax_code("17.5%", {"17.5%": "17.5"}, active=False)
        assert books.refused(books.line(100, **code(old))) == "610"

    def test_australia_has_its_own(self) -> None:
        books = QuickBooks("AU", currency="AUD")
        assert self.made_in(books, "GST") == 110

    def made_in(self, books: QuickBooks, name: str) -> Any:
        return books.create(self.taxed(books, 100, name))["TotalAmt"]

    def test_any_other_country_gets_the_codes_that_it_is_given(self) -> None:
        books = QuickBooks("DE", currency="EUR")
        books.people.add_tax_code("VAT 19%", {"VAT 19%": 19})
        assert self.made_in(books, "VAT 19%") == 119
