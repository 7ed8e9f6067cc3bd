"""What Zoho Books invoices come to: discounts, taxes, rounding, editions (sheet, 4.4 and 8)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zoho_books import Zoho

from kommo_invoice.sandbox.zoho_money import Discount, Item, Rate, Way, reckon

VAT = "VAT DE 19%"


@pytest.fixture
def books() -> Zoho:
    return Zoho()


def sums(made: Any) -> tuple[str, str, str]:
    """Return what an invoice says of itself: before tax and discount, tax, total."""
    before, tax, total = (made[name] for name in ("sub_total", "tax_total", "total"))
    return f"{before:.2f}", f"{tax:.2f}", f"{total:.2f}"


class TestTaxes:
    def test_each_line_has_its_own(self, books: Zoho) -> None:
        made = books.create(books.line(100, VAT), books.line(50, "VAT DE 7%"), books.line(10, ""))
        assert sums(made) == ("160.00", "22.50", "182.50")
        assert [(row["tax_name"], row["tax_amount"]) for row in made["taxes"]] == [
            ("VAT DE 19% (19%)", 19),
            ("VAT DE 7% (7%)", Decimal("3.50")),
        ]
        first, _, last = made["line_items"]
        assert (first["tax_percentage"], first["line_item_taxes"][0]["tax_amount"]) == (19, 19)
        assert (last["tax_id"], last["line_item_taxes"]) == ("", [])

    def test_reverse_charge_is_a_tax_of_nothing(self, books: Zoho) -> None:
        made = books.create(books.line(100, "Reverse charge"))
        assert made["total"] == 100
        assert [row["tax_amount"] for row in made["taxes"]] == [0]

    def test_one_that_is_not_there_or_inactive(self, books: Zoho) -> None:
        assert books.refused({**books.line(), "tax_id": "1"}) == (404, 1002)
        assert books.refused(books.line(100, "VAT DE 16%"))[0] == 400

    def test_without_one_the_items_counts_by_rule(self, books: Zoho) -> None:
        item = books.people.add_item("Course", 100, tax=VAT)
        line = {"item_id": item}
        assert books.create(line)["total"] == 119
        assert books.create({**line, "tax_id": ""})["total"] == 100
        assert books.create({**line, "tax_id": books.people.tax_id("VAT DE 7%")})["total"] == 107
        books.rules.items_bring_tax = False
        assert books.create(line)["total"] == 100

    def test_it_is_rounded_once_on_the_whole(self, books: Zoho) -> None:
        lines = [books.line(0.13, VAT) for _ in range(3)]
        made = books.create(*lines)
        assert (made["tax_rounding"], str(made["tax_total"])) == ("entity_level", "0.07")
        books.people.change_organization(item_rounding=True)
        made = books.create(*lines)
        assert (made["tax_rounding"], str(made["tax_total"])) == ("item_level", "0.06")

    def test_half_a_cent_goes_up(self, books: Zoho) -> None:
        made = books.create(books.line(0.5, "VAT DE 7%"), books.line(1.005, ""))
        assert sums(made) == ("1.51", "0.04", "1.55")

    def test_a_group_is_its_members_together(self, books: Zoho) -> None:
        books.people.add_tax("State", 6)
        books.people.add_tax("City", 2)
        books.people.add_tax("Both", members=["State", "City"])
        made = books.create(books.line(100, "Both"))
        assert made["line_items"][0]["tax_type"] == "tax_group"
        assert made["line_items"][0]["tax_percentage"] == 8
        assert {row["tax_name"]: row["tax_amount"] for row in made["taxes"]} == {
            "State (6%)": 6,
            "City (2%)": 2,
        }

    def test_a_compound_one_is_of_the_others_too(self, books: Zoho) -> None:
        books.people.add_tax("GST", 5)
        books.people.add_tax("PST", 10, tax_type="compound_tax")
        books.people.add_tax("Both", members=["GST", "PST"])
        assert books.create(books.line(100, "Both"))["total"] == Decimal("115.50")


class TestDiscounts:
    def test_a_text_is_a_percentage_and_a_number_an_amount(self, books: Zoho) -> None:
        line = books.line(200, VAT)
        made = books.create(line, discount="10%")
        assert sums(made) == ("200.00", "34.20", "214.20")
        assert made["discount"] == "10%"
        assert sums(books.create(line, discount=10)) == ("200.00", "36.10", "226.10")

    def test_after_tax(self, books: Zoho) -> None:
        late = {"is_discount_before_tax": False}
        assert books.create(books.line(100, VAT), discount=10, **late)["total"] == 109
        made = books.create(books.line(100, VAT), discount="10%", **late)
        assert made["total"] == Decimal("107.10")
        books.people.change_organization(discount_before_tax=False)
        assert books.create(books.line(100, VAT), discount=10)["total"] == 109

    def test_on_lines(self, books: Zoho) -> None:
        made = books.create(books.line(100, VAT, discount="10%"), books.line(50, "", discount=5))
        assert sums(made) == ("135.00", "17.10", "152.10")
        first, second = made["line_items"]
        assert (first["item_total"], first["discount"]) == (90, "10%")
        assert (second["item_total"], second["discount_amount"]) == (45, 5)

    def test_on_both_one_is_passed_over_without_a_word(self, books: Zoho) -> None:
        line = books.line(100, "", discount="50%")
        assert books.create(line, discount="10%")["total"] == 50
        whole = books.create(line, discount="10%", discount_type="entity_level")
        assert whole["total"] == 90


class TestInclusivePrices:
    def test_they_contain_the_tax(self, books: Zoho) -> None:
        made = books.create(books.line(119, VAT), is_inclusive_tax=True)
        assert sums(made) == ("100.00", "19.00", "119.00")

    def test_the_subtotal_by_rule(self, books: Zoho) -> None:
        books.rules.inclusive_subtotal_is_net = False
        made = books.create(books.line(119, VAT), is_inclusive_tax=True)
        assert sums(made) == ("119.00", "19.00", "119.00")

    def test_with_a_discount(self, books: Zoho) -> None:
        made = books.create(books.line(119, VAT), is_inclusive_tax=True, discount="10%")
        assert sums(made) == ("100.00", "17.10", "107.10")

    @pytest.mark.parametrize("country", ["US", "CA"])
    def test_some_editions_do_not_know_them(self, country: str) -> None:
        books = Zoho(country=country)
        made = books.create(books.line(119, VAT), is_inclusive_tax=True)
        assert (made["is_inclusive_tax"], made["total"]) == (False, Decimal("141.61"))


class TestEditions:
    @pytest.fixture
    def india(self) -> Zoho:
        books = Zoho(country="IN", currency="INR", state="TN", currencies={})
        for name, kind in (("IGST18", "igst"), ("CGST9", "cgst"), ("SGST9", "sgst")):
            percent = 18 if kind == "igst" else 9
            books.people.add_tax(name, percent, tax_specific_type=kind)
        books.people.add_tax("GST18", members=["CGST9", "SGST9"], tax_specific_type="intra")
        return books

    def test_india_holds_its_states_apart(self, india: Zoho) -> None:
        there, here = {"place_of_supply": "KA"}, {"place_of_supply": "TN"}
        assert india.create(india.line(100, "IGST18"), **there)["total"] == 118
        assert india.create(india.line(100, "GST18"), **here)["total"] == 118
        assert india.refused(india.line(100, "GST18"), **there) == (400, 3032)
        assert india.refused(india.line(100, "IGST18"), **here) == (400, 3032)

    def test_india_asks_the_customer_where_the_invoice_is_silent(self, india: Zoho) -> None:
        customer = india.people.add_customer("Far", place_of_contact="KA")
        line = india.line(100, "GST18")
        assert india.refused(line, customer_id=customer) == (400, 3032)

    def test_the_exempt_in_the_us_pay_no_tax(self) -> None:
        books = Zoho(country="US")
        customer = books.people.add_customer(
            "School", is_taxable=False, tax_exemption_code="SCHOOL"
        )
        assert books.create(books.line(100, VAT), customer_id=customer)["total"] == 100
        assert books.create(books.line(100, VAT))["total"] == 119

    @pytest.mark.parametrize(
        ("country", "kept", "dropped"),
        [
            ("DE", {"vat_treatment": "eu_vat_registered"}, {"gst_no": "x"}),
            ("GB", {"is_reverse_charge_applied": True}, {"tax_treatment": "x"}),
            ("AE", {"tax_treatment": "non_gcc", "place_of_supply": "DU"}, {"vat_treatment": "x"}),
        ],
    )
    def test_each_has_its_own_fields(
        self, country: str, kept: dict[str, Any], dropped: dict[str, Any]
    ) -> None:
        made = Zoho(country=country)
        shown = made.create(**kept, **dropped)
        assert {name: shown[name] for name in kept} == kept
        assert set(dropped).isdisjoint(shown)

    def test_what_an_invoice_does_not_say_the_customer_does(self, books: Zoho) -> None:
        books.people.change_customer(books.customer, vat_treatment="eu_vat_registered")
        assert books.create()["vat_treatment"] == "eu_vat_registered"
        assert books.create(vat_treatment="overseas")["vat_treatment"] == "overseas"


AMOUNTS = st.decimals(0, 10_000, places=2)
PERCENTS = st.decimals(0, 50, places=1)


@given(st.lists(st.tuples(AMOUNTS, PERCENTS), min_size=1, max_size=6), st.booleans())
def test_prices_with_tax_are_what_is_paid(
    lines: list[tuple[Decimal, Decimal]], per_item: bool
) -> None:
    items = [Item(amount, (Rate(str(percent), "", percent),)) for amount, percent in lines]
    found = reckon(items, Discount(), Way(inclusive=True, per_item=per_item))
    assert found.total == sum(amount for amount, _ in lines)
    assert found.net + found.tax == found.total
    without = reckon(items, Discount(), Way(per_item=per_item))
    assert without.total == without.subtotal + without.tax
    exact = sum(amount * percent / 100 for amount, percent in lines)
    assert abs(without.tax - exact) <= Decimal("0.005") * len(lines)
