"""The grounds of the books suite: a provider joins with one class here."""

from __future__ import annotations

import base64
from abc import abstractmethod
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar
from unittest import mock

from conformance_ground import Ground, Scripted

from kommo_invoice.books.operations import Operation
from kommo_invoice.domain.draft import CustomerDraft, Draft, LineDraft, Mail
from kommo_invoice.engine.providers import Account, open_books
from kommo_invoice.sandbox import wave_lists
from kommo_invoice.sandbox.wave import WaveSimulator
from kommo_invoice.sandbox.wave_money import TaxRounding
from kommo_invoice.sandbox.wave_state import WaveRules
from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from kommo_invoice.books.base import Books, Look, Sighting
    from kommo_invoice.domain.catalog import Catalog, Item, Tax
    from kommo_invoice.domain.invoice import Invoice
    from kommo_invoice.sandbox.server import Simulator

REFERENCE = "KQ4-12345678"
EMAIL = "anna@acme.example"
TODAY = date(2026, 11, 2)
MAIL = Mail("Anna+books@Acme.example", message="Hello")


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
    """

    moods: ClassVar[Sequence[str]]
    words: ClassVar[Mapping[Operation, str]]
    item: ClassVar[str]
    taxed_item: ClassVar[str]
    unsold_item: ClassVar[str | None]
    tax: ClassVar[str]
    account: str
    other_account: str
    unknown_invoice: str
    unknown_customer: str
    books: Books
    catalog: Catalog

    def __init__(self, state_dir: Path, mood: str) -> None:
        world = World()
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
    ) -> str:
        """Add a customer and return its id; lists show it at once."""

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
            "currency": "EUR",
            "lines": (self.line(),),
            "date": TODAY,
            "due_date": TODAY + timedelta(days=30),
        }
        return Draft(**(values | changes))

    def create(self, customer: str | None = None, **changes: Any) -> Invoice:
        """Create an invoice, for a new customer if none is named."""
        owner = customer or self.add_customer()
        return self.books.create_invoice(self.draft(**changes), owner, key=REFERENCE)

    def approved(self, **changes: Any) -> str:
        """Create an invoice, approve it and return its id."""
        created = self.create(**changes)
        self.books.approve(created.id, key=REFERENCE)
        return created.id

    def found(self, look: Look) -> Sighting:
        (sighting,) = self.books.look([look])
        return sighting

    def read(self, invoice: str) -> Invoice:
        (found,) = self.books.read([invoice])
        assert found is not None
        return found


class WaveGround(BooksGround):
    """Wave; its moods are either way of everything that is not established (Wave sheet, 14)."""

    provider = "wave"
    moods = ("strict", "lenient")
    words: ClassVar[Mapping[Operation, str]] = {
        Operation.CREATE_CUSTOMER: "customerCreate",
        Operation.CREATE_INVOICE: "invoiceCreate",
        Operation.APPROVE: "invoiceApprove",
        Operation.SEND: "invoiceSend",
        Operation.DELETE: "invoiceDelete",
    }
    unauthorised = Scripted(
        200, {"errors": [{"message": "No.", "extensions": {"code": "FORBIDDEN"}}], "data": None}
    )
    item = "Consulting Services"
    taxed_item = "Hosting"
    unsold_item = "Office Supplies"
    tax = "VAT 19%"
    other_account = base64.b64encode(b"Business:00000000-0000-4000-8000-000000000000").decode()
    unknown_invoice = base64.b64encode(b"Business:x;Invoice:1").decode()
    unknown_customer = base64.b64encode(b"Business:x;Customer:1").decode()

    def seed(self, world: World, mood: str) -> Simulator:
        if mood == "strict":
            rules = WaveRules(deletes_approved=False)
            self.deviations = {
                "test_are_found_in_whatever_case_the_books_hold_the_address": (
                    "a search that minds the case is asked in two spellings: as given, and lower"
                )
            }
        else:
            rules = WaveRules(
                unauthenticated_status=200,
                invalid_status=200,
                emails_ignore_case=True,
                modified_after_is_inclusive=False,
                tax_rounding=TaxRounding.TAX,
                groups_thousands=True,
            )
        self.wave = WaveSimulator(world, rules)
        self.account = self.wave.seed()
        return self.wave

    def add_customer(
        self,
        name: str = "Acme GmbH",
        email: str = EMAIL,
        *,
        created_at: datetime | None = None,
        archived: bool = False,
    ) -> str:
        return self.wave.add_customer(name, email, created_at=created_at, archived=archived)

    def add_invoice(
        self, customer: str, text: str = "", *, created_at: datetime | None = None
    ) -> str:
        return self.wave.add_invoice(customer, 100, po_number=text, created_at=created_at)

    def pay(self, invoice: str, amount: str | None = None, *, on: date = TODAY) -> str:
        return self.wave.pay(invoice, amount, on)

    def refund(self, payment: str, amount: str) -> None:
        self.wave.refund(payment, amount)

    @contextmanager
    def ignore_filters(self) -> Iterator[None]:
        shown = wave_lists._shown

        def unfiltered(*given: Any) -> Any:
            given[-1].pop("email", None)
            return shown(*given)

        with (
            mock.patch.object(wave_lists, "_shown", unfiltered),
            mock.patch.object(wave_lists, "_filters", return_value=[]),
        ):
            yield

    def mails(self) -> list[tuple[str, str, str | None]]:
        return [
            (mail["invoice"], address, mail["message"])
            for mail in self.wave.dump()["mails"]
            for address in mail["to"]
        ]

    def customer_ids(self) -> list[str]:
        return [each["id"] for each in self.wave.dump()["customers"]]

    def invoice_ids(self) -> list[str]:
        return [each["id"] for each in self.wave.dump()["invoices"]]


BOOKS_GROUNDS: Mapping[str, type[BooksGround]] = {WaveGround.provider: WaveGround}
"""Every books provider's ground."""
