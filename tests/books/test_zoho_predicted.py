"""What a preview promises is what Zoho Books reckons, whatever the lines, taxes and discounts."""

from __future__ import annotations

from decimal import Decimal
from itertools import count, zip_longest
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from zoho_firm import Firm

from kommo_invoice.books.capability_tables import BOOKS
from kommo_invoice.domain.draft import Amounts, Discount
from kommo_invoice.engine.checks import check_draft
from kommo_invoice.engine.compare import total_differences
from kommo_invoice.errors import DealError
from kommo_invoice.sandbox.zoho_rules import ZohoRules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kommo_invoice.domain.draft import Draft
    from kommo_invoice.domain.invoice import Invoice

ZOHO = BOOKS["zoho"]
VAT, FREE = "VAT DE 19%", "Reverse charge"
TAXES = (VAT, "VAT DE 7%", FREE, None)
QUANTITIES = st.decimals("0.001", "500", places=3)
PRICES = st.decimals("0.0001", "2000", places=4)
LINES = st.lists(st.tuples(QUANTITIES, PRICES, st.sampled_from(TAXES)), min_size=1, max_size=6)
PERCENT = st.decimals("0.01", "99.99", places=2).map(lambda each: Discount(percent=each))
AMOUNT = st.decimals("0.01", "500", places=2).map(lambda each: Discount(amount=each))
DISCOUNTS = st.one_of(st.none(), PERCENT, AMOUNT)
SEVERAL = st.lists(DISCOUNTS, min_size=6, max_size=6)
AMOUNTS = st.sampled_from(list(Amounts))
FIVE, TENTH = Discount(percent=Decimal(5)), Discount(percent=Decimal("0.1"))
TEN_OFF = Discount(amount=Decimal(10))
NUMBERS = count()
OFTEN = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
Priced = list[tuple[Decimal, Decimal, str | None]]
OWNERS: dict[str, str] = {}


def firm(folder: Path, **settings: object) -> Iterator[Firm]:
    """Return an organisation with a customer."""
    made = Firm(folder, ZohoRules(), **settings)
    OWNERS[made.url] = made.customer()
    yield made
    made.close()


@pytest.fixture(scope="module")
def by_tax(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    """An organisation that rounds each tax once, as those that were recorded do."""
    yield from firm(tmp_path_factory.mktemp("tax"))


@pytest.fixture(scope="module")
def by_line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    """One that rounds it on every line."""
    yield from firm(tmp_path_factory.mktemp("line"), item_rounding=True)


@pytest.fixture(scope="module")
def canadian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    """One of an edition without prices that contain tax."""
    yield from firm(tmp_path_factory.mktemp("ca"), country="CA")


def drafted(
    firm: Firm,
    priced: Priced,
    amounts: Amounts,
    discount: Discount | None = None,
    own: Sequence[Discount | None] = (),
) -> Draft:
    """Return a draft of these lines that comes to something.

    Args:
        firm: Whose.
        priced: Quantity, price and tax of each line.
        amounts: Whether the prices contain the tax.
        discount: On the whole.
        own: On each line, in its place.
    """
    lines = tuple(
        firm.line(tax, quantity=quantity, unit_price=price, discount=off)
        for (quantity, price, tax), off in zip_longest(priced, own[: len(priced)])
    )
    for line in lines:
        off = line.discount.amount if line.discount and line.discount.amount else Decimal(0)
        assume(off < line.quantity * line.unit_price / 2)
    draft = firm.draft(
        reference=f"KQ4-{next(NUMBERS)}", lines=lines, amounts=amounts, discount=discount
    )
    assume(ZOHO.comes_to(draft).subtotal.minor > 0)
    return draft


def check(firm: Firm, draft: Draft) -> Invoice:
    """Have the invoice made: what comes of it may be sent."""
    made = firm.books.create_invoice(draft, OWNERS[firm.url], key="k")
    assert not total_differences(draft, made)
    return made


def check_to_the_cent(firm: Firm, draft: Draft) -> None:
    """Have the invoice made: a preview has shown the very amounts."""
    made, promised = check(firm, draft), ZOHO.comes_to(draft)
    assert (made.subtotal, made.tax, made.total) == (
        promised.subtotal,
        promised.tax,
        promised.total,
    )


@OFTEN
@given(LINES, AMOUNTS, DISCOUNTS)
@example([(Decimal(1), Decimal("1200.5"), VAT)], Amounts.EXCLUSIVE, FIVE)
@example([(Decimal(1), Decimal("1200.5"), VAT)], Amounts.INCLUSIVE, FIVE)
@example([(Decimal(1), Decimal(119), VAT)], Amounts.INCLUSIVE, TEN_OFF)
@example([(Decimal(1), Decimal("33.335"), VAT)] * 3, Amounts.INCLUSIVE, None)
@example([(Decimal(1), Decimal(100), FREE)], Amounts.EXCLUSIVE, None)
def test_with_a_discount_on_the_whole(
    by_tax: Firm, priced: Priced, amounts: Amounts, discount: Discount | None
) -> None:
    check_to_the_cent(by_tax, drafted(by_tax, priced, amounts, discount))


@OFTEN
@given(LINES, AMOUNTS, SEVERAL)
@example([(Decimal("8.196"), Decimal("1.8571"), VAT)], Amounts.EXCLUSIVE, [TENTH])
@example([(Decimal(1), Decimal("1200.5"), VAT)], Amounts.INCLUSIVE, [FIVE])
@example([(Decimal(1), Decimal(119), VAT)], Amounts.INCLUSIVE, [TEN_OFF])
def test_with_discounts_on_lines(
    by_tax: Firm, priced: Priced, amounts: Amounts, own: list[Discount | None]
) -> None:
    check_to_the_cent(by_tax, drafted(by_tax, priced, amounts, own=own))


@OFTEN
@given(LINES, AMOUNTS, DISCOUNTS)
@example([(Decimal(1), Decimal("33.335"), VAT)] * 3, Amounts.EXCLUSIVE, FIVE)
def test_where_tax_is_rounded_on_every_line_it_is_sent_as_well(
    by_line: Firm, priced: Priced, amounts: Amounts, discount: Discount | None
) -> None:
    check(by_line, drafted(by_line, priced, amounts, discount))


@OFTEN
@given(LINES, AMOUNTS, SEVERAL)
def test_and_so_with_discounts_on_its_lines(
    by_line: Firm, priced: Priced, amounts: Amounts, own: list[Discount | None]
) -> None:
    check(by_line, drafted(by_line, priced, amounts, own=own))


@OFTEN
@given(LINES, DISCOUNTS)
def test_of_an_edition_whose_prices_are_without_tax(
    canadian: Firm, priced: Priced, discount: Discount | None
) -> None:
    draft = drafted(canadian, priced, Amounts.INCLUSIVE, discount)
    books = canadian.books.capabilities
    try:
        check_draft(draft, books)
    except DealError:  # net prices do not come to what the prices promise
        return
    made, promised = check(canadian, draft), books.comes_to(draft)
    assert (made.subtotal, made.tax, made.total) == (
        promised.subtotal,
        promised.tax,
        promised.total,
    )
