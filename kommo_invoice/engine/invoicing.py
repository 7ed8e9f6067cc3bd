"""A run over deals: read, look, decide, act, write back; one deal's failure never stops others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kommo_invoice.domain.plan import Step, StepKind
from kommo_invoice.engine.client_pages import Links
from kommo_invoice.engine.crm_steps import crm_steps, unwritten
from kommo_invoice.engine.daily import Day
from kommo_invoice.engine.events import plan_event
from kommo_invoice.engine.evidence import LookAgain
from kommo_invoice.engine.gather import (
    Candidate,
    Options,
    candidate,
    later_issue,
    situation,
    wanted,
)
from kommo_invoice.engine.identify import Gone, highest_issue
from kommo_invoice.engine.outbox import Letter, Outbox
from kommo_invoice.engine.outcomes import CircuitOpen, Outcomes, Tally
from kommo_invoice.engine.planner import plan
from kommo_invoice.engine.runner import Doubt, Runner
from kommo_invoice.errors import (
    DealError,
    KinvError,
    LoginNeeded,
    LostAnswer,
    OutcomeUnknown,
    Temporary,
)
from kommo_invoice.ledger.rows import ClaimState, StepState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from kommo_invoice.books.base import Sighting
    from kommo_invoice.domain.deal import Deal
    from kommo_invoice.engine.session import Session
    from kommo_invoice.engine.situation import Plan
    from kommo_invoice.ledger.rows import ClaimRow

    Looked = tuple[Candidate, Sighting, datetime]

_ROUNDS = 5
"""How often one deal is decided anew in one run: for a second look, after a lost answer."""


class Invoicing:
    """Takes deals their whole way.

    Args:
        session: The run's tools.
        options: What the person asked for.
    """

    def __init__(self, session: Session, options: Options) -> None:
        self._session = session
        self._options = options
        self._outbox = Outbox(session)
        self._outcomes = Outcomes(session, send=options.send is not False)
        self._links = Links(session)
        self._day = Day(session)
        self._left: dict[int, None] = {}
        self._lost = False

    def run(self, ids: Sequence[int]) -> Tally:
        """Take the deals with those ids their whole way, and tell what happened.

        Raises:
            LoginNeeded: A token is refused; what was begun before is written back if it can be.
            Refused, Temporary: The CRM could not be read at all.
        """
        session = self._session
        ids = list(dict.fromkeys(ids))
        deals = session.crm.deals(ids, setup=session.crm_setup, want=session.want)
        for missing in set(ids) - {deal.id for deal in deals}:
            self._outcomes.failed(
                DealError(
                    f"there is no deal {missing} in {session.ledger.crm}",
                    hint="check the number in the deal's address in the CRM",
                    deal=missing,
                ),
                [missing],
            )
        self._left = dict.fromkeys(deal.id for deal in deals)
        try:
            for looked in self._looks(deals):
                self._take(looked)
                if self._outbox.full:
                    self._deliver()
        except LoginNeeded as error:
            self._outcomes.failed(error)
        except CircuitOpen as circuit:
            self._outcomes.stopped(circuit, self._left)
        self._deliver()
        self._outcomes.tell_held()
        return self._outcomes.tally

    # -- looking -----------------------------------------------------------------------------

    def _looks(self, deals: Sequence[Deal]) -> Iterator[Looked]:
        """Yield the deals with a first look at the books, which several of them share."""
        size = self._session.books.capabilities.look_batch
        for start in range(0, len(deals), size):
            # Only now, since the deals before may have made the customer of one of these.
            chunk = list(self._candidates(deals[start : start + size]))
            self._day.check_new(sum(each.is_new for each in chunk))
            looked_at = self._session.clock()
            try:
                sightings = self._session.books.look([each.look for each in chunk])
            except LoginNeeded:
                raise
            except KinvError as error:
                self._caught(error, [each.deal.id for each in chunk])
                continue
            for found, sighting in zip(chunk, sightings, strict=True):
                yield found, sighting, looked_at

    def _candidates(self, deals: Sequence[Deal]) -> Iterator[Candidate]:
        for deal in deals:
            try:
                yield candidate(self._session, deal, self._options)
            except DealError as error:
                self._caught(error, [deal.id])

    def _caught(self, error: KinvError, deals: Sequence[int], *, lost: bool = False) -> None:
        for deal in deals:
            self._left.pop(deal, None)
        self._outcomes.caught(error, deals, lost=lost)

    def _look(self, deal: Deal, *, issue: int | None = None, thorough: bool = False) -> Looked:
        """Look at the books anew for one deal."""
        found = candidate(self._session, deal, self._options, issue=issue, thorough=thorough)
        looked_at = self._session.clock()
        return found, self._session.books.look([found.look])[0], looked_at

    # -- one deal ----------------------------------------------------------------------------

    def _take(self, looked: Looked) -> None:
        deal = looked[0].deal
        self._lost = False
        try:
            issue = later_issue(looked[0], looked[1])
            if issue is not None:
                looked = self._look(deal, issue=issue)
            self._decide_and_act(deal, looked)
            self._left.pop(deal.id, None)
        except LoginNeeded:
            raise
        except KinvError as error:
            self._caught(error, [deal.id], lost=self._lost)

    def _decide_and_act(self, deal: Deal, looked: Looked) -> None:
        """Decide, show once, act; look again as long as something has to be found out."""
        session = self._session
        looks, shown = 1, False
        for round_ in range(1, _ROUNDS + 1):
            found = looked[0]
            s = situation(session, *looked, looks)
            try:
                decided = self._with_link(plan(s))
                if decided.creates_invoice:
                    session.books.check(decided.draft)
                on_deal, settled = crm_steps(decided, session.mapping, today=session.today)
            except LookAgain:
                looks += 1
                looked = self._look(deal, issue=found.claim.issue, thorough=True)
                continue
            except Gone:
                if self._options.again is None:
                    raise
                looked = self._next_issue(*looked[:2])
                continue
            if self._options.again is not None and round_ == 1:
                _check_again(decided)
            decided = replace(decided, settled=(*decided.settled, *settled))
            if not shown:
                self._show(found, decided, on_deal)
                shown = True
            if session.dry_run:
                return
            try:
                self._act(found, decided, on_deal)
            except LostAnswer:
                self._lost = True
            except Doubt:
                pass
            else:
                return
            looks = 1
            looked = self._look(deal, issue=found.claim.issue, thorough=True)
        raise Temporary(f"the books did not come to rest for {looked[0].reference}", deal=deal.id)

    def _with_link(self, decided: Plan) -> Plan:
        """Add the client's page to an invoice that was found, where the deal is to be told it."""
        if decided.invoice is None or not unwritten(decided):
            return decided
        return replace(decided, invoice=self._links.onto(decided.invoice))

    def _next_issue(self, found: Candidate, sighting: Sighting) -> Looked:
        """Close the claim whose invoice is gone, and look for the next issue."""
        session = self._session
        last = max(found.claim.issue, highest_issue(sighting.invoices, found.reference))
        if not session.dry_run:
            row = found.row or session.ledger.open_claim(found.claim, found.reference)
            session.ledger.set_claim(
                row, "reissued", state=ClaimState.CLOSED.value, reason=self._options.again
            )
        return self._look(found.deal, issue=last + 1)

    def _show(self, found: Candidate, decided: Plan, on_deal: tuple[Step, ...]) -> None:
        """Tell the plan, or that nothing is left to do."""
        steps = (*decided.steps, *on_deal)
        if not steps and not decided.settled and decided.hold is None:
            invoice = decided.invoice
            stored = found.row.content_hash if found.row else None
            fresh = found.fresh.content_hash() if found.fresh else stored
            changed = stored is not None and fresh != stored
            reason = f"already invoiced: {invoice.number} ({invoice.status})" if invoice else ""
            if changed:
                reason += "; the deal was changed after invoicing, the invoice stays as it is"
            self._outcomes.unchanged(found.deal.id, found.reference, reason=reason, changed=changed)
            return
        whole = replace(decided, notes=(*found.warnings, *decided.notes))
        self._session.reporter.emit(plan_event(whole, steps))
        if not self._session.dry_run:
            return
        self._outcomes.planned(hold=decided.hold is not None)
        comes_to = decided.comes_to
        if decided.creates_invoice:
            self._outcomes.made(comes_to.known, before_tax=comes_to.total is None)
        for step in steps:
            if step.kind is StepKind.CUSTOMER_CREATE:
                self._session.promised.setdefault(step.key, found.deal.id)

    def _act(self, found: Candidate, decided: Plan, on_deal: tuple[Step, ...]) -> None:
        """Do the plan: the books' side at once, the deal's side through the outbox."""
        if decided.creates_invoice:
            self._day.check_looked()
        session = self._session
        idle = not (decided.steps or on_deal or decided.settled) and decided.hold is None
        send = wanted(self._options, found.row)
        row = found.row or session.ledger.open_claim(found.claim, found.reference, send=send)
        if row.send != send:
            session.ledger.set_claim(row, "send" if send else "no-send", send=int(send))
        invoice = decided.invoice
        if invoice is not None and row.invoice_id != invoice.id:
            session.ledger.adopt(row, invoice, decided.draft, adopted=decided.adopted)
        if idle:
            if row.state is not ClaimState.DONE or row.error is not None:
                self._outcomes.finished(row, worked=False)
            return
        if row.state is ClaimState.DONE:
            session.ledger.set_claim(row, "reopened", state=ClaimState.OPEN.value)
        runner = Runner(session, decided, row)
        try:
            runner.run()
        finally:  # it counts as well where the answer to its e-mail is lost
            if runner.made and runner.invoice is not None:
                self._outcomes.made(runner.invoice.total)
        hold = decided.hold
        failure: KinvError | None = runner.mail_refused
        if runner.invoice is None:
            raise LookupError(f"{found.reference} has no invoice after its run")
        invoice = self._links.onto(runner.invoice)
        if hold is not None:
            self._leave_unknown(row, hold)
            failure = _unknown(hold, found.deal.id)
        self._outbox.add(
            Letter(
                deal=found.deal,
                row=row,
                invoice=invoice,
                steps={step.kind: step.key for step in on_deal},
                hold=failure is not None,
                failure=failure,
            )
        )

    def _leave_unknown(self, row: ClaimRow, why: str) -> None:
        step = self._session.ledger.steps_of(row).get(StepKind.INVOICE_SEND)
        if step is not None and step.state is StepState.INTENT:
            self._session.ledger.leave_unknown(row, step.key, why)

    def _deliver(self) -> None:
        """Flush the outbox and close the claims whose letters arrived."""
        together: dict[int, list[Letter]] = {}
        for letter in self._outbox.flush():
            failure = letter.error or letter.failure
            if failure is None:
                self._outcomes.finished(letter.row)
            else:
                together.setdefault(id(failure), []).append(letter)
        for letters in together.values():
            failure = letters[0].error or letters[0].failure
            if failure is not None:
                self._outcomes.failed(failure, [letter.deal.id for letter in letters])


def _check_again(decided: Plan) -> None:
    """Refuse ``--again`` while the invoice that is there still claims its money."""
    invoice, row = decided.invoice, decided.situation.row
    if invoice is not None and (row is None or row.state is ClaimState.DONE):
        raise DealError(
            f"invoice {invoice.number} is {invoice.status}: there is nothing to issue again",
            hint="void or delete it in the books first",
        )


def _unknown(hold: str, deal: int) -> OutcomeUnknown:
    return OutcomeUnknown(
        hold,
        hint=f"look in the books, then say it: `kinv ledger resolve --deal {deal} --sent` "
        "or `--send-again`",
        deal=deal,
    )
