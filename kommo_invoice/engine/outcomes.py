"""What became of the deals of a run: told, counted, kept with the claim."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from kommo_invoice.domain.claim import Claim
from kommo_invoice.domain.plain import plain
from kommo_invoice.engine.events import Event, Kind, error_event
from kommo_invoice.errors import ExitCode, KinvError, Refused, Rejected, Temporary, worst
from kommo_invoice.ledger.rows import ClaimState
from kommo_invoice.mapping.evaluate import NotPossible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kommo_invoice.domain.money import Money
    from kommo_invoice.engine.session import Session
    from kommo_invoice.ledger.rows import ClaimRow

_CIRCUIT = 5
"""Failures of a provider in a row after which a run stops: an outage is told once."""

_RETRY_MINUTES = (1, 5, 30)
_THEN_MINUTES = 60

_STATES = {ExitCode.TEMPORARY: ClaimState.OPEN, ExitCode.UNKNOWN: ClaimState.UNKNOWN}
_COUNTED = {ExitCode.TEMPORARY: "waiting", ExitCode.UNKNOWN: "unknown"}


class CircuitOpen(Exception):
    """One provider failed so often in a row that the others would fail alike."""


@dataclass(slots=True)
class Tally:
    """What a run came to.

    Args:
        codes: The exit code of each deal that failed.
        counts: Deals by what became of them.
        totals: Minor units of the invoices made (planned, in a preview), by currency.
    """

    codes: list[ExitCode] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    totals: Counter[str] = field(default_factory=Counter)

    @property
    def exit_code(self) -> ExitCode:
        """The run's one exit code."""
        return worst(self.codes)


class Outcomes:
    """Takes what happens to deals.

    Args:
        session: The run's tools.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._failures_in_a_row = 0
        self.tally = Tally()

    def made(self, total: Money) -> None:
        """Count an invoice that was made, or that a preview plans."""
        self.tally.totals[total.currency] += total.minor

    def planned(self, *, hold: bool) -> None:
        """Count a deal of a preview; ``hold`` when its run would end unknown."""
        self.tally.counts["planned"] += 1
        if hold:
            self.tally.codes.append(ExitCode.UNKNOWN)

    def unchanged(self, deal: int, claim: str, *, reason: str, changed: bool) -> None:
        """Tell that nothing was left to do for a deal."""
        self._failures_in_a_row = 0
        self.tally.counts["unchanged"] += 1
        data = {"reason": reason, "changed": changed}
        self._session.reporter.emit(Event(Kind.SKIP, deal, claim, data))

    def finished(self, row: ClaimRow) -> None:
        """Close a claim whose every step is done."""
        self._failures_in_a_row = 0
        self.tally.counts["invoiced"] += 1
        self._session.ledger.set_claim(
            row,
            "finished",
            state=ClaimState.DONE.value,
            error=None,
            exit_code=None,
            next_try_at=None,
        )

    def failed(self, error: KinvError, deal: int | None, row: ClaimRow | None = None) -> None:
        """Tell a failure, and keep it with the deal's claim if it has one."""
        row = row or (self._row_of(deal) if deal is not None else None)
        claim = row.reference if row else None
        if isinstance(error, Rejected) and not self._session.dry_run:
            self._session.ledger.forget_setups()
        self._session.reporter.emit(error_event(error, deal, claim))
        self.tally.codes.append(error.exit_code)
        if deal is not None:
            self.tally.counts[_COUNTED.get(error.exit_code, "failed")] += 1
        if row is not None and not self._session.dry_run:
            self._keep(error, row)

    def caught(self, error: KinvError, deals: Iterable[int]) -> None:
        """Take a failure of deals, and open their claims, so that it is not forgotten.

        Raises:
            CircuitOpen: It is one too many in a row of those that a provider's state causes.
        """
        for deal in deals:
            self.failed(error, deal, self._opened(deal, error))
        if isinstance(error, Refused) or (isinstance(error, Temporary) and not error.retry_at):
            self._failures_in_a_row += 1
            if self._failures_in_a_row >= _CIRCUIT:
                raise CircuitOpen

    def _opened(self, deal: int, error: KinvError) -> ClaimRow | None:
        if self._session.dry_run or isinstance(error, NotPossible) or self._row_of(deal):
            return None
        claim = Claim(account=self._session.ledger.crm, deal=deal)
        return self._session.ledger.open_claim(claim, self._session.namer.reference(claim))

    def _row_of(self, deal: int) -> ClaimRow | None:
        rows = [row for row in self._session.ledger.claims_of(deal) if not row.claim.period]
        return rows[-1] if rows else None

    def _keep(self, error: KinvError, row: ClaimRow) -> None:
        state = _STATES.get(error.exit_code, ClaimState.FAILED)
        if row.state in {ClaimState.DONE, ClaimState.CLOSED}:
            state = row.state
        attempts = row.attempts + 1
        minutes = _RETRY_MINUTES[attempts - 1] if attempts <= len(_RETRY_MINUTES) else _THEN_MINUTES
        retry_at = error.retry_at if isinstance(error, Temporary) else None
        self._session.ledger.set_claim(
            row,
            "failed",
            state=state.value,
            error=error.message,
            exit_code=int(error.exit_code),
            attempts=attempts,
            next_try_at=plain(retry_at or self._session.clock() + timedelta(minutes=minutes)),
        )
