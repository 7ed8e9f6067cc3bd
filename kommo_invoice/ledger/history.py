"""Runs and the audit trail: what was done when, and by which run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kommo_invoice.ledger.database import write
from kommo_invoice.ledger.rows import (
    AuditRow,
    ClaimRow,
    ClaimState,
    RunRow,
    audit_row,
    run_row,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from kommo_invoice.ledger.ledger import Ledger


class History:
    """The runs of a ledger's pair, and what they changed."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._db = ledger.db

    def start(self, run_id: str, command: str, pid: int) -> None:
        """Commit that a run began; what is written from now on carries its id."""
        with write(self._db, "run.start"):
            self._db.table("runs").insert(
                {
                    "id": run_id,
                    "command": command,
                    "crm": self._ledger.crm,
                    "books": self._ledger.books,
                    "pid": pid,
                    "started_at": self._ledger.clock().isoformat(),
                }
            )
        self._ledger.run_id = run_id

    def end(self, run_id: str, exit_code: int, summary: Mapping[str, int]) -> None:
        """Commit that a run finished, and how."""
        with write(self._db, "run.end"):
            self._db.table("runs").update(
                run_id,
                {
                    "finished_at": self._ledger.clock().isoformat(),
                    "exit_code": exit_code,
                    "summary": json.dumps(dict(summary)),
                },
            )

    def runs(self, limit: int = 5) -> list[RunRow]:
        """Return the latest runs, newest first."""
        rows = self._db.query(
            "SELECT * FROM runs WHERE crm = ? AND books = ? "
            "ORDER BY started_at DESC, rowid DESC LIMIT ?",
            [self._ledger.crm, self._ledger.books, limit],
        )
        return [run_row(row) for row in rows]

    def story(self, claims: list[ClaimRow]) -> list[AuditRow]:
        """Return the audit trail of claims, oldest first."""
        marks = ", ".join("?" for _ in claims)
        rows = self._db.query(
            f"SELECT * FROM audit WHERE claim_id IN ({marks}) ORDER BY id",
            [row.id for row in claims],
        )
        return [audit_row(row) for row in rows]

    def everything(self, since: datetime | None) -> Iterator[tuple[AuditRow, ClaimRow | None]]:
        """Yield the pair's audit trail with its claims, oldest first, from ``since`` (UTC) on."""
        claims = {row.id: row for row in self._ledger.claims_in(*ClaimState)}
        rows = self._db.query(
            "SELECT * FROM audit WHERE at >= ? ORDER BY id", [since.isoformat() if since else ""]
        )
        for row in map(audit_row, rows):
            if row.claim_id in claims:
                yield row, claims[row.claim_id]
