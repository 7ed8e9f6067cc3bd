"""Payments in a QuickBooks company, and what they leave to pay (sheet, section 4.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.quickbooks_answers import currency_ref
from kommo_invoice.sandbox.quickbooks_money import CENT, ZERO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from decimal import Decimal

    from kommo_invoice.sandbox.quickbooks_state import Company, Record

CREDIT = "CreditMemo"


def add_payment(
    company: Company,
    customer_id: str,
    parts: Mapping[str, Decimal],
    on: date,
    *,
    unapplied: Decimal = ZERO,
    credit: str | None = None,
    more: Mapping[str, Any] | None = None,
) -> Record:
    """Record money for a customer's invoices.

    Args:
        company: Whose books.
        customer_id: Whose money it is.
        parts: Invoice id -> how much of it.
        on: The day that it came.
        unapplied: What came beyond that.
        credit: The credit memo that it is taken from, where no money came at all.
        more: Further properties.
    """
    customer = company.table("Customer").find(customer_id)
    currency = company.settings.currency if customer is None else customer.ref("CurrencyRef")
    lines = [_line(amount, invoice, "Invoice") for invoice, amount in parts.items()]
    used = sum(parts.values(), CENT)
    if credit is not None:
        lines.append(_line(used, credit, CREDIT))
    data = {
        "CustomerRef": {"value": customer_id},
        "TxnDate": on.isoformat(),
        "TotalAmt": ZERO if credit else used + unapplied,
        "UnappliedAmt": unapplied,
        "ProcessPayment": False,
        "CurrencyRef": currency_ref(str(currency)),
        "LinkedTxn": [],
        "Line": lines,
        **(more or {}),
    }
    payment = company.add("Payment", data)
    for invoice in parts:
        settle(company, invoice)
    return payment


def change_parts(company: Company, payment: Record, parts: Mapping[str, Decimal]) -> Record:
    """Edit a payment so that only these parts are left of it, and return it."""
    before = dict(parts_of(payment))
    lines = [_line(amount, invoice, "Invoice") for invoice, amount in parts.items()]
    total = sum(parts.values(), CENT) + payment.data["UnappliedAmt"]
    changed = company.change(payment, {**payment.data, "Line": lines, "TotalAmt": total})
    for invoice in {**before, **parts}:
        settle(company, invoice)
    return changed


def void_payment(company: Company, payment: Record) -> None:
    """Set a payment to nothing; it stays in the books."""
    note = payment.data.get("PrivateNote")
    data = {
        **payment.data,
        "Line": [],
        "TotalAmt": ZERO,
        "UnappliedAmt": ZERO,
        "PrivateNote": f"Voided - {note}" if note else "Voided",
    }
    company.change(payment, data)
    for invoice, _ in parts_of(payment):
        settle(company, invoice)


def delete_payment(company: Company, payment: Record) -> None:
    """Delete a payment."""
    company.drop(payment)
    for invoice, _ in parts_of(payment):
        settle(company, invoice)


def release(company: Company, invoice_id: str) -> None:
    """Take an invoice out of all payments, which keep the money as unapplied credit."""
    for payment in list(company.table("Payment").all()):
        parts = dict(parts_of(payment))
        freed = parts.pop(invoice_id, None)
        if freed is None:
            continue
        lines = [_line(amount, invoice, "Invoice") for invoice, amount in parts.items()]
        unapplied = payment.data["UnappliedAmt"] + freed
        company.change(payment, {**payment.data, "Line": lines, "UnappliedAmt": unapplied})


def parts_of(payment: Record) -> Iterator[tuple[str, Decimal]]:
    """Yield the invoices that a payment is for, each with its part."""
    for line in payment.data["Line"]:
        for linked in line["LinkedTxn"]:
            if linked["TxnType"] == "Invoice":
                yield linked["TxnId"], line["Amount"]


def payments_of(company: Company, invoice_id: str) -> list[tuple[Record, Decimal]]:
    """Return an invoice's payments with its parts of them, oldest first."""
    return [
        (payment, amount)
        for payment in company.table("Payment").all()
        for invoice, amount in parts_of(payment)
        if invoice == invoice_id
    ]


def settle(company: Company, invoice_id: str) -> None:
    """Reckon what is left to pay of an invoice, and link its payments."""
    invoice = company.table("Invoice").find(invoice_id)
    if invoice is None:
        return
    paid = payments_of(company, invoice_id)
    linked = {payment.id: {"TxnId": payment.id, "TxnType": "Payment"} for payment, _ in paid}
    balance = invoice.data["TotalAmt"] - sum((amount for _, amount in paid), CENT)
    data = {**invoice.data, "LinkedTxn": list(linked.values()), "Balance": balance or ZERO}
    company.change(invoice, data, touched=company.rules.payments_touch_invoices)


def _line(amount: Decimal, txn_id: str, kind: str) -> dict[str, Any]:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": txn_id, "TxnType": kind}]}
