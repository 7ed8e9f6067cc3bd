"""Looking for customers and invoices in as few requests as possible (Zoho sheet, section 11).

Filters that Zoho does not know are silently ignored, and known ones find parts of texts or other
letter cases: every row is compared here, to the list's end where a filter did not work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.books.base import Sighting
from kommo_invoice.books.matching import fits
from kommo_invoice.books.shapes import DAWN, parse
from kommo_invoice.books.zoho.wire import WireContact
from kommo_invoice.books.zoho.wire_invoice import WireInvoice
from kommo_invoice.domain.claim import base_reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from kommo_invoice.books.base import Look
    from kommo_invoice.books.zoho.company import Organization
    from kommo_invoice.books.zoho.reading import Reading
    from kommo_invoice.domain.invoice import Invoice

    Filter = tuple[str, str]

_OLDEST_FIRST = (("sort_column", "created_time"), ("sort_order", "A"))
# What is made meanwhile then moves rows to later pages, where they are seen twice, never missed.
_NEWEST_FIRST = (("sort_column", "created_time"), ("sort_order", "D"))
_EVERY_STATE = ("filter_by", "Status.All")


class Search:
    """Answers looks: each thing is asked for once.

    A look at a customer takes one request, and one more for the reference. An invoice that is
    found in a list is read again by its id: lists may lag, and have no lines.

    Args:
        organization: Answers requests.
        reading: Reads what is named by its id.
    """

    def __init__(self, organization: Organization, reading: Reading) -> None:
        self._organization = organization
        self._reading = reading
        self._people: dict[str, tuple[WireContact, ...]] = {}
        self._invoices: dict[str, Invoice | None] = {}

    def answer(self, looks: Sequence[Look]) -> list[Sighting]:
        """Return one sighting for each look, in order."""
        return [self._sighting(look) for look in looks]

    def latest(self, since: datetime | None) -> Iterator[Invoice]:
        """Yield summaries of the invoices, newest first; no filter is relied on."""
        for page in self._organization.pages("/invoices", "invoices", _EVERY_STATE, *_NEWEST_FIRST):
            rows = [parse(WireInvoice, row) for row in page.rows]
            yield from (row.summary(page.at) for row in rows)
            if _ends_before(rows, since):
                return

    def holders(self, name: str) -> list[WireContact]:
        """Return the customers and vendors of that name, the exact one first, active or not."""
        asked = (("contact_name", name), _EVERY_STATE, *_OLDEST_FIRST)
        found = [each for each in self._contacts(*asked) if each.bears(name)]
        return sorted(found, key=lambda each: each.contact_name != name)

    def _sighting(self, look: Look) -> Sighting:
        found = () if look.email is None else self._by_email(look.email)
        one = self._customer(look, found)
        named = self._invoice(look.invoice_id)
        # Nobody has the address: whose could an invoice for it be? Only a thorough look asks.
        nobody = look.email is not None and not found and one is None
        rows = () if nobody and not look.thorough else self._matches(look)
        candidates = [self._invoice(each) for each in rows]
        return Sighting(
            customers=tuple(each.customer(look.email) for each in found),
            customer=None if one is None else one.customer(look.email),
            invoices=_fitting(look, [*candidates, named]),
            invoice=named,
        )

    # -- customers ---------------------------------------------------------------------------

    def _by_email(self, email: str) -> tuple[WireContact, ...]:
        """Return the customers with exactly that address, oldest first, inactive ones too.

        Whether the filter minds letter case is not established (section 4.2): where the address
        as written finds nobody, it is asked for in small letters as well.
        """
        if email not in self._people:
            spellings = iter(dict.fromkeys((email, email.lower())))
            found: list[WireContact] = []
            while not found and (spelling := next(spellings, None)) is not None:
                found = self._of_address(email, spelling)
            self._people[email] = tuple(sorted(found, key=_age))
        return self._people[email]

    def _of_address(self, email: str, spelling: str) -> list[WireContact]:
        asked = (("email", spelling), ("contact_type", "customer"), _EVERY_STATE, *_OLDEST_FIRST)
        contacts = {each.contact_id: each for each in self._contacts(*asked)}
        return [each for each in contacts.values() if each.invoiceable and each.has(email)]

    def _customer(self, look: Look, found: Sequence[WireContact]) -> WireContact | None:
        """Return the customer asked for by id; one that was just found is not read again."""
        wanted = look.customer_id
        if wanted is None:
            return None
        seen = next((each for each in found if each.contact_id == wanted), None)
        contact = seen or self._reading.contact(wanted)
        return contact if contact is not None and contact.invoiceable else None

    def _contacts(self, *asked: Filter) -> Iterator[WireContact]:
        for row in self._organization.rows("/contacts", "contacts", *asked):
            yield parse(WireContact, row)

    # -- invoices ----------------------------------------------------------------------------

    def _matches(self, look: Look) -> list[str]:
        """Return the ids of the listed invoices that the look is for."""
        found: dict[str, None] = {}
        for searched in _searches(look):
            for row in self._rows(look, searched):
                if fits(look, row.invoice_number, row.texts):
                    found[row.invoice_id] = None
        return list(found)

    def _rows(self, look: Look, searched: Filter) -> Iterator[WireInvoice]:
        """Yield what a search lists, newest first, no further back than the look goes."""
        asked = (searched, _EVERY_STATE, *_NEWEST_FIRST)
        for page in self._organization.pages("/invoices", "invoices", *asked):
            rows = [parse(WireInvoice, row) for row in page.rows]
            yield from rows
            if _ends_before(rows, look.since):
                return

    def _invoice(self, invoice_id: str | None) -> Invoice | None:
        """Return an invoice as it is now: what was just sent or paid has to show."""
        if invoice_id is None:
            return None
        if invoice_id not in self._invoices:
            self._invoices[invoice_id] = self._reading.invoice(invoice_id)
        return self._invoices[invoice_id]


def _searches(look: Look) -> Iterator[Filter]:
    """Yield what to ask for: parts of numbers and order numbers are found by ``search_text``."""
    ours = None if look.reference is None else base_reference(look.reference)
    if ours is not None:
        yield "search_text", ours
    if look.number is not None and (ours is None or ours not in look.number):
        yield "invoice_number", look.number


def _ends_before(rows: Sequence[WireInvoice], since: datetime | None) -> bool:
    """Say whether a page, newest first, goes back further than what is looked for."""
    made = [each.created_at for each in rows if each.created_at is not None]
    in_order = len(made) == len(rows) and made == sorted(made, reverse=True)
    return since is not None and bool(made) and in_order and made[-1] < since


def _fitting(look: Look, candidates: Sequence[Invoice | None]) -> tuple[Invoice, ...]:
    """Return the invoices that still exist and are those that the look is for, oldest first."""
    known = {each.id: each for each in candidates if each is not None}
    found = [each for each in known.values() if fits(look, each.number, each.references)]
    return tuple(sorted(found, key=_invoice_age))


def _age(each: WireContact) -> tuple[datetime, int, str]:
    made = each.created_time or DAWN
    return made, _counted(each.contact_id), each.contact_id


def _invoice_age(each: Invoice) -> tuple[datetime, int, str]:
    return each.created_at or DAWN, _counted(each.id), each.id


def _counted(text: str) -> int:
    return int(text) if text.isdecimal() else 0
