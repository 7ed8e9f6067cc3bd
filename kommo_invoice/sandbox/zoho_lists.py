"""Lists in the Zoho Books simulator: filters, order and pages (sheet, sections 4.2 and 4.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.zoho_faults import invalid
from kommo_invoice.sandbox.zoho_filters import Search, tests_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kommo_invoice.sandbox.records import Record
    from kommo_invoice.sandbox.zoho_state import Organization

LARGEST_PAGE = 200
"""Also what comes without per_page, whatever the specification says (section 9.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One kind's list.

    Args:
        kind: Of the records.
        key: The rows' name in the answer.
        title: The list's name in ``page_context``.
        row: A record as a row.
        columns: What it can be sorted by; the first is the usual one.
        order: ``A`` or ``D``, the usual one.
        search: What it can be filtered by.
        filters: What ``filter_by`` may be.
        shows: Whether a value of ``filter_by`` lets a record through.
        default: What ``filter_by`` is where it is not given.
    """

    kind: str
    key: str
    title: str
    row: Callable[[Organization, Record], dict[str, Any]]
    columns: tuple[str, ...]
    order: str
    search: Search
    filters: frozenset[str]
    shows: Callable[[Organization, Record, str], bool]
    default: Callable[[Organization], str]


def listed(org: Organization, plan: Plan, params: Mapping[str, str]) -> dict[str, Any]:
    """Return one page of a list, as it was ``world.lag_s`` ago, with its ``page_context``.

    Args:
        org: Whose records.
        plan: Which list.
        params: The query; filters are ANDed, unknown ones passed over without a word.

    Raises:
        Refusal: 2 for an impossible value of a filter, page or column.
    """
    filter_by = params.get("filter_by") or plan.default(org)
    column = params.get("sort_column") or plan.columns[0]
    order = params.get("sort_order") or plan.order
    for name, value, possible in (
        ("filter_by", filter_by, plan.filters),
        ("sort_column", column, plan.columns),
        ("sort_order", order, {"A", "D"}),
    ):
        if value not in possible:
            raise invalid(name)
    page = _number(params, "page", 1)
    size = min(_number(params, "per_page", LARGEST_PAGE), LARGEST_PAGE)
    tests = tests_of(plan.search, params)
    found = [
        record
        for record in org.table(plan.kind).all(org.as_of())
        if plan.shows(org, record, filter_by) and all(test(org, record) for test in tests)
    ]
    found.sort(
        key=lambda record: (_sorted_by(org, plan, record, column), record.id), reverse=order == "D"
    )
    first = (page - 1) * size
    context: dict[str, Any] = {
        "page": page,
        "per_page": size,
        "has_more_page": len(found) > first + size,
        "report_name": plan.title,
        "applied_filter": filter_by,
        "sort_column": column,
        "sort_order": order,
    }
    text = params.get("search_text")
    if text:
        context["search_criteria"] = [
            {"column_name": name, "search_text": text, "comparator": "contains"}
            for name in plan.search.anywhere
        ]
    rows = [plan.row(org, record) for record in found[first : first + size]]
    return {plan.key: rows, "page_context": context}


def _sorted_by(org: Organization, plan: Plan, record: Record, column: str) -> Any:
    match column:
        case "created_time":
            return record.created_at
        case "last_modified_time":
            return record.updated_at
    return record.data[column] if column in record.data else plan.row(org, record)[column]


def _number(params: Mapping[str, str], name: str, default: int) -> int:
    value = params.get(name, "")
    if not value:
        return default
    if not value.isdecimal() or int(value) < 1:
        raise invalid(name)
    return int(value)
