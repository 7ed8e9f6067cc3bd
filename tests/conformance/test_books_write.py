"""Customers, drafts, approval, mails and deletion, in the books of every provider."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from conformance_books import EMAIL, MAIL, REFERENCE, TODAY

from kommo_invoice.books.base import Look
from kommo_invoice.books.operations import Operation
from kommo_invoice.domain.claim import carries
from kommo_invoice.domain.draft import Address, Amounts, CustomerDraft, Discount
from kommo_invoice.domain.invoice import Status
from kommo_invoice.domain.totals import Totals, acceptable, totals
from kommo_invoice.errors import LostAnswer, NotExecuted, Rejected
from kommo_invoice.sandbox.faults import FaultKind

if TYPE_CHECKING:
    from conformance_books import BooksGround

    from kommo_invoice.books.base import Books

pytest_plugins = ("conformance_plugin",)


class TestACustomer:
    def test_is_found_as_it_was_created(self, firm: BooksGround, books: Books) -> None:
        draft = CustomerDraft(
            "Acme GmbH",
            "Anna@acme.example",
            contact="Anna Maria O'Neil",
            phone="+49 30 1",
            country="DE",
            currency="EUR",
            address=Address("1 Road", "2nd floor", "Berlin", "10115", None, "DE"),
        )

        created = books.create_customer(draft, key="k")

        assert (created.name, created.email) == ("Acme GmbH", "Anna@acme.example")
        assert firm.found(Look(email=draft.email)).customers == (created,)
        assert firm.customer_ids() == [created.id]

    @pytest.mark.parametrize("wrong", [{"country": "XX"}, {"currency": "XXX"}])
    def test_with_an_unknown_code_is_refused(
        self, firm: BooksGround, books: Books, wrong: dict[str, Any]
    ) -> None:
        with pytest.raises(Rejected):
            books.create_customer(CustomerDraft("Acme GmbH", EMAIL, **wrong), key="k")
        assert firm.customer_ids() == []


class TestAnInvoice:
    def test_bears_what_the_draft_says(self, firm: BooksGround) -> None:
        owner = firm.add_customer()
        due = TODAY + timedelta(days=14)

        created = firm.create(owner, due_date=due, po_number="4711", memo="Thank you!")

        assert firm.invoice_ids() == [created.id]
        assert (created.customer_id, created.currency) == (owner, "EUR")
        assert (created.date, created.due_date) == (TODAY, due)
        assert carries(created.references, REFERENCE)
        assert carries(created.references, "4711")
        assert created.paid.minor == 0

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"amounts": Amounts.INCLUSIVE},
            {"discount": Discount(percent=Decimal("12.5"))},
            {"discount": Discount(amount=Decimal("33.33"))},
            {"currency": "JPY"},
            {"currency": "BHD"},
        ],
        ids=["plain", "inclusive", "percent off", "amount off", "no decimals", "three decimals"],
    )
    def test_comes_to_our_own_totals(self, firm: BooksGround, changes: dict[str, Any]) -> None:
        line = firm.line(unit_price=Decimal("1234.56"))
        lines = (line, line, firm.line(tax=None))

        created = firm.create(lines=lines, **changes)

        assert created.subtotal is not None
        assert created.tax is not None
        theirs = Totals(created.subtotal, created.tax, created.total)
        rounding = firm.books.capabilities.tax_rounding
        draft = firm.draft(lines=lines, **changes)
        assert theirs in ([totals(draft, rounding)] if rounding else acceptable(draft))

    def test_has_no_tax_where_none_is_asked_for(self, firm: BooksGround) -> None:
        line = firm.line(item=firm.the_item(firm.taxed_item), tax=None)

        created = firm.create(lines=(line,))

        assert created.tax is not None
        assert created.tax.minor == 0

    def test_is_numbered_by_the_books_or_as_asked(self, firm: BooksGround) -> None:
        owner = firm.add_customer()
        first, second = firm.create(owner), firm.create(owner, reference=f"{REFERENCE}~2")
        ours = firm.create(owner, reference="KQ4-9", number="KQ4-9")

        assert first.number
        assert first.number != second.number
        assert ours.number == "KQ4-9"
        assert carries(ours.references, "KQ4-9")

    def test_is_found_by_its_reference_beside_any_order_number(self, firm: BooksGround) -> None:
        created = firm.create(reference="KQ4-1-2611~2", po_number="PO (12), 4711")

        assert firm.found(Look(reference="KQ4-1-2611~2")).invoices == (created,)

    def test_names_only_items_that_are_sold(self, firm: BooksGround) -> None:
        if firm.unsold_item is None:
            pytest.skip("these books sell every item")
        line = firm.line(item=firm.the_item(firm.unsold_item))

        assert not line.item.sellable
        with pytest.raises(Rejected):
            firm.create(lines=(line,))
        assert firm.invoice_ids() == []

    def test_for_nobody_is_not_made(self, firm: BooksGround) -> None:
        with pytest.raises((Rejected, NotExecuted)):
            firm.create(firm.unknown_customer)
        assert firm.invoice_ids() == []


def test_an_invoice_is_approved_once(firm: BooksGround, books: Books) -> None:
    invoice = firm.approved()

    assert firm.read(invoice).status is Status.APPROVED
    with pytest.raises(Rejected):
        books.approve(invoice, key="k")
    assert firm.mails() == []


def test_a_mail_goes_to_the_address_as_written(firm: BooksGround, books: Books) -> None:
    invoice = firm.approved()

    books.send(invoice, MAIL, key="k")

    assert firm.mails() == [(invoice, MAIL.to, MAIL.message)]
    sent = firm.read(invoice)
    assert sent.status is Status.SENT
    assert sent.url


def test_a_deleted_draft_is_gone(firm: BooksGround, books: Books) -> None:
    created = firm.create()

    books.delete(created.id, key="k")

    assert firm.invoice_ids() == []
    assert books.read([created.id]) == [None]
    found = firm.found(Look(reference=REFERENCE, invoice_id=created.id))
    assert (found.invoice, found.invoices) == (None, ())
    with pytest.raises(Rejected):
        books.delete(created.id, key="k")


class TestALostAnswer:
    @pytest.mark.parametrize("kind", [FaultKind.LOSE, FaultKind.TRUNCATE, FaultKind.GARBLE])
    def test_leaves_one_invoice_that_a_look_finds(self, firm: BooksGround, kind: FaultKind) -> None:
        owner = firm.add_customer()
        firm.spoil(firm.words[Operation.CREATE_INVOICE], kind)

        with pytest.raises(LostAnswer):
            firm.create(owner)

        (found,) = firm.found(Look(email=EMAIL, reference=REFERENCE)).invoices
        assert [found.id] == firm.invoice_ids()

    def test_leaves_one_customer_that_a_look_finds(self, firm: BooksGround, books: Books) -> None:
        firm.spoil(firm.words[Operation.CREATE_CUSTOMER], FaultKind.LOSE)

        with pytest.raises(LostAnswer):
            books.create_customer(CustomerDraft("Acme GmbH", EMAIL), key="k")

        (found,) = firm.found(Look(email=EMAIL)).customers
        assert [found.id] == firm.customer_ids()

    def test_to_an_approval_shows_in_the_status(self, firm: BooksGround, books: Books) -> None:
        created = firm.create()
        firm.spoil(firm.words[Operation.APPROVE], FaultKind.LOSE)

        with pytest.raises(LostAnswer):
            books.approve(created.id, key="k")
        assert firm.read(created.id).status is Status.APPROVED

    def test_to_a_mail_is_one_mail(self, firm: BooksGround, books: Books) -> None:
        invoice = firm.approved()
        firm.spoil(firm.words[Operation.SEND], FaultKind.LOSE)

        with pytest.raises(LostAnswer):
            books.send(invoice, MAIL, key="k")
        assert len(firm.mails()) == 1
        assert firm.read(invoice).status is Status.SENT

    def test_to_a_deletion_leaves_nothing(self, firm: BooksGround, books: Books) -> None:
        created = firm.create()
        firm.spoil(firm.words[Operation.DELETE], FaultKind.LOSE)

        with pytest.raises(LostAnswer):
            books.delete(created.id, key="k")
        assert books.read([created.id]) == [None]

    def test_before_the_books_acted_leaves_nothing(self, firm: BooksGround) -> None:
        owner = firm.add_customer()
        firm.spoil(firm.words[Operation.CREATE_INVOICE], FaultKind.REFUSE)

        with pytest.raises(LostAnswer):
            firm.create(owner)
        assert firm.invoice_ids() == []
        assert firm.found(Look(email=EMAIL, reference=REFERENCE)).invoices == ()
