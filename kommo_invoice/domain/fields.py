"""Custom fields of a CRM: their definitions, their values, and what fits into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum

FieldValue = (
    str
    | Decimal
    | bool
    | date
    | datetime
    | tuple[str, ...]
    | Mapping[str, object]
    | tuple[Mapping[str, object], ...]
    | None
)
"""What a custom field holds; None is an empty field. A ``date`` is a day in the account's zone."""


class FieldKind(StrEnum):
    """What kind of value a field takes, whatever its provider calls its type."""

    TEXT = "text"
    NUMBER = "number"
    BOOL = "bool"
    DATE = "date"
    DATETIME = "datetime"
    CHOICE = "choice"
    CHOICES = "choices"
    CONTACTS = "contacts"
    ADDRESS = "address"
    RECORD = "record"
    RECORDS = "records"


@dataclass(frozen=True, slots=True)
class FieldDef:
    """The definition of one custom field.

    Args:
        id: The CRM's id of the field.
        name: Its name as people see it.
        code: Its stable code, where it has one.
        type: The provider's own word for its type.
        kind: What it holds.
        entity: ``deal``, ``contact`` or ``company``.
        max_length: The most characters a text may have through the API, if limited.
        options: The texts that a choice may take.
        writable: False where the API cannot write it.
    """

    id: str
    name: str
    code: str | None
    type: str
    kind: FieldKind
    entity: str
    max_length: int | None = None
    options: tuple[str, ...] = ()
    writable: bool = True


@dataclass(frozen=True, slots=True)
class FieldDraft:
    """A custom field of deals to be made.

    Args:
        name: As people see it.
        code: A stable code of ours, by which it is found again.
        kind: What it holds.
        link: Whether that is a URL: those can be longer than a plain text may be.
        own: Whether only kinv writes it; people then cannot, where the CRM can do that.
    """

    name: str
    code: str
    kind: FieldKind
    link: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One custom field of one record with its value."""

    id: str
    name: str
    code: str | None
    value: FieldValue


class DoesNotFit(ValueError):
    """A value cannot be held by a field; its text says why."""


def fit(field: FieldDef, value: object) -> FieldValue:
    """Return ``value`` as ``field`` would hold it, to be written and to be compared.

    Args:
        field: The definition of the field that is to hold it.
        value: The result of an expression.

    Returns:
        The value in the field's own kind; None clears the field.

    Raises:
        DoesNotFit: The field cannot hold it: too long, no such option, not a number, not a date.
    """
    if not field.writable:
        raise DoesNotFit(f"a field of type {field.type} cannot be written")
    if value is None or value in ("", ()):
        return None
    match field.kind:
        case FieldKind.TEXT:
            return _text(field, value)
        case FieldKind.NUMBER:
            return _number(value)
        case FieldKind.BOOL:
            return _bool(value)
        case FieldKind.DATE | FieldKind.DATETIME:
            return _moment(field, value)
        case FieldKind.CHOICE:
            return _choice(field, value)
        case FieldKind.CHOICES:
            return tuple(_choice(field, item) for item in _items(value))
        case FieldKind.CONTACTS:
            return tuple(as_text(item) for item in _items(value))
        case FieldKind.ADDRESS | FieldKind.RECORD:
            return _record(field, value)
        case FieldKind.RECORDS:
            return tuple(_record(field, item) for item in _items(value))


def as_text(value: object) -> str:
    """Return a value as people and text fields see it: plain numbers, ISO dates, no None."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return format(value, "f")
        case datetime() | date():
            return value.isoformat()
        case list() | tuple():
            return ", ".join(as_text(item) for item in value)
        case _:
            return str(value)


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, (list, tuple)) else [value]


def _record(field: FieldDef, value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise DoesNotFit(f"a field of type {field.type} takes mappings of its parts")
    return {str(key): each for key, each in value.items()}


def _text(field: FieldDef, value: object) -> str:
    text = as_text(value)
    if field.max_length is not None and len(text) > field.max_length:
        raise DoesNotFit(
            f"{len(text)} characters, and a {field.type} field takes at most {field.max_length}"
        )
    return text


def _number(value: object) -> Decimal:
    if isinstance(value, bool):
        return Decimal(int(value))
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise DoesNotFit(f"{as_text(value)!r} is not a number") from None
    if not number.is_finite():
        raise DoesNotFit(f"{as_text(value)!r} is not a number")
    return number


def _bool(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, Decimal)):
        return bool(value)
    match str(value).strip().casefold():
        case "yes" | "true" | "1" | "on":
            return True
        case "no" | "false" | "0" | "off":
            return False
        case _:
            raise DoesNotFit(f"{value!r} is neither yes nor no")


def _moment(field: FieldDef, value: object) -> date:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
        except ValueError:
            raise DoesNotFit(f"{value!r} is not a date (YYYY-MM-DD)") from None
    if field.kind is FieldKind.DATE and isinstance(value, datetime):
        return value.date()
    if isinstance(value, (date, datetime)):
        return value
    raise DoesNotFit(f"{as_text(value)!r} is not a date")


def _choice(field: FieldDef, value: object) -> str:
    text = as_text(value)
    for option in field.options:
        if option == text:
            return option
    for option in field.options:
        if option.casefold() == text.strip().casefold():
            return option
    raise DoesNotFit(f"{text!r} is none of its options: {', '.join(field.options)}")
