"""What Zoho's invoices and customers are in kinv's words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from zoho_stand_in import NOW, contact, invoice, payment, row

from kommo_invoice.books.shapes import parse
from kommo_invoice.books.zoho.wire import WireContact
from kommo_invoice.books.zoho.wire_invoice import WireInvoice, WirePayment
from kommo_invoice.domain.invoice import Invoice, InvoiceLine, Payment, Status
from kommo_invoice.domain.money import Money
from kommo_invoice.errors import LostAnswer, Temporary


def whole(**changes: Any) -> Invoice:
    return parse(WireInvoice, invoice(5, **changes)).whole(NOW)


def summary(**changes: Any) -> Invoice:
    return parse(WireInvoice, row(5, **changes)).summary(NOW)


class TestAnInvoice:
    def test_is_read_to_the_cent(self) -> None:
        found = whole(reference_number="4711 / KQ4-1")

        assert found == Invoice(
            id="5",
            number="INV-000005",
            references=("INV-000005", "4711 / KQ4-1"),
            status=Status.APPROVED,
            customer_id="1",
            currency="EUR",
            total=Money(11900, "EUR"),
            paid=Money(0, "EUR"),
            date=date(2026, 10, 1),
            due_date=date(2026, 11, 30),
            subtotal=Money(10000, "EUR"),
            tax=Money(1900, "EUR"),
            url="https://zohosecurepay.com/books/demo/secure?CInvoiceID=2-5",
            sent=False,
            created_at=datetime(2026, 9, 30, 22, 0, 5, tzinfo=UTC),
            modified_at=datetime(2026, 9, 30, 22, 0, 5, tzinfo=UTC),
            po_number="4711 / KQ4-1",
            lines=(InvoiceLine("Advice", Decimal(1), Decimal(100), "19", ("7",)),),
            payments=(),
        )

    def test_of_a_list_has_neither_lines_nor_tax(self) -> None:
        found = summary()

        assert (found.lines, found.payments, found.subtotal, found.tax) == (None, None, None, None)
        assert (found.total, found.url) == (Money(11900, "EUR"), None)

    @pytest.mark.parametrize("amount", [119, "119.00", Decimal("119.00"), "119"])
    def test_has_amounts_as_numbers_or_texts(self, amount: object) -> None:
        assert whole(total=amount, balance=amount).total == Money(11900, "EUR")

    def test_has_empty_texts_for_what_is_not_there(self) -> None:
        found = whole(due_date="", tax_total="", exchange_rate="", email="", invoice_url="")

        assert (found.due_date, found.tax, found.customer_email, found.url) == (None,) * 4

    def test_says_its_tax_by_the_single_ones_too(self) -> None:
        taxes = [{"tax_name": "A", "tax_amount": 4}, {"tax_name": "B", "tax_amount": "5.5"}]
        found = whole(tax_total=None, taxes=taxes)

        assert (found.tax, found.subtotal) == (Money(950, "EUR"), Money(10950, "EUR"))

    def test_with_prices_that_contain_tax_has_lines_before_it(self) -> None:
        line = {"item_id": "19", "rate": "99.99", "quantity": 2, "tax_percentage": 19}
        found = whole(is_inclusive_tax=True, line_items=[line | {"tax_id": "7"}])

        assert found.lines is not None
        assert found.lines[0].unit_price == Decimal("84.02521008")

    def test_shows_what_was_dropped(self) -> None:
        line = {"item_id": "19", "description": "Advice", "rate": 100, "quantity": 1, "tax_id": ""}
        found = whole(reference_number="", currency_code="USD", line_items=[line], tax_total=0)

        assert found.references == ("INV-000005",)
        assert (found.currency, found.tax) == ("USD", Money(0, "USD"))
        assert found.lines is not None
        assert found.lines[0].taxes == ()

    def test_that_cannot_be_read_is_an_answer_that_was_lost(self) -> None:
        with pytest.raises(LostAnswer, match="total"):
            parse(WireInvoice, invoice(5, total=""), after_write=True)
        with pytest.raises(Temporary, match="Zoho Books' answer cannot be read"):
            parse(WireInvoice, None)


class TestTheStatus:
    @pytest.mark.parametrize(
        ("changes", "status"),
        [
            ({"status": "draft"}, Status.DRAFT),
            ({"status": "sent"}, Status.APPROVED),
            ({"status": "sent", "is_emailed": True}, Status.SENT),
            ({"status": "viewed", "is_emailed": True}, Status.VIEWED),
            ({"status": "sent", "is_viewed_by_client": True}, Status.VIEWED),
            ({"status": "unpaid", "is_emailed": True}, Status.SENT),
            ({"status": "overdue", "is_emailed": True}, Status.SENT),
            ({"status": "overdue", "payment_made": 19, "balance": 100}, Status.PARTIAL),
            ({"status": "partially_paid", "payment_made": 19, "balance": 100}, Status.PARTIAL),
            ({"status": "partially_paid", "credits_applied": 19, "balance": 100}, Status.APPROVED),
            ({"status": "paid", "payment_made": 119, "balance": 0}, Status.PAID),
            (
                {"status": "paid", "payment_made": 19, "credits_applied": 100, "balance": 0},
                Status.PAID,
            ),
            ({"status": "paid", "credits_applied": 119, "balance": 0}, Status.CREDITED),
            ({"status": "paid", "write_off_amount": 119, "balance": 0}, Status.CREDITED),
            ({"status": "paid", "total": 0, "balance": 0}, Status.PAID),
            ({"status": "void"}, Status.VOID),
            ({"status": "void", "balance": 0}, Status.VOID),
            ({"status": "pending_approval"}, Status.APPROVED),
            ({"status": "something_new", "balance": 0}, Status.APPROVED),
        ],
    )
    def test_of_an_invoice_that_is_read(self, changes: dict[str, Any], status: Status) -> None:
        assert whole(**changes).status is status

    @pytest.mark.parametrize(
        ("changes", "status", "paid"),
        [
            ({"status": "sent"}, Status.APPROVED, 0),
            (
                {"status": "paid", "balance": "0.00", "last_payment_date": "2026-10-09"},
                Status.PAID,
                11900,
            ),
            ({"status": "paid", "balance": 0, "write_off_amount": 119}, Status.CREDITED, 0),
            ({"status": "paid", "balance": 0}, Status.CREDITED, 0),
            (
                {"status": "partially_paid", "balance": 100, "last_payment_date": "2026-10-09"},
                Status.PARTIAL,
                1900,
            ),
            (
                {"status": "overdue", "balance": 100, "last_payment_date": "2026-10-09"},
                Status.PARTIAL,
                1900,
            ),
            ({"status": "void", "last_payment_date": "2026-10-09"}, Status.VOID, 0),
        ],
    )
    def test_of_a_row(self, changes: dict[str, Any], status: Status, paid: int) -> None:
        found = summary(**changes)

        assert (found.status, found.paid) == (status, Money(paid, "EUR"))

    @pytest.mark.parametrize(
        ("changes", "overdue"),
        [
            ({"due_date": "2026-11-01"}, True),
            ({"due_date": "2026-11-02"}, False),
            ({"due_date": "2026-11-02", "created_time": "2026-10-01T08:00:00+1800"}, True),
            ({"status": "overdue", "due_date": ""}, True),
            ({"status": "draft", "due_date": "2026-11-01"}, False),
            ({"status": "void", "due_date": "2026-11-01"}, False),
            ({"status": "paid", "due_date": "2026-11-01", "balance": 0}, False),
        ],
    )
    def test_says_beside_it_what_is_overdue_by_the_organisation_s_day(
        self, changes: dict[str, Any], overdue: bool
    ) -> None:
        assert whole(**changes).overdue is overdue


def test_a_payment_is_what_was_applied() -> None:
    paid = parse(WirePayment, payment(60, "19.00"))

    expected = Payment("60", Decimal("19.00"), "EUR", date(2026, 10, 9), "banktransfer")
    assert paid.payment("EUR") == expected


class TestACustomer:
    def test_is_read_from_a_row(self) -> None:
        found = parse(WireContact, contact(3, "a@x.example", status="inactive")).customer()

        assert (found.id, found.name, found.email) == ("3", "Customer 3", "a@x.example")
        assert (found.currency, found.archived) == ("EUR", True)
        assert found.created_at == datetime(2026, 1, 3, 7, tzinfo=UTC)

    def test_without_persons_has_no_address(self) -> None:
        assert parse(WireContact, contact(3)).customer().email is None

    def test_read_whole_has_the_addresses_of_all_its_persons(self) -> None:
        persons = [{"email": "b@x.example"}, {"email": "a@x.example", "is_primary_contact": True}]
        found = parse(WireContact, contact(3, contact_persons=persons))

        assert found.customer().email == "a@x.example"
        assert found.customer("B@x.example").email == "b@x.example"
        assert not found.has("c@x.example")
