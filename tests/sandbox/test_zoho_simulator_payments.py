"""Payments, credits and refunds in the Zoho Books simulator (sheet, sections 4.8 and 4.9)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from zoho_books import Zoho

DAY = date(2026, 11, 20)


@pytest.fixture
def books() -> Zoho:
    return Zoho()


def money(books: Zoho, invoice: str) -> tuple[str, int, int]:
    read = books.read(invoice)
    return read["status"], read["payment_made"], read["balance"]


class TestPeoplePay:
    def test_all_of_it(self, books: Zoho) -> None:
        made = books.invoice()
        payment = books.people.pay(made, on=DAY)
        assert money(books, made) == ("paid", 100, 0)
        assert books.read(made)["last_payment_date"] == "2026-11-20"
        [row] = books.rows(f"/invoices/{made}/payments", "payments")
        assert (row["payment_id"], row["amount"], row["date"]) == (payment, 100, "2026-11-20")
        assert row["is_single_invoice_payment"] is True

    def test_a_part_and_the_rest(self, books: Zoho) -> None:
        made = books.invoice()
        books.people.pay(made, 40)
        assert money(books, made) == ("partially_paid", 40, 60)
        books.people.pay(made)
        assert money(books, made) == ("paid", 100, 0)
        assert len(books.rows(f"/invoices/{made}/payments", "payments")) == 2

    def test_a_part_paid_one_past_its_date_by_rule(self, books: Zoho) -> None:
        made = books.invoice(due_date="2026-11-03")
        books.people.pay(made, 40)
        books.world.advance(2 * 86_400)
        assert books.status(made) == "overdue"
        books.rules.overdue_hides_partial = False
        assert books.status(made) == "partially_paid"

    def test_several_at_once_with_more_than_needed(self, books: Zoho) -> None:
        first, second = books.invoice(), books.invoice(books.line(50))
        payment = books.people.pay_several({first: 100, second: 30}, excess=7)
        assert money(books, second) == ("partially_paid", 30, 20)
        [row] = books.rows(f"/invoices/{second}/payments", "payments")
        assert (row["amount"], row["is_single_invoice_payment"]) == (30, False)
        [listed] = books.rows("/customerpayments")
        assert (listed["amount"], listed["unused_amount"]) == (137, 7)
        assert listed["invoice_numbers"] == "INV-000001, INV-000002"
        whole = books.ok(books.get(f"/customerpayments/{payment}"))["payment"]
        assert [row["amount_applied"] for row in whole["invoices"]] == [100, 30]

    def test_a_draft_that_is_paid_was_sent(self, books: Zoho) -> None:
        made = books.create()["invoice_id"]
        books.people.pay(made, 10)
        assert books.status(made) == "partially_paid"

    def test_a_refund_takes_back_what_is_unused_first(self, books: Zoho) -> None:
        first, second = books.invoice(), books.invoice()
        payment = books.people.pay_several({first: 100, second: 100}, excess=10)
        books.people.refund(payment, 30)
        assert money(books, first) == ("paid", 100, 0)
        assert money(books, second) == ("partially_paid", 80, 20)
        books.people.refund(payment)
        assert money(books, first) == ("sent", 0, 100)
        [row] = books.people.dump()["payments"]
        assert (row["refunded"], row["unused"], row["invoices"]) == ("210", "0", {})

    def test_a_deleted_payment_was_never_there(self, books: Zoho) -> None:
        made = books.invoice()
        books.people.delete_payment(books.people.pay(made))
        assert money(books, made) == ("sent", 0, 100)
        assert books.rows("/customerpayments") == []

    def test_a_void_invoice_leaves_the_money_with_the_customer(self, books: Zoho) -> None:
        made = books.invoice()
        books.people.pay(made, 40)
        books.people.void(made)
        assert money(books, made) == ("void", 0, 100)
        [payment] = books.rows("/customerpayments")
        assert (payment["amount"], payment["unused_amount"]) == (40, 40)
        [row] = books.rows("/contacts", email="ap@acme.example")
        assert row["unused_credits_receivable_amount"] == 40

    def test_rates_of_payments_come_as_empty_texts(self, books: Zoho) -> None:
        books.people.pay(books.invoice())
        assert books.rows("/customerpayments")[0]["exchange_rate"] == ""


class TestCredits:
    def test_a_credit_note_pays_without_money(self, books: Zoho) -> None:
        made = books.invoice()
        credit = books.people.credit(made)
        read = books.read(made)
        assert money(books, made) == ("paid", 0, 0)
        assert (read["credits_applied"], read["last_payment_date"]) == (100, "")
        assert books.rows(f"/invoices/{made}/payments", "payments") == []
        [row] = books.rows(f"/invoices/{made}/creditsapplied", "credits")
        assert (row["creditnote_id"], row["amount_applied"]) == (credit, 100)
        [note] = books.rows("/creditnotes", customer_id=books.customer)
        assert (note["status"], note["balance"], note["total"]) == ("closed", 0, 100)
        assert books.ok(books.get(f"/creditnotes/{credit}"))["creditnote"] == note

    def test_a_void_gives_it_back(self, books: Zoho) -> None:
        made = books.invoice()
        books.people.credit(made, 30)
        assert money(books, made) == ("partially_paid", 0, 70)
        books.people.void(made)
        [note] = books.rows("/creditnotes")
        assert (note["status"], note["balance"]) == ("open", 30)


class TestRecording:
    def body(self, books: Zoho, invoice: str, **more: Any) -> dict[str, Any]:
        return {
            "customer_id": books.customer,
            "payment_mode": "banktransfer",
            "amount": 100,
            "date": "2026-11-20",
            "invoices": [{"invoice_id": invoice, "amount_applied": 100}],
            **more,
        }

    def test_a_request_may_do_so_too(self, books: Zoho) -> None:
        made = books.invoice()
        body = books.ok(books.post("/customerpayments", self.body(books, made)), 201)
        assert body["message"] == "The payment from the customer has been recorded"
        assert money(books, made) == ("paid", 100, 0)
        books.ok(books.send("DELETE", f"/customerpayments/{body['payment']['payment_id']}"))
        assert money(books, made) == ("sent", 0, 100)

    @pytest.mark.parametrize(
        "more",
        [
            {"amount": 0},
            {"amount": 99},
            {"payment_mode": ""},
            {"date": "20.11.2026"},
            {"amount": 200, "invoices": [{"invoice_id": "", "amount_applied": 200}]},
        ],
    )
    def test_what_is_refused(self, books: Zoho, more: dict[str, Any]) -> None:
        made = books.invoice()
        answer = books.post("/customerpayments", self.body(books, made, **more))
        assert answer.status_code == 400
        assert books.people.dump()["payments"] == []

    def test_more_than_is_left_or_for_a_void_invoice(self, books: Zoho) -> None:
        made = books.invoice()
        books.people.pay(made, 1)
        assert books.post("/customerpayments", self.body(books, made)).status_code == 400
        void = books.invoice()
        books.people.void(void)
        assert books.post("/customerpayments", self.body(books, void)).status_code == 400

    def test_for_another_customers_invoice(self, books: Zoho) -> None:
        made = books.invoice(customer_id=books.people.add_customer("Beta"))
        answer = books.post("/customerpayments", self.body(books, made))
        assert books.refusal(answer) == (400, 1002)
