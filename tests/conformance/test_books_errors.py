"""What the refusals of every books provider mean to kinv."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from conformance_books import EMAIL, MAIL
from conformance_ground import Scripted, outcomes

from kommo_invoice.books.base import Look
from kommo_invoice.domain.draft import CustomerDraft
from kommo_invoice.errors import ConfigInvalid, LoginNeeded, LostAnswer, RateLimited, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance_books import BooksGround

    from kommo_invoice.books.base import Books

pytest_plugins = ("conformance_plugin",)


def reads(firm: BooksGround, books: Books) -> dict[str, Callable[[], object]]:
    return {
        "catalog": books.catalog,
        "look": lambda: books.look([Look(email=EMAIL, reference="KQ4-1")]),
        "read": lambda: books.read(["1"]),
        "changed": lambda: list(books.changed(firm.world.now())),
    }


def writes(firm: BooksGround, books: Books) -> dict[str, Callable[[], object]]:
    return {
        "create_customer": lambda: books.create_customer(CustomerDraft("A", EMAIL), key="k"),
        "create_invoice": lambda: books.create_invoice(firm.draft(), "1", key="k"),
        "approve": lambda: books.approve("1", key="k"),
        "send": lambda: books.send("1", MAIL, key="k"),
        "delete": lambda: books.delete("1", key="k"),
    }


def calls(firm: BooksGround, books: Books) -> dict[str, Callable[[], object]]:
    return {"accounts": books.accounts, **reads(firm, books), **writes(firm, books)}


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


def test_a_wish_to_wait_is_kept_for_every_call(firm: BooksGround, books: Books) -> None:
    firm.answer(Scripted(429), retry_after="3600")
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
    asked = writes(firm, books)

    assert outcomes(asked) == dict.fromkeys(asked, LostAnswer)
    assert len(firm.requests()) == len(asked)


def test_an_account_of_somebody_else_is_an_error_of_the_mapping(firm: BooksGround) -> None:
    asked = reads(firm, firm.connect(firm.other_account))

    assert outcomes(asked) == dict.fromkeys(asked, ConfigInvalid)
