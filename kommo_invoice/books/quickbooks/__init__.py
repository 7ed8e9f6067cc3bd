"""QuickBooks Online as books (QuickBooks sheet): one company, over the Accounting API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from kommo_invoice.books.base import NameTaken, NumberTaken, Repeated
from kommo_invoice.books.capability_tables import BOOKS
from kommo_invoice.books.quickbooks.amounts import sales
from kommo_invoice.books.quickbooks.changes import Changes
from kommo_invoice.books.quickbooks.company import Company
from kommo_invoice.books.quickbooks.errors import NAME_TAKEN, NUMBER_TAKEN, STALE, judge
from kommo_invoice.books.quickbooks.inputs import customer_body, display_name, invoice_body
from kommo_invoice.books.quickbooks.query import ANY_STATE, equals, select
from kommo_invoice.books.quickbooks.reading import WITH_LINK, Reading
from kommo_invoice.books.quickbooks.search import Search
from kommo_invoice.books.quickbooks.setup import read_account, read_catalog
from kommo_invoice.books.quickbooks.wire import WireCustomer
from kommo_invoice.books.quickbooks.wire_invoice import WireInvoice
from kommo_invoice.books.shapes import parse
from kommo_invoice.errors import (
    ConfigInvalid,
    KinvError,
    LostAnswer,
    NotExecuted,
    RateLimited,
    Rejected,
    Temporary,
)
from kommo_invoice.http.calls import CallClass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from kommo_invoice.books.base import Look, Sighting
    from kommo_invoice.domain.catalog import BooksAccount, Catalog
    from kommo_invoice.domain.draft import CustomerDraft, Draft, Mail
    from kommo_invoice.domain.invoice import Customer, Invoice
    from kommo_invoice.http import Client, OpenClient

BASE_URL = "https://quickbooks.api.intuit.com"
SANDBOX_URL = "https://sandbox-quickbooks.api.intuit.com"
SANDBOX = "sandbox"
_APP = "https://qbo.intuit.com/app"
_SANDBOX_APP = "https://sandbox.qbo.intuit.com/app"


def account_id(account: str) -> str:
    """Return the realm id as QuickBooks gives it: people read it in groups of digits.

    Raises:
        ConfigInvalid: It is none.
    """
    realm = account.replace(" ", "").replace("-", "")
    if realm and not (realm.isascii() and realm.isdecimal()):
        raise ConfigInvalid(
            f"{account!r} is no QuickBooks company: its id (realm id) has digits alone",
            hint="`kinv connect quickbooks` shows the id of the company that it connects",
        )
    return realm


def connect(
    account: str | None,
    *,
    base_url: str | None,
    open_client: OpenClient,
    environment: str | None = None,
    region: str | None = None,
) -> QuickBooks:
    """Return the books of one QuickBooks company.

    Args:
        account: Its realm id; None where it is not known yet.
        base_url: Scheme and host in place of QuickBooks' own.
        open_client: Opens the HTTP client.
        environment: ``sandbox`` for a company of the sandbox, which has another host.
        region: There are no data centres to choose from.

    Raises:
        ConfigInvalid: The account is none, or a data centre was named.
    """
    if region is not None:
        raise ConfigInvalid(
            "QuickBooks has no data centres to choose from", hint="leave `region` out of [books]"
        )
    sandbox = environment == SANDBOX
    host = base_url or (SANDBOX_URL if sandbox else BASE_URL)
    client = open_client(host, "quickbooks", BOOKS["quickbooks"].policy, judge)
    app = _SANDBOX_APP if sandbox else _APP
    return QuickBooks(client, account_id(account or ""), app=app)


class QuickBooks:
    """One company in QuickBooks.

    Every write carries a ``requestid`` made of its ``key``, so that creates can be repeated; for
    e-mails that is not established, so they are not (section 5).

    Args:
        client: Calls QuickBooks' host.
        realm: The company's id.
        app: Where its staff works with it.
    """

    capabilities = BOOKS["quickbooks"]
    budget = None  # nothing is told of one

    def __init__(self, client: Client, realm: str, *, app: str = _APP) -> None:
        self._company = Company(client, realm)
        self._app = app
        self._catalog: Catalog | None = None
        self._reading = Reading(self._company, self._home)

    def accounts(self) -> list[BooksAccount]:
        """Return the connected company: there is no list of them (section 3)."""
        return [read_account(self._company)] if self._company.realm else []

    def catalog(self) -> Catalog:
        """Return the company with its items, taxes, terms and settings, in three requests."""
        self._catalog = read_catalog(self._company)
        return self._catalog

    def know(self, catalog: Catalog) -> None:
        """Take the set-up from a cached catalog; without it, the first write reads it."""
        self._catalog = catalog

    def look(self, looks: Sequence[Look]) -> list[Sighting]:
        """Return one sighting for each look, in order."""
        return Search(self._company, self._reading).answer(looks) if looks else []

    def latest(self, since: datetime | None) -> Iterator[Invoice]:  # noqa: ARG002 - the interface's
        """Refuse it: a look finds references along with customers, in one request."""
        raise Rejected("QuickBooks finds references with each look")

    def check(self, draft: Draft) -> None:
        """Refuse a draft that QuickBooks would reckon otherwise (section 8)."""
        sales(draft)

    def create_customer(self, draft: CustomerDraft, *, key: str) -> Customer:
        """Create a customer, whose name and currency are its for good (section 4.2).

        Raises:
            NameTaken: A customer, vendor or employee has the name.
        """
        body = customer_body(draft, self._set_up())
        try:
            answer = self._company.write("/customer", body, key=key)
        except Rejected as error:
            if error.code == NAME_TAKEN:
                raise self._name_taken(draft) from error
            raise
        made = parse(WireCustomer, answer.row.get("Customer"), after_write=True)
        return made.customer(draft.email)

    def create_invoice(self, draft: Draft, customer_id: str, *, key: str) -> Invoice:
        """Create the invoice, which is live at once, with our reference in its private note.

        Raises:
            NumberTaken: Another transaction has the number, and the company minds (section 4.3).
            Repeated: An earlier try of the same key may have made one as well.
        """
        body = invoice_body(draft, customer_id, self._set_up())
        try:
            answer = self._company.write("/invoice", body, WITH_LINK, key=key)
        except Rejected as error:
            if error.code in NUMBER_TAKEN:
                raise NumberTaken(
                    f"QuickBooks has an invoice {draft.number or 'of the next number'} already",
                    code=error.code,
                ) from error
            raise
        created = parse(WireInvoice, answer.row.get("Invoice"), after_write=True)
        invoice = created.whole(self._home, None, {})
        if answer.repeated:  # for how long a requestid is kept is not established (section 5)
            raise Repeated(invoice)
        return invoice

    def approve(self, invoice_id: str, *, key: str) -> None:  # noqa: ARG002 - the interface's
        """Refuse it: there are no drafts, and so nothing to approve (section 4.3)."""
        raise Rejected("QuickBooks has no drafts: its invoices are approved from the beginning")

    def send(self, invoice_id: str, mail: Mail, *, key: str) -> None:
        """Have QuickBooks e-mail the invoice; its answer proves it (section 4.5).

        Subject and text are the company's own; copies go where the invoice says.
        """
        answer = self._company.write(
            f"/invoice/{quote(invoice_id, safe='')}/send",
            None,
            ("sendTo", mail.to),
            key=key,
            call=CallClass.CREATE,
        )
        sent = parse(WireInvoice, answer.row.get("Invoice"), after_write=True)
        if not sent.mailed:
            raise LostAnswer("QuickBooks did not say that the invoice was e-mailed")

    def read(self, invoice_ids: Sequence[str]) -> list[Invoice | None]:
        """Return the invoices with lines and payments, in order, 200 in each request."""
        found = self._reading.invoices(invoice_ids)
        return [found[each] for each in invoice_ids]

    def link(self, invoice_id: str) -> str | None:
        """Return the client's page to see and pay it; where there is none, the staff's.

        It exists only where QuickBooks Payments is on and a way to pay is allowed (section 4.3).
        """
        found = self._reading.wire_invoice(invoice_id)
        if found is None:
            return None
        return found[0].invoice_link or f"{self._app}/invoice?txnId={invoice_id}"

    def changed(self, since: datetime) -> Iterator[Invoice]:
        """Yield summaries of the invoices that changed, or were paid, oldest change first."""
        return Changes(self._company, self._reading, self._home).since(since)

    def delete(self, invoice_id: str, *, key: str) -> None:
        """Delete an invoice; what is linked with it has to be unlinked first (section 4.9)."""
        self._take_back("delete", invoice_id, key)

    def void(self, invoice_id: str, *, key: str) -> None:
        """Void an invoice; its payments stay as the customer's credit (section 4.9)."""
        self._take_back("void", invoice_id, key)

    def _take_back(self, operation: Literal["delete", "void"], invoice_id: str, key: str) -> None:
        """Delete or void the invoice as it is now, again if it was changed meanwhile.

        What is refused as outdated was not done, so it is asked for under a new request id.
        """
        for last in (False, True):
            try:
                found = self._reading.wire_invoice(invoice_id)
            except RateLimited:
                raise
            except Temporary as error:  # nothing was asked for yet
                raise NotExecuted(
                    error.message, hint=error.hint, retry_at=error.retry_at
                ) from error
            if found is None:
                raise Rejected(f"QuickBooks has no invoice {invoice_id}", code="610")
            token = found[0].sync_token
            try:
                self._company.write(
                    "/invoice",
                    {"Id": invoice_id, "SyncToken": token},
                    ("operation", operation),
                    key=f"{operation}/{invoice_id}/{token}/{key}",
                )
            except Rejected as error:
                if last or error.code != STALE:
                    raise
            else:
                return

    def _name_taken(self, draft: CustomerDraft) -> KinvError:
        """Return the refusal of a name, with the customer that has it."""
        wanted = display_name(draft.name)
        asked = select("Customer", equals("DisplayName", wanted), ANY_STATE)
        holders = [
            wire
            for wire in (parse(WireCustomer, row) for row in self._company.rows(asked))
            if wire.display_name.casefold() == wanted.casefold() and wire.invoiceable
        ]
        holder = holders[0].customer(draft.email) if holders else None
        whose = f"customer {holder.id}" if holder else "a vendor, an employee or a sub-customer"
        return NameTaken(
            f"the name {wanted!r} is taken in QuickBooks by {whose}", holder, code=NAME_TAKEN
        )

    def _set_up(self) -> Catalog:
        return self._catalog or self.catalog()

    def _home(self) -> str:
        return self._set_up().account.currency
