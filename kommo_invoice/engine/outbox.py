"""The CRM outbox: fields, stage moves and tasks of many deals, flushed in batches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from kommo_invoice.crm.base import Want
from kommo_invoice.domain.plan import StepKind
from kommo_invoice.domain.writing import DealChange, TaskDraft, marker
from kommo_invoice.engine.crm_steps import deal_change
from kommo_invoice.engine.events import Event, Kind, stored
from kommo_invoice.engine.evidence import answer_lost, settles_at
from kommo_invoice.errors import DealError, KinvError, LostAnswer, Rejected
from kommo_invoice.mapping.views import InvoiceView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommo_invoice.domain.deal import Deal
    from kommo_invoice.domain.invoice import Invoice
    from kommo_invoice.engine.session import Session
    from kommo_invoice.ledger.rows import ClaimRow

_FRESH = timedelta(seconds=30)
"""How old a deal's reading may be when its stage is moved."""


@dataclass(slots=True)
class Letter:
    """What one deal gets, once its invoice stands.

    Args:
        steps: The CRM steps that are not done yet, with their keys.
        hold: The stage is not moved, because the e-mail is not proven.
        failure: What went wrong in the books, told once the letter is delivered.
        error: What went wrong with the letter itself.
    """

    deal: Deal
    row: ClaimRow
    invoice: Invoice
    steps: dict[StepKind, str]
    hold: bool = False
    failure: KinvError | None = None
    error: KinvError | None = None


@dataclass(frozen=True, slots=True)
class _Item:
    """One write of a batch; ``key`` is how a refusal names it: by deal, or by position."""

    letter: Letter
    values: DealChange | TaskDraft
    key: str

    def rekeyed(self, position: int) -> str:
        """Return the key at another position of the batch."""
        return self.key if isinstance(self.values, DealChange) else str(position)


class Outbox:
    """Collects letters and delivers them in batches."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._letters: list[Letter] = []

    def add(self, letter: Letter) -> None:
        """Commit a letter's steps as planned; they are delivered by ``flush``."""
        for kind, key in letter.steps.items():
            self._session.ledger.plan_step(letter.row, kind, key)
        self._letters.append(letter)

    @property
    def full(self) -> bool:
        """Whether one batch of the CRM is full."""
        return len(self._letters) >= self._session.crm.capabilities.batch

    def flush(self) -> list[Letter]:
        """Deliver what is in it and return the letters with what became of them.

        A failure that concerns all of a batch is put on each of its letters; nothing is lost,
        for what was not delivered is planned again by the next run.
        """
        letters, self._letters = self._letters, []
        if not letters:
            return []
        for deliver in (self._update, self._tasks):
            waiting = [letter for letter in letters if letter.error is None]
            try:
                deliver(waiting)
            except KinvError as error:
                for letter in waiting:
                    letter.error = letter.error or error
        return letters

    # -- fields and stages: repeatable -------------------------------------------------------

    def _update(self, letters: list[Letter]) -> None:
        letters = [each for each in letters if StepKind.DEAL_UPDATE in each.steps]
        self._refresh(letters)
        wanted: list[_Item] = []
        for letter in letters:
            try:
                change = self._change(letter)
            except DealError as error:
                letter.error = error
                continue
            if change.fields or change.stage:
                wanted.append(_Item(letter, change, str(letter.deal.id)))
            else:
                self._finish(letter, StepKind.DEAL_UPDATE, None)
        self._send(StepKind.DEAL_UPDATE, wanted)

    def _change(self, letter: Letter) -> DealChange:
        mark = f"{self._session.mark_prefix}{letter.invoice.id}"
        mapping = self._session.mapping
        return deal_change(mapping, letter.deal, self._view(letter), mark=mark, hold=letter.hold)

    def _refresh(self, letters: list[Letter]) -> None:
        """Read again the deals whose stage was read too long ago to be moved."""
        session = self._session
        old = [each for each in letters if session.clock() - each.deal.read_at > _FRESH]
        if not old:
            return
        ids = [letter.deal.id for letter in old]
        found = session.crm.deals(ids, setup=session.crm_setup, want=Want(contact=False))
        fresh = {deal.id: deal for deal in found}
        for letter in old:
            now = fresh.get(letter.deal.id)
            if now is not None:
                around = letter.deal
                letter.deal = replace(
                    now, contact=around.contact, company=around.company, products=around.products
                )

    # -- tasks: looked for before they are repeated ------------------------------------------

    def _tasks(self, letters: list[Letter]) -> None:
        wanted: list[_Item] = []
        for letter in letters:
            if StepKind.TASK_CREATE in letter.steps:
                reference = letter.row.reference
                draft = self._session.mapping.task(letter.deal, self._view(letter), reference)
                if draft is not None:
                    wanted.append(_Item(letter, draft, str(len(wanted))))
        try:
            self._send(StepKind.TASK_CREATE, wanted)
        except LostAnswer:
            for item in wanted:
                letter = item.letter
                self._session.ledger.lose(letter.row, letter.steps[StepKind.TASK_CREATE])
            for item in self._without_found(wanted):
                item.letter.error = self._waiting(item.letter)

    def _waiting(self, letter: Letter) -> KinvError:
        """Return the failure of a task whose answer was lost and which is not there yet."""
        session = self._session
        step = session.ledger.steps_of(letter.row)[StepKind.TASK_CREATE]
        until = settles_at(step, session.clock(), session.settle_s)
        return answer_lost(step, until, letter.deal.id)

    def _without_found(self, wanted: list[_Item]) -> list[_Item]:
        """Finish the tasks whose marker is there, and return the others."""
        tasks = self._session.crm.tasks([item.letter.deal.id for item in wanted]) if wanted else []
        missing = []
        for item in wanted:
            mark = marker(item.letter.row.reference)
            found = next((task for task in tasks if mark in task.text), None)
            if found is None:
                missing.append(item)
            else:
                self._finish(item.letter, StepKind.TASK_CREATE, found.id, found=True)
        return missing

    # -- the protocol: intent, call, outcome, for a whole batch ------------------------------

    def _send(self, kind: StepKind, wanted: list[_Item]) -> None:
        """Send one batch; what a refusal names is left out, and the rest is sent again."""
        while wanted:
            for item in wanted:
                letter = item.letter
                key = letter.steps[kind]
                self._session.ledger.begin(letter.row, kind, key, stored(item.values))
            try:
                ids = self._call(wanted)
            except Rejected as error:
                bad = [item for item in wanted if item.key in error.items]
                if not bad and len(wanted) > 1:
                    for item in wanted:
                        self._send(kind, [item])
                    return
                for item in bad or wanted:
                    self._refuse(item, kind, error.items.get(item.key, error.message))
                rest = [item for item in wanted if bad and item not in bad]
                wanted = self._without_found(rest) if kind is StepKind.TASK_CREATE else rest
                wanted = [replace(item, key=item.rekeyed(n)) for n, item in enumerate(wanted)]
                continue
            for item, provider_id in zip(wanted, ids, strict=True):
                self._finish(item.letter, kind, provider_id)
            return

    def _call(self, wanted: list[_Item]) -> Sequence[str | None]:
        changes = [item.values for item in wanted if isinstance(item.values, DealChange)]
        tasks = [item.values for item in wanted if isinstance(item.values, TaskDraft)]
        if tasks:
            return self._session.crm.create_tasks(tasks)
        self._session.crm.update_deals(changes)
        return [None] * len(changes)

    def _view(self, letter: Letter) -> InvoiceView:
        return InvoiceView.of(letter.invoice, letter.row.reference, self._session.today)

    def _finish(
        self, letter: Letter, kind: StepKind, provider_id: str | None, *, found: bool = False
    ) -> None:
        key = letter.steps[kind]
        self._session.ledger.finish(letter.row, key, provider_id=provider_id, found=found)
        state = "found" if found else "done"
        data = {"step": kind.value, "key": key, "state": state, "id": provider_id}
        event = Event(Kind.STEP, letter.deal.id, letter.row.reference, data)
        self._session.reporter.emit(event)

    def _refuse(self, item: _Item, kind: StepKind, reason: str) -> None:
        letter = item.letter
        self._session.ledger.refuse(letter.row, letter.steps[kind], reason)
        letter.error = DealError(
            f"invoice {letter.invoice.number} stands, but the CRM refused {kind}: {reason}",
            hint="correct the deal's field or the mapping, then "
            f"`kinv retry --deal {letter.deal.id}`",
            deal=letter.deal.id,
        )
