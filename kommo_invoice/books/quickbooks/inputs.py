"""What kinv wants, as the bodies of QuickBooks' creates (QuickBooks sheet, 4.2 to 4.4 and 8).

Unknown properties are refused, and so are empty ones of some kinds: what is not known is left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kommo_invoice.books.quickbooks.amounts import PLACES, Sale, sales
from kommo_invoice.books.quickbooks.wire_company import NOT_TAXABLE, TAXABLE
from kommo_invoice.domain.catalog import TaxChoice, find_term
from kommo_invoice.domain.draft import Address, Amounts
from kommo_invoice.domain.totals import percent_off, taken_off
from kommo_invoice.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommo_invoice.domain.catalog import Catalog
    from kommo_invoice.domain.draft import CustomerDraft, Draft, LineDraft

    Body = dict[str, object]

NEXT_NUMBER = "AUTO_GENERATE"
_NOT_IN_NAMES = re.compile(r"[:\t\r\n]+")
_SPACES = re.compile(r"\s+")
_NAME, _NAME_PART, _COMPANY_NAME, _PHONE = 500, 100, 100, 30  # characters (section 4.2)


def display_name(name: str) -> str:
    """Return a name as QuickBooks takes it: in one line, without colons, cut (section 4.2)."""
    return _SPACES.sub(" ", _NOT_IN_NAMES.sub(" ", name)).strip()[:_NAME].rstrip()


def customer_body(draft: CustomerDraft, company: Catalog) -> Body:
    """Return the body that creates a customer; a phone number that is too long is left out.

    Raises:
        Rejected: The company has no customers in that currency.
    """
    first, last = _names(draft.contact)
    name = display_name(draft.name)
    has_phone = draft.phone is not None and 0 < len(draft.phone) <= _PHONE
    is_company = draft.contact is not None and draft.contact.strip() != draft.name.strip()
    return _given(
        DisplayName=name,
        GivenName=first,
        FamilyName=last,
        CompanyName=name if is_company and len(name) <= _COMPANY_NAME else None,
        PrimaryEmailAddr={"Address": draft.email},
        PrimaryPhone={"FreeFormNumber": draft.phone} if has_phone else None,
        CurrencyRef=_currency(draft.currency, company),
        BillAddr=_address(draft) or None,
    )


def invoice_body(draft: Draft, customer_id: str, company: Catalog) -> Body:
    """Return the body that creates an invoice.

    Raises:
        Rejected: The draft holds something that this company's invoices do not have.
    """
    mail = draft.mail
    discount = _discount(draft, company)
    return _given(
        CustomerRef={"value": customer_id},
        TxnDate=draft.date.isoformat(),
        DueDate=draft.due_date.isoformat() if draft.due_date else None,
        SalesTermRef=_terms(draft, company),
        DocNumber=_number(draft, company),
        CurrencyRef=_currency(draft.currency, company),
        GlobalTaxCalculation="TaxExcluded"
        if company.settings.taxes is TaxChoice.REQUIRED
        else None,
        Line=[*_lines(draft, company), *discount],
        ApplyTaxAfterDiscount=True if discount else None,
        BillEmail={"Address": mail.to if mail else draft.customer.email},
        BillEmailCc={"Address": ",".join(mail.cc)} if mail and mail.cc else None,
        CustomerMemo={"value": draft.memo} if draft.memo else None,
        PrivateNote=note(draft),
        CustomField=_own_field(draft, company.settings.reference_field),
    )


def note(draft: Draft) -> str:
    """Return the private note: the client's order number, and our reference as a word."""
    return " / ".join(text for text in (draft.po_number, draft.reference) if text)


def _terms(draft: Draft, company: Catalog) -> Body | None:
    """Return the terms by their id; a due date goes before what they say (section 4.3)."""
    if not draft.terms:
        return None
    term = find_term(company.terms, draft.terms)
    if term is None and draft.due_date is None:
        known = ", ".join(each.name for each in company.terms) or "none"
        raise Rejected(
            f"QuickBooks has no terms {draft.terms!r}",
            hint=f"use one of the company's ({known}), or give a due_date",
        )
    return {"value": term.id} if term else None


def _number(draft: Draft, company: Catalog) -> str | None:
    """Return the number to send; where the company numbers itself, none may be (section 4.3)."""
    asks = company.settings.asks_for_number
    if draft.number is None:
        return NEXT_NUMBER if asks else None
    if not asks:
        raise Rejected(
            "this QuickBooks company numbers its invoices itself",
            hint="switch on custom transaction numbers in its sales settings, or leave out "
            "[invoice] number",
        )
    return draft.number


def _currency(currency: str | None, company: Catalog) -> Body | None:
    """Return the reference to a currency; there is none in a company with one (section 4.3)."""
    if currency is None:
        return None
    if company.settings.other_currencies:
        return {"value": currency}
    if currency != company.account.currency:
        raise Rejected(
            f"this QuickBooks company invoices in {company.account.currency} only, "
            f"not in {currency}",
            hint="switch on multicurrency in QuickBooks (for good), or correct the currency",
        )
    return None


def _lines(draft: Draft, company: Catalog) -> list[Body]:
    for line in draft.lines:
        if line.discount is not None:
            raise Rejected(
                "QuickBooks has no discount on a line", hint="discount the whole invoice instead"
            )
        if draft.amounts is Amounts.INCLUSIVE and line.tax and line.tax.rate is None:
            raise Rejected(
                f"QuickBooks alone knows the rate of {line.tax.name}, so prices that contain it "
                "cannot be told from it",
                hint='set amounts = "exclusive" in [invoice], or choose a tax with one rate',
            )
    sold = zip(draft.lines, sales(draft), strict=True)
    return [_line(line, sale, company) for line, sale in sold]


def _line(line: LineDraft, sale: Sale, company: Catalog) -> Body:
    """Return one line; amount, quantity and price all go along, and agree (section 4.3)."""
    code = _tax_code(line, company)
    return {
        "DetailType": "SalesItemLineDetail",
        "Amount": sale.amount,
        "Description": line.description,
        "SalesItemLineDetail": _given(
            ItemRef={"value": line.item.id},
            Qty=sale.quantity,
            UnitPrice=sale.price,
            TaxCodeRef={"value": code} if code else None,
        ),
    }


def _tax_code(line: LineDraft, company: Catalog) -> str | None:
    """Return what the line says about tax (section 4.4): outside the US nothing stands for none."""
    match company.settings.taxes:
        case TaxChoice.BY_BOOKS:
            return NOT_TAXABLE if line.tax is None else TAXABLE
        case TaxChoice.REQUIRED if line.tax is None:
            free = ", ".join(each.name for each in company.taxes if each.rate == 0)
            raise Rejected(
                "this QuickBooks company wants a tax code on every line",
                hint='name in [tax], in place of "none", the code that stands for no tax there'
                + (f" ({free})" if free else ""),
            )
        case _:
            return line.tax.id if line.tax else None


def _discount(draft: Draft, company: Catalog) -> list[Body]:
    """Return the discount as the line that it is; its amount is positive (section 8)."""
    amount = taken_off(draft, PLACES)
    if not amount:
        return []
    if "invoice.discount" in company.switched_off:
        raise Rejected(
            "this QuickBooks company has discounts switched off",
            hint="switch them on in its sales settings, or leave out [invoice] discount",
        )
    detail: Body
    if percent := percent_off(draft, PLACES):
        detail = {"PercentBased": True, "DiscountPercent": percent}
        return [{"DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}]
    detail = {"PercentBased": False}
    return [{"DetailType": "DiscountLineDetail", "Amount": amount, "DiscountLineDetail": detail}]


def _own_field(draft: Draft, field: str | None) -> list[Body] | None:
    if field is None:
        return None
    return [{"DefinitionId": field, "Type": "StringType", "StringValue": draft.reference}]


def _names(contact: str | None) -> tuple[str | None, str | None]:
    """Return first and last name: what stands after the last space is the last one."""
    first, _, last = display_name(contact or "").rpartition(" ")
    if not first:
        first, last = last, ""
    return first[:_NAME_PART] or None, last[:_NAME_PART] or None


def _address(draft: CustomerDraft) -> Mapping[str, object]:
    address = draft.address or Address()
    country = address.country or draft.country
    return _given(
        Line1=address.line1,
        Line2=address.line2,
        City=address.city,
        CountrySubDivisionCode=(address.region or "").removeprefix(f"{country}-") or None,
        PostalCode=address.postal_code,
        Country=country,
    )


def _given(**values: object) -> Body:
    return {key: value for key, value in values.items() if value is not None}
