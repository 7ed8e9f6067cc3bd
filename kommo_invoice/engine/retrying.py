"""Open work, done again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.domain.plan import StepKind
from kommo_invoice.engine.gather import Options
from kommo_invoice.engine.invoicing import Invoicing
from kommo_invoice.engine.outcomes import Tally
from kommo_invoice.errors import ConfirmationNeeded, DealError
from kommo_invoice.ledger.rows import ClaimState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommo_invoice.engine.session import Session
    from kommo_invoice.ledger.rows import ClaimRow


def retry(
    session: Session, *, deals: Sequence[int], everything: bool, max_new: int | None
) -> Tally:
    """Do open work again.

    Args:
        session: The run's tools.
        deals: Only these deals, due or not; none for all that is due.
        everything: All open work, due or not.
        max_new: New invoices to issue at most; None for the mapping's own limit.

    Raises:
        DealError: A named deal has no open work.
        ConfirmationNeeded: More new invoices than the limit would be issued.
    """
    open_work = [row for row in session.ledger.unfinished() if row.state is not ClaimState.UNKNOWN]
    if deals:
        chosen = [row for row in open_work if row.claim.deal in set(deals)]
        idle = sorted(set(deals) - {row.claim.deal for row in chosen})
        if idle:
            raise DealError(
                f"deal {idle[0]} has no open work",
                hint=f"see `kinv ledger show --deal {idle[0]}`, or use `kinv invoice`",
                deal=idle[0],
            )
    else:
        now = session.clock()
        chosen = [
            row
            for row in open_work
            if everything or row.next_try_at is None or row.next_try_at <= now
        ]
    _within_limit(session, chosen, max_new)
    if not chosen:
        return Tally()
    return Invoicing(session, Options(send=None)).run([row.claim.deal for row in chosen])


def _within_limit(session: Session, chosen: Sequence[ClaimRow], max_new: int | None) -> None:
    limit = session.mapping.document.safety.max_new_invoices if max_new is None else max_new
    new = [row for row in chosen if StepKind.INVOICE_CREATE not in session.ledger.steps_of(row)]
    if len(new) > limit and not session.dry_run:
        raise ConfirmationNeeded(
            f"{len(new)} new invoices would be issued, more than the {limit} that are allowed",
            hint=f"look at them with --dry-run, then give --max-new {len(new)}",
        )
