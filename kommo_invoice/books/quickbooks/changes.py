"""Following changes: by the change log, by queries where it ends (QuickBooks sheet, 4.7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kommo_invoice.books.quickbooks.company import rows_of, time_of
from kommo_invoice.books.quickbooks.query import PAGE, instant, not_before, select
from kommo_invoice.books.quickbooks.wire_invoice import WireInvoice, WirePayment, deleted
from kommo_invoice.books.shapes import DAWN, parse
from kommo_invoice.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kommo_invoice.books.quickbooks.company import Company, Row
    from kommo_invoice.books.quickbooks.reading import Reading
    from kommo_invoice.domain.invoice import Invoice

_ENTITIES = ("Invoice", "Payment")
_CHANGED = "MetaData.LastUpdatedTime"
_REACH = timedelta(days=30) - timedelta(hours=1)  # it is cut at 30 days; clocks may differ
_OVERLAP = timedelta(seconds=1)  # times have whole seconds


class Changes:
    """Finds the invoices that changed since a moment, by themselves or by a payment.

    That a payment moves the time of its invoice is not established, so payments are asked for as
    well, and the invoices that they name are read. What a deleted payment was for is not told.

    Args:
        company: Answers requests.
        reading: Reads invoices.
        home: Gives the company's own currency.
    """

    def __init__(self, company: Company, reading: Reading, home: Callable[[], str]) -> None:
        self._company = company
        self._reading = reading
        self._home = home

    def since(self, moment: datetime) -> Iterator[Invoice]:
        """Yield summaries of the invoices that changed since then, oldest change first."""
        rows, at = self._rows(moment)
        found: dict[str, Invoice] = {}
        for row in rows["Invoice"]:
            gone = deleted(row, self._home)
            summary = gone or parse(WireInvoice, row).summary(self._home, at)
            found[summary.id] = summary
        paid = [
            invoice
            for row in rows["Payment"]
            if row.get("status") != "Deleted"
            for invoice in parse(WirePayment, row).invoices()
            if invoice not in found
        ]
        named = self._reading.summaries(paid)
        yield from sorted([*found.values(), *named], key=lambda each: each.modified_at or DAWN)

    def _rows(self, moment: datetime) -> tuple[dict[str, list[Row]], datetime | None]:
        """Return the changed rows of each kind, and when QuickBooks answered."""
        rows, at = self._log(_ENTITIES, moment)
        reached = at is not None and at - moment <= _REACH
        if reached and sum(map(len, rows.values())) < PAGE:
            return rows, at
        # An answer has at most 1000 objects and no second page: each kind is asked for alone,
        # and what is too much even so by a query, which has pages but does not name the deleted.
        for entity in _ENTITIES:
            if reached:
                rows |= self._log((entity,), moment)[0]
            if not reached or len(rows[entity]) >= PAGE:
                gone = [row for row in rows[entity] if row.get("status") == "Deleted"]
                rows[entity] = [*gone, *self._query(entity, moment)]
        return rows, at

    def _log(
        self, entities: Iterable[str], moment: datetime
    ) -> tuple[dict[str, list[Row]], datetime | None]:
        """Return the change log's rows, and when it answered; None where it refused."""
        names = list(entities)
        asked = (("entities", ",".join(names)), ("changedSince", instant(moment)))
        found: dict[str, list[Row]] = {name: [] for name in names}
        try:
            answer = self._company.get("/cdc", *asked)
        except Rejected:
            return found, None
        for response in rows_of(answer, "CDCResponse"):
            for part in rows_of(response, "QueryResponse"):
                for name in names:
                    found[name] += rows_of(part, name)
        return found, time_of(answer)

    def _query(self, entity: str, moment: datetime) -> Iterator[Row]:
        """Yield the rows that changed since then, each state of them once.

        A row that changes during the walk moves to the end, and the next page would miss one. So
        each page starts at the last one's newest change, if that is newer at all.
        """
        seen: set[tuple[object, object]] = set()
        start = 1
        while True:
            asked = select(entity, not_before(_CHANGED, moment), order=_CHANGED)
            page = self._company.page(asked, start=start)
            for row in page.rows:
                state = (row.get("Id"), row.get("SyncToken"))
                if state not in seen:
                    seen.add(state)
                    yield row
            if not page.full:
                return
            newest = _changed_at(page.rows[-1]) - _OVERLAP
            moment, start = (newest, 1) if newest > moment else (moment, start + len(page.rows))


def _changed_at(row: Row) -> datetime:
    times = row.get("MetaData")
    moment = time_of(times, "LastUpdatedTime") if isinstance(times, Mapping) else None
    return moment or DAWN
