"""How the QuickBooks simulator shows its records: properties that follow from others, envelopes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.quickbooks_money import CENT, ZERO
from kommo_invoice.sandbox.quickbooks_state import PACIFIC

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from decimal import Decimal

    from kommo_invoice.sandbox.quickbooks_state import Company, Record

LINK = "invoiceLink"
COUNTRIES: Mapping[str, str] = {
    "US": "USA",
    "CA": "CAN",
    "GB": "GBR",
    "AU": "AUS",
    "FR": "FRA",
    "IN": "IND",
    "DE": "DEU",
    "IE": "IRL",
}
CURRENCIES: Mapping[str, str] = {
    "USD": "United States Dollar",
    "CAD": "Canadian Dollar",
    "GBP": "British Pound Sterling",
    "AUD": "Australian Dollar",
    "EUR": "Euro",
}


def instant(value: datetime) -> str:
    """Return a record's time: Pacific, with offset, without fractions (sheet, section 8)."""
    return value.astimezone(PACIFIC).isoformat(timespec="seconds")


def clock(value: datetime) -> str:
    """Return an envelope's time, which has milliseconds."""
    return value.astimezone(PACIFIC).isoformat(timespec="milliseconds")


def currency_ref(currency: str) -> dict[str, Any]:
    """Return a reference to a currency, which goes by its ISO code."""
    return {"value": currency, "name": CURRENCIES.get(currency, currency)}


def shown(company: Company, record: Record, include: Iterable[str] = ()) -> dict[str, Any]:
    """Return a record as on the wire.

    Args:
        company: Whose it is.
        record: What to show.
        include: The extras that the request named.
    """
    if record.kind in {"CompanyInfo", "Preferences"}:
        return dict(record.data)
    whole = {
        **record.data,
        "domain": "QBO",
        "sparse": False,
        "Id": record.id,
        "SyncToken": str(record.version),
        "MetaData": {
            "CreateTime": instant(record.created_at),
            "LastUpdatedTime": instant(record.updated_at),
        },
    }
    match record.kind:
        case "Customer":
            whole["Balance"] = whole["BalanceWithJobs"] = balance(company, record)
        case "Invoice":
            whole["CustomField"] = _custom_fields(company, record)
            if LINK in include and has_link(company, record):
                whole["InvoiceLink"] = link(company, record)
    answer = {name: value for name, value in whole.items() if value is not None}
    if company.rules.bare_answers:
        answer = {name: _bare(value) for name, value in answer.items() if value != []}
    return answer


def _bare(value: Any) -> Any:
    """Return a value without the names in its references."""
    match value:
        case {"value": of, "name": _}:
            return {"value": of}
        case dict():
            return {name: _bare(each) for name, each in value.items()}
        case list():
            return [_bare(each) for each in value]
    return value


def deleted(record_id: str, at: datetime | None = None) -> dict[str, Any]:
    """Return what is shown of a deleted record, in change logs with its time."""
    stub: dict[str, Any] = {"domain": "QBO", "status": "Deleted", "Id": record_id}
    return stub if at is None else {**stub, "MetaData": {"LastUpdatedTime": instant(at)}}


def link(company: Company, record: Record) -> str:
    """Return an invoice's public page."""
    secret = hashlib.sha256(f"{company.realm} {record.id}".encode()).hexdigest()[:32]
    return f"https://connect.intuit.com/portal/asei/CommerceNetwork/view/scs-v1-{secret}?cta=v3"


def has_link(company: Company, record: Record) -> bool:
    """Whether the public page exists (sheet, section 4.3)."""
    methods = ("AllowOnlineCreditCardPayment", "AllowOnlineACHPayment")
    return (
        company.settings.payments
        and any(record.data.get(name) for name in methods)
        and bool(record.data.get("BillEmail", {}).get("Address"))
    )


def balance(company: Company, customer: Record) -> Decimal:
    """Return what a customer owes."""
    owed = sum(
        (
            invoice.data["Balance"]
            for invoice in company.table("Invoice").all()
            if invoice.ref("CustomerRef") == customer.id
        ),
        CENT,
    )
    return owed or ZERO


def _custom_fields(company: Company, invoice: Record) -> list[dict[str, Any]]:
    """Return all fields of the company; an empty one comes without a value."""
    values = invoice.data["CustomField"]
    fields = []
    for number, name in enumerate(company.settings.custom_fields, start=1):
        field = {"DefinitionId": str(number), "Name": name, "Type": "StringType"}
        if str(number) in values:
            field["StringValue"] = values[str(number)]
        fields.append(field)
    return fields


def company_info(company: Company) -> dict[str, Any]:
    """Return CompanyInfo."""
    settings = company.settings
    country = settings.country
    if company.rules.long_country:
        country = COUNTRIES.get(country, country)
    at = instant(company.created_at)
    return {
        "CompanyName": settings.name,
        "LegalName": settings.name,
        "CompanyAddr": {"Id": "1", "Line1": "1 Main Street", "Country": country},
        "Country": country,
        "SupportedLanguages": "en",
        "FiscalYearStartMonth": "January",
        "DefaultTimeZone": settings.timezone,
        "NameValue": [{"Name": "OfferingSku", "Value": "QuickBooks Online Plus"}],
        "domain": "QBO",
        "sparse": False,
        "Id": "1",
        "SyncToken": "0",
        "MetaData": {"CreateTime": at, "LastUpdatedTime": at},
    }


def preferences(company: Company) -> dict[str, Any]:
    """Return Preferences, as far as invoices depend on them (sheet, section 4.11)."""
    settings = company.settings
    names = list(enumerate(settings.custom_fields, start=1))
    switches = [
        {"Name": f"SalesFormsPrefs.UseSalesCustom{number}", "Type": "BooleanType"}
        | {"BooleanValue": number <= len(names)}
        for number in (1, 2, 3)
    ]
    titles = [
        {"Name": f"SalesFormsPrefs.SalesCustomName{number}", "Type": "StringType"}
        | {"StringValue": name}
        for number, name in names
    ]
    tax: dict[str, Any] = {"UsingSalesTax": settings.using_sales_tax}
    if settings.is_us and settings.automated_tax:
        tax["PartnerTaxEnabled"] = True
    at = instant(company.created_at)
    return {
        "AccountingInfoPrefs": {"CustomerTerminology": "Customers"},
        "SalesFormsPrefs": {
            "CustomField": [{"CustomField": switches}, {"CustomField": titles}],
            "CustomTxnNumbers": settings.custom_numbers,
            "AllowDeposit": False,
            "AllowDiscount": settings.allow_discount,
            "AutoApplyCredit": False,
            "ETransactionPaymentEnabled": settings.payments,
            "ETransactionAttachPDF": False,
        },
        "TaxPrefs": tax,
        "CurrencyPrefs": {
            "MultiCurrencyEnabled": settings.multi_currency,
            "HomeCurrency": {"value": settings.currency},
        },
        "domain": "QBO",
        "sparse": False,
        "Id": "1",
        "SyncToken": "0",
        "MetaData": {"CreateTime": at, "LastUpdatedTime": at},
    }


def plain(value: Decimal) -> Decimal:
    """Return a number without zeros at its end, as quantities and prices are written."""
    return value.normalize() + 0 if value else ZERO
