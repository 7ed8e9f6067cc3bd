"""When a lost answer counts as "it did not happen"."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from kommo_invoice.books.capabilities import DEFAULT_SETTLE_S, Operation
from kommo_invoice.errors import Temporary

if TYPE_CHECKING:
    from datetime import datetime

    from kommo_invoice.engine.situation import Situation
    from kommo_invoice.ledger.rows import StepRow

_LOOKS_THAT_AGREE = 2


class LookAgain(Exception):
    """The decision needs a second, thorough look that agrees with the first."""


def prove_absent(s: Situation, step: StepRow, operation: Operation | None) -> None:
    """Return only when a write whose effect was not found counts as not done.

    The server may still be at work and its lists lag, so absence counts only when the answer was
    given up (or, after a crash, the request begun) longer ago than the settle time, and two full
    looks agree (design, section 5.4).

    Args:
        s: What is known.
        step: The step with the open intent.
        operation: The books' operation, None for a write to the CRM.

    Raises:
        Temporary: The settle time is not over; ``retry_at`` says when it is.
        LookAgain: Only one look was taken so far.
    """
    rule_s = s.capabilities.rule(operation).settle_s if operation else DEFAULT_SETTLE_S
    until = settles_at(step, s.now, s.settle_s, rule_s)
    if s.now < until:
        raise answer_lost(step, until, s.deal.id)
    if s.looks < _LOOKS_THAT_AGREE:
        raise LookAgain


def settles_at(
    step: StepRow, now: datetime, settle_s: float | None, rule_s: float = DEFAULT_SETTLE_S
) -> datetime:
    """Return until when a step whose answer was lost may still take effect.

    Args:
        step: The step with the open intent.
        now: The time (UTC), for a step whose begin is not known.
        settle_s: ``KINV_SETTLE_S``, which goes before the rule.
        rule_s: The settle time of its operation in seconds.
    """
    since = step.lost_at or step.intent_at or now
    return since + timedelta(seconds=rule_s if settle_s is None else settle_s)


def answer_lost(step: StepRow, until: datetime, deal: int) -> Temporary:
    """Return the failure of a step that is looked for again later."""
    return look_later(
        f"the answer to {step.kind} was lost and its effect is not to be seen yet", until, deal
    )


def look_later(why: str, until: datetime, deal: int) -> Temporary:
    """Return the failure of a deal that has to wait until a time (UTC)."""
    return Temporary(
        f"{why}: looked at again from {until:%H:%M:%S} UTC",
        hint=f"run `kinv retry --deal {deal}` after {until:%H:%M:%S} UTC",
        deal=deal,
        retry_at=until,
    )
