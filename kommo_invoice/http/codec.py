"""JSON in and out without floats: amounts arrive as Decimal and leave with their exact digits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal


def decode(content: bytes) -> tuple[str, object | None, bool]:
    """Return a body as text, as data, and whether it could be read.

    Args:
        content: The body's bytes, taken as UTF-8.

    Returns:
        The text; the parsed JSON, None for an empty body; False when it is neither.
    """
    text = content.decode("utf-8-sig", errors="replace")
    if not text.strip():
        return text, None, True
    try:
        return text, json.loads(text, parse_float=Decimal, parse_constant=_refuse), True
    except (ValueError, RecursionError):
        return text, None, False


def encode(value: object) -> bytes:
    """Return ``value`` as JSON in UTF-8; a Decimal is written as a number, digit by digit.

    Raises:
        TypeError: For a float (money is never one) and anything else that JSON does not know.
    """
    return _write(value).encode()


def _write(value: object) -> str:
    match value:
        case None | bool() | int() | str():
            return json.dumps(value, ensure_ascii=False)
        case Decimal() if value.is_finite():
            return format(value, "f")
        case Mapping():
            return (
                "{" + ",".join(f"{_key(key)}:{_write(item)}" for key, item in value.items()) + "}"
            )
        case list() | tuple():
            return "[" + ",".join(map(_write, value)) + "]"
        case _:
            raise TypeError(f"{value!r} cannot be written as JSON")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{key!r} cannot be a name in JSON")
    return json.dumps(key, ensure_ascii=False)


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")
