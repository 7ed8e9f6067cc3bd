"""What pydantic finds wrong, in the words and the keys of the mapping file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kommo_invoice.errors import Problem
from kommo_invoice.mapping.resolve import nearest
from kommo_invoice.mapping.schema import NOT_YET, Document, Section, section_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WRONG_KIND = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "list_type": "must be a list",
    "model_type": "must be a table",
    "dict_type": "must be a table",
}
_UNION_TAGS = frozenset({"scalar", "table"})


def key_text(parts: Iterable[str | int]) -> str:
    """Return a key as TOML writes it: ``write_back.fields."Paid on"``, list places as ``[1]``."""
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += "." * bool(text) + (part if _BARE.fullmatch(part) else f'"{part}"')
    return text


def of_schema(error: ValidationError, file: str) -> list[Problem]:
    """Return the problems of a file that does not fit the schema."""
    return [_problem(detail, file) for detail in error.errors(include_url=False)]


def ordered(problems: Sequence[Problem], raw: Mapping[str, Any]) -> list[Problem]:
    """Return problems in the order in which their keys stand in the file."""
    places = {key: place for place, key in enumerate(_keys(raw, ()))}

    def place(problem: Problem) -> int:
        found = [
            at
            for key, at in places.items()
            if problem.key == key or problem.key.startswith((f"{key}.", f"{key}["))
        ]
        return max(found, default=len(places))

    return sorted(problems, key=place)


def _keys(raw: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    for name, value in raw.items():
        yield key_text((*path, name))
        if isinstance(value, dict):
            yield from _keys(value, (*path, name))


def _problem(detail: ErrorDetails, file: str) -> Problem:
    location = tuple(
        part
        for place, part in enumerate(detail["loc"])
        if not (part in _UNION_TAGS and detail["loc"][place - 1] == "discount")
    )
    key = key_text(location)
    context = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return Problem(file, key, "is required")
        case "extra_forbidden":
            return _unknown(location, key, file)
        case "literal_error":
            options = re.findall(r"'([^']*)'", context["expected"])
            allowed = context["expected"].replace("'", "")
            near = nearest(str(detail["input"]), options)
            return Problem(file, key, f"must be {allowed}, not {detail['input']!r}", near)
        case kind if kind in _WRONG_KIND:
            return Problem(file, key, _WRONG_KIND[kind])
        case "greater_than_equal":
            return Problem(file, key, f"must be at least {context['ge']}")
        case "less_than_equal":
            return Problem(file, key, f"must be at most {context['le']}")
        case "too_short" | "string_too_short":
            return Problem(file, key, "must not be empty")
    return Problem(file, key, detail["msg"])


def _unknown(location: tuple[str | int, ...], key: str, file: str) -> Problem:
    name = str(location[-1])
    if len(location) == 1 and name in NOT_YET:
        return Problem(file, key, "this section is not available in this version")
    return Problem(file, key, "is an unknown key", nearest(name, _siblings(location[:-1])))


def _siblings(path: tuple[str | int, ...]) -> Sequence[str]:
    model: type[Section] = Document
    for part in path:
        inner = section_of(model.model_fields[str(part)].annotation)
        if inner is None:
            return ("amount",)
        model = inner
    return tuple(model.model_fields)
