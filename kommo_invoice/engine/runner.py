"""The loop that acts: intent, call, outcome, for each of a plan's steps in the books."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from kommo_invoice.books.base import Look, NumberTaken, Repeated
from kommo_invoice.books.capabilities import Operation
from kommo_invoice.books.matching import same_number
from kommo_invoice.domain.claim import carries
from kommo_invoice.domain.draft import Draft, Mail
from kommo_invoice.domain.invoice import Invoice, Status
from kommo_invoice.domain.plan import Step, StepKind
from kommo_invoice.engine.attempts import Attempts, values_of
from kommo_invoice.engine.compare import (
    Otherwise,
    live_otherwise,
    lost_in_making,
    total_differences,
)
from kommo_invoice.engine.evidence import look_later
from kommo_invoice.engine.identify import number_is_anothers
from kommo_invoice.engine.new_customer import NewCustomer
from kommo_invoice.engine.references import CLOCKS_APART
from kommo_invoice.errors import NotExecuted, RateLimited, Rejected

if TYPE_CHECKING:
    from kommo_invoice.engine.session import Session
    from kommo_invoice.engine.situation import Plan, Settled
    from kommo_invoice.errors import KinvError
    from kommo_invoice.ledger.rows import ClaimRow, StepRow


_ONE_MOMENT = timedelta(seconds=2)
"""Times of books have whole seconds."""


_WAITS = 5
"""How often an invoice is tried whose number is taken by one that lists do not show."""


class Doubt(Exception):
    """What was done may have been done twice: look before going on."""


class Runner:
    """Executes the books' side of one plan.

    Args:
        session: The run's tools.
        plan: What to do.
        row: The claim in the ledger.
    """

    def __init__(self, session: Session, plan: Plan, row: ClaimRow) -> None:
        self._session = session
        self._plan = plan
        self._row = row
        self._attempts = Attempts(session, row, plan.situation.deal.id)
        self._customers = NewCustomer(session, self._attempts, plan.draft)
        self._customer_id = plan.customer_id
        self.invoice = plan.invoice
        self.made = False
        self.mail_refused: KinvError | None = None

    def run(self) -> None:
        """Do the steps in order; ``invoice`` is the claim's invoice afterwards.

        ``made`` says, whatever is raised, whether it is new and as it was meant. An e-mail that is
        refused leaves an invoice that stands: ``mail_refused`` says why.

        Raises:
            Rejected: The provider refused a step; it is recorded so.
            LostAnswer: The intent stays open, to be looked for.
            Doubt: An invoice was made a second time after a lost answer, or is no longer as it
                was when it was looked at: look before going on.
            Otherwise: The invoice came out otherwise than the draft.
        """
        for settled in self._plan.settled:
            self.settle(settled)
        for step in self._plan.steps:
            match step.kind:
                case StepKind.CUSTOMER_CREATE:
                    self._customer_id = self._customers.make(step)
                case StepKind.INVOICE_CREATE:
                    self._create_invoice(step)
                case StepKind.INVOICE_DELETE:
                    self._delete(step)
                case StepKind.INVOICE_APPROVE:
                    self._approve(step)
                case StepKind.INVOICE_SEND:
                    self._send(step)

    def settle(self, settled: Settled) -> None:
        """Record what became of a step whose answer was lost."""
        ledger = self._session.ledger
        if settled.found is None:
            ledger.release(self._row, settled.key, "looked for twice and not there")
            return
        values: dict[str, object] = {}
        if settled.kind is StepKind.INVOICE_DELETE:
            ledger.finish(self._row, settled.key, provider_id=settled.found, found=True)
            self._replaced(settled.found)
            return
        if settled.kind is StepKind.CUSTOMER_CREATE:
            values = {"customer_id": settled.found}
        elif settled.kind is StepKind.INVOICE_CREATE:
            values = {"invoice_id": settled.found}
            self.made = True
        invoice = self.invoice if settled.kind.in_books else None
        ledger.plan_step(self._row, settled.kind, settled.key)  # a new ledger never began it
        ledger.finish(
            self._row,
            settled.key,
            provider_id=settled.found,
            invoice=invoice,
            found=True,
            claim_values=values,
        )
        self._attempts.tell(settled.kind, settled.key, "found", settled.found, invoice)

    # -- one method a kind, in the order of a deal's way -------------------------------------

    def _create_invoice(self, step: Step) -> None:
        draft = values_of(step, Draft)
        customer_id = self._customer_id
        if customer_id is None:
            raise LookupError(f"{step.key} has no customer")
        found, twice = False, False
        try:
            begun, invoice = self._attempts.make(
                step,
                lambda row: self._session.books.create_invoice(
                    draft, customer_id, key=row.provider_key
                ),
                draft=draft,
            )
            twice = self._is_old(invoice, begun)
        except Repeated as error:
            invoice, twice = error.invoice, True
        except NumberTaken as error:
            invoice, found = self._of_that_number(draft, customer_id, error), True
        self.invoice = invoice
        self._attempts.done(
            step,
            invoice.id,
            found=found,
            twice=twice,
            invoice=invoice,
            claim_values={
                "invoice_id": invoice.id,
                "customer_id": invoice.customer_id,
                "adopted": int(found),
            },
        )
        wrong = total_differences(draft, invoice)
        if invoice.status is Status.DRAFT:
            wrong = [*lost_in_making(draft, customer_id, invoice), *wrong]
        self.made = not (wrong or found)
        step_row = self._session.ledger.step(step.key)
        if found or (step_row is not None and step_row.doubtful):
            raise Doubt
        if wrong:
            came_out = (
                f"invoice {invoice.number} ({invoice.status}) came out otherwise than the deal: "
                f"{'; '.join(wrong)}"
            )
            if not self._session.books.capabilities.drafts:
                raise Otherwise(
                    f"{came_out}; it was not e-mailed",
                    hint=live_otherwise(self._plan.situation.deal.id),
                )
            raise Otherwise(
                f"{came_out}; it was neither approved nor e-mailed",
                hint="correct the deal or the mapping (its tax, its item) and run it again: "
                "kinv replaces the draft",
            )

    def _is_old(self, invoice: Invoice, begun: StepRow) -> bool:
        """Say whether a key was answered with what it had made before, for a ledger that is lost.

        The answer tells it as it was then, and it may have been mailed or taken back since.
        """
        keyed = self._session.books.capabilities.rule(Operation.CREATE_INVOICE).key is not None
        made, began = invoice.created_at, begun.intent_at
        if not keyed or made is None or began is None:
            return False
        return self._plan.situation.deal.created_at - CLOCKS_APART <= made < began - _ONE_MOMENT

    def _of_that_number(self, draft: Draft, customer_id: str, error: NumberTaken) -> Invoice:
        """Return the invoice that has the number that ours was to have, where it is ours.

        Raises:
            DealError: It is another's, or it is ours and does not stand any more.
            Temporary: None is to be seen that has it, as lists lag: it is looked at again.
            NumberTaken: None was to be seen for long.
        """
        deal, reference = self._plan.situation.deal, self._row.reference
        look = Look(
            customer_id=customer_id,
            reference=reference,
            order_text=draft.order_text,
            number=draft.number,
            since=deal.created_at - CLOCKS_APART,
            thorough=True,
        )
        (seen,) = self._session.books.look([look])
        same = [
            each
            for each in seen.invoices
            if same_number(each.number, draft.number) or carries(each.references, reference)
        ]
        for each in same:
            owner = self._session.ledger.owner_of(each.id)
            free = owner is None or owner.id == self._row.id
            ours = carries(each.references, reference) and each.customer_id == customer_id
            if free and each.status.live and ours:
                return each
        if not same:
            raise self._seen_later(draft, error)
        raise number_is_anothers(same[0], deal.id) from error

    def _seen_later(self, draft: Draft, error: NumberTaken) -> KinvError:
        """Return what to do about a number of ours whose invoice is not to be seen: wait for it."""
        situation, session = self._plan.situation, self._session
        step = session.ledger.step(situation.key(StepKind.INVOICE_CREATE))
        ours = draft.number is None or carries([draft.number], self._row.reference)
        if not ours or step is None or step.attempts > _WAITS:
            return error
        which = draft.number or self._row.reference
        why = f"the books have an invoice {which}, which is not to be seen yet"
        return look_later(
            why, session.clock() + session.settle_time(Operation.CREATE_INVOICE), situation.deal.id
        )

    def _delete(self, step: Step) -> None:
        invoice_id = values_of(step, str)
        self._attempts.make(
            step, lambda row: self._session.books.delete(invoice_id, key=row.provider_key)
        )
        self._attempts.done(step, invoice_id)
        if invoice_id == self._plan.replaces:
            self._replaced(invoice_id)

    def _replaced(self, invoice_id: str) -> None:
        """Free the claim of a draft that is deleted, so that it is made anew."""
        create = self._plan.situation.key(StepKind.INVOICE_CREATE)
        self._session.ledger.release(self._row, create, f"{invoice_id} is replaced", lost=False)
        self._session.ledger.set_claim(self._row, "replaced", invoice_id=None)

    def _approve(self, step: Step) -> None:
        invoice = self._made()
        try:
            self._attempts.make(
                step, lambda row: self._session.books.approve(invoice.id, key=row.provider_key)
            )
        except Rejected as error:
            if self._approved_meanwhile(invoice):
                raise Doubt from error
            raise
        self.invoice = replace(invoice, status=Status.APPROVED)
        self._attempts.done(step, invoice.id, invoice=self.invoice)

    def _send(self, step: Step) -> None:
        invoice = self._made()
        mail = values_of(step, Mail)
        try:
            self._attempts.make(
                step, lambda row: self._session.books.send(invoice.id, mail, key=row.provider_key)
            )
        except Rejected as error:
            self.mail_refused = error
            return
        except NotExecuted as error:
            if isinstance(error, RateLimited) or error.retry_at is None:
                raise
            self.mail_refused = error  # the day's mails are used up: the rest is done all the same
            return
        self.invoice = replace(
            invoice, status=Status.SENT, sent=True, sent_at=self._session.clock()
        )
        self._attempts.done(step, invoice.id, invoice=self.invoice)

    def _approved_meanwhile(self, invoice: Invoice) -> bool:
        """Say whether somebody, or an earlier request of ours that came late, approved it."""
        (now,) = self._session.books.read([invoice.id])
        return now is not None and now.status is not Status.DRAFT

    def _made(self) -> Invoice:
        if self.invoice is None:
            raise LookupError(f"{self._row.reference} has no invoice yet")
        return self.invoice
