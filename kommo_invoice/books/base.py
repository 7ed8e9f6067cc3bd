"""The interface of every books provider; ``books/capabilities.py`` says what each one can do.

Providers are thin and alike: methods stand in this order, they turn domain into wire and back and
map errors, and they hold no clock, no retries and no decisions. What a provider finds is compared
exactly here, in its own code, since searches match more (or less) than they say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kommo_invoice.errors import LostAnswer, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from kommo_invoice.books.capabilities import BooksCapabilities
    from kommo_invoice.domain.catalog import BooksAccount, Catalog
    from kommo_invoice.domain.draft import CustomerDraft, Draft, Mail
    from kommo_invoice.domain.invoice import Customer, Invoice


@dataclass(frozen=True, slots=True)
class Look:
    """What to look for before (or after) a write, answered in as few requests as possible.

    Args:
        email: Find the customers with this address.
        customer_id: Read this customer, whatever its address.
        reference: Find the invoices that carry this reference as one exact token.
        base_reference: True to find the other issues of the reference as well (``…~2``).
        order_text: The whole text that carries the reference, with the client's own order number,
            for books that search that field only as a whole (Xero sheet, section 4).
        number: The invoice number that the draft asks for, where it asks for one.
        invoice_id: Read this invoice.
        since: No invoice that is looked for is older than this (UTC).
        thorough: Search the whole business to its end; otherwise a provider may stop at the
            customers that it found, where a full search would cost more requests.
    """

    email: str | None = None
    customer_id: str | None = None
    reference: str | None = None
    base_reference: bool = False
    order_text: str | None = None
    number: str | None = None
    invoice_id: str | None = None
    since: datetime | None = None
    thorough: bool = False


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a look found.

    Args:
        customers: Every customer with exactly that address (case-folded), archived ones too,
            oldest first.
        customer: The one asked for by id; None when it does not exist.
        invoices: Every invoice that carries the reference (or asked-for number), oldest first.
        invoice: The one asked for by id; None when the books say that it does not exist.
    """

    customers: tuple[Customer, ...] = ()
    customer: Customer | None = None
    invoices: tuple[Invoice, ...] = ()
    invoice: Invoice | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """An account's requests of a day.

    Args:
        remaining: How many are left.
        limit: How many the day has; None where it is not told.
        resets_at: When there are as many again (UTC); None where it is not told.
    """

    remaining: int
    limit: int | None = None
    resets_at: datetime | None = None


class NameTaken(Rejected):
    """Another customer, vendor or employee has the name that a new customer was to bear.

    Args:
        holder: The customer that has it, active or not; None where it is nobody that may be
            invoiced.
    """

    default_hint = 'give the customer another name, or set on_name_taken = "suffix"'

    def __init__(
        self, message: str, holder: Customer | None = None, *, code: str | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.holder = holder


class NumberTaken(Rejected):
    """Another invoice has the number that a new one was to bear: it may be the one looked for."""


class Repeated(LostAnswer):
    """An invoice was made by a repeat with the same key, after a try whose answer was lost.

    Books that keep a key for too short a time may have made it twice: it has to be looked for.

    Args:
        invoice: The one that the answer told.
    """

    def __init__(self, invoice: Invoice) -> None:
        super().__init__("the invoice was made by a repeat, and may stand twice")
        self.invoice = invoice


class Books(Protocol):
    """One company in the books."""

    @property
    def capabilities(self) -> BooksCapabilities:
        """What these books can do, for this account as soon as its catalog is known."""

    @property
    def budget(self) -> Budget | None:
        """What is left of the day's requests, as last told; None where nothing is told."""

    def accounts(self) -> list[BooksAccount]:
        """Return the companies that the token may use, personal and archived ones left out."""

    def catalog(self) -> Catalog:
        """Return the account with what its invoices may name, to be cached.

        Raises:
            ConfigInvalid, LoginNeeded: The mapping's account does not exist for this token.
        """

    def know(self, catalog: Catalog) -> None:
        """Take the account's set-up from a cached catalog; otherwise a write may read it first."""

    def look(self, looks: Sequence[Look]) -> list[Sighting]:
        """Return one sighting for each look, in order; reads only."""

    def latest(self, since: datetime | None) -> Iterator[Invoice]:
        """Yield summaries of the invoices, newest first, page by page as they are taken.

        It is asked for where the capabilities say that looking for one takes a request of its own.

        Args:
            since: It may end at the first that is older than this (UTC); with all where it is None.
        """

    def check(self, draft: Draft) -> None:
        """Return only when the books would reckon the invoice as the draft says; asks nothing.

        Raises:
            Rejected: They keep its quantities, prices or amounts with other digits.
        """

    def create_customer(self, draft: CustomerDraft, *, key: str) -> Customer:
        """Create a customer; ``key`` is sent where the provider knows an idempotency key.

        Raises:
            NameTaken: The name has to be unique, and is another one's.
            Rejected: The provider refused the data; nothing was created.
            LostAnswer: It may exist: look for it before repeating.
        """

    def create_invoice(self, draft: Draft, customer_id: str, *, key: str) -> Invoice:
        """Create the invoice, as a draft where the books have drafts, with our reference on it.

        Raises:
            NumberTaken: The number that it asks for is another invoice's.
            Repeated: It was made by a repeat with the same key.
            Rejected, LostAnswer: As for a customer.
        """

    def approve(self, invoice_id: str, *, key: str) -> None:
        """Turn a draft into an invoice; repeatable after a look.

        Raises:
            Rejected, LostAnswer: As for a customer.
        """

    def send(self, invoice_id: str, mail: Mail, *, key: str) -> None:
        """E-mail the invoice; every call is one more mail.

        Raises:
            Rejected, LostAnswer: As for a customer.
        """

    def read(self, invoice_ids: Sequence[str]) -> list[Invoice | None]:
        """Return the invoices with lines and payments, in order; None where one does not exist."""

    def link(self, invoice_id: str) -> str | None:
        """Return the page on which the client sees the invoice, read by a request of its own.

        It is asked for where the capabilities say that an invoice comes without it, and for an
        invoice whose ``url`` is None. Where there is no such page, it may be the staff's one.
        """

    def changed(self, since: datetime) -> Iterator[Invoice]:
        """Yield summaries of the invoices that changed since then (UTC), oldest change first."""

    def delete(self, invoice_id: str, *, key: str) -> None:
        """Delete an invoice that was never approved; repeatable after a look.

        Raises:
            Rejected, LostAnswer: As for a customer.
        """

    def void(self, invoice_id: str, *, key: str) -> None:
        """Void an invoice; repeatable after a look. Asked for where the capabilities have it.

        Raises:
            Rejected, LostAnswer: As for a customer.
        """
