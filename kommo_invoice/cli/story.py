"""A deal's story in words, from its claims and the audit trail."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING

from kommo_invoice.cli.words import STATES, STEPS, Wording, short
from kommo_invoice.domain.plan import StepKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kommo_invoice.cli.terminal import Terminal
    from kommo_invoice.ledger.rows import AuditRow, ClaimRow, Link

_WORDS = {
    "intent": "{doing}: begun, and no answer was kept",
    "lost": "{doing}: the answer was lost, so its effect is looked for",
    "done": "{done}",
    "found": "{done}, as a look showed",
    "refused": "{doing} was refused: {after}",
    "released": "{doing} may be done anew: {after}",
    "unknown": "{doing}: the outcome is unknown: {after}",
    "adopted": "invoice {after} was found and taken as the deal's",
    "finished": "everything is done",
    "failed": "the work stopped: {error}",
    "reissued": "closed, to be issued again: {reason}",
    "replaced": "the draft is replaced",
    "resolved": "a person settled it",
    "reopened": "the work goes on",
    "send": "it is to be e-mailed after all",
    "no-send": "it is not to be e-mailed",
    "unlinked": "invoice {before} was unlinked",
}
_ANSWERED = frozenset({"done", "refused"})


def tell(
    terminal: Terminal,
    claims: Sequence[ClaimRow],
    links: Mapping[int, Link | None],
    story: Sequence[AuditRow],
) -> None:
    """Print a story: where each claim stands, then what each run did for it.

    Args:
        terminal: Where to.
        claims: The deal's claims.
        links: Each claim's invoice as last seen, by the claim's row id.
        story: Their audit trail, oldest first.
    """
    for row in claims:
        terminal.line(f"deal {row.claim.deal}  [{row.reference}]", style="bold")
        _standing(terminal, row, links[row.id])
        own = [audit for audit in story if audit.claim_id == row.id]
        for (day, run), audits in groupby(
            _told(own), key=lambda audit: (f"{audit.at:%Y-%m-%d}", audit.run_id)
        ):
            terminal.line(f"  {day} (UTC), {f'run {run}' if run else 'by hand'}")
            for audit in audits:
                terminal.line(f"    {audit.at:%H:%M:%S}  {_words(audit)}")


def _standing(terminal: Terminal, row: ClaimRow, link: Link | None) -> None:
    """Print where a claim stands."""
    terminal.field("state", STATES[row.state])
    if row.draft is not None:
        customer = row.draft.customer
        terminal.field("customer", f"{customer.name} <{customer.email}>")
    if link is not None:
        due = f", due {link.due_date}" if link.due_date else ""
        paid = f", paid {link.paid}" if link.paid.minor else ""
        terminal.field("invoice", f"{link.number} ({link.status}), {link.total}{due}{paid}")
        terminal.line(f"  {'id':<9} {link.invoice_id}")
    if row.error:
        terminal.field("error", row.error)
    if row.next_try_at is not None:
        terminal.field("due again", f"from {row.next_try_at:%Y-%m-%d %H:%M:%S} UTC")
    if row.reason:
        terminal.field("reason", row.reason)


def _told(story: Sequence[AuditRow]) -> Iterator[AuditRow]:
    """Leave out what was begun and then answered: the answer says it all."""
    for place, audit in enumerate(story):
        if audit.what == "intent":
            after = (each.what for each in story[place + 1 :] if each.detail == audit.detail)
            if next(after, None) in _ANSWERED:
                continue
        yield audit


def _words(audit: AuditRow) -> str:
    wording = _wording(audit.detail)
    changed = _changed(audit.after)
    # An invoice that was found has the claim's reference as its detail, a step has its key.
    what = "adopted" if audit.what == "found" and "/" not in audit.detail else audit.what
    text = _WORDS.get(what, what).format(
        doing=wording.doing,
        done=wording.done,
        before=short(audit.before or ""),
        after=short(audit.after or ""),
        error=changed.get("error") or "see its error above",
        reason=changed.get("reason") or "no reason given",
    )
    return str(text)


def _wording(detail: str) -> Wording:
    """Return the words for the step that an audit row's key names."""
    if "/customer/" in detail:
        return STEPS[StepKind.CUSTOMER_CREATE]
    kind = next((each for each in StepKind if f"/{each}" in detail), None)
    return STEPS[kind] if kind else Wording("do it", "it", "done")


def _changed(after: str | None) -> Mapping[str, object]:
    """Return the columns that a change of the claim set, where the row is such a change."""
    try:
        changed = json.loads(after or "")
    except ValueError:
        return {}
    return changed if isinstance(changed, dict) else {}
