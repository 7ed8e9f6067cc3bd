"""Reading an organisation's set-up: itself, taxes, currencies, items, own fields (sheet, 4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.books.shapes import parse
from kommo_invoice.books.zoho.editions import Edition, edition_of
from kommo_invoice.books.zoho.wire_company import (
    WireCurrency,
    WireItem,
    WireOrganization,
    WireOwnField,
    WireTax,
)
from kommo_invoice.domain.catalog import BooksAccount, Catalog, Settings, TaxChoice
from kommo_invoice.errors import ConfigInvalid, LoginNeeded, Refused, Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommo_invoice.books.zoho.company import Organization


class Local:
    """What an organisation's writes need and a catalog does not hold, each read when it is needed.

    Args:
        organization: Answers requests.
    """

    def __init__(self, organization: Organization) -> None:
        self._organization = organization
        self._edition: Edition | None = None
        self._currencies: dict[str, str] | None = None

    @property
    def edition(self) -> Edition:
        """What may be said about a customer's tax, and whether prices may contain tax.

        Raises:
            ConfigInvalid: The token does not open the organisation.
        """
        if self._edition is None:
            self._edition = edition_of(_own(self._organization).country_code)
        return self._edition

    @property
    def currencies(self) -> Mapping[str, str]:
        """The id of each currency that is switched on, by its ISO code."""
        if self._currencies is None:
            rows = self._organization.rows("/settings/currencies", "currencies")
            known = (parse(WireCurrency, row) for row in rows)
            self._currencies = {each.currency_code: each.currency_id for each in known}
        return self._currencies

    def currency_id(self, code: str) -> str:
        """Return the id of a currency.

        Raises:
            Rejected: The organisation does not have it.
        """
        if code not in self.currencies:
            known = ", ".join(sorted(self.currencies))
            raise Rejected(
                f"this organisation in Zoho Books has no currency {code} (it has {known})",
                hint="add it in Zoho Books (Settings, Currencies), or correct the currency",
            )
        return self.currencies[code]

    def catalog(self) -> Catalog:
        """Return everything that the organisation's invoices may name, with its settings.

        Raises:
            ConfigInvalid: The token does not open the organisation.
        """
        own = _own(self._organization)
        self._edition, self._currencies = edition_of(own.country_code), None
        taxes = self._organization.rows("/settings/taxes", "taxes")
        known = tuple(parse(WireTax, row).tax() for row in taxes)
        several = len(self.currencies) > 1
        items = self._organization.rows("/items", "items", ("filter_by", "Status.All"))
        return Catalog(
            account=own.account(),
            items=tuple(parse(WireItem, row).item() for row in items),
            taxes=known,
            settings=Settings(
                taxes=TaxChoice.OPTIONAL if known else TaxChoice.NONE,
                other_currencies=several,
                reference_field=_reference_field(self._organization),
            ),
        )


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
