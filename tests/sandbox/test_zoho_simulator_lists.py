"""Lists of invoices in the Zoho Books simulator: filters, pages, changes (sheet, section 4.7)."""

from __future__ import annotations

from typing import Any

import pytest
from zoho_books import Zoho

from kommo_invoice.sandbox.zoho_rules import ReferenceMatch


@pytest.fixture
def books() -> Zoho:
    return Zoho()


def own(number: str, **more: Any) -> dict[str, Any]:
    return {"invoice_number": number, **more}


class TestRows:
    def test_they_have_what_a_payment_needs_and_no_more(self, books: Zoho) -> None:
        made = books.create(reference_number="ZQ4-1")
        [row] = books.rows("/invoices")
        for name in ("status", "total", "balance", "currency_code", "last_payment_date"):
            assert row[name] == made[name]
        for name in ("reference_number", "customer_id", "is_emailed", "last_modified_time"):
            assert row[name] == made[name]
        assert {"line_items", "invoice_url", "payment_made"}.isdisjoint(row)

    def test_addresses_spell_the_code_another_way(self, books: Zoho) -> None:
        books.people.change_customer(books.customer, billing_address={"zip": "24103"})
        made = books.create()
        [row] = books.rows("/invoices")
        assert (row["billing_address"], made["billing_address"]) == (
            {"zipcode": "24103"},
            {"zip": "24103"},
        )


class TestFilters:
    @pytest.fixture(autouse=True)
    def three(self, books: Zoho) -> dict[str, str]:
        add = books.people.add_invoice
        other = books.people.add_customer("Beta AG", "b@beta.example")
        found = {
            "A": add(books.customer, 100, **own("A", reference_number="ZQ4-1", date="2026-10-01")),
            "B": add(books.customer, 200, **own("B", reference_number="4711 / ZQ4-12")),
            "C": add(other, 300, **own("C", reference_number="zq4-1", due_date="2026-12-24")),
        }
        books.people.mark_sent("A")
        books.people.pay("C", 50)
        return found

    @pytest.mark.parametrize(
        ("params", "numbers"),
        [
            ({"invoice_number": "A"}, "A"),
            ({"invoice_number_contains": "b"}, "B"),
            ({"customer_name": "Beta AG"}, "C"),
            ({"customer_name_startswith": "acme"}, "AB"),
            ({"email": "b@beta.example"}, "C"),
            ({"item_name": "Work"}, "ABC"),
            ({"total": "200"}, "B"),
            ({"total_greater_than": "100"}, "BC"),
            ({"balance": "250"}, "C"),
            ({"balance_less_equals": "200"}, "AB"),
            ({"date": "2026-10-01"}, "A"),
            ({"date_start": "2026-10-02"}, "BC"),
            ({"date_end": "2026-10-01"}, "A"),
            ({"date_before": "2026-10-01"}, ""),
            ({"due_date_after": "2026-12-23"}, "C"),
            ({"created_date": "2026-11-02"}, "ABC"),
            ({"created_date_start": "2026-11-03"}, ""),
            ({"status": "draft"}, "B"),
            ({"status": "overdue"}, "A"),
            ({"status": "unpaid"}, "AC"),
            ({"filter_by": "Status.Draft"}, "B"),
            ({"filter_by": "Status.PartiallyPaid"}, "C"),
            ({"filter_by": "Status.Unpaid"}, "AC"),
            ({"filter_by": "Status.Void"}, ""),
            ({"search_text": "zq4-1"}, "ABC"),
            ({"search_text": "beta"}, "C"),
            ({"recurring_invoice_id": "1"}, ""),
            ({"status": "draft", "total": "100"}, ""),
            ({"stattus": "draft", "reference": "ZQ4-1"}, "ABC"),
            ({"reference_number_contains": "4711"}, "ABC"),
        ],
    )
    def test_what_they_find(self, books: Zoho, params: dict[str, str], numbers: str) -> None:
        assert sorted(books.invoices(**params)) == list(numbers)

    def test_customers_by_id(self, books: Zoho) -> None:
        assert sorted(books.invoices(customer_id=books.customer)) == ["A", "B"]

    @pytest.mark.parametrize(
        ("rule", "numbers"),
        [
            (ReferenceMatch.EXACT, ["A"]),
            (ReferenceMatch.IGNORE_CASE, ["A", "C"]),
            (ReferenceMatch.CONTAINS, ["A", "B", "C"]),
        ],
    )
    def test_references_by_rule(
        self, books: Zoho, rule: ReferenceMatch, numbers: list[str]
    ) -> None:
        books.rules.reference_match = rule
        assert sorted(books.invoices(reference_number="ZQ4-1")) == numbers

    def test_custom_fields_by_rule(self, books: Zoho) -> None:
        field = books.people.add_field("Deal")
        rows = [{"customfield_id": field, "value": "991"}]
        books.people.change_invoice("B", custom_fields=rows)
        assert len(books.invoices(custom_field="991")) == 3
        books.rules.filters_custom_fields = True
        assert books.invoices(custom_field="991") == ["B"]

    @pytest.mark.parametrize(
        "params",
        [
            {"filter_by": "Status.Odd"},
            {"sort_column": "last_modified_time"},
            {"sort_order": "up"},
            {"per_page": "many"},
            {"page": "-1"},
            {"date": "yesterday"},
            {"total": "much"},
            {"reference_number": "x" * 101},
            {"last_modified_time": "2026-11-02"},
            {"last_modified_time": "2026-11-02T10:00:00Z"},
            {"last_modified_time": "2026-13-02T10:00:00+0100"},
            {"last_modified_time": "2026-11-02T10:00:00+01:00"},
            {"last_modified_time": "2026-11-02T10:00:00.000+0100"},
        ],
    )
    def test_impossible_values(self, books: Zoho, params: dict[str, str]) -> None:
        assert books.refusal(books.get("/invoices", **params)) == (400, 2)

    @pytest.mark.parametrize(
        ("column", "order", "numbers"),
        [("invoice_number", "A", "ABC"), ("total", "D", "CBA"), ("customer_name", "D", "CBA")],
    )
    def test_order(self, books: Zoho, column: str, order: str, numbers: str) -> None:
        assert books.invoices(sort_column=column, sort_order=order) == list(numbers)


class TestPages:
    @pytest.fixture
    def many(self, books: Zoho) -> Zoho:
        for number in range(1, 6):
            books.people.add_invoice(books.customer, number, **own(str(number)))
            books.world.advance(1)
        return books

    def page(self, books: Zoho, **params: Any) -> tuple[list[str], Any]:
        body = books.ok(books.get("/invoices", **params))
        return [row["invoice_number"] for row in body["invoices"]], body["page_context"]

    def test_the_newest_come_first_and_200_at_once(self, many: Zoho) -> None:
        numbers, context = self.page(many)
        assert numbers == ["5", "4", "3", "2", "1"]
        assert (context["page"], context["per_page"], context["has_more_page"]) == (1, 200, False)
        assert context["applied_filter"] == "Status.All"
        assert (context["sort_column"], context["sort_order"]) == ("created_time", "D")

    def test_pages_say_whether_there_are_more(self, many: Zoho) -> None:
        oldest = {"sort_column": "created_time", "sort_order": "A", "per_page": 2}
        pages = [self.page(many, page=number, **oldest) for number in (1, 2, 3, 4)]
        assert [numbers for numbers, _ in pages] == [["1", "2"], ["3", "4"], ["5"], []]
        assert [context["has_more_page"] for _, context in pages] == [True, True, False, False]

    def test_more_than_200_are_200(self, many: Zoho) -> None:
        assert self.page(many, per_page=1000)[1]["per_page"] == 200

    def test_they_shift_while_rows_come(self, many: Zoho) -> None:
        first, _ = self.page(many, per_page=2)
        many.people.add_invoice(many.customer, 6, **own("6"))
        second, _ = self.page(many, per_page=2, page=2)
        assert (first, second) == (["5", "4"], ["4", "3"])


class TestChanges:
    def changed(self, books: Zoho, since: str) -> list[str]:
        return sorted(books.invoices(last_modified_time=since))

    def test_strictly_later_than(self, books: Zoho) -> None:
        books.people.add_invoice(books.customer, **own("A"))
        books.world.advance(1)
        books.people.add_invoice(books.customer, **own("B"))
        assert self.changed(books, "2026-11-02T09:59:59+0100") == ["A", "B"]
        assert self.changed(books, "2026-11-02T10:00:00+0100") == ["B"]
        assert self.changed(books, "2026-11-02T09:00:00+0000") == ["B"]
        assert self.changed(books, "2026-11-02T04:00:01-0500") == []

    def test_a_plus_that_is_not_encoded_is_a_blank(self, books: Zoho) -> None:
        path = f"/books/v3/invoices?organization_id={books.org}"
        url = f"{path}&last_modified_time=2026-11-02T10:00:00+0100"
        headers = {"Authorization": f"Zoho-oauthtoken {books.token}"}
        assert books.refusal(books.api.get(url, headers=headers)) == (400, 2)

    @pytest.mark.parametrize("act", ["pay", "void", "write_off", "credit", "view"])
    def test_what_moves_it(self, books: Zoho, act: str) -> None:
        made = books.invoice()
        books.world.advance(60)
        getattr(books.people, act)(made)
        assert len(self.changed(books, "2026-11-02T10:00:30+0100")) == 1

    def test_becoming_overdue_does_not(self, books: Zoho) -> None:
        books.invoice(due_date="2026-11-03")
        books.world.advance(5 * 86_400)
        assert self.changed(books, "2026-11-02T10:00:30+0100") == []
        assert len(books.invoices(status="overdue")) == 1

    def test_deleted_ones_just_vanish(self, books: Zoho) -> None:
        books.people.delete_invoice(books.invoice())
        assert self.changed(books, "2026-11-01T10:00:00+0100") == []


class TestLag:
    def test_new_ones_are_not_listed_yet_but_read(self, books: Zoho) -> None:
        books.world.lag_s = 30
        made = books.create(reference_number="ZQ4-1")
        assert books.invoices(reference_number="ZQ4-1") == []
        assert books.read(made["invoice_id"])["reference_number"] == "ZQ4-1"
        books.world.advance(30)
        assert len(books.invoices(reference_number="ZQ4-1")) == 1

    def test_payments_and_deletions_come_late_too(self, books: Zoho) -> None:
        made = books.invoice()
        books.world.advance(60)
        books.world.lag_s = 30
        books.people.pay(made)
        assert [row["status"] for row in books.rows("/invoices")] == ["sent"]
        assert books.status(made) == "paid"
        books.people.delete_invoice(made)
        assert len(books.rows("/invoices")) == 1
        books.world.advance(30)
        assert books.rows("/invoices") == []

    def test_what_people_added_was_there_before(self, books: Zoho) -> None:
        books.world.lag_s = 30
        books.people.add_invoice(books.customer)
        assert len(books.rows("/invoices")) == 1
