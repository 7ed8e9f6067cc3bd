"""Lines from products and fields: each comes out to the cent, or says why before any write."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from quickbooks_stage import QuickBooksStage
    from stage import Result

PRODUCTS = {
    "source": "products",
    "description": "{{ product.name }}",
    "quantity": "{{ product.quantity }}",
    "unit_price": "{{ product.price }}",
    "item": "{{ product.sku }}",
}
FIELDS = {
    "source": "fields",
    "count": 3,
    "description": "{{ deal['Item ' ~ n] }}",
    "quantity": "{{ first(deal['Qty ' ~ n], 1) }}",
    "unit_price": "{{ deal['Price ' ~ n] }}",
}
BY_TERMS = {
    "invoice": {"due_date": "{{ deal['Due Date'] }}", "terms": "{{ deal['Terms'] }}"},
    "write_back": {
        "fields": {
            "Invoice number": "{{ invoice.number }}",
            "Due Date": "{{ invoice.due_date }}",
        }
    },
}
ROUNDED = "the lines come to 100.02 EUR with each line rounded, and the deal's price is 100.01 EUR"


def rows(*given: tuple[str, str]) -> dict[str, str]:
    """Return a deal's fields for lines of these quantities and prices."""
    return {
        name: value
        for n, (quantity, price) in enumerate(given, start=1)
        for name, value in (
            (f"Item {n}", f"Part {n}"),
            (f"Qty {n}", quantity),
            (f"Price {n}", price),
        )
    }


def lines(stage: QuickBooksStage) -> list[tuple[str, str, str, str]]:
    (invoice,) = stage.books["invoices"]
    return [
        (line["item"], line["quantity"], line["unit_price"], line["amount"])
        for line in invoice["lines"]
    ]


def refusal(stage: QuickBooksStage, ended: Result) -> str:
    """Return why the one deal was refused; nothing was written."""
    assert ended.code == 3, ended
    assert not stage.writes()
    (error,) = ended.of("error")
    return str(error["message"])


class TestProducts:
    @pytest.fixture(autouse=True)
    def items(self, live: QuickBooksStage) -> None:
        live.people.add_item("Design", 1000, Sku="WEB")
        live.map(lines=PRODUCTS)

    def test_a_sku_names_the_item(self, live: QuickBooksStage) -> None:
        live.people.add_item("Hosting", 25, Sku="HOST")
        assert live.invoice(live.other).code == 0
        assert lines(live) == [
            ("Design", "1", "1200", "1200.00"),
            ("Hosting", "3", "29.9", "89.70"),
        ]

    def test_an_unknown_one_is_told_with_deal_and_sku(self, live: QuickBooksStage) -> None:
        message = refusal(live, live.invoice(live.other))
        assert message == f"deal {live.other}: lines.item of line 2: there is no item 'HOST'"

    def test_an_item_made_since_is_seen_by_the_next_run(self, live: QuickBooksStage) -> None:
        assert live.invoice(live.other).code == 3
        live.people.add_item("Hosting", 25, Sku="HOST")
        ended = live.invoice(live.other)
        assert ended.code == 0, ended

    def test_the_other_deals_of_the_run_are_done(self, live: QuickBooksStage) -> None:
        live.map(lines={**PRODUCTS, "fallback": "deal"})
        ended = live.invoice(live.other, live.deal)
        assert ended.code == 3
        assert [each["note"] for each in live.books["invoices"]] == [f"4711 / {live.reference()}"]


class TestFields:
    def test_fractions_of_quantities(self, live: QuickBooksStage) -> None:
        live.map(lines={**FIELDS, "lines_vs_price": "error"})
        deal = live.add_deal("Hours", "100.31", fields=rows(("1.333", "75.25")))
        assert live.invoice(deal).code == 0
        assert lines(live) == [("Consulting Services", "1.333", "75.25", "100.31")]

    def test_prices_with_more_than_two_decimals(self, live: QuickBooksStage) -> None:
        live.map(lines={**FIELDS, "lines_vs_price": "error"})
        deal = live.add_deal("Clicks", "41.66", fields=rows(("3333", "0.0125")))
        assert live.invoice(deal).code == 0
        assert lines(live) == [("Consulting Services", "3333", "0.0125", "41.66")]

    def test_more_decimals_than_the_books_keep(self, live: QuickBooksStage) -> None:
        live.map(lines=FIELDS)
        deal = live.add_deal("Clicks", "41.15", fields=rows(("3333", "0.012345")))
        message = refusal(live, live.invoice(deal))
        assert message.endswith("reckons 3333 x 0.01235 as 41.16 EUR, which should be 41.15 EUR")

    def test_each_line_is_rounded_before_the_sum_is_compared(self, live: QuickBooksStage) -> None:
        live.map(lines={**FIELDS, "lines_vs_price": "error"})
        thirds = rows(*[("1", "33.335")] * 3)
        deal = live.add_deal("Thirds", "100.01", fields=thirds)
        assert refusal(live, live.invoice(deal)) == f"deal {deal}: {ROUNDED}"
        live.kommo.edit_lead(deal, price="100.02")
        assert live.invoice(deal).code == 0
        assert live.books["invoices"][0]["total"] == "120.02"  # 100.02 at 20 %

    def test_a_difference_is_a_warning_where_that_is_asked_for(self, live: QuickBooksStage) -> None:
        live.map(lines=FIELDS)
        deal = live.add_deal("Thirds", "100.01", fields=rows(*[("1", "33.335")] * 3))
        ended = live.invoice(deal)
        assert ended.code == 0
        assert ROUNDED in ended.out


class TestDiscounts:
    def test_one_on_a_line_is_refused_before_anything_is_made(self, live: QuickBooksStage) -> None:
        live.map(lines={"discount": "{{ first(deal['Discount %'], 5) }}"})
        assert "lines.discount: lines have no discount in percent" in refusal(live, live.invoice())

    def test_one_on_every_line_is_no_mapping(self, live: QuickBooksStage) -> None:
        live.map(lines={"discount": "5"})
        ended = live.invoice()
        assert ended.code == 7
        assert "lines.discount: lines have no discount in percent in QuickBooks" in ended.err
        assert not live.writes()

    @pytest.mark.parametrize(
        ("discount", "subtotal", "total"),
        [
            ("5", "1140.48", "1368.58"),  # 1200.50 less 5 %, which is 60.025
            ("10", "1080.45", "1296.54"),
            ("0.01", "1200.38", "1440.46"),
            ({"amount": "200.50"}, "1000.00", "1200.00"),
            ({"amount": "0.005"}, "1200.50", "1440.60"),
        ],
    )
    def test_the_invoice_comes_to_what_the_preview_says(
        self, live: QuickBooksStage, discount: Any, subtotal: str, total: str
    ) -> None:
        live.map(invoice={"discount": discount})
        previewed = live.kinv("invoice", "--deal", live.deal, "--dry-run", "--json")
        (plan,) = previewed.of("plan")
        assert (plan["subtotal"], plan["total"]) == (subtotal, total)
        ended = live.invoice()
        assert ended.code == 0, ended
        assert live.books["invoices"][0]["total"] == total


class TestTerms:
    """A due date by terms is the books' own, in the preview and afterwards."""

    @pytest.mark.parametrize(
        ("terms", "days"),
        [("Net 15", 15), ("net 30 days", 30), ("Due on receipt", 0), ("upon receipt", 0)],
    )
    def test_due_date_is_the_same_before_and_after(
        self, live: QuickBooksStage, terms: str, days: int
    ) -> None:
        live.map(**BY_TERMS)
        deal = live.add_deal("Advice", fields={"Terms": terms})
        previewed = live.kinv("invoice", "--deal", deal, "--dry-run", "--json")
        (plan,) = previewed.of("plan")
        due = date.fromisoformat(plan["date"]) + timedelta(days=days)
        assert plan["due_date"] == due.isoformat()
        steps = {each["step"]: each["values"] for each in plan["steps"]}
        assert live.invoice(deal).code == 0
        assert live.books["invoices"][0]["due_date"] == due.isoformat()
        assert live.lead(deal)["fields"]["Due Date"] == due.isoformat()
        (task,) = live.tasks
        assert task["complete_till"].startswith((due + timedelta(days=3)).isoformat())
        assert steps["task.create"]["due"] == task["complete_till"]
        assert steps["deal.update"]["fields"]["Due Date"] == due.isoformat()

    def test_unknown_ones_are_refused_before_anything_is_made(self, live: QuickBooksStage) -> None:
        live.map(**BY_TERMS)
        deal = live.add_deal("Advice", fields={"Terms": "Net 45"})
        message = refusal(live, live.invoice(deal))
        assert message == f"deal {deal}: invoice.terms: Harbor & Pine has no terms 'Net 45'"

    def test_terms_made_since_are_seen_by_the_next_run(self, live: QuickBooksStage) -> None:
        live.map(**BY_TERMS)
        deal = live.add_deal("Advice", fields={"Terms": "Net 45"})
        assert live.invoice(deal).code == 3
        live.people.add_term("Net 45", 45)
        assert live.invoice(deal).code == 0

    def test_what_the_books_alone_reckon_is_not_promised(self, live: QuickBooksStage) -> None:
        live.map(**BY_TERMS)
        month = {"Name": "End of month", "Active": True, "Type": "DATE_DRIVEN"}
        company = live.people.state.company()
        company.add("Term", {**month, "DayOfMonthDue": 31}, at=company.now())
        deal = live.add_deal("Advice", fields={"Terms": "End of month"})
        previewed = live.kinv("invoice", "--deal", deal, "--dry-run")
        assert previewed.code == 0, previewed
        assert "due by the terms of the books" in previewed.out
