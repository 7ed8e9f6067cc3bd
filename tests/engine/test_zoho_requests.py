"""How often Zoho Books is asked: what one deal costs, and what further deals share."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
import stamina
from zoho_stage import CUSTOMER, INVOICE, SEND

from kommo_invoice.http.retry import TRIES

if TYPE_CHECKING:
    from zoho_stage import ZohoStage

LOOK, READ, WALK = "GET /contacts", "GET /invoice", "GET /invoices"
NEW = {LOOK: 1, CUSTOMER: 1, INVOICE: 1, SEND: 1}
KNOWN = {LOOK: 1, INVOICE: 1, SEND: 1}
SETTLED_S, DAY_S = 121, 24 * 3600


@pytest.fixture
def warm(zoho: ZohoStage) -> ZohoStage:
    """A stage whose set-ups were read by an earlier run, a while ago."""
    assert zoho.invoice(zoho.other).code == 0
    zoho.world.advance(SETTLED_S)
    assert (
        zoho.invoice(zoho.add_deal("Early", client="Ed Early", email="ed@early.example")).code == 0
    )
    return zoho


def asked(zoho: ZohoStage, *deals: int) -> tuple[Counter[str], int]:
    """Invoice deals; return what was asked of the books, and how often the CRM was asked."""
    so_far = len(zoho.world.requests)
    ended = zoho.invoice(*deals)
    assert ended.code == 0, ended
    new = zoho.world.requests[so_far:]
    books = Counter(each.operation for each in new if each.provider == "zoho")
    return books, len(new) - books.total()


def test_a_new_customer_takes_four(warm: ZohoStage) -> None:
    assert asked(warm, warm.add_deal("One")) == (NEW, 4)


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_known_customer_takes_three(warm: ZohoStage, by_hand: bool) -> None:
    if by_hand:
        warm.add_customer("Zoe Lund", "zoe@lund.example")
    else:
        asked(warm, warm.add_deal("One"))
    assert asked(warm, warm.add_deal("Two")) == (KNOWN, 4)


def test_an_address_in_two_spellings_is_asked_for_in_both(warm: ZohoStage) -> None:
    """Whether Zoho minds letter case is not established."""
    books, _ = asked(warm, warm.add_deal("One", email="Zoe@Lund.example"))
    assert books == {**NEW, LOOK: 2}


def test_once_a_day_references_are_learnt_as_the_set_up_is(warm: ZohoStage) -> None:
    warm.world.advance(DAY_S)
    deals = [warm.add_deal(f"Order {n}") for n in range(3)]
    books, _ = asked(warm, *deals)
    assert {each: books[each] for each in (WALK, LOOK, INVOICE)} == {WALK: 1, LOOK: 3, INVOICE: 3}
    assert asked(warm, warm.add_deal("Two")) == (KNOWN, 4)


def test_a_second_run_takes_one_read_and_no_write(warm: ZohoStage) -> None:
    deal = warm.add_deal("One")
    asked(warm, deal)
    assert asked(warm, deal) == ({READ: 1}, 2)


def test_deals_of_one_run_share_the_crms_requests(warm: ZohoStage) -> None:
    deals = [
        warm.add_deal(f"Order {n}", client=f"Client {n}", email=f"c{n}@client.example")
        for n in range(5)
    ]
    books, crm = asked(warm, *deals)
    assert books == dict.fromkeys(NEW, 5)
    assert crm <= 7


def test_an_outage_is_told_once_after_five_looks(warm: ZohoStage) -> None:
    deals = [warm.add_deal(f"Order {n}") for n in range(40)]
    warm.fault("status", f"^{LOOK}$", times=None, status=503)
    so_far = len(warm.world.requests)
    with stamina.set_testing(True, attempts=TRIES, cap=True):
        ended = warm.invoice(*deals)
    assert ended.code == 5
    (error,) = ended.of("error")
    assert "(40 deals)" in error["message"]
    assert warm.requests(so_far)[LOOK] == 5 * TRIES
    assert not warm.writes(so_far)
