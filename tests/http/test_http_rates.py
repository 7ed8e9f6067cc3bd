"""One budget for all processes, and as many requests in flight as the policy allows."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from kommo_invoice.errors import NotExecuted, RateLimited
from kommo_invoice.http import Policy, Rate
from kommo_invoice.http.rates import Permits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

WORKER = """
import pathlib, sys, time
from datetime import UTC, datetime
from kommo_invoice.http import Policy, Rate
from kommo_invoice.http.rates import Permits

policy = Policy((Rate(10, 1.0),), in_flight=1)
permits = Permits(pathlib.Path(sys.argv[1]), "kommo-host", policy, clock=lambda: datetime.now(UTC))
for _ in range(10):
    with permits.permit():
        print(time.monotonic(), end=" ")
        print(time.monotonic())
permits.close()
"""


def permits(
    folder: Path,
    *rates: Rate,
    in_flight: int = 3,
    factor: float = 1.0,
    sleep: Callable[[float], None] = time.sleep,
) -> Permits:
    policy = Policy(rates, in_flight)
    return Permits(folder, "kommo-host", policy, clock=lambda: NOW, factor=factor, sleep=sleep)


def take(permits: Permits, times: int = 1) -> None:
    for _ in range(times):
        with permits.permit():
            pass


def test_three_processes_share_ten_a_second_and_one_request_in_flight(tmp_path: Path) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, tmp_path], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    lines = [line for worker in workers for line in worker.communicate(timeout=30)[0].splitlines()]
    spans = sorted(tuple(map(float, line.split())) for line in lines)
    assert len(spans) == 30
    # Both ends are read a moment after the permit was taken, so a window may look a little shorter.
    starts = [start for start, _ in spans]
    assert max(sum(start <= other < start + 0.9 for other in starts) for start in starts) <= 10
    assert starts[-1] - starts[0] >= 1.9
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_a_budget_outlives_the_process_that_used_it(tmp_path: Path) -> None:
    first = permits(tmp_path, Rate(3, 60))
    take(first, 3)
    first.close()
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        raise KeyboardInterrupt

    second = permits(tmp_path, Rate(3, 60), sleep=nap)
    with pytest.raises(KeyboardInterrupt):
        take(second)
    assert 59 < naps[0] < 61
    second.close()


def test_a_wait_of_more_than_a_minute_is_told_instead(tmp_path: Path) -> None:
    naps: list[float] = []
    it = permits(tmp_path, Rate(2, 86_400), sleep=naps.append)
    take(it, 2)
    with pytest.raises(RateLimited) as raised:
        take(it)
    assert raised.value.retry_at is not None
    assert timedelta(hours=23) < raised.value.retry_at - NOW <= timedelta(hours=24, seconds=1)
    assert naps == []
    it.close()


def test_a_clock_that_was_set_back_does_not_lock_kinv_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = permits(tmp_path, Rate(2, 60))
    take(it, 2)
    an_hour_ago = time.time_ns() - 3600 * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: an_hour_ago)
    take(it, 2)
    it.close()


@pytest.mark.parametrize(
    ("rates", "factor", "allowed"),
    [
        ((Rate(3, 60),), 1.0, 3),
        ((Rate(3, 60),), 4.0, 12),
        ((Rate(3, 60),), 0.1, 1),
        ((Rate(8, 1), Rate(500, 60)), 1.0, 8),
        ((Rate(500, 1), Rate(5, 60)), 1.0, 5),
        ((Rate(9, 60), Rate(5, 3600)), 1.0, 5),
        ((Rate(5, 3600), Rate(9, 60)), 1.0, 5),
    ],
)
def test_the_strictest_rate_decides(
    tmp_path: Path, rates: tuple[Rate, ...], factor: float, allowed: int
) -> None:
    class Waited(Exception):
        pass

    def refuse(_: float) -> None:
        raise Waited

    it = permits(tmp_path, *rates, factor=factor, sleep=refuse)
    take(it, allowed)
    with pytest.raises((Waited, RateLimited)):
        take(it)
    it.close()


def test_an_infinite_factor_and_no_rates_mean_no_limit(tmp_path: Path) -> None:
    for it in (permits(tmp_path, Rate(1, 60), factor=float("inf")), permits(tmp_path)):
        take(it, 5)
        it.close()


def test_threads_share_the_requests_in_flight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = permits(tmp_path, Rate(100, 1), in_flight=2)
    both, done = threading.Barrier(3), threading.Event()

    def hold() -> None:
        with it.permit():
            both.wait()
            done.wait()

    threads = [threading.Thread(target=hold) for _ in range(2)]
    for thread in threads:
        thread.start()
    both.wait()
    monkeypatch.setattr("kommo_invoice.http.rates._LONGEST_WAIT_S", 0.01)
    with pytest.raises(NotExecuted, match="in flight"):
        take(it)
    done.set()
    for thread in threads:
        thread.join()
    take(it)
    it.close()


def test_another_process_in_flight_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (permits(tmp_path, Rate(100, 1), in_flight=1) for _ in range(2))
    monkeypatch.setattr("kommo_invoice.http.rates._LONGEST_WAIT_S", 0.01)
    with one.permit(), pytest.raises(NotExecuted, match="in flight"):
        take(other)
    take(other)
    one.close()
    other.close()
