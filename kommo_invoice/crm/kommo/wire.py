"""Kommo's answers as they come over the wire (HAL; Kommo sheet, sections 2 and 4).

Only what kinv reads is declared. PHP writes an empty object as ``[]`` and Kommo an empty list as
null, so both are taken for empty.
"""

# No `from __future__ import annotations` here: pydantic reads the annotations.
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from kommo_invoice.errors import KinvError

T = TypeVar("T")


def _object(value: object) -> object:
    return {} if value in (None, []) else value


def _list(value: object) -> object:
    return [] if value is None else value


def _text(value: object) -> object:
    return "" if value is None else value


def _maybe_str(value: object) -> object:
    return value if value is None else str(value)


def _moment(value: object) -> object:
    """Turn unix seconds into UTC; Kommo never writes milliseconds, which pydantic would guess."""
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int) and value else None


def _zone_name(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError("not the name of a time zone") from None
    return value


Text = Annotated[str, BeforeValidator(_text)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
MaybeMoment = Annotated[datetime | None, BeforeValidator(_moment)]
Object = BeforeValidator(_object)
Listed = Annotated[list[T], BeforeValidator(_list)]


class Wire(BaseModel):
    """Base of all; keys that are not declared are ignored."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class Row(Wire):
    """A record of a list; ``key`` is the list's name inside ``_embedded``."""

    key: ClassVar[str]
    id: int
    is_deleted: bool | None = None


class Envelope(Wire):
    """A HAL list. No totals: the lists of leads and contacts lack them."""

    embedded: Annotated[dict[str, Any], Object] = Field(alias="_embedded")
    links: Annotated[dict[str, Any], Object] = Field(alias="_links", default={})

    @property
    def next_url(self) -> str | None:
        """The address of the next page."""
        following = self.links.get("next")
        return following.get("href") if isinstance(following, dict) else None


class FieldRow(Wire):
    """One custom field of a record, with its values."""

    field_id: int
    field_name: Text = ""
    field_code: str | None = None
    field_type: str
    values: Listed[dict[str, Any]] = []


class Ref(Wire):
    """A link to a contact or company."""

    id: int
    is_main: bool = False


class ProductLink(Wire):
    """What a link to a list element says: how many, of which list, at which of its prices."""

    catalog_id: int
    quantity: Decimal = Decimal(1)
    price_id: int | None = None


class ProductRef(Wire):
    """A list element linked to a lead."""

    id: int
    metadata: ProductLink


class LeadLinks(Wire):
    """What is linked to a lead; contacts and elements come only when asked for."""

    contacts: Listed[Ref] = []
    companies: Listed[Ref] = []
    catalog_elements: Listed[ProductRef] = []


class Lead(Row):
    """A deal. ``price`` is cut to whole units where there are minor ones (section 8)."""

    key = "leads"
    name: Text = ""
    price: Decimal | None = None
    price_with_minor_units: Decimal | None = None
    responsible_user_id: int | None = None
    status_id: int
    pipeline_id: int
    created_at: Moment
    updated_at: Moment
    closed_at: MaybeMoment = None
    custom_fields_values: Listed[FieldRow] = []
    embedded: Annotated[LeadLinks, Object] = Field(alias="_embedded", default=LeadLinks())


class ContactRow(Row):
    """A contact."""

    key = "contacts"
    name: Text = ""
    first_name: Text = ""
    last_name: Text = ""
    custom_fields_values: Listed[FieldRow] = []


class CompanyRow(Row):
    """A company."""

    key = "companies"
    name: Text = ""
    custom_fields_values: Listed[FieldRow] = []


class Element(Row):
    """An element of a list (catalog): a product."""

    key = "elements"
    name: Text = ""
    custom_fields_values: Listed[FieldRow] = []


class TaskRow(Row):
    """A task."""

    key = "tasks"
    text: Text = ""
    entity_id: int | None = None
    entity_type: str | None = None
    is_completed: bool = False


class NoteParams(Wire):
    """What a note says; only plain notes have a text."""

    text: Text = ""


class NoteRow(Row):
    """A note; its ``entity_id`` comes as text in some answers."""

    key = "notes"
    entity_id: int
    note_type: str
    params: Annotated[NoteParams, Object] = NoteParams()


class DatetimeSettings(Wire):
    """The account's own time."""

    timezone: Annotated[str, AfterValidator(_zone_name)]


class AccountParts(Wire):
    """The parts of the account that were asked for."""

    datetime_settings: DatetimeSettings


class AccountRow(Wire):
    """The account that the token belongs to."""

    id: int
    name: Text
    subdomain: str
    currency: str
    country: str | None = None
    embedded: AccountParts = Field(alias="_embedded")


class StatusRow(Wire):
    """A stage."""

    id: int
    name: Text


class Statuses(Wire):
    """The stages inside a pipeline."""

    statuses: list[StatusRow]


class PipelineRow(Row):
    """A pipeline with its stages in order."""

    key = "pipelines"
    name: Text
    embedded: Statuses = Field(alias="_embedded")


class EnumRow(Wire):
    """One option of a choice."""

    value: Text


class FieldDefRow(Row):
    """The definition of a custom field."""

    key = "custom_fields"
    name: Text
    code: str | None = None
    type: str
    enums: Listed[EnumRow] = []


class UserRow(Row):
    """A user."""

    key = "users"
    name: Text
    email: str | None = None


class Made(Wire):
    """What a write answers for one item; values are not echoed."""

    id: int
    request_id: Annotated[str | None, BeforeValidator(_maybe_str)] = None


Model = TypeVar("Model", bound=Wire)


def parse(model: type[Model], data: object) -> Model:
    """Return ``data`` as the model.

    Raises:
        KinvError: Kommo answered something else than its documents say. The text names the place
            and not the value, which may be a customer's.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, fault["loc"]))
        raise KinvError(
            f"Kommo's answer cannot be read: {model.__name__}.{place}: {fault['msg']}"
        ) from None


def parse_list(model: type[Model], key: str, body: object) -> list[Model]:
    """Return the list ``key`` of a HAL answer; an empty answer is an empty list.

    Raises:
        KinvError: As ``parse``; also when the answer lacks that list.
    """
    if body is None:  # 204
        return []
    embedded = parse(Envelope, body).embedded
    if not isinstance(embedded.get(key), list):
        raise KinvError(f"Kommo's answer cannot be read: it has no list of {key}")
    return [parse(model, row) for row in embedded[key]]
