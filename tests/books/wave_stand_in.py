"""A stand-in for the HTTP client that answers Wave's queries from a few records.

It reads each document for its fields and their arguments, so that tests can say what was asked,
and how often, without knowing how readings are put together.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from math import ceil
from typing import TYPE_CHECKING, Any

from graphql import FieldNode, ListValueNode, OperationDefinitionNode, VariableNode, parse

from kommo_invoice.books.wave import Wave
from kommo_invoice.books.wave.errors import judge
from kommo_invoice.http.calls import CallClass, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

UUID = "00000000-0000-4000-8000-0000000000b1"
BUSINESS = base64.b64encode(f"Business:{UUID}".encode()).decode()
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

Record = dict[str, Any]


def reply(body: object, status: int = 200) -> Reply:
    return Reply(status, {}, body, "", NOW)


def customer(number: int, email: str, **changes: Any) -> Record:
    return {
        "id": f"customer-{number}",
        "name": f"Customer {number}",
        "email": email,
        "isArchived": False,
        "createdAt": f"2026-01-{number:02d}T08:00:00.000Z",
        "currency": {"code": "EUR"},
    } | changes


def amount(value: str) -> Record:
    return {"value": value, "minorUnitValue": format(Decimal(value) * 100, "f")}


def invoice(number: int, **changes: Any) -> Record:
    return {
        "id": f"invoice-{number}",
        "invoiceNumber": str(number),
        "poNumber": "",
        "status": "DRAFT",
        "createdAt": f"2026-10-01T08:{number // 60:02d}:{number % 60:02d}.000Z",
        "modifiedAt": f"2026-10-01T08:{number // 60:02d}:{number % 60:02d}.500Z",
        "invoiceDate": "2026-10-01",
        "dueDate": "2026-10-31",
        "lastSentAt": None,
        "lastSentVia": None,
        "lastViewedAt": None,
        "viewUrl": f"https://next.waveapps.com/invoices/readonly/{number}/0123456789abcdef",
        "customer": {"id": "customer-1", "email": "anna@acme.example"},
        "currency": {"code": "EUR", "exponent": 2},
        "taxTotal": amount("19.00"),
        "total": amount("119.00"),
        "amountDue": amount("119.00"),
        "amountPaid": amount("0.00"),
        "items": [
            {
                "description": "Website",
                "quantity": "1",
                "unitPrice": "100",
                "product": {"id": "product-1"},
                "taxes": [{"salesTax": {"id": "tax-19"}}],
            }
        ],
        "payments": [],
    } | changes


@dataclass
class Asked:
    """One request: its class, and each field with its arguments."""

    call: CallClass
    query: str
    variables: Mapping[str, Any]
    fields: list[tuple[str, dict[str, Any]]]


@dataclass
class StandIn:
    """Answers from its records; ``mutations`` says what each mutation's field holds."""

    customers: list[Record] = field(default_factory=list)
    invoices: list[Record] = field(default_factory=list)
    products: list[Record] = field(default_factory=list)
    taxes: list[Record] = field(default_factory=list)
    businesses: list[Record] = field(default_factory=list)
    mutations: dict[str, object] = field(default_factory=dict)
    case_sensitive: bool = True
    scripted: Reply | None = None
    on_request: Callable[[], None] = lambda: None
    requests: list[Asked] = field(default_factory=list)

    def wave(self) -> Wave:
        return Wave(self, BUSINESS)  # type: ignore[arg-type]

    def call(self, call: CallClass, method: str, path: str, *, json: Any) -> Reply:
        assert (method, path) == ("POST", "/graphql/public")
        operation = parse(json["query"]).definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        assert operation.name is not None
        assert operation.name.value == json["operationName"]
        asked = Asked(call, json["query"], json["variables"], [])
        self.requests.append(asked)
        answer = self.scripted or reply(self._answer(operation, asked))
        self.on_request()
        if (wrong := judge(answer)) is not None:
            raise wrong
        return answer

    def _answer(self, operation: OperationDefinitionNode, asked: Asked) -> Record:
        (root,) = operation.selection_set.selections
        assert isinstance(root, FieldNode)
        name, values = root.name.value, _arguments(root, asked.variables)
        if name != "business":
            asked.fields.append((name, values))
            found = self.mutations.get(name) or _page(self.businesses, values)
            return {"data": {name: found}}
        data: Record = dict(self.businesses[0]) if self.businesses else {}
        errors: list[Record] = []
        assert root.selection_set is not None
        for selection in root.selection_set.selections:
            assert isinstance(selection, FieldNode)
            if not selection.arguments or not _included(selection, asked.variables):
                continue
            key = selection.alias.value if selection.alias else selection.name.value
            values = _arguments(selection, asked.variables)
            asked.fields.append((selection.name.value, values))
            data[key] = self._field(selection.name.value, values)
            if data[key] is None:
                missing = {"message": "Not there.", "extensions": {"code": "NOT_FOUND"}}
                errors.append(missing | {"path": ["business", key]})
        return {"data": {"business": data}} | ({"errors": errors} if errors else {})

    def _field(self, name: str, values: Record) -> Record | None:
        match name:
            case "customer":
                return _by_id(self.customers, values["id"])
            case "invoice":
                return _by_id(self.invoices, values["id"])
            case "customers":
                return _page([each for each in self.customers if self._has(each, values)], values)
            case "invoices":
                return _page(self._listed(values), values)
            case "products":
                return _page(self.products, values)
            case _:
                assert name == "salesTaxes"
                return _page(self.taxes, values)

    def _has(self, record: Record, values: Record) -> bool:
        one, other = str(record["email"]), str(values["email"])
        return one == other if self.case_sensitive else one.lower() == other.lower()

    def _listed(self, values: Record) -> list[Record]:
        key = "modifiedAt" if values["sort"] == "MODIFIED_AT_ASC" else "createdAt"
        rows = sorted(self.invoices, key=lambda each: each[key])
        if values["sort"] == "CREATED_AT_DESC":
            rows.reverse()
        return [
            each
            for each in rows
            if each["modifiedAt"] > (values.get("modifiedAtAfter") or "")
            and (values.get("invoiceNumber") or "") in each["invoiceNumber"]
            and values.get("customerId") in {None, each["customer"]["id"]}
        ]


def _arguments(node: FieldNode, variables: Mapping[str, Any]) -> Record:
    values: Record = {}
    for argument in node.arguments or ():
        value: Any = argument.value
        if isinstance(value, VariableNode):
            values[argument.name.value] = variables.get(value.name.value)
        elif isinstance(value, ListValueNode):
            (only,) = value.values
            values[argument.name.value] = getattr(only, "value", None)
        else:
            values[argument.name.value] = value.value
    return values


def _included(node: FieldNode, variables: Mapping[str, Any]) -> bool:
    for directive in node.directives or ():
        (argument,) = directive.arguments or ()
        condition = argument.value
        assert isinstance(condition, VariableNode)
        if not variables[condition.name.value]:
            return False
    return True


def _by_id(records: list[Record], record_id: str) -> Record | None:
    return next((each for each in records if each["id"] == record_id), None)


def _page(records: list[Record], values: Record) -> Record:
    size, page = int(values["pageSize"]), int(values["page"])
    rows = records[(page - 1) * size : page * size]
    return {
        "pageInfo": {"currentPage": page, "totalPages": max(1, ceil(len(records) / size))},
        "edges": [{"node": each} for each in rows],
    }
