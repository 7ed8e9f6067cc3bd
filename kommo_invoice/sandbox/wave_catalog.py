"""How customers, products and taxes come into the Wave simulator's books."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pycountry

from kommo_invoice.sandbox.wave_money import rounded
from kommo_invoice.sandbox.wave_records import Address, Customer, Product, SalesTax, Shipping
from kommo_invoice.sandbox.wave_refusals import Asked, Refusal

if TYPE_CHECKING:
    from kommo_invoice.sandbox.wave_state import WaveState

_SUBDIVISIONS: Any = pycountry.subdivisions
_CUSTOMER_TEXTS = (
    "first_name",
    "last_name",
    "email",
    "phone",
    "mobile",
    "fax",
    "toll_free",
    "website",
    "display_id",
    "internal_notes",
)
_INCOME = {"INCOME", "DISCOUNTS", "OTHER_INCOME"}
_EXPENSE = {"EXPENSE", "COST_OF_GOODS_SOLD", "PAYMENT_PROCESSING_FEES", "PAYROLL_EXPENSES"}


def create_customer(state: WaveState, asked: Asked) -> Customer:
    """Create a customer, whether or not there is such a one already.

    Raises:
        Refusal: The name is empty, or the address or e-mail is none.
        NotFound: There is no such business.
    """
    business = state.business(asked["business_id"])
    now = state.now()
    customer = Customer(
        id=state.new_id("Customer", business),
        business_id=business.id,
        created_at=now,
        modified_at=now,
        **{"currency": business.currency, **_customer_changes(asked, business.currency)},
    )
    if state.rules.first_invoice_stumbles:
        state.unsettled.add(customer.id)
    return state.customers.put(customer, now)


def patch_customer(state: WaveState, asked: Asked) -> Customer:
    """Change what was given of a customer; null empties a field.

    Raises:
        Refusal, NotFound: As for creating one.
    """
    customer = state.customers.get(asked["id"])
    now = state.now()
    changes = _customer_changes(asked, state.business(customer.business_id).currency)
    return state.customers.put(replace(customer, modified_at=now, **changes), now)


def create_product(state: WaveState, asked: Asked) -> Product:
    """Create a product; only one with an income account can be sold.

    Raises:
        Refusal: The name is empty, or an account or tax is none that fits.
        NotFound: There is no such business.
    """
    business = state.business(asked["business_id"])
    for name, field, fitting in (
        ("income_account_id", "incomeAccountId", _INCOME),
        ("expense_account_id", "expenseAccountId", _EXPENSE),
    ):
        if asked.get(name) is None:
            continue
        account = state.accounts.find(asked[name], business.id)
        if account is None or account.subtype not in fitting:
            raise Refusal(field, f"This is no account of {', '.join(sorted(fitting))}.")
    tax_ids = tuple(asked.get("default_sales_tax_ids") or ())
    for tax_id in tax_ids:
        if state.taxes.find(tax_id, business.id) is None:
            raise Refusal("defaultSalesTaxIds", "There is no such sales tax.", "NOT_FOUND")
    now = state.now()
    product = Product(
        id=state.new_id("Product", business),
        business_id=business.id,
        created_at=now,
        modified_at=now,
        name=_name(asked),
        unit_price=rounded(asked["unit_price"], 5),
        description=asked.get("description") or "",
        income_account_id=asked.get("income_account_id"),
        expense_account_id=asked.get("expense_account_id"),
        default_tax_ids=tax_ids,
    )
    return state.products.put(product, now)


def create_tax(state: WaveState, asked: Asked) -> SalesTax:
    """Create a sales tax.

    Raises:
        Refusal: The abbreviation is taken or longer than 10 characters, or the name is empty.
        NotFound: There is no such business.
    """
    business = state.business(asked["business_id"])
    abbreviation = asked["abbreviation"]
    if not 1 <= len(abbreviation) <= 10:
        raise Refusal("abbreviation", "An abbreviation has 1 to 10 characters.")
    if any(tax.abbreviation == abbreviation for tax in state.taxes.all(business.id)):
        raise Refusal("abbreviation", "Another sales tax has this abbreviation.")
    now = state.now()
    tax = SalesTax(
        id=state.new_id("SalesTax", business),
        business_id=business.id,
        created_at=now,
        modified_at=now,
        name=_name(asked),
        abbreviation=abbreviation,
        rate=rounded(asked["rate"], 6),
        description=asked.get("description") or "",
        tax_number=asked.get("tax_number") or "",
        show_tax_number_on_invoices=bool(asked.get("show_tax_number_on_invoices")),
        is_compound=bool(asked.get("is_compound")),
        is_recoverable=bool(asked.get("is_recoverable")),
    )
    return state.taxes.put(tax, now)


def _customer_changes(asked: Asked, currency: str) -> dict[str, Any]:
    changes: dict[str, Any] = {name: asked[name] or "" for name in _CUSTOMER_TEXTS if name in asked}
    if "name" in asked:
        changes["name"] = _name(asked)
    email = changes.get("email", "")
    if email and not (email.count("@") == 1 and all(email.split("@")) and " " not in email):
        raise Refusal("email", "This is no e-mail address.")
    if "currency" in asked:
        changes["currency"] = asked["currency"] or currency
    if "address" in asked:
        changes["address"] = _address(asked["address"], "address")
    if "shipping_details" in asked:
        shipping = asked["shipping_details"]
        changes["shipping_details"] = shipping and Shipping(
            name=shipping.get("name") or "",
            phone=shipping.get("phone") or "",
            instructions=shipping.get("instructions") or "",
            address=_address(shipping.get("address"), "shippingDetails.address"),
        )
    return changes


def _name(asked: Asked) -> str:
    name: str = asked["name"] or ""
    if not name.strip():
        raise Refusal("name", "A name is needed.", "REQUIRED")
    return name


def _address(asked: Asked | None, path: str) -> Address | None:
    if asked is None:
        return None
    country, province = asked.get("country_code"), asked.get("province_code") or None
    if province is not None:
        known = _SUBDIVISIONS.get(code=province)
        if known is None or country not in {None, known.country_code}:
            raise Refusal(f"{path}.provinceCode", "This is no province of that country.")
        province = known.code
    return Address(
        address_line1=asked.get("address_line1") or "",
        address_line2=asked.get("address_line2") or "",
        city=asked.get("city") or "",
        postal_code=asked.get("postal_code") or "",
        province=province,
        country=country,
    )
