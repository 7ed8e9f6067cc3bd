"""Everything that is known about one claim before it is decided what to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kommo_invoice.domain.plan import Step, StepKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from kommo_invoice.books.base import Sighting
    from kommo_invoice.books.capabilities import BooksCapabilities
    from kommo_invoice.domain.catalog import Catalog
    from kommo_invoice.domain.claim import Claim, Namer
    from kommo_invoice.domain.deal import Deal
    from kommo_invoice.domain.draft import Draft
    from kommo_invoice.domain.invoice import Invoice
    from kommo_invoice.domain.totals import Totals
    from kommo_invoice.domain.writing import Task
    from kommo_invoice.errors import DealError
    from kommo_invoice.ledger.rows import ClaimRow, StepRow


@dataclass(frozen=True, slots=True)
class Situation:
    """What the planner decides on; plain data, so that the decision is a pure function.

    Args:
        deal: The deal as just read.
        claim: What the invoice is for.
        reference: The claim's name in the books.
        draft: What the invoice is to be: the stored draft once a books step has begun, today's
            otherwise.
        fresh: Today's draft, None where the deal does not give one any more.
        catalog: What the books account offers, as last read; None where it is not looked at.
        impossible: Why it gives none.
        row: The claim in the ledger, None when it is new.
        steps: The claim's steps in the ledger.
        customer_step: The step that made this customer, for whichever deal.
        customer_promised: A deal of this run that will make this customer first (previews).
        sighting: What the books showed.
        looked_at: When they were looked at (UTC).
        looks: How many full looks in a row agreed on it.
        mark: What the deal's invoice field holds.
        mark_prefix: How a mark of these books begins: ``wave:``.
        former: Invoice ids of the deal's claims that are closed.
        owned: Invoice ids that belong to other claims -> the deal of that claim.
        tasks: The deal's tasks, None where there cannot be any of ours yet.
        can_send: Whether the books may e-mail for this account.
        capabilities: What these books can do.
        settle_s: Seconds after which a lost write that is not found counts as absent; None leaves
            it to the capabilities.
        now: The time of the decision (UTC).
        ambiguous_ok: Several customers with one address: take the oldest instead of stopping.
    """

    deal: Deal
    claim: Claim
    reference: str
    namer: Namer
    draft: Draft
    fresh: Draft | None
    sighting: Sighting
    looked_at: datetime
    mark: str | None
    mark_prefix: str
    can_send: bool
    capabilities: BooksCapabilities
    now: datetime
    books: str
    catalog: Catalog | None = None
    impossible: DealError | None = None
    row: ClaimRow | None = None
    steps: Mapping[StepKind, StepRow] = field(default_factory=dict)
    customer_step: StepRow | None = None
    customer_promised: int | None = None
    owned: Mapping[str, int] = field(default_factory=dict)
    former: frozenset[str] = frozenset()
    tasks: tuple[Task, ...] | None = None
    looks: int = 1
    settle_s: float | None = None
    ambiguous_ok: bool = False

    def key(self, kind: StepKind, suffix: str = "") -> str:
        """Return the key of the claim's step of that kind."""
        parts = [self.books, self.reference, kind.value, *([suffix] if suffix else [])]
        return "/".join(parts)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a step whose answer was lost.

    Args:
        found: The provider's id of its effect; None when the effect is proven absent.
    """

    kind: StepKind
    key: str
    found: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The ordered steps of one claim, with all values in them.

    Args:
        draft: The invoice that is made, or that was made.
        customer_id: The customer found; None when the plan creates it (or nothing is created).
        customer_known: How the customer is known, in words, for people.
        invoice: The invoice found; None when the plan creates it.
        adopted: It was found and is not the outcome of a step of this ledger.
        settled: Steps whose lost answers are now cleared up; recorded before anything is done.
        steps: What is done, in order. The CRM's steps are rendered again from the real invoice
            when the plan made it, so their values here show what is known before.
        notes: What a person should know.
        hold: Why the deal's stage is not moved and the run ends with exit 6, if so.
        replaces: The outdated draft of ours in the books that is deleted first.
    """

    situation: Situation
    draft: Draft
    customer_id: str | None
    customer_known: str
    invoice: Invoice | None
    adopted: bool = False
    settled: tuple[Settled, ...] = ()
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    hold: str | None = None
    replaces: str | None = None

    @property
    def comes_to(self) -> Totals:
        """What its draft comes to."""
        return self.situation.capabilities.comes_to(self.draft)

    @property
    def creates_invoice(self) -> bool:
        """Whether the plan makes an invoice."""
        return any(step.kind is StepKind.INVOICE_CREATE for step in self.steps)
