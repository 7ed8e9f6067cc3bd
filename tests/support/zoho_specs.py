"""What Zoho publishes of Books' interface, as a judge of requests (KINV_SPECS names the folder).

The specification has slips, which the provider sheet lists; they stand here as data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml
from conformance_specs import SPECS

BODY_SLIPS = {
    "discount": "a number is an amount, a text with % a percentage (sheet, section 8)",
    "line_items[].discount": "the same",
}
"""Path of a property in a body -> why another type than the published one is right."""

PARAMETER_SLIPS = {
    "organization_id": "named once for all, not for each request (sheet, section 2)",
    "sort_order": "beside sort_column, in the answers' page_context (sheet, section 4.7)",
    "page": "lists that are published without pages have them live (sheet, section 4.7)",
    "per_page": "the same",
}
"""Parameter -> why it is right although the request's own list does not have it."""

NEWER = {"/settings/fields": {"entity"}}
"""Path -> parameters, of modules whose documents are not in the bundle (sheet, section 4.11)."""

Schema = Mapping[str, Any]

_ROOT = "/books/v3"
_LENGTH = re.compile(r"[Mm]ax-length \[(\d+)\]")
_DOCUMENTS = {"currencies": "currency"}
_KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, Decimal),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


@cache
def document(name: str) -> Any:
    path = Path(SPECS or "") / f"zoho/openapi/{name}.yml"
    return yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def resolved(name: str, schema: Schema) -> Schema:
    while "$ref" in schema:
        _, section, key = schema["$ref"].rsplit("/", 2)
        schema = document(name)["components"][section][key]
    return schema


def request_schema(name: str, path: str) -> Schema:
    content = document(name)["paths"][path]["post"]["requestBody"]["content"]
    return resolved(name, content["application/json"]["schema"])


def published(name: str, path: str, inside: str) -> set[str]:
    """Return the properties of what an answer holds under a key, as rows or as one object."""
    answer = document(name)["paths"][path]["get"]["responses"]["200"]
    whole = resolved(name, answer["content"]["application/json"]["schema"])
    found = resolved(name, whole["properties"][inside])
    if found["type"] == "array":
        found = resolved(name, found["items"])
    return set(found["properties"])


def body_problems(name: str, path: str, body: Any) -> list[str]:
    """Return what the specification has against the body of a write."""
    return list(_of_value(name, request_schema(name, path), body, ""))


def zoho_problems(method: str, uri: str, body: str | None) -> list[str]:
    """Return what the specification has against a request."""
    parts = urlsplit(uri)
    path = parts.path.removeprefix(_ROOT)
    if path == parts.path:
        return [f"{parts.path} is no path of Books"]
    params = dict(parse_qsl(parts.query, keep_blank_values=True))
    problems = [] if "+" not in parts.query and " " not in parts.query else ["it is not encoded"]
    if path != "/organizations" and not params.get("organization_id", "").isdecimal():
        problems.append("it names no organisation")
    if path in NEWER:
        unknown = set(params) - NEWER[path] - {"organization_id"}
        return problems + [f"{each} is not known" for each in sorted(unknown)]
    name, template = _published_path(path)
    operation = document(name)["paths"].get(template, {}).get(method.lower()) if name else None
    if operation is None:
        return [*problems, f"{method} {path} is not published"]
    known = {resolved(name, each)["name"] for each in operation.get("parameters", ())}
    unknown = set(params) - known - set(PARAMETER_SLIPS)
    problems += [f"{each} is no parameter of {method} {template}" for each in sorted(unknown)]
    if body:
        if "requestBody" not in operation:
            return [*problems, f"{method} {template} has no body"]
        problems += body_problems(name, template, json.loads(body, parse_float=Decimal))
    return problems


def _published_path(path: str) -> tuple[str, str]:
    """Return the document that has a path, and the path as it stands there."""
    inside = path.removeprefix("/settings").split("/")
    name = _DOCUMENTS.get(inside[1], inside[1])
    if not (Path(SPECS or "") / f"zoho/openapi/{name}.yml").exists():
        return "", path
    return name, re.sub(r"/[0-9]+", f"/{{{inside[1].removesuffix('s')}_id}}", path)


def _of_value(name: str, schema: Schema, value: Any, where: str) -> Iterator[str]:
    schema = resolved(name, schema)
    if not isinstance(value, _KINDS[schema["type"]]) and where not in BODY_SLIPS:
        yield f"{where}: {type(value).__name__}, not {schema['type']}"
    elif isinstance(value, dict):
        for missing in set(schema.get("required", ())) - set(value):
            yield f"{where}.{missing} is required"
        for key, each in value.items():
            inner = f"{where}.{key}".lstrip(".")
            if key not in schema["properties"]:
                yield f"{inner} is not published"
            else:
                yield from _of_value(name, schema["properties"][key], each, inner)
    elif isinstance(value, list):
        for each in value:
            yield from _of_value(name, schema["items"], each, f"{where}[]")
    elif isinstance(value, str):
        longest = _LENGTH.search(schema.get("description", ""))
        if longest is not None and len(value) > int(longest[1]):
            yield f"{where} is longer than {longest[1]}"
