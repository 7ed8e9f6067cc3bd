"""Invoices in the Zoho Books simulator: creation, numbers, dates, states (sheet, 4.4, 4.6, 4.9)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from zoho_books import Zoho

from kommo_invoice.sandbox.zoho_rules import OtherCurrency, OwnNumber

OWN = {"ignore_auto_number_generation": "true"}


@pytest.fixture
def books() -> Zoho:
    return Zoho()


class TestCreation:
    def test_a_new_one_is_a_draft(self, books: Zoho) -> None:
        made = books.create(books.line(199.99), reference_number="ZQ4-991")
        assert (made["status"], made["is_emailed"]) == ("draft", False)
        assert (made["invoice_number"], made["reference_number"]) == ("INV-000001", "ZQ4-991")
        assert (made["currency_code"], made["email"]) == ("EUR", "ap@acme.example")
        assert (made["last_payment_date"], made["shipping_charge_tax"]) == ("", "")

    def test_the_link_ends_with_a_blank(self, books: Zoho) -> None:
        link = books.create()["invoice_url"]
        assert link.startswith("https://zohosecurepay.com/books/demo/secure?CInvoiceID=2-")
        assert link.endswith(" ")

    def test_unknown_properties_are_dropped_without_a_word(self, books: Zoho) -> None:
        made = books.create({**books.line(), "nonsense": 1}, nonsense=[], purchase_order="4711")
        assert "purchase_order" not in made
        assert "nonsense" not in made["line_items"][0]

    @pytest.mark.parametrize(
        "more",
        [
            {"customer_id": ""},
            {"line_items": []},
            {"line_items": {}},
            {"date": "02.11.2026"},
            {"due_date": "2026-13-01"},
            {"date": "20261102"},
            {"discount": "ten"},
            {"discount": -5},
            {"is_inclusive_tax": "yes"},
            {"reference_number": 4711},
            {"discount_type": "both"},
        ],
    )
    def test_values_of_the_wrong_kind(self, books: Zoho, more: dict[str, Any]) -> None:
        assert books.refused(**more) == (400, 2)

    @pytest.mark.parametrize(
        "more",
        [
            {"name": "", "rate": 5},
            {"rate": None},
            {"rate": "5"},
            {"quantity": 0},
            {"quantity": -1},
            {"description": "x" * 2001},
            {"name": "x" * 101},
            {"tax_id": "VAT 19%"},
        ],
    )
    def test_lines_of_the_wrong_kind(self, books: Zoho, more: dict[str, Any]) -> None:
        assert books.refused({**books.line(), **more}) == (400, 2)

    def test_a_customer_who_is_none(self, books: Zoho) -> None:
        answer = books.post("/invoices", books.body(customer_id="1"))
        assert books.refusal(answer) == (404, 1002)
        assert answer.json()["message"] == "The Customer is not accessible."
        vendor = books.people.add_vendor("Papier AG")
        assert books.refused(customer_id=vendor) == (404, 1002)

    def test_an_inactive_customer_by_rule(self, books: Zoho) -> None:
        books.people.deactivate(books.customer)
        assert books.refused()[0] == 400
        books.rules.inactive_refused = False
        assert books.create()["status"] == "draft"

    def test_an_item_brings_its_name_and_price(self, books: Zoho) -> None:
        item = books.people.item_id("Workshop")
        made = books.create({"item_id": item, "quantity": 2})
        [line] = made["line_items"]
        assert (line["name"], line["rate"], made["total"]) == ("Workshop", 1200, 2400)
        own = books.create({"item_id": item, "name": "Two days", "rate": 900})
        assert (own["line_items"][0]["name"], own["total"]) == ("Two days", 900)

    def test_items_that_cannot_be_sold(self, books: Zoho) -> None:
        old = books.people.item_id("Fax Support")
        assert books.refused({"item_id": old})[0] == 400
        assert books.refused({"item_id": "1"}) == (404, 1002)
        books.rules.missing_reference_status = 400
        assert books.refused({"item_id": "1"}) == (400, 1002)

    def test_by_rule_every_line_needs_one(self, books: Zoho) -> None:
        books.rules.needs_item = True
        assert books.refused() == (400, 2)


class TestNumbers:
    def test_they_count_up_and_leave_gaps(self, books: Zoho) -> None:
        first = books.create()
        books.ok(books.send("DELETE", f"/invoices/{first['invoice_id']}"))
        assert books.create()["invoice_number"] == "INV-000002"

    def test_a_refused_create_takes_none(self, books: Zoho) -> None:
        assert books.refused(books.line(quantity=0)) == (400, 2)
        assert books.create()["invoice_number"] == "INV-000001"

    def test_an_own_one_needs_the_switch_in_the_query(self, books: Zoho) -> None:
        made = books.create(params=OWN, invoice_number="KINV-1")
        assert made["invoice_number"] == "KINV-1"
        assert books.refused(params=OWN) == (400, 2)
        switch_in_body = {"ignore_auto_number_generation": True, "invoice_number": "KINV-2"}
        assert books.create(**switch_in_body)["invoice_number"] == "INV-000001"

    def test_by_rule_one_without_it_is_refused(self, books: Zoho) -> None:
        books.rules.own_number = OwnNumber.REFUSE
        assert books.refused(invoice_number="KINV-1") == (400, 2)

    @pytest.mark.parametrize("number", ["KINV-1", "kinv-1", " KINV-1 "])
    def test_one_is_there_once(self, books: Zoho, number: str) -> None:
        books.create(params=OWN, invoice_number="KINV-1")
        assert books.refused(params=OWN, invoice_number=number) == (400, 1001)
        books.rules.duplicate_number_code = 4060
        assert books.refused(params=OWN, invoice_number=number) == (400, 4060)

    def test_a_void_invoice_keeps_its(self, books: Zoho) -> None:
        made = books.create(params=OWN, invoice_number="KINV-1")
        books.people.void(made["invoice_id"])
        assert books.refused(params=OWN, invoice_number="KINV-1") == (400, 1001)

    def test_the_organisations_own_go_around_a_taken_one(self, books: Zoho) -> None:
        books.create(params=OWN, invoice_number="INV-000001")
        assert books.create()["invoice_number"] == "INV-000002"

    def test_without_auto_numbering_one_has_to_come(self) -> None:
        books = Zoho(auto_numbers=False)
        assert books.refused() == (400, 2)
        assert books.create(invoice_number="2026-1")["invoice_number"] == "2026-1"

    def test_one_has_at_most_100_characters(self, books: Zoho) -> None:
        assert books.refused(params=OWN, invoice_number="9" * 101) == (400, 2)

    def test_references_may_repeat(self, books: Zoho) -> None:
        books.create(reference_number="ZQ4-1")
        assert books.create(reference_number="ZQ4-1")["reference_number"] == "ZQ4-1"


class TestDates:
    def test_today_is_the_organisations(self) -> None:
        books = Zoho(timezone="Pacific/Auckland")
        books.world.advance(4 * 3600)
        assert books.create(date="")["date"] == "2026-11-03"

    def test_terms_are_the_customers_the_organisations_or_given(self, books: Zoho) -> None:
        assert books.create()["due_date"] == "2026-11-16"
        assert books.create(payment_terms=30)["due_date"] == "2026-12-02"
        books.people.change_customer(books.customer, payment_terms=7)
        assert books.create()["due_date"] == "2026-11-09"

    def test_a_due_date_is_over_terms(self, books: Zoho) -> None:
        made = books.create(due_date="2026-11-20", payment_terms=30, payment_terms_label="Net 30")
        assert made["due_date"] == "2026-11-20"
        assert (made["payment_terms"], made["payment_terms_label"]) == (30, "Net 30")

    @pytest.mark.parametrize("terms", ["Net 15", "15", 101, -1, 1.5])
    def test_terms_are_whole_days(self, books: Zoho, terms: Any) -> None:
        answer = books.post("/invoices", books.body(payment_terms=terms))
        assert books.refusal(answer) == (400, 2)
        assert answer.json()["message"] == "Invalid value passed for Payment Terms"


class TestCurrencies:
    def test_it_is_the_customers(self, books: Zoho) -> None:
        customer = books.people.add_customer("Acme Inc", currency="USD")
        made = books.create(customer_id=customer)
        assert (made["currency_code"], str(made["exchange_rate"])) == ("USD", "0.92")
        own = books.create(customer_id=customer, exchange_rate=0.9)
        assert str(own["exchange_rate"]) == "0.9"

    def test_another_one_by_rule(self, books: Zoho) -> None:
        dollars = {"currency_id": books.people.currency_id("USD")}
        assert books.refused(**dollars) == (400, 2)
        books.rules.other_currency = OtherCurrency.IGNORE
        assert books.create(**dollars)["currency_code"] == "EUR"
        books.rules.other_currency = OtherCurrency.TAKE
        assert books.create(**dollars)["currency_code"] == "USD"

    def test_one_without_a_rate_by_rule(self) -> None:
        books = Zoho(currencies={"DKK": 0})
        customer = books.people.add_customer("Dansk", currency="DKK")
        assert books.create(customer_id=customer)["exchange_rate"] == 1
        books.rules.rate_defaults = False
        assert books.refused(customer_id=customer) == (400, 2)
        assert books.create(customer_id=customer, exchange_rate=0.13)["currency_code"] == "DKK"

    def test_yen_have_no_digits(self) -> None:
        books = Zoho(currencies={"JPY": "0.006"})
        customer = books.people.add_customer("Sakura", currency="JPY")
        made = books.create(books.line(1000.5), customer_id=customer)
        assert (made["price_precision"], str(made["total"])) == (0, "1001")


class TestCustomFields:
    def test_they_are_set_by_id_and_shown_everywhere(self, books: Zoho) -> None:
        field = books.people.add_field("Deal no.")
        made = books.create(custom_fields=[{"customfield_id": field, "value": "991"}])
        [shown] = made["custom_fields"]
        assert (shown["api_name"], shown["label"], shown["value"]) == (
            "cf_deal_no",
            "Deal no.",
            "991",
        )
        assert made["custom_field_hash"] == {"cf_deal_no": "991", "cf_deal_no_unformatted": "991"}
        [row] = books.rows("/invoices")
        assert (row["cf_deal_no"], row["custom_fields"]) == ("991", made["custom_fields"])

    def test_labels_and_unknown_ids_are_dropped_without_a_word(self, books: Zoho) -> None:
        rows = [{"label": "Project", "value": "x"}, {"customfield_id": "1", "value": "y"}]
        assert books.create(custom_fields=rows)["custom_fields"] == []

    def test_a_unique_one_refuses_a_second_invoice(self, books: Zoho) -> None:
        field = books.people.add_field("Deal", unique=True)
        row = {"customfield_id": field, "value": "ZQ4-991"}
        first = books.create(custom_fields=[row])["invoice_id"]
        assert books.refused(custom_fields=[row]) == (400, 1001)
        assert books.refused(custom_fields=[{**row, "value": " zq4-991"}]) == (400, 1001)
        books.people.void(first)
        assert books.refused(custom_fields=[row]) == (400, 1001)
        books.rules.repeated_value_code = 120_124
        assert books.refused(custom_fields=[row]) == (400, 120_124)
        books.people.delete_invoice(first)
        assert books.create(custom_fields=[row])["custom_fields"] != []

    def test_a_mandatory_one_is_needed(self, books: Zoho) -> None:
        books.people.add_field("Cost centre", is_mandatory=True)
        assert books.refused() == (400, 2)

    def test_they_are_changed_by_a_list_at_another_path(self, books: Zoho) -> None:
        field = books.people.add_field("Deal")
        made = books.create()["invoice_id"]
        rows = [{"customfield_id": field, "value": "991"}]
        books.ok(books.put(f"/invoice/{made}/customfields", rows))
        assert books.read(made)["custom_field_hash"]["cf_deal"] == "991"
        mistakes: list[Any] = [{"custom_fields": rows}, [], "x"]
        for wrong in mistakes:
            assert books.refusal(books.put(f"/invoice/{made}/customfields", wrong)) == (400, 2)

    def test_another_change_leaves_them(self, books: Zoho) -> None:
        row = {"customfield_id": books.people.add_field("Deal"), "value": "1"}
        made = books.create(custom_fields=[row])["invoice_id"]
        books.ok(books.put(f"/invoice/{made}/customfields", [{**row, "value": "2"}]))
        books.ok(books.put(f"/invoices/{made}", {"notes": "x"}))
        assert books.read(made)["custom_field_hash"]["cf_deal"] == "2"


class TestChanges:
    def test_a_part_is_enough(self, books: Zoho) -> None:
        made = books.create(reference_number="A-1")["invoice_id"]
        changed = books.ok(books.put(f"/invoices/{made}", {"notes": "Thank you"}))["invoice"]
        assert (changed["notes"], changed["reference_number"]) == ("Thank you", "A-1")
        assert changed["total"] == 100

    def test_lines_left_out_are_deleted(self, books: Zoho) -> None:
        made = books.create(books.line(1), books.line(2))
        [_, second] = made["line_items"]
        body = {"line_items": [{**books.line(3), "line_item_id": second["line_item_id"]}]}
        changed = books.ok(books.put(f"/invoices/{made['invoice_id']}", body))["invoice"]
        [line] = changed["line_items"]
        assert (line["line_item_id"], changed["total"]) == (second["line_item_id"], 3)

    def test_it_moves_the_modified_time(self, books: Zoho) -> None:
        made = books.create()
        books.world.advance(60)
        body = {"reference_number": "A-2"}
        changed = books.ok(books.put(f"/invoices/{made['invoice_id']}", body))["invoice"]
        assert changed["last_modified_time"] > made["last_modified_time"]
        assert changed["created_time"] == made["created_time"]


class TestStates:
    def test_sent_without_a_mail(self, books: Zoho) -> None:
        made = books.create()["invoice_id"]
        books.ok(books.post(f"/invoices/{made}/status/sent"))
        assert books.status(made) == "sent"
        assert books.read(made)["is_emailed"] is False

    def test_again_by_rule(self, books: Zoho) -> None:
        made = books.invoice()
        books.ok(books.post(f"/invoices/{made}/status/sent"))
        books.rules.repeats_refused = True
        assert books.post(f"/invoices/{made}/status/sent").status_code == 400

    def test_looked_at_overdue_and_of_another_kind(self, books: Zoho) -> None:
        made = books.invoice(due_date="2026-11-03")
        books.people.view(made)
        assert books.status(made) == "viewed"
        books.world.advance(2 * 86_400)
        assert books.status(made) == "overdue"
        books.people.set_status(made, "pending_approval")
        assert books.status(made) == "pending_approval"

    def test_nothing_to_pay_is_paid_by_rule(self, books: Zoho) -> None:
        made = books.create(books.line(0))["invoice_id"]
        assert books.status(made) == "draft"
        books.people.mark_sent(made)
        assert books.status(made) == "paid"
        books.rules.zero_is_paid = False
        assert books.status(made) == "sent"

    def test_a_void_one_keeps_its_balance(self, books: Zoho) -> None:
        made = books.invoice()
        body = books.ok(books.post(f"/invoices/{made}/status/void"))
        assert body["message"] == "Invoice status has been changed to Void."
        read = books.read(made)
        assert (read["status"], read["total"], read["balance"]) == ("void", 100, 100)

    def test_a_void_one_can_be_a_draft_again_and_only_that(self, books: Zoho) -> None:
        made = books.invoice()
        assert books.post(f"/invoices/{made}/status/draft").status_code == 400
        books.ok(books.post(f"/invoices/{made}/status/void"))
        assert books.post(f"/invoices/{made}/status/sent").status_code == 400
        assert books.put(f"/invoices/{made}", {"notes": "x"}).status_code == 400
        books.ok(books.post(f"/invoices/{made}/status/draft"))
        assert books.status(made) == "draft"

    def test_a_draft_can_be_voided_by_rule(self, books: Zoho) -> None:
        first, second = (books.create()["invoice_id"] for _ in range(2))
        books.ok(books.post(f"/invoices/{first}/status/void"))
        books.rules.voids_drafts = False
        assert books.post(f"/invoices/{second}/status/void").status_code == 400

    def test_written_off_is_paid_without_money(self, books: Zoho) -> None:
        made = books.invoice()
        books.people.pay(made, 40)
        books.ok(books.post(f"/invoices/{made}/writeoff"))
        read = books.read(made)
        assert (read["status"], read["balance"], read["write_off_amount"]) == ("paid", 0, 60)
        assert read["payment_made"] == 40
        assert books.post(f"/invoices/{made}/writeoff").status_code == 400
        books.ok(books.post(f"/invoices/{made}/writeoff/cancel"))
        assert books.read(made)["balance"] == 60

    def test_it_can_be_deleted_while_nothing_is_applied(self, books: Zoho) -> None:
        paid, credited, bare = (books.invoice() for _ in range(3))
        books.people.pay(paid, 10)
        books.people.credit(credited, 10)
        for made, code in ((paid, 4001), (credited, 12008)):
            assert books.refusal(books.send("DELETE", f"/invoices/{made}")) == (400, code)
        books.ok(books.send("DELETE", f"/invoices/{bare}"))
        assert books.refusal(books.get(f"/invoices/{bare}")) == (404, 1002)


def test_the_dump_tells_it_all(books: Zoho) -> None:
    line = books.line(50, "VAT DE 19%", quantity=2, description="May")
    made = books.create(line, reference_number="ZQ4-1", notes="Thanks", discount="10%")
    [shown] = books.people.dump()["invoices"]
    assert shown["lines"] == [
        {
            "item": "Work",
            "description": "May",
            "quantity": "2",
            "unit_price": "50",
            "amount": "100.00",
            "tax": "VAT DE 19%",
        }
    ]
    assert (shown["discount"], shown["tax"], shown["total"]) == ("10.00", "17.10", "107.10")
    assert (shown["reference"], shown["notes"], shown["status"]) == ("ZQ4-1", "Thanks", "draft")
    assert shown["link"] == made["invoice_url"].strip()
    assert shown["date"] == date(2026, 11, 2).isoformat()
