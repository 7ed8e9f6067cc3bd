"""What happens to invoices in the Wave simulator's books: approval, mails, payments, deletion."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kommo_invoice.domain.money import digits
from kommo_invoice.sandbox.wave_money import rounded
from kommo_invoice.sandbox.wave_records import Invoice, Mail, Payment
from kommo_invoice.sandbox.wave_refusals import Asked, Refusal

if TYPE_CHECKING:
    from kommo_invoice.sandbox.wave_state import WaveState


def approve_invoice(state: WaveState, asked: Asked) -> Invoice:
    """Turn a draft into an invoice.

    Raises:
        Refusal: It is no draft (any more).
        NotFound: There is no such invoice; this holds for every function here.
    """
    invoice = state.invoices.get(asked["invoice_id"])
    if invoice.approved:
        raise Refusal("invoiceId", "Only a draft can be approved.")
    return _write(state, invoice, approved=True)


def send_invoice(state: WaveState, asked: Asked) -> Invoice:
    """E-mail an invoice; every call is one more mail.

    Raises:
        Refusal: It is a draft, nobody is named to send it to, or this business may not send.
    """
    invoice = state.invoices.get(asked["invoice_id"])
    business = state.business(invoice.business_id)
    if not business.email_send_enabled:
        raise Refusal("invoiceId", "Sending e-mails is not enabled for this business.")
    if not invoice.approved:
        raise Refusal("invoiceId", "A draft cannot be sent.")
    if not asked["to"]:
        raise Refusal("to", "At least one recipient is needed.", "REQUIRED")
    if not all("@" in address for address in asked["to"]):
        raise Refusal("to", "This is no e-mail address.")
    sender = asked.get("from_address")
    if sender and sender.casefold() != business.sender.casefold():
        raise Refusal("fromAddress", "This address is not verified.")
    now = state.now()
    state.mails.append(
        Mail(
            invoice_id=invoice.id,
            to=tuple(asked["to"]),
            subject=asked.get("subject"),
            message=asked.get("message"),
            attach_pdf=asked["attach_pdf"],
            cc_myself=bool(asked.get("cc_myself")),
            at=now,
        )
    )
    return _write(state, invoice, sent_at=now, sent_via="WAVE")


def mark_sent(state: WaveState, asked: Asked) -> Invoice:
    """Note that an invoice left by another way; ``NOT_SENT`` takes that back, but not its time.

    Raises:
        Refusal: It is a draft.
    """
    invoice = state.invoices.get(asked["invoice_id"])
    if not invoice.approved:
        raise Refusal("invoiceId", "A draft cannot be marked as sent.")
    method = asked["send_method"]
    if method == "NOT_SENT":
        return _write(state, invoice, sent_via=method)
    return _write(state, invoice, sent_via=method, sent_at=asked.get("sent_at") or state.now())


def delete_invoice(state: WaveState, asked: Asked) -> None:
    """Delete an invoice for good.

    Raises:
        Refusal: It has payments; or it was approved, where the rules forbid that.
    """
    invoice = state.invoices.get(asked["invoice_id"])
    if invoice.payments:
        raise Refusal("invoiceId", "An invoice with payments cannot be deleted.")
    if invoice.approved and not state.rules.deletes_approved:
        raise Refusal("invoiceId", "Only a draft can be deleted.")
    state.invoices.drop(invoice, state.now())


def create_payment(state: WaveState, asked: Asked) -> Payment:
    """Record money that came for an invoice.

    Raises:
        Refusal: The invoice is a draft, the amount or rate is not positive, or the account is
            none that money comes to.
    """
    invoice = state.invoices.get(asked["invoice_id"])
    account = state.accounts.find(asked["payment_account_id"], invoice.business_id)
    if account is None or account.subtype != "CASH_AND_BANK":
        raise Refusal("paymentAccountId", "This is no account of CASH_AND_BANK.")
    if not invoice.approved:
        raise Refusal("invoiceId", "A draft cannot be paid.")
    for name, field in (("amount", "amount"), ("exchange_rate", "exchangeRate")):
        if asked[name] <= 0:
            raise Refusal(field, "It has to be more than nothing.")
    now = state.now()
    payment = Payment(
        id=state.new_id("InvoicePayment", state.business(invoice.business_id)),
        business_id=invoice.business_id,
        created_at=now,
        modified_at=now,
        invoice_id=invoice.id,
        account_id=account.id,
        amount=rounded(asked["amount"], digits(invoice.currency)),
        currency=invoice.currency,
        day=asked["payment_date"],
        method=asked["payment_method"],
        exchange_rate=asked["exchange_rate"],
        memo=asked.get("memo") or "",
    )
    return add_payment(state, invoice, payment)


def add_payment(state: WaveState, invoice: Invoice, payment: Payment) -> Payment:
    """Put a payment (or a refund) on its invoice and return it."""
    _settle(state, invoice, (*invoice.payments, payment))
    return state.payments.put(payment, state.now())


def delete_payment(state: WaveState, asked: Asked) -> None:
    """Take a payment back, and with it its refunds."""
    payment = state.payments.get(asked["id"])
    invoice = state.invoices.get(payment.invoice_id)
    gone = [each for each in invoice.payments if payment.id in {each.id, each.refund_of}]
    _settle(state, invoice, tuple(each for each in invoice.payments if each not in gone))
    for each in gone:
        state.payments.drop(each, state.now())


def _settle(state: WaveState, invoice: Invoice, payments: tuple[Payment, ...]) -> None:
    touched = state.rules.payments_touch_invoices
    _write(state, invoice, touched=touched, payments=payments)


def _write(state: WaveState, invoice: Invoice, *, touched: bool = True, **changes: Any) -> Invoice:
    now = state.now()
    if touched:
        changes["modified_at"] = now
    return state.invoices.put(replace(invoice, **changes), now)
