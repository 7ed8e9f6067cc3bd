"""Reading an organisation's set-up: itself, taxes, currencies, items, own fields (sheet, 4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.books.shapes import parse
from kommo_invoice.books.zoho.editions import edition_of
from kommo_invoice.books.zoho.wire_company import (
    WireCurrency,
    WireItem,
    WireOrganization,
    WireOwnField,
    WireTax,
)
from kommo_invoice.domain.catalog import BooksAccount, Catalog, Currency, Settings, TaxChoice
from kommo_invoice.errors import ConfigInvalid, LoginNeeded, Refused, Rejected

if TYPE_CHECKING:
    from kommo_invoice.books.zoho.company import Organization


def read_catalog(organization: Organization) -> Catalog:
    """Return everything that the organisation's invoices may name, with its settings.

    Raises:
        ConfigInvalid: The token does not open the organisation.
    """
    own = _own(organization)
    edition = edition_of(own.country_code)
    taxes = organization.rows("/settings/taxes", "taxes")
    known = tuple(parse(WireTax, row).tax() for row in taxes)
    currencies = read_currencies(organization)
    items = organization.rows("/items", "items", ("filter_by", "Status.All"))
    return Catalog(
        account=own.account(),
        items=tuple(parse(WireItem, row).item() for row in items),
        taxes=known,
        currencies=currencies,
        lacking=edition.lacking,
        settings=Settings(
            taxes=TaxChoice.OPTIONAL if known else TaxChoice.NONE,
            other_currencies=len(currencies) > 1,
            reference_field=_reference_field(organization),
            country=own.country_code,
            tax_treatments=edition.treatments,
        ),
    )


def read_currencies(organization: Organization) -> tuple[Currency, ...]:
    """Return the currencies that are switched on."""
    rows = organization.rows("/settings/currencies", "currencies")
    return tuple(parse(WireCurrency, row).currency() for row in rows)


def read_accounts(organization: Organization) -> list[BooksAccount]:
    """Return the organisations that the token opens, those that are closed left out."""
    found = (parse(WireOrganization, row) for row in organization.organizations())
    return [each.account() for each in found if each.is_org_active]


def _own(organization: Organization) -> WireOrganization:
    """Return the organisation; the list of them is never taken for its first one."""
    rows = (parse(WireOrganization, row) for row in organization.organizations())
    found = [each for each in rows if each.organization_id == organization.account]
    if not found:
        raise ConfigInvalid(
            f"books.account: the token opens no organisation {organization.account!r} in Zoho "
            "Books",
            hint="`kinv connect zoho` lists those that it opens; books.region has to be theirs",
        )
    return found[0]


def _reference_field(organization: Organization) -> str | None:
    """Return the custom field that is named after kinv, by its id.

    It is a second guard at most: where the list cannot be had, there is none (section 4.11). A
    right that is missing comes as a token that is not accepted, which it was a moment ago.
    """
    try:
        answer, _ = organization.get("/settings/fields", ("entity", "invoice"))
    except (Rejected, Refused, LoginNeeded):
        return None
    rows = answer.get("fields") or answer.get("custom_fields")
    if not isinstance(rows, list):
        return None
    known = (parse(WireOwnField, row) for row in rows)
    return next((each.id for each in known if each.ours), None)
