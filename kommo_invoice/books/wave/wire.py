"""Wave's objects as they come, and what they are in kinv's words (Wave sheet, sections 4 and 8).

Invoices stand in ``wire_invoice``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Generic, TypeVar

from pydantic import (
    AliasGenerator,
    BeforeValidator,
    ConfigDict,
)
from pydantic.alias_generators import to_camel

from kommo_invoice.books.shapes import Shape
from kommo_invoice.domain.catalog import BooksAccount, Item, Tax
from kommo_invoice.domain.invoice import Customer
from kommo_invoice.domain.money import Money, digits


def _without_separators(value: object) -> object:
    """Drop thousands separators; whether Wave writes any is not known (Wave sheet, section 8)."""
    return value.replace(",", "") if isinstance(value, str) else value


def _in_utc(value: object) -> object:
    if isinstance(value, str):
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return value


Number = Annotated[Decimal, BeforeValidator(_without_separators)]
Moment = Annotated[datetime, BeforeValidator(_in_utc)]


class Wire(Shape):
    """An object of Wave; fields that were not asked for, or are new, are of no matter."""

    answerer = "Wave's"

    model_config = ConfigDict(
        alias_generator=AliasGenerator(alias=to_camel), frozen=True, defer_build=True
    )


class WireId(Wire):
    """Anything of which only the id is asked for."""

    id: str


class WireCurrency(Wire):
    """A currency, with the digits of its minor unit where they were asked for."""

    code: str
    exponent: int | None = None


class WireMoney(Wire):
    """An amount: ``minor_unit_value`` in minor units, ``value`` in major ones."""

    value: Number
    minor_unit_value: Number

    def money(self, currency: WireCurrency) -> Money:
        """Return the amount; where Wave counts other minor units than we do, by its major ones."""
        if currency.exponent == digits(currency.code):
            return Money(int(self.minor_unit_value), currency.code)
        return Money.of(self.value, currency.code)


class WirePageInfo(Wire):
    """Where a list page stands."""

    total_pages: int | None = None


Node = TypeVar("Node", bound=Wire)


class WireEdge(Wire, Generic[Node]):
    """A row of a list."""

    node: Node | None = None


class WirePage(Wire, Generic[Node]):
    """A page of a list."""

    page_info: WirePageInfo
    edges: tuple[WireEdge[Node], ...]

    @property
    def nodes(self) -> list[Node]:
        """The rows."""
        return [edge.node for edge in self.edges if edge.node is not None]

    def more_after(self, page: int) -> bool:
        """Whether a page follows this one, which is number ``page``."""
        total = self.page_info.total_pages
        return bool(self.edges) if total is None else page < total


class WireBusiness(Wire):
    """A business."""

    id: str
    name: str
    is_personal: bool
    is_archived: bool
    email_send_enabled: bool
    currency: WireCurrency
    timezone: str | None = None

    def account(self) -> BooksAccount:
        """Return the business in kinv's words."""
        return BooksAccount(
            id=self.id,
            name=self.name,
            currency=self.currency.code,
            timezone=self.timezone or None,
            can_send=self.email_send_enabled,
        )


class WireProduct(Wire):
    """A product; only one that is sold may stand on an invoice."""

    id: str
    name: str
    is_sold: bool

    def item(self) -> Item:
        """Return the product in kinv's words."""
        return Item(id=self.id, name=self.name, sellable=self.is_sold)


class WireTax(Wire):
    """A sales tax; its rate is a fraction."""

    id: str
    name: str
    abbreviation: str
    rate: Number
    is_compound: bool

    def tax(self) -> Tax:
        """Return the tax in kinv's words."""
        return Tax(self.id, self.name, self.rate, self.is_compound, self.abbreviation or None)


class WireCustomer(Wire):
    """A customer; ``is_archived`` may be missing (Wave sheet, section 4.1)."""

    id: str
    name: str
    email: str | None = None
    is_archived: bool | None = None
    created_at: Moment
    currency: WireCurrency | None = None

    def customer(self) -> Customer:
        """Return the customer in kinv's words."""
        return Customer(
            id=self.id,
            name=self.name,
            email=self.email or None,
            currency=self.currency.code if self.currency else None,
            archived=bool(self.is_archived),
            created_at=self.created_at,
        )


BusinessPage = WirePage[WireBusiness]
CustomerPage = WirePage[WireCustomer]
ProductPage = WirePage[WireProduct]
TaxPage = WirePage[WireTax]
