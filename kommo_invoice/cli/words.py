"""What steps, states and amounts are called when people read them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from kommo_invoice.domain.money import digits
from kommo_invoice.domain.plan import StepKind
from kommo_invoice.ledger.rows import ClaimState


class Wording(NamedTuple):
    """One kind of step: what is to be done, what is being done, what was done."""

    do: str
    doing: str
    done: str


STEPS = {
    StepKind.CUSTOMER_CREATE: Wording(
        "create the customer", "creating the customer", "customer created"
    ),
    StepKind.INVOICE_CREATE: Wording(
        "create the invoice", "creating the invoice", "invoice created"
    ),
    StepKind.INVOICE_DELETE: Wording("delete a draft", "deleting a draft", "draft deleted"),
    StepKind.INVOICE_APPROVE: Wording(
        "approve the invoice", "approving the invoice", "invoice approved"
    ),
    StepKind.INVOICE_SEND: Wording(
        "e-mail the invoice", "e-mailing the invoice", "invoice e-mailed"
    ),
    StepKind.DEAL_UPDATE: Wording("write to the deal", "writing to the deal", "deal written"),
    StepKind.TASK_CREATE: Wording("create the task", "creating the task", "task created"),
}

STATES = {
    ClaimState.OPEN: "under way, or waiting for its next try",
    ClaimState.FAILED: "failed: it needs a correction, or another try",
    ClaimState.UNKNOWN: "an outcome is unknown: a person has to look",
    ClaimState.DONE: "everything is done",
    ClaimState.CLOSED: "closed",
}

_BREAKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_LONG_ID = re.compile(r"[A-Za-z0-9+/_-]{40,}={0,2}")
_HEAD, _TAIL = 8, 6


def wording(step: str) -> Wording:
    """Return what a step is called; one that is no write of a plan goes by its own name."""
    if step in set(StepKind):
        return STEPS[StepKind(step)]
    return Wording(step, step, step)


def short(text: str) -> str:
    """Return a text with the books' long ids shortened; for reading, not for copying."""
    return _LONG_ID.sub(lambda found: f"{found[0][:_HEAD]}…{found[0][-_TAIL:]}", text)


def one_line(name: object) -> str:
    """Return what people called something as it can be shown on one line.

    Line breaks, control characters (a terminal obeys those), marks that turn the direction of
    what follows and lone surrogates become spaces.
    """
    return _BREAKS.sub(" ", str(name)).strip()


def price(amount: object, currency: object) -> str:
    """Return an amount with at least its currency's digits, and no digit lost."""
    exact = Decimal(str(amount))
    places = max(digits(str(currency)), -int(exact.as_tuple().exponent))
    return f"{exact:.{places}f}"
