"""Which of a CRM account's references stand in the books, learnt in one walk through the latest.

Some books find a reference only by a request of its own. A deal that this ledger never began, and
that had no invoice when the walk was made, needs none: a walk is for an hour, a look for a deal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from kommo_invoice.books.capabilities import Operation
from kommo_invoice.domain.claim import base_reference, references_in
from kommo_invoice.ledger.rows import dump
from kommo_invoice.ledger.setups import Setups

if TYPE_CHECKING:
    from kommo_invoice.domain.invoice import Invoice
    from kommo_invoice.engine.session import Session

WALKED_FOR = timedelta(hours=1)
"""How long a walk counts: another machine, or a ledger before its copy was taken, may do more."""

CLOCKS_APART = timedelta(hours=1)
"""How far the CRM's, the books' and our clocks are taken to be apart at most."""

_MOST = 400
"""Invoices that a walk takes; for deals that are older than these the books are asked each time."""

_KEPT = "references"


@dataclass(frozen=True, slots=True)
class Walk:
    """What was found.

    Args:
        begun: When this ledger's first walk was made (UTC).
        at: When the last one was.
        covers: Every invoice that is not older than this was seen (UTC); all where it is None.
        references: The base reference of each that carries one of this CRM account.
    """

    begun: datetime
    at: datetime
    covers: datetime | None
    references: frozenset[str]


class References:
    """Answers whether a claim may have an invoice that this ledger did not make.

    Args:
        session: The run's tools.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._walk: Walk | None = None

    def may_stand(self, reference: str, since: datetime) -> bool:
        """Say whether the books may hold an invoice of the claim, by whichever ledger.

        Args:
            reference: The claim's name in the books.
            since: Its deal is not older (UTC), and so is no invoice of it.
        """
        if not self._session.books.capabilities.looks_apart:
            return True
        if self._walk is None:
            self._walk = self._walked()
        seen = self._walk.covers is None or self._walk.covers <= since - CLOCKS_APART
        return not seen or base_reference(reference) in self._walk.references

    def _walked(self) -> Walk:
        session = self._session
        now = session.clock()
        setups = Setups(session.ledger)
        before = _loaded(setups)
        if before is not None and self._counts(before, now):
            return before
        walk = self._over(before, now)
        if not session.dry_run:
            setups.keep(_KEPT, dump(walk))
        return walk

    def _counts(self, walk: Walk, now: datetime) -> bool:
        """Say whether a walk is young enough, and made when lists showed what there was before."""
        settled = walk.begun + self._session.settle_time(Operation.CREATE_INVOICE)
        lagged = walk.at < settled <= now
        return timedelta() <= now - walk.at <= WALKED_FOR and not lagged

    def _over(self, before: Walk | None, now: datetime) -> Walk:
        """Walk over what was made since the walk before, newest first."""
        since = None if before is None else before.at - CLOCKS_APART
        seen = list(islice(self._session.books.latest(since), _MOST))
        found = frozenset(each for invoice in seen for each in self._ours(invoice))
        if len(seen) < _MOST:  # to the end
            covers = None if before is None else before.covers
            known = found if before is None else before.references | found
        else:
            covers, known = seen[-1].created_at or now, found
        return Walk(before.begun if before else now, now, covers, known)

    def _ours(self, invoice: Invoice) -> list[str]:
        namer = self._session.namer
        every = references_in(invoice.references)
        return [base_reference(each) for each in every if namer.deal_of(each) is not None]


def _loaded(setups: Setups) -> Walk | None:
    from pydantic import TypeAdapter, ValidationError

    found = setups.get(_KEPT)
    if found is None:
        return None
    try:
        return TypeAdapter(Walk).validate_json(found[1])
    except ValidationError:
        return None
