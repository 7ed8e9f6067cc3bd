"""What a run tells while it goes: ``plan``, ``step``, ``skip``, ``error``, ``summary``."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from kommo_invoice.domain.draft import CustomerDraft, Draft, LineDraft, Mail
from kommo_invoice.domain.plain import plain
from kommo_invoice.domain.writing import DealChange, TaskDraft
from kommo_invoice.errors import KinvError, Temporary, naming
from kommo_invoice.mapping.views import LATER
from kommo_invoice.redact import mask_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommo_invoice.domain.plan import Step
    from kommo_invoice.engine.situation import Plan

VERSION = 1
"""The version of the events' form; it grows when a key changes its meaning."""


class Kind(StrEnum):
    """The kinds of events, as ``kinv help events`` documents them."""

    PLAN = "plan"
    STEP = "step"
    SKIP = "skip"
    ERROR = "error"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a run tells.

    Args:
        deal: The deal it is about, None for the whole run.
        claim: The claim's reference, None before it is known.
        data: Plain data, ready for JSON.
    """

    kind: Kind
    deal: int | None
    claim: str | None
    data: Mapping[str, object] = field(default_factory=dict)


class Reporter(Protocol):
    """Whoever listens: the terminal, a JSON stream, a test."""

    def emit(self, event: Event) -> None:
        """Take one event, at once."""


def plan_event(plan: Plan, steps: tuple[Step, ...]) -> Event:
    """Return the event that shows a plan with all its values.

    Args:
        plan: The plan.
        steps: Its steps, those on the CRM's side with it.
    """
    s = plan.situation
    draft = plan.draft
    comes_to = plan.comes_to
    return Event(
        Kind.PLAN,
        s.deal.id,
        s.reference,
        {
            "name": s.deal.name,
            "customer": {
                "name": draft.customer.name,
                "email": draft.customer.email,
                "id": plan.customer_id,
                "known": plan.customer_known,
            },
            "invoice": None
            if plan.invoice is None
            else {
                "id": plan.invoice.id,
                "number": plan.invoice.number,
                "status": plan.invoice.status.value,
            },
            "currency": draft.currency,
            "subtotal": plain(comes_to.subtotal.amount),
            "tax": plain(comes_to.tax.amount) if comes_to.tax else None,
            "total": plain(comes_to.total.amount) if comes_to.total else None,
            "date": plain(draft.date),
            "due_date": plain(draft.due_date),
            "steps": [
                {
                    "step": step.kind.value,
                    "key": step.key,
                    "values": shown(step.values, shared_po=s.capabilities.reference.with_po_number),
                }
                for step in steps
            ],
            "notes": list(plan.notes),
        },
    )


def shown(values: object, *, shared_po: bool = False) -> object:
    """Return a step's values as people and JSON readers see them.

    Args:
        values: The step's values.
        shared_po: The books have one field for the client's order number and our reference, so
            that it is shown as it will be printed.
    """
    match values:
        case CustomerDraft() | Mail():
            return {name: each for name, each in _mapping(values).items() if each is not None}
        case Draft():
            whole = _mapping(values)
            del whole["mail"]
            if shared_po:
                whole["po_number"] = values.order_text
            whole["lines"] = [_line(line) for line in values.lines]
            return {name: each for name, each in whole.items() if each is not None}
        case DealChange():
            return {
                "fields": {each.field.name: plain(each.value) for each in values.fields},
                "stage": values.stage.name if values.stage else None,
            }
        case TaskDraft():
            return {
                "text": values.text,
                "due": plain(values.due) if values.due else LATER,
                "responsible_id": values.responsible_id,
            }
        case None:
            return {"invoice_id": LATER}
        case _:
            return {"invoice_id": plain(values)}


def stored(values: object) -> str:
    """Return a step's values as the ledger keeps them: JSON without the clients' secret links."""
    return json.dumps(mask_values(shown(values)), ensure_ascii=False)


def error_event(error: KinvError, deal: int | None, claim: str | None) -> Event:
    """Return the event of a failure."""
    retry_at = error.retry_at if isinstance(error, Temporary) else None
    return Event(
        Kind.ERROR,
        deal,
        claim,
        {
            "category": error.category,
            "exit_code": int(error.exit_code),
            "message": naming(error.message, deal),
            "hint": error.hint,
            "retry_at": plain(retry_at),
        },
    )


def _line(line: LineDraft) -> dict[str, object]:
    """Return a line with the ids and names of its item and tax, without what goes unsent."""
    shown = {
        "description": line.description,
        "quantity": plain(line.quantity),
        "unit_price": plain(line.unit_price),
        "item": {"id": line.item.id, "name": line.item.name},
        "tax": {"id": line.tax.id, "name": line.tax.name, "rate": plain(line.tax.rate)}
        if line.tax
        else "none",
    }
    return {**shown, "discount": plain(line.discount)} if line.discount else shown


def _mapping(value: object) -> dict[str, object]:
    result = plain(value)
    if not isinstance(result, dict):
        raise TypeError(f"{type(value).__name__} is no mapping")
    return result
