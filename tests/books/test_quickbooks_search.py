"""How customers and invoices are looked for in QuickBooks, and in how many requests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from quickbooks_stand_in import StandIn, customer, fault, invoice, payment, reply

from kommo_invoice.books.base import Look, Sighting
from kommo_invoice.books.quickbooks.query import contains, equals, instant, one_of, select
from kommo_invoice.domain.invoice import Status
from kommo_invoice.errors import RateLimited, Temporary

REFERENCE = "KQ4-1"
SINCE = datetime(2026, 10, 1, tzinfo=UTC)
LOOK = Look(email="a@acme.example", reference=REFERENCE, since=SINCE)


def found(books: StandIn, look: Look) -> Sighting:
    (sighting,) = books.books().look([look])
    return sighting


def ids(rows: Any) -> list[str]:
    return [each.id for each in rows]


class TestStatements:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("O'Neil", r"a = 'O\'Neil'"),
            ("a\\b", r"a = 'a\\b'"),
            ("\\' or a = '", r"a = '\\\' or a = \''"),
            ("Smith & Co + 1", "a = 'Smith & Co + 1'"),
        ],
    )
    def test_values_are_quoted(self, value: str, expected: str) -> None:
        assert equals("a", value) == expected

    def test_a_list_and_a_part(self) -> None:
        assert one_of("Id", ["1", "2"]) == "Id IN ('1','2')"
        assert contains("PrimaryEmailAddr", "o'neil@b.example") == (
            r"PrimaryEmailAddr LIKE '%o\'neil@b.example%'"
        )

    def test_a_page_of_a_statement(self) -> None:
        asked = select("Invoice", equals("DocNumber", "7"), equals("TxnDate", "2026-01-01"))
        assert asked.rows(101, 1000) == (
            "select * from Invoice where DocNumber = '7' and TxnDate = '2026-01-01' "
            "ORDERBY Id STARTPOSITION 101 MAXRESULTS 1000"
        )

    def test_a_moment_has_whole_seconds_and_an_offset(self) -> None:
        moment = datetime(2026, 3, 1, 0, 0, 1, 500, tzinfo=timezone(timedelta(hours=-8)))
        assert instant(moment) == "2026-03-01T08:00:01+00:00"

    def test_is_encoded_once_in_the_url(self) -> None:
        books = StandIn({"Invoice": [invoice(1)]})
        found(books, Look(number="R&D +'1'"))

        (asked,) = books.requests
        assert asked.method == "GET"
        assert r"DocNumber%20%3D%20%27R%26D%20%2B\%271\%27%27".replace("\\", "%5C") in (
            asked.raw_query
        )


class TestCustomers:
    @pytest.mark.parametrize(
        ("stored", "asked"),
        [
            ("o'neil@acme.example", "O'Neil@Acme.example"),
            ("Anna+CRM@acme.example", "anna+crm@acme.example"),
        ],
    )
    def test_are_found_by_their_address_in_any_case(self, stored: str, asked: str) -> None:
        strangers = [customer(1, f"x{stored}"), customer(2, f"{stored}.example"), customer(3)]
        books = StandIn({"Customer": [*strangers, customer(4, stored)]})

        (only,) = found(books, Look(email=asked)).customers

        assert (only.id, only.email) == ("4", stored)

    def test_with_several_addresses_are_found_by_each(self) -> None:
        books = StandIn({"Customer": [customer(1, "b@acme.example, Anna@Acme.example")]})

        (only,) = found(books, Look(email="anna@acme.example")).customers

        assert (only.id, only.email) == ("1", "Anna@Acme.example")

    def test_parts_of_a_customer_are_left_out(self) -> None:
        mail = "a@acme.example"
        rows = [customer(1, mail, Job=True), customer(2, mail, IsProject=True), customer(3, mail)]
        assert ids(found(StandIn({"Customer": rows}), LOOK).customers) == ["3"]

    def test_come_oldest_first_inactive_ones_too(self) -> None:
        rows = [
            customer(10, "a@acme.example", MetaData={"CreateTime": "2026-01-02T00:30:00-08:00"}),
            customer(9, "a@acme.example", MetaData={"CreateTime": "2026-01-02T09:00:00+01:00"}),
            customer(8, "a@acme.example", Active=False, MetaData={}),
        ]
        people = found(StandIn({"Customer": rows}), LOOK).customers

        assert [(each.id, each.archived) for each in people] == [
            ("8", True),
            ("9", False),
            ("10", False),
        ]

    def test_are_all_found_however_many_there_are(self) -> None:
        rows = [customer(n, "a@acme.example", MetaData={}) for n in range(1, 1203)]
        assert len(found(StandIn({"Customer": rows}), LOOK).customers) == 1202

    def test_that_queries_do_not_show_yet_are_read_by_id(self) -> None:
        books = StandIn({"Customer": [customer(1, "b@acme.example")]})
        books.scripted["/query"] = [reply({"QueryResponse": {}})]

        sighting = found(books, Look(customer_id="1"))

        assert sighting.customer is not None
        assert books.paths() == ["GET /query", "GET /customer/1"]
        assert found(books, Look(customer_id="2")).customer is None


class TestInvoices:
    @pytest.mark.parametrize(
        "changes",
        [
            {"PrivateNote": "4711 / KQ4-1"},
            {"PrivateNote": "KQ4-1"},
            {"DocNumber": "KQ4-1"},
            {"CustomField": [{"DefinitionId": "1"}, {"StringValue": "KQ4-1"}]},
            {"PrivateNote": "Voided - KQ4-1", "TotalAmt": 0, "Balance": 0},
            {"PrivateNote": "VoidedKQ4-1", "TotalAmt": 0, "Balance": 0},
        ],
    )
    def test_are_found_by_the_reference_wherever_it_stands(self, changes: Any) -> None:
        books = StandIn({"Invoice": [invoice(1), invoice(2, **changes)]})

        assert ids(found(books, LOOK).invoices) == ["2"]
        assert books.paths() == ["POST /batch", "GET /invoice/2"]

    @pytest.mark.parametrize("note", ["KQ4-12", "XKQ4-1", "KQ4-1-2611", "KQ4-1~2", "4711"])
    def test_with_another_reference_are_not_ours(self, note: str) -> None:
        books = StandIn({"Invoice": [invoice(1, PrivateNote=note)]})

        assert found(books, LOOK).invoices == ()

    def test_of_other_issues_are_found_when_asked_for(self) -> None:
        rows = [invoice(1, PrivateNote="KQ4-1~2"), invoice(2, PrivateNote="KQ4-1")]
        books = StandIn({"Invoice": rows})

        assert ids(found(books, replace(LOOK, base_reference=True)).invoices) == ["1", "2"]
        assert ids(found(books, LOOK).invoices) == ["2"]

    def test_older_than_asked_for_are_not_read(self) -> None:
        books = StandIn({"Invoice": [invoice(1, PrivateNote="KQ4-1")]})
        later = datetime(2026, 10, 2, tzinfo=UTC)

        assert found(books, replace(LOOK, since=later)).invoices == ()

    def test_are_found_by_the_number_alone_where_that_is_the_reference(self) -> None:
        rows = [invoice(n, PrivateNote="KQ4-1", DocNumber=number) for n, number in ((1, "KQ4-1"),)]
        books = StandIn({"Invoice": [*rows, invoice(2, DocNumber="KQ4-1~2")]})
        look = Look(reference=REFERENCE, number=REFERENCE)

        assert ids(found(books, look).invoices) == ["1"]
        assert [each.partition(" ORDERBY")[0] for each in books.requests[0].statements] == [
            "select * from Invoice where DocNumber = 'KQ4-1'"
        ]
        assert ids(found(books, replace(look, base_reference=True)).invoices) == ["1", "2"]

    def test_show_what_is_now_and_not_what_the_query_showed(self) -> None:
        now = invoice(1, PrivateNote="KQ4-1", EmailStatus="EmailSent")
        books = StandIn({"Invoice": [now]})
        old = {"QueryResponse": {"Invoice": [invoice(1, PrivateNote="KQ4-1")]}}
        books.scripted["/query"] = [reply(old)]

        assert [each.sent for each in found(books, Look(reference=REFERENCE)).invoices] == [True]

    def test_bring_their_payments(self) -> None:
        own = invoice(
            1, PrivateNote="KQ4-1", Balance=0, LinkedTxn=[{"TxnId": "9", "TxnType": "Payment"}]
        )
        books = StandIn({"Invoice": [own], "Payment": [payment(9, ("1", 100))]})

        (only,) = found(books, LOOK).invoices

        assert only.payments is not None
        assert (only.status, ids(only.payments)) == (Status.PAID, ["9"])

    @pytest.mark.parametrize("mark", ["99", "not-an-id"])
    def test_that_do_not_exist_are_none(self, mark: str) -> None:
        assert found(StandIn(), Look(invoice_id=mark)).invoice is None

    def test_an_id_that_cannot_be_one_is_none(self) -> None:
        books = StandIn(scripted={"/invoice/x": [fault("2030", "Invalid ID")]})
        assert found(books, Look(invoice_id="x")).invoice is None

    def test_that_could_not_be_read_are_not_gone(self) -> None:
        books = StandIn(scripted={"/invoice/1": [fault("10000", "An application error")]})
        with pytest.raises(Temporary):
            found(books, Look(invoice_id="1"))


class TestALongList:
    """Of 1301 invoices, more than one page of any size."""

    @pytest.fixture
    def books(self) -> StandIn:
        rows = [invoice(n, CustomerRef={"value": "2"}, MetaData={}) for n in range(2, 1302)]
        for each in rows:
            each["MetaData"] = {"CreateTime": "2026-10-05T08:00:00-07:00"}
        old = invoice(1302, PrivateNote="KQ4-1", MetaData=rows[0]["MetaData"])
        return StandIn({"Invoice": [*rows, old], "Customer": [customer(1, "a@acme.example")]})

    def test_is_cut_for_a_customer_that_does_not_exist(self, books: StandIn) -> None:
        assert found(books, replace(LOOK, email="x@acme.example")).invoices == ()
        assert len(books.requests) == 1

    def test_is_read_by_customer_where_there_is_one(self, books: StandIn) -> None:
        assert ids(found(books, LOOK).invoices) == ["1302"]
        assert books.paths() == ["POST /batch", "GET /query", "GET /invoice/1302"]

    def test_is_read_to_its_end_by_a_thorough_look(self, books: StandIn) -> None:
        look = replace(LOOK, email="x@acme.example", thorough=True)

        assert ids(found(books, look).invoices) == ["1302"]
        assert books.paths() == ["POST /batch", *["GET /query"] * 2, "GET /invoice/1302"]


class TestTogether:
    def test_five_looks_take_one_request(self) -> None:
        books = StandIn()
        looks = [replace(LOOK, email=f"{n}@acme.example", reference=f"KQ4-{n}") for n in range(5)]

        books.books().look(looks)

        assert [len(each.statements) for each in books.requests] == [11]

    def test_no_batch_asks_for_more_than_thirty_things_or_a_thousand_rows(self) -> None:
        books = StandIn()
        looks = [replace(LOOK, email=f"{n}@acme.example", reference=f"KQ4-{n}") for n in range(40)]

        books.books().look(looks)

        for each in books.requests:
            sizes = [int(statement.rpartition(" ")[2]) for statement in each.statements]
            assert len(sizes) <= 30
            assert sum(sizes) <= 1000

    def test_each_look_gets_its_own(self) -> None:
        people = [customer(n, f"{n}@acme.example") for n in range(1, 8)]
        rows = [
            invoice(n, PrivateNote=f"KQ4-{n}", CustomerRef={"value": str(n)}) for n in range(1, 8)
        ]
        books = StandIn({"Customer": people, "Invoice": rows})
        looks = [Look(email=f"{n}@acme.example", reference=f"KQ4-{n}") for n in range(7, 0, -1)]

        sightings = books.books().look(looks)

        wanted = [str(n) for n in range(7, 0, -1)]
        assert [ids(each.customers) for each in sightings] == [[each] for each in wanted]
        assert [ids(each.invoices) for each in sightings] == [[each] for each in wanted]

    def test_filters_that_are_ignored_bring_no_stranger(self) -> None:
        rows = [invoice(1, PrivateNote="KQ4-1"), invoice(2, DocNumber="KQ4-9")]
        people = [customer(1, "a@acme.example"), customer(2, "x@acme.example")]
        books = StandIn({"Customer": people, "Invoice": rows}, ignores_filters=True)

        sighting = found(books, replace(LOOK, number=REFERENCE, thorough=True))

        assert (ids(sighting.customers), ids(sighting.invoices)) == (["1"], ["1"])

    def test_where_batches_are_refused_each_query_is_asked_alone(self) -> None:
        books = StandIn({"Customer": [customer(1, "a@acme.example")]})
        books.scripted["/batch"] = [fault("500", "Unsupported Operation")]

        assert ids(found(books, LOOK).customers) == ["1"]
        assert books.paths() == ["POST /batch", *["GET /query"] * 3]

    def test_a_fault_of_one_query_is_no_empty_answer(self) -> None:
        items = [
            {"QueryResponse": {}, "bId": "0"},
            {"QueryResponse": {}, "bId": "1"},
            {"Fault": {"Error": [{"Message": "Wait", "code": "3001"}]}, "bId": "2"},
        ]
        books = StandIn(scripted={"/batch": [reply({"BatchItemResponse": items})]})

        with pytest.raises(RateLimited):
            found(books, LOOK)

    def test_a_missing_answer_is_no_empty_one(self) -> None:
        items = [{"QueryResponse": {}, "bId": "0"}]
        books = StandIn(scripted={"/batch": [reply({"BatchItemResponse": items})]})

        with pytest.raises(Temporary):
            found(books, LOOK)
