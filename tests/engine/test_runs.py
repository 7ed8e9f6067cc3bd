"""One run at a time; one deal's failure is its own; an outage is told once."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from kommo_invoice.engine.locks import hold

if TYPE_CHECKING:
    from stage import Stage

    from kommo_invoice.sandbox.world import RequestRecord

SINCE = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


class TestLocks:
    """A second run on the same accounts waits or ends."""

    @pytest.mark.parametrize("account", ["kommo:agency", "books"])
    def test_a_second_run_ends_naming_who_runs_since_when(self, stage: Stage, account: str) -> None:
        account = account.replace("books", f"wave:{stage.business}")
        locks = stage.state / "locks"
        with hold(locks, [account], command="kinv sync", wait_s=0, clock=lambda: SINCE):
            ended = stage.invoice()
        assert ended.code == 11
        (error,) = ended.of("error")
        assert "`kinv sync`" in error["message"]
        assert "since 2026-11-02T09:30:00" in error["message"]
        assert not stage.requests()
        assert stage.invoice().code == 0

    def test_another_account_is_no_hindrance(self, stage: Stage) -> None:
        locks = stage.state / "locks"
        with hold(locks, ["kommo:other"], command="kinv", wait_s=0, clock=lambda: SINCE):
            assert stage.invoice().code == 0

    def test_a_preview_needs_no_lock(self, stage: Stage) -> None:
        locks = stage.state / "locks"
        with hold(locks, ["kommo:agency"], command="kinv", wait_s=0, clock=lambda: SINCE):
            assert stage.kinv("invoice", "--deal", stage.deal, "--dry-run").code == 0

    def test_wait_does_the_work_after_the_other_run(self, stage: Stage) -> None:
        begun = Event()
        stage.world.requests = _Watched(begun, "invoiceSend")
        stage.fault("delay", "invoiceSend", delay_s=1)
        other = stage.popen("invoice", "--deal", stage.deal)
        assert begun.wait(30)
        ended = stage.kinv("invoice", "--deal", stage.deal, "--json", "--wait", "30s")
        other.communicate(timeout=30)
        assert (other.returncode, ended.code) == (0, 0)
        assert [event["event"] for event in ended.events] == ["skip", "summary"]
        assert len(stage.books["mails"]) == 1

    def test_a_dead_runs_lock_is_free(self, stage: Stage) -> None:
        begun = Event()
        stage.world.requests = _Watched(begun, "invoiceSend")
        stage.fault("delay", "invoiceSend", delay_s=1)
        other = stage.popen("invoice", "--deal", stage.deal)
        assert begun.wait(30)
        other.kill()
        other.communicate(timeout=30)
        stage.until_quiet()
        assert len(stage.books["mails"]) == 1


def test_a_deal_that_fails_never_stops_the_others(stage: Stage) -> None:
    bad = [
        stage.add_deal("No mail", email=None),
        stage.add_deal("Nothing", 0),
        stage.add_deal("Odd", email="odd@odd.example", fields={"Invoice ID": "odd"}),
        99,
    ]
    good = [stage.deal, stage.other]
    ended = stage.invoice(bad[0], good[0], bad[1], bad[2], good[1], bad[3])
    assert ended.code == 3
    assert {error["deal"] for error in ended.of("error")} == set(bad)
    assert ended.of("summary")[0]["deals"] == {"failed": 4, "invoiced": 2}
    assert len(stage.books["mails"]) == 2


def test_one_deal_given_twice_is_one_deal(stage: Stage) -> None:
    assert stage.invoice(stage.deal, stage.deal).code == 0
    assert len(stage.books["invoices"]) == 1


class TestAnOutage:
    """A provider that is down is told once, and costs no deal an attempt."""

    @pytest.mark.parametrize("fault", [{"kind": "status", "status": 503}, {"kind": "refuse"}])
    def test_of_the_books_stops_the_run_and_is_told_once(
        self, stage: Stage, fault: dict[str, Any], quick: None
    ) -> None:
        deals = [stage.add_deal(f"Work {n}") for n in range(40)]
        stage.invoice(stage.deal)
        stage.fault(match=".*", times=None, **fault)
        so_far = len(stage.world.requests)
        ended = stage.invoice(*deals)
        assert ended.code == 5
        (error,) = ended.of("error")
        assert (error["deal"], error["deals"]) == (None, deals)
        assert ended.of("summary")[0]["deals"] == {"waiting": 40}
        assert stage.requests(so_far)["Look"] <= 5 * 4
        assert {each["attempts"] for each in _open(stage)} == {0}
        stage.world.faults.clear()
        assert stage.kinv("retry", "--all").code == 0
        assert len(stage.books["mails"]) == 41
        assert len(stage.books["customers"]) == 2

    def test_that_loses_every_write_stops_after_five_deals(self, stage: Stage) -> None:
        deals = [stage.add_deal(f"Work {n}", email=f"c{n}@lund.example") for n in range(12)]
        stage.fault("status", "customerCreate", times=None, status=503)
        ended = stage.invoice(*deals)
        assert ended.code == 5
        assert stage.writes() == {"customerCreate": 5}
        assert len(ended.of("error")) == 6
        assert ended.of("summary")[0]["deals"] == {"waiting": 12}
        stage.world.faults.clear()
        stage.until_quiet(*deals)
        assert len(stage.books["customers"]) == len(stage.books["mails"]) == 12

    def test_of_one_request_is_no_outage(self, stage: Stage, quick: None) -> None:
        deals = [stage.add_deal(f"Work {n}") for n in range(10)]
        stage.fault("status", "Look", times=4, status=503)
        ended = stage.invoice(*deals)
        assert ended.code == 5
        assert ended.of("summary")[0]["deals"] == {"waiting": 5, "invoiced": 5}
        assert {each["attempts"] for each in _open(stage)} == {1}

    def test_of_the_crm_is_exit_5_and_nothing_is_begun(self, stage: Stage, quick: None) -> None:
        stage.fault("status", ".*", provider="kommo", times=None, status=503)
        ended = stage.invoice()
        assert ended.code == 5
        assert not stage.writes()

    @pytest.mark.parametrize("status", [429, 503])
    def test_long_wait_that_a_provider_asks_for_ends_the_run(
        self, stage: Stage, status: int
    ) -> None:
        stage.invoice(stage.deal)
        deals = [stage.add_deal(f"Work {n}") for n in range(12)]
        headers = {"Retry-After": "900"}
        stage.fault("status", "Look", times=None, status=status, headers=headers)
        so_far = len(stage.world.requests)
        ended = stage.invoice(*deals)
        assert ended.code == 5
        (error,) = ended.of("error")
        assert error["deals"] == deals
        assert stage.requests(so_far)["Look"] == 1
        stage.world.faults.clear()
        assert stage.invoice(*deals).code == 5
        assert stage.requests(so_far)["Look"] == 1
        stage.world.advance(901)
        assert stage.kinv("retry").code == 0
        assert len(stage.books["mails"]) == 13


def test_a_refused_token_stops_the_run_and_what_was_made_is_written_back(stage: Stage) -> None:
    deals = [stage.add_deal(f"Work {n}") for n in range(8)]
    stage.fault("status", "Look", skip=1, times=None, status=401)
    ended = stage.invoice(*deals)
    assert ended.code == 4
    assert len(ended.of("error")) == 1
    assert stage.requests()["Look"] == 2
    assert [stage.lead(deal)["stage"] for deal in deals] == ["Invoice Sent"] * 5 + [
        "Issue Invoice"
    ] * 3


def test_several_failures_end_with_the_most_urgent_code(stage: Stage) -> None:
    waiting, odd = stage.add_deal("Work"), stage.add_deal("Odd", fields={"Invoice ID": "odd"})
    stage.fault("refuse", "customerCreate")
    assert stage.invoice(waiting, odd).code == 5


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let retries of one request follow at once."""
    import stamina

    from kommo_invoice.http import retry

    caller = stamina.RetryingCaller(attempts=4, timeout=None, wait_initial=0, wait_jitter=0)
    monkeypatch.setattr(retry, "_again", caller)


def _open(stage: Stage) -> list[dict[str, Any]]:
    import json

    found: list[dict[str, Any]] = json.loads(stage.kinv("status", "--json").out)["open"]
    return found


class _Watched(list["RequestRecord"]):
    """The world's requests; tells when one of them has come."""

    def __init__(self, told: Event, operation: str) -> None:
        super().__init__()
        self._told = told
        self._operation = operation

    def append(self, record: RequestRecord) -> None:
        super().append(record)
        if record.operation == self._operation:
            self._told.set()
