"""Several requests in one, each with an answer of its own (sheet, section 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.quickbooks_answers import deleted, shown
from kommo_invoice.sandbox.quickbooks_customers import write_customer
from kommo_invoice.sandbox.quickbooks_faults import Refusal, missing
from kommo_invoice.sandbox.quickbooks_invoicing import (
    delete_invoice,
    void_invoice,
    write_invoice,
)
from kommo_invoice.sandbox.quickbooks_payments import release
from kommo_invoice.sandbox.quickbooks_query import query

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kommo_invoice.sandbox.quickbooks_state import Company, Record

Write = Callable[["Company", object, "Iterable[str]"], "dict[str, Any]"]


def _customer(company: Company, body: object, include: Iterable[str]) -> dict[str, Any]:
    return {"Customer": shown(company, write_customer(company, body), include)}


def _invoice(company: Company, body: object, include: Iterable[str]) -> dict[str, Any]:
    record = write_invoice(company, body, include)
    extras = include if company.rules.link_on_create else ()
    return {"Invoice": shown(company, record, extras)}


def _voided(company: Company, body: object, include: Iterable[str]) -> dict[str, Any]:
    record: Record = void_invoice(company, body)
    release(company, record.id)
    return {"Invoice": shown(company, record, include)}


def _deleted(company: Company, body: object, _: Iterable[str]) -> dict[str, Any]:
    return {"Invoice": deleted(delete_invoice(company, body).id)}


WRITES: Mapping[tuple[str, str], Write] = {
    ("customer", ""): _customer,
    ("customer", "create"): _customer,
    ("customer", "update"): _customer,
    ("invoice", ""): _invoice,
    ("invoice", "create"): _invoice,
    ("invoice", "update"): _invoice,
    ("invoice", "void"): _voided,
    ("invoice", "delete"): _deleted,
}
"""Resource and operation -> what does it and returns the envelope's content."""


def write(
    company: Company, resource: str, operation: str, body: object, include: Iterable[str] = ()
) -> dict[str, Any]:
    """Do one write.

    Args:
        company: Whose books.
        resource: ``invoice``.
        operation: The parameter of that name; empty to create or update.
        body: The parsed JSON.
        include: The extras that the request named.

    Raises:
        Refusal: It is not known, or not possible.
    """
    act = WRITES.get((resource, operation))
    if act is None:
        raise Refusal("500", f"Operation {operation or 'write'} on {resource} is not supported")
    if company.settings.lapsed:
        raise Refusal("6190", "The company's subscription has ended")
    return act(company, body, include)


def batch(company: Company, body: object) -> list[dict[str, Any]]:
    """Answer a batch: each item by its own, whatever becomes of the others.

    Raises:
        Refusal: It is no batch, or too large.
    """
    items = body.get("BatchItemRequest") if isinstance(body, Mapping) else None
    if not isinstance(items, list) or not items:
        raise missing("BatchItemRequest")
    most = company.rules.largest_batch
    if len(items) > most:
        raise Refusal("6000", f"A batch has at most {most} items")
    return [_item(company, item) for item in items]


def _item(company: Company, item: object) -> dict[str, Any]:
    if not isinstance(item, Mapping) or not isinstance(item.get("bId"), str):
        raise missing("bId")
    try:
        answer = _done(company, item)
    except Refusal as refusal:
        answer = {"Fault": refusal.fault}
    return {**answer, "bId": item["bId"]}


def _done(company: Company, item: Mapping[str, Any]) -> dict[str, Any]:
    if "Query" in item:
        return {"QueryResponse": query(company, str(item["Query"]))}
    names = [name for name in item if name not in {"bId", "operation", "optionsData"}]
    if len(names) != 1:
        raise missing("operation")
    [name] = names
    operation = str(item.get("operation", ""))
    if operation not in {"create", "update", "delete"}:
        raise Refusal("500", f"Operation {operation} is not supported in a batch")
    return write(company, name.lower(), operation, item[name])
