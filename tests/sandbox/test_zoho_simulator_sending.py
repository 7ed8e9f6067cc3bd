"""E-mails with Zoho Books invoices: recipients, state, caps, one more each time (sheet, 4.5)."""

from __future__ import annotations

from typing import Any

import pytest
from zoho_books import Zoho


@pytest.fixture
def books() -> Zoho:
    return Zoho()


def mails(books: Zoho) -> list[Any]:
    found: list[Any] = books.people.dump()["mails"]
    return found


class TestMails:
    def test_one_turns_a_draft_into_a_sent_invoice(self, books: Zoho) -> None:
        made = books.create()["invoice_id"]
        body = books.ok(books.mail(made, {"to_mail_ids": ["x@acme.example"]}))
        assert body == {
            "code": 0,
            "message": "Your invoice has been sent.",
            "is_first_email": True,
        }
        read = books.read(made)
        assert (read["status"], read["is_emailed"]) == ("sent", True)

    def test_what_it_says_and_to_whom(self, books: Zoho) -> None:
        made = books.create()["invoice_id"]
        body = {
            "to_mail_ids": ["x@acme.example"],
            "cc_mail_ids": ["boss@acme.example"],
            "subject": "Your invoice",
            "body": "<p>Hello</p>",
        }
        books.ok(books.mail(made, body, send_attachment="true"))
        [mail] = mails(books)
        assert (mail["to"], mail["cc"]) == (["x@acme.example"], ["boss@acme.example"])
        assert (mail["subject"], mail["body"]) == ("Your invoice", "<p>Hello</p>")
        assert (mail["invoice"], mail["attached"]) == (made, True)

    @pytest.mark.parametrize("body", [None, {}, {"to_mail_ids": []}])
    def test_without_recipients_it_goes_to_the_invoices_persons(
        self, books: Zoho, body: Any
    ) -> None:
        books.ok(books.mail(books.create()["invoice_id"], body))
        assert mails(books)[0]["to"] == ["ap@acme.example"]

    def test_persons_can_be_named_on_the_invoice(self, books: Zoho) -> None:
        otto = books.people.add_person(books.customer, "Otto", "otto@acme.example")
        for more in (
            {"contact_persons": [otto]},
            {"contact_persons_associated": [{"contact_person_id": otto}]},
        ):
            made = books.create(**more)
            assert made["contact_persons"] == [otto]
            books.ok(books.mail(made["invoice_id"]))
        assert [mail["to"] for mail in mails(books)] == [["otto@acme.example"]] * 2
        other = books.people.add_customer("Beta")
        assert books.refused(customer_id=other, contact_persons=[otto]) == (404, 1002)

    def test_without_anybody_it_is_refused(self, books: Zoho) -> None:
        nobody = books.people.add_customer("Nobody")
        made = books.create(customer_id=nobody)
        assert (made["email"], made["contact_persons"]) == ("", [])
        assert books.mail(made["invoice_id"]).status_code == 400
        assert books.status(made["invoice_id"]) == "draft"
        books.ok(books.mail(made["invoice_id"], {"to_mail_ids": ["x@y.example"]}))

    def test_by_rule_the_primary_person_is_not_taken_by_itself(self, books: Zoho) -> None:
        books.rules.primary_is_used = False
        made = books.create()
        assert made["contact_persons"] == []
        assert books.mail(made["invoice_id"]).status_code == 400

    def test_every_call_is_one_more_mail(self, books: Zoho) -> None:
        made = books.create()["invoice_id"]
        firsts = [books.ok(books.mail(made))["is_first_email"] for _ in range(3)]
        assert (firsts, len(mails(books))) == ([True, False, False], 3)

    def test_a_second_one_moves_the_modified_time_by_rule(self, books: Zoho) -> None:
        made = books.create()["invoice_id"]
        times = []
        for touches in (False, False, True):
            books.rules.repeated_mail_touches = touches
            books.world.advance(60)
            books.ok(books.mail(made))
            times.append(books.read(made)["last_modified_time"])
        assert times[0] == times[1] < times[2]

    def test_a_paid_one_is_mailed_all_the_same_and_a_void_one_by_rule(self, books: Zoho) -> None:
        made = books.invoice()
        books.people.pay(made)
        books.ok(books.mail(made))
        assert books.status(made) == "paid"
        void = books.invoice()
        books.people.void(void)
        assert books.mail(void).status_code == 400
        books.rules.void_can_be_mailed = True
        books.ok(books.mail(void))
        assert books.status(void) == "void"

    def test_there_is_a_daily_cap_by_rule(self, books: Zoho) -> None:
        books.rules.mails_per_day = 2
        made = books.create()["invoice_id"]
        answers = [books.mail(made) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 400]
        assert "exhausted the daily limit of 2 emails" in answers[-1].json()["message"]
        books.world.advance(86_400)
        assert books.mail(made).status_code == 200

    @pytest.mark.parametrize(
        "body", [{"to_mail_ids": "x@y.example"}, {"to_mail_ids": ["x"]}, {"cc_mail_ids": [1]}]
    )
    def test_addresses_are_a_list_of_addresses(self, books: Zoho, body: Any) -> None:
        made = books.create()["invoice_id"]
        assert books.refusal(books.mail(made, body)) == (400, 2)
        assert mails(books) == []

    def test_the_content_can_be_looked_at_before(self, books: Zoho) -> None:
        made = books.create()["invoice_id"]
        data = books.ok(books.get(f"/invoices/{made}/email"))["data"]
        assert [each["email"] for each in data["to_contacts"]] == ["ap@acme.example"]
        assert mails(books) == []


class TestSendingWithTheCreate:
    def test_it_makes_and_mails(self, books: Zoho) -> None:
        made = books.create(params={"send": "true"})
        assert (made["status"], made["is_emailed"]) == ("sent", True)
        assert len(mails(books)) == 1

    def test_where_nobody_can_be_mailed_a_draft_is_left_or_nothing_by_rule(
        self, books: Zoho
    ) -> None:
        nobody = books.people.add_customer("Nobody")
        made = books.create(params={"send": "true"}, customer_id=nobody)
        assert (made["status"], mails(books)) == ("draft", [])
        books.rules.send_fails_whole = True
        assert books.refused(params={"send": "true"}, customer_id=nobody)[0] == 400


class TestPdf:
    @pytest.mark.parametrize(
        "given", [{"params": {"accept": "pdf"}}, {"headers": {"Accept": "application/pdf"}}]
    )
    def test_it_comes_by_query_or_header(self, books: Zoho, given: Any) -> None:
        made = books.create()["invoice_id"]
        answer = books.send("GET", f"/invoices/{made}", **given)
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF-")

    def test_what_is_missing_is_json(self, books: Zoho) -> None:
        answer = books.get("/invoices/1", accept="pdf")
        assert books.refusal(answer) == (404, 1002)
