"""Zoho's objects as they come, and what they are in kinv's words (Zoho sheet, section 4).

What an organisation is set up with stands in ``wire_company``, invoices and payments in
``wire_invoice``. Empty values come as ``""`` as often as null, so both count as left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, model_validator

from kommo_invoice.books.shapes import Shape
from kommo_invoice.domain.invoice import Customer


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) else value


def _moment(value: object) -> object:
    """Return a time with its offset, which comes without a colon (section 8)."""
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Text = Annotated[str, BeforeValidator(_text)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Number = Decimal


class Wire(Shape):
    """An object of Zoho; new fields are of no matter."""

    answerer = "Zoho Books'"

    model_config = ConfigDict(frozen=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty_ones(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        return {key: value for key, value in data.items() if value is not None and value != ""}


class WirePerson(Wire):
    """A person of a contact; one of them is the primary one."""

    email: str | None = None
    is_primary_contact: bool = False


class WireContact(Wire):
    """A customer or vendor; a list's row has the primary person's address, and no persons."""

    contact_id: Text
    contact_name: str = ""
    contact_type: str = "customer"
    status: str = "active"
    email: str | None = None
    currency_code: str | None = None
    created_time: Moment | None = None
    contact_persons: tuple[WirePerson, ...] = ()

    @property
    def invoiceable(self) -> bool:
        """Whether it is a customer."""
        return self.contact_type == "customer"

    @property
    def addresses(self) -> list[str]:
        """Its e-mail addresses that are known, the primary one first."""
        persons = sorted(self.contact_persons, key=lambda each: not each.is_primary_contact)
        known = [self.email, *(each.email for each in persons)]
        return [each.strip() for each in dict.fromkeys(known) if each and each.strip()]

    def has(self, email: str) -> bool:
        """Whether one of its addresses is exactly this one, in whatever letter case."""
        wanted = email.strip().casefold()
        return any(each.casefold() == wanted for each in self.addresses)

    def bears(self, name: str) -> bool:
        """Whether it has this very name; blanks and letter case do not tell two names apart."""
        return _same(self.contact_name) == _same(name)

    def customer(self, email: str | None = None) -> Customer:
        """Return it in kinv's words.

        Args:
            email: The address that it was looked for by: of several, this one is its.
        """
        wanted = (email or "").strip().casefold()
        own = next((each for each in self.addresses if each.casefold() == wanted), None)
        made = self.created_time
        return Customer(
            id=self.contact_id,
            name=self.contact_name,
            email=own or next(iter(self.addresses), None),
            currency=self.currency_code,
            archived=self.status != "active",
            created_at=made.astimezone(UTC) if made else None,
        )


def _same(name: str) -> str:
    return " ".join(name.split()).casefold()
