"""The interface of every CRM; ``crm/capabilities.py`` says what each one can do.

Providers are thin and alike: methods stand in this order, they turn domain into wire and back and
map errors, and they hold no clock, no retries and no decisions. Lists that a provider answers are
checked row by row against what was asked, since CRMs drop filters that they do not understand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kommo_invoice.domain.deal import CrmSetup

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from kommo_invoice.crm.capabilities import CrmCapabilities
    from kommo_invoice.domain.deal import CrmAccount, Deal, Stage
    from kommo_invoice.domain.fields import FieldDef, FieldDraft
    from kommo_invoice.domain.writing import DealChange, Note, NoteDraft, Task, TaskDone, TaskDraft


__all__ = ["Crm", "CrmSetup", "Want"]


@dataclass(frozen=True, slots=True)
class Want:
    """Which parts around a deal the mapping needs; what is not needed is not read."""

    contact: bool = True
    company: bool = False
    products: bool = False


class Crm(Protocol):
    """One CRM account."""

    capabilities: CrmCapabilities

    def accounts(self) -> list[CrmAccount]:
        """Return the accounts that the token may use."""

    def setup(self, *, entities: Sequence[str] = ("deal",), users: bool = False) -> CrmSetup:
        """Return the account, its pipelines, the fields of ``entities``, and its users if asked.

        Raises:
            LoginNeeded, Refused, Temporary: as every method.
        """

    def create_fields(self, fields: Sequence[FieldDraft]) -> list[FieldDef]:
        """Create custom fields of deals and return them in order; not repeatable.

        Raises:
            Refused: The token's user is no administrator.
            Rejected, LostAnswer: As for tasks; their codes tell which exist.
        """

    def deals(self, ids: Sequence[int], *, setup: CrmSetup, want: Want) -> list[Deal]:
        """Return the deals with those ids, in that order; ids that do not exist are left out."""

    def deals_in(
        self, stages: Sequence[Stage], *, setup: CrmSetup, want: Want, since: datetime | None = None
    ) -> Iterator[Deal]:
        """Yield the deals that stand in one of the stages, by id; ``since`` bounds their change."""

    def update_deals(self, changes: Sequence[DealChange]) -> None:
        """Set fields and stages of up to ``capabilities.batch`` deals; repeatable.

        Raises:
            Rejected: With ``items`` (deal id as text -> reason): nothing of the batch was written.
        """

    def tasks(self, deals: Sequence[int]) -> list[Task]:
        """Return all tasks of the deals, the completed ones too."""

    def create_tasks(self, tasks: Sequence[TaskDraft]) -> list[str]:
        """Create up to ``capabilities.batch`` tasks; return their ids in order; not repeatable.

        Raises:
            Rejected: With ``items`` (position in ``tasks`` as text -> reason): nothing was written.
            LostAnswer: They may exist: look for the marker before repeating.
        """

    def close_tasks(self, tasks: Iterable[TaskDone]) -> None:
        """Complete tasks with a result text; repeatable."""

    def notes(self, deal: int) -> list[Note]:
        """Return the deal's plain notes, newest first."""

    def create_notes(self, notes: Sequence[NoteDraft]) -> list[str]:
        """Create notes and return their ids in the same order; not repeatable.

        Raises:
            Rejected, LostAnswer: As for tasks.
        """
