"""What a walk through the latest invoices spares: never a look at one that another ledger made."""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import stamina

from kommo_invoice.http.retry import TRIES
from kommo_invoice.sandbox import zoho_filters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zoho_stage import ZohoStage

HOUR = 3600


@contextmanager
def untold(zoho: ZohoStage) -> Iterator[None]:
    """Let deals be told nothing of their invoices."""
    told = "PATCH /api/v4/leads"
    zoho.fault("status", told, status=500, times=None, provider="kommo")
    with stamina.set_testing(True, attempts=TRIES, cap=True):
        yield
    zoho.world.faults.clear()


def made(zoho: ZohoStage, deal: int) -> tuple[int, int]:
    """Count a deal's invoices, and all mails."""
    carrying = [each for each in zoho.books["invoices"] if str(deal) in str(each)]
    return len(carrying), len(zoho.books["mails"])


@pytest.mark.parametrize("hours", [2, 30])
def test_a_restored_ledger_finds_what_it_forgot(zoho: ZohoStage, hours: int) -> None:
    assert zoho.invoice(zoho.other).code == 0
    deal = zoho.add_deal("One")
    zoho.world.advance(200)
    copy = zoho.folder / "copy"
    shutil.copytree(zoho.state, copy)
    with untold(zoho):
        assert zoho.invoice(deal).code != 0
    shutil.rmtree(zoho.state)
    copy.rename(zoho.state)
    zoho.world.advance(hours * HOUR)
    assert zoho.invoice(deal).code == 0
    assert made(zoho, deal) == (1, 2)


def test_a_walk_over_lists_that_lagged_is_made_again(zoho: ZohoStage) -> None:
    lost = zoho.add_deal("One", client="C", email="c@client.example")
    other = zoho.add_deal("Two", client="D", email="d@client.example")
    zoho.world.lag_s = 60
    with untold(zoho):
        assert zoho.invoice(lost).code != 0
    zoho.forget()
    assert zoho.invoice(other).code == 0
    zoho.world.advance(130)
    assert zoho.invoice(lost).code == 0
    assert made(zoho, lost) == (1, 2)


def test_it_relies_on_no_search(zoho: ZohoStage, monkeypatch: pytest.MonkeyPatch) -> None:
    fits = zoho_filters.text_fits

    def whole_words(has: str, wanted: str, variant: str, *, ignores_case: bool = True) -> bool:
        if variant == "_contains":
            return wanted.casefold() in re.split(r"[\s/]+", has.casefold())
        return fits(has, wanted, variant, ignores_case=ignores_case)

    monkeypatch.setattr(zoho_filters, "text_fits", whole_words)
    with untold(zoho):
        assert zoho.invoice().code != 0
    zoho.forget()
    assert zoho.invoice().code == 0
    assert made(zoho, zoho.deal) == (1, 1)


def test_a_clock_that_was_ahead_makes_it_count_no_longer(zoho: ZohoStage) -> None:
    ahead = zoho.world.now
    zoho.clock = lambda: ahead().replace(year=ahead().year + 1)
    assert zoho.invoice(zoho.other).code == 0
    zoho.clock = None
    so_far = len(zoho.world.requests)
    assert zoho.invoice().code == 0
    assert zoho.requests(so_far)["GET /invoices"] >= 1
