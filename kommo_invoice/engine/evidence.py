"""When a lost answer counts as "it did not happen"."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from kommo_invoice.books.capabilities import DEFAULT_SETTLE_S, Operation
from kommo_invoice.errors import Temporary

if TYPE_CHECKING:
    from kommo_invoice.engine.situation import Situation
    from kommo_invoice.ledger.rows import StepRow

_LOOKS_THAT_AGREE = 2


class LookAgain(Exception):
    """The decision needs a second, thorough look that agrees with the first."""


def prove_absent(s: Situation, step: StepRow, operation: Operation | None) -> None:
    """Return only when a write whose effect was not found counts as not done.

    The server may still be at work and its lists lag, so absence counts only when the intent is
    older than the settle time and two full looks agree (design, section 5.4).

    Args:
        s: What is known.
        step: The step with the open intent.
        operation: The books' operation, None for a write to the CRM.

    Raises:
        Temporary: The settle time is not over; ``retry_at`` says when it is.
        LookAgain: Only one look was taken so far.
    """
    rule_s = s.capabilities.rule(operation).settle_s if operation else DEFAULT_SETTLE_S
    wait_s = rule_s if s.settle_s is None else s.settle_s
    settled_at = (step.intent_at or s.now) + timedelta(seconds=wait_s)
    if s.now < settled_at:
        raise Temporary(
            f"the answer to {step.kind} was lost and its effect is not to be seen yet: "
            f"looked at again from {settled_at:%H:%M:%S} UTC",
            hint=f"run `kinv retry --deal {s.deal.id}` after {settled_at:%H:%M:%S} UTC",
            deal=s.deal.id,
            retry_at=settled_at,
        )
    if s.looks < _LOOKS_THAT_AGREE:
        raise LookAgain
