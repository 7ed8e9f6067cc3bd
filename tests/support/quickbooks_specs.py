"""What Intuit publishes of QuickBooks' interface, as a judge of requests (KINV_SPECS names it).

The scraped reference has names, lengths and what is read only; the XSDs have the enumerations. Of
paths and parameters nothing is published in a form that can be read: they are the provider
sheet's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from conformance_specs import SPECS

WRITABLE = {
    "Customer.CurrencyRef",
    *(f"Invoice.CustomField.{each}" for each in ("DefinitionId", "Type")),
}
"""Marked read only in the reference, where one cannot be changed and the others name a field."""

_ROOT = re.compile(r"/v3/company/\d+(?P<rest>/.*)")
_PARAMS = {
    "GET query": {"query", "include"},
    "GET cdc": {"entities", "changedSince"},
    "GET invoice/#": {"include"},
    "GET customer/#": set(),
    "GET companyinfo/#": set(),
    "GET preferences": set(),
    "POST batch": set(),
    "POST customer": {"requestid"},
    "POST invoice": {"requestid", "include", "operation"},
    "POST invoice/#/send": {"requestid", "sendTo"},
}
_STATEMENT = re.compile(
    r"select \* from (?P<entity>\w+)(?: where (?P<where>.+?))?"
    r" ORDERBY (?P<order>[\w.]+) STARTPOSITION (?P<start>\d+) MAXRESULTS (?P<size>\d+)"
)
_CONDITION = re.compile(r"(?P<name>[\w.]+) (?:=|>=|LIKE|IN) (?:\([^)]*\)|'(?:\\.|[^'\\])*')")
_LONGEST_ID = 50
_MOST_ITEMS, _MOST_ROWS = 30, 1000


def folder() -> Path:
    return Path(SPECS or "") / "quickbooks"


@cache
def dump() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder() / "qbTypesDump.json").read_text("utf-8"))
    return loaded


@cache
def schema() -> str:
    files = sorted((folder() / "xsd-php-sdk").glob("*.xsd"))
    return "\n".join(each.read_text("utf-8") for each in files)


@cache
def words(enumeration: str) -> frozenset[str]:
    """Return the values of an enumeration of the XSDs."""
    _, _, rest = schema().partition(f'<xs:simpleType name="{enumeration}">')
    listed, _, _ = rest.partition("</xs:simpleType>")
    return frozenset(re.findall(r'<xs:enumeration value="([^"]*)"', listed))


def attributes(types: str) -> dict[str, dict[str, Any]]:
    """Return the attributes of a type, or of all of several with bars between."""
    names = [each.strip() for each in types.split("|")]
    found = [dump()["Types"][each]["attributes"] for each in names if each in dump()["Types"]]
    return {each["name"]: each for some in found for each in some or ()}


def quickbooks_problems(
    method: str, uri: str, headers: Mapping[str, Any], body: str | None
) -> list[str]:
    """Return what the published interface has against a request."""
    parts = urlsplit(uri)
    inside = _ROOT.fullmatch(parts.path)
    if inside is None:
        return [f"{parts.path} is no path of a company"]
    name = f"{method} {re.sub(r'/[0-9]+', '/#', inside['rest']).removeprefix('/')}"
    if name not in _PARAMS:
        return [f"{name} is not known"]
    params = dict(parse_qsl(parts.query, keep_blank_values=True))
    problems = [
        f"{each} is no parameter of {name}"
        for each in params.keys() - _PARAMS[name] - {"minorversion"}
    ]
    problems += list(_of_params(params))
    problems += [] if "+" not in parts.query and " " not in parts.query else ["it is not encoded"]
    asked = {key.lower(): value for key, value in headers.items()}
    kind = asked.get("content-type")
    if name.endswith("/send"):
        return problems + (
            [] if (kind, body) == ("application/octet-stream", None) else ["no octets"]
        )
    if body is None:
        return problems + ([] if method == "GET" else ["no body"])
    problems += [] if kind == "application/json" else ["it does not say that it is JSON"]
    return problems + list(_of_body(name, params, json.loads(body)))


def body_problems(entity: str, body: Mapping[str, Any]) -> list[str]:
    """Return what the reference has against the body of a create."""
    return list(_of_object(entity, entity, body))


def statement_problems(statement: str) -> list[str]:
    """Return what is wrong with a query."""
    found = _STATEMENT.fullmatch(statement)
    if found is None:
        return [f"{statement!r} is no statement of ours"]
    entity, where = found["entity"], found["where"] or ""
    if entity not in dump()["queryEntities"]:
        return [f"{entity} cannot be queried"]
    known = attributes(entity)
    conditions = list(_CONDITION.finditer(where))
    problems = []
    if " and ".join(each[0] for each in conditions) != where:
        problems.append(f"{where!r} are no conditions")
    names = {each["name"] for each in conditions} | {found["order"]}
    problems += [f"{entity} has no {each}" for each in names if each.partition(".")[0] not in known]
    if not (int(found["start"]) >= 1 and 1 <= int(found["size"]) <= _MOST_ROWS):
        problems.append("it asks for no page")
    return problems


def _of_params(params: Mapping[str, str]) -> Iterator[str]:
    if params.get("minorversion") != "75":
        yield "the minor version is missing"
    if not 1 <= len(params.get("requestid", "x")) <= _LONGEST_ID:
        yield "the request id is too long"
    if params.get("include", "invoiceLink") != "invoiceLink":
        yield "that cannot be included"
    if params.get("operation", "void") not in {"void", "delete"}:
        yield "there is no such operation"
    if "query" in params:
        yield from statement_problems(params["query"])
    for each in filter(None, params.get("entities", "").split(",")):
        if each not in dump()["queryEntities"] or each.startswith("Tax"):
            yield f"{each} is not logged"


def _of_body(name: str, params: Mapping[str, str], body: Any) -> Iterator[str]:
    if name == "POST batch":
        items = body["BatchItemRequest"]
        if len({each["bId"] for each in items}) != len(items) or len(items) > _MOST_ITEMS:
            yield "a batch has up to 30 items, each with its own bId"
        for each in items:
            yield from statement_problems(each["Query"])
    elif "operation" in params:
        if set(body) != {"Id", "SyncToken"}:
            yield "only id and token are needed"
    else:
        yield from _of_object(*2 * (name.removeprefix("POST ").capitalize(),), body)


def _of_object(where: str, types: str, value: Mapping[str, Any]) -> Iterator[str]:
    known = attributes(types)
    for key, each in value.items():
        if key not in known:
            yield f"{where} has no {key}"
            continue
        about = known[key]
        meta = str(about.get("metaData") or "")
        path = f"{where}.{key}"
        if re.search("read only|deprecated|system defined", meta) and path not in WRITABLE:
            yield f"{path} is not ours to write"
        kind = str(about["type"])
        if kind.endswith("Enum") and each not in words(kind):
            yield f"{path}: {each} is no {kind}"
        length = re.search(r"max[^,]*?(\d+) chars", meta)
        for text in _texts(each) if length else ():
            if len(text) > int(length[1]):  # type: ignore[index]  # it was found
                yield f"{path} is longer than {length[1]}"  # type: ignore[index]  # as above
        for one in each if isinstance(each, list) else [each]:
            if isinstance(one, Mapping):
                yield from _of_object(path, kind, one)
    for key, about in known.items():
        required = str(about.get("metaData") or "").strip() in {"* Required", "* Required ,"}
        if required and key not in value and "|" not in types:
            yield f"{where} needs {key}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
