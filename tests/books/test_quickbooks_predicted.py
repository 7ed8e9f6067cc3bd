"""What a preview promises is what QuickBooks reckons, whatever the lines and discounts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from quickbooks_firm import Firm

from kommo_invoice.books.capability_tables import BOOKS
from kommo_invoice.domain.draft import Discount
from kommo_invoice.domain.totals import Rounding, acceptable, before_discount, totals
from kommo_invoice.engine.compare import total_differences
from kommo_invoice.sandbox.quickbooks_state import QuickBooksRules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommo_invoice.domain.draft import Draft

QUANTITIES = st.decimals("0.001", "500", places=3)
PRICES = st.decimals("0.0001", "2000", places=4)
LINES = st.lists(st.tuples(QUANTITIES, PRICES, st.integers(0, 2)), min_size=1, max_size=6)
PERCENT = st.decimals("0.01", "99.99", places=2).map(lambda each: Discount(percent=each))
AMOUNT = st.decimals("0.01", "500", places=2).map(lambda each: Discount(amount=each))
DISCOUNTS = st.one_of(st.none(), PERCENT, AMOUNT)
KEYS = count()
OFTEN = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def british(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    firm = Firm(tmp_path_factory.mktemp("gb"), QuickBooksRules(), country="GB", currency="GBP")
    yield firm
    firm.close()


@pytest.fixture(scope="module")
def american(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    firm = Firm(tmp_path_factory.mktemp("us"), QuickBooksRules())
    yield firm
    firm.close()


@pytest.fixture(scope="module")
def briton(british: Firm) -> str:
    return british.customer()


@pytest.fixture(scope="module")
def yankee(american: Firm) -> str:
    return american.customer()


Priced = list[tuple[Decimal, Decimal, int]]


def drafted(firm: Firm, priced: Priced, discount: Discount | None) -> Draft:
    """Return a draft of these quantities, prices and taxes that comes to something."""
    taxes = firm.catalog.taxes if firm.catalog.account.currency == "GBP" else (None,)
    lines = tuple(
        firm.line(quantity=quantity, unit_price=price, tax=taxes[place % len(taxes)])
        for quantity, price, place in priced
    )
    draft = replace(firm.draft(lines=lines), discount=discount)
    off = discount.amount if discount and discount.amount else Decimal(0)
    assume(before_discount(draft) - off > 0)
    assume(totals(draft).subtotal.minor > 0)
    return draft


def check(firm: Firm, customer: str, draft: Draft) -> None:
    made = firm.books.create_invoice(draft, customer, key=f"{firm.realm}-{next(KEYS)}")
    rounding = BOOKS["quickbooks"].tax_rounding or Rounding.LINE
    promised = totals(draft, rounding)
    assert (made.subtotal, made.tax, made.total) == (
        promised.subtotal,
        promised.tax,
        promised.total,
    )
    assert promised in acceptable(draft)
    assert not total_differences(draft, made)


@OFTEN
@given(LINES, DISCOUNTS)
@example([(Decimal(1), Decimal("1200.5"), 0)], Discount(percent=Decimal(5)))
@example([(Decimal("1.333"), Decimal("75.25"), 0)], None)
@example([(Decimal(1), Decimal("33.335"), 0)] * 3, Discount(percent=Decimal("33.33")))
@example([(Decimal("0.641"), Decimal("49.9922"), 1)], Discount(percent=Decimal("1.10")))
@example(
    [
        (Decimal("1.846"), Decimal("0.7612"), 1),
        *[(Decimal("197.015"), Decimal("1580.4752"), 1)] * 2,
    ],
    Discount(amount=Decimal("159.35")),
)
def test_of_a_british_company(
    british: Firm, briton: str, priced: Priced, discount: Discount | None
) -> None:
    check(british, briton, drafted(british, priced, discount))


@OFTEN
@given(LINES, DISCOUNTS)
@example([(Decimal(1), Decimal("1200.5"), 0)], Discount(percent=Decimal(5)))
def test_of_an_american_company_s_lines_without_tax(
    american: Firm, yankee: str, priced: Priced, discount: Discount | None
) -> None:
    check(american, yankee, drafted(american, priced, discount))
