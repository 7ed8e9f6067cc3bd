"""What an organisation is set up with, as it comes: itself, taxes, currencies, items, fields."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pydantic import AliasChoices, Field

from kommo_invoice.books.zoho.wire import Number, Text, Wire
from kommo_invoice.domain.catalog import BooksAccount, Currency, Item, Tax

_GROUP, _COMPOUND = "tax_group", "compound_tax"
_TEXTS = frozenset({"string", "text"})
_OUR_WORD = "kinv"


class WireOrganization(Wire):
    """The organisation itself."""

    organization_id: Text
    name: str = ""
    currency_code: str = "USD"
    time_zone: str | None = None
    country_code: str | None = None
    is_org_active: bool = True

    def account(self) -> BooksAccount:
        """Return it in kinv's words."""
        return BooksAccount(
            id=self.organization_id,
            name=self.name,
            currency=self.currency_code,
            timezone=_zone(self.time_zone),
        )


class WireTax(Wire):
    """A tax; a group of them has an id of the same kind, and goes onto lines in the same way."""

    tax_id: Text
    tax_name: str
    tax_percentage: Number | None = None
    tax_type: str = "tax"

    def tax(self) -> Tax:
        """Return it in kinv's words.

        Each tax of a group is rounded by itself, and a compound one among them is charged upon
        the others: what a group comes to is the books' to say.
        """
        percent = None if self.tax_type == _GROUP else self.tax_percentage
        return Tax(
            id=self.tax_id,
            name=self.tax_name,
            rate=None if percent is None else percent / 100,
            compound=self.tax_type == _COMPOUND,
        )


class WireCurrency(Wire):
    """A currency that the organisation has switched on."""

    currency_id: Text
    currency_code: str

    def currency(self) -> Currency:
        """Return it in kinv's words."""
        return Currency(self.currency_id, self.currency_code)


class WireItem(Wire):
    """An item; inactive ones cannot be sold."""

    item_id: Text
    name: str
    sku: str | None = None
    status: str = "active"

    def item(self) -> Item:
        """Return it in kinv's words."""
        return Item(self.item_id, self.name, self.sku, sellable=self.status == "active")


class WireOwnField(Wire):
    """A custom field of invoices; the API of these is documented in part only (section 4.11)."""

    id: Text = Field(validation_alias=AliasChoices("customfield_id", "field_id"))
    label: str = ""
    data_type: str = "string"
    is_active: bool = True

    @property
    def ours(self) -> bool:
        """Whether it is there for our reference: a text that is named after kinv."""
        words = self.label.casefold().replace("_", " ").split()
        return self.is_active and self.data_type in _TEXTS and _OUR_WORD in words


def _zone(name: str | None) -> str | None:
    """Return a time zone's name if it is one that can be used."""
    if not name:
        return None
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, LookupError):
        return None
