"""How invoices come into a QuickBooks company, and change there (sheet, sections 4.3 and 4.9)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.quickbooks_answers import currency_ref
from kommo_invoice.sandbox.quickbooks_customers import current, is_address
from kommo_invoice.sandbox.quickbooks_faults import Refusal, inactive, missing, unknown_reference
from kommo_invoice.sandbox.quickbooks_lines import composed_lines
from kommo_invoice.sandbox.quickbooks_money import ZERO, cents
from kommo_invoice.sandbox.quickbooks_properties import checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from kommo_invoice.sandbox.quickbooks_state import Company, Record

AUTO_NUMBER = "AUTO_GENERATE"
TWICE = "allowduplicatedocnum"
_FIRST_NUMBER = 1001
_FIELD_LENGTH = 31
_FRANCE = "FR"
"""Where an own number is a must (sheet, section 4.3)."""
_KEPT = (
    *("DocNumber", "TxnDate", "DueDate", "CustomerRef", "CurrencyRef", "ExchangeRate", "Line"),
    *("SalesTermRef", "BillEmail", "BillEmailCc", "BillEmailBcc", "BillAddr", "ShipAddr"),
    *("ShipFromAddr", "CustomerMemo", "PrivateNote", "CustomField", "EmailStatus", "PrintStatus"),
    *("GlobalTaxCalculation", "TxnTaxDetail", "ApplyTaxAfterDiscount"),
    *("AllowOnlineCreditCardPayment", "AllowOnlineACHPayment"),
)
"""What is kept of a body; the rest is computed or without effect."""

_SYSTEM = ("LinkedTxn", "DeliveryInfo")
"""What outlives every update."""


def write_invoice(company: Company, body: object, include: Iterable[str] = ()) -> Record:
    """Create an invoice, or change the one whose Id the body has; its lines are replaced whole.

    Raises:
        Refusal: Anything that the sheet lists in section 4.3.
    """
    asked = checked("Invoice", body)
    if "Id" not in asked:
        return create_invoice(company, asked, include)
    record = current(company, "Invoice", asked)
    kept = {name: asked[name] for name in _KEPT if name in asked}
    if asked.get("sparse"):
        old = {name: record.data[name] for name in _KEPT if name in record.data}
        if "Line" in kept and "TxnTaxDetail" not in kept:
            old.pop("TxnTaxDetail", None)
        kept = {**old, "CustomField": _as_asked(record), **kept}
    data = _composed(company, kept, record, include)
    data |= {name: record.data[name] for name in _SYSTEM if name in record.data}
    paid = record.data["TotalAmt"] - record.data["Balance"]
    data["Balance"] = data["TotalAmt"] - paid
    return company.change(record, data)


def create_invoice(
    company: Company,
    asked: Mapping[str, Any],
    include: Iterable[str] = (),
    at: datetime | None = None,
) -> Record:
    """Create an invoice from checked properties; with ``at`` it has been there since then.

    Raises:
        Refusal: As for ``write_invoice``.
    """
    kept = {name: asked[name] for name in _KEPT if name in asked}
    return company.add("Invoice", _composed(company, kept, None, include), at=at)


def void_invoice(company: Company, body: object) -> Record:
    """Set an invoice's amounts to nothing; what was paid on it is unapplied from then on.

    Raises:
        Refusal: As for ``current``.
    """
    record = current(company, "Invoice", checked("Invoice", body))
    note = record.data.get("PrivateNote")
    data = {
        **record.data,
        "PrivateNote": f"Voided - {note}" if note else "Voided",
        "LinkedTxn": [],
        "Line": [_without_amount(line) for line in record.data["Line"]],
        "TxnTaxDetail": {"TotalTax": ZERO},
        "TotalAmt": ZERO,
        "Balance": ZERO,
    }
    return company.change(record, data)


def delete_invoice(company: Company, body: object) -> Record:
    """Delete an invoice.

    Raises:
        Refusal: As for ``current``; 6000 while something is linked to it.
    """
    record = current(company, "Invoice", checked("Invoice", body))
    if record.data["LinkedTxn"]:
        raise Refusal("6000", "Linked transactions have to be unlinked before the deletion")
    company.drop(record)
    return record


def _as_asked(record: Record) -> list[dict[str, str]]:
    values = record.data["CustomField"].items()
    return [{"DefinitionId": number, "StringValue": value} for number, value in values]


def _without_amount(line: Mapping[str, Any]) -> dict[str, Any]:
    bare = {**line, "Amount": ZERO} if "Amount" in line else dict(line)
    detail = line.get("SalesItemLineDetail")
    if detail is not None:
        kept = {name: each for name, each in detail.items() if name != "TaxInclusiveAmt"}
        bare["SalesItemLineDetail"] = kept | ({"Qty": ZERO} if "Qty" in kept else {})
    return bare


def _composed(
    company: Company, asked: Mapping[str, Any], old: Record | None, include: Iterable[str]
) -> dict[str, Any]:
    """Return an invoice's properties, complete, proven and reckoned."""
    customer = _customer(company, asked)
    if not asked.get("Line"):
        raise missing("Line")
    day = asked.get("TxnDate") or company.today().isoformat()
    lines, tax, total = composed_lines(company, asked, customer)
    online = company.settings.payments
    whole = {
        "AllowIPNPayment": False,
        "AllowOnlinePayment": False,
        "AllowOnlineCreditCardPayment": asked.get("AllowOnlineCreditCardPayment", online),
        "AllowOnlineACHPayment": asked.get("AllowOnlineACHPayment", online),
        "CustomField": _custom_fields(company, asked),
        "DocNumber": _number(company, asked, old, include),
        "TxnDate": day,
        **_currency(company, asked, customer, total),
        "LinkedTxn": [],
        "Line": lines,
        "TxnTaxDetail": tax,
        "CustomerRef": {"value": customer.id, "name": customer.data["DisplayName"]},
        "DueDate": _due(company, asked, customer, date.fromisoformat(day)),
        "TotalAmt": total,
        "ApplyTaxAfterDiscount": asked.get("ApplyTaxAfterDiscount", False),
        "PrintStatus": asked.get("PrintStatus", "NeedToPrint"),
        "EmailStatus": asked.get("EmailStatus", "NotSet"),
        "Balance": total,
    }
    if not company.settings.is_us:
        whole["GlobalTaxCalculation"] = asked.get("GlobalTaxCalculation", "TaxExcluded")
    for name in ("BillEmail", "BillEmailCc", "BillEmailBcc"):
        address = asked.get(name, {}).get("Address")
        if address:
            if not is_address(address):
                raise Refusal("6000", "This is no e-mail address", name)
            whole[name] = {"Address": address}
    for name in ("CustomerMemo", "PrivateNote", "SalesTermRef", "ShipFromAddr"):
        if asked.get(name):
            whole[name] = asked[name]
    for name in ("BillAddr", "ShipAddr"):
        if asked.get(name) or customer.data.get(name):
            whole[name] = asked.get(name) or customer.data[name]
    return {name: value for name, value in whole.items() if value is not None}


def _customer(company: Company, asked: Mapping[str, Any]) -> Record:
    wanted = asked.get("CustomerRef", {}).get("value")
    if not wanted:
        raise missing("CustomerRef")
    customer = company.table("Customer").find(wanted)
    if customer is None:
        raise unknown_reference("Customer", str(wanted))
    if not customer.is_active:
        raise inactive("Customer")
    return customer


def _number(
    company: Company, asked: Mapping[str, Any], old: Record | None, include: Iterable[str]
) -> str | None:
    """Return the number: the company's next, or the client's own, or none (sheet, section 4.3)."""
    own = asked.get("DocNumber")
    settings = company.settings
    before = None if old is None else old.data.get("DocNumber")
    if own is not None and own == before:
        return str(own)
    if not settings.custom_numbers and not (own and company.rules.own_number_taken):
        return before or _next_number(company)
    if own == AUTO_NUMBER:
        return _next_number(company)
    if not own:
        if settings.country == _FRANCE:
            raise missing("DocNumber")
        return None
    if settings.duplicate_warning and TWICE not in include:
        for record in company.table("Invoice").all():
            if record.data.get("DocNumber") == own and record is not old:
                detail = f"DocNumber={own} is assigned to TxnType=Invoice with TxnId={record.id}"
                raise Refusal("6140", detail, "")
    return str(own)


def _next_number(company: Company) -> str:
    numbers = (record.data.get("DocNumber", "") for record in company.table("Invoice").all())
    used = [int(number) for number in numbers if number.isascii() and number.isdigit()]
    return str(max(used, default=_FIRST_NUMBER - 1) + 1)


def _currency(
    company: Company, asked: Mapping[str, Any], customer: Record, total: Decimal
) -> dict[str, Any]:
    settings = company.settings
    own = str(customer.ref("CurrencyRef"))
    wanted = asked.get("CurrencyRef", {}).get("value")
    if wanted is None and settings.multi_currency and company.rules.currency_required:
        raise missing("CurrencyRef")
    if wanted not in {None, own}:
        raise Refusal("6000", "The currency has to be the customer's", "CurrencyRef")
    found: dict[str, Any] = {"CurrencyRef": currency_ref(own)}
    if settings.multi_currency:
        rate = Decimal(1) if own == settings.currency else settings.rates[own]
        rate = asked.get("ExchangeRate", rate)
        found["ExchangeRate"] = rate
        found["HomeTotalAmt"] = cents(total * rate)
    return found


def _due(company: Company, asked: Mapping[str, Any], customer: Record, day: date) -> str:
    """Return the due date: as given, else by these terms, the customer's, or the usual ones."""
    wanted = asked.get("SalesTermRef", {}).get("value")
    term = company.table("Term").find(wanted or customer.ref("SalesTermRef"))
    if wanted is not None and term is None:
        raise unknown_reference("SalesTermRef", str(wanted))
    if asked.get("DueDate"):
        return str(asked["DueDate"])
    days = company.settings.terms_days if term is None else int(term.data["DueDays"])
    return (day + timedelta(days=days)).isoformat()


def _custom_fields(company: Company, asked: Mapping[str, Any]) -> dict[str, str]:
    """Return DefinitionId -> text; an unknown one is dropped without a word (sheet, section 9)."""
    known = {str(number) for number in range(1, len(company.settings.custom_fields) + 1)}
    found = {}
    for field in asked.get("CustomField", ()):
        text = field.get("StringValue", "")
        if len(text) > _FIELD_LENGTH:
            raise Refusal("2050", f"A custom field holds {_FIELD_LENGTH} characters", "CustomField")
        if field.get("DefinitionId") in known and text:
            found[field["DefinitionId"]] = text
    return found
