"""Wave Accounting as books (Wave sheet): one company in Wave, over its GraphQL interface."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

from kommo_invoice.books.capability_tables import BOOKS
from kommo_invoice.books.shapes import parse
from kommo_invoice.books.wave.documents import reading, stored, together
from kommo_invoice.books.wave.errors import check_payload, judge, no_such_business
from kommo_invoice.books.wave.inputs import (
    business_id,
    customer_input,
    invoice_input,
    send_input,
)
from kommo_invoice.books.wave.search import Search, instant
from kommo_invoice.books.wave.wire import (
    BusinessPage,
    ProductPage,
    TaxPage,
    WireBusiness,
    WireCustomer,
)
from kommo_invoice.books.wave.wire_invoice import InvoicePage, WireInvoice
from kommo_invoice.domain.catalog import Catalog
from kommo_invoice.errors import ConfigInvalid, LostAnswer, Rejected, Temporary
from kommo_invoice.http.calls import CallClass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from kommo_invoice.books.base import Look, Sighting
    from kommo_invoice.books.wave.documents import Part
    from kommo_invoice.domain.catalog import BooksAccount, Item, Tax
    from kommo_invoice.domain.draft import CustomerDraft, Draft, Mail
    from kommo_invoice.domain.invoice import Customer, Invoice
    from kommo_invoice.http import Client, OpenClient

BASE_URL = "https://gql.waveapps.com"
_PATH = "/graphql/public"
_ALIASES = 10  # section 6: how aliases count against the limits is not known
_OVERLAP = timedelta(milliseconds=1)  # section 14: whether modifiedAtAfter is strict is not known


def account_id(account: str) -> str:
    """Return the business id as Wave gives it, also for the bare UUID in it."""
    return business_id(account)


def connect(
    account: str | None,
    *,
    base_url: str | None,
    open_client: OpenClient,
    environment: str | None = None,
    region: str | None = None,
) -> Wave:
    """Return the books of one Wave business.

    Args:
        account: The business id as Wave gives it, or the bare UUID in it; None where only
            ``accounts()`` is asked.
        base_url: Scheme and host in place of Wave's own.
        open_client: Opens the HTTP client.
        environment: There is but production.
        region: There are no data centres to choose from.

    Raises:
        ConfigInvalid: Another environment, or a data centre, was named.
    """
    if region is not None:
        raise ConfigInvalid(
            "Wave has no data centres to choose from", hint="leave `region` out of [books]"
        )
    if environment == "sandbox":
        raise ConfigInvalid(
            "Wave has no sandbox businesses", hint="leave `environment` out of [books]"
        )
    client = open_client(base_url or BASE_URL, "wave", BOOKS["wave"].policy, judge)
    return Wave(client, business_id(account or ""))


class Wave:
    """One business in Wave.

    Wave knows no idempotency key, so the ``key`` of each write is of no use here; whether a lost
    write was done is found out by looking (section 5).
    """

    capabilities = BOOKS["wave"]
    budget = None  # nothing is told of one

    def __init__(self, client: Client, business: str) -> None:
        self._client = client
        self._business = business

    def accounts(self) -> list[BooksAccount]:
        """Return the token's businesses, personal and archived ones left out."""
        accounts: list[BooksAccount] = []
        for page in count(1):
            data = self._query("Accounts", stored("Accounts"), {"page": page})
            found = parse(BusinessPage, data["businesses"])
            accounts += [
                each.account() for each in found.nodes if not (each.is_personal or each.is_archived)
            ]
            if not found.more_after(page):
                break
        return accounts

    def catalog(self) -> Catalog:
        """Return the business with its products and sales taxes; usually in one request.

        Raises:
            ConfigInvalid: The mapping's account does not exist for this token.
        """
        items: dict[str, Item] = {}
        taxes: dict[str, Tax] = {}
        more = {"products": True, "taxes": True}
        for page in count(1):
            data = self._below_business("Catalog", stored("Catalog"), {"page": page, **more})
            if more["products"]:
                products = parse(ProductPage, data.get("products"))
                items |= {each.id: each.item() for each in products.nodes}
                more["products"] = products.more_after(page)
            if more["taxes"]:
                sales_taxes = parse(TaxPage, data.get("salesTaxes"))
                taxes |= {each.id: each.tax() for each in sales_taxes.nodes}
                more["taxes"] = sales_taxes.more_after(page)
            if not any(more.values()):
                break
        account = parse(WireBusiness, data).account()
        return Catalog(account, tuple(items.values()), tuple(taxes.values()))

    def know(self, catalog: Catalog) -> None:
        """Wave's writes need nothing of the set-up."""

    def look(self, looks: Sequence[Look]) -> list[Sighting]:
        """Return one sighting for each look, in order."""
        return Search(lambda parts: self._fetch("Look", parts)).answer(looks)

    def latest(self, since: datetime | None) -> Iterator[Invoice]:  # noqa: ARG002 - the interface's
        """Refuse it: a look finds references along with customers, in one request."""
        raise Rejected("Wave finds references with each look")

    def check(self, draft: Draft) -> None:
        """Let every draft through: Wave's drafts are compared before they are approved."""

    def create_customer(self, draft: CustomerDraft, *, key: str) -> Customer:  # noqa: ARG002 - the interface's
        """Create a customer; Wave refuses no duplicates."""
        values = customer_input(draft, self._business)
        payload = self._mutate("CreateCustomer", "customerCreate", values)
        created = parse(WireCustomer, payload.get("customer"), after_write=True)
        return created.customer()

    def create_invoice(self, draft: Draft, customer_id: str, *, key: str) -> Invoice:  # noqa: ARG002 - the interface's
        """Create the invoice as a draft, with our reference in its purchase order field.

        Raises:
            NotExecuted: Wave did not see the customer or product yet (section 9.1).
        """
        values = invoice_input(draft, customer_id, self._business)
        payload = self._mutate("CreateInvoice", "invoiceCreate", values)
        return parse(WireInvoice, payload.get("invoice"), after_write=True).whole()

    def approve(self, invoice_id: str, *, key: str) -> None:  # noqa: ARG002 - the interface's
        """Turn a draft into an invoice."""
        self._mutate("ApproveInvoice", "invoiceApprove", {"invoiceId": invoice_id})

    def send(self, invoice_id: str, mail: Mail, *, key: str) -> None:  # noqa: ARG002 - the interface's
        """Have Wave e-mail the invoice; it answers when the mail is queued (section 4.6)."""
        self._mutate("SendInvoice", "invoiceSend", send_input(invoice_id, mail))

    def read(self, invoice_ids: Sequence[str]) -> list[Invoice | None]:
        """Return the invoices with lines and payments, in order, ten in each request."""
        parts = [reading("InvoiceById", id=each) for each in invoice_ids]
        found = self._fetch("Read", list(dict.fromkeys(parts)))
        return [
            None if found[part] is None else parse(WireInvoice, found[part]).whole()
            for part in parts
        ]

    def link(self, invoice_id: str) -> str | None:
        """Return the invoice's public page, which every answer has (section 4.7)."""
        (found,) = self.read([invoice_id])
        return found.url if found else None

    def changed(self, since: datetime) -> Iterator[Invoice]:
        """Yield summaries of the invoices that changed since then, oldest change first.

        Wave pages by offset: an invoice that changes during the walk moves to the end, and the
        next page would miss one. So each page starts at the last one's newest change; only when
        all of a page changed within the overlap, the next page is turned to.
        """
        seen: set[tuple[str, datetime]] = set()
        page = 1
        while True:
            variables = {"since": instant(since), "page": page}
            data = self._below_business("Changed", stored("Changed"), variables)
            found = parse(InvoicePage, data["invoices"])
            for row in found.nodes:
                if (row.id, row.modified_at) not in seen:
                    seen.add((row.id, row.modified_at))
                    yield row.summary()
            if not found.more_after(page) or not found.nodes:
                return
            newest = found.nodes[-1].modified_at - _OVERLAP
            since, page = (newest, 1) if newest > since else (since, page + 1)

    def delete(self, invoice_id: str, *, key: str) -> None:  # noqa: ARG002 - the interface's
        """Delete a draft; there is no way back."""
        self._mutate("DeleteInvoice", "invoiceDelete", {"invoiceId": invoice_id})

    def void(self, invoice_id: str, *, key: str) -> None:  # noqa: ARG002 - the interface's
        """Refuse it: Wave knows neither void nor credit note (section 4.9)."""
        raise Rejected("Wave cannot void invoices", hint="delete it, or settle it in Wave")

    def _fetch(self, operation: str, parts: Sequence[Part]) -> Mapping[Part, object]:
        """Read parts, as many in one document as is safe; what does not exist is None."""
        answers: dict[Part, object] = {}
        for start in range(0, len(parts), _ALIASES):
            chunk = parts[start : start + _ALIASES]
            document, variables = together(operation, chunk)
            data = self._below_business(operation, document, variables)
            answers |= {part: data[f"part{number}"] for number, part in enumerate(chunk, 1)}
        return answers

    def _below_business(
        self, operation: str, document: str, variables: Mapping[str, object]
    ) -> Mapping[str, object]:
        """Return what stands under ``business`` in the answer to a query."""
        data = self._query(operation, document, {"business": self._business, **variables})
        business = data.get("business")
        if not isinstance(business, dict):
            raise no_such_business()
        return business

    def _query(
        self, operation: str, document: str, variables: Mapping[str, object]
    ) -> Mapping[str, object]:
        try:
            return self._call(CallClass.READ, operation, document, variables)
        except LostAnswer as error:
            # The judge of answers does not know what was asked; a query has nothing to lose.
            raise Temporary(error.message, hint=error.hint, retry_at=error.retry_at) from error

    def _mutate(
        self, operation: str, field: str, values: Mapping[str, object]
    ) -> Mapping[str, object]:
        """Return the payload of a mutation that succeeded; none of Wave's may be repeated."""
        data = self._call(CallClass.CREATE, operation, stored(operation), {"input": values})
        return check_payload(field, data.get(field))

    def _call(
        self, call: CallClass, operation: str, document: str, variables: Mapping[str, object]
    ) -> Mapping[str, object]:
        body = {"query": document, "variables": variables, "operationName": operation}
        reply = self._client.call(call, "POST", _PATH, json=body)
        data = reply.body.get("data") if isinstance(reply.body, dict) else None
        if not isinstance(data, dict):
            raise LostAnswer("Wave answered without data")
        return data
