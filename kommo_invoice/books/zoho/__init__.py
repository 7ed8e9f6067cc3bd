"""Zoho Books as books (Zoho sheet): one organisation, over the API of version 3."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kommo_invoice.books.base import NameTaken, NumberTaken
from kommo_invoice.books.capability_tables import BOOKS
from kommo_invoice.books.shapes import parse
from kommo_invoice.books.zoho.budget import Meter
from kommo_invoice.books.zoho.changes import changed_since
from kommo_invoice.books.zoho.company import Organization
from kommo_invoice.books.zoho.editions import Edition, edition_of
from kommo_invoice.books.zoho.errors import ABSENT, NAME_TAKEN, NUMBER_TAKEN
from kommo_invoice.books.zoho.inputs import (
    check_discounts,
    contact_name,
    customer_body,
    invoice_body,
    mail_body,
)
from kommo_invoice.books.zoho.reading import Reading, is_id
from kommo_invoice.books.zoho.regions import api_url, region_name
from kommo_invoice.books.zoho.search import Search
from kommo_invoice.books.zoho.setup import read_accounts, read_catalog, read_currencies
from kommo_invoice.books.zoho.wire import WireContact
from kommo_invoice.books.zoho.wire_invoice import WireInvoice
from kommo_invoice.errors import ConfigInvalid, KinvError, NotExecuted, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from kommo_invoice.books.base import Budget, Look, Sighting
    from kommo_invoice.books.capabilities import BooksCapabilities
    from kommo_invoice.domain.catalog import BooksAccount, Catalog
    from kommo_invoice.domain.draft import CustomerDraft, Draft, Mail
    from kommo_invoice.domain.invoice import Customer, Invoice
    from kommo_invoice.http import Client, OpenClient

_OWN_NUMBER = ("ignore_auto_number_generation", "true")
_WITH_PDF = ("send_attachment", "true")
_CAP = re.compile(r"daily limit of \d+ e-?mails", re.IGNORECASE)


def account_id(account: str) -> str:
    """Return the organisation's id as Zoho gives it: people read it in groups of digits.

    Raises:
        ConfigInvalid: It has other characters.
    """
    found = account.replace(" ", "").replace("-", "")
    if found and not is_id(found):
        raise ConfigInvalid(
            f"{account!r} is no organisation in Zoho Books: its id has digits alone",
            hint="`kinv connect zoho` lists those that the token opens; so does Zoho Books, under "
            "Manage Organizations",
        )
    return found


def connect(
    account: str | None,
    *,
    base_url: str | None,
    open_client: OpenClient,
    environment: str | None = None,
    region: str | None = None,
) -> Zoho:
    """Return the books of one organisation.

    Args:
        account: Its id; None where it is not known yet.
        base_url: Scheme and host in place of the data centre's.
        open_client: Opens the HTTP client.
        environment: There is but production: a sandbox is an organisation of its own (section 2).
        region: The data centre, by name.

    Raises:
        ConfigInvalid: Another environment was named, or there is no such data centre.
    """
    if environment == "sandbox":
        raise ConfigInvalid(
            "books.environment: a sandbox in Zoho Books is an organisation with an id of its own",
            hint="name that id in [books] account, and leave `environment` out",
        )
    region_name(region)  # also beside a base_url
    meter = Meter()
    client = open_client(base_url or api_url(region), "zoho", BOOKS["zoho"].policy, meter.judge)
    return Zoho(client, account_id(account or ""), meter)


class Zoho:
    """One organisation in Zoho Books.

    Zoho knows no idempotency key, so the ``key`` of each write is of no use here; whether a lost
    write was done is found out by looking (section 5).

    Args:
        client: Calls Zoho's host.
        account: The organisation's id.
        meter: Reads the daily budget from the client's answers.
    """

    def __init__(self, client: Client, account: str, meter: Meter) -> None:
        self._organization = Organization(client, account)
        self._reading = Reading(self._organization)
        self._meter = meter
        self._catalog: Catalog | None = None

    @property
    def capabilities(self) -> BooksCapabilities:
        """What Zoho Books can do for this organisation, once its edition is known."""
        lacking = self._catalog.lacking if self._catalog else ()
        return BOOKS["zoho"].without(lacking)

    @property
    def budget(self) -> Budget | None:
        """What is left of the organisation's daily requests, as last told; None if it was not."""
        return self._meter.budget

    def accounts(self) -> list[BooksAccount]:
        """Return the organisations that the token opens, those that are closed left out."""
        return read_accounts(self._organization)

    def catalog(self) -> Catalog:
        """Return the organisation with its items, taxes and settings, in five requests.

        Raises:
            ConfigInvalid: The token does not open the mapping's account.
        """
        self._catalog = read_catalog(self._organization)
        return self._catalog

    def know(self, catalog: Catalog) -> None:
        """Take the set-up from a cached catalog; without it, the first write reads it."""
        self._catalog = catalog

    def look(self, looks: Sequence[Look]) -> list[Sighting]:
        """Return one sighting for each look, in order."""
        return self._search().answer(looks)

    def latest(self, since: datetime | None) -> Iterator[Invoice]:
        """Yield summaries of the invoices, newest first."""
        return self._search().latest(since)

    def check(self, draft: Draft) -> None:
        """Refuse two kinds of discount; for the rest, Zoho's drafts are compared once made.

        Raises:
            Rejected: The draft discounts its lines and the whole of them.
        """
        check_discounts(draft)

    def create_customer(self, draft: CustomerDraft, *, key: str) -> Customer:  # noqa: ARG002 - the interface's
        """Create a customer with its person, who has the address (section 4.3).

        What Zoho dropped is missing in what is returned, as it is in the answer.

        Raises:
            NameTaken: A customer or vendor has the name.
        """
        currency = self._currency_id(draft.currency)
        body = customer_body(draft, self._edition(), currency)
        try:
            answer, _ = self._organization.write("POST", "/contacts", body)
        except Rejected as error:
            if error.code == NAME_TAKEN:
                raise self._name_taken(draft) from error
            raise
        created = parse(WireContact, answer.get("contact"), after_write=True)
        return created.customer(draft.email)

    def create_invoice(self, draft: Draft, customer_id: str, *, key: str) -> Invoice:  # noqa: ARG002 - the interface's
        """Create the invoice as a draft, with our reference beside the client's order number.

        Raises:
            NumberTaken: Another invoice has the number.
        """
        self._currency_id(draft.currency)  # its own customer's, but there has to be such a one
        field = self._set_up().settings.reference_field
        body = invoice_body(draft, customer_id, self._edition(), field)
        params = () if draft.number is None else (_OWN_NUMBER,)
        try:
            answer, at = self._organization.write("POST", "/invoices", body, *params)
        except Rejected as error:
            if error.code in NUMBER_TAKEN and (draft.number or field):
                taken = draft.number or draft.reference
                raise NumberTaken(
                    f"Zoho Books has an invoice {taken} already", code=error.code
                ) from error
            raise
        return parse(WireInvoice, answer.get("invoice"), after_write=True).whole(at)

    def approve(self, invoice_id: str, *, key: str) -> None:  # noqa: ARG002 - the interface's
        """Mark a draft as sent, without a mail (section 4.5)."""
        self._turn(invoice_id, "/status/sent")

    def send(self, invoice_id: str, mail: Mail, *, key: str) -> None:  # noqa: ARG002 - the interface's
        """Have Zoho e-mail the invoice, which turns a draft into a sent one (section 4.5).

        Raises:
            NotExecuted: As many mails as its plan allows left the organisation today.
        """
        params = (_WITH_PDF,) if mail.attach_pdf else ()
        try:
            self._turn(invoice_id, "/email", mail_body(mail), *params)
        except Rejected as error:
            if _CAP.search(error.message):
                budget = self.budget
                raise NotExecuted(
                    error.message,
                    hint="it is mailed after midnight of the organisation's time zone",
                    retry_at=budget.resets_at if budget else None,
                ) from error
            raise

    def read(self, invoice_ids: Sequence[str]) -> list[Invoice | None]:
        """Return the invoices with lines and payments, in order; one request for each, or two."""
        found = {each: self._reading.invoice(each) for each in dict.fromkeys(invoice_ids)}
        return [found[each] for each in invoice_ids]

    def link(self, invoice_id: str) -> str | None:
        """Return the client's page, which works once the invoice is sent (section 4.4)."""
        found = self._reading.wire_invoice(invoice_id)
        return None if found is None else found[0].summary(found[1]).url

    def changed(self, since: datetime) -> Iterator[Invoice]:
        """Yield summaries of the invoices that changed since then, oldest change first."""
        yield from changed_since(self._organization, since)

    def delete(self, invoice_id: str, *, key: str) -> None:  # noqa: ARG002 - the interface's
        """Delete an invoice; one with payments or credits is refused (section 4.9)."""
        self._organization.write("DELETE", self._path(invoice_id))

    def void(self, invoice_id: str, *, key: str) -> None:  # noqa: ARG002 - the interface's
        """Void an invoice; its payments become the customer's credit (section 4.9)."""
        self._turn(invoice_id, "/status/void")

    def _turn(
        self,
        invoice_id: str,
        how: str,
        body: dict[str, object] | None = None,
        *params: tuple[str, str],
    ) -> None:
        self._organization.write("POST", f"{self._path(invoice_id)}{how}", body, *params)

    def _path(self, invoice_id: str) -> str:
        if not is_id(invoice_id):
            raise Rejected(f"Zoho Books has no invoice {invoice_id!r}", code=ABSENT)
        return f"/invoices/{invoice_id}"

    def _name_taken(self, draft: CustomerDraft) -> KinvError:
        """Return the refusal of a name, with the customer that has it.

        It is read whole: the address may be that of a person who is not its primary one.
        """
        name = contact_name(draft.name)
        holders = self._search().holders(name)
        row = next((each for each in holders if each.invoiceable), None)
        found = None if row is None else self._reading.contact(row.contact_id)
        whose = f"customer {row.contact_id}" if row else "a vendor" if holders else "somebody"
        return NameTaken(
            f"the name {name!r} is taken in Zoho Books by {whose}",
            None if found is None else found.customer(draft.email),
            code=NAME_TAKEN,
        )

    def _search(self) -> Search:
        return Search(self._organization, self._reading)

    def _edition(self) -> Edition:
        return edition_of(self._set_up().settings.country)

    def _currency_id(self, code: str | None) -> str | None:
        """Return the id of a currency that is not the organisation's own.

        Raises:
            Rejected: The organisation does not have it.
        """
        known = self._set_up()
        if code is None or code == known.account.currency:
            return None
        ids = {each.code: each.id for each in known.currencies}
        if code not in ids:  # it may have been added since
            ids = {each.code: each.id for each in read_currencies(self._organization)}
        if code not in ids:
            raise Rejected(
                f"this organisation in Zoho Books has no currency {code} "
                f"(it has {', '.join(sorted(ids))})",
                hint="add it in Zoho Books (Settings, Currencies), or correct the currency",
            )
        return ids[code]

    def _set_up(self) -> Catalog:
        return self._catalog or self.catalog()
