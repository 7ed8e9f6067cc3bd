"""QuickBooks' objects as they come, and what they are in kinv's words (QuickBooks sheet, 4).

The company stands in ``wire_company``, invoices and payments in ``wire_invoice``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AliasGenerator, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_pascal

from kommo_invoice.books.shapes import Shape
from kommo_invoice.domain.invoice import Customer

_TOO_FINE = re.compile(r"(\.\d{6})\d+")
_BETWEEN_ADDRESSES = re.compile(r"[,;\s]+")


def as_moment(value: object) -> datetime | None:
    """Return a time with its offset; None where it is none. Nanoseconds are cut (section 8)."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(_TOO_FINE.sub(r"\1", value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _in_utc(value: object) -> object:
    moment = as_moment(value)
    return moment.astimezone(UTC) if moment else value


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) else value


Text = Annotated[str, BeforeValidator(_text)]
Moment = Annotated[datetime, BeforeValidator(_in_utc)]
Number = Decimal


class Wire(Shape):
    """An object of QuickBooks; empty fields are left out there, and new ones are of no matter."""

    answerer = "QuickBooks'"

    model_config = ConfigDict(
        alias_generator=AliasGenerator(alias=to_pascal), frozen=True, defer_build=True
    )


class WireRef(Wire):
    """A reference to another object; its name is not always there."""

    value: Text
    name: str | None = None

    model_config = ConfigDict(alias_generator=None)


class WireAddress(Wire):
    """An e-mail address, or several in one text (section 4.1)."""

    address: str | None = None

    @property
    def all(self) -> list[str]:
        """The addresses."""
        return [each for each in _BETWEEN_ADDRESSES.split(self.address or "") if each]


class WireTimes(Wire):
    """When an object was made and changed."""

    create_time: Moment | None = None
    last_updated_time: Moment | None = None


class WireCustomer(Wire):
    """A customer; one with ``job`` is a part of another one, and not invoiced by itself."""

    id: Text
    display_name: str = ""
    active: bool = True
    job: bool = False
    is_project: bool = False
    primary_email_addr: WireAddress = WireAddress()
    currency_ref: WireRef | None = None
    meta_data: WireTimes = WireTimes()

    @property
    def invoiceable(self) -> bool:
        """Whether it is a customer of its own."""
        return not (self.job or self.is_project)

    def has(self, email: str) -> bool:
        """Whether one of its addresses is exactly this one, in whatever letter case."""
        wanted = email.casefold()
        return any(each.casefold() == wanted for each in self.primary_email_addr.all)

    def customer(self, email: str | None = None) -> Customer:
        """Return the customer in kinv's words.

        Args:
            email: The address that it was looked for by: of several, this one is its.
        """
        addresses = self.primary_email_addr.all
        wanted = (email or "").casefold()
        own = next((each for each in addresses if each.casefold() == wanted), None)
        return Customer(
            id=self.id,
            name=self.display_name,
            email=own or self.primary_email_addr.address or None,
            currency=self.currency_ref.value if self.currency_ref else None,
            archived=not self.active,
            created_at=self.meta_data.create_time,
        )
