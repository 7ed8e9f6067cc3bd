"""The lines of a QuickBooks invoice: items, discount, tax codes, and what they come to."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kommo_invoice.domain.money import round_half_up
from kommo_invoice.sandbox.quickbooks_answers import plain
from kommo_invoice.sandbox.quickbooks_faults import Refusal, inactive, missing, unknown_reference
from kommo_invoice.sandbox.quickbooks_money import ZERO, Discount, Rate, Sums, cents, reckon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommo_invoice.sandbox.quickbooks_state import Company, Record

TAXED, UNTAXED = "TAX", "NON"
MOST_LINES = 750
_FINE_PLACES = 5
_SALE, _DISCOUNT, _TEXT = "SalesItemLineDetail", "DiscountLineDetail", "DescriptionOnly"
_SUBTOTAL = "SubTotalLineDetail"

Asked = Mapping[str, Any]
Shown = dict[str, Any]


def composed_lines(
    company: Company, asked: Asked, customer: Record
) -> tuple[list[Shown], Shown, Decimal]:
    """Return the lines as they are shown, TxnTaxDetail and the total.

    Args:
        company: Whose items and tax codes.
        asked: The invoice's checked properties.
        customer: Who need not be taxable.

    Raises:
        Refusal: Anything about lines in sections 4.3 and 4.4 of the sheet.
    """
    given: Sequence[Asked] = [line for line in asked["Line"] if line.get("DetailType") != _SUBTOTAL]
    if len(given) > MOST_LINES:
        raise Refusal("6000", f"An invoice has at most {MOST_LINES} lines", "Line")
    lines = [_line(company, asked, line) for line in given]
    sales = [line for line in lines if line["DetailType"] == _SALE]
    discounts = [line for line in lines if line["DetailType"] == _DISCOUNT]
    if len(discounts) > 1:
        raise Refusal("6000", "An invoice has at most one discount", "Line")
    detail = asked.get("TxnTaxDetail", {})
    code = detail.get("TxnTaxCodeRef", {}).get("value")
    sums = reckon(
        [
            (line["Amount"], _rates(company, line[_SALE].get("TaxCodeRef"), code, customer))
            for line in sales
        ],
        _discount(discounts[0]) if discounts else None,
        tax_after_discount=asked.get("ApplyTaxAfterDiscount", False),
        tax=detail.get("TotalTax") if company.settings.using_sales_tax else None,
    )
    rows = [line for line in lines if line["DetailType"] != _DISCOUNT]
    for number, line in enumerate(rows, start=1):
        line |= {"Id": str(number), "LineNum": Decimal(number)}
    rows.append({"Amount": sums.subtotal, "DetailType": _SUBTOTAL, _SUBTOTAL: {}})
    rows += [{**line, "Amount": sums.discount} for line in discounts]
    if asked.get("GlobalTaxCalculation") == "TaxInclusive":
        _add_gross(company, sales, code, customer)
    return rows, _tax_detail(sums, code), sums.total


def _line(company: Company, asked: Asked, line: Asked) -> Shown:
    match line.get("DetailType"):
        case None:
            raise missing("DetailType")
        case "SalesItemLineDetail":
            return _sale(company, asked, line)
        case "DiscountLineDetail":
            return _discount_line(company, line)
        case "DescriptionOnly":
            return _text_line(line)
    raise Refusal("6000", f"Lines of the type {line['DetailType']} are not sold here", "Line")


def _text_line(line: Asked) -> Shown:
    text = {"Description": line["Description"]} if line.get("Description") else {}
    return {**text, "DetailType": _TEXT, "DescriptionLineDetail": {}}


def _sale(company: Company, asked: Asked, line: Asked) -> Shown:
    """Return a line that sells an item; without one its amount counts for nothing."""
    amount = line.get("Amount")
    if amount is None:
        raise missing("Line.Amount")
    detail = line.get(_SALE, {})
    quantity, price = _fine(detail.get("Qty")), _fine(detail.get("UnitPrice"))
    if quantity is not None and price is not None and cents(quantity * price) != amount:
        raise Refusal("6070", f"Amount {amount} is not {quantity} * {price}", "Line.Amount")
    wanted = detail.get("ItemRef", {}).get("value")
    if wanted is None:
        return _text_line(line)
    item = _item(company, str(wanted))
    shown: Shown = {"ItemRef": {"value": item.id, "name": item.data["Name"]}}
    if price is not None:
        shown["UnitPrice"] = plain(price)
    if quantity is not None:
        shown["Qty"] = plain(quantity)
    code = _tax_code(company, asked, detail.get("TaxCodeRef", {}).get("value"))
    if code is not None:
        shown["TaxCodeRef"] = {"value": code}
    if "ServiceDate" in detail:
        shown["ServiceDate"] = detail["ServiceDate"]
    text = {"Description": line["Description"]} if line.get("Description") else {}
    return {**text, "Amount": cents(amount), "DetailType": _SALE, _SALE: shown}


def _fine(value: Decimal | None) -> Decimal | None:
    """Return a quantity or price with the five decimals that are kept (sheet, section 8)."""
    return None if value is None else round_half_up(value, _FINE_PLACES)


def _item(company: Company, item_id: str) -> Record:
    item = company.table("Item").find(item_id)
    if item is None:
        raise unknown_reference("Item", item_id)
    if item.data["Type"] == "Category":
        raise Refusal("2500", "A category cannot be sold", "Item")
    if not item.is_active:
        raise inactive("Item")
    return item


def _tax_code(company: Company, asked: Asked, code: str | None) -> str | None:
    """Return a line's tax code (sheet, section 4.4).

    Raises:
        Refusal: 6100 in the US for anything but TAX and NON; elsewhere 6000 where there is
            none, 2500 where it does not exist.
    """
    settings = company.settings
    if settings.is_us:
        if code not in {None, TAXED, UNTAXED}:
            raise Refusal("6100", f"{code} is neither {TAXED} nor {UNTAXED}", "TaxCodeRef")
        return code or UNTAXED
    if code is None:
        if settings.using_sales_tax and asked.get("GlobalTaxCalculation") != "NotApplicable":
            raise Refusal("6000", "Every line needs a VAT or GST code before it is saved", "Line")
        return None
    _known_code(company, code)
    return code


def _known_code(company: Company, code: str) -> Record:
    record = company.table("TaxCode").find(code)
    if record is None:
        raise unknown_reference("TaxCode", code)
    if not record.is_active:
        raise inactive("TaxCode")
    return record


def _rates(
    company: Company, line_code: Asked | None, whole_code: str | None, customer: Record
) -> list[Rate]:
    """Return the rates on a line.

    In the US the line only says whether, and the engine (or the invoice's own code) how much.
    """
    settings = company.settings
    code = None if line_code is None else str(line_code["value"])
    if not settings.using_sales_tax or code is None:
        return []
    if settings.is_us:
        if code == UNTAXED or not customer.data["Taxable"]:
            return []
        code = settings.sales_tax if settings.automated_tax else whole_code
    return [] if code is None else rates_of(company, code)


def rates_of(company: Company, code: str) -> list[Rate]:
    """Return the rates behind a tax code.

    Raises:
        Refusal: There is no such code.
    """
    details = _known_code(company, code).data.get("SalesTaxRateList", {}).get("TaxRateDetail", ())
    rates = []
    for detail in details:
        rate = company.table("TaxRate").find(detail["TaxRateRef"]["value"])
        if rate is not None:
            rates.append(Rate(rate.id, rate.data["Name"], rate.data["RateValue"]))
    return rates


def _discount_line(company: Company, line: Asked) -> Shown:
    if not company.settings.allow_discount:
        raise Refusal("6000", "Discounts are switched off", "Line")
    detail = line.get(_DISCOUNT, {})
    percent = detail.get("DiscountPercent") if detail.get("PercentBased") else None
    if percent is None and line.get("Amount") is None:
        raise Refusal("6090", "A discount needs a percentage or an amount", "Line")
    shown: Shown = {"PercentBased": percent is not None}
    if percent is not None:
        shown["DiscountPercent"] = plain(percent)
    amount = line.get("Amount") if percent is None else ZERO
    return {"Amount": amount, "DetailType": _DISCOUNT, _DISCOUNT: shown}


def _discount(line: Shown) -> Discount:
    """Return what is taken off; a negative amount is so added (sheet, section 8)."""
    return Discount(line[_DISCOUNT].get("DiscountPercent"), line["Amount"])


def _add_gross(
    company: Company, sales: Sequence[Shown], code: str | None, customer: Record
) -> None:
    for line in sales:
        rates = _rates(company, line[_SALE].get("TaxCodeRef"), code, customer)
        tax = reckon([(line["Amount"], rates)]).tax
        line[_SALE]["TaxInclusiveAmt"] = line["Amount"] + tax


def _tax_detail(sums: Sums, code: str | None) -> Shown:
    detail: Shown = {"TotalTax": sums.tax or ZERO}
    if code is not None:
        detail["TxnTaxCodeRef"] = {"value": code}
    if sums.rates:
        detail["TaxLine"] = [
            {
                "Amount": each.tax,
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": {"value": each.rate.id, "name": each.rate.name},
                    "PercentBased": True,
                    "TaxPercent": plain(each.rate.percent),
                    "NetAmountTaxable": each.net,
                },
            }
            for each in sums.rates
        ]
    return detail
