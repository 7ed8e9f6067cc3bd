"""Faults that the sandbox injects into requests, as data."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class FaultKind(StrEnum):
    """What happens to a request that a fault hits."""

    REFUSE = "refuse"
    """The connection is dropped before anything is done."""
    LOSE = "lose"
    """It is done, and the connection is dropped without an answer."""
    LATE = "late"
    """The connection is dropped at once; it is done ``after_s`` later by the world's clock."""
    DELAY = "delay"
    """It is done at once and answered ``delay_s`` later by the real clock."""
    STATUS = "status"
    """It is not done; ``status``, ``body``, ``headers`` and ``content_type`` are answered."""
    TRUNCATE = "truncate"
    """It is done; half of the body comes under the full Content-Length, then the line drops."""
    GARBLE = "garble"
    """It is done and answered with 200 and a page of HTML."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule: which requests it hits, and what happens to them.

    Args:
        provider: The simulator's name, ``kommo``.
        match: A regular expression (so any plain text) that is searched for in the request's
            operation: ``PATCH /api/v4/leads``, ``invoiceCreate``.
        kind: What happens.
        times: How many requests it hits; None for all of them.
        skip: How many matching requests pass before it begins.
        after_s: For ``late``: seconds of the world's clock until it is done.
        delay_s: For ``delay``: seconds of the real clock until the answer.
        status: For ``status``: the HTTP status.
        body: For ``status``: a text is sent as it is, anything else as JSON.
        headers: For ``status``: further response headers.
        content_type: For ``status``: by default HTML for a text, JSON otherwise.

    Raises:
        ValueError: The kind or the expression is none.
    """

    provider: str
    match: str
    kind: FaultKind
    times: int | None = 1
    skip: int = 0
    after_s: float = 30.0
    delay_s: float = 1.0
    status: int = 500
    body: Any = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", FaultKind(self.kind))
        try:
            re.compile(self.match)
        except re.error as error:
            raise ValueError(f"{self.match!r} is no regular expression: {error}") from None

    def hits(self, provider: str, operation: str) -> bool:
        """Return whether this rule is about that operation of that provider."""
        return provider == self.provider and re.search(self.match, operation) is not None

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Fault:
        """Return the rule that ``to_dict`` gave, or that a person wrote.

        Raises:
            ValueError: A key is unknown or missing, or a value is none that the rule takes.
        """
        unknown = set(data) - {known.name for known in fields(cls)}
        if unknown:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
        missing = {"provider", "match", "kind"} - set(data)
        if missing:
            raise ValueError(f"a fault needs {', '.join(sorted(missing))}")
        return cls(**data)


@dataclass(slots=True)
class _Armed:
    fault: Fault
    seen: int = 0

    @property
    def spent(self) -> bool:
        times = self.fault.times
        return times is not None and self.seen >= self.fault.skip + times


class Faults:
    """The rules in force, in the order in which they were added; the first that hits counts."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._armed: list[_Armed] = []

    def add(self, *faults: Fault) -> None:
        """Put rules in force."""
        with self._lock:
            self._armed += [_Armed(fault) for fault in faults]

    def clear(self) -> None:
        """Lift all rules."""
        with self._lock:
            self._armed.clear()

    def pending(self) -> list[Fault]:
        """Return the rules that can still hit a request."""
        with self._lock:
            return [armed.fault for armed in self._armed if not armed.spent]

    def take(self, provider: str, operation: str) -> Fault | None:
        """Return the rule that hits this request, and count it; None when none does."""
        with self._lock:
            for armed in self._armed:
                if armed.spent or not armed.fault.hits(provider, operation):
                    continue
                armed.seen += 1
                if armed.seen > armed.fault.skip:
                    return armed.fault
            return None
