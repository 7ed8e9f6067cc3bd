"""Customers, drafts, approval, mails and deletion, in the books of every provider."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from conformance_books import EMAIL, MAIL, REFERENCE, TODAY

from kommo_invoice.books.base import Look
from kommo_invoice.books.capabilities import Feature, When
from kommo_invoice.books.operations import Operation
from kommo_invoice.domain.claim import carries
from kommo_invoice.domain.draft import Address, Amounts, CustomerDraft, Discount
from kommo_invoice.domain.invoice import Status
from kommo_invoice.domain.money import digits
from kommo_invoice.domain.totals import Totals, acceptable, totals
from kommo_invoice.errors import LostAnswer, NotExecuted, Rejected
from kommo_invoice.sandbox.faults import FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance_books import BooksGround

    from kommo_invoice.books.base import Books
    from kommo_invoice.domain.invoice import Invoice

pytest_plugins = ("conformance_plugin",)

LONG_DUE = date(2025, 1, 2)
DISCOUNTS = (
    {"discount": Discount(percent=Decimal("12.5"))},
    {"discount": Discount(amount=Decimal("33.33"))},
)


class TestACustomer:
    def test_is_found_as_it_was_created(self, firm: BooksGround, books: Books) -> None:
        draft = CustomerDraft(
            "Acme GmbH",
            "Anna@acme.example",
            contact="Anna Maria O'Neil",
            phone="+49 30 1",
            country="DE",
            currency=firm.home,
            address=Address("1 Road", "2nd floor", "Berlin", "10115", None, "DE"),
        )

        created = books.create_customer(draft, key="k")

        assert (created.name, created.email) == ("Acme GmbH", "Anna@acme.example")
        assert firm.found(Look(email=draft.email)).customers == (created,)
        assert firm.customer_ids() == [created.id]

    def test_with_an_unknown_country_is_refused(self, firm: BooksGround, books: Books) -> None:
        with pytest.raises(Rejected):
            books.create_customer(CustomerDraft("Acme GmbH", EMAIL, country="XX"), key="k")
        assert firm.customer_ids() == []

    def test_with_an_unknown_currency_is_refused(self, firm: BooksGround, books: Books) -> None:
        with pytest.raises(Rejected):
            books.create_customer(CustomerDraft("Acme GmbH", EMAIL, currency="XXX"), key="k")
        assert firm.customer_ids() == []


class TestAnInvoice:
    def test_bears_what_the_draft_says(self, firm: BooksGround) -> None:
        owner = firm.add_customer()
        due = TODAY + timedelta(days=14)

        created = firm.create(owner, due_date=due, po_number="4711", memo="Thank you!")

        assert firm.invoice_ids() == [created.id]
        assert (created.customer_id, created.currency) == (owner, firm.home)
        assert (created.date, created.due_date) == (TODAY, due)
        assert carries(created.references, REFERENCE)
        assert carries(created.references, "4711")
        assert created.paid.minor == 0

    @pytest.mark.parametrize(
        "changes", [{}, *DISCOUNTS], ids=["plain", "percent off", "amount off"]
    )
    def test_comes_to_our_own_totals(self, firm: BooksGround, changes: dict[str, Any]) -> None:
        if changes:
            firm.needs("invoice.discount", "invoice.discount.amount")
        line = firm.line(unit_price=Decimal("1234.56"))
        lines = (line, line, firm.line(tax=firm.untaxed()))

        created = firm.create(lines=lines, **changes)

        assert came_to(created) in expected(firm, lines=lines, **changes)

    def test_with_prices_that_contain_the_tax_comes_to_our_own_totals(
        self, firm: BooksGround
    ) -> None:
        line = firm.line(unit_price=Decimal("1234.56"))
        changes: dict[str, Any] = {"lines": (line, line), "amounts": Amounts.INCLUSIVE}

        if firm.the_tax().rate is None:  # then nobody but the books can tell the net price
            with pytest.raises(Rejected):
                firm.create(**changes)
            assert firm.invoice_ids() == []
        else:
            assert came_to(firm.create(**changes)) in expected(firm, **changes)

    @pytest.mark.parametrize("currency", ["JPY", "BHD"])
    @pytest.mark.parametrize("price", ["2000", "1234.56", "0.123"])
    def test_in_currencies_of_other_decimals_comes_to_our_own_totals_or_to_nothing(
        self, firm: BooksGround, currency: str, price: str
    ) -> None:
        lines = (firm.line(unit_price=Decimal(price), tax=firm.untaxed()),) * 3
        changes: dict[str, Any] = {"lines": lines, "currency": currency}
        several = firm.catalog.settings.other_currencies
        owner = firm.owner(currency if several else None)

        try:
            created = firm.create(owner, **changes)
        except Rejected:
            assert not several or firm.places not in {None, digits(currency)}
            assert firm.invoice_ids() == []
            assert price != "2000" or not several
        else:
            assert came_to(created) in expected(firm, **changes)

    @pytest.mark.parametrize(
        ("quantity", "price"),
        [("3", "0.33333"), ("0.33333", "99.99"), ("1000", "0.00125"), ("12345.5", "1.00001")],
    )
    def test_with_fine_prices_and_quantities_comes_to_our_own_totals(
        self, firm: BooksGround, quantity: str, price: str
    ) -> None:
        line = firm.line(quantity=Decimal(quantity), unit_price=Decimal(price))

        assert came_to(firm.create(lines=(line,))) in expected(firm, lines=(line,))

    @pytest.mark.parametrize(
        ("quantity", "price"), [("100000", "0.123456"), ("0.3333333", "100000")]
    )
    def test_with_too_fine_ones_comes_to_our_own_totals_or_to_nothing(
        self, firm: BooksGround, quantity: str, price: str
    ) -> None:
        line = firm.line(quantity=Decimal(quantity), unit_price=Decimal(price))

        try:
            created = firm.create(lines=(line,))
        except Rejected:
            assert firm.invoice_ids() == []
        else:
            assert came_to(created) in expected(firm, lines=(line,))

    def test_has_no_tax_where_none_is_asked_for(self, firm: BooksGround) -> None:
        line = firm.line(item=firm.the_item(firm.taxed_item), tax=firm.untaxed())

        created = firm.create(lines=(line,))

        assert created.tax is not None
        assert created.tax.minor == 0

    def test_is_numbered_by_the_books_or_as_asked(self, firm: BooksGround) -> None:
        owner = firm.add_customer()
        first, second = firm.create(owner), firm.create(owner, reference=f"{REFERENCE}~2")

        assert first.number
        assert first.number != second.number
        firm.needs("invoice.number")
        ours = firm.create(owner, reference="KQ4-9", number="KQ4-9")
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

    before = firm.read(invoice)
    assert before.status is Status.APPROVED
    with suppress(Rejected):
        books.approve(invoice, key="k")
    assert firm.read(invoice) == before
    assert firm.mails() == []


def test_a_mail_goes_to_the_address_as_written(firm: BooksGround, books: Books) -> None:
    invoice = firm.approved()

    books.send(invoice, MAIL, key="k")

    message = MAIL.message if Feature.MESSAGE in books.capabilities.features else None
    assert firm.mails() == [(invoice, MAIL.to, message)]
    assert firm.read(invoice).status is Status.SENT


def test_a_deleted_draft_is_gone(firm: BooksGround, books: Books) -> None:
    created = firm.create()

    books.delete(created.id, key="k")

    assert firm.invoice_ids() == []
    assert books.read([created.id]) == [None]
    found = firm.found(Look(reference=REFERENCE, invoice_id=created.id))
    assert (found.invoice, found.invoices) == (None, ())
    with pytest.raises(Rejected):
        books.delete(created.id, key="k")


class TestAVoid:
    def test_leaves_an_invoice_that_nobody_owes_and_that_keeps_its_reference(
        self, firm: BooksGround, books: Books
    ) -> None:
        if books.capabilities.voidable is When.NEVER:
            pytest.skip("these books void nothing")
        invoice = firm.approved(date=LONG_DUE, due_date=LONG_DUE)
        came_to = firm.read(invoice).total.minor
        since = firm.world.now() - timedelta(minutes=1)

        books.void(invoice, key="k")

        (found,) = firm.found(Look(reference=REFERENCE)).invoices
        assert (found.id, found.status, found.overdue) == (invoice, Status.VOID, False)
        assert found.total.minor == (came_to if firm.voids_keep_totals else 0)
        assert carries(found.references, REFERENCE)
        assert [(each.id, each.status) for each in books.changed(since)] == [(invoice, Status.VOID)]

    def test_is_done_in_the_states_that_are_said(self, firm: BooksGround, books: Books) -> None:
        voidable = books.capabilities.voidable
        paid = firm.approved()
        firm.pay(paid)

        if voidable is When.ALWAYS:
            books.void(paid, key="k")
            assert firm.read(paid).status is Status.VOID
        else:
            with pytest.raises(Rejected):
                books.void(paid, key="k")
            assert firm.read(paid).status is Status.PAID

    def test_of_nothing_is_refused(self, firm: BooksGround, books: Books) -> None:
        with pytest.raises(Rejected):
            books.void(firm.unknown_invoice, key="k")


class TestALostAnswer:
    """What is told is lost, or has been asked for again by its key; the books hold it once."""

    @pytest.mark.parametrize("kind", [FaultKind.LOSE, FaultKind.TRUNCATE, FaultKind.GARBLE])
    def test_leaves_one_invoice_that_a_look_finds(self, firm: BooksGround, kind: FaultKind) -> None:
        owner = firm.add_customer()

        lose(firm, Operation.CREATE_INVOICE, lambda: firm.create(owner), kind)

        (found,) = firm.found(Look(email=EMAIL, reference=REFERENCE)).invoices
        assert [found.id] == firm.invoice_ids()

    def test_leaves_one_customer_that_a_look_finds(self, firm: BooksGround, books: Books) -> None:
        draft = CustomerDraft("Acme GmbH", EMAIL)

        lose(firm, Operation.CREATE_CUSTOMER, lambda: books.create_customer(draft, key="k"))

        (found,) = firm.found(Look(email=EMAIL)).customers
        assert [found.id] == firm.customer_ids()

    def test_to_an_approval_shows_in_the_status(self, firm: BooksGround, books: Books) -> None:
        if books.capabilities.operations[Operation.APPROVE] is None:
            pytest.skip("these books approve nothing")
        created = firm.create()

        lose(firm, Operation.APPROVE, lambda: books.approve(created.id, key="k"))

        assert firm.read(created.id).status is Status.APPROVED

    def test_to_a_mail_is_one_mail(self, firm: BooksGround, books: Books) -> None:
        invoice = firm.approved()

        lose(firm, Operation.SEND, lambda: books.send(invoice, MAIL, key="k"))

        assert len(firm.mails()) == 1
        assert firm.read(invoice).status is Status.SENT

    def test_to_a_deletion_leaves_nothing(self, firm: BooksGround, books: Books) -> None:
        created = firm.create()

        lose(firm, Operation.DELETE, lambda: books.delete(created.id, key="k"))

        assert books.read([created.id]) == [None]

    def test_to_a_void_shows_in_the_status(self, firm: BooksGround, books: Books) -> None:
        if books.capabilities.operations[Operation.VOID] is None:
            pytest.skip("these books void nothing")
        invoice = firm.approved()

        lose(firm, Operation.VOID, lambda: books.void(invoice, key="k"))

        assert firm.read(invoice).status is Status.VOID

    def test_before_the_books_acted_leaves_nothing_unless_a_key_repeats_it(
        self, firm: BooksGround
    ) -> None:
        owner = firm.add_customer()

        lose(firm, Operation.CREATE_INVOICE, lambda: firm.create(owner), FaultKind.REFUSE)

        found = firm.found(Look(email=EMAIL, reference=REFERENCE)).invoices
        keyed = firm.books.capabilities.rule(Operation.CREATE_INVOICE).key is not None
        assert len(found) == len(firm.invoice_ids()) == int(keyed)


def lose(
    firm: BooksGround,
    operation: Operation,
    call: Callable[[], object],
    kind: FaultKind = FaultKind.LOSE,
) -> None:
    """Have a write's answer lost; only one with a key may find its own way to success."""
    firm.spoil(firm.words[operation], kind)
    try:
        call()
    except LostAnswer:
        return
    assert firm.books.capabilities.rule(operation).key is not None


def came_to(created: Invoice) -> Totals:
    return Totals(created.subtotal or created.total, created.tax, created.total)


def expected(firm: BooksGround, **changes: Any) -> Sequence[Totals]:
    """Return what a draft may come to; a rate that only the books know is known here as well."""
    draft = firm.draft(**changes)
    rated = tuple(
        replace(each, tax=replace(each.tax, rate=Decimal("0.19")))
        if each.tax and each.tax.rate is None
        else each
        for each in draft.lines
    )
    known, rounding = replace(draft, lines=rated), firm.books.capabilities.tax_rounding
    return [totals(known, rounding)] if rounding else acceptable(known)
