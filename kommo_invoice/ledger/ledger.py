"""What the engine asks of the ledger and tells it: claims, steps, links, set-ups."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kommo_invoice.ledger.database import open_database, write
from kommo_invoice.ledger.rows import (
    ClaimRow,
    ClaimState,
    Link,
    StepRow,
    StepState,
    claim_row,
    dump,
    link_row,
    link_values,
    step_row,
    when,
)
from kommo_invoice.redact import mask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from sqlite_utils import Database

    from kommo_invoice.domain.claim import Claim
    from kommo_invoice.domain.draft import Draft
    from kommo_invoice.domain.invoice import Invoice
    from kommo_invoice.domain.plan import StepKind

_LIVE = (ClaimState.OPEN, ClaimState.FAILED, ClaimState.UNKNOWN)


class Ledger:
    """The ledger of one pair of accounts.

    Args:
        path: The file; None for an empty one in memory, which a preview before the first run uses.
        crm: The CRM account, ``kommo:acme``.
        books: The books account, ``wave:<business id>``.
        clock: Gives the time (UTC) of what is written.
    """

    def __init__(
        self, path: Path | None, *, crm: str, books: str, clock: Callable[[], datetime]
    ) -> None:
        self.db: Database = open_database(path)
        self.crm = crm
        self.books = books
        self.clock = clock
        self.run_id: str | None = None

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    # -- the pair ---------------------------------------------------------------------------

    def first_seen(self) -> datetime | None:
        """Return since when this ledger knows the pair; None before its first run."""
        row = self._one("SELECT first_seen_at FROM pairs WHERE crm = ? AND books = ?", self._pair)
        return when(str(row["first_seen_at"])) if row else None

    # -- claims -----------------------------------------------------------------------------

    def claim(self, claim: Claim) -> ClaimRow | None:
        """Return the claim's row, None when the ledger does not know it."""
        row = self._one(
            "SELECT * FROM claims WHERE crm = ? AND books = ? AND deal = ? AND part = ? "
            "AND period = ? AND issue = ?",
            [*self._pair, claim.deal, claim.part, claim.period, claim.issue],
        )
        return claim_row(row) if row else None

    def claims_of(self, deal: int) -> list[ClaimRow]:
        """Return all claims of a deal, the latest issue last."""
        return self._claims("deal = ? ORDER BY period, issue, id", [deal])

    def claims_in(self, *states: ClaimState) -> list[ClaimRow]:
        """Return the claims in one of the states, oldest first."""
        marks = ", ".join("?" for _ in states)
        return self._claims(f"state IN ({marks}) ORDER BY id", [state.value for state in states])

    def unfinished(self) -> list[ClaimRow]:
        """Return the claims that are neither done nor closed."""
        return self.claims_in(*_LIVE)

    def owner_of(self, invoice_id: str) -> ClaimRow | None:
        """Return the claim that an invoice belongs to, None when no claim has it."""
        rows = self._claims("invoice_id = ? AND state <> 'closed' ORDER BY id", [invoice_id])
        return rows[0] if rows else None

    def open_claim(self, claim: Claim, reference: str, *, send: bool = True) -> ClaimRow:
        """Return the claim's row, made where it is new; ``send`` is whether it is e-mailed."""
        with write(self.db, "claim"):
            self._ensure_pair()
            if self.claim(claim) is None:
                self.db.table("claims").insert(
                    {
                        "crm": self.crm,
                        "books": self.books,
                        "deal": claim.deal,
                        "part": claim.part,
                        "period": claim.period,
                        "issue": claim.issue,
                        "reference": reference,
                        "state": ClaimState.OPEN.value,
                        "send": int(send),
                        "created_at": self._now(),
                        "updated_at": self._now(),
                    }
                )
        row = self.claim(claim)
        if row is None:
            raise LookupError(str(claim))
        return row

    def set_claim(self, row: ClaimRow, what: str, **values: object) -> None:
        """Change columns of a claim and say in the audit trail what happened.

        Args:
            row: The claim as it was read.
            what: The audit trail's word for it.
            **values: Columns with their new values, as SQLite holds them.
        """
        with write(self.db, f"claim.{what}"):
            self._update_claim(row.id, values)
            before = {name: self._shown(row, name) for name in values}
            self._audit(row.id, what, row.reference, before=before, after=values)

    # -- steps ------------------------------------------------------------------------------

    def step(self, key: str) -> StepRow | None:
        """Return the step with that key, None when it was never begun."""
        row = self._one("SELECT * FROM steps WHERE key = ?", [key])
        return step_row(row) if row else None

    def steps_of(self, row: ClaimRow) -> dict[StepKind, StepRow]:
        """Return the claim's own steps by kind; of several, one that is open before others."""
        found = self._all(
            "SELECT * FROM steps WHERE claim_id = ? ORDER BY state IN ('intent', 'unknown'), rowid",
            [row.id],
        )
        return {step.kind: step for step in map(step_row, found)}

    def plan_step(self, row: ClaimRow, kind: StepKind, key: str) -> None:
        """Put a CRM write into the outbox; it waits there until its batch is sent."""
        with write(self.db, f"planned.{kind}"):
            if self.step(key) is None:
                self._insert_step(row, kind, key, StepState.PLANNED)
            else:
                self.db.execute(
                    "UPDATE steps SET state = 'planned' WHERE key = ? AND state = 'done'", [key]
                )

    def begin(
        self,
        row: ClaimRow,
        kind: StepKind,
        key: str,
        values: str,
        *,
        draft: Draft | None = None,
    ) -> StepRow:
        """Commit the intent of a step, before its request leaves.

        Args:
            row: The claim it is done for.
            kind: Its purpose.
            key: Its key.
            values: What will be sent, as JSON text without secrets.
            draft: The whole draft, stored with the claim so that a resumed claim goes on from it.
        """
        with write(self.db, f"intent.{kind}"):
            if self.step(key) is None:
                self._insert_step(row, kind, key, StepState.PLANNED)
            self.db.execute(
                "UPDATE steps SET state = 'intent', claim_id = ?, sent_values = ?, error = NULL, "
                "attempts = attempts + 1, run_id = ?, intent_at = ?, lost_at = NULL, "
                "done_at = NULL WHERE key = ?",
                [row.id, values, self.run_id, self._now(), key],
            )
            if draft is not None:
                self._update_claim(
                    row.id, {"draft": dump(draft), "content_hash": draft.content_hash()}
                )
            self._audit(row.id, "intent", key, after=values)
        step = self.step(key)
        if step is None:
            raise LookupError(key)
        return step

    def finish(
        self,
        row: ClaimRow,
        key: str,
        *,
        provider_id: str | None = None,
        invoice: Invoice | None = None,
        found: bool = False,
        twice: bool = False,
        claim_values: Mapping[str, object] | None = None,
    ) -> None:
        """Commit the outcome of a step, after its answer (or after its effect was found).

        Args:
            row: The claim.
            key: The step's key.
            provider_id: The id that the provider gave.
            invoice: The invoice as it is now; updates the link.
            found: The effect was found by a look instead of told by the answer.
            twice: An earlier try may have had the same effect, so that it may stand twice.
            claim_values: Columns of the claim that change with it.
        """
        with write(self.db, "done"):
            self.db.execute(
                "UPDATE steps SET state = 'done', provider_id = COALESCE(?, provider_id), "
                "error = NULL, done_at = ?, lost = lost + ? WHERE key = ?",
                [provider_id, self._now(), int(twice), key],
            )
            if invoice is not None:
                self._link(row, invoice)
            if claim_values:
                self._update_claim(row.id, claim_values)
            self._audit(row.id, "found" if found else "done", key, after=provider_id)

    def lose(self, row: ClaimRow, key: str) -> None:
        """Commit that a step's answer was given up: from now on its effect is waited for."""
        with write(self.db, "lost"):
            self.db.execute("UPDATE steps SET lost_at = ? WHERE key = ?", [self._now(), key])
            self._audit(row.id, "lost", key)

    def refuse(self, row: ClaimRow, key: str, why: str) -> None:
        """Commit that a step was refused and surely not done; its next try is a new one."""
        self._end_step(row, key, StepState.REFUSED, "refused", why, "generation = generation + 1")

    def release(self, row: ClaimRow, key: str, why: str, *, lost: bool = True) -> None:
        """Commit that a step may be done anew.

        Args:
            row: The claim.
            key: The step's key.
            why: The reason, for the audit trail.
            lost: Its answer was lost and its effect is held to be absent, so it may yet come;
                False when what it did was undone.
        """
        also = "generation = generation + 1, provider_id = NULL"
        also += ", lost = lost + 1" if lost else ", lost = 0"
        self._end_step(row, key, StepState.REFUSED, "released", why, also)

    def leave_unknown(self, row: ClaimRow, key: str, why: str) -> None:
        """Commit that a step's outcome cannot be found out."""
        self._end_step(row, key, StepState.UNKNOWN, "unknown", why, "done_at = NULL")

    # -- links ------------------------------------------------------------------------------

    def link(self, row: ClaimRow) -> Link | None:
        """Return the claim's invoice as last seen."""
        found = self._one("SELECT * FROM links WHERE claim_id = ?", [row.id])
        return link_row(found) if found else None

    def adopt(self, row: ClaimRow, invoice: Invoice, draft: Draft, *, adopted: bool) -> None:
        """Commit that an invoice found in the books is this claim's.

        Args:
            row: The claim.
            invoice: The invoice as it is now.
            draft: What we mean by it; later work goes on from it.
            adopted: It was not made by a step of this ledger.
        """
        with write(self.db, "adopt"):
            self._link(row, invoice)
            self._update_claim(
                row.id,
                {
                    "invoice_id": invoice.id,
                    "customer_id": invoice.customer_id,
                    "adopted": int(adopted),
                    "draft": dump(draft),
                    "content_hash": draft.content_hash(),
                },
            )
            what = "adopted" if adopted else "found"
            self._audit(row.id, what, row.reference, before=row.invoice_id, after=invoice.id)

    def drop_link(self, row: ClaimRow, why: str) -> None:
        """Commit that the claim's invoice is not its own after all, and close the claim."""
        with write(self.db, "unlink"):
            self.db.execute("DELETE FROM links WHERE claim_id = ?", [row.id])
            self._update_claim(row.id, {"state": ClaimState.CLOSED.value, "reason": why})
            self._audit(row.id, "unlinked", row.reference, before=row.invoice_id, after=why)

    # -- inside -----------------------------------------------------------------------------

    @property
    def _pair(self) -> list[object]:
        return [self.crm, self.books]

    def _now(self) -> str:
        return self.clock().isoformat()

    def _ensure_pair(self) -> None:
        self.db.execute(
            "INSERT OR IGNORE INTO pairs (crm, books, first_seen_at) VALUES (?, ?, ?)",
            [*self._pair, self._now()],
        )

    def _insert_step(self, row: ClaimRow, kind: StepKind, key: str, state: StepState) -> None:
        self.db.table("steps").insert(
            {
                "key": key,
                "claim_id": row.id,
                "kind": kind.value,
                "state": state.value,
                "generation": 1,
                "attempts": 0,
            }
        )

    def _end_step(
        self, row: ClaimRow, key: str, state: StepState, what: str, why: str, also: str
    ) -> None:
        why = mask(why)
        with write(self.db, what):
            self.db.execute(
                f"UPDATE steps SET state = ?, error = ?, {also} WHERE key = ?",
                [state.value, why, key],
            )
            self._audit(row.id, what, key, after=why)

    def _link(self, row: ClaimRow, invoice: Invoice) -> None:
        self.db.table("links").upsert(
            {"claim_id": row.id, **link_values(invoice), "seen_at": self._now()}, pk="claim_id"
        )

    def _update_claim(self, claim_id: int, values: Mapping[str, object]) -> None:
        self.db.table("claims").update(claim_id, {**values, "updated_at": self._now()})

    def _audit(
        self,
        claim_id: int | None,
        what: str,
        detail: str,
        *,
        before: object = None,
        after: object = None,
    ) -> None:
        self.db.table("audit").insert(
            {
                "at": self._now(),
                "run_id": self.run_id,
                "claim_id": claim_id,
                "what": what,
                "detail": detail,
                "before": _as_text(before),
                "after": _as_text(after),
            }
        )

    @staticmethod
    def _shown(row: ClaimRow, column: str) -> object:
        value = getattr(row, column, None)
        return None if column == "draft" else value

    def _claims(self, where: str, values: list[object]) -> list[ClaimRow]:
        sql = f"SELECT * FROM claims WHERE crm = ? AND books = ? AND {where}"
        return [claim_row(row) for row in self._all(sql, [*self._pair, *values])]

    def _all(self, sql: str, values: list[object]) -> list[Mapping[str, object]]:
        return list(self.db.query(sql, values))

    def _one(self, sql: str, values: list[object]) -> Mapping[str, object] | None:
        return next(iter(self._all(sql, values)), None)


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(json.loads(dump(value)), ensure_ascii=False)
