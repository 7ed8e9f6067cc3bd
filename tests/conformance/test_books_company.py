"""How a company is set up, and the names in it, in the books of every provider."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from conformance_books import EMAIL, TODAY

from kommo_invoice.books.base import Look, NameTaken
from kommo_invoice.books.capabilities import Currencies, Feature
from kommo_invoice.domain.catalog import TaxChoice, find_term
from kommo_invoice.domain.draft import CustomerDraft
from kommo_invoice.errors import Rejected

if TYPE_CHECKING:
    from conformance_books import BooksGround

    from kommo_invoice.books.base import Books

pytest_plugins = ("conformance_plugin",)

ACME = CustomerDraft("Acme GmbH", EMAIL)


class TestATakenName:
    """A name that has to be unique is refused with its holder, where that may be invoiced."""

    def test_of_a_customer_tells_which(self, firm: BooksGround, books: Books) -> None:
        unique_names(books)
        holder = firm.add_customer(ACME.name, "other@acme.example")

        with pytest.raises(NameTaken) as caught:
            books.create_customer(ACME, key="k")

        assert caught.value.holder == firm.found(Look(customer_id=holder)).customer
        assert firm.customer_ids() == [holder]

    def test_of_a_customer_with_our_address_tells_that(
        self, firm: BooksGround, books: Books
    ) -> None:
        unique_names(books)
        firm.add_customer(ACME.name, f"office@acme.example, {EMAIL}")

        with pytest.raises(NameTaken) as caught:
            books.create_customer(ACME, key="k")

        assert caught.value.holder is not None
        assert caught.value.holder.email == EMAIL

    def test_of_an_archived_customer_is_free_or_its_holder_is_archived(
        self, firm: BooksGround, books: Books
    ) -> None:
        unique_names(books)
        firm.add_customer(ACME.name, "other@acme.example", archived=True)

        refusals = []
        try:
            books.create_customer(ACME, key="k")
        except NameTaken as error:
            refusals.append(error)

        assert all(each.holder is None or each.holder.archived for each in refusals)

    def test_of_somebody_else_has_no_holder(self, firm: BooksGround, books: Books) -> None:
        unique_names(books)
        firm.take_name(ACME.name)

        with pytest.raises(NameTaken) as caught:
            books.create_customer(ACME, key="k")

        assert caught.value.holder is None
        assert firm.customer_ids() == []

    def test_leaves_the_next_one_free_under_a_key_of_its_own(
        self, firm: BooksGround, books: Books
    ) -> None:
        unique_names(books)
        firm.take_name(ACME.name)
        with pytest.raises(NameTaken):
            books.create_customer(ACME, key="k")

        made = books.create_customer(CustomerDraft("Acme GmbH (2)", EMAIL), key="k/2")

        assert made.name == "Acme GmbH (2)"
        assert firm.customer_ids() == [made.id]


class TestTheCatalog:
    def test_need_not_be_read_again_by_one_who_knows_it(self, firm: BooksGround) -> None:
        again = firm.connect()
        again.know(firm.catalog)

        owner = again.create_customer(ACME, key="customer")
        again.create_invoice(firm.draft(), owner.id, key="invoice")

        assert len(firm.requests()) == 2

    def test_is_read_where_it_has_to_be_known(self, firm: BooksGround) -> None:
        again = firm.connect()

        owner = again.create_customer(ACME, key="customer")
        made = again.create_invoice(firm.draft(), owner.id, key="invoice")

        assert firm.read(made.id).total == made.total

    def test_names_keys_of_the_mapping_that_are_off_or_needed(self, firm: BooksGround) -> None:
        known = {str(each) for each in Feature}

        assert set(firm.catalog.switched_off) <= known
        assert set(firm.catalog.required) <= known

    def test_switches_off_only_what_the_books_have(self, firm: BooksGround, books: Books) -> None:
        assert set(firm.catalog.switched_off) <= {str(each) for each in books.capabilities.features}

    def test_says_what_a_line_says_about_tax(self, firm: BooksGround) -> None:
        choice, line = firm.catalog.settings.taxes, firm.line(tax=None)

        if choice is TaxChoice.REQUIRED:
            with pytest.raises(Rejected):
                firm.create(lines=(line,))
            assert firm.invoice_ids() == []
        else:
            assert (
                firm.create(lines=(line,)).tax
                == firm.create(lines=(firm.line(tax=firm.untaxed()),), reference="KQ4-2").tax
            )

    def test_says_whether_there_are_other_currencies(self, firm: BooksGround, books: Books) -> None:
        several = firm.catalog.settings.other_currencies
        assert several or books.capabilities.currencies is Currencies.BY_ACCOUNT

        draft = CustomerDraft("Acme GmbH", EMAIL, currency="GBP")
        if several:
            owner = books.create_customer(draft, key="k")
            assert firm.create(owner.id, currency="GBP").currency == "GBP"
        else:
            with pytest.raises(Rejected):
                books.create_customer(draft, key="k")
            assert firm.customer_ids() == []

    def test_has_terms_where_it_is_said_and_they_give_the_due_date(
        self, firm: BooksGround, books: Books
    ) -> None:
        terms = firm.catalog.terms
        assert bool(terms) is (Feature.TERMS in books.capabilities.features)

        for each in terms:
            assert find_term(terms, each.name) == find_term(terms, each.id) == each
            made = firm.create(reference=f"KQ4-{each.id}", terms=each.name, due_date=None)
            assert each.days is not None
            assert made.due_date == TODAY + timedelta(days=each.days)

    def test_gives_a_due_date_before_terms(self, firm: BooksGround, books: Books) -> None:
        due = TODAY + timedelta(days=3)
        terms = firm.catalog.terms[-1].name if Feature.TERMS in books.capabilities.features else ""

        assert firm.create(terms=terms or None, due_date=due).due_date == due


def test_every_amount_of_an_invoice_is_of_its_currency(firm: BooksGround) -> None:
    made = firm.create(lines=(firm.line(quantity=Decimal(2)),))

    assert made.subtotal is not None
    assert made.tax is not None
    amounts = (made.subtotal, made.tax, made.total, made.paid)
    assert {each.currency for each in amounts} == {made.currency} == {firm.home}
    assert made.subtotal + made.tax == made.total


def unique_names(books: Books) -> None:
    """Skip the test where names need not be unique."""
    if not books.capabilities.customers.unique_names:
        pytest.skip("these books let customers share a name")
