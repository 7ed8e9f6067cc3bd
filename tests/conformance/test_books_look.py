"""Looking for customers and invoices, in the books of every provider."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from conformance_books import EMAIL, REFERENCE

from kommo_invoice.books.base import Look, Sighting

if TYPE_CHECKING:
    from conformance_books import BooksGround

    from kommo_invoice.books.base import Books
    from kommo_invoice.domain.invoice import Customer, Invoice

pytest_plugins = ("conformance_plugin",)

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def ids(found: tuple[Customer, ...] | tuple[Invoice, ...]) -> list[str]:
    return [each.id for each in found]


def test_nothing_is_found_in_empty_books(firm: BooksGround) -> None:
    look = Look(email=EMAIL, reference=REFERENCE, number="7", since=LONG_AGO, thorough=True)

    assert firm.found(look) == Sighting()


def test_no_looks_take_no_request(firm: BooksGround, books: Books) -> None:
    assert books.look([]) == []
    assert firm.requests() == []


class TestCustomers:
    @pytest.mark.parametrize(
        ("stored", "asked"),
        [
            ("o'neil@acme.example", "o'neil@acme.example"),
            ("o'neil@acme.example", "O'Neil@Acme.example"),
            ("O'Neil@Acme.example", "O'Neil@Acme.example"),
            ("anna+crm@acme.example", "Anna+CRM@acme.example"),
        ],
    )
    def test_are_found_by_their_whole_address_in_any_case(
        self, firm: BooksGround, stored: str, asked: str
    ) -> None:
        firm.add_customer("Longer", f"x{stored}")
        firm.add_customer("Another", f"{stored}.example")
        wanted = firm.add_customer("Wanted", stored)

        (found,) = firm.found(Look(email=asked)).customers

        assert (found.id, found.name, found.email) == (wanted, "Wanted", stored)

    def test_are_found_in_whatever_case_the_books_hold_the_address(self, firm: BooksGround) -> None:
        wanted = firm.add_customer("Wanted", "Anna@Acme.example")

        assert ids(firm.found(Look(email="anna@acme.example")).customers) == [wanted]

    def test_that_share_an_address_come_oldest_first_archived_ones_too(
        self, firm: BooksGround
    ) -> None:
        moment = datetime(2025, 1, 1, tzinfo=UTC)
        newer = firm.add_customer("B", created_at=moment + timedelta(days=1))
        older = firm.add_customer("A", created_at=moment, archived=True)

        found = firm.found(Look(email=EMAIL)).customers

        assert [(each.id, each.archived) for each in found] == [(older, True), (newer, False)]

    def test_are_all_found_however_many_there_are(self, firm: BooksGround) -> None:
        many = [firm.add_customer(f"C{n}") for n in range(120)]

        assert set(ids(firm.found(Look(email=EMAIL)).customers)) == set(many)

    def test_are_read_by_id_whatever_their_address(self, firm: BooksGround) -> None:
        wanted = firm.add_customer("Wanted", "other@acme.example")

        found = firm.found(Look(email=EMAIL, customer_id=wanted))

        assert found.customer is not None
        assert (found.customer.id, found.customer.email) == (wanted, "other@acme.example")
        assert found.customers == ()

    def test_that_do_not_exist_are_none(self, firm: BooksGround) -> None:
        assert firm.found(Look(customer_id=firm.unknown_customer)).customer is None


class TestInvoices:
    def test_are_found_by_their_reference_with_lines_and_payments(self, firm: BooksGround) -> None:
        created = firm.create()

        (found,) = firm.found(Look(email=EMAIL, reference=REFERENCE, since=LONG_AGO)).invoices

        assert found == created == firm.read(created.id)
        assert found.lines
        assert found.payments == ()

    @pytest.mark.parametrize(
        "text", [f"{REFERENCE}9", f"X{REFERENCE}", f"{REFERENCE}-2611", f"{REFERENCE}~2", "4711"]
    )
    def test_with_another_reference_are_not_ours(self, firm: BooksGround, text: str) -> None:
        firm.add_invoice(firm.add_customer(), text)

        assert firm.found(Look(email=EMAIL, reference=REFERENCE, thorough=True)).invoices == ()

    @pytest.mark.parametrize("text", [f"4711 / {REFERENCE}", f"PO (12), {REFERENCE}", REFERENCE])
    def test_carry_the_reference_beside_any_text(self, firm: BooksGround, text: str) -> None:
        wanted = firm.add_invoice(firm.add_customer(), text)

        assert ids(firm.found(Look(reference=REFERENCE)).invoices) == [wanted]

    def test_of_other_issues_are_found_when_asked_for_oldest_first(self, firm: BooksGround) -> None:
        owner = firm.add_customer()
        moments = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3)]
        texts = [f"{REFERENCE}~2", REFERENCE, f"{REFERENCE}9"]
        issue, first, _ = (
            firm.add_invoice(owner, text, created_at=moment)
            for text, moment in zip(texts, moments, strict=True)
        )
        look = Look(reference=REFERENCE)

        assert ids(firm.found(look).invoices) == [first]
        assert ids(firm.found(replace(look, base_reference=True)).invoices) == [issue, first]

    def test_are_found_by_their_exact_number(self, firm: BooksGround) -> None:
        firm.needs("invoice.number")
        owner = firm.add_customer()
        firm.create(owner, reference=f"{REFERENCE}9", number=f"{REFERENCE}9")
        wanted = firm.create(owner, number=REFERENCE)
        issue = firm.create(owner, reference=f"{REFERENCE}~2", number=f"{REFERENCE}~2")
        look = Look(reference=REFERENCE, number=REFERENCE)

        assert wanted.number == REFERENCE
        assert ids(firm.found(look).invoices) == [wanted.id]
        both = firm.found(replace(look, base_reference=True)).invoices
        assert ids(both) == [wanted.id, issue.id]

    def test_are_found_by_a_number_that_somebody_else_gave(self, firm: BooksGround) -> None:
        firm.needs("invoice.number")
        taken = firm.create(reference=f"{REFERENCE}9", number="2026-7")

        assert ids(firm.found(Look(reference=REFERENCE, number="2026-7")).invoices) == [taken.id]

    def test_that_do_not_exist_are_none(self, firm: BooksGround) -> None:
        assert firm.found(Look(invoice_id=firm.unknown_invoice)).invoice is None

    def test_of_found_customers_are_found_however_long_the_list(self, firm: BooksGround) -> None:
        wanted = long_list(firm)

        look = Look(email=EMAIL, reference=REFERENCE, since=LONG_AGO)

        assert ids(firm.found(look).invoices) == [wanted]

    def test_of_anybody_are_found_by_a_thorough_look(self, firm: BooksGround) -> None:
        wanted = long_list(firm)
        look = Look(email="nobody@acme.example", reference=REFERENCE, since=LONG_AGO, thorough=True)

        assert ids(firm.found(look).invoices) == [wanted]

    def test_that_lists_do_not_show_yet_are_found_by_id(self, firm: BooksGround) -> None:
        firm.world.lag_s = 60
        created = firm.create()

        look = Look(reference=REFERENCE, invoice_id=created.id)

        assert firm.found(look) == Sighting(invoices=(created,), invoice=created)
        firm.world.advance(61)
        assert firm.found(Look(reference=REFERENCE)).invoices == (created,)


def test_several_looks_are_answered_in_their_order(firm: BooksGround, books: Books) -> None:
    references = [f"KQ4-{n}" for n in range(1, 8)]
    wanted = []
    for reference in references:
        owner = firm.add_customer(reference, f"{reference.lower()}@acme.example")
        wanted.append(([owner], [firm.add_invoice(owner, reference)]))

    looks = [Look(email=f"{each}@Acme.example", reference=each) for each in references]
    found = books.look(looks)

    assert [(ids(each.customers), ids(each.invoices)) for each in found] == wanted


def test_searches_that_find_too_much_bring_no_stranger(firm: BooksGround) -> None:
    owner = firm.add_customer()
    stranger = firm.add_customer("Stranger", "x@acme.example")
    wanted = firm.add_invoice(owner, REFERENCE)
    numbered = "invoice.number" not in firm.catalog.switched_off
    firm.create(stranger, reference="KQ4-9", number="KQ4-9" if numbered else None)
    look = Look(email=EMAIL, reference=REFERENCE, number=REFERENCE, thorough=True)

    with firm.ignore_filters():
        found = firm.found(look)

    assert (ids(found.customers), ids(found.invoices)) == ([owner], [wanted])


def long_list(firm: BooksGround) -> str:
    """Add an old invoice with our reference, and 220 newer ones of somebody else."""
    owner = firm.add_customer()
    other = firm.add_customer("Other", "other@acme.example")
    wanted = firm.add_invoice(owner, REFERENCE, created_at=datetime(2025, 1, 1, tzinfo=UTC))
    for _ in range(220):
        firm.add_invoice(other)
    return wanted
