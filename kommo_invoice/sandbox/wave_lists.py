"""The Wave simulator's lists: filters, sorts and offset pages (Wave sheet, 4.1 to 4.8)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from kommo_invoice.sandbox.wave_records import Business, Invoice, Owned

if TYPE_CHECKING:
    from kommo_invoice.sandbox.wave_state import Info, Table, WaveState

R = TypeVar("R", bound=Owned)
Page = Mapping[str, Any]
Keys = Mapping[str, Callable[[Any], Any]]
Test = Callable[[Invoice, Any], bool]

_KEYS: Keys = {
    "NAME": lambda record: record.name.casefold(),
    "CREATED_AT": lambda record: record.created_at,
    "MODIFIED_AT": lambda record: record.modified_at,
}


def businesses(
    _: None, info: Info, *, page: int | None, page_size: int | None, **asked: Any
) -> Page:
    """Answer ``businesses`` that the token may see: archived ones only when asked for."""
    wanted = bool(asked.get("is_archived"))
    state = info.context
    found = [
        each
        for each in state.businesses.values()
        if each.is_archived is wanted and not state.hides(each.id)
    ]
    return _page(state, found, page, page_size or 10)


def accounts(
    business: Business,
    info: Info,
    *,
    page: int | None,
    page_size: int | None,
    **asked: Any,
) -> Page:
    """Answer ``accounts``."""
    types, subtypes = asked.get("types"), asked.get("subtypes")
    excluded = asked.get("excluded_subtypes") or ()
    found = [
        account
        for account in info.context.accounts.all(business.id)
        if (types is None or account.type in types)
        and (subtypes is None or account.subtype in subtypes)
        and account.subtype not in excluded
        and asked["is_archived"] in {None, account.is_archived}
    ]
    return _page(info.context, found, page, page_size)


def sales_taxes(
    business: Business,
    info: Info,
    *,
    page: int | None,
    page_size: int | None,
    **asked: Any,
) -> Page:
    """Answer ``salesTaxes``."""
    found = [
        tax
        for tax in _shown(info.context, info.context.taxes, business, asked)
        if asked["is_archived"] in {None, tax.is_archived}
    ]
    return _page(info.context, found, page, page_size)


def products(
    business: Business,
    info: Info,
    *,
    page: int | None,
    page_size: int | None,
    **asked: Any,
) -> Page:
    """Answer ``products``: archived ones are hidden unless asked for."""
    found = [
        product
        for product in _shown(info.context, info.context.products, business, asked)
        if asked["is_archived"] in {None, product.is_archived}
        and asked.get("is_sold") in {None, product.is_sold}
        and asked.get("is_bought") in {None, product.is_bought}
    ]
    return _page(info.context, _sorted(found, asked["sort"], _KEYS), page, page_size)


def customers(
    business: Business,
    info: Info,
    *,
    page: int | None,
    page_size: int | None,
    **asked: Any,
) -> Page:
    """Answer ``customers``: by exact address, archived ones among them."""
    state = info.context
    found = _shown(state, state.customers, business, asked)
    email = asked.get("email")
    if email is not None:
        if state.rules.emails_ignore_case:
            found = (each for each in found if each.email.casefold() == email.casefold())
        else:
            found = (each for each in found if each.email == email)
    return _page(state, _sorted(found, asked["sort"], _KEYS), page, page_size)


def invoices(
    business: Business,
    info: Info,
    *,
    page: int | None,
    page_size: int | None,
    **asked: Any,
) -> Page:
    """Answer ``invoices``: ``invoiceNumber`` matches any part of a number."""
    state = info.context
    filters = _filters(state, asked)
    found = [
        invoice
        for invoice in _shown(state, state.invoices, business, asked)
        if all(test(invoice, wanted) for test, wanted in filters)
    ]
    keys: Keys = {
        **_KEYS,
        "AMOUNT_DUE": lambda invoice: invoice.due,
        "AMOUNT_PAID": lambda invoice: invoice.paid,
        "CUSTOMER_NAME": lambda invoice: state.customers.get(invoice.customer_id).name.casefold(),
        "DUE_AT": lambda invoice: invoice.due_date,
        "INVOICE_DATE": lambda invoice: invoice.day,
        "INVOICE_NUMBER": lambda invoice: invoice.number,
        "STATUS": state.status,
        "TOTAL": lambda invoice: invoice.total,
    }
    return _page(state, _sorted(found, asked["sort"], keys), page, page_size)


def _filters(state: WaveState, asked: Mapping[str, Any]) -> list[tuple[Test, Any]]:
    """Return a test for each filter that was given, with what it has to meet."""
    filters: Mapping[str, Test] = {
        "customer_id": lambda invoice, wanted: invoice.customer_id == wanted,
        "invoice_number": lambda invoice, wanted: wanted in invoice.number,
        "status": lambda invoice, wanted: state.status(invoice) == wanted,
        "currency": lambda invoice, wanted: invoice.currency == wanted,
        "amount_due": lambda invoice, wanted: invoice.due == wanted,
        "invoice_date_start": lambda invoice, wanted: invoice.day >= wanted,
        "invoice_date_end": lambda invoice, wanted: invoice.day <= wanted,
        # A source is an estimate or a recurring invoice, and the sandbox has neither.
        "source_id": lambda _invoice, _wanted: False,
    }
    return [(test, asked[name]) for name, test in filters.items() if asked.get(name) is not None]


def _shown(
    state: WaveState, table: Table[R], business: Business, asked: Mapping[str, Any]
) -> Iterator[R]:
    """Yield what a list shows of a table by now, within the asked-for window of changes."""
    after, before = asked.get("modified_at_after"), asked.get("modified_at_before")
    inclusive = state.rules.modified_after_is_inclusive
    for record in table.all(business.id, state.as_of()):
        moment = record.modified_at
        if after is not None and (moment < after or (moment == after and not inclusive)):
            continue
        if before is not None and moment >= before:
            continue
        yield record


def _sorted(records: Iterable[R], orders: Sequence[str], keys: Keys) -> list[R]:
    """Return records in order; those that tie stand as they were made."""
    found = list(records)
    for order in reversed(orders):
        name, _, direction = order.rpartition("_")
        found.sort(key=keys[name], reverse=direction == "DESC")
    return found


def _page(
    state: WaveState, found: Sequence[object], page: int | None, page_size: int | None
) -> Page:
    """Return one page by offset, so that records which change during a walk move."""
    number = max(page or 1, 1)
    size = min(max(page_size or 45, 1), state.rules.largest_page)
    return {
        "pageInfo": {
            "currentPage": number,
            "totalPages": math.ceil(len(found) / size),
            "totalCount": len(found),
        },
        "edges": [{"node": record} for record in found[(number - 1) * size : number * size]],
    }
