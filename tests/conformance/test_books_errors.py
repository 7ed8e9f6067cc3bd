"""What the refusals of every books provider mean to kinv."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from conformance_books import EMAIL, MAIL
from conformance_ground import Scripted, outcomes

from kommo_invoice.books.base import Look
from kommo_invoice.books.operations import Operation
from kommo_invoice.domain.draft import CustomerDraft
from kommo_invoice.errors import (
    LoginNeeded,
    LostAnswer,
    NotExecuted,
    RateLimited,
    Refused,
    Temporary,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance_books import BooksGround

    from kommo_invoice.books.base import Books

pytest_plugins = ("conformance_plugin",)

TAKING_BACK = {Operation.DELETE, Operation.VOID}


def reads(firm: BooksGround, books: Books) -> dict[str, Callable[[], object]]:
    return {
        "catalog": books.catalog,
        "look": lambda: books.look([Look(email=EMAIL, reference="KQ4-1")]),
        "read": lambda: books.read(["1"]),
        "changed": lambda: list(books.changed(firm.world.now())),
    }


def writes(firm: BooksGround, books: Books) -> dict[Operation, Callable[[], object]]:
    """Return the writes that the books have."""
    every: dict[Operation, Callable[[], object]] = {
        Operation.CREATE_CUSTOMER: lambda: books.create_customer(
            CustomerDraft("A", EMAIL), key="k"
        ),
        Operation.CREATE_INVOICE: lambda: books.create_invoice(firm.draft(), "1", key="k"),
        Operation.APPROVE: lambda: books.approve("1", key="k"),
        Operation.SEND: lambda: books.send("1", MAIL, key="k"),
        Operation.DELETE: lambda: books.delete("1", key="k"),
        Operation.VOID: lambda: books.void("1", key="k"),
    }
    return {name: call for name, call in every.items() if books.capabilities.operations[name]}


def calls(firm: BooksGround, books: Books) -> dict[str, Callable[[], object]]:
    made = {str(name): call for name, call in writes(firm, books).items()}
    return {"accounts": books.accounts, **reads(firm, books), **made}


def test_a_wrong_token_asks_for_a_login(firm: BooksGround) -> None:
    asked = calls(firm, firm.connect(token="stale"))

    assert outcomes(asked) == dict.fromkeys(asked, LoginNeeded)
    assert len(firm.requests()) == len(asked)
    assert (firm.customer_ids(), firm.invoice_ids()) == ([], [])


def test_a_wrong_token_is_told_with_what_helps(firm: BooksGround) -> None:
    with pytest.raises(LoginNeeded) as caught:
        firm.connect(token="stale").catalog()
    assert "set the token" in caught.value.hint


def test_a_missing_right_is_refused_and_not_tried_again(firm: BooksGround, books: Books) -> None:
    firm.answer(firm.unauthorised)
    asked = calls(firm, books)

    assert outcomes(asked) == dict.fromkeys(asked, Refused)
    assert len(firm.requests()) == len(asked)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_wish_to_wait_is_kept_for_every_call(firm: BooksGround, books: Books, which: int) -> None:
    firm.answer(firm.throttles[which % len(firm.throttles)], retry_after="3600")
    asked = calls(firm, books)

    assert outcomes(asked) == dict.fromkeys(asked, RateLimited)
    assert len(firm.requests()) == 1
    with pytest.raises(RateLimited) as caught:
        books.catalog()
    assert caught.value.retry_at is not None
    assert caught.value.retry_at - firm.world.now() > timedelta(minutes=59)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_write_that_fails_in_the_provider_may_be_done_and_is_not_repeated(
    firm: BooksGround, books: Books, status: int
) -> None:
    firm.answer(Scripted(status, "<html>Sorry</html>"))
    for operation, call in writes(firm, books).items():
        firm.forget()
        (ended,) = outcomes({str(operation): call}).values()

        # Books that have to read an invoice before they take it back may fail there already.
        read_first = operation in TAKING_BACK and ended is NotExecuted
        assert ended is LostAnswer or read_first, operation
        done = [each for each in firm.requests() if re.search(firm.words[operation], each)]
        assert len(done) == 1 or keyed(books, operation) or read_first, operation


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_read_that_fails_is_repeated_and_loses_nothing(
    firm: BooksGround, books: Books, status: int
) -> None:
    asked = reads(firm, books)
    firm.answer(Scripted(status, "<html>Sorry</html>"))

    assert outcomes(asked) == dict.fromkeys(asked, Temporary)
    assert len(firm.requests()) > len(asked)


def test_an_account_of_somebody_else_is_told_as_that(firm: BooksGround) -> None:
    asked = reads(firm, firm.connect(firm.other_account))

    assert outcomes(asked) == dict.fromkeys(asked, firm.stranger)


def keyed(books: Books, operation: Operation) -> bool:
    return books.capabilities.rule(operation).key is not None
