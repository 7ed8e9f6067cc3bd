"""The decision: what is known about a claim -> the plan. Pure: no I/O, no clock, no randomness."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kommo_invoice.books.capabilities import Approval, Operation
from kommo_invoice.domain.claim import carries
from kommo_invoice.domain.draft import Ready
from kommo_invoice.domain.invoice import Customer, Invoice, Status
from kommo_invoice.domain.plan import Step, StepKind
from kommo_invoice.engine.checks import check_company, check_draft, check_mailing
from kommo_invoice.engine.compare import (
    differences,
    live_otherwise,
    same_lines,
    total_differences,
)
from kommo_invoice.engine.customers import customer_key, has_address, has_currency, takes_name
from kommo_invoice.engine.evidence import prove_absent
from kommo_invoice.engine.identify import Found, identify
from kommo_invoice.engine.situation import Plan, Settled, Situation
from kommo_invoice.errors import DealError
from kommo_invoice.ledger.rows import StepState

if TYPE_CHECKING:
    from kommo_invoice.domain.draft import Draft


def plan(situation: Situation) -> Plan:
    """Return what has to be done for a claim in the books; ``crm_steps`` adds the deal's side.

    Raises:
        DealError: The claim cannot go on as it is (Gone: only as a new issue).
        OutcomeUnknown: A person has to look.
        Temporary: A lost answer is not old enough to count; ``retry_at`` says when it is.
        LookAgain: A lost effect was not found; a second look has to agree.
    """
    found = identify(situation)
    if found.invoice is None:
        return _plan_new(_as_today(situation), found)
    return _plan_found(situation, found, found.invoice)


def _as_today(s: Situation) -> Situation:
    """Return the situation with today's draft: nothing is in the books that binds to an older one.

    Raises:
        DealError: The deal gives no invoice any more.
    """
    if s.fresh is None:
        raise s.impossible or DealError(f"deal {s.deal.id} gives no invoice any more")
    return replace(s, draft=s.fresh)


def _plan_new(s: Situation, found: Found) -> Plan:
    check_draft(s.draft, s.capabilities)
    check_company(s.draft, s.catalog, s.capabilities)
    check_mailing(s.draft, can_send=s.can_send)
    customer_id, known, settled = _customer(s)
    steps = []
    if customer_id is None and s.customer_promised is None:
        steps.append(
            Step(
                StepKind.CUSTOMER_CREATE,
                customer_key(s.books, s.capabilities, s.draft),
                s.draft.customer,
            )
        )
    steps.append(Step(StepKind.INVOICE_CREATE, s.key(StepKind.INVOICE_CREATE), s.draft))
    steps.extend(_onward(s, s.draft))
    made = Plan(
        situation=s,
        draft=s.draft,
        customer_id=customer_id,
        customer_known=known,
        invoice=None,
        settled=(*found.settled, *settled),
        steps=tuple(steps),
        notes=found.notes,
    )
    if made.comes_to.total is not None:
        return made
    by_books = f"{s.capabilities.name} decides the tax, when the invoice is made"
    return replace(made, notes=(*made.notes, by_books))


def _plan_found(s: Situation, found: Found, invoice: Invoice) -> Plan:
    deletions = tuple(
        Step(StepKind.INVOICE_DELETE, s.key(StepKind.INVOICE_DELETE, stray.id), stray.id)
        for stray in found.strays
    )
    notes = [
        *found.notes,
        *(
            f"draft {stray.number} carries the same reference and is deleted"
            for stray in found.strays
        ),
    ]
    plan = Plan(
        situation=s,
        draft=s.draft,
        customer_id=invoice.customer_id,
        customer_known="of the invoice found",
        invoice=invoice,
        adopted=found.adopted,
        settled=found.settled,
        steps=deletions,
    )
    if not found.own:
        notes.append(
            f"invoice {invoice.number} is not of kinv's making: it is linked, never e-mailed"
        )
        return replace(plan, notes=tuple(notes))
    if not _is_out(s, invoice):
        wrong = _differences(s, s.draft, invoice)
        if wrong and s.fresh is not None and s.fresh.content_hash() == s.draft.content_hash():
            # The same content under a tax rate that was changed in the books since.
            wrong = _differences(s, s.fresh, invoice)
            plan = replace(plan, draft=replace(s.draft, lines=s.fresh.lines))
        if invoice.status is Status.DRAFT and not carries(invoice.references, s.reference):
            wrong = [f"it does not carry {s.reference}", *wrong]
        if wrong:
            return _replace_draft(s, plan, invoice, wrong, tuple(notes))
    approve, approved = _approval(s, invoice)
    send, mailed, hold, mail_notes = _mailing(s, invoice)
    return replace(
        plan,
        steps=(*deletions, *approve, *send),
        settled=(*found.settled, *approved, *mailed),
        hold=hold,
        notes=(*notes, *mail_notes),
    )


def _customer(s: Situation) -> tuple[str | None, str, tuple[Settled, ...]]:
    """Return the customer's id (None: to be created), how it is known, what that settled."""
    draft = s.draft.customer
    if draft.id is not None:
        if s.sighting.customer is None:
            raise DealError(
                f"customer {draft.id}, which the mapping names, is not in the books",
                hint="correct [customer] id or the field that it reads",
            )
        if not has_currency(s.sighting.customer, s.draft, s.capabilities):
            raise DealError(
                f"customer {draft.id}, which the mapping names, is one in "
                f"{s.sighting.customer.currency}, for good, and the invoice in {s.draft.currency}",
                hint="name another one by [customer] id, or correct the currency",
            )
        if s.sighting.customer.archived:
            raise DealError(
                f"customer {draft.id}, which the mapping names, is not active in the books",
                hint="make it active there, or name another one by [customer] id",
            )
        return draft.id, "named by the mapping", ()
    step = s.customer_step
    matches = [each for each in s.sighting.customers if _fits(s, each)]
    settled: tuple[Settled, ...] = ()
    if step is not None and step.state is StepState.DONE and step.provider_id:
        fresh = step.done_at is not None and step.done_at >= s.looked_at
        known = s.sighting.customer
        if fresh or (known is not None and known.id == step.provider_id and _still_fits(s, known)):
            return step.provider_id, "made by kinv before", ()
        settled = (Settled(step.kind, step.key, None),)
    elif step is not None and step.state is StepState.INTENT:
        if not matches:
            prove_absent(s, step, Operation.CREATE_CUSTOMER)
        found = matches[0].id if matches else None
        settled = (Settled(step.kind, step.key, found),)
    if not matches:
        promised = s.customer_promised
        known_by = f"new, with deal {promised}" if promised is not None else "new"
        return None, known_by, settled
    if len(matches) > 1 and not s.ambiguous_ok:
        names = ", ".join(f"{each.name} ({each.id})" for each in matches)
        raise DealError(
            f"{len(matches)} customers in the books have the address {draft.email}: {names}",
            hint='merge them, name one by [customer] id, or set on_ambiguous = "oldest"',
        )
    return matches[0].id, "found by e-mail", settled


def _fits(s: Situation, customer: Customer) -> bool:
    """Say whether a customer is the one that the draft means, and may be invoiced."""
    suits = not customer.archived and has_address(customer, s.draft)
    return suits and has_currency(customer, s.draft, s.capabilities)


def _still_fits(s: Situation, customer: Customer) -> bool:
    """Say the same of one that this ledger made, or took by its name: it may have no address."""
    if s.capabilities.customers.unique_names:
        return takes_name(customer, s.draft, s.capabilities)
    return _fits(s, customer)


def _onward(s: Situation, draft: Draft) -> list[Step]:
    """Return approval and e-mail of an invoice that the plan creates."""
    steps = []
    if _needs_approval(s, draft):
        steps.append(Step(StepKind.INVOICE_APPROVE, s.key(StepKind.INVOICE_APPROVE), None))
    if draft.mail is not None:
        steps.append(Step(StepKind.INVOICE_SEND, s.key(StepKind.INVOICE_SEND), draft.mail))
    return steps


def _needs_approval(s: Situation, draft: Draft) -> bool:
    match s.capabilities.approval:
        case Approval.NONE:
            return False
        case Approval.BY_SENDING:
            return draft.mail is None and draft.ready is Ready.APPROVED
        case Approval.STEP:
            return draft.mail is not None or draft.ready is Ready.APPROVED


def _approval(s: Situation, invoice: Invoice) -> tuple[tuple[Step, ...], tuple[Settled, ...]]:
    step = s.steps.get(StepKind.INVOICE_APPROVE)
    if invoice.status is not Status.DRAFT:
        if step is not None and step.state is StepState.INTENT:
            return (), (Settled(step.kind, step.key, invoice.id),)
        return (), ()
    if not _needs_approval(s, s.draft):
        return (), ()
    return (Step(StepKind.INVOICE_APPROVE, s.key(StepKind.INVOICE_APPROVE), invoice.id),), ()


def _mailing(
    s: Situation, invoice: Invoice
) -> tuple[tuple[Step, ...], tuple[Settled, ...], str | None, tuple[str, ...]]:
    """Return the mail's step, what was settled, why to hold, and notes."""
    mail = s.draft.mail
    step = s.steps.get(StepKind.INVOICE_SEND)
    if mail is None or (step is not None and step.state is StepState.DONE):
        return (), (), None, ()
    settled: tuple[Settled, ...] = ()
    if invoice.sent:
        if step is not None and step.state in {StepState.INTENT, StepState.UNKNOWN}:
            settled = (Settled(step.kind, step.key, invoice.id),)
        return (), settled, None, ()
    if step is not None and step.state is StepState.UNKNOWN:
        return (), (), step.error or "it is not known whether the invoice was e-mailed", ()
    if step is not None and step.state is StepState.INTENT:
        if invoice.sent is None:
            return (), (), "the books cannot tell whether the invoice was e-mailed", ()
        prove_absent(s, step, Operation.SEND)
        settled = (Settled(step.kind, step.key, None),)
    elif invoice.paid.minor > 0:
        return (), (), None, ("money has come for it already: it is not e-mailed",)
    check_mailing(s.draft, can_send=s.can_send)
    return (Step(StepKind.INVOICE_SEND, s.key(StepKind.INVOICE_SEND), mail),), settled, None, ()


def _replace_draft(
    s: Situation, plan: Plan, invoice: Invoice, wrong: list[str], notes: tuple[str, ...]
) -> Plan:
    """Delete our draft that came out wrong, and make it anew, once the deal was corrected."""
    fresh = s.fresh
    ours_to_delete = invoice.status is Status.DRAFT and not plan.adopted
    if fresh is None or fresh.content_hash() == s.draft.content_hash() or not ours_to_delete:
        raise DealError(
            f"invoice {invoice.number} ({invoice.status}) in the books differs from the deal: "
            f"{'; '.join(wrong)}; it was not e-mailed",
            hint="correct the deal or the mapping, or the invoice itself in the books, "
            "then run it again"
            if s.capabilities.drafts
            else live_otherwise(s.deal.id),
        )
    check_draft(fresh, s.capabilities)
    check_company(fresh, s.catalog, s.capabilities)
    delete = Step(StepKind.INVOICE_DELETE, s.key(StepKind.INVOICE_DELETE, invoice.id), invoice.id)
    create = Step(StepKind.INVOICE_CREATE, s.key(StepKind.INVOICE_CREATE), fresh)
    return replace(
        plan,
        draft=fresh,
        steps=(*plan.steps, delete, create, *_onward(s, fresh)),
        notes=(*notes, f"draft {invoice.number} is replaced: {'; '.join(wrong)}"),
        replaces=invoice.id,
        invoice=None,
    )


def _differences(s: Situation, draft: Draft, invoice: Invoice) -> list[str]:
    """Return how our invoice differs from a draft.

    One that may have come of an earlier try, which was for the deal as it was then, is compared
    as one that is found: by its customer and its lines as well.
    """
    create = s.steps.get(StepKind.INVOICE_CREATE)
    if create is None or not create.doubtful:
        return total_differences(draft, invoice)
    ids = [each.id for each in s.sighting.customers]
    found = differences(draft, [*ids, draft.customer.id or ""], invoice)
    return found if found or same_lines(draft, invoice) else ["its lines are others"]


def _is_out(s: Situation, invoice: Invoice) -> bool:
    """Say whether the invoice has left the house, so that comparing it comes too late."""
    mailed = s.steps.get(StepKind.INVOICE_SEND)
    done = mailed is not None and mailed.state is StepState.DONE
    return done or bool(invoice.sent) or invoice.status not in {Status.DRAFT, Status.APPROVED}
