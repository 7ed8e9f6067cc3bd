"""Kommo's custom fields: definitions, and values as they are written and read (section 4.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.kommo_answers import Invalid, missing, unsupported, wrong_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from zoneinfo import ZoneInfo

Value = dict[str, Any]
Values = tuple[Value, ...]

MAX_TEXT = 256
MAX_CHAIN = 5
OPTION_TYPES = {"select", "radiobutton", "category", "multiselect"}
LIST_ONLY = {"price", "category", "items", "linked_entity"}
ADDRESS_PARTS = ("address_line_1", "address_line_2", "city", "state", "zip", "country")
EMAIL_KINDS = ("WORK", "PRIV", "OTHER")
PHONE_KINDS = ("WORK", "WORKDD", "MOB", "HOME", "FAX", "OTHER")


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a select, one kind of a multitext, one part of an address."""

    id: int
    value: str
    code: str | None
    sort: int


@dataclass(frozen=True, slots=True)
class CustomField:
    """The definition of a custom field.

    Args:
        entity: ``leads``, ``contacts``, ``companies`` or ``catalogs/<id>``.
        currency: Of a monetary field.
        is_predefined: True for those that Kommo itself made (EMAIL, PHONE, SKU …).
        is_api_only: True when people cannot edit it.
    """

    id: int
    entity: str
    name: str
    type: str
    code: str | None = None
    options: tuple[Option, ...] = ()
    currency: str | None = None
    sort: int = 500
    is_predefined: bool = False
    is_api_only: bool = False
    required_statuses: tuple[Mapping[str, int], ...] = ()


def fits_entity(kind: str, entity: str) -> bool:
    """Return whether a field of that type can be made for that entity (section 4.5)."""
    if kind not in _KEEPERS:
        return False
    if kind == "chained_list":
        return entity == "leads"
    if entity.startswith("catalogs/"):
        return True
    return kind not in LIST_ONLY and (kind != "multitext" or entity != "leads")


def accept(field: CustomField, written: Any, zone: ZoneInfo) -> Values:
    """Return what ``field`` keeps of ``values`` as they were written; nothing clears it.

    Args:
        field: The definition.
        written: The JSON below ``values``; None clears the field.
        zone: The account's time zone: a date is kept as its local midnight.

    Raises:
        Invalid: With a path relative to the field's entry.
    """
    if written is None:
        return ()
    if not isinstance(written, list):
        raise wrong_type("values", "a list")
    if len(written) > _most(field):
        raise wrong_type("values", f"at most {_most(field)} values")
    keep = _KEEPERS[field.type]
    kept = []
    for index, item in enumerate(written):
        try:
            if not isinstance(item, dict):
                raise wrong_type("", "an object")
            kept.append(keep(item, field, zone))
        except Invalid as error:
            raise error.below(f"values.{index}") from None
    return tuple(value for value in kept if value.get("value") != "")


def entry(field: CustomField, values: Values) -> dict[str, Any]:
    """Return a record's entry for one field as it is read."""
    return {
        "field_id": field.id,
        "field_name": field.name,
        "field_code": field.code,
        "field_type": field.type,
        "values": [dict(value) for value in values],
        "is_computed": False,
    }


def definition(field: CustomField, account_id: int) -> dict[str, Any]:
    """Return a definition as it is read, without its links."""
    return {
        "id": field.id,
        "name": field.name,
        "type": field.type,
        "account_id": account_id,
        "code": field.code,
        "sort": field.sort,
        "is_api_only": field.is_api_only,
        "enums": [
            {"id": option.id, "value": option.value, "sort": option.sort, "code": option.code}
            for option in field.options
        ]
        or None,
        "group_id": None,
        "required_statuses": [dict(status) for status in field.required_statuses],
        "is_deletable": not field.is_predefined,
        "is_predefined": field.is_predefined,
        "entity_type": field.entity.split("/", maxsplit=1)[0],
        "settings": None,
        "tracking_callback": None,
        "remind": None,
        "triggers": [],
        "currency": field.currency,
        "hidden_statuses": [],
        "chained_lists": None,
    }


def shown(values: Values) -> Any:
    """Return values as a person sees them in a table: one as itself, several as a list."""
    plain = [value.get("value", value) for value in values]
    return plain[0] if len(plain) == 1 else plain


def _most(field: CustomField) -> int:
    many = {"multiselect": 1000, "multitext": 1000, "items": 1000, "chained_list": MAX_CHAIN}
    return len(ADDRESS_PARTS) if field.type == "smart_address" else many.get(field.type, 1)


def _only(item: Value, *keys: str) -> None:
    for key in item:
        if key not in keys:
            raise Invalid("FieldNotExpected", key, "This type of field has no such key.")


def _value(item: Value) -> Any:
    _only(item, "value")
    if item.get("value") is None:
        raise missing("value")
    return item["value"]


def _text(item: Value, longest: int | None) -> Value:
    text = _value(item)
    if not isinstance(text, str):
        raise wrong_type("value", "a text")
    if longest is not None and len(text) > longest:
        raise Invalid("TooLong", "value", f"It may have at most {longest} characters.")
    return {"value": text}


def _number(item: Value) -> Value:
    given = _value(item)
    if isinstance(given, bool) or not isinstance(given, (str, int, Decimal)):
        raise wrong_type("value", "a number")
    try:
        number = Decimal(given)
    except InvalidOperation:
        raise wrong_type("value", "a number") from None
    if not number.is_finite():
        raise wrong_type("value", "a number")
    # Numbers are kept as texts, and are read back as such.
    return {"value": given.strip() if isinstance(given, str) else format(number, "f")}


def _checkbox(item: Value) -> Value:
    given = _value(item)
    if not isinstance(given, bool):
        raise wrong_type("value", "true or false")
    return {"value": given}


def _moment(item: Value) -> int:
    given = _value(item)
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    if isinstance(given, str):
        try:
            moment = datetime.fromisoformat(given)
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None:
            return int(moment.timestamp())
    raise wrong_type("value", "unix seconds or RFC 3339")


def _local_midnight(moment: int, zone: ZoneInfo) -> int:
    local = datetime.fromtimestamp(moment, UTC).astimezone(zone)
    return int(datetime(local.year, local.month, local.day, tzinfo=zone).timestamp())


def _choice(options: Sequence[Option], item: Value) -> Value:
    _only(item, "value", "enum_id", "enum_code")
    option = _option(options, item)
    if option is None:
        raise missing("value")
    return {"value": option.value, "enum_id": option.id, "enum_code": option.code}


def _kind_of_text(options: Sequence[Option], item: Value) -> Value:
    _only(item, "value", "enum_id", "enum_code")
    kept = _text({"value": item.get("value")}, None)
    kind = {key: given for key, given in item.items() if key != "value"}
    option = _option(options, kind) or options[0]
    return kept | {"enum_id": option.id, "enum_code": option.code}


def _option(options: Sequence[Option], item: Value) -> Option | None:
    """Return the option that an item names by id, code or text, whichever comes first."""
    for key, named in (("enum_id", "id"), ("enum_code", "code"), ("value", "value")):
        if item.get(key) is None:
            continue
        found = next((option for option in options if getattr(option, named) == item[key]), None)
        if found is None:
            raise unsupported(key)
        return found
    return None


def _object(item: Value, *needed: str) -> Value:
    given = _value(item)
    if not isinstance(given, dict):
        raise wrong_type("value", "an object")
    for key in needed:
        if given.get(key) is None:
            raise missing(f"value.{key}")
    return {"value": dict(given)}


def _legal_entity(item: Value) -> Value:
    kept = _object(item, "name")
    if kept["value"].get("entity_type") not in {None, 1, 2}:
        raise unsupported("value.entity_type")
    return kept


def _row(item: Value) -> Value:
    """Keep a row of an items field, with the sum that Kommo adds."""
    row = _object(item, "unit_price", "quantity")["value"]
    return {"value": row | {"total_sum": Decimal(row["unit_price"]) * Decimal(row["quantity"])}}


def _link_of_chain(item: Value) -> Value:
    _only(item, "catalog_id", "catalog_element_id")
    for key in ("catalog_id", "catalog_element_id"):
        if key not in item:
            raise missing(key)
    return dict(item)


def _choices(item: Value, field: CustomField, _: ZoneInfo) -> Value:
    return _choice(field.options, item)


def _kinds(item: Value, field: CustomField, _: ZoneInfo) -> Value:
    return _kind_of_text(field.options, item)


def _day(item: Value, _: CustomField, zone: ZoneInfo) -> Value:
    return {"value": _local_midnight(_moment(item), zone)}


def _plain(item: Value, field: CustomField, _: ZoneInfo) -> Value:
    return _text(item, MAX_TEXT if field.type == "text" else None)


def _party(item: Value, _field: CustomField, _zone: ZoneInfo) -> Value:
    return _object(item)


_KEEPERS: dict[str, Callable[[Value, CustomField, ZoneInfo], Value]] = {
    "text": _plain,
    "textarea": _plain,
    "url": _plain,
    "streetaddress": _plain,
    "tracking_data": _plain,
    "numeric": lambda item, _field, _zone: _number(item),
    "monetary": lambda item, _field, _zone: _number(item),
    "price": lambda item, _field, _zone: _number(item),
    "checkbox": lambda item, _field, _zone: _checkbox(item),
    "date": _day,
    "birthday": _day,
    "date_time": lambda item, _field, _zone: {"value": _moment(item)},
    "select": _choices,
    "radiobutton": _choices,
    "category": _choices,
    "multiselect": _choices,
    "multitext": _kinds,
    "smart_address": _kinds,
    "legal_entity": lambda item, _field, _zone: _legal_entity(item),
    "items": lambda item, _field, _zone: _row(item),
    "linked_entity": lambda item, _field, _zone: _object(item, "entity_id", "entity_type"),
    "chained_list": lambda item, _field, _zone: _link_of_chain(item),
    "file": lambda item, _field, _zone: _object(item, "file_uuid"),
    "payer": _party,
    "supplier": _party,
    "org_legal_name": _party,
}
