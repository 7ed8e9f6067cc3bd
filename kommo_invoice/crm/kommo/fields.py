"""Custom fields between Kommo's values and ours: one table of types (Kommo sheet, section 4.6)."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kommo_invoice.domain.fields import Field, FieldDef, FieldKind, FieldValue, as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from kommo_invoice.crm.kommo.wire import FieldDefRow, FieldRow
    from kommo_invoice.domain.writing import FieldSet

    Items = Sequence[Mapping[str, Any]]
    Zone = Callable[[], ZoneInfo]

KINDS: Mapping[str, FieldKind] = {
    "text": FieldKind.TEXT,
    "textarea": FieldKind.TEXT,
    "url": FieldKind.TEXT,
    "streetaddress": FieldKind.TEXT,
    "tracking_data": FieldKind.TEXT,
    "numeric": FieldKind.NUMBER,
    "monetary": FieldKind.NUMBER,
    "price": FieldKind.NUMBER,
    "checkbox": FieldKind.BOOL,
    "date": FieldKind.DATE,
    "birthday": FieldKind.DATE,
    "date_time": FieldKind.DATETIME,
    "select": FieldKind.CHOICE,
    "radiobutton": FieldKind.CHOICE,
    "category": FieldKind.CHOICE,
    "multiselect": FieldKind.CHOICES,
    "multitext": FieldKind.CONTACTS,
    "smart_address": FieldKind.ADDRESS,
    "legal_entity": FieldKind.RECORD,
    "linked_entity": FieldKind.RECORD,
    "file": FieldKind.RECORD,
    "items": FieldKind.RECORDS,
    "chained_list": FieldKind.RECORDS,
}
"""Kommo's types that are documented; a field of any other type is as if it were not there."""

# `items` and `linked_entity` exist in lists only; a file has to be uploaded to another service.
_NOT_WRITABLE = frozenset({"items", "linked_entity", "file"})
# The API refuses the whole request for one longer text, though people may type more.
_MAX_LENGTH = {"text": 256}
_NOON = time(12)


def definition(row: FieldDefRow, entity: str) -> FieldDef | None:
    """Return a field's definition, or None for a type that is not documented.

    Args:
        row: Kommo's definition.
        entity: Whose field it is: ``deal``, ``contact`` or ``company``.
    """
    kind = KINDS.get(row.type)
    if kind is None:
        return None
    return FieldDef(
        id=str(row.id),
        name=row.name,
        code=row.code or None,
        type=row.type,
        kind=kind,
        entity=entity,
        max_length=_MAX_LENGTH.get(row.type),
        options=tuple(option.value for option in row.enums),
        writable=row.type not in _NOT_WRITABLE,
    )


def read(rows: Iterable[FieldRow], zone: ZoneInfo) -> tuple[Field, ...]:
    """Return a record's filled custom fields.

    Args:
        rows: The record's ``custom_fields_values``; each names its own type.
        zone: The account's time zone, in which its dates are days.
    """
    known = (row for row in rows if row.field_type in KINDS)
    return tuple(
        Field(str(row.field_id), row.field_name, row.field_code or None, value(row, zone))
        for row in known
    )


def value(row: FieldRow, zone: ZoneInfo) -> FieldValue:
    """Return what a custom field holds; None when it is empty or of an undocumented type.

    A value that its type cannot have stays text: it fails where it is used, with its deal's
    name, and not at the reading of every deal.
    """
    kind = KINDS.get(row.field_type)
    if kind is None:
        return None
    if row.field_type == "chained_list":  # the one type without `value`
        return tuple(row.values) or None
    items = [item for item in row.values if item.get("value") not in (None, "")]
    try:
        return _READERS[kind](items, zone) if items else None
    except (ArithmeticError, TypeError, ValueError):
        return as_text(items[0]["value"])


def write(change: FieldSet, zone: Zone) -> dict[str, object]:
    """Return one item of ``custom_fields_values``; None as value clears the field.

    Args:
        change: The field and what it is to hold, as ``fit`` made it.
        zone: Gives the account's time zone; asked only for dates.
    """
    field, new = change.field, change.value
    values: list[dict[str, object]] | None
    if new is None:
        values = None
    elif field.type == "chained_list":
        values = [dict(item) for item in _many(new)]
    else:
        values = _WRITERS[field.kind](new, zone) or None
    return {"field_id": int(field.id), "values": values}


def preferred(rows: Iterable[FieldRow], code: str) -> str | None:
    """Return the e-mail or phone to use first: the one for work, else the first.

    Args:
        rows: The record's ``custom_fields_values``.
        code: ``EMAIL`` or ``PHONE``; names are localised, codes are not (section 4.3).
    """
    items = [item for row in rows if row.field_code == code for item in row.values]
    filled = [item for item in items if item.get("value")]
    # Older answers call the code of an option `enum`.
    work = (item for item in filled if (item.get("enum_code") or item.get("enum")) == "WORK")
    best = next(work, filled[0] if filled else None)
    return str(best["value"]).strip() if best else None


def _moment(raw: object) -> datetime:
    return datetime.fromtimestamp(int(str(raw)), UTC)


def _text(items: Items, _zone: ZoneInfo) -> FieldValue:
    return str(items[0]["value"])


def _number(items: Items, _zone: ZoneInfo) -> FieldValue:
    return Decimal(str(items[0]["value"]))


def _bool(items: Items, _zone: ZoneInfo) -> FieldValue:
    return items[0]["value"] in (True, "1")


def _date(items: Items, zone: ZoneInfo) -> FieldValue:
    # Stored as the account's local midnight: in UTC it is often the day before (section 8).
    return _moment(items[0]["value"]).astimezone(zone).date()


def _datetime(items: Items, _zone: ZoneInfo) -> FieldValue:
    return _moment(items[0]["value"])


def _texts(items: Items, _zone: ZoneInfo) -> FieldValue:
    return tuple(str(item["value"]) for item in items)


def _address(items: Items, _zone: ZoneInfo) -> FieldValue:
    return {str(item.get("enum_code")): item["value"] for item in items}


def _record(items: Items, _zone: ZoneInfo) -> FieldValue:
    return dict(items[0]["value"])


def _records(items: Items, _zone: ZoneInfo) -> FieldValue:
    return tuple(dict(item["value"]) for item in items)


_READERS: Mapping[FieldKind, Callable[[Items, ZoneInfo], FieldValue]] = {
    FieldKind.TEXT: _text,
    FieldKind.NUMBER: _number,
    FieldKind.BOOL: _bool,
    FieldKind.DATE: _date,
    FieldKind.DATETIME: _datetime,
    FieldKind.CHOICE: _text,
    FieldKind.CHOICES: _texts,
    FieldKind.CONTACTS: _texts,
    FieldKind.ADDRESS: _address,
    FieldKind.RECORD: _record,
    FieldKind.RECORDS: _records,
}


def _many(new: Any) -> Sequence[Any]:
    return new if isinstance(new, (list, tuple)) else [new]


def _plain(new: Any, _zone: Zone) -> list[dict[str, object]]:
    return [{"value": each} for each in _many(new)]


def _as_text(new: Any, _zone: Zone) -> list[dict[str, object]]:
    return [{"value": as_text(new)}]


def _day(new: Any, zone: Zone) -> list[dict[str, object]]:
    # Noon is the same day for the account whichever way Kommo rounds to midnight (section 8).
    day = new.date() if isinstance(new, datetime) else new
    return [{"value": _unix(datetime.combine(day, _NOON, zone()))}]


def _time(new: Any, zone: Zone) -> list[dict[str, object]]:
    if not isinstance(new, datetime):
        return _day(new, zone)
    return [{"value": _unix(new if new.tzinfo else new.replace(tzinfo=zone()))}]


def _contacts(new: Any, _zone: Zone) -> list[dict[str, object]]:
    return [{"value": each, "enum_code": "WORK"} for each in _many(new)]


def _parts(new: Any, _zone: Zone) -> list[dict[str, object]]:
    return [{"value": part, "enum_code": code} for code, part in new.items() if part]


def _unix(moment: datetime) -> int:
    return int(moment.timestamp())


_WRITERS: Mapping[FieldKind, Callable[[Any, Zone], list[dict[str, object]]]] = {
    FieldKind.TEXT: _as_text,
    FieldKind.NUMBER: _as_text,
    FieldKind.BOOL: _plain,
    FieldKind.DATE: _day,
    FieldKind.DATETIME: _time,
    # An option is named by its text, which `fit` has taken from the definition; nothing is made.
    FieldKind.CHOICE: _plain,
    FieldKind.CHOICES: _plain,
    FieldKind.CONTACTS: _contacts,
    FieldKind.ADDRESS: _parts,
    FieldKind.RECORD: _plain,
    FieldKind.RECORDS: _plain,
}
