"""Wave's customers, invoices and payments in kinv's words."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from wave_stand_in import amount, customer, invoice

from kommo_invoice.books.shapes import parse
from kommo_invoice.books.wave.wire import BusinessPage, CustomerPage, WireCustomer, WireTax
from kommo_invoice.books.wave.wire_invoice import WireInvoice
from kommo_invoice.domain.invoice import Customer, Invoice, InvoiceLine, Payment, Status
from kommo_invoice.domain.money import Money
from kommo_invoice.errors import LostAnswer, Temporary

SENT = {"lastSentAt": "2026-10-02T08:00:00.000Z", "lastSentVia": "WAVE"}
VIEWED = {"lastViewedAt": "2026-10-03T08:00:00.000Z"}


def summary(**changes: Any) -> Invoice:
    return parse(WireInvoice, invoice(1, **changes)).summary()


def whole(**changes: Any) -> Invoice:
    return parse(WireInvoice, invoice(1, **changes)).whole()


def amounts(paid: str, due: str) -> dict[str, object]:
    return {"amountPaid": amount(paid), "amountDue": amount(due)}


@pytest.mark.parametrize(
    ("wire", "changes", "status"),
    [
        ("DRAFT", {}, Status.DRAFT),
        ("DRAFT", {"amountDue": amount("0.00")}, Status.DRAFT),
        ("SAVED", {}, Status.APPROVED),
        ("SAVED", {"amountDue": amount("0.00")}, Status.APPROVED),
        ("SAVED", amounts("119.00", "0.00"), Status.PAID),
        ("SENT", SENT, Status.SENT),
        ("VIEWED", SENT | VIEWED, Status.VIEWED),
        ("UNPAID", {}, Status.APPROVED),
        ("UNPAID", SENT, Status.SENT),
        ("OVERDUE", {}, Status.APPROVED),
        ("OVERDUE", SENT, Status.SENT),
        ("OVERDUE", SENT | VIEWED, Status.VIEWED),
        ("OVERDUE", SENT | amounts("19.00", "100.00"), Status.PARTIAL),
        ("PARTIAL", SENT | amounts("19.00", "100.00"), Status.PARTIAL),
        ("PAID", SENT | amounts("119.00", "0.00"), Status.PAID),
        ("PAID", amounts("119.00", "0.00"), Status.PAID),
        ("PAID", amounts("19.00", "100.00"), Status.PARTIAL),
        ("OVERPAID", amounts("120.00", "-1.00"), Status.OVERPAID),
        ("PAID", {"total": amount("0.00"), "amountDue": amount("0.00")}, Status.PAID),
        ("SENT", SENT | {"total": amount("0.00"), "amountDue": amount("0.00")}, Status.SENT),
    ],
)
def test_the_status_follows_the_amounts(
    wire: str, changes: dict[str, object], status: Status
) -> None:
    assert summary(status=wire, **changes).status is status


@pytest.mark.parametrize("wire", ["OVERDUE", "SENT", "PARTIAL"])
def test_overdue_stands_beside_the_status(wire: str) -> None:
    assert summary(status=wire).overdue is (wire == "OVERDUE")


@pytest.mark.parametrize(
    ("status", "via", "at", "sent"),
    [
        ("SAVED", None, None, False),
        ("SAVED", "NOT_SENT", None, False),
        ("SAVED", "NOT_SENT", "2026-10-02T08:00:00.000Z", False),
        ("PAID", None, None, False),
        ("SENT", "WAVE", "2026-10-02T08:00:00.000Z", True),
        ("PAID", "MARKED_SENT", None, True),
        ("OVERDUE", "GMAIL", "2026-10-02T08:00:00.000Z", True),
        ("SENT", None, None, True),
        ("VIEWED", None, None, True),
        ("SAVED", "SKIPPED", None, None),
        ("PAID", None, "2026-10-02T08:00:00.000Z", None),
    ],
)
def test_whether_it_was_sent(status: str, via: str | None, at: str | None, sent: object) -> None:
    found = summary(status=status, lastSentVia=via, lastSentAt=at)

    assert found.sent is sent
    assert found.sent_at == (datetime(2026, 10, 2, 8, tzinfo=UTC) if at else None)


@pytest.mark.parametrize(
    ("currency", "exponent", "money", "expected"),
    [
        ("EUR", 2, amount("1695.00"), Money(169500, "EUR")),
        ("EUR", 2, {"value": "1,695.00", "minorUnitValue": "169,500"}, Money(169500, "EUR")),
        ("JPY", 0, {"value": "1695", "minorUnitValue": "1695"}, Money(1695, "JPY")),
        ("BHD", 3, {"value": "1.695", "minorUnitValue": "1695"}, Money(1695, "BHD")),
        # Wave's own digits differ from ISO 4217: the amount in major units holds.
        ("ISK", 2, {"value": "1695.00", "minorUnitValue": "169500"}, Money(1695, "ISK")),
        ("EUR", None, amount("16.95"), Money(1695, "EUR")),
    ],
)
def test_money(
    currency: str, exponent: int | None, money: dict[str, object], expected: Money
) -> None:
    found = summary(currency={"code": currency, "exponent": exponent}, total=money)
    assert found.total == expected


def test_a_summary_has_neither_lines_nor_payments() -> None:
    found = summary(poNumber="")

    assert (found.lines, found.payments) == (None, None)
    assert (found.po_number, found.references) == (None, ("1",))


def test_a_whole_invoice() -> None:
    found = whole(poNumber="4711 / KQ4-1")

    assert found.references == ("1", "4711 / KQ4-1")
    assert found.lines == (
        InvoiceLine("Website", Decimal(1), Decimal(100), "product-1", ("tax-19",)),
    )
    assert (found.subtotal, found.tax) == (Money(10000, "EUR"), Money(1900, "EUR"))
    assert (found.date, found.due_date) == (date(2026, 10, 1), date(2026, 10, 31))
    assert found.created_at == datetime(2026, 10, 1, 8, 0, 1, tzinfo=UTC)


def test_an_invoice_without_lines_has_no_lines() -> None:
    assert whole(items=None, payments=None).lines == ()


def payment(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"payment-{number}",
        "amount": "1,100.50",
        "active": None,
        "createdAt": "2026-10-05T23:00:00.000Z",
        "paymentDate": "2026-10-04",
        "paymentMethod": "BANK_TRANSFER",
        "paymentCurrency": {"code": "EUR"},
        "originInvoicePayment": None,
    } | changes


def test_payments_and_refunds() -> None:
    found = whole(
        payments=[
            payment(1),
            payment(2, amount="100", originInvoicePayment={"id": "payment-1"}),
            payment(3, amount="-100", originInvoicePayment={"id": "payment-1"}),
            payment(4, active=False),
            payment(5, amount=None),
            None,
            payment(6, active=True, paymentDate=None, paymentCurrency=None, paymentMethod=""),
        ]
    )
    whole_amount, day = Decimal("1100.50"), date(2026, 10, 4)
    assert found.payments == (
        Payment("payment-1", whole_amount, "EUR", day, "BANK_TRANSFER"),
        Payment("payment-2", Decimal(-100), "EUR", day, "BANK_TRANSFER"),
        Payment("payment-3", Decimal(-100), "EUR", day, "BANK_TRANSFER"),
        Payment("payment-6", whole_amount, "EUR", date(2026, 10, 5), None),
    )


def test_a_customer_without_optional_facts() -> None:
    bare = customer(1, "", isArchived=None, currency=None)

    assert parse(WireCustomer, bare).customer() == Customer(
        id="customer-1",
        name="Customer 1",
        email=None,
        created_at=datetime(2026, 1, 1, 8, tzinfo=UTC),
    )


def test_a_tax_rate_is_a_fraction() -> None:
    wire = {"id": "t", "name": "VAT 19%", "abbreviation": "", "rate": "0.19", "isCompound": False}
    tax = parse(WireTax, wire).tax()
    assert (tax.rate, tax.short_name) == (Decimal("0.19"), None)


def test_what_cannot_be_read_is_told_without_its_content() -> None:
    broken = invoice(1, total={"value": "secret", "minorUnitValue": "1"})

    with pytest.raises(Temporary, match=r"total\.value") as caught:
        parse(WireInvoice, broken)
    assert "secret" not in caught.value.message
    with pytest.raises(LostAnswer):
        parse(WireInvoice, broken, after_write=True)


class TestRecordedAnswers:
    """Real answers of 2021; what was not asked for then is filled in."""

    @staticmethod
    def sample(name: str) -> Any:
        if "KINV_SPECS" not in os.environ:
            pytest.skip("KINV_SPECS does not name the folder with the providers' specs")
        path = Path(os.environ["KINV_SPECS"]) / "wave" / "samples" / name
        return json.loads(path.read_text("utf-8"))["data"]

    @pytest.mark.parametrize(
        "name", ["invoices_list_a.json", "invoices_list_b.json", "invoices_by_customer.json"]
    )
    def test_invoices(self, name: str) -> None:
        (edge,) = self.sample(name)["business"]["invoices"]["edges"]
        recorded = edge["node"]
        for key in ("amountDue", "amountPaid", "taxTotal", "total"):
            value = recorded[key]["value"]
            recorded[key]["minorUnitValue"] = format(Decimal(value) * 100, "f")
        for item in recorded["items"]:
            item["unitPrice"] = item["price"]

        found = parse(WireInvoice, recorded).whole()

        assert found.status is Status.PAID
        assert found.paid == found.total
        assert found.references == (recorded["invoiceNumber"],)
        assert found.url == recorded["viewUrl"]
        assert found.lines

    def test_customers(self) -> None:
        customers = self.sample("customers_list.json")["business"]["customers"]
        for edge in customers["edges"]:
            edge["node"]["createdAt"] = "2021-08-02T20:48:27.707Z"

        page = parse(CustomerPage, customers)

        assert [each.customer().email for each in page.nodes] == ["customer@example.com"]
        assert not page.more_after(1)

    def test_a_created_customer(self) -> None:
        created = self.sample("customer_create.json")["customerCreate"]["customer"]
        found = parse(WireCustomer, created | {"createdAt": "2021-08-02T20:48:27.707Z"}).customer()
        assert (found.email, found.currency) == ("customer@example.com", "USD")

    def test_businesses_are_read_whole_or_not_at_all(self) -> None:
        recorded = self.sample("businesses.json")["businesses"]
        with pytest.raises(Temporary):
            parse(BusinessPage, recorded | {"pageInfo": {"totalPages": 1}})
