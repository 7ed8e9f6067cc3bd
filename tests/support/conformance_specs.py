"""What the providers publish of their interfaces, read from the folder that KINV_SPECS names."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import yaml
from graphql import (
    GraphQLSchema,
    NoDeprecatedCustomRule,
    OperationDefinitionNode,
    build_schema,
    extend_schema,
    parse,
    specified_rules,
    validate,
)
from graphql.execution.values import get_variable_values

if TYPE_CHECKING:
    from collections.abc import Mapping

SPECS = os.environ.get("KINV_SPECS")
NO_SPECS = "KINV_SPECS names no folder of specs"

# What the community's OpenAPI file lacks and the vendor's own pages and SDK have (Kommo sheet,
# sections 4.1 and 4.7).
KOMMO_PARAMETERS = {"GET /api/v4/leads/#/notes": {"order"}}
KOMMO_KEYS = {"/api/v4/leads": {"request_id"}}


@cache
def wave_schema() -> GraphQLSchema:
    """Return Wave's schema with the parts that are known beyond the published one."""
    folder = Path(SPECS or "") / "wave"
    main = build_schema((folder / "schema.graphql").read_text("utf-8"))
    return extend_schema(main, parse((folder / "schema-additions.graphql").read_text("utf-8")))


def wave_problems(document: str, variables: Mapping[str, Any], name: str) -> list[str]:
    """Return what Wave's schema has against a request."""
    schema, parsed = wave_schema(), parse(document)
    found = validate(schema, parsed, [*specified_rules, NoDeprecatedCustomRule])
    operation = parsed.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    declared = operation.variable_definitions or ()
    coerced = get_variable_values(schema, declared, dict(variables))
    errors = coerced if isinstance(coerced, list) else []
    unknown = set(variables) - {each.variable.name.value for each in declared}
    problems = [each.message for each in (*found, *errors)]
    problems += [f"${each} is not declared" for each in sorted(unknown)]
    if operation.name is None or operation.name.value != name:
        problems.append(f"no operation is called {name}")
    return problems


@cache
def _kommo() -> dict[str, Any]:
    path = Path(SPECS or "") / "kommo" / "amocrm-openapi-hexlet.yaml"
    loaded: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return loaded


def kommo_problems(method: str, uri: str, body: Any) -> list[str]:
    """Return what Kommo's community OpenAPI file has against a request.

    It follows the sister product, so it vouches for paths, methods and names of keys only.
    """
    parts = urlsplit(uri)
    operation = _operation(method, parts.path)
    if operation is None:
        return [f"{method} {parts.path} is no documented operation"]
    known = {each["name"] for each in operation.get("parameters", [])}
    known |= KOMMO_PARAMETERS.get(f"{method} {re.sub('[0-9]{2,}', '#', parts.path)}", set())
    used = {key.partition("[")[0] for key, _ in parse_qsl(parts.query)}
    problems = [f"{each} is no documented parameter" for each in sorted(used - known)]
    if body is not None:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        problems += _body_problems(body, schema, KOMMO_KEYS.get(parts.path, set()))
    return problems


def _operation(method: str, path: str) -> dict[str, Any] | None:
    for template, methods in _kommo()["paths"].items():
        pattern = re.sub(r"\{\w+\}", r"\\d+", template.replace("{entity_type}", "[a-z]+"))
        if re.fullmatch(pattern, path) and method.lower() in methods:
            found: dict[str, Any] = methods[method.lower()]
            return found
    return None


def _body_problems(body: Any, schema: dict[str, Any], missing: set[str]) -> list[str]:
    if not isinstance(body, list) or schema["type"] != "array":
        return ["the body is no list"]
    item = _resolved(schema["items"])
    keys = item["properties"]
    problems = []
    for each in body:
        problems += [
            f"{key} is no documented key" for key in sorted(set(each) - set(keys) - missing)
        ]
        problems += [f"{key} is required" for key in item.get("required", ()) if key not in each]
        for value in each.get("custom_fields_values", ()):
            known = _resolved(_resolved(keys["custom_fields_values"])["items"])["properties"]
            problems += [f"{key} is no key of a field" for key in sorted(set(value) - set(known))]
    return problems


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = _kommo()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema
