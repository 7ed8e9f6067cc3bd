"""The one world that all simulators share: its clock, tokens, limits, faults and what was asked."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import RLock
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.faults import Faults

if TYPE_CHECKING:
    from collections.abc import Callable


def utc_now() -> datetime:
    """Return the real time."""
    return datetime.now(UTC)


@dataclass(slots=True)
class RequestRecord:
    """One request that reached a provider's port.

    Args:
        operation: As faults see it: ``PATCH /api/v4/leads``, ``invoiceCreate``.
        query: The raw query string.
        body: The JSON of the body, or its text where it is no JSON; None without a body.
        status: What the provider answered, also when the answer was lost on the way; None when
            it did nothing.
        at: The world's time.
        fault: The kind of the fault that hit it.
    """

    provider: str
    method: str
    path: str
    operation: str
    query: str
    body: Any
    status: int | None
    at: datetime
    fault: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON data."""
        return {
            "provider": self.provider,
            "method": self.method,
            "path": self.path,
            "operation": self.operation,
            "query": self.query,
            "body": self.body,
            "status": self.status,
            "at": self.at.isoformat(),
            "fault": self.fault,
        }


class Ids:
    """Counters by name, so that the same story always gives the same ids."""

    def __init__(self) -> None:
        self._counters: dict[str, count[int]] = {}

    def next(self, name: str, start: int = 1) -> int:
        """Return the next number of the counter ``name``, which begins at ``start``."""
        return next(self._counters.setdefault(name, count(start)))


@dataclass(frozen=True, slots=True)
class _Due:
    at: datetime
    action: Callable[[], None]


class World:
    """What the simulators share.

    Args:
        clock: The time that the world's own clock is an offset of.

    Attributes:
        lock: Held around every look at or change of a simulator's state.
        ids: The counters of all ids.
        tokens: By provider, the bearer tokens that are valid now.
        expired: The bearer tokens that were valid once.
        requests: Every request, in order of arrival.
        lag_s: How many seconds after a write lists and searches still show what was before.
        unlimited: True to switch rate limits off.
        faults: The fault rules in force.
    """

    def __init__(self, clock: Callable[[], datetime] = utc_now) -> None:
        self.lock = RLock()
        self.ids = Ids()
        self.tokens: defaultdict[str, set[str]] = defaultdict(set)
        self.expired: set[str] = set()
        self.requests: list[RequestRecord] = []
        self.lag_s = 0.0
        self.unlimited = False
        self.faults = Faults()
        self._clock = clock
        self._offset = timedelta()
        self._states: dict[str, Any] = {}
        self._due: list[_Due] = []
        self._recent: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def now(self) -> datetime:
        """Return the world's time (UTC)."""
        return self._clock() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock forward and do what became due; not from a simulator's own thread."""
        with self.lock:
            self._offset += timedelta(seconds=seconds)
        self.run_due()

    def later(self, after_s: float, action: Callable[[], None]) -> None:
        """Have ``action`` done by the first ``run_due`` or ``advance`` past ``after_s``."""
        with self.lock:
            self._due.append(_Due(self.now() + timedelta(seconds=after_s), action))

    def run_due(self) -> None:
        """Do, in order, what was put off until now or earlier."""
        with self.lock:
            now = self.now()
            ready = sorted((due for due in self._due if due.at <= now), key=lambda due: due.at)
            self._due = [due for due in self._due if due.at > now]
        for due in ready:
            due.action()

    def register(self, provider: str, state: Any) -> None:
        """Keep a simulator's own state under its provider's name."""
        self._states[provider] = state

    def state(self, provider: str) -> Any:
        """Return what the provider's simulator registered."""
        return self._states[provider]

    def expire(self, provider: str) -> None:
        """Let every token of the provider run out at once."""
        with self.lock:
            self.expired |= self.tokens[provider]
            self.tokens[provider].clear()

    def over_rate(self, key: str, limit: int, window_s: float) -> float | None:
        """Count one request against a limit.

        Args:
            key: Whose limit it is: a provider, or a provider and a token.
            limit: How many requests are allowed within any window.
            window_s: The window's length in seconds of the world's clock.

        Returns:
            None when the request is within the limit; else the seconds until one is again. A
            refused request does not count.
        """
        if self.unlimited:
            return None
        with self.lock:
            now = self.now()
            window = timedelta(seconds=window_s)
            recent = self._recent[key]
            while recent and recent[0] <= now - window:
                recent.popleft()
            if len(recent) >= limit:
                return (recent[0] + window - now).total_seconds()
            recent.append(now)
            return None

    def calls(self, provider: str) -> Counter[str]:
        """Return how often each operation of the provider was asked for."""
        with self.lock:
            return Counter(asked.operation for asked in self.requests if asked.provider == provider)
