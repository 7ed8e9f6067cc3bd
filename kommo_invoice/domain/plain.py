"""Domain values as plain data, for storing and for showing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from kommo_invoice.domain.money import Money


def plain(value: object) -> object:
    """Return a value as JSON can hold it: decimals as text, dates as ISO, nothing as float.

    Args:
        value: Any domain value; dataclasses become mappings of their fields.

    Raises:
        TypeError: The value is of a type that the domain does not use.
    """
    match value:
        case None | bool() | int():
            return value
        case Enum():
            return value.value
        case str():
            return value
        case Decimal():
            return format(value, "f")
        case datetime() | date():
            return value.isoformat()
        case Money():
            return {"amount": format(value.amount, "f"), "currency": value.currency}
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no plain form")
