"""The accounts' set-ups, cached, so that a run need not read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.ledger.database import write
from kommo_invoice.ledger.rows import when

if TYPE_CHECKING:
    from datetime import datetime

    from kommo_invoice.ledger.ledger import Ledger


class Setups:
    """The cached set-ups of a ledger's two accounts, and what else was read once, as JSON text.

    Args:
        ledger: The ledger.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._db = ledger.db
        self._clock = ledger.clock
        self._accounts = {"crm": f"crm:{ledger.crm}", "books": f"books:{ledger.books}"}
        self._keys = {
            **self._accounts,
            "references": f"references:{ledger.crm}/{ledger.books}",
            "day": f"day:{ledger.books}",
        }

    def get(self, side: str) -> tuple[datetime, str] | None:
        """Return what is kept under a name, and since when (UTC).

        Args:
            side: ``crm`` or ``books`` for a set-up, ``references``, or ``day``.
        """
        sql = "SELECT fetched_at, content FROM setups WHERE account = ?"
        row = next(iter(self._db.query(sql, [self._keys[side]])), None)
        fetched_at = when(str(row["fetched_at"])) if row else None
        return (fetched_at, str(row["content"])) if row and fetched_at else None

    def keep(self, side: str, content: str) -> None:
        """Keep what was read under one of these names."""
        row = {
            "account": self._keys[side],
            "fetched_at": self._clock().isoformat(),
            "content": content,
        }
        with write(self._db, "setup"):
            self._db.table("setups").upsert(row, pk="account")

    def forget(self) -> None:
        """Drop both set-ups, because a provider refused what they promised."""
        with write(self._db, "setup.forget"):
            self._db.execute(
                "DELETE FROM setups WHERE account IN (?, ?)", list(self._accounts.values())
            )
