"""What became of the deals of a run: told, counted, kept with the claim."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from kommo_invoice.domain.claim import Claim
from kommo_invoice.domain.plain import plain
from kommo_invoice.engine.checks import NotSetUp
from kommo_invoice.engine.compare import Otherwise
from kommo_invoice.engine.events import Event, Kind, error_event
from kommo_invoice.errors import (
    ExitCode,
    KinvError,
    RateLimited,
    Refused,
    Rejected,
    Temporary,
    worst,
)
from kommo_invoice.ledger.rows import ClaimState
from kommo_invoice.ledger.setups import Setups
from kommo_invoice.mapping.evaluate import NotPossible
from kommo_invoice.mapping.scope import NotThere
from kommo_invoice.redact import mask

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    """One provider failed so often in a row that the others would fail alike.

    Args:
        error: The last failure.
    """

    def __init__(self, error: KinvError) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(slots=True)
class Tally:
    """What a run came to.

    Args:
        codes: The exit code of each deal that failed.
        counts: Deals by what became of them.
        totals: Minor units of the invoices made (planned, in a preview), by currency.
        before_tax: Whether the books will add to planned ones a tax that they alone know.
    """

    codes: list[ExitCode] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    totals: Counter[str] = field(default_factory=Counter)
    before_tax: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """The run's one exit code."""
        return worst(self.codes)


class Outcomes:
    """Takes what happens to deals.

    A provider's failures are held back until it is known whether it fails alone (each is told)
    or for good: then the outage is told once, and costs no deal an attempt.

    Args:
        session: The run's tools.
        send: Whether claims that are opened for a failure are to be e-mailed in the end.
    """

    def __init__(self, session: Session, *, send: bool = True) -> None:
        self._session = session
        self._send = send
        self._failures_in_a_row = 0
        self._held: list[tuple[KinvError, list[int]]] = []
        self.tally = Tally()

    def made(self, total: Money, *, before_tax: bool = False) -> None:
        """Count an invoice that was made, or that a preview plans.

        Args:
            total: What it comes to.
            before_tax: Whether the books will add a tax that they alone know.
        """
        self.tally.totals[total.currency] += total.minor
        self.tally.before_tax |= before_tax

    def planned(self, *, hold: bool) -> None:
        """Count a deal of a preview; ``hold`` when its run would end unknown."""
        self.tell_held()
        self.tally.counts["planned"] += 1
        if hold:
            self.tally.codes.append(ExitCode.UNKNOWN)

    def unchanged(self, deal: int, claim: str, *, reason: str, changed: bool) -> None:
        """Tell that nothing was left to do for a deal."""
        self.tell_held()
        self.tally.counts["unchanged"] += 1
        data = {"reason": reason, "changed": changed}
        self._session.reporter.emit(Event(Kind.SKIP, deal, claim, data))

    def finished(self, row: ClaimRow, *, worked: bool = True) -> None:
        """Close a claim whose every step is done.

        Args:
            row: The claim.
            worked: Whether this run did something for it; else it is counted as unchanged already.
        """
        self.tell_held()
        if worked:
            self.tally.counts["invoiced"] += 1
        self._session.ledger.set_claim(
            row,
            "finished",
            state=ClaimState.DONE.value,
            error=None,
            exit_code=None,
            next_try_at=None,
        )

    def failed(
        self, error: KinvError, deals: Sequence[int] = (), row: ClaimRow | None = None
    ) -> None:
        """Tell a failure once, and keep it with the claims of its deals.

        Args:
            error: What happened.
            deals: Whom it happened to; none for the whole run.
            row: The claim, where it is known and the deal is one.
        """
        rows = {deal: row or self._row_of(deal) for deal in deals}
        outdated = isinstance(error, (Rejected, NotSetUp, NotThere, Otherwise))
        if outdated and not self._session.dry_run:
            Setups(self._session.ledger).forget()
        self._tell(error, deals, next(iter(rows.values())) if len(rows) == 1 else None)
        for each in rows.values():
            if each is not None and not self._session.dry_run:
                self._keep(error, each)

    def caught(self, error: KinvError, deals: Sequence[int], *, lost: bool = False) -> None:
        """Take a failure of deals, and open their claims, so that it is not forgotten.

        Args:
            error: What happened.
            deals: Whom it happened to.
            lost: It follows a lost answer of this run.

        Raises:
            CircuitOpen: It is one too many in a row of those that a provider's state causes, or
                the provider wants to be left alone for longer.
        """
        outage = _is_outage(error)
        if outage:
            self._held.append((error, list(deals)))
        else:
            if not lost:
                self.tell_held()
            self._open(deals, error)
            self.failed(error, deals)
        if outage or lost:
            self._failures_in_a_row += 1
            long = outage and isinstance(error, Temporary) and error.retry_at is not None
            if long or self._failures_in_a_row >= _CIRCUIT:
                raise CircuitOpen(error)

    def tell_held(self) -> None:
        """Tell the failures that were held back: the provider answers again, or the run ends."""
        self._failures_in_a_row = 0
        held, self._held = self._held, []
        for error, deals in held:
            self._open(deals, error)
            self.failed(error, deals)

    def stopped(self, circuit: CircuitOpen, rest: Iterable[int]) -> None:
        """Tell an outage once; the deals that it hit or kept from being tried only wait.

        Args:
            circuit: What stopped the run.
            rest: The deals that were not come to.
        """
        error = circuit.error
        waiting = [deal for _, deals in self._held for deal in deals]
        waiting += [deal for deal in rest if deal not in waiting]
        self._held = []
        self._tell(error, waiting, None)
        self._open(waiting, error)
        for deal in waiting:
            row = self._row_of(deal)
            if row is not None and not self._session.dry_run:
                self._keep(error, row, attempted=False)

    def _tell(self, error: KinvError, deals: Sequence[int], row: ClaimRow | None) -> None:
        deal = deals[0] if len(deals) == 1 else None
        event = error_event(error, deal, row.reference if row else None)
        if len(deals) > 1:
            message = f"{error.message} ({len(deals)} deals)"
            event = replace(event, data={**event.data, "message": message, "deals": list(deals)})
        self._session.reporter.emit(event)
        self.tally.codes.append(error.exit_code)
        if deals:
            self.tally.counts[_COUNTED.get(error.exit_code, "failed")] += len(deals)

    def _open(self, deals: Iterable[int], error: KinvError) -> None:
        if self._session.dry_run or isinstance(error, NotPossible):
            return
        for deal in deals:
            if self._row_of(deal) is None:
                claim = Claim(account=self._session.ledger.crm, deal=deal)
                reference = self._session.namer.reference(claim)
                self._session.ledger.open_claim(claim, reference, send=self._send)

    def _row_of(self, deal: int) -> ClaimRow | None:
        rows = [row for row in self._session.ledger.claims_of(deal) if not row.claim.period]
        return rows[-1] if rows else None

    def _keep(self, error: KinvError, row: ClaimRow, *, attempted: bool = True) -> None:
        ended = row.state in {ClaimState.DONE, ClaimState.CLOSED}
        state = row.state if ended else _STATES.get(error.exit_code, ClaimState.FAILED)
        attempts = row.attempts + attempted
        minutes = (*_RETRY_MINUTES, _THEN_MINUTES)[min(max(attempts - 1, 0), len(_RETRY_MINUTES))]
        retry_at = error.retry_at if isinstance(error, Temporary) else None
        due = retry_at or self._session.clock() + timedelta(minutes=minutes)
        self._session.ledger.set_claim(
            row,
            "failed",
            state=state.value,
            error=mask(error.message),
            exit_code=int(error.exit_code),
            attempts=attempts,
            next_try_at=None if ended else plain(due),
        )


def _is_outage(error: KinvError) -> bool:
    """Say whether it is the provider that fails, and not this deal."""
    if isinstance(error, Temporary):
        # A deal that kinv itself lets wait is named; a provider that asks to wait names none.
        return error.retry_at is None or isinstance(error, RateLimited) or error.deal is None
    return isinstance(error, Refused)
