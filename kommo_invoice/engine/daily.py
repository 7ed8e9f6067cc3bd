"""The requests of a day, where the books count them: a run that would not fit stops in time."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from kommo_invoice.engine.outcomes import CircuitOpen
from kommo_invoice.errors import RateLimited
from kommo_invoice.ledger.setups import Setups

if TYPE_CHECKING:
    from kommo_invoice.engine.session import Session

TO_LOOK, TO_ACT = 2, 4
"""Requests that a deal may take: two looks; its customer, its invoice, its mail, a look more."""

_REMEMBERED = timedelta(hours=1)
"""Then the books are asked again: the limit may have been raised."""

_KEPT = "day"


class Day:
    """What is left of the books' day.

    A day that was found to be over is remembered, so that frequent runs do not eat what is left.

    Args:
        session: The run's tools.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._setups = Setups(session.ledger)

    @cached_property
    def _over_until(self) -> datetime | None:
        """Until when an earlier run found the day to be over (UTC)."""
        kept = self._setups.get(_KEPT)
        return datetime.fromisoformat(kept[1]) if kept else None

    def check_new(self, deals: int) -> None:
        """Return only where deals may be begun.

        Args:
            deals: How many.

        Raises:
            CircuitOpen: There are too few requests left for them.
        """
        if not deals:
            return
        until = self._over_until
        if until is not None and self._session.clock() < until:
            raise CircuitOpen(self._used_up("has too few requests left today", until))
        self._check(deals * (TO_LOOK + TO_ACT))

    def check_looked(self) -> None:
        """Return only where a deal that was looked at may be acted on.

        Raises:
            CircuitOpen: There are too few requests left for it.
        """
        self._check(TO_ACT)

    def _check(self, needed: int) -> None:
        budget = self._session.books.budget
        if budget is None or budget.remaining >= needed:
            return
        if budget.resets_at is not None and not self._session.dry_run:
            until = min(budget.resets_at, self._session.clock() + _REMEMBERED)
            self._setups.keep(_KEPT, until.isoformat())
        of_all = f" of {budget.limit}" if budget.limit is not None else ""
        why = f"has {budget.remaining}{of_all} requests left today, too few to go on"
        raise CircuitOpen(self._used_up(why, budget.resets_at))

    def _used_up(self, why: str, until: datetime | None) -> RateLimited:
        name = self._session.books.capabilities.name
        rest = f" until {until:%Y-%m-%d %H:%M} UTC" if until else ""
        return RateLimited(
            f"{name} {why}: the rest waits{rest}",
            hint="run it again then, or have the provider raise the daily limit",
            retry_at=until,
        )
