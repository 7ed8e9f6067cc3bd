"""Says that an invoice is a deal's, or is not; and settles what kinv cannot find out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kommo_invoice.domain.claim import Claim
from kommo_invoice.domain.plan import StepKind
from kommo_invoice.domain.writing import DealChange, FieldSet
from kommo_invoice.engine.events import Event, Kind, shown
from kommo_invoice.engine.gather import Options, mark_of
from kommo_invoice.engine.invoicing import Invoicing
from kommo_invoice.engine.outcomes import Tally
from kommo_invoice.errors import DealError
from kommo_invoice.ledger.rows import ClaimRow, ClaimState, StepState

if TYPE_CHECKING:
    from kommo_invoice.domain.deal import Deal
    from kommo_invoice.domain.invoice import Invoice
    from kommo_invoice.engine.session import Session
    from kommo_invoice.ledger.ledger import Ledger


def link(session: Session, deal_id: int, invoice_id: str) -> Tally:
    """Take an invoice that is in the books as a deal's, and write it to the deal.

    Args:
        session: The run's tools.
        deal_id: The deal.
        invoice_id: The invoice, by the books' id or as the deal's field shows it.

    Raises:
        DealError: One of them does not exist, the invoice is another deal's, or the deal has a
            live invoice already.
    """
    deal = _deal(session, deal_id)
    invoice = _invoice(session, deal_id, invoice_id)
    owner = session.ledger.owner_of(invoice.id)
    if owner is not None and owner.claim.deal != deal_id:
        raise DealError(
            f"invoice {invoice.number} is that of deal {owner.claim.deal}",
            hint=f"first `kinv unlink --deal {owner.claim.deal} --invoice {invoice.id}`",
            deal=deal_id,
        )
    rows = _rows(session.ledger, deal_id)
    last = rows[-1] if rows else None
    taken = last is not None and last.state is not ClaimState.CLOSED
    if last is not None and taken and last.invoice_id not in {None, invoice.id}:
        raise DealError(
            f"the deal has another invoice, {last.invoice_id}",
            hint=f"first `kinv unlink --deal {deal_id} --invoice {last.invoice_id}`",
            deal=deal_id,
        )
    claim = Claim(account=session.ledger.crm, deal=deal_id)
    if last is not None:
        claim = last.claim.next_issue() if last.state is ClaimState.CLOSED else last.claim
    reference = session.namer.reference(claim)
    data = {"steps": [{"step": "link", "key": reference, "values": {"invoice_id": invoice.id}}]}
    if session.dry_run:
        session.reporter.emit(Event(Kind.PLAN, deal_id, reference, {"name": deal.name, **data}))
        return Tally(counts=Counter({"planned": 1}))
    evaluated = session.mapping.draft(deal, today=session.today, reference=reference)
    row = session.ledger.open_claim(claim, reference)
    session.ledger.adopt(row, invoice, evaluated.draft, adopted=True)
    return Invoicing(session, Options(send=False)).run([deal_id])


def unlink(session: Session, deal_id: int, invoice_id: str) -> Tally:
    """Say that an invoice is not this deal's: its claim is closed, the deal's field cleared.

    Raises:
        DealError: The deal does not exist, or has no such invoice.
    """
    deal = _deal(session, deal_id)
    wanted = invoice_id.removeprefix(session.mark_prefix)
    row = next((row for row in _rows(session.ledger, deal_id) if row.invoice_id == wanted), None)
    marked = mark_of(session, deal) == f"{session.mark_prefix}{wanted}"
    if row is None and not marked:
        raise DealError(
            f"the deal has no invoice {wanted}",
            hint=f"see `kinv ledger show --deal {deal_id}`",
            deal=deal_id,
        )
    claim = Claim(account=session.ledger.crm, deal=deal_id)
    reference = row.reference if row else session.namer.reference(claim)
    clear = DealChange(deal_id, (FieldSet(session.mapping.write_back.mark, None),))
    key = f"{session.ledger.books}/{reference}/{StepKind.DEAL_UPDATE}/unlink"
    step = {"step": StepKind.DEAL_UPDATE.value, "key": key, "values": shown(clear)}
    data = {"name": deal.name, "steps": [step] if marked else []}
    session.reporter.emit(Event(Kind.PLAN, deal_id, reference, data))
    if session.dry_run:
        return Tally(counts=Counter({"planned": 1}))
    row = row or session.ledger.open_claim(claim, reference)
    session.ledger.drop_link(row, "unlinked by hand")
    if marked:
        session.crm.update_deals([clear])
    tally = Tally()
    tally.counts["unlinked"] += 1
    return tally


def resolve(ledger: Ledger, deal_id: int, outcome: str, *, dry_run: bool = False) -> str:
    """Settle an unknown outcome by what a person has seen.

    Args:
        ledger: The ledger.
        deal_id: The deal.
        outcome: ``sent``: it was e-mailed; ``send-again``: it was not, and may be; ``absent``:
            what was to be created is not in the books.
        dry_run: Only say what would be settled.

    Returns:
        What was settled, in words.

    Raises:
        DealError: Nothing of the deal is open in that way.
    """
    rows = _rows(ledger, deal_id)
    steps = ledger.steps_of(rows[-1]) if rows else {}
    open_ = {StepState.INTENT, StepState.UNKNOWN}
    kinds = (
        (StepKind.INVOICE_CREATE, StepKind.CUSTOMER_CREATE, StepKind.TASK_CREATE)
        if outcome == "absent"
        else (StepKind.INVOICE_SEND,)
    )
    step = next(
        (steps[each] for each in kinds if each in steps and steps[each].state in open_), None
    )
    if step is None:
        raise DealError(
            f"nothing of the deal waits for --{outcome}",
            hint=f"see `kinv ledger show --deal {deal_id}`",
            deal=deal_id,
        )
    row = rows[-1]
    settled = f"{step.kind} of {row.reference}: {outcome}"
    if dry_run:
        return settled
    if outcome == "sent":
        ledger.finish(row, step.key, found=True)
    else:
        ledger.release(row, step.key, f"a person says: {outcome}")
    ledger.set_claim(row, "resolved", state=ClaimState.OPEN.value, error=None, next_try_at=None)
    return settled


def _rows(ledger: Ledger, deal_id: int) -> list[ClaimRow]:
    return [row for row in ledger.claims_of(deal_id) if not row.claim.period]


def _deal(session: Session, deal_id: int) -> Deal:
    found = session.crm.deals([deal_id], setup=session.crm_setup, want=session.want)
    if not found:
        raise DealError(f"there is no deal {deal_id} in {session.ledger.crm}", deal=deal_id)
    return found[0]


def _invoice(session: Session, deal_id: int, invoice_id: str) -> Invoice:
    wanted = invoice_id.removeprefix(session.mark_prefix)
    (found,) = session.books.read([wanted])
    if found is None:
        raise DealError(
            f"there is no invoice {wanted} in the books",
            hint="give its id as the books' API names it, or as the deal's field shows it",
            deal=deal_id,
        )
    return found
