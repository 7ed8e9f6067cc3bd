"""Payments and credit notes in the Zoho Books simulator, and what they leave to pay (4.8, 4.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.zoho_faults import MISSING, Refusal, forbidden, invalid
from kommo_invoice.sandbox.zoho_fields import PAYMENT as PAYMENT_PROPERTIES
from kommo_invoice.sandbox.zoho_fields import checked
from kommo_invoice.sandbox.zoho_lines import used_customer
from kommo_invoice.sandbox.zoho_money import ZERO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from decimal import Decimal

    from kommo_invoice.sandbox.records import Record
    from kommo_invoice.sandbox.zoho_state import Organization

PAYMENT, CREDIT = "customerpayment", "creditnote"


def record_payment(org: Organization, body: object) -> Record:
    """Record a payment as a request asks for it.

    Raises:
        Refusal: Something is missing, nothing is paid, or more than is left to pay.
    """
    asked = checked(body, PAYMENT_PROPERTIES)
    for name in ("customer_id", "payment_mode", "date"):
        if not asked.get(name):
            raise invalid(name.replace("_", " ").title())
    if asked.get("amount", ZERO) <= 0:
        raise invalid("Amount")
    customer = used_customer(org, asked["customer_id"])
    parts: dict[str, Decimal] = {}
    for row in asked.get("invoices", ()):
        invoice = org.find("invoice", row.get("invoice_id"))
        if invoice is None or invoice.data["customer_id"] != customer.id:
            raise Refusal(MISSING, "Invoice does not exist.")
        parts[invoice.id] = row.get("amount_applied", ZERO)
    more: dict[str, Any] = {
        name: asked[name]
        for name in ("payment_mode", "date", "reference_number", "description", "bank_charges")
        if name in asked
    }
    return add_payment(org, customer.id, parts, amount=asked["amount"], more=more)


def add_payment(
    org: Organization,
    customer_id: str,
    parts: Mapping[str, Decimal],
    *,
    amount: Decimal | None = None,
    on: date | None = None,
    more: Mapping[str, Any] | None = None,
) -> Record:
    """Let money come in.

    Args:
        org: Whose books.
        customer_id: Whose money.
        parts: Invoice id -> how much of it.
        amount: All of it; the sum of the parts by default.
        on: The day, today by default.
        more: Further properties.

    Raises:
        Refusal: The parts are more than it, or than what is left to pay.
    """
    used = sum(parts.values(), ZERO)
    whole = used if amount is None else amount
    if used > whole:
        raise forbidden("The amount applied to invoices is more than the payment.")
    for invoice_id, part in parts.items():
        _check_open(org, invoice_id, part)
    customer = org.find("contact", customer_id)
    currency = org.settings.currency if customer is None else customer.data["currency_code"]
    data = {
        "customer_id": customer_id,
        "customer_name": "" if customer is None else customer.data["contact_name"],
        "currency_code": currency,
        "payment_mode": "banktransfer",
        "payment_number": str(org.world.ids.next(f"zoho.{org.id}.payment")),
        "date": (on or org.today()).isoformat(),
        "reference_number": "",
        "description": "",
        "bank_charges": ZERO,
        "amount": whole,
        "amount_refunded": ZERO,
        "parts": _parts(org, parts),
        **(more or {}),
    }
    payment = _linked(org, org.add(PAYMENT, data))
    for invoice_id in parts:
        settle(org, invoice_id)
    return payment


def add_credit(org: Organization, invoice: Record, amount: Decimal) -> Record:
    """Make a credit note of that amount and take it off an invoice."""
    _check_open(org, invoice.id, amount)
    number = org.world.ids.next(f"zoho.{org.id}.credit")
    data = {
        "creditnote_number": f"CN-{number:05d}",
        "customer_id": invoice.data["customer_id"],
        "customer_name": invoice.data["customer_name"],
        "currency_code": invoice.data["currency_code"],
        "reference_number": "",
        "date": org.today().isoformat(),
        "total": amount,
        "parts": _parts(org, {invoice.id: amount}),
    }
    credit = _linked(org, org.add(CREDIT, data))
    settle(org, invoice.id)
    return credit


def change_parts(org: Organization, record: Record, parts: Mapping[str, Decimal]) -> Record:
    """Apply a payment or credit note to these invoices instead."""
    before = {row["invoice_id"] for row in record.data["parts"]}
    changed = _linked(org, org.change(record, {"parts": _parts(org, parts)}))
    for invoice_id in before | set(parts):
        settle(org, invoice_id)
    return changed


def delete_payment(org: Organization, payment: Record) -> None:
    """Delete a payment; its invoices are open again."""
    org.drop(payment)
    for row in payment.data["parts"]:
        settle(org, row["invoice_id"])


def release(org: Organization, invoice_id: str) -> None:
    """Take an invoice out of all payments and credits, which the customer keeps."""
    for kind in (PAYMENT, CREDIT):
        for record, _ in parts_for(org, kind, invoice_id):
            rest = [row for row in record.data["parts"] if row["invoice_id"] != invoice_id]
            org.change(record, {"parts": rest})
    settle(org, invoice_id)


def parts_for(
    org: Organization, kind: str, invoice_id: str
) -> list[tuple[Record, Mapping[str, Any]]]:
    """Return an invoice's payments or credits with its parts of them, oldest first."""
    records = (org.find(kind, record_id) for record_id in org.applied[kind, invoice_id])
    return [
        (record, row)
        for record in records
        if record is not None
        for row in record.data["parts"]
        if row["invoice_id"] == invoice_id
    ]


def unused(record: Record) -> Decimal:
    """Return what a payment or credit note has left."""
    whole: Decimal = record.data.get("amount", record.data.get("total", ZERO))
    gone = record.data.get("amount_refunded", ZERO) + _sum(record.data["parts"])
    left: Decimal = whole - gone
    return left


def settle(org: Organization, invoice_id: str) -> Record:
    """Reckon what is left to pay of an invoice, and return it; this moves its modified time."""
    invoice = org.find("invoice", invoice_id)
    if invoice is None:
        raise KeyError(invoice_id)
    payments = parts_for(org, PAYMENT, invoice_id)
    paid = _sum(row for _, row in payments)
    credited = _sum(row for _, row in parts_for(org, CREDIT, invoice_id))
    left = invoice.data["total"] - paid - credited - invoice.data["write_off_amount"]
    state = invoice.data["state"]
    more = {
        "payment_made": paid,
        "credits_applied": credited,
        "balance": left,
        "last_payment_date": max((payment.data["date"] for payment, _ in payments), default=""),
        # Nobody pays a draft: money makes it one that was sent.
        "state": "sent" if state == "draft" and paid + credited else state,
    }
    return org.change(invoice, more)


def _check_open(org: Organization, invoice_id: str, part: Decimal) -> None:
    invoice = org.find("invoice", invoice_id)
    if invoice is None or invoice.data["state"] == "void":
        raise forbidden("Nothing can be applied to a void invoice.")
    if part <= 0 or part > invoice.data["balance"]:
        raise forbidden("The amount applied is not within what is left to pay of the invoice.")


def _linked(org: Organization, record: Record) -> Record:
    """Note which invoices a payment or credit note is applied to, and return it."""
    for row in record.data["parts"]:
        org.applied[record.kind, row["invoice_id"]][record.id] = None
    return record


def _parts(org: Organization, parts: Mapping[str, Decimal]) -> list[dict[str, Any]]:
    return [
        {"invoice_id": invoice, "part_id": org.new_id(), "amount_applied": amount}
        for invoice, amount in parts.items()
    ]


def _sum(rows: Iterable[Mapping[str, Any]]) -> Decimal:
    return sum((row["amount_applied"] for row in rows), ZERO)
