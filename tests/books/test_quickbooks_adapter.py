"""What the adapter sends to QuickBooks, and in how many requests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from quickbooks_stand_in import REALM, StandIn, customer, fault, invoice, payment, reply

from kommo_invoice.books.base import Look, NameTaken
from kommo_invoice.books.capability_tables import BOOKS
from kommo_invoice.books.quickbooks import connect
from kommo_invoice.books.quickbooks.errors import judge
from kommo_invoice.domain.catalog import Item, Tax
from kommo_invoice.domain.draft import (
    CustomerDraft,
    Draft,
    LineDraft,
    Mail,
)
from kommo_invoice.errors import LostAnswer, NotExecuted, Rejected, Temporary
from kommo_invoice.http.calls import CallClass

SENT = {"EmailStatus": "EmailSent", "DeliveryInfo": {"DeliveryType": "Email"}}
TAX = Tax("TAX", "TAX", None)
LINE = LineDraft("Advice", Decimal("1.5"), Decimal(100), Item("19", "Advice"))
MAIL = Mail("anna+crm@acme.example")


def draft(**changes: Any) -> Draft:
    values: dict[str, Any] = {
        "reference": "KQ4-1",
        "customer": CustomerDraft("Acme", "a@acme.example"),
        "currency": "USD",
        "lines": (LINE,),
        "date": date(2026, 11, 2),
    }
    return Draft(**(values | changes))


def created(path: str, body: dict[str, Any]) -> StandIn:
    return StandIn(scripted={path: [reply(body)]})


class TestConnecting:
    @pytest.mark.parametrize(
        ("base_url", "environment", "expected"),
        [
            (None, None, "https://quickbooks.api.intuit.com"),
            (None, "sandbox", "https://sandbox-quickbooks.api.intuit.com"),
            ("http://127.0.0.1:8702", "sandbox", "http://127.0.0.1:8702"),
        ],
    )
    def test_each_environment_has_its_host(
        self, base_url: str | None, environment: str | None, expected: str
    ) -> None:
        opened: list[tuple[object, ...]] = []

        def open_client(*given: object) -> Any:
            opened.append(given)

        connect(REALM, base_url=base_url, open_client=open_client, environment=environment)

        assert opened == [(expected, "quickbooks", BOOKS["quickbooks"].policy, judge)]

    def test_the_company_s_id_may_be_written_in_groups(self) -> None:
        client: Any = StandIn(records={"Invoice": [invoice(1)]})
        spaced = "9130 3479 5798 3546"

        found = connect(spaced, base_url=None, open_client=lambda *_: client).read(["1"])

        assert [each.id for each in found if each] == ["1"]

    def test_without_a_company_there_is_none_to_list(self) -> None:
        client: Any = StandIn()
        books = connect(None, base_url=None, open_client=lambda *_: client)

        assert books.accounts() == []


class TestATakenName:
    REFUSAL = fault(
        "6240", "Duplicate Name Exists Error", "The name supplied already exists. : null"
    )

    def refused(self, *holders: dict[str, Any]) -> NameTaken:
        books = StandIn({"Customer": list(holders)}, {"/customer": [self.REFUSAL]})
        with pytest.raises(NameTaken) as caught:
            books.books().create_customer(CustomerDraft("O'Neil", "a@b.example"), key="k")
        assert books.paths() == ["POST /customer", "GET /query"]
        return caught.value

    @pytest.mark.parametrize("active", [True, False])
    def test_is_told_with_the_customer_that_has_it(self, active: bool) -> None:
        error = self.refused(customer(7, "b@b.example", DisplayName="o'neil", Active=active))

        assert error.holder is not None
        assert (error.holder.id, error.holder.email) == ("7", "b@b.example")
        assert (error.holder.archived, error.code) == (not active, "6240")

    def test_of_a_vendor_has_no_holder(self) -> None:
        assert self.refused().holder is None

    def test_of_a_part_of_a_customer_has_no_holder(self) -> None:
        assert self.refused(customer(7, DisplayName="O'Neil", Job=True)).holder is None


class TestRequestIds:
    def test_every_write_has_its_own_within_50_characters(self) -> None:
        mailed = {"Invoice": invoice(1) | SENT}
        books = StandIn(
            {"Invoice": [invoice(1), invoice(2)]},
            {
                "/customer": [reply({"Customer": customer(1)})],
                "/invoice": [reply({"Invoice": invoice(1)})] * 3,
                "/invoice/1/send": [reply(mailed)],
                "/invoice/2/send": [reply(mailed)],
            },
        )
        own = books.books()
        key = "kommo:acme/quickbooks:9130/" * 9
        own.create_customer(CustomerDraft("Acme", "a@acme.example"), key=key)
        own.create_invoice(draft(), "1", key=key)
        own.send("1", MAIL, key=key)
        own.send("2", MAIL, key=key)
        own.void("1", key=key)
        own.delete("1", key=key)

        ids = [each.params["requestid"] for each in books.requests if each.method == "POST"]
        assert len(set(ids)) == 6
        assert max(map(len, ids)) <= 50

    def test_a_repeat_has_the_same_and_another_key_another(self) -> None:
        books = StandIn(scripted={"/customer": [reply({"Customer": customer(1)})] * 3})
        for key in ("a", "a", "b"):
            books.books().create_customer(CustomerDraft("Acme", "a@acme.example"), key=key)

        first, again, other = (each.params["requestid"] for each in books.requests)
        assert first == again != other

    def test_creates_may_be_repeated_and_mails_may_not(self) -> None:
        books = StandIn(
            scripted={
                "/invoice": [reply({"Invoice": invoice(1)})],
                "/invoice/1/send": [reply({"Invoice": invoice(1) | SENT})],
            }
        )
        books.books().create_invoice(draft(), "1", key="k")
        books.books().send("1", MAIL, key="k")

        assert [each.call for each in books.requests] == [CallClass.KEYED, CallClass.CREATE]

    def test_an_id_that_was_used_before_means_that_it_may_be_done(self) -> None:
        books = StandIn(scripted={"/invoice": [fault("600", "RequestId already exists")]})

        with pytest.raises(LostAnswer):
            books.books().create_invoice(draft(), "1", key="k")

    def test_a_repeatable_write_without_an_answer_may_be_done(self) -> None:
        books = StandIn()

        def no_answer() -> None:
            raise Temporary("no usable answer")

        books.on_request = no_answer
        books.scripted["/invoice"] = [reply({"Invoice": invoice(1)})]
        with pytest.raises(LostAnswer):
            books.books().create_invoice(draft(), "1", key="k")


class TestSending:
    def test_goes_as_octets_to_the_address_as_written(self) -> None:
        books = created("/invoice/131/send", {"Invoice": invoice(131) | SENT})

        books.books().send("131", MAIL, key="k")

        (asked,) = books.requests
        assert (asked.json, asked.headers) == (None, {"Content-Type": "application/octet-stream"})
        assert asked.params["sendTo"] == "anna+crm@acme.example"
        assert "sendTo=anna%2Bcrm%40acme.example" in asked.raw_query

    def test_without_its_proof_may_have_happened(self) -> None:
        books = created("/invoice/131/send", {"Invoice": invoice(131)})

        with pytest.raises(LostAnswer):
            books.books().send("131", MAIL, key="k")


class TestTakingBack:
    @pytest.mark.parametrize("operation", ["void", "delete"])
    def test_names_the_state_that_was_read(self, operation: str) -> None:
        books = StandIn(
            {"Invoice": [invoice(264, SyncToken="3")]}, {"/invoice": [reply({"Invoice": {}})]}
        )
        getattr(books.books(), operation)("264", key="k")

        assert books.paths() == ["GET /invoice/264", "POST /invoice"]
        assert books.requests[1].json == {"Id": "264", "SyncToken": "3"}
        assert books.requests[1].params["operation"] == operation

    def test_is_asked_again_once_when_somebody_changed_it_meanwhile(self) -> None:
        stored = [invoice(264)]
        books = StandIn(
            {"Invoice": stored},
            {"/invoice": [fault("5010", "Stale Object Error"), reply({"Invoice": {}})]},
        )
        books.on_request = lambda: stored[0].update(SyncToken=str(int(stored[0]["SyncToken"]) + 1))
        books.books().void("264", key="k")

        first, second = (each for each in books.requests if each.method == "POST")
        assert first.params["requestid"] != second.params["requestid"]
        assert first.json["SyncToken"] != second.json["SyncToken"]

    def test_an_invoice_that_cannot_be_read_was_not_taken_back(self) -> None:
        books = StandIn(scripted={"/invoice/264": [fault("10000", "An application error")]})

        with pytest.raises(NotExecuted):
            books.books().void("264", key="k")

    def test_what_is_gone_is_refused(self) -> None:
        with pytest.raises(Rejected):
            StandIn().books().delete("264", key="k")

    def test_there_is_nothing_to_approve(self) -> None:
        with pytest.raises(Rejected):
            StandIn().books().approve("264", key="k")


class TestReading:
    def test_one_takes_one_request_and_asks_for_its_link(self) -> None:
        books = StandIn({"Invoice": [invoice(7, InvoiceLink="https://pay.example/7")]})

        (found,) = books.books().read(["7"])

        assert found is not None
        assert found.url == "https://pay.example/7"
        assert books.paths() == ["GET /invoice/7"]

    def test_many_take_one_request_for_two_hundred_and_one_for_their_payments(self) -> None:
        paid = {"Balance": 60, "LinkedTxn": [{"TxnId": "900", "TxnType": "Payment"}]}
        books = StandIn(
            {
                "Invoice": [invoice(n, **(paid if n == 5 else {})) for n in range(1, 301)],
                "Payment": [payment(900, ("5", 40))],
            }
        )
        found = books.books().read([str(n) for n in range(300, 0, -1)])

        assert [each.id for each in found if each] == [str(n) for n in range(300, 0, -1)]
        assert books.paths() == ["GET /query"] * 3
        (fifth,) = (each for each in found if each and each.id == "5")
        assert fifth.payments is not None
        assert [(each.id, each.amount) for each in fifth.payments] == [("900", Decimal(40))]

    def test_what_a_query_does_not_show_is_asked_for_by_itself(self) -> None:
        books = StandIn({"Invoice": [invoice(1), invoice(2)]})
        shown = [reply({"QueryResponse": {"Invoice": [invoice(1)]}})]
        books.scripted["/query"] = shown

        found = books.books().read(["1", "2", "99"])

        assert [each.id if each else None for each in found] == ["1", "2", None]
        assert books.paths() == ["GET /query", "GET /invoice/2", "GET /invoice/99"]

    def test_no_ids_take_no_request(self) -> None:
        books = StandIn()
        assert (books.books().read([]), books.books().look([]), books.requests) == ([], [], [])

    @pytest.mark.parametrize(
        ("link", "expected"),
        [
            ({"InvoiceLink": "https://pay.example/7"}, "https://pay.example/7"),
            ({}, "https://qbo.intuit.com/app/invoice?txnId=7"),
        ],
    )
    def test_the_link_is_the_client_s_page_else_the_staff_s(
        self, link: dict[str, str], expected: str
    ) -> None:
        books = StandIn({"Invoice": [invoice(7, **link)]})

        assert books.books().link("7") == expected
        assert books.paths() == ["GET /invoice/7"]

    def test_what_is_not_there_has_no_link(self) -> None:
        assert StandIn().books().link("7") is None


class TestTheWholeWay:
    """Of one deal, in requests (QuickBooks sheet, section 11)."""

    LOOK = Look(email="a@acme.example", reference="KQ4-1", since=datetime(2026, 11, 1, tzinfo=UTC))

    @pytest.mark.parametrize("thorough", [False, True])
    def test_of_a_new_customer_takes_four(self, thorough: bool) -> None:
        books = StandIn(
            {"Customer": [customer(n, f"x{n}@acme.example") for n in range(1, 9)]},
            {
                "/customer": [reply({"Customer": customer(9)})],
                "/invoice": [reply({"Invoice": invoice(1)})],
                "/invoice/1/send": [reply({"Invoice": invoice(1) | SENT})],
            },
        )
        own = books.books()
        own.look([replace(self.LOOK, thorough=thorough)])
        made = own.create_customer(CustomerDraft("Acme", "a@acme.example"), key="k")
        out = own.create_invoice(draft(), made.id, key="k")
        own.send(out.id, MAIL, key="k")

        assert len(books.requests) == 4

    def test_of_a_known_customer_takes_three(self) -> None:
        books = StandIn({"Customer": [customer(1, "a@acme.example")]})
        (found,) = books.books().look([replace(self.LOOK, customer_id="1")])

        assert [each.id for each in found.customers] == ["1"]
        assert found.customer == found.customers[0]
        assert len(books.requests) == 1

    def test_the_set_up_is_read_once_where_it_was_not_told(self) -> None:
        books = StandIn(
            {
                "CompanyInfo": [{"Id": REALM, "CompanyName": "Sable", "Country": "USA"}],
                "Preferences": [{}],
            },
            {"/customer": [reply({"Customer": customer(1)})] * 2},
        )
        own = connect(REALM, base_url=None, open_client=lambda *_: books)  # type: ignore[arg-type]
        for name in ("A", "B"):
            own.create_customer(CustomerDraft(name, "a@acme.example"), key=name)

        assert books.paths() == [
            f"GET /companyinfo/{REALM}",
            "GET /preferences",
            "POST /batch",
            "POST /customer",
            "POST /customer",
        ]
