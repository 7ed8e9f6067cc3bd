"""Which invoice in the books is a claim's: by the ledger, by our reference, by the deal's field."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kommo_invoice.books.capabilities import Operation
from kommo_invoice.books.matching import same_number
from kommo_invoice.domain.claim import base_reference, carries, issue_of, references_in
from kommo_invoice.domain.invoice import Invoice, Status
from kommo_invoice.domain.plan import StepKind
from kommo_invoice.engine.compare import differences, elect, same_lines
from kommo_invoice.engine.evidence import prove_absent
from kommo_invoice.engine.situation import Settled, Situation
from kommo_invoice.errors import DealError, OutcomeUnknown
from kommo_invoice.ledger.rows import StepRow, StepState

if TYPE_CHECKING:
    from collections.abc import Iterable


class Gone(DealError):
    """The claim's invoice was voided, deleted or credited: a new one needs a reason."""


@dataclass(frozen=True, slots=True)
class Found:
    """The claim's invoice in the books, and what finding it settled.

    Args:
        invoice: None when there is none yet.
        own: It is of kinv's making, so that it may be approved and e-mailed.
        adopted: It was not known to this ledger.
        strays: Drafts with the same reference, to be deleted.
        settled: Steps whose lost answers are cleared up by it.
        notes: What a person should know.
        replaced: The claim's draft was deleted by kinv, to be made anew from today's deal.
    """

    invoice: Invoice | None = None
    own: bool = True
    adopted: bool = False
    strays: tuple[Invoice, ...] = ()
    settled: tuple[Settled, ...] = ()
    notes: tuple[str, ...] = ()
    replaced: bool = False


def identify(s: Situation) -> Found:
    """Return the claim's invoice, if the books have one.

    Raises:
        Gone: It was there and is no more.
        DealError: What was found fits only partly, or belongs to another deal.
        OutcomeUnknown: Two issued invoices carry the reference.
        Temporary, LookAgain: A lost answer is not proven absent yet (``evidence.prove_absent``).
    """
    create = s.steps.get(StepKind.INVOICE_CREATE)
    if s.row is not None and s.row.invoice_id is not None:
        return _identify_known(s, s.row.invoice_id, create)
    began = create is not None and create.state is StepState.INTENT
    live = [each for each in s.sighting.invoices if each.status.live and _ours(s, each)]
    if not live:
        _number_is_free(s)
        settled: tuple[Settled, ...] = ()
        if create is not None and began:
            prove_absent(s, create, Operation.CREATE_INVOICE)
            settled = (Settled(create.kind, create.key, None),)
        return replace(_by_mark(s), settled=settled) if not began else Found(settled=settled)
    taken = [each for each in live if each.id not in s.owned]
    if not taken:
        raise DealError(
            f"invoice {live[0].number} carries this deal's reference {s.reference}, and deal "
            f"{s.owned[live[0].id]} has it",
            hint=f"see `kinv ledger show --deal {s.owned[live[0].id]}`",
        )
    return _adopt(s, taken, create if began else None)


def _identify_known(s: Situation, invoice_id: str, create: StepRow | None) -> Found:
    known = s.sighting.invoice
    doubtful = create is not None and create.doubtful
    rivals = [
        each
        for each in s.sighting.invoices
        if each.status.live and doubtful and _ours(s, each) and each.id not in s.owned
    ]
    if known is None or known.id != invoice_id or not known.status.live:
        if not rivals:
            delete = s.steps.get(StepKind.INVOICE_DELETE)
            if known is None and delete is not None and _deletes(s, delete, invoice_id):
                deleted = Settled(delete.kind, delete.key, invoice_id)
                return Found(settled=(deleted,), replaced=True)
            raise _gone(s, known, invoice_id)
        known = rivals[0]
    winner, others = elect({each.id: each for each in [known, *rivals]}.values())
    adopted = s.row is not None and s.row.adopted
    own = not adopted or (_ours(s, winner) and same_lines(s.draft, winner))
    settled: tuple[Settled, ...] = ()
    if create is not None and winner.id != invoice_id:
        settled = (Settled(create.kind, create.key, winner.id),)
    return Found(invoice=winner, own=own, strays=_strays(s, others), settled=settled)


def _number_is_free(s: Situation) -> None:
    """Refuse to make a second invoice of a number that the mapping asks for."""
    for each in s.sighting.invoices:
        same = same_number(each.number, s.draft.number)
        if same and each.status.live and not _carries_base(s, each):
            raise number_is_anothers(each, s.deal.id)


def number_is_anothers(invoice: Invoice, deal: int) -> DealError:
    """Return the refusal to use the number of an invoice that is not the deal's."""
    state = "" if invoice.status.live else f" ({invoice.status})"
    return DealError(
        f"the number {invoice.number} is that of another invoice in the books{state}, "
        f"for {invoice.customer_email or invoice.customer_id}, {invoice.total}",
        hint="give another number in [invoice], or if it is this deal's: "
        f"`kinv link --deal {deal} --invoice {invoice.id}`",
    )


def _deletes(s: Situation, step: StepRow, invoice_id: str) -> bool:
    """Say whether kinv itself was about to delete the invoice, to replace it."""
    return step.state is StepState.INTENT and step.key == s.key(StepKind.INVOICE_DELETE, invoice_id)


def _adopt(s: Situation, candidates: list[Invoice], intent: StepRow | None) -> Found:
    """Take the invoice that carries our exact reference, if it is what we mean."""
    if intent is None:
        known = (*s.sighting.customers, s.sighting.customer)
        customers = [each.id for each in known if each is not None]
        for each in candidates:
            # What the deal's own field names as well was made for its customer as it is called.
            named = [each.customer_id] if s.mark == f"{s.mark_prefix}{each.id}" else []
            wrong = differences(s.draft, [*customers, *named], each)
            if wrong:
                raise DealError(
                    f"invoice {each.number} carries this deal's reference {s.reference}, but "
                    + "; ".join(wrong),
                    hint="if it is this deal's all the same, say so: "
                    f"`kinv link --deal {s.deal.id} --invoice {each.id}`; else void or delete it",
                )
    winner, others = elect(candidates)
    own = intent is not None or same_lines(s.draft, winner)
    settled = (Settled(intent.kind, intent.key, winner.id),) if intent else ()
    notes = () if intent else (f"invoice {winner.number} was found by its reference",)
    return Found(winner, own, intent is None, _strays(s, others), settled, notes)


def _by_mark(s: Situation) -> Found:
    """Look at the invoice that the deal's own field names (design, section 5.5)."""
    if s.mark is None:
        dead = [each for each in s.sighting.invoices if _ours(s, each)]
        if dead:
            raise _gone(s, dead[-1], dead[-1].id)
        return Found()
    prefix, _, invoice_id = s.mark.partition(":")
    if f"{prefix}:" != s.mark_prefix or not invoice_id:
        raise DealError(
            f"its invoice field holds {s.mark!r}, which is no invoice of these books",
            hint="clear the field if no invoice was made, then run it again",
        )
    if invoice_id in s.owned:
        return Found(notes=(f"its invoice field was copied from deal {s.owned[invoice_id]}",))
    named = s.sighting.invoice
    if named is not None and named.id == invoice_id:
        # The books' own numbers may have the shape of a reference: INV-000011.
        texts = [each for each in named.references if each != named.number]
        ours = (each for each in references_in([named.number]) if s.namer.deal_of(each))
        strangers = {
            each
            for each in (*references_in(texts), *ours)
            if base_reference(each) != base_reference(s.reference)
        }
        if strangers and not _carries_base(s, named):
            other = s.namer.deal_of(min(strangers))
            whose = f"deal {other}" if other else f"reference {min(strangers)}"
            return Found(notes=(f"its invoice field was copied: the invoice is that of {whose}",))
        if named.status.live and invoice_id not in s.former:
            return Found(
                invoice=named,
                own=False,
                adopted=True,
                notes=(f"invoice {named.number} is named by the deal's own field",),
            )
    if s.claim.issue > 1 or invoice_id in s.former:
        return Found(notes=("its invoice field names an earlier issue's invoice",))
    raise _gone(s, named, invoice_id)


def _gone(s: Situation, invoice: Invoice | None, invoice_id: str) -> Gone:
    what = f"invoice {invoice.number} is {invoice.status}" if invoice else "its invoice was deleted"
    return Gone(
        f"{what} in the books (id {invoice_id})",
        hint=f'issue a new one with `kinv invoice --deal {s.deal.id} --again "REASON"`, '
        f"or `kinv unlink --deal {s.deal.id} --invoice {invoice_id}`",
    )


def _ours(s: Situation, invoice: Invoice) -> bool:
    return carries(invoice.references, s.reference)


def _carries_base(s: Situation, invoice: Invoice) -> bool:
    base = base_reference(s.reference)
    return any(base_reference(each) == base for each in references_in(invoice.references))


def _strays(s: Situation, others: list[Invoice]) -> tuple[Invoice, ...]:
    issued = [each for each in others if each.status is not Status.DRAFT]
    if issued:
        numbers = ", ".join(each.number for each in issued)
        raise OutcomeUnknown(
            f"more than one issued invoice carries the reference {s.reference}: {numbers} too",
            hint="void or delete the one that is wrong in the books, then run it again",
        )
    return tuple(others)


def highest_issue(invoices: Iterable[Invoice], reference: str) -> int:
    """Return the highest issue of the reference that invoices carry, 0 when none does."""
    base = base_reference(reference)
    found = (
        issue_of(each)
        for invoice in invoices
        for each in references_in(invoice.references)
        if base_reference(each) == base
    )
    return max(found, default=0)
