"""The QuickBooks simulator's reads of many: query statements and the change log."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.quickbooks_answers import (
    balance,
    company_info,
    deleted,
    preferences,
    shown,
)
from kommo_invoice.sandbox.quickbooks_faults import Refusal
from kommo_invoice.sandbox.quickbooks_select import parse
from kommo_invoice.sandbox.quickbooks_state import NAMES, PACIFIC, Record

if TYPE_CHECKING:
    from kommo_invoice.sandbox.quickbooks_select import Condition
    from kommo_invoice.sandbox.quickbooks_state import Company

LOG_AGE = timedelta(days=30)

_META = ("MetaData.CreateTime", "MetaData.LastUpdatedTime")
_PEOPLE = (
    *("Id", "DisplayName", "GivenName", "MiddleName", "FamilyName", "Active", "PrimaryEmailAddr"),
    *("CompanyName", "FullyQualifiedName", "PrintOnCheckName", "Balance", *_META),
)
FILTERABLE: Mapping[str, tuple[str, ...]] = {
    "Customer": _PEOPLE,
    "Vendor": _PEOPLE,
    "Employee": _PEOPLE,
    "Item": ("Id", "Name", "FullyQualifiedName", "Active", "Type", "Sku", "UnitPrice", *_META),
    "Term": ("Id", "Name", "Active", "Type", "DueDays", *_META),
    "TaxCode": ("Id", "Name", "Active", *_META),
    "TaxRate": ("Id", "Name", "Active", *_META),
    "CompanyCurrency": ("Id", "Code", "Name", "Active", *_META),
    "Invoice": (
        *("Id", "DocNumber", "TxnDate", "DueDate", "CustomerRef", "SalesTermRef", "Balance"),
        *("TotalAmt", *_META),
    ),
    "Payment": ("Id", "TxnDate", "CustomerRef", "TotalAmt", "PaymentRefNum", *_META),
    "CompanyInfo": ("Id", *_META),
    "Preferences": ("Id", *_META),
}
"""What each entity can be filtered and sorted by (sheet, sections 4.1 and 4.7)."""

LOGGED = (*NAMES, "Item", "Term", "Invoice", "Payment")
"""What the change log knows (sheet, section 4.7)."""

_NUMBERS = {"Balance", "TotalAmt", "UnitPrice", "DueDays"}
_DAYS = {"TxnDate", "DueDate"}

Value = str | Decimal | datetime | date | int
Test = Callable[[Record], bool]


@dataclass(frozen=True, slots=True)
class _Attribute:
    """One attribute that is compared or sorted by.

    Args:
        company: Whose records.
        name: As on the wire: ``MetaData.LastUpdatedTime``.
    """

    company: Company
    name: str

    def of(self, record: Record) -> Value | None:
        """Return a record's value; None where it has none."""
        match self.name:
            case "Id":
                return record.id
            case "MetaData.CreateTime":
                return record.created_at
            case "MetaData.LastUpdatedTime":
                return record.updated_at
            case "Balance" if record.kind == "Customer":
                return balance(self.company, record)
        found: Any = record.data.get(self.name)
        if isinstance(found, Mapping):
            found = found.get("value", found.get("Address"))
        if found is None:
            return None
        return self.read("true" if found is True else "false" if found is False else str(found))

    def read(self, text: str) -> Value:
        """Return a text as what the attribute holds.

        Raises:
            Refusal: It is no number, day or time, where one is needed.
        """
        try:
            if self.name in _META:
                moment = datetime.fromisoformat(text)
                return moment if moment.tzinfo else moment.replace(tzinfo=PACIFIC)
            if self.name in _NUMBERS:
                return Decimal(text)
            if self.name in _DAYS:
                return date.fromisoformat(text)
        except (ValueError, InvalidOperation):
            detail = f"QueryValidationError: {self.name} cannot be compared with {text!r}"
            raise Refusal("4001", detail) from None
        return text.casefold() if self.company.rules.values_ignore_case else text

    def key(self, record: Record) -> tuple[bool, Any]:
        """Return what a record is sorted by; those without a value stand first."""
        value = self.of(record)
        if self.name == "Id" and isinstance(value, str):
            value = int(value) if value.isdigit() else 0
        return (value is not None, value)


def query(company: Company, statement: str, include: Iterable[str] = ()) -> dict[str, Any]:
    """Answer a statement.

    Args:
        company: Whose records.
        statement: The SELECT.
        include: The extras that the request named.

    Raises:
        Refusal: 4000 or 4001.
    """
    select = parse(statement)
    entity = next((name for name in FILTERABLE if name.lower() == select.entity.lower()), None)
    if entity is None:
        detail = f"QueryValidationError: there is nothing called {select.entity}"
        raise Refusal("4001", detail)
    tests = [_test(company, entity, each) for each in select.conditions]
    hides = not any(each.attribute.lower() == "active" for each in select.conditions)
    found = [
        record
        for record in _records(company, entity)
        if not (hides and not record.is_active) and all(test(record) for test in tests)
    ]
    for name, descends in reversed(select.order):
        found.sort(key=_attribute(company, entity, name).key, reverse=descends)
    if select.counts:
        return {"totalCount": Decimal(len(found))}
    rows = found[select.start - 1 : select.start - 1 + select.rows]
    if not rows:
        return {}
    page = [shown(company, record, include) for record in rows]
    count = Decimal(len(page))
    return {entity: page, "startPosition": Decimal(select.start), "maxResults": count}


def change_log(company: Company, entities: str, since: str) -> list[dict[str, Any]]:
    """Answer the change log: whole objects and deleted ones, cut off after 1000.

    Args:
        company: Whose records.
        entities: Names with commas between.
        since: A time with offset, at most 30 days ago; without an offset it is Pacific.

    Raises:
        Refusal: An entity is not logged, or the time is none or too long ago.
    """
    names = []
    for asked in entities.split(","):
        name = next((each for each in LOGGED if each.lower() == asked.strip().lower()), None)
        if name is None:
            raise Refusal("4001", f"QueryValidationError: {asked!r} is not in the change log")
        names.append(name)
    moment = _Attribute(company, _META[1]).read(since)
    if not isinstance(moment, datetime) or moment < company.now() - LOG_AGE:
        raise Refusal("4001", "QueryValidationError: changedSince is more than 30 days ago")
    left = company.rules.change_log_rows
    answers: list[dict[str, Any]] = []
    for name in names:
        rows = _changes(company, name, moment)[:left]
        left -= len(rows)
        count = Decimal(len(rows))
        whole = {name: rows, "startPosition": Decimal(1), "maxResults": count}
        answers.append(whole if rows else {})
    return answers


def _changes(company: Company, kind: str, since: datetime) -> list[dict[str, Any]]:
    table, as_of = company.table(kind), company.as_of()
    changed = [record for record in table.all(as_of) if record.updated_at >= since]
    rows = [shown(company, record) for record in _newest(changed)]
    return rows + [
        deleted(record_id, at)
        for record_id, at in table.deleted.items()
        if at >= since and (as_of is None or at <= as_of)
    ]


def _records(company: Company, entity: str) -> list[Record]:
    """Return all records in the order in which they come when none is asked for.

    Recorded answers have lists by name and transactions newest first.
    """
    alone = {"CompanyInfo": company_info, "Preferences": preferences}
    if entity in alone:
        at, data = company.created_at, alone[entity](company)
        return [Record(kind=entity, id="1", data=data, created_at=at, updated_at=at)]
    records = company.table(entity).all(company.as_of())
    if entity in {"Invoice", "Payment"}:
        return _newest(records)
    return sorted(records, key=_name)


def _name(record: Record) -> str:
    data = record.data
    return str(data.get("DisplayName", data.get("Name"))).casefold()


def _newest(records: Iterable[Record]) -> list[Record]:
    return sorted(records, key=lambda record: int(record.id), reverse=True)


def _attribute(company: Company, entity: str, asked: str) -> _Attribute:
    for name in FILTERABLE[entity]:
        if name.lower() == asked.lower():
            return _Attribute(company, name)
    detail = f"QueryValidationError: property '{asked}' of {entity} cannot be queried"
    raise Refusal("4001", detail)


def _test(company: Company, entity: str, condition: Condition) -> Test:
    """Return whether a record meets a condition; one without a value meets none."""
    attribute = _attribute(company, entity, condition.attribute)
    operator = condition.operator
    if attribute.name == "Id" and operator not in {"=", "IN"}:
        raise Refusal("4001", f"QueryValidationError: Id does not take {operator}")
    if operator == "LIKE":
        return _like(attribute, condition.values[0])
    wanted = [attribute.read(value) for value in condition.values]

    among = set(wanted)

    def test(record: Record) -> bool:
        value: Any = attribute.of(record)
        if value is None:
            return False
        match operator:
            case "<":
                return bool(value < wanted[0])
            case ">":
                return bool(value > wanted[0])
            case "<=":
                return bool(value <= wanted[0])
            case ">=":
                return bool(value >= wanted[0])
        return value in among

    return test


def _like(attribute: _Attribute, pattern: str) -> Test:
    ignores_case = attribute.company.rules.values_ignore_case
    flags = re.DOTALL | (re.IGNORECASE if ignores_case else 0)
    expression = re.compile(".*".join(map(re.escape, pattern.split("%"))), flags)

    def test(record: Record) -> bool:
        value = attribute.of(record)
        return value is not None and expression.fullmatch(str(value)) is not None

    return test
