"""The protocol around every write in the books: intent, call, outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

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

    from kommo_invoice.domain.draft import Draft
    from kommo_invoice.domain.invoice import Invoice
    from kommo_invoice.domain.plan import Step, StepKind
    from kommo_invoice.engine.session import Session
    from kommo_invoice.ledger.rows import ClaimRow, StepRow

_T = TypeVar("_T")


class Attempts:
    """Does one claim's steps in the books.

    Args:
        session: The run's tools.
        row: The claim in the ledger.
        deal: Its deal.
    """

    def __init__(self, session: Session, row: ClaimRow, deal: int) -> None:
        self._session = session
        self.row = row
        self.deal = deal

    def make(
        self, step: Step, call: Callable[[StepRow], _T], *, draft: Draft | None = None
    ) -> tuple[StepRow, _T]:
        """Commit the intent, call, and record a refusal; a lost answer leaves the intent open.

        A request that surely had no effect is repeated once: books now and then do not know yet
        what they have just created (Wave sheet, section 9.1).

        Args:
            step: What is done.
            call: Does it, given the step as it stands in the ledger.
            draft: The invoice, to be kept with the intent of making it.

        Returns:
            The step as it was begun, and what the call returned.

        Raises:
            Rejected, LoginNeeded, Refused: It was not done, and is recorded so.
            Temporary: It was not done; a lost answer leaves the intent open.
        """
        ledger = self._session.ledger
        values = stored(step.values)
        for last in (False, True):
            begun = ledger.begin(self.row, step.kind, step.key, values, draft=draft)
            try:
                return begun, call(begun)
            except NotExecuted as error:
                ledger.refuse(self.row, step.key, error.message)
                if last or isinstance(error, RateLimited) or error.retry_at is not None:
                    raise
            except (Rejected, LoginNeeded, Refused) as error:
                ledger.refuse(self.row, step.key, error.message)
                raise
            except Temporary:
                ledger.lose(self.row, step.key)
                raise
        raise LookupError(step.key)

    def done(
        self,
        step: Step,
        provider_id: str,
        *,
        found: bool = False,
        twice: bool = False,
        invoice: Invoice | None = None,
        claim_values: Mapping[str, object] | None = None,
    ) -> None:
        """Record that a step is done, with what the claim is from now on.

        Args:
            step: The step.
            provider_id: The id of what it made, or changed.
            found: Whether it was there already.
            twice: Whether an earlier try may have had the same effect.
            invoice: The claim's invoice as it is now.
            claim_values: What changes of the claim.
        """
        self._session.ledger.finish(
            self.row,
            step.key,
            provider_id=provider_id,
            invoice=invoice,
            found=found,
            twice=twice,
            claim_values=claim_values,
        )
        self.tell(step.kind, step.key, "found" if found else "done", provider_id, invoice)

    def tell(
        self, kind: StepKind, key: str, state: str, provider_id: str, invoice: Invoice | None
    ) -> None:
        """Tell what became of a step."""
        data: dict[str, object] = {
            "step": kind.value,
            "key": key,
            "state": state,
            "id": provider_id,
        }
        if invoice is not None:
            data["number"] = invoice.number
        self._session.reporter.emit(Event(Kind.STEP, self.deal, self.row.reference, data))


def values_of(step: Step, kind: type[_T]) -> _T:
    """Return a step's values, which its kind says the type of.

    Raises:
        TypeError: They are of another type.
    """
    if not isinstance(step.values, kind):
        raise TypeError(f"{step.key} holds {type(step.values).__name__}, not {kind.__name__}")
    return step.values
