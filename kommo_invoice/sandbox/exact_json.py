"""JSON in which amounts keep their digits, for simulators whose providers write them so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def decode(body: bytes) -> Any:
    """Return the JSON of a body, every number as a Decimal.

    Raises:
        ValueError: It is no JSON.
    """
    return json.loads(body, parse_float=Decimal, parse_int=Decimal)


def encode(value: Any) -> str:
    """Return JSON in which a Decimal is a number with all its digits: ``100.00``."""
    match value:
        case Decimal():
            return format(value, "f")
        case Mapping():
            return "{" + ",".join(f"{json.dumps(k)}:{encode(v)}" for k, v in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(encode, value)) + "]"
    return json.dumps(value)
