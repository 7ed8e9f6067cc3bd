"""Every value of a mapping that may hold expressions, compiled under its key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticUndefined

from kommo_invoice.errors import Problem
from kommo_invoice.mapping.expressions import InvalidExpression, Value, compile_value
from kommo_invoice.mapping.problems import key_text
from kommo_invoice.mapping.schema import EXPRESSION, Document, Section, section_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Values = dict[str, Value]

FALLBACK = "fallback"
"""Stands in keys for the one line that takes the place of missing ones."""

OF_ONE_LINE = frozenset({"product", "n"})
"""The names that are in reach in single lines only."""

_AROUND = frozenset({"deal", "contact", "company", "account", "today"})
_WRITE_BACK = _AROUND | {"invoice"}
_LINES = {
    "deal": _AROUND | {"customer"},
    "products": _AROUND | {"customer", "product"},
    "fields": _AROUND | {"customer", "n"},
}
_REACH = {
    "trigger": _AROUND,
    "customer": _AROUND,
    "invoice": _AROUND | {"customer"},
    "tax": _AROUND | {"customer"},
    "write_back": _WRITE_BACK,
    "task": _WRITE_BACK,
}
_WHOLE_DEAL = {
    "description": "{{ deal.name }}",
    "quantity": "1",
    "unit_price": "{{ deal.price }}",
}
_LINE_DEFAULTS = {
    "deal": _WHOLE_DEAL,
    "products": {
        "description": "{{ product.name }}",
        "quantity": "{{ product.quantity }}",
        "unit_price": "{{ product.price }}",
    },
    "fields": {"quantity": "1"},
}


def compile_values(raw: Mapping[str, Any], file: str, problems: list[Problem]) -> Values:
    """Compile all values of a file, also of one that the schema refuses.

    Args:
        raw: The file as TOML.
        file: Its name, for problems.
        problems: What is wrong is added here.

    Returns:
        The values by key; keys that are not given and have no default are left out.
    """
    lines = raw.get("lines")
    source = str(lines.get("source", "deal")) if isinstance(lines, dict) else "deal"
    reaches = {**_REACH, "lines": _LINES.get(source, _AROUND)}
    found = dict(_given(Document, raw, ()))
    for name, default in _LINE_DEFAULTS.get(source, {}).items():
        found.setdefault(("lines", name), default)
    for name, default in _WHOLE_DEAL.items():
        found["lines", FALLBACK, name] = default
    values: Values = {}
    for path, text in found.items():
        key = key_text(path)
        try:
            values[key] = compile_value(key, text, reaches[path[0]])
        except InvalidExpression as error:
            problems += [Problem(file, key, each.message, each.nearest) for each in error.faults]
    _check_lines(source, lines if isinstance(lines, dict) else {}, file, problems)
    _check_fallback(raw, values, file, problems)
    _check_number(values, file, problems)
    return values


def _given(
    model: type[Section], raw: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], object]]:
    """Yield the path and the text of every expression key that is given or has a default."""
    for name, info in model.model_fields.items():
        value = raw.get(name, info.default)
        inner = section_of(info.annotation)
        if inner is not None and (isinstance(value, dict) or info.default_factory is not None):
            table = value if isinstance(value, dict) else {}
            yield from _given(inner, table, (*path, name))
        elif EXPRESSION in info.metadata:
            if isinstance(value, dict):
                yield from (((*path, name, key), each) for key, each in value.items())
            elif value is not None and value is not PydanticUndefined:
                yield (*path, name), value


def _check_lines(source: str, given: Mapping[str, Any], file: str, problems: list[Problem]) -> None:
    if source == "fields":
        problems += [
            Problem(file, f"lines.{name}", 'is required with source = "fields"')
            for name in ("count", "description", "unit_price")
            if name not in given
        ]
    elif "count" in given:
        problems.append(Problem(file, "lines.count", 'has a meaning only with source = "fields"'))


def _check_fallback(
    raw: Mapping[str, Any], values: Values, file: str, problems: list[Problem]
) -> None:
    """Refuse a line that would silently lose its tax when it stands for the whole deal."""
    tax = values.get("lines.tax")
    falls_back = isinstance(raw.get("lines"), dict) and raw["lines"].get("fallback") == "deal"
    if falls_back and tax is not None and tax.names & OF_ONE_LINE and "tax" not in raw:
        message = 'is each line\'s own, so fallback = "deal" needs a [tax] section for its line'
        problems.append(Problem(file, "lines.tax", message))


def _check_number(values: Values, file: str, problems: list[Problem]) -> None:
    number = values.get("invoice.number")
    if number is None or number.source == "reference" or "deal.id" in number.attributes:
        return
    problems.append(
        Problem(file, "invoice.number", "must be 'reference', or a text with {{ deal.id }} in it")
    )
