"""Looking for customers and invoices in as few requests as possible (Wave sheet, section 11)."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

from kommo_invoice.books.base import Sighting
from kommo_invoice.books.matching import fits
from kommo_invoice.books.shapes import DAWN, parse
from kommo_invoice.books.wave.documents import Part, listing, reading
from kommo_invoice.books.wave.wire import CustomerPage, Node, WireCustomer, WirePage
from kommo_invoice.books.wave.wire_invoice import InvoicePage, WireInvoice
from kommo_invoice.domain.claim import base_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from kommo_invoice.books.base import Look
    from kommo_invoice.domain.invoice import Customer, Invoice

    Fetch = Callable[[Sequence[Part]], Mapping[Part, object]]


def instant(moment: datetime) -> str:
    """Return a moment as Wave writes it; what is finer than a millisecond is cut off."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


class Search:
    """Answers looks together: each thing is read once, and first pages share a document.

    A look that finds no invoice, in a business of which one list page changed since, takes one
    request. An invoice that is found in a list is read again by its id: lists lag behind, and
    they have neither lines nor payments.

    Args:
        fetch: Reads parts, as many of them in one request as Wave takes.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._answers: dict[Part, object] = {}

    def answer(self, looks: Sequence[Look]) -> list[Sighting]:
        """Return one sighting for each look, in order."""
        business = _business_list(looks)
        self._prepare(part for look in looks for part in _first_parts(look, business))
        customers = [self._customers(look) for look in looks]
        asked_for = [self._customer(look) for look in looks]
        people = [
            [*found, *([one] if one else [])]
            for found, one in zip(customers, asked_for, strict=True)
        ]
        matches = self._matches(looks, business, people)
        self._prepare(_invoice(each) for ids in matches for each in ids)
        return [
            Sighting(found, one, self._invoices(look, ids), self._invoice(look.invoice_id))
            for look, found, one, ids in zip(looks, customers, asked_for, matches, strict=True)
        ]

    def _customers(self, look: Look) -> tuple[Customer, ...]:
        """Return the customers with exactly the look's address, whatever the search thinks."""
        if look.email is None:
            return ()
        wanted = look.email.casefold()
        found = {
            row.id: row.customer()
            for part in _by_email(look.email)
            for row in self._rows(CustomerPage, part)
            if (row.email or "").casefold() == wanted
        }
        return tuple(sorted(found.values(), key=_age))

    def _customer(self, look: Look) -> Customer | None:
        if look.customer_id is None:
            return None
        answer = self._answers[_customer(look.customer_id)]
        return None if answer is None else parse(WireCustomer, answer).customer()

    def _matches(
        self, looks: Sequence[Look], business: Part | None, people: Sequence[Sequence[Customer]]
    ) -> list[list[str]]:
        """Return, for each look, the ids of the listed invoices that match it."""
        cut = business is not None and self._is_cut(business, looks)
        scans: dict[Part, list[int]] = defaultdict(list)
        for index, look in enumerate(looks):
            if look.number is not None:
                scans[_by_number(look, look.number)].append(index)
            if business is not None and _scans_business(look):
                scans[business].append(index)
                for customer in people[index] if cut else ():
                    scans[_of_customer(customer, look)].append(index)
        self._prepare(scans)
        found: list[dict[str, None]] = [{} for _ in looks]
        for part, indexes in scans.items():
            for row in self._rows(InvoicePage, part, cut=cut and part == business):
                for index in indexes:
                    if fits(looks[index], row.invoice_number, (row.invoice_number, row.po_number)):
                        found[index][row.id] = None
        return [list(ids) for ids in found]

    def _is_cut(self, business: Part, looks: Iterable[Look]) -> bool:
        """Whether the business' list is too long to be read to its end for these looks."""
        thorough = any(look.thorough and _scans_business(look) for look in looks)
        return not thorough and parse(InvoicePage, self._answers[business]).more_after(1)

    def _invoices(self, look: Look, ids: Iterable[str]) -> tuple[Invoice, ...]:
        """Return the matching invoices that still exist, oldest first."""
        candidates = [self._invoice(each) for each in dict.fromkeys([*ids, look.invoice_id])]
        found = [
            each
            for each in candidates
            if each is not None and fits(look, each.number, (each.number, each.po_number))
        ]
        return tuple(sorted(found, key=_age))

    def _invoice(self, invoice_id: str | None) -> Invoice | None:
        if invoice_id is None:
            return None
        answer = self._answers[_invoice(invoice_id)]
        return None if answer is None else parse(WireInvoice, answer).whole()

    def _prepare(self, parts: Iterable[Part]) -> None:
        """Read what is not read yet, together."""
        missing = [part for part in dict.fromkeys(parts) if part not in self._answers]
        if missing:
            self._answers.update(self._fetch(missing))

    def _rows(
        self, shape: type[WirePage[Node]], first: Part, *, cut: bool = False
    ) -> Iterator[Node]:
        """Yield the rows of a list; ``cut`` stops at its first page.

        Pages after the first are read one by one, since Wave may weigh a request by its page
        sizes (section 6), and are not kept: a business may have thousands of invoices.
        """
        for number in count(1):
            part = first.on_page(number)
            answer = self._answers[part] if number == 1 else self._fetch([part])[part]
            page = parse(shape, answer)
            yield from page.nodes
            if cut or not page.more_after(number):
                return


def _business_list(looks: Iterable[Look]) -> Part | None:
    """Return the one list of the whole business that serves all looks, None if none needs it."""
    bounds = [look.since for look in looks if _scans_business(look)]
    if not bounds:
        return None
    known = [bound for bound in bounds if bound is not None]
    since = instant(min(known)) if len(known) == len(bounds) else None
    return listing("InvoicesSince", since=since)


def _scans_business(look: Look) -> bool:
    """Whether invoices have to be found by reading lists; a number can be searched instead."""
    return look.reference is not None and (look.number is None or look.thorough)


def _first_parts(look: Look, business: Part | None) -> Iterator[Part]:
    if look.email is not None:
        yield from _by_email(look.email)
    if look.customer_id is not None:
        yield _customer(look.customer_id)
    if look.invoice_id is not None:
        yield _invoice(look.invoice_id)
    if look.number is not None:
        yield _by_number(look, look.number)
    if business is not None:
        yield business


def _by_email(email: str) -> Iterator[Part]:
    """Yield the searches for both spellings: whether Wave minds the case is not known (4.1)."""
    for spelling in dict.fromkeys([email, email.lower()]):
        yield listing("CustomersByEmail", email=spelling)


def _by_number(look: Look, number: str) -> Part:
    """Return the search for a number, which finds every number that contains it (section 4.8)."""
    every_issue = look.base_reference and number == look.reference
    return listing("InvoicesByNumber", number=base_reference(number) if every_issue else number)


def _of_customer(customer: Customer, look: Look) -> Part:
    since = instant(look.since) if look.since else None
    return listing("InvoicesOfCustomer", customer=customer.id, since=since)


def _customer(customer_id: str) -> Part:
    return reading("CustomerById", id=customer_id)


def _invoice(invoice_id: str) -> Part:
    return reading("InvoiceById", id=invoice_id)


def _age(each: Customer | Invoice) -> tuple[datetime, str]:
    return each.created_at or DAWN, each.id
