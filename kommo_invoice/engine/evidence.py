"""When a lost answer counts as "it did not happen"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from kommo_invoice.books.capabilities import DEFAULT_SETTLE_S, Operation
from kommo_invoice.errors import Temporary

if TYPE_CHECKING:
    from datetime import datetime

    from kommo_invoice.domain.plan import StepKind
    from kommo_invoice.engine.situation import Situation
    from kommo_invoice.ledger.rows import StepRow

_LOOKS_THAT_AGREE = 2


class LookAgain(Exception):
    """The decision needs a second, thorough look that agrees with the first."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Until when a write whose answer was lost may still take effect."""

    kind: StepKind
    until: datetime

    @classmethod
    def of(cls, step: StepRow, settle_s: float | None, rule_s: float, now: datetime) -> Wait:
        """Return the wait for a step.

        Args:
            step: The step with the open intent.
            settle_s: ``KINV_SETTLE_S``, which goes before the rule.
            rule_s: The settle time of its operation in seconds.
            now: The time (UTC), for a step whose begin is not known.
        """
        seconds = rule_s if settle_s is None else settle_s
        return cls(step.kind, (step.intent_at or now) + timedelta(seconds=seconds))

    def error(self, deal: int) -> Temporary:
        """Return the failure that says so."""
        return Temporary(
            f"the answer to {self.kind} was lost and its effect is not to be seen yet: "
            f"looked at again from {self.until:%H:%M:%S} UTC",
            hint=f"run `kinv retry --deal {deal}` after {self.until:%H:%M:%S} UTC",
            deal=deal,
            retry_at=self.until,
        )


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
    wait = Wait.of(step, s.settle_s, rule_s, s.now)
    if s.now < wait.until:
        raise wait.error(s.deal.id)
    if s.looks < _LOOKS_THAT_AGREE:
        raise LookAgain
