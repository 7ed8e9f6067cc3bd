"""A deal's story in words, from its claims and the audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.domain.plan import StepKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kommo_invoice.ledger.rows import AuditRow, ClaimRow, Link

_STEPS = {
    StepKind.CUSTOMER_CREATE: ("creating the customer", "the customer was created"),
    StepKind.INVOICE_CREATE: ("creating the invoice", "the invoice was created"),
    StepKind.INVOICE_DELETE: ("deleting a draft", "the draft was deleted"),
    StepKind.INVOICE_APPROVE: ("approving the invoice", "the invoice was approved"),
    StepKind.INVOICE_SEND: ("e-mailing the invoice", "the invoice was e-mailed"),
    StepKind.DEAL_UPDATE: ("writing to the deal", "the deal was written"),
    StepKind.TASK_CREATE: ("creating the task", "the task was created"),
}

_WORDS = {
    "intent": "begins {doing}",
    "done": "{did}",
    "found": "{did}, as a look showed",
    "refused": "{doing} was refused: {after}",
    "released": "{doing} may be done anew: {after}",
    "unknown": "{doing}: outcome unknown: {after}",
    "adopted": "invoice {after} was found and taken as the deal's",
    "finished": "everything is done",
    "failed": "the work stopped: see the error above",
    "reissued": "the claim was closed, to be issued again",
    "replaced": "the draft was replaced",
    "resolved": "a person settled it",
    "unlinked": "invoice {before} was unlinked",
}


def tell(
    claims: Sequence[ClaimRow], links: Mapping[int, Link | None], story: Sequence[AuditRow]
) -> Iterator[str]:
    """Yield the lines of a story.

    Args:
        claims: The deal's claims.
        links: Each claim's invoice as last seen, by the claim's row id.
        story: Their audit trail, oldest first.
    """
    for row in claims:
        yield f"deal {row.claim.deal}, claim {row.reference}: {row.state}"
        link = links[row.id]
        if link is not None:
            yield f"  invoice {link.number} ({link.status}), {link.total}, id {link.invoice_id}"
        if row.error:
            yield f"  error: {row.error}"
        if row.next_try_at is not None:
            yield f"  due again from {row.next_try_at:%Y-%m-%d %H:%M:%S} UTC"
        if row.reason:
            yield f"  reason: {row.reason}"
        for audit in story:
            if audit.claim_id == row.id:
                yield f"  {audit.at:%Y-%m-%d %H:%M:%S}  {_words(audit)}  [{audit.run_id or '-'}]"


def _words(audit: AuditRow) -> str:
    kind = next((each for each in StepKind if f"/{each}" in audit.detail), None)
    doing, did = _STEPS.get(kind, ("a change", "a change was made")) if kind else (_customer(audit))
    text = _WORDS.get(audit.what, audit.what)
    short = {name: (value or "")[:120] for name, value in _sides(audit)}
    return text.format(doing=doing, did=did, **short)


def _customer(audit: AuditRow) -> tuple[str, str]:
    return _STEPS[StepKind.CUSTOMER_CREATE] if "/customer/" in audit.detail else ("it", "done")


def _sides(audit: AuditRow) -> tuple[tuple[str, str | None], ...]:
    return ("before", audit.before), ("after", audit.after)
