"""The deal's side of a plan: fields and stage in one write, and the task. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from kommo_invoice.books.capabilities import DEFAULT_SETTLE_S
from kommo_invoice.domain.claim import carries
from kommo_invoice.domain.invoice import Status
from kommo_invoice.domain.plan import Step, StepKind
from kommo_invoice.domain.writing import DealChange, marker
from kommo_invoice.engine.evidence import look_later, prove_absent
from kommo_invoice.engine.situation import Settled, Situation
from kommo_invoice.ledger.rows import ClaimState, StepState
from kommo_invoice.mapping.views import LATER, InvoiceView

if TYPE_CHECKING:
    from datetime import date

    from kommo_invoice.domain.deal import Deal
    from kommo_invoice.engine.situation import Plan
    from kommo_invoice.mapping.mapping import Mapping


def crm_steps(
    plan: Plan, mapping: Mapping, *, today: date
) -> tuple[tuple[Step, ...], tuple[Settled, ...]]:
    """Return what is written to the deal, and what a look at its tasks has settled.

    Args:
        plan: The books' side, decided.
        mapping: Renders fields, stage and task.
        today: The day in the account's zone, for ``invoice.overdue``.

    Raises:
        DealError: A value does not fit its field; nothing was created yet.
        Temporary, LookAgain: A task whose answer was lost is not proven absent yet.
    """
    s = plan.situation
    view = _view(plan, today)
    steps = []
    if unwritten(plan):
        change = deal_change(mapping, s.deal, view, mark=mark(plan), hold=plan.hold is not None)
        if change.fields or change.stage:
            steps.append(Step(StepKind.DEAL_UPDATE, s.key(StepKind.DEAL_UPDATE), change))
    task, settled = _task(plan, mapping, view)
    return (*steps, *task), settled


def deal_change(
    mapping: Mapping, deal: Deal, view: InvoiceView, *, mark: str, hold: bool
) -> DealChange:
    """Return what differs on the deal from what it is to hold.

    Args:
        mapping: Renders the values.
        deal: The deal as just read; its stage decides whether it may be moved.
        view: The invoice as expressions see it.
        mark: What the invoice field is to hold.
        hold: Do not move the deal, because its e-mail is not proven.
    """
    change = mapping.deal_change(deal, view, mark=mark)
    fields = tuple(each for each in change.fields if deal.field(each.field.id) != each.value)
    stage = change.stage
    if hold or (stage is not None and (stage.id, stage.pipeline_id) == _place(deal)):
        stage = None
    return replace(change, fields=fields, stage=stage)


def mark(plan: Plan) -> str:
    """Return the mark for the deal's invoice field."""
    prefix = plan.situation.mark_prefix
    return f"{prefix}{plan.invoice.id}" if plan.invoice else f"{prefix}{LATER}"


def _view(plan: Plan, today: date) -> InvoiceView:
    """Return the invoice as it will be when the plan's steps in the books are done."""
    if plan.invoice is None:
        return InvoiceView.expected(plan.draft, plan.comes_to, today=today)
    kinds = {step.kind for step in plan.steps}
    invoice = plan.invoice
    if StepKind.INVOICE_APPROVE in kinds:
        invoice = replace(invoice, status=Status.APPROVED)
    if StepKind.INVOICE_SEND not in kinds:
        return InvoiceView.of(invoice, plan.situation.reference, today)
    view = InvoiceView.of(replace(invoice, status=Status.SENT), plan.situation.reference, today)
    return replace(view, values={**view.values, "sent_on": LATER})


def unwritten(plan: Plan) -> bool:
    """Say whether the deal may not hold yet what the books show.

    A finished claim's deal is left alone, also where a person changed it, unless something is
    done in the books now. Fields that were written while an e-mail was in doubt, and the move
    that waited for it, are looked at again.
    """
    s = plan.situation
    update = s.steps.get(StepKind.DEAL_UPDATE)
    written = update is not None and update.state is StepState.DONE
    finished = s.row is not None and s.row.state is ClaimState.DONE
    return not (written and finished) or bool(plan.steps or plan.settled)


def _task(
    plan: Plan, mapping: Mapping, view: InvoiceView
) -> tuple[tuple[Step, ...], tuple[Settled, ...]]:
    s = plan.situation
    step = s.steps.get(StepKind.TASK_CREATE)
    if step is not None and step.state is StepState.DONE:
        return (), ()
    draft = mapping.task(s.deal, view, s.reference)
    if draft is None:
        return (), ()
    key = s.key(StepKind.TASK_CREATE)
    for task in s.tasks or ():
        if marker(s.reference) in task.text:
            return (), (Settled(StepKind.TASK_CREATE, key, task.id),)
    settled: tuple[Settled, ...] = ()
    if step is not None and step.state is StepState.INTENT:
        prove_absent(s, step, None)
        settled = (Settled(step.kind, step.key, None),)
    elif step is None and s.mark == mark(plan) and _ours(plan):
        _prove_unmade(s)
    return (Step(StepKind.TASK_CREATE, key, draft),), settled


def _ours(plan: Plan) -> bool:
    """Say whether kinv made the invoice, whichever ledger knew of it."""
    return plan.invoice is not None and carries(plan.invoice.references, plan.situation.reference)


def _prove_unmade(s: Situation) -> None:
    """Return only when a deal that another ledger's run has marked surely has no task of ours.

    That run made the task right after the mark, and lists lag: the deal's last change has to be
    older than the settle time.

    Raises:
        Temporary: It is not yet.
    """
    settle_s = DEFAULT_SETTLE_S if s.settle_s is None else s.settle_s
    until = s.deal.updated_at + timedelta(seconds=settle_s)
    if s.now < until:
        why = "the deal was changed a moment ago and its task may not be listed yet"
        raise look_later(why, until, s.deal.id)


def _place(deal: Deal) -> tuple[str, str]:
    return deal.stage.id, deal.stage.pipeline_id
