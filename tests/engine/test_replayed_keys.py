"""A key that is answered with what it made before, for a lost ledger or a deal that was changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import stamina

from kommo_invoice.books.quickbooks import QuickBooks
from kommo_invoice.domain.plan import StepKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quickbooks_stage import QuickBooksStage

    from kommo_invoice.books.base import Look, Sighting

TRIES = 4


@pytest.fixture
def late(live: QuickBooksStage) -> Iterator[QuickBooksStage]:
    """Let the invoice be made after it was held to be absent, and lists show it later still."""
    with stamina.set_testing(True, attempts=TRIES, cap=True):
        live.invoice(live.other)
        live.world.lag_s = 60
        live.spoil(StepKind.INVOICE_CREATE, "late", after_s=170, times=TRIES)
        assert live.invoice().code == 5
        live.world.faults.clear()
        live.world.advance(185)
        yield live


class TestALostLedger:
    def test_mails_nothing_that_was_mailed(self, live: QuickBooksStage) -> None:
        live.world.lag_s = 120
        live.fault("status", "PATCH /api/v4/leads", provider="kommo", status=500, times=20)
        assert live.invoice().code != 0
        live.world.faults.clear()
        live.world.advance(10)
        live.forget()
        live.invoice()
        assert len(live.books["invoices"]) == len(live.books["mails"]) == 1

    def test_does_not_tell_of_an_invoice_that_is_gone(self, live: QuickBooksStage) -> None:
        live.map(invoice={"send": False})
        live.invoice()
        (invoice,) = live.books["invoices"]
        live.people.delete_invoice(invoice["id"])
        live.kommo.edit_lead(live.deal, fields={"Invoice ID": None})
        live.world.advance(10)
        live.forget()
        ended = live.invoice()
        assert ended.code == 3, ended
        assert "was deleted" in ended.of("error")[0]["message"]


class TestADealThatWasChanged:
    def test_in_its_client_is_not_mailed_the_old_clients_invoice(
        self, late: QuickBooksStage
    ) -> None:
        mails = len(late.books["mails"])
        late.map(customer={"email": "other@else.example", "name": "Else Ltd"})
        ended = late.invoice()
        assert ended.code == 3, ended
        assert "not other@else.example" in ended.of("error")[0]["message"]
        assert len(late.books["mails"]) == mails

    def test_in_its_lines_is_not_mailed_the_old_ones(self, late: QuickBooksStage) -> None:
        mails = len(late.books["mails"])
        late.map(lines={"description": "Something else"})
        ended = late.invoice()
        assert ended.code == 3, ended
        assert "its lines are others" in ended.of("error")[0]["message"]
        assert len(late.books["mails"]) == mails


def test_an_invoice_that_has_our_number_is_mailed_only_if_it_was_not(
    live: QuickBooksStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.map(invoice={"number": "reference"})
    live.invoice()
    live.kommo.edit_lead(live.deal, fields={"Invoice ID": None})
    live.forget()
    live.people.rules.request_ids_kept_s = 0.0
    looks: list[Any] = []
    look = QuickBooks.look

    def blind_at_first(books: QuickBooks, asked: Sequence[Look]) -> list[Sighting]:
        looks.append(asked)
        found = look(books, asked)
        if len(looks) > 1:
            return found
        return [replace(each, invoices=(), invoice=None) for each in found]

    monkeypatch.setattr(QuickBooks, "look", blind_at_first)
    assert live.invoice().code == 0
    assert len(live.books["invoices"]) == len(live.books["mails"]) == 1
