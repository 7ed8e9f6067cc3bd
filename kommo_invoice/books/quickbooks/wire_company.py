"""A company's set-up as it comes: itself, preferences, items, terms, taxes (QuickBooks sheet)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import Field

from kommo_invoice.books.quickbooks.wire import Number, Text, Wire, WireRef
from kommo_invoice.domain.catalog import (
    BooksAccount,
    Catalog,
    Item,
    Settings,
    Tax,
    TaxChoice,
    Term,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

TAXABLE = "TAX"
NOT_TAXABLE = "NON"
_US = frozenset({"US", "USA"})  # section 2: 3-letter codes since August 2025
_FRANCE = frozenset({"FR", "FRA"})
_UNSELLABLE = frozenset({"category", "group"})  # section 4.3: 2500; a group is no single line
_OUR_WORDS = frozenset({"kinv", "deal"})


class WireCompany(Wire):
    """The company itself."""

    company_name: str = ""
    country: str = ""
    default_time_zone: str | None = None


class WireOwnField(Wire):
    """One entry of the custom fields' settings: a name, or whether a field is used."""

    name: str = ""
    string_value: str | None = None
    boolean_value: bool | None = None


class WireOwnFields(Wire):
    """Entries of the custom fields' settings."""

    custom_field: tuple[WireOwnField, ...] = ()


class WireSalesForms(Wire):
    """Preferences for invoices."""

    custom_txn_numbers: bool = False
    allow_discount: bool = False
    e_transaction_payment_enabled: bool | None = Field(
        default=None, alias="ETransactionPaymentEnabled"
    )
    custom_field: tuple[WireOwnFields, ...] = ()

    def reference_field(self) -> str | None:
        """Return the custom field that is named after kinv or the deal, by its definition's id.

        Names stand in ``…SalesCustomName1`` to ``3``; REST cannot make fields (section 4.3).
        """
        entries = [each for group in self.custom_field for each in group.custom_field]
        unused = {each.name[-1:] for each in entries if each.boolean_value is False}
        for each in entries:
            number = each.name[-1:]
            words = frozenset((each.string_value or "").casefold().replace("_", " ").split())
            if number.isdigit() and number not in unused and words & _OUR_WORDS:
                return number
        return None


class WireTaxPrefs(Wire):
    """Preferences for taxes."""

    using_sales_tax: bool = False


class WireCurrencyPrefs(Wire):
    """Preferences for currencies."""

    multi_currency_enabled: bool = False
    home_currency: WireRef | None = None


class WirePreferences(Wire):
    """The company's preferences."""

    sales_forms_prefs: WireSalesForms = WireSalesForms()
    tax_prefs: WireTaxPrefs = WireTaxPrefs()
    currency_prefs: WireCurrencyPrefs = WireCurrencyPrefs()


class WireItem(Wire):
    """A product or service."""

    id: Text
    name: str
    fully_qualified_name: str | None = None
    type: str = ""
    sku: str | None = None

    def item(self, *, whole_name: bool) -> Item:
        """Return the item in kinv's words."""
        name = self.fully_qualified_name if whole_name else None
        return Item(
            id=self.id,
            name=name or self.name,
            sku=self.sku or None,
            sellable=self.type.casefold() not in _UNSELLABLE,
        )


class WireTerm(Wire):
    """Payment terms; only standard ones count days."""

    id: Text
    name: str
    due_days: int | None = None

    def term(self) -> Term:
        """Return the terms in kinv's words."""
        return Term(self.id, self.name, self.due_days)


class WireRateDetail(Wire):
    """A rate that a tax code applies."""

    tax_rate_ref: WireRef


class WireRateList(Wire):
    """The rates that a tax code applies to sales."""

    tax_rate_detail: tuple[WireRateDetail, ...] = ()


class WireTaxCode(Wire):
    """A tax as a line names it."""

    id: Text
    name: str
    taxable: bool = True
    hidden: bool = False
    sales_tax_rate_list: WireRateList | None = None

    def tax(self, rates: dict[str, Decimal]) -> Tax | None:
        """Return the tax in kinv's words; None where it is none for sales.

        Of several rates each is rounded by itself (section 8), so the whole is the books' to say.
        """
        applied = self.sales_tax_rate_list.tax_rate_detail if self.sales_tax_rate_list else ()
        if self.hidden or (self.taxable and not applied and self.id != TAXABLE):
            return None
        if not self.taxable and not applied:
            return Tax(self.id, self.name, Number(0))
        known = [rates.get(each.tax_rate_ref.value) for each in applied]
        rate = known[0] if len(known) == 1 else None
        return Tax(self.id, self.name, None if rate is None else rate / 100)


class WireTaxRate(Wire):
    """A rate, in percent."""

    id: Text
    rate_value: Number | None = None


def account(company: WireCompany, preferences: WirePreferences, realm: str) -> BooksAccount:
    """Return the company in kinv's words."""
    home = preferences.currency_prefs.home_currency
    return BooksAccount(
        id=realm,
        name=company.company_name,
        currency=home.value if home else "USD",
        timezone=_zone(company.default_time_zone),
    )


def catalog(
    own: BooksAccount,
    company: WireCompany,
    preferences: WirePreferences,
    *,
    items: Sequence[WireItem],
    terms: Iterable[WireTerm],
    codes: Iterable[WireTaxCode],
    rates: Iterable[WireTaxRate],
) -> Catalog:
    """Return the company with everything that its invoices may name, and its settings."""
    forms, currencies = preferences.sales_forms_prefs, preferences.currency_prefs
    in_us = company.country.upper() in _US
    taxed = preferences.tax_prefs.using_sales_tax
    known = {each.id: each.rate_value for each in rates if each.rate_value is not None}
    switched_off = [
        *([] if forms.allow_discount else ["invoice.discount", "invoice.discount.amount"]),
        *([] if forms.custom_txn_numbers else ["invoice.number"]),
    ]
    in_france = company.country.upper() in _FRANCE
    choice = TaxChoice.BY_BOOKS if in_us else TaxChoice.REQUIRED
    return Catalog(
        account=own,
        items=_items(items),
        taxes=_us_taxes() if in_us and taxed else _taxes(codes, known) if taxed else (),
        terms=tuple(each.term() for each in terms),
        switched_off=tuple(switched_off),
        required=("invoice.number",) if in_france and forms.custom_txn_numbers else (),
        settings=Settings(
            taxes=choice if taxed or in_us else TaxChoice.NONE,
            other_currencies=currencies.multi_currency_enabled,
            asks_for_number=forms.custom_txn_numbers,
            reference_field=forms.reference_field(),
            online_payments=forms.e_transaction_payment_enabled,
        ),
    )


def _items(found: Sequence[WireItem]) -> tuple[Item, ...]:
    """Return the items; those that share a name (in several categories) by their whole one."""
    names = Counter(each.name for each in found)
    return tuple(each.item(whole_name=names[each.name] > 1) for each in found)


def _us_taxes() -> tuple[Tax, ...]:
    """Return the one tax of a US company, whose rate is QuickBooks' to find (section 4.4)."""
    return (Tax(TAXABLE, TAXABLE, None),)


def _taxes(codes: Iterable[WireTaxCode], rates: dict[str, Decimal]) -> tuple[Tax, ...]:
    found = (each.tax(rates) for each in codes)
    return tuple(each for each in found if each is not None)


def _zone(name: str | None) -> str | None:
    """Return a time zone's name if it is one that can be used."""
    if not name:
        return None
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, LookupError):
        return None
