"""The loop that acts: intent, call, outcome, for each of a plan's steps in the books."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from kommo_invoice.books.base import Look, NameTaken, NumberTaken
from kommo_invoice.books.capabilities import Operation
from kommo_invoice.domain.claim import carries
from kommo_invoice.domain.draft import CustomerDraft, Draft, Mail
from kommo_invoice.domain.invoice import Invoice, Status
from kommo_invoice.domain.plan import Step, StepKind
from kommo_invoice.engine.compare import Otherwise, live_otherwise, total_differences
from kommo_invoice.engine.customers import NAMES, named_key, numbered, takes_name
from kommo_invoice.engine.events import Event, Kind, stored
from kommo_invoice.engine.evidence import look_later
from kommo_invoice.engine.gather import CLOCKS_APART
from kommo_invoice.engine.identify import number_is_anothers
from kommo_invoice.errors import (
    DealError,
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
        """Create the customer, under its first name that is free.

        A customer that has the name and may be the one that is meant is taken instead. Each name
        is a step of its own, so that a key never stands for two of them.

        Raises:
            DealError: The name is taken, and the mapping wants no other.
            Temporary: It may be taken by the customer whose making was held to be lost.
        """
        draft = _of(step, CustomerDraft)
        longest = self._session.books.capabilities.texts.customer_name
        for number in range(1, NAMES + 1):
            name = numbered(draft.name, number, longest)
            try:
                self._create_named(
                    Step(step.kind, named_key(step.key, number), replace(draft, name=name))
                )
            except NameTaken as error:
                if error.holder is None:
                    self._await_late(named_key(step.key, number), name)
                if not self._session.mapping.suffix_taken_names:
                    raise self._name_is_anothers(name, error) from error
            else:
                return
        raise DealError(
            f"all names from {draft.name!r} to {name!r} are taken in the books",
            hint="give the customer another name, or name one of them by [customer] id",
        )

    def _create_named(self, step: Step) -> None:
        draft = _of(step, CustomerDraft)
        found = False
        try:
            _, customer = self._attempt(
                step, lambda row: self._session.books.create_customer(draft, key=row.provider_key)
            )
        except NameTaken as error:
            capabilities = self._session.books.capabilities
            holder = error.holder
            if holder is None or not takes_name(holder, self._plan.draft, capabilities):
                raise
            customer, found = holder, True
        self._customer_id = customer.id
        self._done(step, customer.id, found=found, claim_values={"customer_id": customer.id})

    def _await_late(self, key: str, name: str) -> None:
        """Wait once more where who has the name may be what an earlier request made late.

        Lists lag, so it may not be seen yet; a second time it counts as somebody else.
        """
        session = self._session
        step = session.ledger.step(key)
        if step is None or not step.doubtful:
            return
        session.ledger.release(self._row, key, f"the name {name!r} is taken", lost=False)
        rule_s = session.books.capabilities.rule(Operation.CREATE_CUSTOMER).settle_s
        wait = timedelta(seconds=rule_s if session.settle_s is None else session.settle_s)
        raise look_later(
            f"the name {name!r} is taken, maybe by the customer whose making was lost, which is "
            "not to be seen yet",
            session.clock() + wait,
            self._plan.situation.deal.id,
        )

    def _name_is_anothers(self, name: str, error: NameTaken) -> DealError:
        books, holder = self._session.books.capabilities.name, error.holder
        if holder is None:
            whose = "somebody who is no customer"
        else:
            state = ", which is not active" if holder.archived else ""
            whose = f"customer {holder.id} ({holder.email or 'without an address'}){state}"
        return DealError(
            f"the name {name!r} is in {books} that of {whose}",
            hint="give the customer another name, name that one by [customer] id, or set "
            'on_name_taken = "suffix" in [customer]',
        )

    def _create_invoice(self, step: Step) -> None:
        draft = _of(step, Draft)
        customer_id = self._customer_id
        if customer_id is None:
            raise LookupError(f"{step.key} has no customer")
        doubtful, found = False, False
        try:
            begun, invoice = self._attempt(
                step,
                lambda row: self._session.books.create_invoice(
                    draft, customer_id, key=row.provider_key
                ),
                draft=draft,
            )
            doubtful = begun.doubtful
        except NumberTaken as error:
            invoice, found = self._of_that_number(draft, customer_id, error), True
        self.invoice = invoice
        self._done(
            step,
            invoice.id,
            found=found,
            invoice=invoice,
            claim_values={
                "invoice_id": invoice.id,
                "customer_id": invoice.customer_id,
                "adopted": 0,
            },
        )
        if doubtful:
            raise Doubt
        wrong = total_differences(draft, invoice)
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

    def _of_that_number(self, draft: Draft, customer_id: str, error: NumberTaken) -> Invoice:
        """Return the invoice that has the number that ours was to have, where it is ours.

        Raises:
            DealError: It is another's, or it is ours and does not stand any more.
            NumberTaken: No invoice is to be seen that has it.
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
        same = [each for each in seen.invoices if each.number == draft.number]
        for each in same:
            owner = self._session.ledger.owner_of(each.id)
            free = owner is None or owner.id == self._row.id
            if free and each.status.live and carries(each.references, reference):
                return each
        if not same:
            raise error
        raise number_is_anothers(same[0], deal.id) from error

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
        found: bool = False,
        invoice: Invoice | None = None,
        claim_values: Mapping[str, object] | None = None,
    ) -> None:
        self._session.ledger.finish(
            self._row,
            step.key,
            provider_id=provider_id,
            invoice=invoice,
            found=found,
            claim_values=claim_values,
        )
        self._tell(step.kind, step.key, "found" if found else "done", provider_id)

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
