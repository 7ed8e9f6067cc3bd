"""What happens to invoices in the QuickBooks simulator: mails, money, voids, deletions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from quickbooks_books import QuickBooks


@pytest.fixture
def books() -> QuickBooks:
    return QuickBooks()


def key(made: Any) -> dict[str, str]:
    return {"Id": made["Id"], "SyncToken": made["SyncToken"]}


class TestMails:
    def test_sending_mails_and_proves_it(self, books: QuickBooks) -> None:
        invoice = books.create(BillEmailCc={"Address": "cc@acme.example"})["Id"]
        sent = books.ok(books.mail(invoice))["Invoice"]
        assert (sent["EmailStatus"], sent["DeliveryInfo"]["DeliveryType"]) == ("EmailSent", "Email")
        assert sent["DeliveryInfo"]["DeliveryTime"] == "2026-11-02T10:00:00-08:00"
        [mail] = books.people.dump()["mails"]
        assert (mail["to"], mail["cc"]) == (["ap@acme.example"], "cc@acme.example")

    def test_every_time_once_more(self, books: QuickBooks) -> None:
        invoice = books.create()["Id"]
        for _ in range(2):
            books.ok(books.mail(invoice))
        assert len(books.people.dump()["mails"]) == 2

    def test_another_address_takes_the_place_of_the_first(self, books: QuickBooks) -> None:
        invoice = books.create(BillEmail=None)["Id"]
        sent = books.ok(books.mail(invoice, sendTo="else@acme.example"))["Invoice"]
        assert sent["BillEmail"] == {"Address": "else@acme.example"}

    @pytest.mark.parametrize("kind", ["application/json", "text/plain", ""])
    def test_only_a_body_of_octets_will_do(self, books: QuickBooks, kind: str) -> None:
        invoice = books.create()["Id"]
        assert books.refusal(books.mail(invoice, kind)) == (400, "2020")
        assert books.read(invoice)["EmailStatus"] == "NotSet"

    def test_there_has_to_be_an_address_not_a_good_one(self, books: QuickBooks) -> None:
        invoice = books.create(BillEmail=None)["Id"]
        assert books.refusal(books.mail(invoice)) == (400, "2020")
        books.ok(books.mail(invoice, sendTo="nobody"))

    def test_what_is_gone_cannot_be_sent(self, books: QuickBooks) -> None:
        assert books.refusal(books.mail("999")) == (400, "610")

    def test_a_flag_at_the_creation_mails_nothing(self, books: QuickBooks) -> None:
        assert books.create(EmailStatus="NeedToSend")["EmailStatus"] == "NeedToSend"
        assert books.people.dump()["mails"] == []


class TestMoney:
    def payment(self, books: QuickBooks, payment: str) -> Any:
        return books.ok(books.send("GET", f"/payment/{payment}"))["Payment"]

    def test_a_part_leaves_a_balance(self, books: QuickBooks) -> None:
        invoice = books.create()["Id"]
        paid = books.people.pay(invoice, "40", date(2026, 11, 5))
        read = books.read(invoice)
        assert (read["TotalAmt"], read["Balance"]) == (100, 60)
        assert read["LinkedTxn"] == [{"TxnId": paid, "TxnType": "Payment"}]
        found = self.payment(books, paid)
        assert (found["TotalAmt"], found["TxnDate"]) == (40, "2026-11-05")
        assert found["Line"] == [
            {"Amount": 40, "LinkedTxn": [{"TxnId": invoice, "TxnType": "Invoice"}]}
        ]

    def test_by_default_all_of_it_comes_today(self, books: QuickBooks) -> None:
        invoice = books.create()
        books.people.pay(invoice["DocNumber"])
        assert books.read(invoice["Id"])["Balance"] == 0

    def test_one_payment_is_for_several_invoices_and_more(self, books: QuickBooks) -> None:
        first, second = (books.create()["Id"] for _ in range(2))
        paid = books.people.pay_several({first: 100, second: "30"}, unapplied=20)
        found = self.payment(books, paid)
        assert (found["TotalAmt"], found["UnappliedAmt"], len(found["Line"])) == (150, 20, 2)
        assert [books.read(each)["Balance"] for each in (first, second)] == [0, 70]

    def test_payments_are_found_by_id(self, books: QuickBooks) -> None:
        paid = books.people.pay(books.create()["Id"])
        assert books.found(f"select * from Payment where Id in ('{paid}')", "Id") == [paid]

    def test_a_credit_is_a_payment_of_nothing(self, books: QuickBooks) -> None:
        invoice = books.create()["Id"]
        found = self.payment(books, books.people.credit(invoice, 30))
        assert found["TotalAmt"] == 0
        kinds = [line["LinkedTxn"][0]["TxnType"] for line in found["Line"]]
        assert (kinds, books.read(invoice)["Balance"]) == (["Invoice", "CreditMemo"], 70)

    def test_a_refund_takes_from_the_last_invoice_first(self, books: QuickBooks) -> None:
        first, second = (books.create()["Id"] for _ in range(2))
        paid = books.people.pay_several({first: 100, second: 100})
        books.people.refund(paid, 120)
        assert [books.read(each)["Balance"] for each in (first, second)] == [20, 100]
        assert self.payment(books, paid)["TotalAmt"] == 80

    def test_a_void_payment_stays_and_a_deleted_one_does_not(self, books: QuickBooks) -> None:
        invoice = books.create()["Id"]
        first, second = books.people.pay(invoice, 40), books.people.pay(invoice, 60)
        books.people.void_payment(first)
        books.people.delete_payment(second)
        read = books.read(invoice)
        assert (read["Balance"], read["LinkedTxn"]) == (100, [])
        assert self.payment(books, first)["PrivateNote"] == "Voided"
        assert books.refusal(books.send("GET", f"/payment/{second}")) == (400, "610")

    @pytest.mark.parametrize("touched", [True, False])
    def test_money_changes_the_invoice_or_seems_not_to(
        self, books: QuickBooks, touched: bool
    ) -> None:
        books.rules.payments_touch_invoices = touched
        made = books.create()
        books.world.advance(60)
        books.people.pay(made["Id"])
        assert (books.read(made["Id"])["SyncToken"] != made["SyncToken"]) is touched

    def test_customers_pay_in_their_currency(self) -> None:
        books = QuickBooks(rates={"CAD": "0.73"})
        books.customer = books.people.add_customer("Maple", currency="CAD")
        invoice = books.create(CurrencyRef={"value": "CAD"})["Id"]
        found = self.payment(books, books.people.pay(invoice))
        assert found["CurrencyRef"]["value"] == "CAD"


class TestVoids:
    def test_amounts_become_nothing_and_a_note_says_why(self, books: QuickBooks) -> None:
        made = books.create(PrivateNote="KQ4-1")
        voided = books.write("Invoice", key(made), operation="void")
        assert voided["PrivateNote"].startswith("Voided")
        assert "KQ4-1" in voided["PrivateNote"]
        assert (voided["TotalAmt"], voided["Balance"], voided["SyncToken"]) == (0, 0, "1")
        assert [line["Amount"] for line in voided["Line"]] == [0, 0]

    def test_its_money_is_unapplied(self, books: QuickBooks) -> None:
        made = books.create()
        paid = books.people.pay(made["Id"], 40)
        books.people.void(made["Id"])
        found = books.ok(books.send("GET", f"/payment/{paid}"))["Payment"]
        assert (found["TotalAmt"], found["UnappliedAmt"], found["Line"]) == (40, 40, [])
        assert books.read(made["Id"])["LinkedTxn"] == []

    def test_it_takes_the_newest_token(self, books: QuickBooks) -> None:
        made = books.create()
        books.ok(books.mail(made["Id"]))
        answer = books.post("/invoice", key(made), operation="void")
        assert books.refusal(answer) == (400, "5010")


class TestDeletions:
    def test_nothing_is_left(self, books: QuickBooks) -> None:
        made = books.create()
        gone = books.write("Invoice", key(made), operation="delete")
        assert gone == {"domain": "QBO", "status": "Deleted", "Id": made["Id"]}
        assert books.refusal(books.send("GET", f"/invoice/{made['Id']}")) == (400, "610")
        again = books.post("/invoice", key(made), operation="delete")
        assert books.refusal(again) == (400, "610")

    def test_what_is_paid_stays(self, books: QuickBooks) -> None:
        made = books.create()
        books.people.pay(made["Id"], 1)
        fresh = key(books.read(made["Id"]))
        answer = books.post("/invoice", fresh, operation="delete")
        assert books.refusal(answer) == (400, "6000")

    def test_people_unlink_the_money_on_the_way(self, books: QuickBooks) -> None:
        made = books.create()
        paid = books.people.pay(made["Id"], 40)
        books.people.delete_invoice(made["Id"])
        found = books.ok(books.send("GET", f"/payment/{paid}"))["Payment"]
        assert found["UnappliedAmt"] == 40

    @pytest.mark.parametrize("operation", ["archive", "Void"])
    def test_there_are_no_other_operations(self, books: QuickBooks, operation: str) -> None:
        answer = books.post("/invoice", key(books.create()), operation=operation)
        assert books.refusal(answer) == (400, "500")


class TestPeople:
    def test_they_edit_invoices(self, books: QuickBooks) -> None:
        invoice = books.people.add_invoice(books.customer, 10, item="Retainer")
        books.people.change_invoice(invoice, PrivateNote="called")
        read = books.read(invoice)
        assert (read["PrivateNote"], read["SyncToken"]) == ("called", "1")

    def test_voiding_frees_only_its_own_part(self, books: QuickBooks) -> None:
        first, second, third = (books.create()["Id"] for _ in range(3))
        paid = books.people.pay_several({first: 10, second: 20})
        books.people.pay(third, 5)
        books.people.void(first)
        found = books.ok(books.send("GET", f"/payment/{paid}"))["Payment"]
        assert (found["TotalAmt"], found["UnappliedAmt"], len(found["Line"])) == (30, 10, 1)
        assert [books.read(each)["Balance"] for each in (second, third)] == [80, 95]

    def test_what_does_not_exist_cannot_be_named(self, books: QuickBooks) -> None:
        for act in (books.people.void, books.people.delete_payment, books.people.item_id):
            with pytest.raises(KeyError):
                act("999")
        with pytest.raises(KeyError):
            books.people.tax_code_id("VAT")


class TestPicture:
    def test_it_shows_what_people_see(self, books: QuickBooks) -> None:
        invoice = books.people.add_invoice(books.customer, "99.5", PrivateNote="KQ4-1")
        books.people.send(invoice)
        books.people.pay(invoice, "9.5", date(2026, 11, 5))
        picture = books.people.dump()
        [shown] = picture["invoices"]
        [payment] = picture["payments"]
        assert {
            name: shown[name] for name in ("note", "total", "paid", "balance", "email_status")
        } == {
            "note": "KQ4-1",
            "total": "99.50",
            "paid": "9.50",
            "balance": "90.00",
            "email_status": "EmailSent",
        }
        assert payment["invoices"] == {invoice: "9.50"}
        assert [mail["invoice"] for mail in picture["mails"]] == [invoice]
        assert Decimal(shown["tax"]) == 0
