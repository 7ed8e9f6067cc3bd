"""Reading single objects, and many invoices with their payments (QuickBooks sheet, 4.6 and 4.8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from kommo_invoice.books.quickbooks.company import time_of
from kommo_invoice.books.quickbooks.errors import ABSENT
from kommo_invoice.books.quickbooks.query import one_of, select
from kommo_invoice.books.quickbooks.wire import WireCustomer
from kommo_invoice.books.quickbooks.wire_invoice import WireInvoice, WirePayment
from kommo_invoice.books.shapes import parse
from kommo_invoice.errors import Rejected, Temporary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from kommo_invoice.books.quickbooks.company import Company, Row
    from kommo_invoice.domain.invoice import Invoice

WITH_LINK = ("include", "invoiceLink")
_IDS = 200  # section 4.7: so many are short enough for a GET


class Reading:
    """Reads what is named by its id.

    Args:
        company: Answers requests.
        home: Gives the company's own currency.
    """

    def __init__(self, company: Company, home: Callable[[], str]) -> None:
        self._company = company
        self._home = home

    def wire_invoice(self, invoice_id: str) -> tuple[WireInvoice, datetime | None] | None:
        """Return an invoice as it is now, and when that was; None when there is none."""
        answer = self._one("invoice", invoice_id, WITH_LINK)
        if answer is None:
            return None
        return parse(WireInvoice, _object(answer, "Invoice")), time_of(answer)

    def customer(self, customer_id: str) -> WireCustomer | None:
        """Return a customer as it is now; None when there is none."""
        answer = self._one("customer", customer_id)
        return None if answer is None else parse(WireCustomer, _object(answer, "Customer"))

    def invoices(self, ids: Sequence[str]) -> dict[str, Invoice | None]:
        """Return invoices with lines and payments; None where one does not exist.

        Several are read by queries; one that they do not show is asked for by itself, since a
        query may be late and "not shown" is not "gone".
        """
        wanted = list(dict.fromkeys(ids))
        found = dict(self._listed(wanted)) if len(wanted) > 1 else {}
        for each in wanted:
            one = None if each in found else self.wire_invoice(each)
            if one is not None:
                found[each] = one
        return dict.fromkeys(wanted) | self.whole(found.values())

    def summaries(self, ids: Sequence[str]) -> list[Invoice]:
        """Return the invoices that queries show, without lines and payments."""
        found = dict(self._listed(list(dict.fromkeys(ids))))
        return [invoice.summary(self._home, at) for invoice, at in found.values()]

    def whole(self, found: Iterable[tuple[WireInvoice, datetime | None]]) -> dict[str, Invoice]:
        """Return invoices in kinv's words, with the payments that are linked with them."""
        rows = list(found)
        linked = dict.fromkeys(each for invoice, _ in rows for each in invoice.payment_ids)
        payments = {each.id: each for each in self._payments(list(linked))}
        return {invoice.id: invoice.whole(self._home, at, payments) for invoice, at in rows}

    def _listed(
        self, ids: Sequence[str]
    ) -> Iterator[tuple[str, tuple[WireInvoice, datetime | None]]]:
        for chunk in _chunks(ids):
            page = self._company.page(select("Invoice", one_of("Id", chunk)), WITH_LINK)
            for row in page.rows:
                invoice = parse(WireInvoice, row)
                yield invoice.id, (invoice, page.at)

    def _payments(self, ids: Sequence[str]) -> Iterator[WirePayment]:
        for chunk in _chunks(ids):
            for row in self._company.page(select("Payment", one_of("Id", chunk))).rows:
                yield parse(WirePayment, row)

    def _one(self, name: str, object_id: str, *params: tuple[str, str]) -> Row | None:
        try:
            return self._company.get(f"/{name}/{quote(object_id, safe='')}", *params)
        except Rejected as error:
            if error.code in ABSENT:
                return None
            raise


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[at : at + _IDS] for at in range(0, len(ids), _IDS))


def _object(answer: Row, name: str) -> Row:
    found = answer.get(name)
    if not isinstance(found, Mapping):
        raise Temporary(f"QuickBooks answered without the {name.lower()}")
    return found
