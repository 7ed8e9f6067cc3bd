"""Every line comes to what was meant when QuickBooks reckons it again, or is not sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from quickbooks_stand_in import StandIn, company

from kommo_invoice.books.quickbooks.amounts import sales
from kommo_invoice.domain.catalog import Item, Tax
from kommo_invoice.domain.draft import Amounts, CustomerDraft, Discount, Draft, LineDraft
from kommo_invoice.domain.money import Money, round_half_up
from kommo_invoice.errors import Rejected

VAT = Tax("5", "20.0% S", Decimal("0.2"))
LINE = LineDraft("Advice", Decimal(1), Decimal(100), Item("19", "Advice"))
NUMBERS = st.decimals("0.00000001", "100000", places=8)


def draft(quantity: str | Decimal = "1", price: str | Decimal = "100", **changes: Any) -> Draft:
    line = replace(LINE, quantity=Decimal(quantity), unit_price=Decimal(price))
    values: dict[str, Any] = {
        "reference": "KQ4-1",
        "customer": CustomerDraft("Acme", "a@acme.example"),
        "currency": "USD",
        "lines": (line,),
        "date": date(2026, 11, 2),
    }
    return Draft(**(values | changes))


@given(NUMBERS, NUMBERS, st.sampled_from(["USD", "JPY", "BHD"]))
@example(Decimal(40), Decimal("8.39495798"), "USD")
@example(Decimal("0.5"), Decimal("0.01"), "USD")
def test_what_is_sent_comes_to_what_is_meant(
    quantity: Decimal, price: Decimal, currency: str
) -> None:
    wanted = draft(quantity, price, currency=currency)
    try:
        (sale,) = sales(wanted)
    except Rejected:
        return

    # As the books do it: five decimals of each, then two of the product (sheet, section 8).
    for each in (sale.quantity, sale.price):
        assert each == round_half_up(each, 5)
    assert sale.amount == round_half_up(sale.quantity * sale.price, 2)
    assert Money.of(sale.amount, currency) == Money.of(quantity * price, currency)
    assert Money.of(sale.amount, currency).amount == sale.amount


@pytest.mark.parametrize(
    ("quantity", "price", "amount"),
    [
        ("1", "100", "100.00"),
        ("0.5", "0.01", "0.01"),
        ("1.5", "99.99", "149.99"),
        ("3", "33.33333", "100.00"),
        ("1", "0.005", "0.01"),
        ("40", "8.39495798", "335.80"),
    ],
)
def test_a_usual_line_is_sent(quantity: str, price: str, amount: str) -> None:
    (sale,) = sales(draft(quantity, price))

    assert sale.amount == Decimal(amount)


@pytest.mark.parametrize(
    ("quantity", "price"), [("100000", "0.123456"), ("0.3333333", "100000"), ("10000", "0.000014")]
)
def test_a_line_too_fine_for_quickbooks_is_refused_before_it_is_sent(
    quantity: str, price: str
) -> None:
    books = StandIn()

    with pytest.raises(Rejected, match="should be"):
        books.books(company()).create_invoice(draft(quantity, price), "58", key="k")
    assert books.requests == []


def test_a_number_is_sent_as_it_is_written() -> None:
    (sale,) = sales(draft("2.50", "125.00"))

    assert (str(sale.quantity), str(sale.price)) == ("2.50", "125.00")


def test_prices_that_contain_the_tax_are_cut_to_what_is_kept() -> None:
    line = replace(LINE, quantity=Decimal(7), unit_price=Decimal("9.99"), tax=VAT)

    (sale,) = sales(draft(lines=(line,), amounts=Amounts.INCLUSIVE))

    assert (sale.price, sale.amount) == (Decimal("8.32500"), Decimal("58.28"))


class TestOtherDecimals:
    """QuickBooks keeps two decimals in whatever currency (sheet, section 8)."""

    @pytest.mark.parametrize(
        ("currency", "quantity", "price"),
        [("JPY", "2", "1500"), ("JPY", "0.5", "3000"), ("BHD", "1", "1.25"), ("BHD", "2", "1.125")],
    )
    def test_that_fit_are_sent(self, currency: str, quantity: str, price: str) -> None:
        (sale,) = sales(draft(quantity, price, currency=currency))

        assert sale.amount == Decimal(quantity) * Decimal(price)

    @pytest.mark.parametrize(
        ("currency", "quantity", "price"),
        [("JPY", "1", "1500.5"), ("JPY", "1.5", "1001"), ("BHD", "1", "1.255")],
    )
    def test_that_do_not_are_refused(self, currency: str, quantity: str, price: str) -> None:
        with pytest.raises(Rejected, match=currency):
            sales(draft(quantity, price, currency=currency))

    def test_of_a_tax_are_refused_where_the_sum_would_be_another(self) -> None:
        line = replace(LINE, unit_price=Decimal("1.25"), tax=replace(VAT, rate=Decimal("0.05")))

        with pytest.raises(Rejected, match=r"comes to 1\.310 BHD, which should be 1\.313 BHD"):
            sales(draft(lines=(line,), currency="BHD"))

    @pytest.mark.parametrize(("price", "fits"), [("1000", True), ("1004", False)])
    def test_of_a_discount_and_a_tax_in_yen(self, price: str, fits: bool) -> None:
        # 12.5 % off 1004 are 878.50, and 20 % of that 175.70: 1054.20; in whole yen 879 and 176.
        line = replace(LINE, unit_price=Decimal(price), tax=VAT)
        wanted = draft(lines=(line,), currency="JPY", discount=Discount(percent=Decimal("12.5")))

        if fits:
            assert [each.amount for each in sales(wanted)] == [Decimal(price)]
        else:
            with pytest.raises(Rejected):
                sales(wanted)

    def test_of_a_tax_that_only_the_books_know_are_theirs(self) -> None:
        line = replace(LINE, unit_price=Decimal(1004), tax=Tax("TAX", "TAX", None))

        assert [each.amount for each in sales(draft(lines=(line,), currency="JPY"))] == [1004]
