"""What kinv wants, as the inputs of Wave's mutations (Wave sheet, sections 2, 4.2, 4.5, 4.6)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from uuid import UUID

from kommo_invoice.domain.draft import Address
from kommo_invoice.domain.totals import net_unit_price, percent_off, taken_off
from kommo_invoice.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from kommo_invoice.domain.draft import (
        Amounts,
        CustomerDraft,
        Draft,
        LineDraft,
        Mail,
    )


def business_id(account: str) -> str:
    """Return the business id for the mapping's account: a bare UUID is encoded as Wave does.

    Wave refuses bare UUIDs (section 2); every other text goes as it is.
    """
    try:
        uuid = UUID(account)
    except ValueError:
        return account
    return base64.b64encode(f"Business:{uuid}".encode()).decode()


def customer_input(draft: CustomerDraft, business: str) -> dict[str, object]:
    """Return the input of ``customerCreate``."""
    first, last = _names(draft.contact)
    address = draft.address or Address()
    lines = _given(
        addressLine1=address.line1,
        addressLine2=address.line2,
        city=address.city,
        postalCode=address.postal_code,
        provinceCode=_province(address.region, address.country or draft.country),
        countryCode=address.country or draft.country,
    )
    return _given(
        businessId=business,
        name=draft.name,
        email=draft.email,
        firstName=first,
        lastName=last,
        phone=draft.phone,
        currency=draft.currency,
        address=lines or None,
    )


def invoice_input(draft: Draft, customer_id: str, business: str) -> dict[str, object]:
    """Return the input of ``invoiceCreate``, always as a draft and with its currency.

    Without a currency Wave takes the business' own, whatever the customer's (section 4.5).

    Raises:
        Rejected: The draft holds something that Wave's invoices do not have.
    """
    return _given(
        businessId=business,
        customerId=customer_id,
        status="DRAFT",
        currency=draft.currency,
        invoiceNumber=draft.number,
        poNumber=draft.order_text,
        invoiceDate=draft.date.isoformat(),
        dueDate=draft.due_date.isoformat() if draft.due_date else None,
        memo=draft.memo,
        items=[_item(line, draft.amounts) for line in draft.lines],
        discounts=_discounts(draft),
    )


def send_input(invoice_id: str, mail: Mail) -> dict[str, object]:
    """Return the input of ``invoiceSend``, which knows no copy to others."""
    return _given(
        invoiceId=invoice_id, to=[mail.to], attachPDF=mail.attach_pdf, message=mail.message
    )


def _names(contact: str | None) -> tuple[str | None, str | None]:
    """Return first and last name: what stands after the last space is the last one."""
    first, _, last = (contact or "").strip().rpartition(" ")
    return (first.strip(), last) if first else (last or None, None)


def _province(region: str | None, country: str | None) -> str | None:
    """Return the ISO 3166-2 code of a region given as ``US-CA``, ``CA`` or ``California``.

    Wave takes nothing else; a region that is none of its country's is left out (section 4.2).
    """
    if region is None or country is None:
        return None
    import pycountry

    wanted = region.strip().casefold()
    for each in pycountry.subdivisions:
        code, name = str(each.code), str(each.name)
        spellings = {code.casefold(), code.partition("-")[2].casefold(), name.casefold()}
        if each.country_code == country and wanted in spellings:
            return code
    return None


def _item(line: LineDraft, amounts: Amounts) -> dict[str, object]:
    """Return one line; taxes are always said, else the product's own would be taken."""
    if line.discount is not None:
        raise Rejected("Wave has no discount on a line", hint="discount the whole invoice instead")
    return {
        "productId": line.item.id,
        "description": line.description,
        "quantity": _decimal(line.quantity),
        "unitPrice": _decimal(net_unit_price(line, amounts)),
        "taxes": [{"salesTaxId": line.tax.id}] if line.tax else [],
    }


def _discounts(draft: Draft) -> list[Mapping[str, object]] | None:
    if percent := percent_off(draft):
        return [{"discountType": "PERCENTAGE", "percentage": _decimal(percent)}]
    if amount := taken_off(draft):
        return [{"discountType": "FIXED", "amount": _decimal(amount)}]
    return None


def _decimal(value: Decimal) -> str:
    return format(value, "f")


def _given(**values: object) -> dict[str, object]:
    """Leave out what is None: to Wave a null is a value of its own (section 9.8)."""
    return {key: value for key, value in values.items() if value is not None}
