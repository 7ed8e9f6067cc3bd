"""The ledger's rows as frozen values, and the stored draft."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from kommo_invoice.domain.claim import Claim
from kommo_invoice.domain.draft import Draft
from kommo_invoice.domain.invoice import Invoice, Status
from kommo_invoice.domain.money import Money
from kommo_invoice.domain.plain import plain
from kommo_invoice.domain.plan import StepKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import TypeAdapter


class ClaimState(StrEnum):
    """Where a claim stands.

    ``open``: work is under way or waits; ``failed``: it needs a correction or another try;
    ``unknown``: a person has to look; ``done``; ``closed``: a later issue or an unlink ended it.
    """

    OPEN = "open"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DONE = "done"
    CLOSED = "closed"


class StepState(StrEnum):
    """Where a step stands; ``intent`` is committed before the call, ``done`` after it."""

    PLANNED = "planned"
    INTENT = "intent"
    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """One claim with what is known of it.

    Args:
        draft: What was intended, from the first books step on; resumed work goes on from it.
        adopted: The invoice was found, not made, by this ledger: it is never e-mailed unless it
            is our own.
        send: False when it was begun with ``--no-send``; retries keep to it.
        next_try_at: The earliest time of the next unattended try.
    """

    id: int
    claim: Claim
    books: str
    reference: str
    state: ClaimState
    draft: Draft | None
    content_hash: str | None
    customer_id: str | None
    invoice_id: str | None
    adopted: bool
    send: bool
    reason: str | None
    error: str | None
    exit_code: int | None
    attempts: int
    next_try_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step with its outcome.

    Args:
        generation: Grows when the step is refused or released, so that a provider's idempotency
            key is never used for two contents.
        attempts: How often it was begun, in all generations.
        lost: How often its answer was lost and its effect then held to be absent.
        lost_at: When its answer was given up; None while it is waited for, or after a crash.
    """

    key: str
    claim_id: int
    kind: StepKind
    state: StepState
    generation: int
    attempts: int
    lost: int
    provider_id: str | None
    error: str | None
    intent_at: datetime | None
    lost_at: datetime | None
    done_at: datetime | None

    @property
    def doubtful(self) -> bool:
        """Whether its effect may stand twice, because an absent one may have come late."""
        return self.lost > 0

    @property
    def provider_key(self) -> str:
        """The key that goes to a provider that knows idempotency keys.

        A refusal renews it. So does a second lost answer, but not the first: an effect that comes
        after it was held to be absent is then still the only one.
        """
        return f"{self.key}#{self.generation - min(self.lost, 1)}"


@dataclass(frozen=True, slots=True)
class Link:
    """A claim's invoice as it was last seen; its secret link is not kept."""

    claim_id: int
    invoice_id: str
    number: str
    status: Status
    overdue: bool
    total: Money
    paid: Money
    due_date: date | None
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run of a command."""

    id: str
    command: str
    pid: int
    started_at: datetime
    finished_at: datetime | None
    exit_code: int | None
    summary: Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One line of the audit trail."""

    at: datetime
    run_id: str | None
    claim_id: int | None
    what: str
    detail: str
    before: str | None
    after: str | None


def dump(value: object) -> str:
    """Return a domain value as the JSON text that the ledger stores."""
    return json.dumps(plain(value), ensure_ascii=False, sort_keys=True)


def load_draft(text: str) -> Draft:
    """Return the draft that ``dump`` stored."""
    return _drafts().validate_json(text)


@cache
def _drafts() -> TypeAdapter[Draft]:
    from pydantic import TypeAdapter

    return TypeAdapter(Draft)


def when(text: str | None) -> datetime | None:
    """Return a stored time."""
    return datetime.fromisoformat(text) if text else None


def claim_row(row: Mapping[str, object]) -> ClaimRow:
    """Return one row of ``claims``."""
    return ClaimRow(
        id=_int(row["id"]),
        claim=Claim(
            account=str(row["crm"]),
            deal=_int(row["deal"]),
            part=str(row["part"]),
            period=str(row["period"]),
            issue=_int(row["issue"]),
        ),
        books=str(row["books"]),
        reference=str(row["reference"]),
        state=ClaimState(str(row["state"])),
        draft=load_draft(str(row["draft"])) if row["draft"] else None,
        content_hash=_text(row["content_hash"]),
        customer_id=_text(row["customer_id"]),
        invoice_id=_text(row["invoice_id"]),
        adopted=bool(row["adopted"]),
        send=bool(row["send"]),
        reason=_text(row["reason"]),
        error=_text(row["error"]),
        exit_code=None if row["exit_code"] is None else _int(row["exit_code"]),
        attempts=_int(row["attempts"]),
        next_try_at=when(_text(row["next_try_at"])),
        updated_at=datetime.fromisoformat(str(row["updated_at"])),
    )


def step_row(row: Mapping[str, object]) -> StepRow:
    """Return one row of ``steps``."""
    return StepRow(
        key=str(row["key"]),
        claim_id=_int(row["claim_id"]),
        kind=StepKind(str(row["kind"])),
        state=StepState(str(row["state"])),
        generation=_int(row["generation"]),
        attempts=_int(row["attempts"]),
        lost=_int(row["lost"]),
        provider_id=_text(row["provider_id"]),
        error=_text(row["error"]),
        intent_at=when(_text(row["intent_at"])),
        lost_at=when(_text(row["lost_at"])),
        done_at=when(_text(row["done_at"])),
    )


def link_row(row: Mapping[str, object]) -> Link:
    """Return one row of ``links``."""
    currency = str(row["currency"])
    due = _text(row["due_date"])
    return Link(
        claim_id=_int(row["claim_id"]),
        invoice_id=str(row["invoice_id"]),
        number=str(row["number"]),
        status=Status(str(row["status"])),
        overdue=bool(row["overdue"]),
        total=Money(_int(row["total_minor"]), currency),
        paid=Money(_int(row["paid_minor"]), currency),
        due_date=date.fromisoformat(due) if due else None,
        seen_at=datetime.fromisoformat(str(row["seen_at"])),
    )


def link_values(invoice: Invoice) -> dict[str, object]:
    """Return the columns of ``links`` that an invoice fills."""
    return {
        "invoice_id": invoice.id,
        "number": invoice.number,
        "status": invoice.status.value,
        "overdue": int(invoice.overdue),
        "currency": invoice.currency,
        "total_minor": invoice.total.minor,
        "paid_minor": invoice.paid.minor,
        "due_date": invoice.due_date.isoformat() if invoice.due_date else None,
    }


def run_row(row: Mapping[str, object]) -> RunRow:
    """Return one row of ``runs``."""
    summary = _text(row["summary"])
    return RunRow(
        id=str(row["id"]),
        command=str(row["command"]),
        pid=_int(row["pid"]),
        started_at=datetime.fromisoformat(str(row["started_at"])),
        finished_at=when(_text(row["finished_at"])),
        exit_code=None if row["exit_code"] is None else _int(row["exit_code"]),
        summary=json.loads(summary) if summary else None,
    )


def audit_row(row: Mapping[str, object]) -> AuditRow:
    """Return one row of ``audit``."""
    return AuditRow(
        at=datetime.fromisoformat(str(row["at"])),
        run_id=_text(row["run_id"]),
        claim_id=None if row["claim_id"] is None else _int(row["claim_id"]),
        what=str(row["what"]),
        detail=str(row["detail"]),
        before=_text(row["before"]),
        after=_text(row["after"]),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"the ledger holds {value!r} where a whole number belongs")
    return value
