"""What kinv writes to Kommo, and the answers to that; values are never echoed, only ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.crm.kommo import fields
from kommo_invoice.crm.kommo.wire import Made, parse_list
from kommo_invoice.errors import KinvError, LostAnswer, NotExecuted, Temporary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kommo_invoice.crm.kommo.fields import Zone
    from kommo_invoice.domain.writing import DealChange, NoteDraft, TaskDone, TaskDraft

_FOLLOW_UP = 1  # the task type that every account has (Kommo sheet, section 4.8)


def lead(change: DealChange, zone: Zone) -> dict[str, object]:
    """Return the item of a batch that makes this change, with changed keys only.

    Echoing a whole lead back fails on its own read-only keys (Kommo sheet, section 4.7).

    Args:
        change: Of one deal.
        zone: Gives the account's time zone; asked only for dates.
    """
    item: dict[str, object] = {"id": change.deal, "request_id": str(change.deal)}
    if change.stage is not None:
        item["status_id"] = int(change.stage.id)
        item["pipeline_id"] = int(change.stage.pipeline_id)
    if change.fields:
        item["custom_fields_values"] = [fields.write(each, zone) for each in change.fields]
    return item


def task(draft: TaskDraft, place: int) -> dict[str, object]:
    """Return a new task; without a responsible user it falls to the token's own.

    Raises:
        ValueError: It is a preview's, which has no due date yet.
    """
    if draft.due is None:
        raise ValueError("a task without a due date is only for showing")
    item: dict[str, object] = {
        "text": draft.text,
        "complete_till": int(draft.due.timestamp()),
        "task_type_id": _FOLLOW_UP,
        "entity_id": draft.deal,
        "entity_type": "leads",
        "request_id": str(place),
    }
    if draft.responsible_id is not None:
        item["responsible_user_id"] = int(draft.responsible_id)
    return item


def done(task: TaskDone) -> dict[str, object]:
    """Return the item that completes a task."""
    return {"id": int(task.id), "is_completed": True, "result": {"text": task.result}}


def note(draft: NoteDraft, place: int) -> dict[str, object]:
    """Return a new plain note that fires no automation of the account (section 4.9)."""
    return {
        "entity_id": draft.deal,
        "note_type": "common",
        "params": {"text": draft.text},
        "is_need_to_trigger_digital_pipeline": False,
        "request_id": str(place),
    }


def made(key: str, body: object, count: int) -> list[str]:
    """Return the ids of created records in the order in which they were sent.

    Args:
        key: The list's name in the answer.
        body: The answer.
        count: How many were sent, with their place as ``request_id``.

    Raises:
        LostAnswer: The answer does not say what became of one of them.
    """
    try:
        ids = {row.request_id: str(row.id) for row in parse_list(Made, key, body)}
        return [ids[str(place)] for place in range(count)]
    except (KinvError, KeyError):
        raise LostAnswer(f"Kommo did not tell the ids of {count} new {key}") from None


def confirm(key: str, body: object, ids: Iterable[int]) -> None:
    """Check that the answer to a batch of changes names every record of it.

    Raises:
        Temporary: It does not; the change is repeatable.
    """
    missing = set(ids) - {row.id for row in parse_list(Made, key, body)}
    if missing:
        some = ", ".join(map(str, sorted(missing)))
        raise Temporary(f"Kommo did not confirm the change of {key} {some}")


def hint_size(error: Temporary, size: int) -> None:
    """Add to the failure of a batch of deals what helps if its size is the cause.

    A 504 says that a batch was too big (Kommo sheet, section 4.7), and looks like any outage.
    """
    if size > 1 and not isinstance(error, NotExecuted):
        error.hint += "; if it goes on, fewer deals at once may pass"
