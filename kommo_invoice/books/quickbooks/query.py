"""The SELECT statements that QuickBooks takes (QuickBooks sheet, section 4.0)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

PAGE = 1000
"""The most rows of one answer."""

ANY_STATE = "Active IN (true,false)"
"""Lists of people and things show active ones only, unless they are asked so."""


@dataclass(frozen=True, slots=True)
class Select:
    """A statement that reads whole rows in a stable order.

    Args:
        entity: What is read, as QuickBooks spells it.
        where: The conditions, all of which hold.
        order: The attribute that the rows are sorted by.
        few: Whether few rows are expected, so that others may have more room beside them.
    """

    entity: str
    where: tuple[str, ...] = ()
    order: str = "Id"
    few: bool = False

    def rows(self, start: int, size: int) -> str:
        """Return the statement for ``size`` rows from row ``start`` (1-based) on."""
        where = f" where {' and '.join(self.where)}" if self.where else ""
        page = f"STARTPOSITION {start} MAXRESULTS {size}"
        return f"select * from {self.entity}{where} ORDERBY {self.order} {page}"  # noqa: S608 - no SQL: values are quoted below


def select(entity: str, *where: str, order: str = "Id", few: bool = False) -> Select:
    """Return the statement for the entity's rows that fulfil all conditions."""
    return Select(entity, where, order, few)


def equals(attribute: str, value: str) -> str:
    """Return the condition that a text is this one, in whatever letter case."""
    return f"{attribute} = {quoted(value)}"


def contains(attribute: str, value: str) -> str:
    """Return the condition that a text holds this one; a ``%`` in it only matches more."""
    return f"{attribute} LIKE {quoted(f'%{value}%')}"


def begins(attribute: str, value: str) -> str:
    """Return the condition that a text begins so."""
    return f"{attribute} LIKE {quoted(f'{value}%')}"


def one_of(attribute: str, values: Iterable[str]) -> str:
    """Return the condition that a text is one of these."""
    return f"{attribute} IN ({','.join(quoted(each) for each in values)})"


def not_before(attribute: str, moment: datetime) -> str:
    """Return the condition that a time is this one or later."""
    return f"{attribute} >= {quoted(instant(moment))}"


def instant(moment: datetime) -> str:
    """Return a moment as QuickBooks writes its own: whole seconds with an offset (section 8)."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def quoted(value: str) -> str:
    r"""Return a value in single quotes, with ``\`` and ``'`` escaped."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
