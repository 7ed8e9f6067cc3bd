"""How the Wave simulator's records read as Wave's types, field by field."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import pycountry
from babel import Locale
from babel.numbers import get_currency_name, get_currency_symbol

from kommo_invoice.domain.money import digits
from kommo_invoice.sandbox import wave_lists
from kommo_invoice.sandbox.wave_money import Money

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kommo_invoice.sandbox.wave_graphql import Resolver, Resolvers
    from kommo_invoice.sandbox.wave_records import (
        Business,
        Customer,
        Discount,
        Invoice,
        Owned,
        Payment,
    )
    from kommo_invoice.sandbox.wave_state import Info, Table

_SUBDIVISIONS: Any = pycountry.subdivisions

LINK_HOST = "https://accounting.waveapps.com"

TEXTS = {
    "title": "Invoice",
    "subhead": "",
    "memo": "",
    "footer": "",
    "itemTitle": "Items",
    "unitTitle": "Quantity",
    "priceTitle": "Price",
    "amountTitle": "Amount",
}
"""An invoice's printed texts, and what they are when nothing is given."""

SWITCHES = (
    "hideName",
    "hideDescription",
    "hideUnit",
    "hidePrice",
    "hideAmount",
    "requireTermsOfServiceAgreement",
    "disableCreditCardPayments",
    "disableBankPayments",
    "disableAmexPayments",
)
"""An invoice's yes-or-no settings; all are no when nothing is given."""


def discount_type(discount: Discount) -> str:
    """Return which of Wave's types a discount is."""
    return "FixedInvoiceDiscount" if discount.amount is not None else "PercentageInvoiceDiscount"


@cache
def _currency(code: str) -> dict[str, object]:
    return {
        "code": code,
        "exponent": digits(code),
        "name": get_currency_name(code, locale="en_US"),
        "plural": get_currency_name(code, count=2, locale="en_US"),
        "symbol": get_currency_symbol(code, locale="en_US"),
    }


@cache
def _country(code: str) -> dict[str, str]:
    return {"code": code, "name": Locale("en").territories[code]}


@cache
def _province(code: str) -> dict[str, str]:
    return {"code": code, "name": _SUBDIVISIONS.get(code=code).name}


@cache
def _enum_with_name(value: str) -> dict[str, str]:
    return {"value": value, "name": value.replace("_", " ").capitalize()}


def _from(attribute: str) -> Resolver:
    """Answer a field from an attribute of another name."""
    return lambda source, _info: getattr(source, attribute)


def _coded(attribute: str, describe: Callable[[str], Any]) -> Resolver:
    """Answer an object for the code that an attribute holds."""

    def resolve(source: Any, _info: Info) -> Any:
        code = getattr(source, attribute)
        return None if code is None else describe(code)

    return resolve


def _linked(table: str, attribute: str) -> Resolver:
    """Answer the record whose id an attribute holds."""

    def resolve(source: Any, info: Info) -> Any:
        record_id = getattr(source, attribute)
        records: Table[Any] = getattr(info.context, table)
        return None if record_id is None else records.get(record_id)

    return resolve


def _one(table: str) -> Resolver:
    """Answer the business's record with the asked-for id."""

    def resolve(business: Business, info: Info, *, record_id: str) -> Any:
        records: Table[Any] = getattr(info.context, table)
        return records.get(record_id, business.id)

    return resolve


def _money(attribute: str) -> Resolver:
    def resolve(source: Any, info: Info) -> Money:
        grouped = info.context.rules.groups_thousands
        return Money(getattr(source, attribute), source.currency, grouped)

    return resolve


def _business(record: Owned, info: Info) -> Business:
    return info.context.business(record.business_id)


def _text(name: str) -> Resolver:
    return lambda invoice, _info: invoice.texts.get(name, TEXTS[name])


def _switch(name: str) -> Resolver:
    return lambda invoice, _info: invoice.switches.get(name, False)


def _link(form: str) -> Resolver:
    """Answer a link that opens without a login for whoever has it (Wave sheet, section 4.7)."""

    def resolve(invoice: Invoice, info: Info) -> str:
        path = form.format(number=invoice.internal_id, secret=invoice.secret)
        return f"{LINK_HOST}/invoices/{_business(invoice, info).uuid}/{path}"

    return resolve


def _payments(invoice: Invoice, info: Info) -> Sequence[Payment] | None:
    """Payments show only where one invoice is asked for, not in lists (Wave sheet, section 4.7)."""
    step = info.path.prev
    while step is not None:
        if step.typename == "InvoiceEdge":
            return None
        step = step.prev
    return invoice.payments


def _owed(*, overdue: bool) -> Resolver:
    def resolve(customer: Customer, info: Info) -> Money:
        state = info.context
        dues = (
            invoice.due
            for invoice in state.invoices.all(customer.business_id)
            if invoice.customer_id == customer.id
            and invoice.approved
            and invoice.currency == customer.currency
            and (not overdue or state.status(invoice) == "OVERDUE")
        )
        return Money(sum(dues, Decimal(0)), customer.currency)

    return resolve


def _subtype(account: Any, _info: Info) -> dict[str, Any]:
    return {**_enum_with_name(account.subtype), "type": _enum_with_name(account.type)}


def _default_taxes(product: Any, info: Info) -> list[Any]:
    return [info.context.taxes.get(each) for each in product.default_tax_ids]


def _payment_amount(payment: Payment, _info: Info) -> str:
    return f"{payment.amount:.{digits(payment.currency)}f}"


def _origin(payment: Payment, info: Info) -> Payment | None:
    return info.context.payments.find(payment.refund_of)


def _payer(payment: Payment, info: Info) -> Customer:
    state = info.context
    return state.customers.get(state.invoices.get(payment.invoice_id).customer_id)


FIELDS: Resolvers = {
    "Query": {
        "user": lambda _, info: info.context.user,
        "businesses": wave_lists.businesses,
        "business": lambda _, info, record_id=None: info.context.business(record_id),
    },
    "Business": {
        "currency": _coded("currency", _currency),
        "account": _one("accounts"),
        "accounts": wave_lists.accounts,
        "salesTax": _one("taxes"),
        "salesTaxes": wave_lists.sales_taxes,
        "product": _one("products"),
        "products": wave_lists.products,
        "customer": _one("customers"),
        "customers": wave_lists.customers,
        "invoice": _one("invoices"),
        "invoices": wave_lists.invoices,
        "invoicePayment": _one("payments"),
    },
    "Money": {"currency": _coded("currency", _currency)},
    "Address": {
        "country": _coded("country", _country),
        "province": _coded("province", _province),
    },
    "Account": {
        "type": _coded("type", _enum_with_name),
        "subtype": _subtype,
        "currency": _coded("currency", _currency),
    },
    "SalesTax": {
        "rate": lambda tax, _info, **_day: tax.rate,
        "rates": lambda tax, _info: [{"effective": tax.created_at.date(), "rate": tax.rate}],
    },
    "Product": {
        "incomeAccount": _linked("accounts", "income_account_id"),
        "expenseAccount": _linked("accounts", "expense_account_id"),
        "defaultSalesTaxes": _default_taxes,
    },
    "Customer": {
        "business": _business,
        "currency": _coded("currency", _currency),
        "outstandingAmount": _owed(overdue=False),
        "overdueAmount": _owed(overdue=True),
    },
    "InvoiceItemTax": {"salesTax": _linked("taxes", "tax_id"), "amount": _money("amount")},
    "InvoiceItem": {
        "product": _linked("products", "product_id"),
        "account": _linked("accounts", "account_id"),
        "price": _from("unit_price"),
        "subtotal": _money("subtotal"),
        "total": _money("total"),
    },
    "Invoice": {
        "business": _business,
        "customer": _linked("customers", "customer_id"),
        "currency": _coded("currency", _currency),
        "invoiceNumber": _from("number"),
        "invoiceDate": _from("day"),
        "status": lambda invoice, info: info.context.status(invoice),
        "payments": _payments,
        "subtotal": _money("subtotal"),
        "discountTotal": _money("discount_total"),
        "taxTotal": _money("tax_total"),
        "total": _money("total"),
        "amountDue": _money("due"),
        "amountPaid": _money("paid"),
        "viewUrl": _link("readonly/{number}/{secret}"),
        "pdfUrl": _link("export/{number}/{secret}?pdf=1"),
        "lastSentAt": _from("sent_at"),
        "lastSentVia": _from("sent_via"),
        "lastViewedAt": _from("viewed_at"),
        **{name: _text(name) for name in TEXTS},
        **{name: _switch(name) for name in SWITCHES},
    },
    "InvoicePayment": {
        "amount": _payment_amount,
        "paymentDate": _from("day"),
        "paymentMethod": _from("method"),
        "transactionType": lambda payment, _: "REFUND" if payment.refund_of else "PAYMENT",
        "state": lambda _payment, _info: None,
        "active": lambda _payment, _info: True,
        "originInvoicePayment": _origin,
        "paymentCurrency": _coded("currency", _currency),
        "invoiceCurrency": _coded("currency", _currency),
        "businessCurrency": lambda payment, info: _currency(_business(payment, info).currency),
        "account": _linked("accounts", "account_id"),
        "invoice": _linked("invoices", "invoice_id"),
        "customer": _payer,
    },
}
