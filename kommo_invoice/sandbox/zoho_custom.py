"""Custom fields in the Zoho Books simulator: what is set, shown, and refused twice."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.zoho_faults import Refusal, invalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kommo_invoice.sandbox.records import Record
    from kommo_invoice.sandbox.zoho_state import Organization


def definitions(org: Organization, entity: str) -> Iterator[Record]:
    """Yield the fields of ``invoice``, ``contact``."""
    for record in org.table("field").all():
        if record.data["entity"] == entity:
            yield record


def values_of(
    org: Organization,
    entity: str,
    rows: Sequence[Mapping[str, Any]],
    old: Record | None = None,
) -> dict[str, Any]:
    """Return field id -> value; fields that do not exist are dropped without a word.

    Args:
        org: Whose fields.
        entity: ``invoice`` or ``contact``.
        rows: As asked for, with ``customfield_id`` or ``api_name``.
        old: The record that has them already.

    Raises:
        Refusal: A value is too long, is needed, or is another record's and must be unique.
    """
    values = dict(old.data["custom_fields"]) if old is not None else {}
    for field in definitions(org, entity):
        name = field.data["api_name"]
        for row in rows:
            if field.id == row.get("customfield_id") or name == row.get("api_name"):
                values[field.id] = row.get("value", "")
        value = values.get(field.id)
        if value in {None, ""}:
            values.pop(field.id, None)
            if field.data["is_mandatory"]:
                raise invalid(field.data["label"])
            continue
        if len(str(value)) > int(field.data["value_length"]):
            raise invalid(field.data["label"])
        if field.data["unique"]:
            _check_unique(org, entity, field, value, old)
    return values


def _check_unique(
    org: Organization, entity: str, field: Record, value: object, old: Record | None
) -> None:
    """Refuse a value that another record has (sheet, section 5)."""
    wanted = str(value).strip().casefold()
    for record in org.table(entity).all():
        if old is not None and record.id == old.id:
            continue
        if str(record.data["custom_fields"].get(field.id, "")).strip().casefold() == wanted:
            label = field.data["label"]
            code = org.rules.repeated_value_code
            raise Refusal(code, f"{label} with the value {value} already exists.")


def shown_fields(org: Organization, entity: str, record: Record) -> dict[str, Any]:
    """Return ``custom_fields`` and ``custom_field_hash`` as on the wire."""
    values = record.data["custom_fields"]
    fields = [field for field in definitions(org, entity) if field.id in values]
    rows = [
        {
            "customfield_id": field.id,
            "field_id": field.id,
            "index": Decimal(number),
            "label": field.data["label"],
            "api_name": field.data["api_name"],
            "data_type": field.data["data_type"],
            "value": values[field.id],
        }
        for number, field in enumerate(fields, start=1)
    ]
    return {"custom_fields": rows, "custom_field_hash": shown_hash(org, entity, record)}


def shown_hash(org: Organization, entity: str, record: Record) -> dict[str, Any]:
    """Return the values by api_name, each twice; rows have them at the top as well."""
    values = record.data["custom_fields"]
    return {
        f"{field.data['api_name']}{suffix}": values[field.id]
        for field in definitions(org, entity)
        if field.id in values
        for suffix in ("", "_unformatted")
    }
