"""A stand-in for the HTTP client that answers for one QuickBooks company from a few records.

It reads statements for their conditions, so that tests can say what was asked, and how often.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from kommo_invoice.books.quickbooks import QuickBooks
from kommo_invoice.books.quickbooks.errors import judge
from kommo_invoice.domain.catalog import BooksAccount, Catalog, Item, Settings, TaxChoice, Term
from kommo_invoice.http.calls import CallClass, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

REALM = "9130347957983546"
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TIME = "2026-11-02T01:00:00.101-08:00"

Record = dict[str, Any]

_STATEMENT = re.compile(
    r"select \* from (?P<entity>\w+)(?: where (?P<where>.*?))?"
    r" ORDERBY (?P<order>[\w.]+) STARTPOSITION (?P<start>\d+) MAXRESULTS (?P<size>\d+)"
)
_CONDITION = re.compile(
    r"(?P<name>[\w.]+) (?P<op>=|>=|LIKE|IN) (?P<value>\([^)]*\)|'(?:\\.|[^'\\])*')(?: and )?"
)
_QUOTED = re.compile(r"'((?:\\.|[^'\\])*)'")


def reply(body: object, status: int = 200, text: str = "", **headers: str) -> Reply:
    return Reply(status, headers, body, text, NOW)


def fault(code: str, message: str = "No", detail: str = "", status: int = 400) -> Reply:
    error = {"Message": message, "Detail": detail, "code": code}
    return reply({"Fault": {"Error": [error], "type": "ValidationFault"}, "time": TIME}, status)


def times(moment: str) -> Record:
    return {"CreateTime": moment, "LastUpdatedTime": moment}


def customer(number: int, email: str | None = None, **changes: Any) -> Record:
    record: Record = {
        "Id": str(number),
        "SyncToken": "0",
        "DisplayName": f"Customer {number}",
        "Active": True,
        "Job": False,
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "MetaData": times(f"2026-01-{number:02d}T08:00:00-08:00"),
    }
    own = {"PrimaryEmailAddr": {"Address": email}} if email else {}
    return record | own | changes


def invoice(number: int, **changes: Any) -> Record:
    moment = f"2026-10-01T08:{number // 60:02d}:{number % 60:02d}-07:00"
    return {
        "Id": str(number),
        "SyncToken": "0",
        "DocNumber": str(1000 + number),
        "TxnDate": "2026-10-01",
        "DueDate": "2026-10-31",
        "CustomerRef": {"value": "1", "name": "Customer 1"},
        "CurrencyRef": {"value": "USD"},
        "Line": [
            {
                "Id": "1",
                "Amount": 100,
                "Description": "Advice",
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {
                    "ItemRef": {"value": "19", "name": "Advice"},
                    "UnitPrice": 100,
                    "Qty": 1,
                    "TaxCodeRef": {"value": "NON"},
                },
            },
            {"Amount": 100, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
        ],
        "TxnTaxDetail": {"TotalTax": 0},
        "TotalAmt": 100,
        "Balance": 100,
        "EmailStatus": "NotSet",
        "LinkedTxn": [],
        "MetaData": times(moment),
    } | changes


def payment(
    number: int, *paid: tuple[str, int], total: int | None = None, **changes: Any
) -> Record:
    return {
        "Id": str(number),
        "SyncToken": "0",
        "TxnDate": "2026-10-09",
        "TotalAmt": sum(amount for _, amount in paid) if total is None else total,
        "CurrencyRef": {"value": "USD"},
        "Line": [
            {"Amount": amount, "LinkedTxn": [{"TxnId": each, "TxnType": "Invoice"}]}
            for each, amount in paid
        ],
        "MetaData": times("2026-10-09T09:00:00-07:00"),
    } | changes


def company(**settings: Any) -> Catalog:
    """Return the set-up of a US company that charges sales tax."""
    values: Record = {"taxes": TaxChoice.BY_BOOKS, "other_currencies": False}
    return Catalog(
        account=BooksAccount(REALM, "Sable Consulting", "USD"),
        items=(Item("19", "Advice"),),
        terms=(Term("3", "Net 30", 30), Term("7", "Due on receipt", 0), Term("8", "2 weeks", 14)),
        settings=Settings(**(values | settings)),
    )


@dataclass
class Asked:
    """One request."""

    call: CallClass
    method: str
    path: str
    raw_query: str
    params: dict[str, str]
    json: Any
    headers: Mapping[str, str]

    @property
    def statements(self) -> list[str]:
        if self.path == "/query":
            return [self.params["query"]]
        items = self.json["BatchItemRequest"] if self.path == "/batch" else []
        return [item["Query"] for item in items]


@dataclass
class StandIn:
    """Answers from its records; ``scripted`` answers a path in its stead, one after the other."""

    records: dict[str, list[Record]] = field(default_factory=dict)
    scripted: dict[str, list[Reply]] = field(default_factory=dict)
    log: list[Record] = field(default_factory=list)
    ignores_filters: bool = False
    on_request: Callable[[], None] = lambda: None
    requests: list[Asked] = field(default_factory=list)

    def books(self, known: Catalog | None = None) -> QuickBooks:
        opened = QuickBooks(self, REALM)  # type: ignore[arg-type]
        opened.know(known or company())
        return opened

    def call(
        self, call: CallClass, method: str, path: str, *, json: Any, headers: Mapping[str, str]
    ) -> Reply:
        parts = urlsplit(path)
        root = f"/v3/company/{REALM}"
        assert parts.path.startswith(root)
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        assert params.pop("minorversion") == "75"
        own = parts.path.removeprefix(root)
        asked = Asked(call, method, own, parts.query, params, json, headers)
        self.requests.append(asked)
        waiting = self.scripted.get(own)
        answer = waiting.pop(0) if waiting else self._answer(asked)
        self.on_request()
        if (wrong := judge(answer)) is not None:
            raise wrong
        return answer

    def paths(self) -> list[str]:
        return [f"{each.method} {each.path}" for each in self.requests]

    def _answer(self, asked: Asked) -> Reply:
        match asked.method, asked.path.split("/")[1:]:
            case "GET", ["query"]:
                return reply(self._query(asked.params["query"]) | {"time": TIME})
            case "POST", ["batch"]:
                items = [
                    self._query(item["Query"]) | {"bId": item["bId"]}
                    for item in asked.json["BatchItemRequest"]
                ]
                return reply({"BatchItemResponse": items[::-1], "time": TIME})
            case "GET", [entity, number]:
                name = {"companyinfo": "CompanyInfo"}.get(entity, entity.capitalize())
                found = [each for each in self.records.get(name, []) if each["Id"] == number]
                if not found:
                    return fault("610", "Object Not Found")
                return reply({name: found[0], "time": TIME})
            case "GET", ["preferences"]:
                return reply({"Preferences": self.records["Preferences"][0], "time": TIME})
            case _:
                raise AssertionError(f"{asked.method} {asked.path} is not scripted")

    def _query(self, statement: str) -> Record:
        parts = _STATEMENT.fullmatch(statement)
        assert parts is not None, statement
        rows = [
            each
            for each in self.records.get(parts["entity"], [])
            if self.ignores_filters or _holds(each, parts["where"] or "")
        ]
        rows.sort(key=lambda each: _sorting(each, parts["order"]))
        start, size = int(parts["start"]), int(parts["size"])
        assert size <= 1000
        page = rows[start - 1 : start - 1 + size]
        found = {parts["entity"]: page, "startPosition": start, "maxResults": len(page)}
        return {"QueryResponse": found if page else {}}


def _holds(record: Record, where: str) -> bool:
    conditions = list(_CONDITION.finditer(where))
    assert "".join(each[0] for each in conditions) == where, where
    if "Active" not in where and record.get("Active") is False:
        return False
    return all(_true(record, each) for each in conditions)


def _true(record: Record, condition: re.Match[str]) -> bool:
    if condition["name"] == "Active":
        return True
    values = [re.sub(r"\\(.)", r"\1", each) for each in _QUOTED.findall(condition["value"])]
    (own,) = _values(record, condition["name"])
    match condition["op"]:
        case ">=":
            return datetime.fromisoformat(own) >= datetime.fromisoformat(values[0])
        case "LIKE":
            pattern = re.escape(values[0].lower()).replace("%", ".*")
            return re.fullmatch(pattern, own.lower()) is not None
        case _:
            return own.lower() in {each.lower() for each in values}


def _values(record: Record, name: str) -> Iterator[str]:
    value: Any = record
    for part in name.split("."):
        value = (value or {}).get(part)
    if isinstance(value, dict):
        value = value.get("value", value.get("Address"))
    yield str(value or "")


def _sorting(record: Record, order: str) -> tuple[int, str]:
    (value,) = _values(record, order)
    return (int(value), "") if value.isdecimal() else (0, value)
