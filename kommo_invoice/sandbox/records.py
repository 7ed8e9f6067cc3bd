"""Records with their past, in the simulators whose lists may still show what was."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SETTLED = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One object in the books, never changed, only followed by newer ones.

    Args:
        kind: What it is: ``Invoice``.
        data: Its properties, without id, times and what follows from other records.
        created_at: When it was made (UTC).
        updated_at: When it was changed last (UTC).
    """

    kind: str
    id: str
    data: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime


R = TypeVar("R", bound=Record)


class Table(Generic[R]):
    """Records of one kind with their past."""

    def __init__(self) -> None:
        self._now: dict[str, R] = {}
        self._past: defaultdict[str, list[tuple[datetime, R | None]]] = defaultdict(list)
        self.deleted: dict[str, datetime] = {}

    def put(self, record: R, at: datetime) -> R:
        """Keep the record, written at that time, and return it."""
        self._now[record.id] = record
        self._past[record.id].append((at, record))
        return record

    def settle(self, record: R) -> R:
        """Keep the record as if it had always been so, and return it."""
        self._past.pop(record.id, None)
        return self.put(record, _SETTLED)

    def drop(self, record: R, at: datetime) -> None:
        """Delete the record."""
        del self._now[record.id]
        self._past[record.id].append((at, None))
        self.deleted[record.id] = at

    def find(self, record_id: str | None) -> R | None:
        """Return the record with that id."""
        return self._now.get(record_id or "")

    def all(self, as_of: datetime | None = None) -> Iterator[R]:
        """Yield the records as they are, or as they were at that time."""
        if as_of is None:
            yield from self._now.values()
            return
        for versions in self._past.values():
            record = next((each for at, each in reversed(versions) if at <= as_of), None)
            if record is not None:
                yield record
