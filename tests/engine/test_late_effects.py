"""An invoice that comes after it was held to be absent: its key keeps it the only one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stamina
from stages import STAGES

from kommo_invoice.domain.plan import StepKind
from kommo_invoice.sandbox.quickbooks_state import RequestIds

if TYPE_CHECKING:
    from pathlib import Path

    from quickbooks_stage import QuickBooksStage

TRIES = 4


@pytest.mark.parametrize("mood", ["replays", "refuses"])
def test_is_one_where_the_key_is_known(live: QuickBooksStage, mood: str) -> None:
    live.fall_into(mood)
    with stamina.set_testing(True, attempts=TRIES, cap=True):
        live.spoil(StepKind.INVOICE_CREATE, "late", after_s=260, times=TRIES)
        assert live.invoice().code == 5
        live.world.advance(190)  # more than the settle time, less than it takes
        assert live.invoice().code == 0
        live.world.advance(80)
        assert live.invoice().code == 0
    assert len(live.books["invoices"]) == len(live.books["mails"]) == 1


def test_is_looked_for_before_it_is_mailed_where_the_key_did_not_help(
    live: QuickBooksStage,
) -> None:
    live.people.rules.request_ids = RequestIds.ACT
    live.spoil(StepKind.INVOICE_CREATE, "lose")
    ended = live.invoice()
    assert ended.code == 6
    assert "more than one" in ended.of("error")[0]["message"]
    assert not live.books["mails"]


@pytest.mark.parametrize("amounts", ["exclusive", "inclusive"])
@pytest.mark.parametrize("provider", list(STAGES))
def test_is_known_by_its_lines_however_finely_the_books_keep_prices(
    tmp_path: Path, provider: str, amounts: str
) -> None:
    stage = STAGES[provider](tmp_path)
    stage.map(invoice={"amounts": amounts})
    stage.spoil(StepKind.INVOICE_CREATE, "lose")
    ended = stage.until_quiet()[-1]
    held = [len(stage.books[each]) for each in ("invoices", "mails")]
    stage.close()
    assert held == [1, 1], ended
