"""Reading a company's set-up: itself, preferences, items, terms, taxes (QuickBooks sheet, 4.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from kommo_invoice.books.quickbooks import wire_company
from kommo_invoice.books.quickbooks.query import select
from kommo_invoice.books.quickbooks.wire import Wire
from kommo_invoice.books.quickbooks.wire_company import (
    WireCompany,
    WireItem,
    WirePreferences,
    WireTaxCode,
    WireTaxRate,
    WireTerm,
)
from kommo_invoice.books.shapes import parse
from kommo_invoice.errors import ConfigInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommo_invoice.books.quickbooks.company import Company, Page
    from kommo_invoice.books.quickbooks.query import Select
    from kommo_invoice.domain.catalog import BooksAccount, Catalog

_Row = TypeVar("_Row", bound=Wire)

_LISTS = {each: select(each) for each in ("Item", "Term", "TaxCode", "TaxRate")}


def read_account(company: Company) -> BooksAccount:
    """Return the company in kinv's words."""
    own, preferences = _company(company)
    return wire_company.account(own, preferences, company.realm)


def read_catalog(company: Company) -> Catalog:
    """Return everything that the company's invoices may name, with its settings.

    Raises:
        ConfigInvalid: No company is named.
    """
    if not company.realm:
        raise ConfigInvalid(
            "books.account: QuickBooks needs the company's id (realm id)",
            hint="put the id that the connection showed into [books] account of the mapping",
        )
    own, preferences = _company(company)
    pages = company.first_pages(list(_LISTS.values()))
    return wire_company.catalog(
        wire_company.account(own, preferences, company.realm),
        own,
        preferences,
        items=_all(company, pages, "Item", WireItem),
        terms=_all(company, pages, "Term", WireTerm),
        codes=_all(company, pages, "TaxCode", WireTaxCode),
        rates=_all(company, pages, "TaxRate", WireTaxRate),
    )


def _company(company: Company) -> tuple[WireCompany, WirePreferences]:
    own = company.get(f"/companyinfo/{quote(company.realm, safe='')}")
    preferences = company.get("/preferences")
    return (
        parse(WireCompany, own.get("CompanyInfo")),
        parse(WirePreferences, preferences.get("Preferences")),
    )


def _all(
    company: Company, pages: Mapping[Select, Page], entity: str, shape: type[_Row]
) -> list[_Row]:
    """Return a list's rows, read on where its first page was full."""
    first = pages[_LISTS[entity]]
    rows = list(first.rows)
    if first.full:
        rows += company.rows(_LISTS[entity], start=len(rows) + 1)
    return [parse(shape, row) for row in rows]
