"""A deal as the CRM holds it, and the account around it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from kommo_invoice.domain.fields import Field, FieldDef, FieldValue


class StageKind(StrEnum):
    """Whether deals in a stage are still open."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of one pipeline; ids repeat across pipelines, so the pair identifies it."""

    id: str
    name: str
    pipeline_id: str
    kind: StageKind = StageKind.OPEN


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline with its stages, in order."""

    id: str
    name: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class CrmAccount:
    """The CRM account that the token belongs to.

    Args:
        id: The CRM's own id, which stays when the account is renamed.
        name: Its name.
        subdomain: The host label it is reached by.
        currency: ISO code of the currency of deal prices.
        timezone: IANA name of the zone in which its dates are days.
        country: ISO code, if known.
    """

    id: str
    name: str
    subdomain: str
    currency: str
    timezone: str
    country: str | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A person who works in the CRM."""

    id: str
    name: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class CrmSetup:
    """The account's own set-up, read once and cached.

    Args:
        fields: The custom fields of the entities that were asked for.
        users: Empty where they were not asked for, or may not be read.
    """

    account: CrmAccount
    pipelines: tuple[Pipeline, ...]
    fields: tuple[FieldDef, ...]
    users: tuple[User, ...] = ()


@dataclass(frozen=True, slots=True)
class Contact:
    """The person of a deal; ``email`` and ``phone`` are the ones to write to first."""

    id: str
    name: str
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Company:
    """The organisation of a deal."""

    id: str
    name: str
    email: str | None = None
    phone: str | None = None
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Product:
    """A product linked to a deal; ``price`` is for one, in the deal's currency."""

    id: str
    name: str
    quantity: Decimal
    price: Decimal
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class Deal:
    """One deal with what was asked for around it.

    Args:
        id: The CRM's id.
        price: The whole amount in major units of ``currency``.
        stage: Where it stands; ``pipeline`` is that stage's pipeline's name.
        responsible_id: The user who is responsible; tasks go there.
        responsible: That user's name, where the mapping asks for it.
        closed_at: When it was won or lost.
        url: Its page in the CRM.
        read_at: When this was read (UTC): stage moves need a fresh reading.
    """

    id: int
    name: str
    price: Decimal
    currency: str
    stage: Stage
    pipeline: str
    responsible_id: str | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    url: str
    read_at: datetime
    responsible: str | None = None
    contact: Contact | None = None
    company: Company | None = None
    products: tuple[Product, ...] = ()
    fields: tuple[Field, ...] = ()

    def field(self, field_id: str) -> FieldValue:
        """Return the value of the custom field with that id; None when it is empty."""
        return next((field.value for field in self.fields if field.id == field_id), None)
