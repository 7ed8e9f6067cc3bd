"""Whether an invoice in the books is the one that a draft means."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from kommo_invoice.domain.claim import carries
from kommo_invoice.domain.invoice import Invoice, Status
from kommo_invoice.domain.totals import Totals, acceptable, net_unit_price
from kommo_invoice.errors import DealError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kommo_invoice.domain.draft import Draft


_LAST_DIGIT = Decimal("0.00001")

_Line = tuple[str, tuple[str, ...], Decimal, Decimal]
"""Description, taxes, quantity and price."""


class Otherwise(DealError):
    """The books made something else of a draft; what was read of their set-up may be outdated."""


def live_otherwise(deal: int) -> str:
    """Return what helps where an invoice came out otherwise and is live: kinv leaves it alone."""
    return (
        "if a tax was changed, run it again; else correct it in the books and run it again; or "
        "correct the deal or the mapping, void it in the books, and issue a new one with "
        f'`kinv invoice --deal {deal} --again "REASON"`'
    )


def total_differences(draft: Draft, invoice: Invoice) -> list[str]:
    """Return in words how the invoice's currency and amounts differ from the draft's.

    Books round tax by line or by tax and often do not say which: both are right
    (``domain.totals.acceptable``); anything else is a difference. Of a tax that the books alone
    know, only the amount before it can be compared.
    """
    if invoice.currency != draft.currency:
        return [f"currency is {invoice.currency}, not {draft.currency}"]
    ours = acceptable(draft)
    if any(_agrees(totals, invoice) for totals in ours):
        return []
    return [
        f"{name} is {theirs.amount}, not {mine.amount}"
        for name, theirs, mine in (
            ("subtotal", invoice.subtotal, ours[0].subtotal),
            ("tax", invoice.tax, ours[0].tax),
            ("total", invoice.total, ours[0].total),
        )
        if theirs is not None and mine is not None and theirs != mine
    ]


def lost_in_making(draft: Draft, customer_id: str, invoice: Invoice) -> list[str]:
    """Return in words what a new draft lacks by which it is found and owed, though it was sent.

    Books that drop what they do not take answer as if all was well.
    """
    found = []
    if invoice.customer_id != customer_id:
        found.append(f"its customer is {invoice.customer_id}, not {customer_id}")
    if not carries(invoice.references, draft.reference):
        found.append(f"it does not carry {draft.reference}")
    return found


def differences(draft: Draft, customer_ids: Iterable[str], invoice: Invoice) -> list[str]:
    """Return in words how an invoice that carries our reference does not fit the draft.

    Args:
        draft: What we would have made.
        customer_ids: The customers that the draft's customer may be in the books.
        invoice: What was found.
    """
    found = total_differences(draft, invoice)
    address = (invoice.customer_email or "").casefold()
    if invoice.customer_id not in set(customer_ids) and address != draft.customer.email.casefold():
        theirs = invoice.customer_email or invoice.customer_id
        found.insert(0, f"its customer is {theirs}, not {draft.customer.email}")
    return found


def same_lines(draft: Draft, invoice: Invoice) -> bool:
    """Say whether the invoice's lines are the draft's, where the books showed them."""
    if invoice.lines is None:
        return True
    theirs = sorted(
        (_words(line.description), line.taxes, line.quantity, line.unit_price)
        for line in invoice.lines
    )
    ours = sorted(
        (
            _words(line.description),
            (line.tax.id,) if line.tax else (),
            line.quantity,
            net_unit_price(line, draft.amounts),
        )
        for line in draft.lines
    )
    return len(ours) == len(theirs) and all(map(_is_same, ours, theirs))


def elect(invoices: Iterable[Invoice]) -> tuple[Invoice, list[Invoice]]:
    """Return the one invoice that counts, and the others.

    What is approved counts before what is a draft; among equals the oldest wins, so that two
    runs elect alike (design, section 5.3).
    """
    ordered = sorted(
        invoices,
        key=lambda each: (
            each.status is Status.DRAFT,
            each.created_at.isoformat() if each.created_at else "",
            each.id,
        ),
    )
    return ordered[0], ordered[1:]


def _is_same(ours: _Line, theirs: _Line) -> bool:
    """Compare two lines; books cut the digits of quantities and prices at some place."""
    quantities = abs(ours[2] - theirs[2]) <= _LAST_DIGIT
    prices = abs(ours[3] - theirs[3]) <= _LAST_DIGIT
    return ours[:2] == theirs[:2] and quantities and prices


def _words(text: str) -> str:
    """Return a text as books may have tidied it."""
    return " ".join(text.split())


def _agrees(totals: Totals, invoice: Invoice) -> bool:
    return (
        totals.total in {None, invoice.total}
        and invoice.subtotal in {None, totals.subtotal}
        and (totals.tax is None or invoice.tax in {None, totals.tax})
    )
