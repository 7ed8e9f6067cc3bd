"""An organisation's daily requests, and the blocks that Zoho answers with when it has enough."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import stamina
from zoho_stage import CUSTOMER, INVOICE, SEND

from kommo_invoice.http.retry import TRIES

if TYPE_CHECKING:
    from stage import Result
    from zoho_stage import ZohoStage

LOOK = "GET /contacts"
LIMIT = 1000
A_NEW_CUSTOMER = 4
"""Requests that a deal of a new customer takes."""
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture
def counted(zoho: ZohoStage) -> ZohoStage:
    """A stage whose requests are counted, its set-ups read before; it is far from midnight."""
    zoho.world.advance((midnight(zoho) - zoho.world.now() - 12 * HOUR) % (24 * HOUR) // SECOND)
    assert zoho.invoice().code == 0
    zoho.kommo.account.rate_per_s = 10_000
    zoho.world.unlimited = False
    return zoho


def leave(zoho: ZohoStage, requests: int) -> None:
    """Leave the organisation so many requests for the rest of its day."""
    organization = zoho.people.state.organization()
    organization.calls[organization.today()] = LIMIT - requests


def orders(zoho: ZohoStage, number: int = 3) -> list[int]:
    """Add deals, each of a client of its own."""
    return [
        zoho.add_deal(f"Order {n}", client=f"Client {n}", email=f"c{n}@client.example")
        for n in range(number)
    ]


def midnight(zoho: ZohoStage) -> datetime:
    """Return when the organisation's day ends (UTC): it is in Berlin."""
    return zoho.people.state.organization().midnight().astimezone(UTC)


def told(ended: Result, deals: list[int]) -> dict[str, Any]:
    """Return the one error of a run that ended for now, which is about those deals."""
    assert ended.code == 5, ended
    (error,) = ended.of("error")
    assert error["deals"] == deals
    return error


def due(error: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(error["retry_at"])


def asked(zoho: ZohoStage, since: int) -> int:
    """Count the requests to the books."""
    return sum(each.provider == "zoho" for each in zoho.world.requests[since:])


def waiting(zoho: ZohoStage) -> list[int]:
    """Return how often each claim that waits was tried."""
    with closing(sqlite3.connect(zoho.state / "ledger.sqlite3")) as ledger:
        rows = ledger.execute("SELECT attempts FROM claims WHERE state = 'open'").fetchall()
    return [row[0] for row in rows]


def one_of_each(zoho: ZohoStage, number: int) -> None:
    books = zoho.books
    counts = [len(books[each]) for each in ("customers", "invoices", "mails")]
    assert counts == [number] * 3


class TestADayThatIsTooShort:
    """A deal that would not fit is not begun."""

    def test_stops_before_the_first_deal_that_would_not_fit(self, counted: ZohoStage) -> None:
        deals = orders(counted, 5)
        leave(counted, 3 * A_NEW_CUSTOMER + 5)
        ended = counted.invoice(*deals)
        error = told(ended, deals[3:])
        assert "5 of 1000 requests left today" in error["message"]
        assert ended.of("summary")[0]["deals"] == {"invoiced": 3, "waiting": 2}
        one_of_each(counted, 4)
        assert waiting(counted) == [0, 0]

    def test_names_the_organisations_midnight(self, counted: ZohoStage) -> None:
        deals = orders(counted, 3)
        leave(counted, A_NEW_CUSTOMER + 5)
        error = told(counted.invoice(*deals), deals[1:])
        assert abs(due(error) - midnight(counted)) <= timedelta(seconds=2)
        assert midnight(counted).strftime("%Y-%m-%d %H:%M UTC") in error["message"]

    def test_goes_on_after_midnight_without_a_word_of_a_person(self, counted: ZohoStage) -> None:
        deals = orders(counted, 3)
        leave(counted, A_NEW_CUSTOMER + 5)
        counted.invoice(*deals)
        counted.world.advance((midnight(counted) - counted.world.now()).total_seconds() + 5)
        assert counted.kinv("retry", "--all").code == 0
        one_of_each(counted, 4)

    def test_is_no_matter_where_the_organisation_tells_no_counter(self, counted: ZohoStage) -> None:
        counted.people.rules.counters = False
        leave(counted, A_NEW_CUSTOMER)
        assert counted.invoice(*orders(counted, 1)).code == 0

    def test_that_ends_in_the_middle_of_a_deal_loses_nothing(self, counted: ZohoStage) -> None:
        """Code 45: another program used up what was left."""
        counted.people.rules.counters = False
        deals = orders(counted)
        leave(counted, 2)
        error = told(counted.invoice(*deals), deals)
        assert "used up for today" in error["message"]
        assert waiting(counted) == [0, 0, 0]
        counted.world.advance((midnight(counted) - counted.world.now()).total_seconds() + 5)
        counted.until_quiet(*deals)
        one_of_each(counted, 4)


class TestABlock:
    """Codes 43 and 44: too many requests in a minute, and an hour to wait."""

    @pytest.fixture(params=[43, 44])
    def blocked(self, counted: ZohoStage, request: pytest.FixtureRequest) -> ZohoStage:
        """Let the second deal be one too many; only 43 says for how long."""
        counted.people.rules.minute_code = request.param
        counted.people.rules.requests_per_minute = A_NEW_CUSTOMER + 1
        return counted

    def test_ends_the_run_and_is_told_once(self, blocked: ZohoStage) -> None:
        deals = orders(blocked)
        so_far = len(blocked.world.requests)
        ended = blocked.invoice(*deals)
        error = told(ended, deals[1:])
        assert abs(due(error) - blocked.world.now() - HOUR) <= timedelta(seconds=10)
        assert ended.of("summary")[0]["deals"] == {"invoiced": 1, "waiting": 2}
        assert asked(blocked, so_far) == A_NEW_CUSTOMER + 2  # the refused one is not repeated

    def test_costs_no_deal_an_attempt(self, blocked: ZohoStage) -> None:
        blocked.invoice(*orders(blocked))
        assert waiting(blocked) == [0, 0]

    def test_is_remembered_by_further_runs(self, blocked: ZohoStage) -> None:
        deals = orders(blocked)
        blocked.invoice(*deals)
        blocked.world.advance(HOUR.total_seconds() - 60)
        so_far = len(blocked.world.requests)
        told(blocked.invoice(*deals), deals)
        assert blocked.kinv("retry", "--all").code == 5
        assert asked(blocked, so_far) == 0

    def test_is_over_after_an_hour(self, blocked: ZohoStage) -> None:
        deals = orders(blocked)
        blocked.invoice(*deals)
        blocked.world.advance(HOUR.total_seconds() + 1)
        blocked.people.rules.requests_per_minute = 100
        assert blocked.kinv("retry", "--all").code == 0
        one_of_each(blocked, 4)
        so_far = len(blocked.world.requests)
        assert blocked.invoice(*deals).code == 0
        assert not blocked.writes(so_far)


@pytest.mark.parametrize("operation", [LOOK, CUSTOMER, INVOICE, SEND])
def test_a_request_that_finds_too_many_others_is_repeated_at_once(
    zoho: ZohoStage, operation: str
) -> None:
    """Code 1070: it was surely not done."""
    body = {"code": 1070, "message": "The maximum number of in process requests is reached."}
    zoho.fault("status", f"^{operation}$", status=429, body=body, times=TRIES - 1)
    with stamina.set_testing(True, attempts=TRIES, cap=True):
        assert zoho.invoice().code == 0
    one_of_each(zoho, 1)


class TestANewProcess:
    """It knows what is left once the books have answered."""

    def test_begins_no_deal_that_does_not_fit(self, counted: ZohoStage) -> None:
        deals = orders(counted, 2)
        leave(counted, 3)
        so_far = len(counted.world.requests)
        told(counted.invoice(*deals), deals)
        assert not counted.writes(so_far)

    def test_asks_nothing_more_on_a_day_that_is_over(self, counted: ZohoStage) -> None:
        deals = orders(counted, 2)
        leave(counted, 3)
        told(counted.invoice(*deals), deals)
        so_far = len(counted.world.requests)
        error = told(counted.invoice(*deals), deals)
        assert not asked(counted, so_far)
        assert due(error) <= counted.world.now() + HOUR  # the limit may be raised meanwhile
        counted.world.advance((midnight(counted) - counted.world.now()) // SECOND + 2)
        assert counted.invoice(*deals).code == 0
