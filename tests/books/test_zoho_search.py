"""What a look at Zoho Books asks, and what it takes for a hit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from zoho_stand_in import StandIn, contact, invoice, payment, row

from kommo_invoice.books.base import Look, Sighting

if TYPE_CHECKING:
    from kommo_invoice.domain.invoice import Customer, Invoice

EMAIL = "anna+books@acme.example"
REFERENCE = "KQ4-12345678"


def found(books: StandIn, look: Look) -> Sighting:
    (sighting,) = books.books().look([look])
    return sighting


def ids(each: tuple[Customer, ...] | tuple[Invoice, ...]) -> list[str]:
    return [one.id for one in each]


def test_no_looks_take_no_request() -> None:
    books = StandIn()

    assert books.books().look([]) == []
    assert books.requests == []


class TestCustomers:
    def test_a_new_one_takes_one_request_whatever_else_is_asked(self) -> None:
        books = StandIn()

        look = Look(email=EMAIL, reference=REFERENCE, number="7", base_reference=True)

        assert found(books, look) == Sighting()
        assert books.paths() == ["GET /contacts"]

    def test_are_asked_for_in_every_state_with_their_address_encoded(self) -> None:
        books = StandIn()

        found(books, Look(email=EMAIL))

        (asked,) = books.requests
        assert "email=anna%2Bbooks%40acme.example" in asked.raw_query
        assert asked.params == {
            "email": EMAIL,
            "contact_type": "customer",
            "filter_by": "Status.All",
            "sort_column": "created_time",
            "sort_order": "A",
            "page": "1",
            "per_page": "200",
        }

    @pytest.mark.parametrize("stored", [EMAIL, EMAIL.upper(), f" {EMAIL} "])
    def test_are_compared_wholly_and_in_any_case(self, stored: str) -> None:
        people = [
            contact(1, f"x{EMAIL}"),
            contact(2, f"{EMAIL}.example"),
            contact(3, stored),
            contact(4, EMAIL, contact_type="vendor"),
        ]
        books = StandIn({"contacts": people}, known_filters=())

        (one,) = found(books, Look(email=EMAIL)).customers

        assert (one.id, one.email) == ("3", stored.strip())

    def test_are_asked_for_in_small_letters_where_the_address_as_written_finds_nobody(
        self,
    ) -> None:
        books = StandIn({"contacts": [contact(1, EMAIL)]})

        assert ids(found(books, Look(email=EMAIL.title())).customers) == ["1"]
        assert [each.params["email"] for each in books.requests] == [EMAIL.title(), EMAIL]

    def test_come_oldest_first_inactive_ones_too_over_all_pages(self) -> None:
        old = contact(1, EMAIL, status="inactive", created_time="2025-01-01T00:00:00-0400")
        many = [contact(2, "x@y.example") for _ in range(200)]
        people = [contact(3, EMAIL), *many, old]
        books = StandIn({"contacts": people}, known_filters=())

        customers = found(books, Look(email=EMAIL)).customers

        assert [(each.id, each.archived) for each in customers] == [("1", True), ("3", False)]
        assert customers[0].created_at == datetime(2025, 1, 1, 4, tzinfo=UTC)
        assert len(books.requests) == 2

    def test_named_by_id_are_read_unless_they_were_just_found(self) -> None:
        other = contact(2, contact_persons=[{"email": "b@x.example", "is_primary_contact": True}])
        books = StandIn({"contacts": [contact(1, EMAIL), other]})

        assert found(books, Look(email=EMAIL, customer_id="1")).customer is not None
        assert books.paths() == ["GET /contacts"]
        named = found(books, Look(customer_id="2")).customer
        assert named is not None
        assert named.email == "b@x.example"
        assert found(books, Look(customer_id="9")).customer is None

    def test_of_ids_that_cannot_be_are_not_asked_for(self) -> None:
        books = StandIn()

        assert found(books, Look(customer_id="../items", invoice_id="x/y")) == Sighting()
        assert books.requests == []


class TestInvoices:
    def test_of_a_known_customer_take_one_request_more(self) -> None:
        books = StandIn({"contacts": [contact(1, EMAIL)]})

        sighting = found(books, Look(email=EMAIL, reference=REFERENCE, base_reference=True))

        assert sighting.invoices == ()
        assert books.paths() == ["GET /contacts", "GET /invoices"]
        assert books.requests[1].params == {
            "search_text": REFERENCE,
            "filter_by": "Status.All",
            "sort_column": "created_time",
            "sort_order": "D",
            "page": "1",
            "per_page": "200",
        }

    def test_of_anybody_are_asked_for_by_a_thorough_look(self) -> None:
        books = StandIn({"invoices": [invoice(5, REFERENCE)]})

        sighting = found(books, Look(email=EMAIL, reference=REFERENCE, thorough=True))

        assert ids(sighting.invoices) == ["5"]

    @pytest.mark.parametrize(
        "text", [f"{REFERENCE}9", f"X{REFERENCE}", f"{REFERENCE}~2", REFERENCE.lower(), "4711"]
    )
    def test_with_another_reference_are_not_ours(self, text: str) -> None:
        books = StandIn({"invoices": [row(5, text)]}, known_filters=())

        assert found(books, Look(reference=REFERENCE, thorough=True)).invoices == ()

    def test_are_read_again_by_their_id_with_payments_where_money_came(self) -> None:
        paid = invoice(6, f"4711 / {REFERENCE}", payment_made=19, balance=100)
        books = StandIn({"invoices": [invoice(5), paid]}, {"6": [payment(60, 19)]})

        (one,) = found(books, Look(reference=REFERENCE)).invoices

        assert books.paths() == ["GET /invoices", "GET /invoices/6", "GET /invoices/6/payments"]
        assert one.payments is not None
        assert one.lines is not None
        assert [each.id for each in one.payments] == ["60"]

    def test_of_other_issues_are_found_when_asked_for_oldest_first(self) -> None:
        rows = [invoice(7, REFERENCE), invoice(5, f"{REFERENCE}~2"), invoice(6, f"{REFERENCE}9")]
        books = StandIn({"invoices": rows})

        assert ids(found(books, Look(reference=REFERENCE)).invoices) == ["7"]
        look = Look(reference=REFERENCE, base_reference=True)
        assert ids(found(books, look).invoices) == ["5", "7"]

    def test_of_our_number_are_found_by_the_search_for_the_reference(self) -> None:
        books = StandIn({"invoices": [invoice(5, invoice_number=REFERENCE)]})

        look = Look(reference=REFERENCE, number=REFERENCE)

        assert ids(found(books, look).invoices) == ["5"]
        assert books.paths() == ["GET /invoices", "GET /invoices/5"]

    def test_of_another_number_are_asked_for_by_it(self) -> None:
        books = StandIn({"invoices": [invoice(5, invoice_number="2026-7"), invoice(6)]})

        look = Look(reference=REFERENCE, number="2026-7")

        assert ids(found(books, look).invoices) == ["5"]
        assert books.requests[1].params["invoice_number"] == "2026-7"

    def test_carry_the_reference_in_a_custom_field_as_well(self) -> None:
        own = {"cf_kinv": REFERENCE}
        books = StandIn({"invoices": [invoice(5, custom_field_hash=own)]}, known_filters=())

        assert ids(found(books, Look(reference=REFERENCE)).invoices) == ["5"]

    def test_are_looked_for_to_the_end_where_the_search_is_ignored(self) -> None:
        rows = [invoice(5, REFERENCE), *(row(n) for n in range(6, 460))]
        books = StandIn({"invoices": rows}, known_filters=())

        assert ids(found(books, Look(reference=REFERENCE, thorough=True)).invoices) == ["5"]
        assert books.paths() == [*["GET /invoices"] * 3, "GET /invoices/5"]

    def test_older_than_the_look_are_not_paged_through(self) -> None:
        books = StandIn({"invoices": [row(n) for n in range(460)]}, known_filters=())
        since = datetime(2026, 10, 1, tzinfo=UTC)

        assert found(books, Look(reference=REFERENCE, since=since)).invoices == ()
        assert len(books.requests) == 1
        found(books, Look(reference=REFERENCE, since=since - timedelta(days=9)))
        assert len(books.requests) == 4

    def test_that_lists_do_not_show_yet_are_found_by_their_id(self) -> None:
        books = StandIn({"invoices": [], "invoice": [invoice(5, REFERENCE)]})

        sighting = found(books, Look(reference=REFERENCE, invoice_id="5"))

        assert sighting.invoice is not None
        assert sighting.invoices == (sighting.invoice,)

    def test_that_do_not_exist_are_none(self) -> None:
        assert found(StandIn(), Look(invoice_id="5")) == Sighting()


def test_several_looks_are_answered_in_their_order_and_ask_each_thing_once() -> None:
    books = StandIn(
        {"contacts": [contact(1, EMAIL)], "invoices": [invoice(5, REFERENCE), invoice(6, "KQ4-2")]}
    )
    looks = [Look(email=EMAIL, reference=each) for each in ("KQ4-2", REFERENCE)]

    assert [ids(each.invoices) for each in books.books().look(looks)] == [["6"], ["5"]]
    assert books.paths().count("GET /contacts") == 1
