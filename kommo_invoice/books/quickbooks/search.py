"""Looking for customers and invoices in as few requests as possible (QuickBooks sheet, section 11).

Neither the private note nor a custom field can be filtered by (section 4.7), so invoices are found
among those made since a moment, or of a customer, and by their number where that is ours.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from kommo_invoice.books.base import Sighting
from kommo_invoice.books.matching import fits
from kommo_invoice.books.quickbooks.query import (
    ANY_STATE,
    begins,
    contains,
    equals,
    not_before,
    one_of,
    select,
)
from kommo_invoice.books.quickbooks.wire import WireCustomer
from kommo_invoice.books.quickbooks.wire_invoice import WireInvoice
from kommo_invoice.books.shapes import DAWN, parse
from kommo_invoice.domain.claim import base_reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from kommo_invoice.books.base import Look
    from kommo_invoice.books.quickbooks.company import Company, Page, Row
    from kommo_invoice.books.quickbooks.query import Select
    from kommo_invoice.books.quickbooks.reading import Reading
    from kommo_invoice.domain.invoice import Customer, Invoice

_MADE = "MetaData.CreateTime"


class Search:
    """Answers looks together: each thing is read once, and first pages share a request.

    A look that finds no invoice, in a company with few new ones since, takes one request. An
    invoice that is found in a list is read again by its id: what a query shows may be old.

    Args:
        company: Answers queries.
        reading: Reads what is named by its id.
    """

    def __init__(self, company: Company, reading: Reading) -> None:
        self._company = company
        self._reading = reading
        self._pages: dict[Select, Page] = {}
        self._people: dict[str, WireCustomer | None] = {}
        self._invoices: dict[str, Invoice | None] = {}

    def answer(self, looks: Sequence[Look]) -> list[Sighting]:
        """Return one sighting for each look, in order."""
        business, named = _business_list(looks), _named_people(looks)
        lists = [each for look in looks for each in _first_lists(look)]
        self._prepare([*lists, *(each for each in (named, business) if each is not None)])
        self._read_people(looks, named)
        customers = [self._customers(look) for look in looks]
        asked_for = [self._customer(look) for look in looks]
        owners = [
            [*found, *([one] if one else [])]
            for found, one in zip(customers, asked_for, strict=True)
        ]
        matches = self._matches(looks, business, owners)
        wanted = [*(look.invoice_id for look in looks), *(each for ids in matches for each in ids)]
        self._read_invoices(dict.fromkeys(each for each in wanted if each is not None))
        return [
            Sighting(found, one, self._fitting(look, ids), self._invoice(look.invoice_id))
            for look, found, one, ids in zip(looks, customers, asked_for, matches, strict=True)
        ]

    # -- customers ---------------------------------------------------------------------------

    def _read_people(self, looks: Iterable[Look], named: Select | None) -> None:
        """Read the customers asked for by id; one that no query shows yet is asked for itself."""
        if named is None:
            return
        for row in self._rows(named):
            each = parse(WireCustomer, row)
            self._people[each.id] = each
        for look in looks:
            if look.customer_id is not None and look.customer_id not in self._people:
                self._people[look.customer_id] = self._reading.customer(look.customer_id)

    def _customer(self, look: Look) -> Customer | None:
        found = self._people[look.customer_id] if look.customer_id is not None else None
        return found.customer(look.email) if found is not None else None

    def _customers(self, look: Look) -> tuple[Customer, ...]:
        """Return the customers with exactly the look's address; parts of others are left out."""
        if look.email is None:
            return ()
        found: dict[str, Customer] = {}
        for each in _by_email(look.email):
            for row in self._rows(each):
                wire = parse(WireCustomer, row)
                if wire.invoiceable and wire.has(look.email):
                    found[wire.id] = wire.customer(look.email)
        return tuple(sorted(found.values(), key=_age))

    # -- invoices ----------------------------------------------------------------------------

    def _matches(
        self, looks: Sequence[Look], business: Select | None, owners: Sequence[Sequence[Customer]]
    ) -> list[list[str]]:
        """Return, for each look, the ids of the listed invoices that match it."""
        cut = business is not None and self._is_cut(business, looks)
        scans: dict[Select, list[int]] = defaultdict(list)
        for index, look in enumerate(looks):
            if look.number is not None:
                scans[_by_number(look, look.number)].append(index)
            if business is not None and _scans_business(look):
                scans[business].append(index)
                for customer in owners[index] if cut else ():
                    scans[_of_customer(customer, look)].append(index)
        self._prepare(scans)
        found: list[dict[str, None]] = [{} for _ in looks]
        for each, indexes in scans.items():
            for row in self._rows(each, cut=cut and each == business):
                invoice = parse(WireInvoice, row)
                for index in indexes:
                    if fits(looks[index], invoice.doc_number, invoice.texts):
                        found[index][invoice.id] = None
        return [list(ids) for ids in found]

    def _is_cut(self, business: Select, looks: Iterable[Look]) -> bool:
        """Whether the business' list is too long to be read to its end for these looks."""
        thorough = any(look.thorough and _scans_business(look) for look in looks)
        return not thorough and self._pages[business].full

    def _read_invoices(self, ids: Iterable[str]) -> None:
        """Read invoices one by one: what was just sent or paid has to show."""
        wires = {each: self._reading.wire_invoice(each) for each in ids}
        whole = self._reading.whole(each for each in wires.values() if each is not None)
        self._invoices = {each: whole.get(each) for each in wires}

    def _fitting(self, look: Look, ids: Iterable[str]) -> tuple[Invoice, ...]:
        """Return the matching invoices that still exist, oldest first."""
        candidates = [self._invoice(each) for each in dict.fromkeys([*ids, look.invoice_id])]
        found = [
            each
            for each in candidates
            if each is not None and fits(look, each.number, each.references)
        ]
        return tuple(sorted(found, key=_age))

    def _invoice(self, invoice_id: str | None) -> Invoice | None:
        return None if invoice_id is None else self._invoices[invoice_id]

    # -- rows --------------------------------------------------------------------------------

    def _prepare(self, selects: Iterable[Select]) -> None:
        """Read the first pages that are not read yet, together."""
        missing = [each for each in dict.fromkeys(selects) if each not in self._pages]
        if missing:
            self._pages |= self._company.first_pages(missing)

    def _rows(self, each: Select, *, cut: bool = False) -> Iterator[Row]:
        """Yield the rows of a statement; ``cut`` stops after its first page.

        Further pages are not kept: a business may have thousands of invoices.
        """
        first = self._pages[each]
        yield from first.rows
        if first.full and not cut:
            yield from self._company.rows(each, start=len(first.rows) + 1)


def _business_list(looks: Iterable[Look]) -> Select | None:
    """Return the one list of the whole business that serves all looks, None if none needs it."""
    bounds = [look.since for look in looks if _scans_business(look)]
    if not bounds:
        return None
    known = [bound for bound in bounds if bound is not None]
    return _made_since(min(known) if len(known) == len(bounds) else None)


def _scans_business(look: Look) -> bool:
    """Whether invoices have to be found by reading lists; a number can be searched instead."""
    by_number = look.number is not None and look.number == look.reference
    return look.reference is not None and (not by_number or look.thorough)


def _first_lists(look: Look) -> Iterator[Select]:
    if look.email is not None:
        yield from _by_email(look.email)
    if look.number is not None:
        yield _by_number(look, look.number)


def _by_email(email: str) -> Iterator[Select]:
    """Yield the searches for an address: as the whole text, and in a text with several (4.1).

    Letter case should not matter (section 4.0). Should it matter after all, addresses are found
    that stand there as they are asked for, or in small letters.
    """
    yield select("Customer", equals("PrimaryEmailAddr", email), ANY_STATE, few=True)
    yield select("Customer", contains("PrimaryEmailAddr", email.lower()), ANY_STATE, few=True)


def _named_people(looks: Iterable[Look]) -> Select | None:
    ids = dict.fromkeys(look.customer_id for look in looks if look.customer_id is not None)
    return select("Customer", one_of("Id", ids), ANY_STATE) if ids else None


def _by_number(look: Look, number: str) -> Select:
    if look.base_reference and number == look.reference:
        return select("Invoice", begins("DocNumber", base_reference(number)), few=True)
    return select("Invoice", equals("DocNumber", number), few=True)


def _of_customer(customer: Customer, look: Look) -> Select:
    return _made_since(look.since, equals("CustomerRef", customer.id))


def _made_since(moment: datetime | None, *where: str) -> Select:
    since = () if moment is None else (not_before(_MADE, moment),)
    return select("Invoice", *where, *since)


def _age(each: Customer | Invoice) -> tuple[datetime, int, str]:
    return each.created_at or DAWN, int(each.id) if each.id.isdecimal() else 0, each.id
