"""What kinv writes to a deal: fields, a stage, tasks and notes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kommo_invoice.domain.deal import Stage
from kommo_invoice.domain.fields import FieldDef, FieldValue


@dataclass(frozen=True, slots=True)
class FieldSet:
    """One custom field with the value it is to hold; None clears it."""

    field: FieldDef
    value: FieldValue


@dataclass(frozen=True, slots=True)
class DealChange:
    """Fields to set on one deal, and the stage to move it to, in one write."""

    deal: int
    fields: tuple[FieldSet, ...] = ()
    stage: Stage | None = None


@dataclass(frozen=True, slots=True)
class TaskDraft:
    """A task to make.

    Args:
        text: It ends in our marker.
        due: A moment (UTC); None in a preview, where only the made invoice will tell.
    """

    deal: int
    text: str
    due: datetime | None
    responsible_id: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A task as the CRM holds it."""

    id: str
    deal: int
    text: str
    done: bool


@dataclass(frozen=True, slots=True)
class TaskDone:
    """A task to close, with the text that says how it ended."""

    id: str
    result: str


@dataclass(frozen=True, slots=True)
class NoteDraft:
    """A note to write on a deal; ``text`` ends in our marker."""

    deal: int
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A note as the CRM holds it."""

    id: str
    deal: int
    text: str


def marker(reference: str) -> str:
    """Return the visible mark by which our tasks and notes are found again (design, section 2)."""
    return f"[kinv {reference}]"
