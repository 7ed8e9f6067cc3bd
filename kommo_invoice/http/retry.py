"""When a failed try is repeated, and how long kinv waits before it."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeVar

import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from kommo_invoice.errors import RateLimited, Temporary

T = TypeVar("T")
Clock = Callable[[], datetime]

TRIES = 4
CONNECT_TRIES = 3
LONGEST_OBEYED_S = 60.0  # design, section 7: Retry-After is obeyed up to a minute
LONGEST_BLOCK = timedelta(days=1)  # a provider that asks for more is looked at again after it
GIVE_UP_AFTER_S = 20.0
LIMITED_WAITS_S = (1.0, 2.0, 4.0)  # Kommo sheet: a 429 may come without any Retry-After

_logger = logging.getLogger(__name__)
_again = stamina.RetryingCaller(
    attempts=TRIES, timeout=None, wait_initial=0.25, wait_jitter=0.25, wait_max=4.0
)


class TryAgainError(Exception):
    """A try failed in a way that allows another one.

    Args:
        error: What the caller gets when the last try fails like this.
        connecting: Not even a connection was made, so a few quick tries tell all there is.
    """

    def __init__(self, error: Temporary, *, connecting: bool = False) -> None:
        super().__init__(error.message)
        self.error = error
        self.connecting = connecting


def repeat(attempt: Callable[[], T], clock: Clock) -> T:
    """Return what ``attempt`` returns, repeating it for as long as that makes sense.

    Args:
        attempt: Raises TryAgainError where another try is allowed; any other error ends it.
        clock: The time (UTC).

    Raises:
        TryAgainError: The last try's, when there is no further one.
    """
    return _again(_Pauses(clock), attempt)


class _Pauses:
    """The waits of one call: seconds, True for the usual back-off, False to give up."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started = time.monotonic()
        self._tries = 0
        self._obeyed_s = 0.0

    def __call__(self, failure: Exception) -> bool | float:
        if not isinstance(failure, TryAgainError):
            return False
        self._tries += 1
        if failure.error.retry_at is not None:
            return self._until(failure.error.retry_at)
        if isinstance(failure.error, RateLimited):
            return self._tries < TRIES and LIMITED_WAITS_S[self._tries - 1]
        if failure.connecting:
            return self._tries < CONNECT_TRIES
        # A provider that is slow to fail is not asked again: a command ends in a minute.
        return time.monotonic() - self._started < GIVE_UP_AFTER_S

    def _until(self, moment: datetime) -> bool | float:
        wait = max(0.0, (moment - self._clock()).total_seconds())
        self._obeyed_s += wait
        return self._obeyed_s <= LONGEST_OBEYED_S and wait


def retry_at(header: str | None, now: datetime) -> datetime | None:
    """Return the moment that a Retry-After header names.

    Args:
        header: Seconds or an HTTP date (RFC 9110, section 10.2.3); anything else is ignored.
        now: When the reply came (UTC).

    Returns:
        A moment from ``now`` to a day later; None where there is no usable header.
    """
    if header is None:
        return None
    moment = _after(header, now) or _on(header)
    return None if moment is None else min(max(moment, now), now + LONGEST_BLOCK)


def _after(header: str, now: datetime) -> datetime | None:
    try:
        seconds = float(header)
    except ValueError:
        return None
    if math.isnan(seconds):
        return None
    return now + timedelta(seconds=min(max(seconds, 0.0), LONGEST_BLOCK.total_seconds()))


def _on(header: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def _log(details: RetryDetails) -> None:
    _logger.info("%s: next try in %.1f s", details.caused_by, details.wait_for)


set_on_retry_hooks((_log,))
