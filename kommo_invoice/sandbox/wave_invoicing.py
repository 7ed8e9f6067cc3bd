"""How invoices come into the Wave simulator's books, and change there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.wave_fields import SWITCHES, TEXTS
from kommo_invoice.sandbox.wave_graphql import snake
from kommo_invoice.sandbox.wave_money import Rate, reckon, rounded
from kommo_invoice.sandbox.wave_records import Business, Discount, Invoice, Item, ItemTax
from kommo_invoice.sandbox.wave_refusals import Asked, Refusal
from kommo_invoice.sandbox.wave_state import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommo_invoice.sandbox.wave_state import WaveState

_ZERO = Decimal(0)


def create_invoice(state: WaveState, asked: Asked) -> Invoice:
    """Create an invoice; its number need not be new (Wave sheet, section 4.5).

    Raises:
        Refusal: The customer or a line's product or tax is none of the business's, the product
            is not sold, or there is more than one discount.
        NotFound: There is no such business; or the customer is too new, where the rules say so.
    """
    business = state.business(asked["business_id"])
    _check_customer(state, business, asked["customer_id"])
    if asked["customer_id"] in state.unsettled:
        state.unsettled.discard(asked["customer_id"])
        raise NotFound("Node could not be found.")
    now = state.now()
    day = asked.get("invoice_date") or state.today(business)
    blank = Invoice(
        id=state.new_id("Invoice", business),
        business_id=business.id,
        created_at=now,
        modified_at=now,
        customer_id=asked["customer_id"],
        number=asked.get("invoice_number") or state.next_invoice_number(business),
        day=day,
        due_date=day + timedelta(days=business.terms_days),
        currency=business.currency,
        exchange_rate=Decimal(1),
        texts={"memo": business.memo, "footer": business.footer},
    )
    return state.invoices.put(_changed(state, business, blank, asked), now)


def patch_invoice(state: WaveState, asked: Asked) -> Invoice:
    """Change what was given of an invoice; items replace all items, null unsets.

    Raises:
        Refusal: As for creating one; or it would turn an approved invoice into a draft.
        NotFound: There is no such invoice.
    """
    invoice = state.invoices.get(asked["id"])
    if asked.get("status") == "DRAFT" and invoice.approved:
        raise Refusal("status", "An approved invoice cannot become a draft.")
    business = state.business(invoice.business_id)
    now = state.now()
    changed = _changed(state, business, invoice, asked)
    return state.invoices.put(replace(changed, modified_at=now), now)


def clone_invoice(state: WaveState, asked: Asked) -> Invoice:
    """Make a new draft with the content of an invoice, its own number and today's date.

    Raises:
        NotFound: There is no such invoice.
    """
    invoice = state.invoices.get(asked["invoice_id"])
    business = state.business(invoice.business_id)
    now, today = state.now(), state.today(business)
    clone = replace(
        invoice,
        id=state.new_id("Invoice", business),
        created_at=now,
        modified_at=now,
        number=state.next_invoice_number(business),
        day=today,
        due_date=today + timedelta(days=business.terms_days),
        approved=False,
        items=tuple(
            replace(item, id=state.new_id("InvoiceItem", business)) for item in invoice.items
        ),
        payments=(),
        sent_at=None,
        sent_via=None,
        viewed_at=None,
    )
    return state.invoices.put(clone, now)


def _changed(state: WaveState, business: Business, invoice: Invoice, asked: Asked) -> Invoice:
    """Return the invoice with what was asked for, reckoned anew."""
    changes: dict[str, Any] = {}
    if asked.get("customer_id"):
        _check_customer(state, business, asked["customer_id"])
        changes["customer_id"] = asked["customer_id"]
    for name, attribute in (
        ("invoice_number", "number"),
        ("invoice_date", "day"),
        ("due_date", "due_date"),
        ("currency", "currency"),
        ("exchange_rate", "exchange_rate"),
    ):
        if asked.get(name):
            changes[attribute] = asked[name]
    if "po_number" in asked:
        changes["po_number"] = asked["po_number"] or ""
    if asked.get("status") == "SAVED":
        changes["approved"] = True
    changes["texts"] = dict(invoice.texts) | {
        name: TEXTS[name] if asked[snake(name)] is None else asked[snake(name)]
        for name in TEXTS
        if snake(name) in asked
    }
    changes["switches"] = dict(invoice.switches) | {
        name: bool(asked[snake(name)]) for name in SWITCHES if snake(name) in asked
    }
    if "items" in asked:
        changes["items"] = _items(state, business, asked["items"] or ())
    if "discounts" in asked:
        changes["discounts"] = _discounts(state, asked["discounts"] or ())
    return _reckoned(state, replace(invoice, **changes))


def _check_customer(state: WaveState, business: Business, customer_id: str) -> None:
    if state.customers.find(customer_id, business.id) is None:
        raise Refusal("customerId", "There is no such customer.", "NOT_FOUND")


def _items(state: WaveState, business: Business, asked: Sequence[Asked]) -> tuple[Item, ...]:
    """Return the lines, not yet reckoned."""
    items = []
    for position, line in enumerate(asked):
        product = state.products.find(line["product_id"], business.id)
        if product is None:
            raise Refusal(f"items.{position}.productId", "There is no such product.", "NOT_FOUND")
        if product.income_account_id is None:
            raise Refusal(f"items.{position}.productId", "This product is not sold.")
        items.append(
            Item(
                id=state.new_id("InvoiceItem", business),
                product_id=product.id,
                account_id=product.income_account_id,
                description=_given(line, "description", product.description),
                quantity=rounded(_given(line, "quantity", Decimal(1)), 8),
                unit_price=rounded(_given(line, "unit_price", product.unit_price), 8),
                currency=business.currency,
                subtotal=_ZERO,
                taxes=_taxes(state, business, line.get("taxes"), product.default_tax_ids, position),
            )
        )
    return tuple(items)


def _given(line: Asked, name: str, default: Any) -> Any:
    return default if line.get(name) is None else line[name]


def _taxes(
    state: WaveState,
    business: Business,
    asked: Sequence[Asked] | None,
    defaults: Sequence[str],
    position: int,
) -> tuple[ItemTax, ...]:
    """Return a line's taxes: the product's own when none were asked for, none for an empty list."""
    if asked is None:
        asked = [{"sales_tax_id": tax_id} for tax_id in defaults]
    taxes = []
    for number, each in enumerate(asked):
        path = f"items.{position}.taxes.{number}"
        if each.get("amount") is not None:
            raise Refusal(f"{path}.amount", "The amount is computed and cannot be given.")
        tax = state.taxes.find(each["sales_tax_id"], business.id)
        if tax is None:
            raise Refusal(f"{path}.salesTaxId", "There is no such sales tax.", "NOT_FOUND")
        taxes.append(
            ItemTax(tax_id=tax.id, rate=tax.rate, amount=_ZERO, currency=business.currency)
        )
    return tuple(taxes)


def _discounts(state: WaveState, asked: Sequence[Asked]) -> tuple[Discount, ...]:
    if len(asked) > 1:
        raise Refusal("discounts", "An invoice has at most one discount.")
    now = state.now()
    found = []
    for each in asked:
        name = "amount" if each["discount_type"] == "FIXED" else "percentage"
        value = each.get(name)
        if value is None:
            raise Refusal(f"discounts.0.{name}", "It is needed for this type.", "REQUIRED")
        if value < 0 or (name == "percentage" and value > 100):
            raise Refusal(f"discounts.0.{name}", "A discount is not negative and not above 100 %.")
        found.append(
            Discount(name=each.get("name") or "", created_at=now, modified_at=now, **{name: value})
        )
    return tuple(found)


def _reckoned(state: WaveState, invoice: Invoice) -> Invoice:
    """Return the invoice with its amounts."""
    discount = invoice.discounts[0] if invoice.discounts else None
    result = reckon(
        [
            (
                item.quantity,
                item.unit_price,
                [
                    Rate(tax.tax_id, tax.rate, state.taxes.get(tax.tax_id).is_compound)
                    for tax in item.taxes
                ],
            )
            for item in invoice.items
        ],
        invoice.currency,
        percentage=discount.percentage if discount else None,
        amount=discount.amount if discount else None,
        rounding=state.rules.tax_rounding,
    )
    subtotal = sum(result.subtotals, _ZERO)
    if result.discount > max(subtotal, _ZERO):
        raise Refusal("discounts.0.amount", "The discount is more than the invoice.")
    items = tuple(
        replace(
            item,
            currency=invoice.currency,
            subtotal=net,
            taxes=tuple(
                replace(tax, amount=amount, currency=invoice.currency)
                for tax, amount in zip(item.taxes, amounts, strict=True)
            ),
        )
        for item, net, amounts in zip(invoice.items, result.subtotals, result.taxes, strict=True)
    )
    return replace(
        invoice,
        items=items,
        subtotal=subtotal,
        discount_total=result.discount,
        tax_total=result.tax,
    )
