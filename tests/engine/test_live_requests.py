"""How often QuickBooks is asked: what one deal costs, and what further deals share."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
import stamina
from quickbooks_stage import CUSTOMER, INVOICE, SEND

from kommo_invoice.http.retry import TRIES

if TYPE_CHECKING:
    from quickbooks_stage import QuickBooksStage

LOOK, PAGE = "POST /batch", "GET /invoice"
NO_PAGE = {"fields": {"Invoice number": "{{ invoice.number }}"}}


@pytest.fixture
def warm(live: QuickBooksStage) -> QuickBooksStage:
    """A stage whose set-ups were read by an earlier run."""
    assert live.invoice(live.other).code == 0
    return live


def asked(live: QuickBooksStage, *deals: int) -> tuple[Counter[str], int]:
    """Invoice deals; return what was asked of the books, and how often the CRM was asked."""
    so_far = len(live.world.requests)
    ended = live.invoice(*deals)
    assert ended.code == 0, ended
    new = live.world.requests[so_far:]
    books = Counter(each.operation for each in new if each.provider == "quickbooks")
    return books, len(new) - books.total()


def test_a_new_customer_takes_four_requests_and_one_for_the_page(warm: QuickBooksStage) -> None:
    books, crm = asked(warm, warm.add_deal("One"))
    assert books == {LOOK: 1, CUSTOMER: 1, INVOICE: 1, SEND: 1, PAGE: 1}
    assert crm == 4


def test_without_the_page_it_takes_four(warm: QuickBooksStage) -> None:
    warm.map(write_back=NO_PAGE)
    books, _ = asked(warm, warm.add_deal("One"))
    assert books == {LOOK: 1, CUSTOMER: 1, INVOICE: 1, SEND: 1}


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_known_customer_takes_one_less(warm: QuickBooksStage, by_hand: bool) -> None:
    if by_hand:
        warm.add_customer("Zoe Lund", "zoe@lund.example")
    else:
        asked(warm, warm.add_deal("One"))
    books, crm = asked(warm, warm.add_deal("Two"))
    assert books == {LOOK: 1, INVOICE: 1, SEND: 1, PAGE: 1}
    assert crm == 4


def test_a_second_run_takes_one_read_and_no_write(warm: QuickBooksStage) -> None:
    deal = warm.add_deal("One")
    asked(warm, deal)
    assert asked(warm, deal) == ({PAGE: 1}, 2)


def test_a_second_run_without_its_ledger_reads_and_writes_nothing(warm: QuickBooksStage) -> None:
    deal = warm.add_deal("One")
    asked(warm, deal)
    warm.forget()
    so_far = len(warm.world.requests)
    books, _ = asked(warm, deal)
    assert books[LOOK] <= 3  # the set-up's as well
    assert not warm.writes(so_far)


def test_deals_of_one_run_share_the_look_and_the_crms_requests(warm: QuickBooksStage) -> None:
    deals = [
        warm.add_deal(f"Order {n}", client=f"Client {n}", email=f"c{n}@client.example")
        for n in range(5)
    ]
    books, crm = asked(warm, *deals)
    assert books == {LOOK: 1, CUSTOMER: 5, INVOICE: 5, SEND: 5, PAGE: 5}
    assert crm <= 7


def test_deals_of_one_client_share_the_customer_too(warm: QuickBooksStage) -> None:
    books, _ = asked(warm, *(warm.add_deal(f"Order {n}") for n in range(3)))
    assert books == {LOOK: 1, CUSTOMER: 1, INVOICE: 3, SEND: 3, PAGE: 3}


def test_an_outage_is_told_once_after_five_looks(warm: QuickBooksStage) -> None:
    deals = [warm.add_deal(f"Order {n}") for n in range(40)]
    warm.fault("status", LOOK, times=None, status=503)
    so_far = len(warm.world.requests)
    with stamina.set_testing(True, attempts=TRIES, cap=True):
        ended = warm.invoice(*deals)
    assert ended.code == 5
    (error,) = ended.of("error")
    assert "(40 deals)" in error["message"]
    assert warm.requests(so_far)[LOOK] == 5 * TRIES
    assert not warm.writes(so_far)
