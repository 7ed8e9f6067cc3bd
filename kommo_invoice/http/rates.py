"""Politeness: policy rates and requests in flight, one budget for all processes of the machine.

Crossing a provider's limit is punished by bans, and cron and the shell do not know of each other,
so the budget lies in a file: a sliding window of permits in SQLite (pyrate-limiter's bucket, whose
state survives the process). Its ``Limiter`` is left out: it would start a thread and count waits
from the planned moment, not from the real one.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

import pyrate_limiter
from filelock import FileLock, Timeout

from kommo_invoice.errors import NotExecuted, RateLimited
from kommo_invoice.http.calls import Policy, Rate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# A permit is a little older than its request, by a jitter that windows are lengthened by: more
# where one request too many in a window is more likely, because there are many.
_PAD_MS = 20
_LONGEST_PAD_MS = 300
_PAD_SHARE = 0.005
_LONGEST_WAIT_S = 65.0  # a budget of a minute is waited for, one of a day is not
_POLL_S = 0.01
_LEAK_EVERY = 256

# It tells each lock and unlock at debug, four lines a request.
logging.getLogger("filelock").setLevel(logging.WARNING)


class Permits:
    """The right to send one request, for one provider's host.

    Args:
        folder: Where the shared state lies; made when missing.
        name: The provider and host, as a file name.
        policy: The limits.
        clock: The time (UTC), for telling when there will be a permit.
        factor: Multiplies the rates; infinity lifts them.
        sleep: Waits for seconds; a Ctrl-C ends the wait.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        policy: Policy,
        *,
        clock: Callable[[], datetime],
        factor: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._name = name
        self._clock = clock
        self._sleep = sleep
        rates = [] if math.isinf(factor) else _needed(policy.rates, factor)
        self._longest_s = max((rate.seconds for rate in policy.rates), default=0.0)
        self._bucket = _bucket(folder / f"{name}.sqlite", rates) if rates else None
        self._mutex = threading.Lock()
        self._taken = 0
        self._open = threading.BoundedSemaphore(policy.in_flight)
        # Only the strictest limit is worth a lock between processes: see Policy.
        self._alone = FileLock(folder / f"{name}.flight") if policy.in_flight == 1 else None

    @contextmanager
    def permit(self) -> Iterator[None]:
        """Wait for the right to send one request and hold it while it is in flight.

        Raises:
            RateLimited: There is no permit within a minute: the budget is used up.
            NotExecuted: Another request has been in flight for that long.
        """
        until = time.monotonic() + _LONGEST_WAIT_S
        while True:
            with self._flight(until):
                wait = self._take()
                if wait is None:
                    yield
                    return
            # Waited for outside the flight: another process may be the next one.
            self._wait(wait, until)

    def close(self) -> None:
        """Close the shared file; what was used of the budget stays known."""
        if self._bucket is not None:
            self._bucket.close()  # type: ignore[no-untyped-call]
            self._bucket = None

    @contextmanager
    def _flight(self, until: float) -> Iterator[None]:
        left = max(0.0, until - time.monotonic())
        if not self._open.acquire(timeout=left):
            raise NotExecuted(f"{self._name}: other requests are still in flight")
        try:
            lock = self._alone
            with lock.acquire(timeout=left, poll_interval=_POLL_S) if lock else nullcontext():
                yield
        except Timeout:
            raise NotExecuted(f"{self._name}: another kinv has a request in flight") from None
        finally:
            self._open.release()

    def _take(self) -> float | None:
        """Take a permit, or return the seconds after which there may be one."""
        if self._bucket is None:
            return None
        with self._mutex:
            now = time.time_ns() // 1_000_000
            if self._taken % _LEAK_EVERY == 0:
                self._bucket.leak(now)
            item = pyrate_limiter.RateItem(self._name, now)
            if self._bucket.put(item):
                self._taken += 1
                return None
            wait_s = cast("int", self._bucket.waiting(item)) / 1000
            if wait_s > self._longest_s + 1:
                # Permits from the future: the machine's clock was set back.
                self._bucket.flush()
                return 0.0
            return wait_s

    def _wait(self, seconds: float, until: float) -> None:
        if time.monotonic() + seconds > until:
            raise RateLimited(
                f"{self._name}: kinv's own budget is used up",
                retry_at=self._clock() + timedelta(seconds=seconds),
            )
        self._sleep(seconds)


def _bucket(path: Path, rates: list[Rate]) -> pyrate_limiter.SQLiteBucket:
    return pyrate_limiter.SQLiteBucket.init_from_file(
        [pyrate_limiter.Rate(rate.requests, _window_ms(rate)) for rate in rates],
        table="permits",
        db_path=str(path),
        use_file_lock=True,
    )


def _window_ms(rate: Rate) -> int:
    window = rate.seconds * 1000
    return int(window + min(max(_PAD_MS, window * _PAD_SHARE), _LONGEST_PAD_MS))


def _needed(rates: tuple[Rate, ...], factor: float) -> list[Rate]:
    """Return the scaled rates without those that another one implies, as the bucket wants them."""
    kept: list[Rate] = []
    for rate in sorted(rates, key=lambda rate: rate.seconds):
        scaled = Rate(max(1, int(rate.requests * factor)), rate.seconds)
        while kept and kept[-1].requests >= scaled.requests:
            kept.pop()
        if not kept or _density(scaled) < _density(kept[-1]):
            kept.append(scaled)
    return kept


def _density(rate: Rate) -> float:
    return rate.requests / rate.seconds
