"""The ground of the books suite; each provider's stands in ``conformance_<provider>``."""

from __future__ import annotations

from abc import abstractmethod
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from conformance_ground import Ground, Scripted

from kommo_invoice.domain.catalog import TaxChoice
from kommo_invoice.domain.draft import CustomerDraft, Draft, LineDraft, Mail
from kommo_invoice.engine.providers import Account, open_books
from kommo_invoice.errors import ConfigInvalid, KinvError
from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from kommo_invoice.books.base import Books, Look, Sighting
    from kommo_invoice.books.operations import Operation
    from kommo_invoice.domain.catalog import Catalog, Item, Tax
    from kommo_invoice.domain.invoice import Invoice
    from kommo_invoice.sandbox.server import Simulator

REFERENCE = "KQ4-12345678"
EMAIL = "anna@acme.example"
TODAY = date(2026, 11, 2)
MAIL = Mail("Anna+books@Acme.example", message="Hello")
MINDS_CASE: Mapping[str, str] = MappingProxyType(
    {
        "test_are_found_in_whatever_case_the_books_hold_the_address": (
            "a search that minds the case is asked in two spellings: as given, and lower"
        )
    }
)
"""The deviation of all books whose search for an address minds its letter case."""


class BooksGround(Ground):
    """The agency's company in the books, with the adapter connected to it.

    Attributes:
        moods: Names of the ways in which what is not established of the provider may turn out;
            the suite holds in each.
        words: What faults and request records call each write.
        item: A sold item without a tax of its own.
        taxed_item: A sold item that brings a tax unless the line says otherwise.
        unsold_item: An item that no invoice may name; None where there is no such thing.
        tax: A tax of 19 %.
        stranger: What an account comes to that the token does not open.
        throttles: How the provider asks to be left alone for a while.
        tells_when_mailed: Whether an invoice tells when it was mailed.
        voids_keep_totals: Whether a void invoice shows what it came to; else it shows nothing.
        has_unique_field: Whether the account has a field for references that takes each once.
        places: Decimals that amounts have in whatever currency; None where each has its own.
        home: The account's own currency.
    """

    moods: ClassVar[Sequence[str]]
    words: ClassVar[Mapping[Operation, str]]
    item: ClassVar[str]
    taxed_item: ClassVar[str]
    unsold_item: ClassVar[str | None]
    stranger: ClassVar[type[KinvError]] = ConfigInvalid
    throttles: ClassVar[Sequence[Scripted]] = (Scripted(429),)
    tells_when_mailed: ClassVar[bool] = True
    voids_keep_totals: ClassVar[bool] = False
    places: ClassVar[int | None] = None
    tax: str
    home: str = "EUR"
    has_unique_field: bool = False
    account: str
    other_account: str
    unknown_invoice: str
    unknown_customer: str
    books: Books
    catalog: Catalog

    def __init__(self, state_dir: Path, mood: str) -> None:
        world = World()
        self._owners: dict[str, str] = {}
        super().__init__(state_dir, world, self.seed(world, mood))
        self.books = self.connect()
        self.catalog = self.books.catalog()
        self.forget()

    def connect(self, account: str | None = None, token: str | None = None) -> Books:
        asked = Account(self.provider, account or self.account, self.url)
        return open_books(asked, self.open_client(token))

    # -- what people do in the books ----------------------------------------------------------

    @abstractmethod
    def seed(self, world: World, mood: str) -> Simulator:
        """Return the simulator with the company in it, and set ``account``."""

    @abstractmethod
    def add_customer(
        self,
        name: str = "Acme GmbH",
        email: str = EMAIL,
        *,
        created_at: datetime | None = None,
        archived: bool = False,
        currency: str | None = None,
    ) -> str:
        """Add a customer and return its id; lists show it at once."""

    @abstractmethod
    def take_name(self, name: str) -> None:
        """Give the name to somebody who is no customer."""

    @abstractmethod
    def add_invoice(
        self, customer: str, text: str = "", *, created_at: datetime | None = None
    ) -> str:
        """Add an approved invoice over 100 with a text where references stand."""

    @abstractmethod
    def pay(self, invoice: str, amount: str | None = None, *, on: date = TODAY) -> str:
        """Let money come in, all of it by default, and return the payment's id."""

    @abstractmethod
    def refund(self, payment: str, amount: str) -> None:
        """Give a part of a payment back."""

    @abstractmethod
    def ignore_filters(self) -> AbstractContextManager[Any]:
        """Let searches by address, customer and number find everything."""

    @abstractmethod
    def mails(self) -> list[tuple[str, str, str | None]]:
        """Return (invoice id, address, message) of each mail that left."""

    @abstractmethod
    def customer_ids(self) -> list[str]:
        """Return the customers that there are."""

    @abstractmethod
    def invoice_ids(self) -> list[str]:
        """Return the invoices that there are."""

    # -- what kinv does -----------------------------------------------------------------------

    def the_item(self, name: str) -> Item:
        return next(each for each in self.catalog.items if each.name == name)

    def the_tax(self) -> Tax:
        return next(each for each in self.catalog.taxes if each.name == self.tax)

    def untaxed(self) -> Tax | None:
        """Return what stands for no tax on a line."""
        if self.catalog.settings.taxes is not TaxChoice.REQUIRED:
            return None
        return next(each for each in self.catalog.taxes if each.rate == 0)

    def needs(self, *keys: str) -> None:
        """Skip the test where the account has one of these keys of the mapping switched off."""
        if off := set(keys) & set(self.catalog.switched_off):
            pytest.skip(f"this account has {', '.join(sorted(off))} switched off")

    def owner(self, currency: str | None = None) -> str:
        """Return the customer for invoices in a currency, added when it is first asked for."""
        wanted = currency or self.home
        if wanted not in self._owners:
            name = "Acme GmbH" if wanted == self.home else f"Acme GmbH ({wanted})"
            self._owners[wanted] = self.add_customer(name, currency=wanted)
        return self._owners[wanted]

    def line(self, **changes: Any) -> LineDraft:
        values: dict[str, Any] = {
            "description": 'Website "Relaunch", Größe {x}\\n',
            "quantity": Decimal("1.5"),
            "unit_price": Decimal("99.99"),
            "item": self.the_item(self.item),
            "tax": self.the_tax(),
        }
        return LineDraft(**(values | changes))

    def draft(self, **changes: Any) -> Draft:
        values: dict[str, Any] = {
            "reference": REFERENCE,
            "customer": CustomerDraft("Acme GmbH", EMAIL),
            "currency": self.home,
            "lines": (self.line(),),
            "date": TODAY,
            "due_date": TODAY + timedelta(days=30),
        }
        return Draft(**(values | changes))

    def create(
        self, customer: str | None = None, *, key: str | None = None, **changes: Any
    ) -> Invoice:
        """Create an invoice; each reference is a key of its own, as each claim is."""
        draft = self.draft(**changes)
        owner = customer or self.owner(draft.currency)
        return self.books.create_invoice(draft, owner, key=key or draft.reference)

    def approved(self, **changes: Any) -> str:
        """Create an invoice, approve it where it begins as a draft, and return its id."""
        created = self.create(**changes)
        if self.books.capabilities.drafts:
            self.books.approve(created.id, key=REFERENCE)
        return created.id

    def found(self, look: Look) -> Sighting:
        (sighting,) = self.books.look([look])
        return sighting

    def read(self, invoice: str) -> Invoice:
        (found,) = self.books.read([invoice])
        assert found is not None
        return found
