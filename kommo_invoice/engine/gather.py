"""Gathers what the planner decides on: the ledger's rows, the deal's draft, a look at the books."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kommo_invoice.books.base import Look, Sighting
from kommo_invoice.domain.claim import Claim, carries
from kommo_invoice.domain.draft import Ready
from kommo_invoice.domain.plan import StepKind
from kommo_invoice.engine.customers import customer_key, customer_step
from kommo_invoice.engine.granted import granted
from kommo_invoice.engine.identify import highest_issue
from kommo_invoice.engine.references import CLOCKS_APART
from kommo_invoice.engine.situation import Situation
from kommo_invoice.errors import DealError
from kommo_invoice.ledger.rows import ClaimRow, ClaimState, StepRow, StepState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from kommo_invoice.domain.deal import Deal
    from kommo_invoice.domain.draft import Draft
    from kommo_invoice.domain.writing import Task
    from kommo_invoice.engine.session import Session


@dataclass(frozen=True, slots=True)
class Options:
    """What the person asked for beyond the mapping.

    Args:
        send: False for ``--no-send``; None to do as the claim was begun (retries).
        again: The reason of ``--again``, else None.
    """

    send: bool | None = True
    again: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A deal with its claim and drafts, before the books were looked at.

    Args:
        draft: The stored draft once a books step has begun, else today's.
        fresh: Today's draft; None where the deal does not give one any more.
        warnings: What today's evaluation remarked.
        look: What to look for in the books.
        former: Invoice ids of the deal's closed claims.
        impossible: Why the deal gives no draft any more.
    """

    deal: Deal
    claim: Claim
    reference: str
    row: ClaimRow | None
    steps: Mapping[StepKind, StepRow]
    draft: Draft
    fresh: Draft | None
    warnings: tuple[str, ...]
    look: Look
    former: frozenset[str] = frozenset()
    impossible: DealError | None = None

    @property
    def is_new(self) -> bool:
        """Whether its invoice is not made yet, as far as the ledger knows."""
        return self.row is None or self.row.invoice_id is None


def candidate(
    session: Session,
    deal: Deal,
    options: Options,
    *,
    issue: int | None = None,
    thorough: bool = False,
) -> Candidate:
    """Return the deal's claim with its draft and what to look for.

    Args:
        session: The run's tools.
        deal: The deal as read.
        options: What the person asked for.
        issue: The issue to go on with, where a look has shown a later one; None for the ledger's.
        thorough: Search the whole business, because something was lost before.

    Raises:
        DealError: The deal cannot be invoiced as it is, and never was.
    """
    rows = [row for row in session.ledger.claims_of(deal.id) if not row.claim.period]
    claim, row = _claim(session, deal, rows, issue)
    reference = session.namer.reference(claim)
    steps = session.ledger.steps_of(row) if row else {}
    stored = row.draft if row else None
    fresh: Draft | None = None
    impossible: DealError | None = None
    warnings: tuple[str, ...] = ()
    try:
        evaluated = session.mapping.draft(deal, today=session.today, reference=reference)
        fresh = granted(evaluated.draft, session.books.capabilities)
        warnings = evaluated.warnings
    except DealError as error:
        if stored is None:
            raise
        impossible = error
    if fresh is not None and not wanted(options, row):
        fresh = replace(fresh, mail=None)
    draft = _draft(stored, fresh, steps)
    return Candidate(
        deal=deal,
        claim=claim,
        reference=reference,
        row=row,
        steps=steps,
        draft=draft,
        fresh=fresh,
        warnings=warnings,
        look=_look(session, deal, draft, reference, row, steps, thorough=thorough),
        former=frozenset(
            each.invoice_id for each in rows if each.state is ClaimState.CLOSED and each.invoice_id
        ),
        impossible=impossible,
    )


def wanted(options: Options, row: ClaimRow | None) -> bool:
    """Say whether the claim's invoice is to be e-mailed, if the mapping says so too."""
    if options.send is not None:
        return options.send
    return row is None or row.send


def situation(
    session: Session, found: Candidate, sighting: Sighting, looked_at: datetime, looks: int
) -> Situation:
    """Return everything that is known about a candidate, the books' answer with it."""
    s = Situation(
        deal=found.deal,
        claim=found.claim,
        reference=found.reference,
        namer=session.namer,
        draft=found.draft,
        fresh=found.fresh,
        impossible=found.impossible,
        row=found.row,
        steps=found.steps,
        sighting=sighting,
        looked_at=looked_at,
        looks=looks,
        mark=mark_of(session, found.deal),
        mark_prefix=session.mark_prefix,
        former=found.former,
        owned=_owned(session, found, sighting),
        can_send=session.catalog.account.can_send,
        catalog=session.catalog,
        capabilities=session.books.capabilities,
        settle_s=session.settle_s,
        now=session.clock(),
        books=session.ledger.books,
        ambiguous_ok=session.mapping.document.customer.on_ambiguous == "oldest",
    )
    key = customer_key(s.books, s.capabilities, s.draft)
    return replace(
        s,
        customer_step=customer_step(session.ledger, key),
        customer_promised=session.promised.get(key),
        tasks=_tasks(session, s),
    )


def later_issue(found: Candidate, sighting: Sighting) -> int | None:
    """Return the issue that the books show for a claim that this ledger has not begun."""
    if StepKind.INVOICE_CREATE in found.steps or (found.row and found.row.invoice_id):
        return None
    live = [each for each in sighting.invoices if each.status.live]
    highest = highest_issue(live, found.reference)
    return highest if highest > found.claim.issue else None


def mark_of(session: Session, deal: Deal) -> str | None:
    """Return what the deal's invoice field holds, None when it is empty."""
    value = deal.field(session.mapping.write_back.mark.id)
    text = str(value).strip() if value is not None else ""
    return text or None


def _claim(
    session: Session, deal: Deal, rows: list[ClaimRow], issue: int | None
) -> tuple[Claim, ClaimRow | None]:
    if not rows:
        return Claim(account=session.ledger.crm, deal=deal.id, issue=issue or 1), None
    last = rows[-1]
    following = max(issue or 1, last.claim.issue + (last.state is ClaimState.CLOSED))
    if following > last.claim.issue:
        return replace(last.claim, issue=following), None
    return last.claim, last


def _draft(stored: Draft | None, fresh: Draft | None, steps: Mapping[StepKind, StepRow]) -> Draft:
    """Return the draft to go on with.

    What was stored with the first intent holds (design, section 5.1); only whether it is e-mailed
    follows today's wish, until the mail has been begun. A mail that was refused is written anew.
    """
    create = steps.get(StepKind.INVOICE_CREATE)
    begun = create is not None and create.state in {StepState.INTENT, StepState.DONE}
    if stored is None or (fresh is not None and not begun):
        if fresh is None:
            raise LookupError("a claim without a stored draft has today's")
        return fresh
    send = steps.get(StepKind.INVOICE_SEND)
    refused = send is not None and send.state is StepState.REFUSED
    if fresh is None or (send is not None and not refused):
        return stored
    if fresh.mail is None:
        return replace(stored, mail=None)
    mail = fresh.mail if refused else stored.mail or fresh.mail
    return replace(stored, mail=mail, ready=Ready.APPROVED)


def _look(
    session: Session,
    deal: Deal,
    draft: Draft,
    reference: str,
    row: ClaimRow | None,
    steps: Mapping[StepKind, StepRow],
    *,
    thorough: bool,
) -> Look:
    create = steps.get(StepKind.INVOICE_CREATE)
    doubtful = create is not None and create.doubtful
    if row is not None and row.invoice_id is not None and not (doubtful or thorough):
        return Look(invoice_id=row.invoice_id)
    first_seen = session.ledger.first_seen()
    young = first_seen is None or first_seen > deal.created_at
    begun = create is not None and create.state is StepState.INTENT
    look = Look(
        email=None if draft.customer.id else draft.customer.email,
        customer_id=draft.customer.id or _made_before(session, draft),
        reference=reference,
        base_reference=create is None,
        order_text=draft.order_text,
        number=draft.number,
        invoice_id=(row.invoice_id if row else None) or _marked(session, deal),
        since=deal.created_at - CLOCKS_APART,
        thorough=thorough or young or begun or doubtful,
    )
    if thorough or create is not None or look.invoice_id:
        return look
    if session.references.may_stand(reference, deal.created_at):
        return look
    number = None if carries([draft.number], reference) else draft.number
    return Look(email=look.email, customer_id=look.customer_id, number=number, since=look.since)


def _marked(session: Session, deal: Deal) -> str | None:
    mark = mark_of(session, deal) or ""
    if not mark.startswith(session.mark_prefix):
        return None
    return mark.removeprefix(session.mark_prefix) or None


def _made_before(session: Session, draft: Draft) -> str | None:
    """Return the customer that this ledger made for the address; lists may not show it yet."""
    key = customer_key(session.ledger.books, session.books.capabilities, draft)
    step = customer_step(session.ledger, key)
    return step.provider_id if step is not None and step.state is StepState.DONE else None


def _owned(session: Session, found: Candidate, sighting: Sighting) -> dict[str, int]:
    ids = {each.id for each in (*sighting.invoices, sighting.invoice) if each is not None}
    owners = {each: session.ledger.owner_of(each) for each in ids}
    own = found.row.id if found.row else None
    return {
        each: owner.claim.deal
        for each, owner in owners.items()
        if owner is not None and owner.id != own
    }


def _tasks(session: Session, s: Situation) -> tuple[Task, ...] | None:
    """Return the deal's tasks where ours may be among them, else None without asking.

    A claim whose invoice this ledger made itself, and whose task it never began, has none.
    """
    step = s.steps.get(StepKind.TASK_CREATE)
    if session.mapping.document.task is None or (step is not None and step.state is StepState.DONE):
        return None
    create = s.steps.get(StepKind.INVOICE_CREATE)
    made_here = create is not None and create.state is not StepState.REFUSED
    begun = step is not None and step.state in {StepState.INTENT, StepState.REFUSED}
    if begun or (not made_here and (s.sighting.invoices or s.sighting.invoice)):
        return tuple(session.crm.tasks([s.deal.id]))
    return None
