"""Which of a CRM account's references stand in the books, learnt in one walk through them.

Some books find a reference only by a request of its own. A deal that this ledger never began, and
that had no invoice when the walk was made, needs none: the walk comes once, a request a deal never.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kommo_invoice.domain.claim import base_reference, references_in
from kommo_invoice.ledger.rows import dump
from kommo_invoice.ledger.setups import Setups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommo_invoice.engine.session import Session

WALKED_FOR = timedelta(days=1)
"""How long a walk counts: a ledger that is restored from an older copy learns what it missed."""

_OVERLAP = timedelta(minutes=10)
_KEPT = "references"


@dataclass(frozen=True, slots=True)
class Walk:
    """What was found.

    Args:
        at: When it was made (UTC).
        references: The base reference of each invoice that carries one of this CRM account.
    """

    at: datetime
    references: frozenset[str]


class References:
    """Answers whether a claim may have an invoice that this ledger did not make.

    Args:
        session: The run's tools.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._walk: Walk | None = None

    def may_stand(self, reference: str) -> bool:
        """Say whether the books may hold an invoice of the claim, by whichever ledger."""
        if not self._session.books.capabilities.looks_apart:
            return True
        if self._walk is None:
            self._walk = self._walked()
        return base_reference(reference) in self._walk.references

    def _walked(self) -> Walk:
        session = self._session
        now = session.clock()
        setups = Setups(session.ledger)
        before = _loaded(setups)
        if before is not None and now - before.at <= WALKED_FOR:
            return before
        since = before.at - _OVERLAP if before else None
        known = before.references if before else frozenset()
        walk = Walk(now, known.union(self._standing(since)))
        if not session.dry_run:
            setups.keep(_KEPT, dump(walk))
        return walk

    def _standing(self, since: datetime | None) -> Iterator[str]:
        namer = self._session.namer
        for invoice in self._session.books.ours(namer.prefix, since):
            for each in references_in(invoice.references):
                if namer.deal_of(each) is not None:
                    yield base_reference(each)


def _loaded(setups: Setups) -> Walk | None:
    from pydantic import TypeAdapter, ValidationError

    found = setups.get(_KEPT)
    if found is None:
        return None
    try:
        return TypeAdapter(Walk).validate_json(found[1])
    except ValidationError:
        return None
