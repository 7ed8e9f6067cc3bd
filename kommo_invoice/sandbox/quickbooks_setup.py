"""How a QuickBooks company gets what it works with: items, terms, tax codes, people it pays."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.quickbooks_answers import CURRENCIES
from kommo_invoice.sandbox.quickbooks_customers import claim_name
from kommo_invoice.sandbox.quickbooks_lines import TAXED, UNTAXED
from kommo_invoice.sandbox.quickbooks_state import Company, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommo_invoice.sandbox.quickbooks_state import QuickBooksState
    from kommo_invoice.sandbox.world import World

Number = Decimal | int | str

_FIRST_REALM = 9_341_453_000_000_000
_CODES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "GB": {
        "20.0% S": {"20.0% S": "20"},
        "5.0% R": {"5.0% R": "5"},
        "0.0% Z": {"0.0% Z": "0"},
        "No VAT": {},
    },
    "CA": {
        "GST": {"GST": "5"},
        "HST ON": {"HST (ON)": "13"},
        "GST/PST BC": {"GST": "5", "PST (BC)": "7"},
        "Exempt": {},
    },
    "AU": {"GST": {"GST": "10"}, "GST free": {}},
}
"""Country -> tax code -> rate name -> percent."""


class QuickBooksSetup:
    """What is set up in the companies before the first invoice.

    Args:
        world: The ground.
        state: The companies.
    """

    def __init__(self, world: World, state: QuickBooksState) -> None:
        self.world = world
        self.state = state

    def add_company(
        self,
        name: str,
        country: str = "US",
        *,
        sales_tax: Number = "8.25",
        rates: Mapping[str, Number] | None = None,
        **settings: Any,
    ) -> str:
        """Add a company with its country's tax codes and return its realm.

        Args:
            name: Its name.
            country: ISO code of two letters; one that is not US, GB, CA or AU gets no tax codes
                but one without tax.
            sales_tax: What the engine of a US company takes, in percent.
            rates: Foreign currency -> what one unit of it is worth at home; switches
                multicurrency on.
            settings: Any other field of ``quickbooks_state.Settings``.
        """
        with self.world.lock:
            realm = str(_FIRST_REALM + self.world.ids.next("quickbooks.realm"))
            if rates is not None:
                exact = {currency: Decimal(rate) for currency, rate in rates.items()}
                settings = {"multi_currency": True, "rates": exact, **settings}
            chosen = Settings(name=name, country=country, **settings)
            owner = Company(self.world, self.state.rules, realm, chosen)
            self.state.companies[realm] = owner
            for currency in chosen.rates:
                title = CURRENCIES.get(currency, currency)
                _put(owner, "CompanyCurrency", {"Code": currency, "Name": title, "Active": True})
            if chosen.is_us:
                self._add_us_codes(owner, Decimal(sales_tax))
            else:
                for code, parts in _CODES.get(country, {"No tax": {}}).items():
                    self.add_tax_code(code, parts, company=realm)
            return realm

    def change_company(self, company: str | None = None, **changes: Any) -> None:
        """Change how a company is set up (``quickbooks_state.Settings``)."""
        with self.world.lock:
            owner = self.state.company(company)
            owner.settings = replace(owner.settings, **changes)

    def add_tax_code(
        self,
        name: str,
        rates: Mapping[str, Number],
        *,
        company: str | None = None,
        active: bool = True,
    ) -> str:
        """Add a tax code and return its id.

        Args:
            name: Its name.
            rates: Rate name -> percent; several make a group, none is exempt.
            company: Whose it is.
            active: False hides it in lists.
        """
        with self.world.lock:
            owner = self.state.company(company)
            details = []
            for order, (title, percent) in enumerate(rates.items()):
                rate_id = _rate(owner, title, Decimal(percent))
                details.append(
                    {
                        "TaxRateRef": {"value": rate_id, "name": title},
                        "TaxTypeApplicable": "TaxOnAmount",
                        "TaxOrder": Decimal(order),
                    }
                )
            data = {
                "Name": name,
                "Description": name,
                "Active": active,
                "Taxable": bool(rates),
                "TaxGroup": True,
                "SalesTaxRateList": {"TaxRateDetail": details},
                "PurchaseTaxRateList": {"TaxRateDetail": []},
            }
            return _put(owner, "TaxCode", data)

    def add_item(
        self,
        name: str,
        price: Number = 0,
        *,
        kind: str = "Service",
        active: bool = True,
        company: str | None = None,
        **more: Any,
    ) -> str:
        """Add an item.

        Args:
            name: Its name.
            price: Its usual price.
            kind: ``Service``, ``NonInventory`` or ``Category``, which cannot be sold.
            active: False hides it in lists.
            company: Whose it is.
            more: Further properties as on the wire (``Sku``, ``SalesTaxCodeRef``).
        """
        data: dict[str, Any] = {"Name": name, "FullyQualifiedName": name, "Active": active}
        if kind != "Category":
            income = {"value": "1", "name": "Services"}
            data |= {"UnitPrice": Decimal(price), "IncomeAccountRef": income, "Taxable": False}
        with self.world.lock:
            return _put(self.state.company(company), "Item", {**data, "Type": kind, **more})

    def add_term(self, name: str, days: int, *, company: str | None = None) -> str:
        """Add terms: due so many days after the date."""
        data = {"Name": name, "Active": True, "Type": "STANDARD", "DueDays": Decimal(days)}
        with self.world.lock:
            return _put(self.state.company(company), "Term", data)

    def add_vendor(self, name: str, *, company: str | None = None) -> str:
        """Add a vendor, who takes a name from customers."""
        return self._add_person("Vendor", name, company)

    def add_employee(self, name: str, *, company: str | None = None) -> str:
        """Add an employee, who takes a name from customers."""
        return self._add_person("Employee", name, company)

    def item_id(self, wanted: str = "", company: str | None = None) -> str:
        """Return an item's id by id or name; the first that can be sold by default.

        Raises:
            KeyError: There is none.
        """
        for item in self.state.company(company).table("Item").all():
            sold = item.is_active and item.data["Type"] != "Category"
            if wanted in {item.id, item.data["Name"]} or (not wanted and sold):
                return item.id
        raise KeyError(wanted)

    def tax_code_id(self, name: str, company: str | None = None) -> str:
        """Return a tax code's id by its name.

        Raises:
            KeyError: There is none.
        """
        for code in self.state.company(company).table("TaxCode").all():
            if code.data["Name"] == name:
                return code.id
        raise KeyError(name)

    def untaxed(self, company: str | None = None) -> str:
        """Return the tax code that brings no tax."""
        codes = self.state.company(company).table("TaxCode").all()
        bare = (code.id for code in codes if not code.data["Taxable"])
        return next(bare)

    def _add_us_codes(self, owner: Company, percent: Decimal) -> None:
        """Add the two that only say whether, and the group that the engine takes."""
        for code, taxable in ((TAXED, True), (UNTAXED, False)):
            data = {"Name": code, "Active": True, "Taxable": taxable, "TaxGroup": False}
            _put(owner, "TaxCode", data, code)
        group = self.add_tax_code("California", {"California State": percent}, company=owner.realm)
        if owner.settings.automated_tax and owner.settings.sales_tax is None:
            self.change_company(owner.realm, sales_tax=group)

    def _add_person(self, kind: str, name: str, company: str | None) -> str:
        with self.world.lock:
            owner = self.state.company(company)
            claim_name(owner, name)
            data = {"DisplayName": name, "PrintOnCheckName": name, "Active": True}
            return _put(owner, kind, data)


def _rate(owner: Company, name: str, percent: Decimal) -> str:
    """Return the id of the rate with that name, which tax codes share."""
    for rate in owner.table("TaxRate").all():
        if rate.data["Name"] == name:
            return rate.id
    data = {"Name": name, "Description": name, "Active": True, "RateValue": percent}
    return _put(owner, "TaxRate", {**data, "DisplayType": "ReadOnly"})


def _put(owner: Company, kind: str, data: Mapping[str, Any], id_: str = "") -> str:
    return owner.add(kind, data, at=owner.now(), id_=id_).id
