"""The lines of a Zoho Books invoice: items, discounts, taxes, and what they come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kommo_invoice.domain.money import round_half_up
from kommo_invoice.sandbox.zoho_faults import (
    MISSING,
    WRONG_STATE_TAX,
    Refusal,
    forbidden,
    inaccessible,
    invalid,
)
from kommo_invoice.sandbox.zoho_money import ZERO, Discount, Item, Rate, Sums, Way, reckon

if TYPE_CHECKING:
    from kommo_invoice.sandbox.records import Record
    from kommo_invoice.sandbox.zoho_state import Organization

Asked = Mapping[str, Any]
WHOLE, LINES = "entity_level", "item_level"


@dataclass(frozen=True, slots=True)
class Composed:
    """The lines as they are shown, what they come to, and whose discount counts."""

    lines: list[dict[str, Any]]
    sums: Sums
    discount_type: str


def parsed_discount(value: Decimal | str | None) -> Discount:
    """Return a discount as it was asked for: a number, or ``10%``."""
    if isinstance(value, str):
        return Discount(percent=Decimal(value.removesuffix("%")))
    return Discount(amount=value or ZERO)


def composed(org: Organization, asked: Asked, customer: Record, currency: str) -> Composed:
    """Return the lines and what they come to.

    Args:
        org: Whose items and taxes.
        asked: The invoice's checked properties.
        customer: Who need not be taxable.
        currency: The invoice's.

    Raises:
        Refusal: Anything about lines in section 4.4 of the sheet.
    """
    given: list[Asked] = asked.get("line_items") or []
    if not given:
        raise invalid("Line Items")
    kind = _discount_type(asked, given)
    places = org.places(currency)
    pairs = [_line(org, asked, line, customer, (kind, places)) for line in given]
    way = Way(
        places=places,
        inclusive=asked.get("is_inclusive_tax", False),
        per_item=org.settings.item_rounding,
        before_tax=asked.get("is_discount_before_tax", org.settings.discount_before_tax),
        extra=asked.get("shipping_charge", ZERO) + asked.get("adjustment", ZERO),
    )
    whole = parsed_discount(asked.get("discount")) if kind == WHOLE else Discount()
    sums = reckon([item for _, item in pairs], whole, way)
    rate = asked.get("exchange_rate") or Decimal(1)
    shown = []
    for number, ((line, _), taxes) in enumerate(zip(pairs, sums.lines, strict=True), start=1):
        line |= {
            "line_item_id": line["line_item_id"] or org.new_id(),
            "item_order": line["item_order"] or Decimal(number),
            "bcy_rate": round_half_up(line["rate"] * rate, 2),
            "line_item_taxes": [
                {
                    "tax_id": tax.id,
                    "tax_name": f"{tax.name} ({tax.percent.normalize():f}%)",
                    "tax_amount": amount,
                }
                for tax, amount in taxes
            ],
        }
        shown.append(line)
    return Composed(shown, sums, kind)


def _discount_type(asked: Asked, given: list[Asked]) -> str:
    """Return whose discount counts; the other is passed over without a word."""
    wanted = asked.get("discount_type")
    if wanted:
        return str(wanted)
    return LINES if any(line.get("discount") for line in given) else WHOLE


def _line(
    org: Organization, asked: Asked, line: Asked, customer: Record, how: tuple[str, int]
) -> tuple[dict[str, Any], Item]:
    """Return a line as it is shown, and as it counts."""
    kind, places = how
    item = _item(org, line)
    known: Asked = {} if item is None else item.data
    name = line.get("name") or known.get("name", "")
    rate = line.get("rate", known.get("rate"))
    if rate is None or not (name or line.get("description")):
        raise invalid("Item")
    quantity = line.get("quantity", Decimal(1))
    if quantity <= 0:
        raise invalid("Quantity")
    discount = parsed_discount(line.get("discount") if kind == LINES else None)
    price = round_half_up(rate * quantity, places)
    off = round_half_up(discount.of(price), places)
    tax = _tax(org, line, known, customer)
    _check_state(org, asked, customer, tax)
    told = {} if tax is None else tax.data
    shown = {
        "line_item_id": line.get("line_item_id", ""),
        "item_id": "" if item is None else item.id,
        "item_type": "sales",
        "product_type": line.get("product_type") or known.get("product_type", "service"),
        "name": name,
        "description": line.get("description", known.get("description", "")),
        "item_order": line.get("item_order"),
        "rate": rate,
        "quantity": quantity,
        "unit": line.get("unit", known.get("unit", "")),
        "discount_amount": off,
        "discount": line.get("discount", ZERO) if kind == LINES else ZERO,
        "tags": [],
        "tax_id": "" if tax is None else tax.id,
        "tax_name": told.get("tax_name", ""),
        "tax_type": told.get("tax_type", "tax"),
        "tax_percentage": told.get("tax_percentage", ZERO),
        "item_total": price - off,
    }
    return shown, Item(price - off, () if tax is None else rates_of(org, tax))


def _item(org: Organization, line: Asked) -> Record | None:
    wanted = line.get("item_id")
    if not wanted:
        if org.rules.needs_item:
            raise invalid("Item")
        return None
    item = org.find("item", wanted)
    if item is None:
        raise _unknown(org, "Item")
    if item.data["status"] != "active":
        raise forbidden(f"The item {item.data['name']} is inactive.")
    return item


def _tax(org: Organization, line: Asked, item: Asked, customer: Record) -> Record | None:
    """Return a line's tax: as given, else perhaps the item's; none for who is exempt."""
    wanted = line.get("tax_id")
    if wanted is None and org.rules.items_bring_tax:
        wanted = item.get("tax_id")
    if not wanted or not customer.data.get("is_taxable", True):
        return None
    tax = org.find("tax", wanted)
    if tax is None:
        raise _unknown(org, "Tax")
    if not tax.data["is_active"]:
        raise forbidden(f"The tax {tax.data['tax_name']} is inactive.")
    return tax


def _unknown(org: Organization, what: str) -> Refusal:
    message = f"{what} does not exist."
    return Refusal(MISSING, message, status=org.rules.missing_reference_status)


def rates_of(org: Organization, tax: Record) -> tuple[Rate, ...]:
    """Return the taxes behind a tax: itself, or those of its group."""
    members = (org.find("tax", member) for member in tax.data.get("members", ()))
    return tuple(
        Rate(
            each.id,
            each.data["tax_name"],
            each.data["tax_percentage"],
            each.data["tax_type"] == "compound_tax",
        )
        for each in ([each for each in members if each is not None] or [tax])
    )


def _check_state(org: Organization, asked: Asked, customer: Record, tax: Record | None) -> None:
    """Hold India's rule: IGST between states, nothing else; within one state anything else.

    Raises:
        Refusal: 3032; the right tax is never derived (section 4.4).
    """
    if org.settings.edition != "in" or tax is None:
        return
    place = asked.get("place_of_supply") or customer.data.get("place_of_contact")
    kind = tax.data["tax_specific_type"]
    if place and kind and (place != org.settings.state) is not (kind == "igst"):
        raise Refusal(
            WRONG_STATE_TAX, f"{tax.data['tax_name']} is not the tax for supplies to {place}"
        )


def used_customer(org: Organization, customer_id: str | None) -> Record:
    """Return the customer that an invoice or payment is for.

    Raises:
        Refusal: 1002 where there is none, or it is a vendor; inactive ones by rule.
    """
    customer = org.find("contact", customer_id)
    if customer is None or customer.data["contact_type"] != "customer":
        raise inaccessible("Customer")
    if customer.data["status"] != "active" and org.rules.inactive_refused:
        raise forbidden("The customer is inactive. Please mark the customer as active.")
    return customer
