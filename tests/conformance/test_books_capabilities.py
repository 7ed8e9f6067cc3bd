"""Every books provider does what its capability table says."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from conformance_books import EMAIL, MAIL, REFERENCE

from kommo_invoice.books.base import Look, NumberTaken
from kommo_invoice.books.capabilities import (
    Approval,
    Feature,
    Link,
    MailProof,
    Payments,
    When,
)
from kommo_invoice.books.capability_tables import BOOKS
from kommo_invoice.books.operations import Idempotency, Operation
from kommo_invoice.domain.draft import CustomerDraft, Discount
from kommo_invoice.domain.invoice import Status
from kommo_invoice.errors import LostAnswer, Rejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance_books import BooksGround

    from kommo_invoice.books.base import Books

pytest_plugins = ("conformance_plugin",)


def repeat(call: Callable[[], object]) -> None:
    """Do it, or have it refused, or hear that it may be done already."""
    with suppress(Rejected, LostAnswer):
        call()


def works(call: Callable[[], object]) -> bool:
    """Say whether the provider does it or refuses it."""
    try:
        call()
    except Rejected:
        return False
    return True


def test_the_table_holds_but_for_what_the_account_lacks(firm: BooksGround, books: Books) -> None:
    table, lacking = BOOKS[firm.provider], firm.catalog.lacking

    assert set(lacking) <= {each.value for each in table.features}
    assert books.capabilities == table.without(lacking)


class TestDrafts:
    def test_an_invoice_begins_as_a_draft_where_there_are_drafts(
        self, firm: BooksGround, books: Books
    ) -> None:
        assert (firm.create().status is Status.DRAFT) is books.capabilities.drafts

    def test_a_draft_is_mailed_only_where_sending_approves_it(
        self, firm: BooksGround, books: Books
    ) -> None:
        created = firm.create()

        mailed = works(lambda: books.send(created.id, MAIL, key="k"))

        assert mailed is (books.capabilities.approval is not Approval.STEP)
        assert len(firm.mails()) == int(mailed)

    def test_an_invoice_is_deletable_in_the_states_that_are_said(
        self, firm: BooksGround, books: Books
    ) -> None:
        deletable = books.capabilities.deletable
        draft, paid = firm.create().id, firm.approved(reference="KQ4-2")
        firm.pay(paid)

        assert works(lambda: books.delete(draft, key="k")) is (deletable is not When.NEVER)
        assert works(lambda: books.delete(paid, key="k")) is (deletable is When.ALWAYS)


def test_the_state_proves_the_mail_as_far_as_is_said(firm: BooksGround, books: Books) -> None:
    proof = books.capabilities.mail_proof
    invoice = firm.approved()
    assert firm.read(invoice).sent is (None if proof is MailProof.NONE else False)

    books.send(invoice, MAIL, key="k")

    sent = firm.read(invoice)
    assert sent.sent is (True if proof is MailProof.PROVEN else None)
    assert (sent.sent_at is not None) is (proof is MailProof.PROVEN and firm.tells_when_mailed)


class TestRepeats:
    def test_a_customer_is_made_twice_unless_a_key_prevents_it(
        self, firm: BooksGround, books: Books
    ) -> None:
        rule = books.capabilities.rule(Operation.CREATE_CUSTOMER)
        for _ in range(2):
            repeat(lambda: books.create_customer(CustomerDraft("Acme GmbH", EMAIL), key="k"))

        once = rule.idempotency is Idempotency.KEY or books.capabilities.customers.unique_names
        assert len(firm.customer_ids()) == (1 if once else 2)

    def test_an_invoice_is_made_twice_unless_something_prevents_it(
        self, firm: BooksGround, books: Books
    ) -> None:
        rule = books.capabilities.rule(Operation.CREATE_INVOICE)
        owner = firm.add_customer()
        for _ in range(2):
            repeat(lambda: firm.create(owner))

        once = rule.idempotency is Idempotency.KEY or firm.has_unique_field
        assert len(firm.invoice_ids()) == (1 if once else 2)

    def test_a_number_is_taken_once_where_numbers_are_unique(
        self, firm: BooksGround, books: Books
    ) -> None:
        firm.needs("invoice.number")
        owner = firm.add_customer()
        firm.create(owner, number=REFERENCE)

        try:
            firm.create(owner, reference="KQ4-2", number=REFERENCE)
        except NumberTaken:
            assert len(firm.invoice_ids()) == 1
        else:
            unique = books.capabilities.own_number.guard is Idempotency.UNIQUE_NUMBER
            assert not unique

    def test_every_mail_is_one_more(self, firm: BooksGround, books: Books) -> None:
        invoice = firm.approved()
        books.send(invoice, MAIL, key="first")
        books.send(invoice, MAIL, key="second")

        assert len(firm.mails()) == 2


class TestCustomers:
    def test_a_name_is_taken_once_where_names_are_unique(
        self, firm: BooksGround, books: Books
    ) -> None:
        firm.add_customer("Acme GmbH")
        draft = CustomerDraft("Acme GmbH", "other@acme.example")

        again = works(lambda: books.create_customer(draft, key="k"))

        assert again is not books.capabilities.customers.unique_names

    def test_an_invoice_bears_its_own_currency_unless_the_customer_s_is_fixed(
        self, firm: BooksGround, books: Books
    ) -> None:
        draft = CustomerDraft("Acme GmbH", EMAIL, currency=firm.home)
        owner = books.create_customer(draft, key="k")

        pounds = works(lambda: firm.create(owner.id, currency="GBP"))

        fixed = books.capabilities.customers.fixed_currency
        found = firm.found(Look(reference=REFERENCE)).invoices
        assert (pounds and found[0].currency == "GBP") is not fixed
        assert len(firm.invoice_ids()) == int(pounds)

    def test_a_customer_tells_its_currency_where_that_is_fixed(
        self, firm: BooksGround, books: Books
    ) -> None:
        draft = CustomerDraft("Acme GmbH", EMAIL, currency=firm.home)
        made = books.create_customer(draft, key="k")

        if books.capabilities.customers.fixed_currency:
            assert made.currency == firm.home
        assert firm.found(Look(email=EMAIL)).customers[0].currency == made.currency


class TestFeatures:
    @pytest.mark.parametrize(
        ("feature", "discount"),
        [
            (Feature.DISCOUNT_PERCENT, Discount(percent=Decimal(10))),
            (Feature.DISCOUNT_AMOUNT, Discount(amount=Decimal(10))),
        ],
    )
    def test_the_whole_is_discounted_where_it_is_said(
        self, firm: BooksGround, books: Books, feature: Feature, discount: Discount
    ) -> None:
        firm.needs(feature)
        done = works(lambda: firm.create(discount=discount))

        assert done is (feature in books.capabilities.features)
        assert len(firm.invoice_ids()) == int(done)

    @pytest.mark.parametrize(
        ("feature", "discount"),
        [
            (Feature.LINE_DISCOUNT_PERCENT, Discount(percent=Decimal(10))),
            (Feature.LINE_DISCOUNT_AMOUNT, Discount(amount=Decimal(10))),
        ],
    )
    def test_a_line_is_discounted_where_it_is_said(
        self, firm: BooksGround, books: Books, feature: Feature, discount: Discount
    ) -> None:
        done = works(lambda: firm.create(lines=(firm.line(discount=discount),)))

        assert done is (feature in books.capabilities.features)
        assert len(firm.invoice_ids()) == int(done)

    def test_the_client_s_order_number_is_kept_where_it_is_said(
        self, firm: BooksGround, books: Books
    ) -> None:
        shown = firm.create(po_number="4711").po_number or ""

        assert ("4711" in shown) is (Feature.PO_NUMBER in books.capabilities.features)

    def test_the_client_s_order_number_stands_beside_the_reference_where_it_is_said(
        self, firm: BooksGround, books: Books
    ) -> None:
        shown = firm.create(po_number="4711").po_number or ""

        assert (REFERENCE in shown) is books.capabilities.reference.with_po_number

    def test_the_mail_brings_our_message_where_it_is_said(
        self, firm: BooksGround, books: Books
    ) -> None:
        books.send(firm.approved(), MAIL, key="k")

        ((_, to, message),) = firm.mails()
        assert (message == MAIL.message) is (Feature.MESSAGE in books.capabilities.features)
        assert (to == MAIL.to) is (Feature.RECIPIENT in books.capabilities.features)


class TestReading:
    def test_the_client_s_page_comes_with_the_invoice_where_it_is_said(
        self, firm: BooksGround, books: Books
    ) -> None:
        created = firm.create()
        page = books.link(created.id)

        rule = books.capabilities.link
        assert rule is Link.CONDITIONAL or (created.url is not None) is (rule is Link.WITH_INVOICE)
        assert page is not None
        assert created.url in {None, page}
        assert firm.read(created.id).url in ({page} if rule is Link.WITH_INVOICE else {None, page})
        assert books.link(firm.unknown_invoice) is None

    def test_payments_come_with_the_invoice_where_it_is_said(
        self, firm: BooksGround, books: Books
    ) -> None:
        invoice = firm.approved()
        firm.pay(invoice)
        firm.forget()

        assert firm.read(invoice).payments
        together = books.capabilities.payments is Payments.WITH_INVOICE
        assert (len(firm.requests()) == 1) is together

    def test_one_request_answers_as_many_looks_as_is_said(
        self, firm: BooksGround, books: Books
    ) -> None:
        look = Look(reference=REFERENCE, since=firm.world.now())
        several = books.capabilities.look_batch
        looks = [replace(look, email=f"anna{n}@acme.example") for n in range(several)]
        firm.forget()

        books.look([replace(each, reference=None) for each in looks])

        assert len(firm.requests()) == 1

    def test_one_request_reads_as_many_invoices_as_is_said(
        self, firm: BooksGround, books: Books
    ) -> None:
        owner = firm.add_customer()
        several = books.capabilities.read_batch
        made = [firm.add_invoice(owner) for _ in range(several + 1)]
        firm.forget()

        books.read(made[:-1])
        assert len(firm.requests()) == 1
        books.read(made)
        assert len(firm.requests()) == 3
