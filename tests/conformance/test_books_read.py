"""Accounts, the catalog, invoices by id and what changed, in the books of every provider."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from conformance_books import MAIL, TODAY

from kommo_invoice.domain.invoice import InvoiceLine, Status
from kommo_invoice.domain.money import Money

if TYPE_CHECKING:
    from conformance_books import BooksGround

    from kommo_invoice.books.base import Books

pytest_plugins = ("conformance_plugin",)

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


class TestTheAccount:
    def test_is_one_of_those_that_the_token_may_use(self, firm: BooksGround, books: Books) -> None:
        account = firm.catalog.account

        assert books.accounts() == [account]
        expected = (firm.account, firm.home, True)
        assert (account.id, account.currency, account.can_send) == expected

    def test_brings_its_items_and_taxes(self, firm: BooksGround) -> None:
        assert firm.the_item(firm.item).sellable
        assert firm.the_tax().rate in {Decimal("0.19"), None}

    def test_that_does_not_exist_is_told_as_that(self, firm: BooksGround) -> None:
        with pytest.raises(firm.stranger):
            firm.connect(firm.other_account).catalog()


class TestInvoices:
    def test_are_read_with_their_lines_as_they_were_sent(self, firm: BooksGround) -> None:
        lines = (firm.line(), firm.line(tax=firm.untaxed(), quantity=Decimal(2)))
        created = firm.create(lines=lines)

        assert firm.read(created.id).lines == tuple(
            InvoiceLine(
                each.description,
                each.quantity,
                each.unit_price,
                each.item.id,
                (each.tax.id,) if each.tax else (),
            )
            for each in lines
        )

    def test_come_in_the_asked_order_and_none_for_what_does_not_exist(
        self, firm: BooksGround, books: Books
    ) -> None:
        owner = firm.add_customer()
        made = [firm.add_invoice(owner) for _ in range(12)]
        asked = [made[11], firm.unknown_invoice, *made, made[11]]

        read = books.read(asked)

        assert [each and each.id for each in read] == [
            None if each == firm.unknown_invoice else each for each in asked
        ]

    def test_that_nobody_asks_for_take_no_request(self, firm: BooksGround, books: Books) -> None:
        assert books.read([]) == []
        assert firm.requests() == []

    def test_follow_the_money(self, firm: BooksGround) -> None:
        invoice = firm.approved()

        part = firm.pay(invoice, "100", on=TODAY)
        partly = firm.read(invoice)
        assert (partly.status, partly.paid) == (Status.PARTIAL, Money(10000, firm.home))
        assert partly.payments is not None
        assert [(each.id, each.amount, each.currency, each.date) for each in partly.payments] == [
            (part, Decimal(100), firm.home, TODAY)
        ]

        firm.pay(invoice)
        paid = firm.read(invoice)
        assert (paid.status, paid.paid) == (Status.PAID, paid.total)

        firm.refund(part, "50")
        refunded = firm.read(invoice)
        assert refunded.status is Status.PARTIAL
        assert refunded.paid == paid.paid - Money(5000, firm.home)
        assert refunded.payments is not None
        assert sum(each.amount for each in refunded.payments) == refunded.paid.amount
        amounts = {each.id: each.amount for each in refunded.payments}
        # It is a payment of its own, or makes the one smaller that it is given back from.
        assert amounts[part] == Decimal(50) or Decimal(-50) in amounts.values()

    def test_that_are_overdue_keep_their_status(self, firm: BooksGround, books: Books) -> None:
        invoice = firm.approved()
        firm.world.advance(3 * 366 * 86400)

        assert (firm.read(invoice).status, firm.read(invoice).overdue) == (Status.APPROVED, True)
        books.send(invoice, MAIL, key="k")
        assert firm.read(invoice).status is Status.SENT
        firm.pay(invoice, "1")
        assert (firm.read(invoice).status, firm.read(invoice).overdue) == (Status.PARTIAL, True)


class TestChanges:
    @pytest.mark.parametrize("age", [timedelta(days=2), timedelta(days=300)])
    def test_come_once_and_oldest_first_however_many(
        self, firm: BooksGround, books: Books, age: timedelta
    ) -> None:
        owner, begin = firm.add_customer(), firm.world.now().replace(microsecond=0) - age
        made = [
            firm.add_invoice(owner, created_at=begin + timedelta(seconds=n // 7))
            for n in range(230)
        ]

        found = list(books.changed(begin - timedelta(seconds=1)))

        assert sorted(each.id for each in found) == sorted(made)
        times = [each.modified_at for each in found if each.modified_at]
        assert len(times) == len(made)
        assert times == sorted(times)

    def test_before_the_asked_moment_are_left_out(self, firm: BooksGround, books: Books) -> None:
        owner = firm.add_customer()
        firm.add_invoice(owner, created_at=JANUARY)
        approved = firm.add_invoice(owner, created_at=JANUARY + timedelta(days=2))

        (found,) = books.changed(JANUARY + timedelta(days=1))

        assert (found.id, found.status) == (approved, Status.APPROVED)
        assert found.total == Money(10000, firm.home)

    def test_are_none_when_nothing_changed(self, firm: BooksGround, books: Books) -> None:
        firm.add_invoice(firm.add_customer(), created_at=JANUARY)

        assert list(books.changed(firm.world.now() - timedelta(days=1))) == []
        assert len(firm.requests()) == 1

    def test_of_before_the_feed_s_end_cost_two_requests_more(
        self, firm: BooksGround, books: Books
    ) -> None:
        firm.add_invoice(firm.add_customer(), created_at=JANUARY)

        assert list(books.changed(JANUARY + timedelta(days=1))) == []
        ends = books.capabilities.feed.max_age_s is not None
        assert len(firm.requests()) == (3 if ends else 1)

    @pytest.mark.parametrize("age", [timedelta(hours=1), timedelta(days=300)])
    def test_name_a_paid_invoice_unless_the_feed_misses_payments(
        self, firm: BooksGround, books: Books, age: timedelta
    ) -> None:
        paid, other = (
            firm.add_invoice(firm.owner(), created_at=JANUARY - timedelta(days=90))
            for _ in range(2)
        )
        firm.pay(paid, "40")

        found = {each.id: each for each in books.changed(firm.world.now() - age)}

        assert other not in found
        assert paid in found or books.capabilities.feed.misses_payments
        if paid in found:
            assert found[paid].paid == Money(4000, firm.home)
            assert found[paid].status is Status.PARTIAL

    def test_name_a_deleted_invoice_unless_the_feed_may_miss_it(
        self, firm: BooksGround, books: Books
    ) -> None:
        created = firm.create()
        books.delete(created.id, key="k")

        found = [
            (each.id, each.status)
            for each in books.changed(firm.world.now() - timedelta(minutes=1))
        ]

        named = found == [(created.id, Status.DELETED)]
        assert named or (books.capabilities.feed.misses_deletions and found == [])
