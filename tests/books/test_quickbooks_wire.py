"""What QuickBooks' customers, invoices and payments are in kinv's words."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from quickbooks_stand_in import NOW, invoice, payment

from kommo_invoice.books.quickbooks.wire import WireCustomer, as_moment
from kommo_invoice.books.quickbooks.wire_invoice import WireInvoice, WirePayment, deleted
from kommo_invoice.books.shapes import parse
from kommo_invoice.domain.invoice import Invoice, InvoiceLine, Status
from kommo_invoice.domain.money import Money
from kommo_invoice.errors import LostAnswer, Temporary

LINKED = {"LinkedTxn": [{"TxnId": "9", "TxnType": "Payment"}]}


def home() -> str:
    return "GBP"


def read(at: datetime | None = NOW, *payments: dict[str, Any], **changes: Any) -> Invoice:
    found = {each["Id"]: parse(WirePayment, each) for each in payments}
    return parse(WireInvoice, invoice(1, **changes)).whole(home, at, found)


class TestTimes:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2026-03-02T08:15:00-08:00", datetime(2026, 3, 2, 16, 15, tzinfo=UTC)),
            ("2026-03-02T08:15:00.101-08:00", datetime(2026, 3, 2, 16, 15, 0, 101000, tzinfo=UTC)),
            ("2026-03-09T17:00:01.123456789Z", datetime(2026, 3, 9, 17, 0, 1, 123456, tzinfo=UTC)),
            ("2026-03-09T17:00:01", datetime(2026, 3, 9, 17, 0, 1, tzinfo=UTC)),
            ("soon", None),
            (1601391072830, None),
        ],
    )
    def test_are_read_to_the_microsecond(self, text: object, expected: datetime | None) -> None:
        assert as_moment(text) == expected


class TestAnInvoice:
    def test_is_read_with_everything_in_it(self) -> None:
        own = {
            "DetailType": "SalesItemLineDetail",
            "Amount": Decimal("83.33"),
            "Description": "Advice",
            "SalesItemLineDetail": {
                "ItemRef": {"value": "19"},
                "Qty": Decimal("1.5"),
                "UnitPrice": Decimal("55.555"),
                "TaxCodeRef": {"value": "5"},
            },
        }
        discount = {"DetailType": "DiscountLineDetail", "Amount": 1, "DiscountLineDetail": {}}
        found = read(
            Line=[own, discount, {"DetailType": "SUB_TOTAL_LINE_DETAIL", "Amount": 2}],
            DocNumber="K-7",
            PrivateNote="4711 / KQ4-1",
            CurrencyRef={"value": "EUR"},
            TotalAmt=Decimal("98.80"),
            Balance=Decimal("98.80"),
            TxnTaxDetail={"TotalTax": Decimal("16.47")},
            BillEmail={"Address": "anna@acme.example"},
            InvoiceLink="https://pay.example/1",
            EmailStatus="EmailSent",
            DeliveryInfo={"DeliveryType": "Email", "DeliveryTime": "2026-10-01T09:00:00-07:00"},
        )

        assert found == Invoice(
            id="1",
            number="K-7",
            references=("K-7", "4711 / KQ4-1"),
            status=Status.SENT,
            customer_id="1",
            currency="EUR",
            total=Money(9880, "EUR"),
            paid=Money(0, "EUR"),
            date=date(2026, 10, 1),
            due_date=date(2026, 10, 31),
            subtotal=Money(8233, "EUR"),
            tax=Money(1647, "EUR"),
            customer_email="anna@acme.example",
            url="https://pay.example/1",
            sent=True,
            sent_at=datetime(2026, 10, 1, 16, 0, tzinfo=UTC),
            created_at=datetime(2026, 10, 1, 15, 0, 1, tzinfo=UTC),
            modified_at=datetime(2026, 10, 1, 15, 0, 1, tzinfo=UTC),
            overdue=True,
            lines=(InvoiceLine("Advice", Decimal("1.5"), Decimal("55.555"), "19", ("5",)),),
            payments=(),
        )

    def test_may_lack_what_is_empty(self) -> None:
        bare = {
            "Id": "1",
            "SyncToken": "0",
            "CustomerRef": {"value": "58"},
            "TotalAmt": 10,
            "Balance": 10,
            "Line": [
                {"Amount": 10, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
            ],
            "MetaData": {"CreateTime": "2026-10-01T23:30:00-07:00"},
        }
        found = parse(WireInvoice, bare).whole(home, NOW, {})

        assert (found.number, found.currency, found.sent, found.url) == ("", "GBP", None, None)
        assert (found.date, found.due_date, found.overdue) == (date(2026, 10, 2), None, False)
        assert found.lines == (InvoiceLine("", Decimal(1), Decimal(10)),)

    def test_that_cannot_be_read_may_follow_a_write(self) -> None:
        row = invoice(1)
        del row["TotalAmt"]
        with pytest.raises(LostAnswer, match="TotalAmt"):
            parse(WireInvoice, row, after_write=True)
        with pytest.raises(Temporary):
            parse(WireInvoice, None)


class TestItsStatus:
    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({}, Status.APPROVED),
            ({"EmailStatus": "NeedToSend"}, Status.APPROVED),
            ({"EmailStatus": "EmailSent"}, Status.SENT),
            ({"EmailStatus": "EmailSent", "Balance": Decimal("99.99")}, Status.PARTIAL),
            ({"Balance": 0}, Status.PAID),
            ({"TotalAmt": 0, "Balance": 0, "PrivateNote": "Voided"}, Status.VOID),
            ({"TotalAmt": 0, "Balance": 0, "PrivateNote": "Voided - KQ4-1"}, Status.VOID),
            ({"TotalAmt": 0, "Balance": 0, "PrivateNote": "KQ4-1"}, Status.PAID),
            ({"TotalAmt": 0, "Balance": 0, "PrivateNote": "Annulé", "Line": []}, Status.VOID),
        ],
    )
    def test_follows_from_the_amounts(self, changes: Any, expected: Status) -> None:
        assert read(**changes).status is expected

    @pytest.mark.parametrize(
        ("status", "sent"),
        [("EmailSent", True), ("NotSet", False), ("NeedToSend", False), ("Other", None)],
    )
    def test_proves_the_mail(self, status: str, sent: bool | None) -> None:
        delivery = {"DeliveryTime": "2026-10-01T09:00:00-07:00"}
        found = read(EmailStatus=status, DeliveryInfo=delivery)

        assert (found.sent, found.sent_at is not None) == (sent, sent is True)

    @pytest.mark.parametrize(
        ("at", "balance", "overdue"),
        [
            (datetime(2026, 11, 1, tzinfo=UTC), 100, True),
            (datetime(2026, 11, 1, tzinfo=UTC), 0, False),
            (datetime(2026, 10, 31, 23, tzinfo=timezone(timedelta(hours=-8))), 100, False),
            (None, 100, False),
        ],
    )
    def test_is_overdue_from_the_day_after(
        self, at: datetime | None, balance: int, overdue: bool
    ) -> None:
        assert read(at, Balance=balance).overdue is overdue


class TestPayments:
    def test_are_what_their_lines_say_of_this_invoice(self) -> None:
        own = payment(9, ("1", 40), ("2", 60), PaymentMethodRef={"value": "2", "name": "Check"})
        found = read(NOW, own, Balance=60, **LINKED)

        assert found.payments is not None
        (only,) = found.payments
        assert (only.id, only.amount, only.currency) == ("9", Decimal(40), "USD")
        assert (only.date, only.method) == (date(2026, 10, 9), "Check")
        assert found.paid == Money(4000, "USD")

    def test_over_nothing_are_credits(self) -> None:
        found = read(NOW, payment(9, ("1", 100), total=0), Balance=0, **LINKED)

        assert (found.payments, found.status) == ((), Status.CREDITED)

    def test_that_are_not_linked_any_more_are_none(self) -> None:
        assert read(NOW, payment(9, ("1", 100)), **LINKED, Balance=0).status is Status.PAID
        assert read(NOW, payment(9, ("2", 100)), Balance=100).payments == ()


def test_a_customer_without_an_address_has_none() -> None:
    found = parse(WireCustomer, {"Id": 7, "DisplayName": "Acme"}).customer("a@acme.example")

    assert (found.id, found.email, found.currency, found.archived) == ("7", None, None, False)


def test_a_deleted_invoice_is_all_that_is_left_of_it() -> None:
    row = {
        "domain": "QBO",
        "status": "Deleted",
        "Id": "9",
        "MetaData": {"LastUpdatedTime": "2026-10-01T08:00:00-07:00"},
    }
    found = deleted(row, home)

    assert found is not None
    assert (found.id, found.status, found.total) == ("9", Status.DELETED, Money(0, "GBP"))
    assert found.modified_at == datetime(2026, 10, 1, 15, 0, tzinfo=UTC)
    assert deleted(invoice(1), home) is None


@pytest.mark.skipif("KINV_SPECS" not in os.environ, reason="KINV_SPECS is not set")
class TestRecordedAnswers:
    @staticmethod
    def recorded(name: str) -> Any:
        folder = Path(os.environ["KINV_SPECS"]) / "quickbooks/samples/json-from-vcr"
        return json.loads((folder / name).read_text(), parse_float=Decimal)

    def test_an_invoice_is_understood(self) -> None:
        row = self.recorded("create-invoice-1.200.json")["Invoice"]
        found = parse(WireInvoice, row).whole(home, NOW, {})

        assert (found.id, found.number, found.total) == ("266", "1043", Money(10000, "USD"))
        assert (found.status, found.sent) == (Status.APPROVED, False)
        assert found.lines is not None
        assert [(each.item_id, each.unit_price) for each in found.lines] == [("1", Decimal(100))]

    def test_a_voided_invoice_is_void(self) -> None:
        row = self.recorded("void-invoice-2.200.json")["Invoice"]
        assert parse(WireInvoice, row).summary(home, NOW).status is Status.VOID

    def test_a_deleted_invoice_is_deleted(self) -> None:
        row = self.recorded("delete-invoice-2.200.json")["Invoice"]
        found = deleted(row, home)

        assert found is not None
        assert (found.id, found.status) == ("266", Status.DELETED)

    def test_every_customer_is_understood(self) -> None:
        rows = self.recorded("all-customers-2.200.json")["QueryResponse"]["Customer"]
        found = [parse(WireCustomer, row).customer() for row in rows]

        assert len(found) == 41
        assert all(each.currency == "USD" and each.created_at for each in found)
