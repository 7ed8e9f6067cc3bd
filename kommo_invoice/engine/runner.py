"""The loop that acts: intent, call, outcome, for each of a plan's steps in the books."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from kommo_invoice.domain.draft import CustomerDraft, Draft, Mail
from kommo_invoice.domain.invoice import Invoice, Status
from kommo_invoice.domain.plan import Step, StepKind
from kommo_invoice.engine.compare import Otherwise, total_differences
from kommo_invoice.engine.events import Event, Kind, stored
from kommo_invoice.errors import (
    LoginNeeded,
    NotExecuted,
    RateLimited,
    Refused,
    Rejected,
    Temporary,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kommo_invoice.engine.session import Session
    from kommo_invoice.engine.situation import Plan, Settled
    from kommo_invoice.ledger.rows import ClaimRow, StepRow

_T = TypeVar("_T")


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
        self._customer_id = plan.customer_id
        self.invoice = plan.invoice
        self.mail_refused: Rejected | None = None

    def run(self) -> None:
        """Do the steps in order; ``invoice`` is the claim's invoice afterwards.

        An e-mail that is refused leaves an invoice that stands: ``mail_refused`` says why.

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
                    self._create_customer(step)
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
        self._tell(settled.kind, settled.key, "found", settled.found)

    # -- one method a kind, in the order of a deal's way -------------------------------------

    def _create_customer(self, step: Step) -> None:
        draft = _of(step, CustomerDraft)
        _, customer = self._attempt(
            step, lambda row: self._session.books.create_customer(draft, key=row.provider_key)
        )
        self._customer_id = customer.id
        self._done(step, customer.id, claim_values={"customer_id": customer.id})

    def _create_invoice(self, step: Step) -> None:
        draft = _of(step, Draft)
        customer_id = self._customer_id
        if customer_id is None:
            raise LookupError(f"{step.key} has no customer")
        begun, invoice = self._attempt(
            step,
            lambda row: self._session.books.create_invoice(
                draft, customer_id, key=row.provider_key
            ),
            draft=draft,
        )
        self.invoice = invoice
        self._done(
            step,
            invoice.id,
            invoice=invoice,
            claim_values={
                "invoice_id": invoice.id,
                "customer_id": customer_id,
                "adopted": 0,
            },
        )
        if begun.doubtful:
            raise Doubt
        wrong = total_differences(draft, invoice)
        if wrong:
            raise Otherwise(
                f"invoice {invoice.number} ({invoice.status}) came out otherwise than the deal: "
                f"{'; '.join(wrong)}; it was neither approved nor e-mailed",
                hint="correct the deal or the mapping (its tax, its item) and run it again: "
                "kinv replaces the draft",
            )

    def _delete(self, step: Step) -> None:
        invoice_id = _of(step, str)
        self._attempt(
            step, lambda row: self._session.books.delete(invoice_id, key=row.provider_key)
        )
        self._done(step, invoice_id)
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
            self._attempt(
                step, lambda row: self._session.books.approve(invoice.id, key=row.provider_key)
            )
        except Rejected as error:
            if self._approved_meanwhile(invoice):
                raise Doubt from error
            raise
        self.invoice = replace(invoice, status=Status.APPROVED)
        self._done(step, invoice.id, invoice=self.invoice)

    def _send(self, step: Step) -> None:
        invoice = self._made()
        mail = _of(step, Mail)
        try:
            self._attempt(
                step, lambda row: self._session.books.send(invoice.id, mail, key=row.provider_key)
            )
        except Rejected as error:
            self.mail_refused = error
            return
        self.invoice = replace(
            invoice, status=Status.SENT, sent=True, sent_at=self._session.clock()
        )
        self._done(step, invoice.id, invoice=self.invoice)

    # -- the protocol around every call ------------------------------------------------------

    def _attempt(
        self, step: Step, call: Callable[[StepRow], _T], *, draft: Draft | None = None
    ) -> tuple[StepRow, _T]:
        """Commit the intent, call, and record a refusal; a lost answer leaves the intent open.

        A request that surely had no effect is repeated once: Wave now and then does not know
        yet what it has just created (Wave sheet, section 9.1).
        """
        ledger = self._session.ledger
        values = stored(step.values)
        for last in (False, True):
            begun = ledger.begin(self._row, step.kind, step.key, values, draft=draft)
            try:
                return begun, call(begun)
            except NotExecuted as error:
                ledger.refuse(self._row, step.key, error.message)
                if last or isinstance(error, RateLimited):
                    raise
            except (Rejected, LoginNeeded, Refused) as error:
                ledger.refuse(self._row, step.key, error.message)
                raise
            except Temporary:
                ledger.lose(self._row, step.key)
                raise
        raise LookupError(step.key)

    def _done(
        self,
        step: Step,
        provider_id: str,
        *,
        invoice: Invoice | None = None,
        claim_values: Mapping[str, object] | None = None,
    ) -> None:
        self._session.ledger.finish(
            self._row,
            step.key,
            provider_id=provider_id,
            invoice=invoice,
            claim_values=claim_values,
        )
        self._tell(step.kind, step.key, "done", provider_id)

    def _approved_meanwhile(self, invoice: Invoice) -> bool:
        """Say whether somebody, or an earlier request of ours that came late, approved it."""
        (now,) = self._session.books.read([invoice.id])
        return now is not None and now.status is not Status.DRAFT

    def _made(self) -> Invoice:
        if self.invoice is None:
            raise LookupError(f"{self._row.reference} has no invoice yet")
        return self.invoice

    def _tell(self, kind: StepKind, key: str, state: str, provider_id: str | None) -> None:
        data: dict[str, object] = {
            "step": kind.value,
            "key": key,
            "state": state,
            "id": provider_id,
        }
        if self.invoice is not None:
            data["number"] = self.invoice.number
        deal = self._plan.situation.deal.id
        self._session.reporter.emit(Event(Kind.STEP, deal, self._row.reference, data))


def _of(step: Step, kind: type[_T]) -> _T:
    """Return a step's values, which its kind says the type of."""
    if not isinstance(step.values, kind):
        raise TypeError(f"{step.key} holds {type(step.values).__name__}, not {kind.__name__}")
    return step.values
