"""Customers in the QuickBooks simulator: names, addresses, currencies, changes."""

from __future__ import annotations

from typing import Any

import pytest
from quickbooks_books import QuickBooks

NAME = "Ada Ltd"


@pytest.fixture
def books() -> QuickBooks:
    return QuickBooks()


def refused(books: QuickBooks, **properties: Any) -> str:
    status, code = books.refusal(books.post("/customer", properties))
    assert status == 400
    return code


class TestCreation:
    def test_a_name_is_enough(self, books: QuickBooks) -> None:
        made = books.write("Customer", {"DisplayName": NAME})
        assert (made["SyncToken"], made["Active"], made["Balance"]) == ("0", True, 0)
        assert made["CurrencyRef"]["value"] == "USD"

    def test_it_may_be_put_together_from_parts(self, books: QuickBooks) -> None:
        made = books.write("Customer", {"GivenName": "Ada", "FamilyName": "Byron"})
        assert made["DisplayName"] == "Ada Byron"

    @pytest.mark.parametrize("name", [None, "", "  "])
    def test_without_any_it_is_refused(self, books: QuickBooks, name: str | None) -> None:
        assert refused(books, DisplayName=name, PrimaryEmailAddr={"Address": "a@b.example"}) == (
            "6080"
        )

    @pytest.mark.parametrize("name", ["a:b", "a\tb", "a\nb"])
    def test_some_signs_are_not_for_names(self, books: QuickBooks, name: str) -> None:
        assert refused(books, DisplayName=name) == "6000"

    @pytest.mark.parametrize(
        ("properties", "code"),
        [
            ({"DisplayName": "x" * 501}, "2050"),
            ({"Title": "x" * 17}, "2050"),
            ({"GivenName": "x" * 101}, "2050"),
            ({"CompanyName": "x" * 101}, "2050"),
            ({"PrimaryPhone": {"FreeFormNumber": "1" * 31}}, "2050"),
            ({"PrimaryEmailAddr": {"Address": f"{'x' * 91}@b.example"}}, "2050"),
            ({"BillAddr": {"Line1": "x" * 501}}, "2050"),
            ({"Notes": "x" * 2001}, "2050"),
            ({"PrimaryEmailAddr": {"Address": "ada"}}, "6000"),
            ({"PrimaryEmailAddr": {"Address": "ada@b"}}, "6000"),
            ({"PrimaryEmailAddr": "ada@b.example"}, "2010"),
            ({"Email": "ada@b.example"}, "2010"),
            ({"PrimaryEmailAddr": {"address": "ada@b.example"}}, "2010"),
            ({"PreferredDeliveryMethod": "Pigeon"}, "2010"),
            ({"Taxable": "yes"}, "2010"),
            ({"SalesTermRef": {"value": "999"}}, "2500"),
        ],
    )
    def test_what_is_wrong_is_refused(
        self, books: QuickBooks, properties: dict[str, Any], code: str
    ) -> None:
        assert refused(books, **({"DisplayName": NAME} | properties)) == code

    def test_an_address_need_not_be_new(self, books: QuickBooks) -> None:
        email = {"Address": "ap@acme.example"}
        books.write("Customer", {"DisplayName": NAME, "PrimaryEmailAddr": email})
        where = "select * from Customer where PrimaryEmailAddr = 'ap@acme.example'"
        assert books.found(where) == ["Acme Ltd", NAME]

    def test_people_type_several_addresses_into_one_field(self, books: QuickBooks) -> None:
        books.people.add_customer("Pair", "a@pair.example, b@pair.example")
        where = "select * from Customer where PrimaryEmailAddr {}"
        assert books.found(where.format("= 'b@pair.example'")) == []
        assert books.found(where.format("like '%b@pair.example%'")) == ["Pair"]


class TestNames:
    @pytest.mark.parametrize("name", ["Acme Ltd", "ACME LTD", "Bayside Print", "Emily Platt"])
    def test_they_are_unique_over_customers_vendors_and_employees(
        self, books: QuickBooks, name: str
    ) -> None:
        assert refused(books, DisplayName=name) == "6240"

    def test_a_deactivated_customer_frees_its_name(self, books: QuickBooks) -> None:
        books.people.deactivate(books.customer)
        books.write("Customer", {"DisplayName": "Acme Ltd"})
        where = "select * from Customer where Active in (true, false)"
        assert books.found(where) == ["Acme Ltd", "Acme Ltd (deleted)"]
        assert refused(books, DisplayName="Acme Ltd (deleted)") == "6240"

    def test_one_that_was_inactive_all_along_never_looked_active(self, books: QuickBooks) -> None:
        books.world.lag_s = 30
        books.people.add_customer("Old Ltd", active=False)
        where = "select * from Customer where {}DisplayName like 'Old%'"
        assert books.found(where.format("")) == []
        everything = where.format("Active in (true, false) and ")
        assert books.found(everything) == ["Old Ltd (deleted)"]

    def test_or_not(self, books: QuickBooks) -> None:
        books.rules.deactivated_names_taken = True
        books.people.deactivate(books.customer)
        assert refused(books, DisplayName="Acme Ltd") == "6240"

    def test_it_comes_back_under_its_own_name_if_that_is_free(self, books: QuickBooks) -> None:
        books.people.deactivate(books.customer)
        back = {"Id": books.customer, "SyncToken": "1", "sparse": True, "Active": True}
        assert books.write("Customer", back)["DisplayName"] == "Acme Ltd"
        books.people.deactivate(books.customer)
        books.people.add_customer("Acme Ltd")
        assert books.refusal(books.post("/customer", {**back, "SyncToken": "3"}))[1] == "6240"


class TestChanges:
    def change(self, books: QuickBooks, token: str = "0", **more: Any) -> Any:
        return books.post("/customer", {"Id": books.customer, "SyncToken": token, **more})

    def test_a_sparse_one_leaves_the_rest(self, books: QuickBooks) -> None:
        changed = books.ok(self.change(books, sparse=True, Notes="x"))["Customer"]
        assert changed["PrimaryEmailAddr"]["Address"] == "ap@acme.example"
        assert (changed["Notes"], changed["SyncToken"]) == ("x", "1")

    def test_a_full_one_blanks_it(self, books: QuickBooks) -> None:
        changed = books.ok(self.change(books, DisplayName="Acme Inc"))["Customer"]
        assert "PrimaryEmailAddr" not in changed

    def test_an_old_token_is_stale(self, books: QuickBooks) -> None:
        books.ok(self.change(books, sparse=True, Notes="x"))
        assert books.refusal(self.change(books, sparse=True, Notes="y")) == (400, "5010")

    def test_what_does_not_exist_cannot_change(self, books: QuickBooks) -> None:
        body = {"Id": "999", "SyncToken": "0", "sparse": True}
        assert books.refusal(books.post("/customer", body)) == (400, "610")
        assert books.refusal(books.post("/customer", {"Id": books.customer})) == (400, "2020")


class TestCurrencies:
    def test_there_is_one_until_it_is_switched_on(self, books: QuickBooks) -> None:
        assert refused(books, DisplayName=NAME, CurrencyRef={"value": "CAD"}) == "6000"

    def test_then_each_customer_has_one_for_life(self) -> None:
        books = QuickBooks(rates={"CAD": "0.73"})
        made = books.write("Customer", {"DisplayName": NAME, "CurrencyRef": {"value": "CAD"}})
        assert made["CurrencyRef"] == {"value": "CAD", "name": "Canadian Dollar"}
        body = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "CurrencyRef": {"value": "USD"}}
        assert books.refusal(books.post("/customer", body)) == (400, "6000")

    def test_only_currencies_of_the_company(self) -> None:
        books = QuickBooks(rates={"CAD": "0.73"})
        assert refused(books, DisplayName=NAME, CurrencyRef={"value": "JPY"}) == "2500"
        assert books.found("select * from CompanyCurrency", "Code") == ["CAD"]
