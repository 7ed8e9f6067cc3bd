"""The decision as a pure function: what is known about a claim -> what is to be done."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from kommo_invoice.books.base import Sighting
from kommo_invoice.books.capabilities import Approval, BooksCapabilities
from kommo_invoice.books.capability_tables import BOOKS
from kommo_invoice.domain.catalog import Item, Tax
from kommo_invoice.domain.claim import Claim, Namer
from kommo_invoice.domain.deal import Deal, Stage
from kommo_invoice.domain.draft import CustomerDraft, Draft, LineDraft, Mail
from kommo_invoice.domain.invoice import Customer, Invoice, InvoiceLine, Status
from kommo_invoice.domain.money import Money
from kommo_invoice.domain.plan import StepKind
from kommo_invoice.engine.evidence import LookAgain
from kommo_invoice.engine.identify import Gone
from kommo_invoice.engine.planner import plan
from kommo_invoice.engine.situation import Situation
from kommo_invoice.errors import DealError, OutcomeUnknown, Temporary
from kommo_invoice.ledger.rows import StepRow, StepState

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
NAMER = Namer("K", "Q4")
CLAIM = Claim("kommo:acme", 7)
EMAIL = "jo@x.example"
DRAFT = Draft(
    reference=NAMER.reference(CLAIM),
    customer=CustomerDraft("X", EMAIL, currency="EUR"),
    currency="EUR",
    lines=(
        LineDraft(
            "Work",
            Decimal(1),
            Decimal(100),
            Item("i1", "Consulting"),
            Tax("t1", "VAT", Decimal("0.19")),
        ),
    ),
    date=date(2026, 11, 2),
    mail=Mail(EMAIL),
)
DEAL = Deal(
    id=7,
    name="Work",
    price=Decimal(100),
    currency="EUR",
    stage=Stage("1", "Issue Invoice", "1"),
    pipeline="Sales",
    responsible_id=None,
    created_at=NOW,
    updated_at=NOW,
    closed_at=None,
    url="https://crm.example/7",
    read_at=NOW,
)
CUSTOMER = Customer("c1", "X", EMAIL, currency="EUR")
INVOICE = Invoice(
    id="inv1",
    number="101",
    references=("101", f"4711 / {DRAFT.reference}"),
    status=Status.DRAFT,
    customer_id="c1",
    currency="EUR",
    total=Money(11900, "EUR"),
    paid=Money(0, "EUR"),
    date=date(2026, 11, 2),
    due_date=None,
    subtotal=Money(10000, "EUR"),
    tax=Money(1900, "EUR"),
    customer_email=EMAIL,
    sent=False,
    created_at=NOW,
    lines=(InvoiceLine("Work", Decimal(1), Decimal(100), "i1", ("t1",)),),
)
STEPS = [StepKind.INVOICE_CREATE, StepKind.INVOICE_APPROVE, StepKind.INVOICE_SEND]


def situation(
    *invoices: Invoice, customers: tuple[Customer, ...] = (CUSTOMER,), **more: Any
) -> Situation:
    """Return what is known: by default a known customer and no invoice."""
    given: dict[str, Any] = {
        "deal": DEAL,
        "claim": CLAIM,
        "reference": DRAFT.reference,
        "namer": NAMER,
        "draft": DRAFT,
        "fresh": DRAFT,
        "sighting": Sighting(customers=customers, invoices=invoices),
        "looked_at": NOW,
        "mark": None,
        "mark_prefix": "wave:",
        "can_send": True,
        "capabilities": BOOKS["wave"],
        "now": NOW,
        "books": "wave:b",
    }
    return Situation(**{**given, **more})


def begun(kind: StepKind, *, state: StepState = StepState.INTENT, ago_s: float = 0) -> Any:
    """Return the claim's steps with one that was begun some time ago."""
    step = StepRow(
        key=f"wave:b/{DRAFT.reference}/{kind}",
        claim_id=1,
        kind=kind,
        state=state,
        generation=1,
        attempts=1,
        lost=0,
        provider_id=None,
        error=None,
        intent_at=NOW - timedelta(seconds=ago_s),
        lost_at=None,
        done_at=None,
    )
    return {kind: step}


def kinds(s: Situation) -> list[StepKind]:
    return [step.kind for step in plan(s).steps]


class TestSteps:
    """Draft, approve, send; as the books have it."""

    def test_a_known_customer_needs_three(self) -> None:
        assert kinds(situation()) == STEPS

    def test_a_new_customer_is_made_first(self) -> None:
        assert kinds(situation(customers=())) == [StepKind.CUSTOMER_CREATE, *STEPS]

    @pytest.mark.parametrize(
        ("approval", "mailed", "without_mail"),
        [
            (Approval.STEP, STEPS, STEPS[:2]),
            (Approval.BY_SENDING, [STEPS[0], STEPS[2]], STEPS[:2]),
            (Approval.NONE, [STEPS[0], STEPS[2]], STEPS[:1]),
        ],
    )
    def test_approval_follows_the_books(
        self, approval: Approval, mailed: list[StepKind], without_mail: list[StepKind]
    ) -> None:
        able = capabilities(approval=approval)
        unmailed = replace(DRAFT, mail=None)
        assert kinds(situation(capabilities=able)) == mailed
        without = situation(capabilities=able, draft=unmailed, fresh=unmailed)
        assert kinds(without) == without_mail

    def test_keys_say_what_a_step_is_for_and_not_where_the_program_stands(self) -> None:
        keys = [step.key for step in plan(situation(customers=())).steps]
        assert keys == [
            f"wave:b/customer/{EMAIL}",
            "wave:b/KQ4-7/invoice.create",
            "wave:b/KQ4-7/invoice.approve",
            "wave:b/KQ4-7/invoice.send",
        ]

    def test_where_a_customer_has_one_currency_its_key_names_it(self) -> None:
        able = replace(
            BOOKS["wave"], customers=replace(BOOKS["wave"].customers, fixed_currency=True)
        )
        dollar = replace(CUSTOMER, currency="USD")
        steps = plan(situation(customers=(dollar,), capabilities=able)).steps
        assert steps[0].key == f"wave:b/customer/{EMAIL}/EUR"

    @pytest.mark.parametrize("price", ["0", "-5", "0.001"])
    def test_an_invoice_that_comes_to_nothing_is_refused(self, price: str) -> None:
        line = replace(DRAFT.lines[0], unit_price=Decimal(price))
        nothing = replace(DRAFT, lines=(line,))
        with pytest.raises(DealError, match="would come to"):
            plan(situation(draft=nothing, fresh=nothing))


class TestLost:
    """A create whose answer was lost, and that is not there."""

    def test_its_settle_time_begins_when_the_answer_is_given_up(self) -> None:
        """The server may be at work as long as we listened, and longer."""
        (step,) = begun(StepKind.INVOICE_CREATE, ago_s=200).values()
        given_up = NOW - timedelta(seconds=50)
        steps = {step.kind: replace(step, lost_at=given_up)}
        with pytest.raises(Temporary) as waiting:
            plan(situation(steps=steps))
        assert waiting.value.retry_at == given_up + timedelta(seconds=120)

    def test_after_a_crash_it_begins_with_the_request(self) -> None:
        steps = begun(StepKind.INVOICE_CREATE, ago_s=100)
        with pytest.raises(Temporary) as waiting:
            plan(situation(steps=steps))
        assert waiting.value.retry_at == NOW + timedelta(seconds=20)


class TestTerms:
    """Terms that give no due date, where the books have none of their own."""

    def test_are_refused_before_anything_is_created(self) -> None:
        unclear = replace(DRAFT, terms="2/10 net 30", due_date=None)
        with pytest.raises(DealError, match="gives no due date"):
            plan(situation(draft=unclear, fresh=unclear))


class TestFound:
    """An invoice with our reference."""

    def test_a_draft_of_ours_is_approved_and_sent(self) -> None:
        decided = plan(situation(INVOICE))
        assert [step.kind for step in decided.steps] == STEPS[1:]
        assert decided.adopted

    def test_a_sent_one_needs_nothing(self) -> None:
        assert kinds(situation(replace(INVOICE, status=Status.SENT, sent=True))) == []

    def test_a_paid_one_is_not_sent(self) -> None:
        paid = replace(INVOICE, status=Status.PARTIAL, paid=Money(100, "EUR"))
        assert kinds(situation(paid)) == []

    @pytest.mark.parametrize("status", [Status.VOID, Status.DELETED, Status.CREDITED])
    def test_a_dead_one_needs_a_reason_for_another(self, status: Status) -> None:
        with pytest.raises(Gone, match=f"invoice 101 is {status}"):
            plan(situation(replace(INVOICE, status=status)))

    def test_the_next_issue_does_not_mind_the_last_ones_mark(self) -> None:
        following = CLAIM.next_issue()
        draft = replace(DRAFT, reference=NAMER.reference(following))
        s = situation(
            claim=following,
            reference=draft.reference,
            draft=draft,
            fresh=draft,
            mark="wave:inv1",
        )
        assert kinds(s) == STEPS

    def test_of_two_drafts_the_older_wins_and_the_other_is_deleted(self) -> None:
        younger = replace(INVOICE, id="inv0", created_at=NOW + timedelta(seconds=1))
        decided = plan(situation(younger, INVOICE))
        assert decided.invoice == INVOICE
        assert decided.steps[0].kind is StepKind.INVOICE_DELETE
        assert decided.steps[0].values == "inv0"

    def test_an_approved_one_wins_over_an_older_draft(self) -> None:
        approved = replace(
            INVOICE, id="inv2", status=Status.APPROVED, created_at=NOW + timedelta(seconds=1)
        )
        assert plan(situation(INVOICE, approved)).invoice == approved

    def test_two_approved_ones_need_a_person(self) -> None:
        approved = replace(INVOICE, status=Status.APPROVED)
        with pytest.raises(OutcomeUnknown, match="more than one issued invoice"):
            plan(situation(approved, replace(approved, id="inv2")))

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"total": Money(12000, "EUR")}, "total is 120.00, not 119.00"),
            ({"currency": "USD"}, "currency is USD, not EUR"),
            ({"customer_id": "c9", "customer_email": "a@b.c"}, "customer is a@b.c, not jo@x"),
        ],
    )
    def test_one_that_fits_only_partly_stops_the_deal(
        self, change: dict[str, Any], told: str
    ) -> None:
        with pytest.raises(DealError, match=told):
            plan(situation(replace(INVOICE, **change)))


class TestLostAnswers:
    """Absent only after the settle time, and when two looks agree."""

    def test_before_the_settle_time_it_waits(self) -> None:
        s = situation(steps=begun(StepKind.INVOICE_CREATE, ago_s=119))
        with pytest.raises(Temporary) as waits:
            plan(s)
        assert waits.value.retry_at == NOW + timedelta(seconds=1)

    def test_after_it_a_second_look_has_to_agree(self) -> None:
        s = situation(steps=begun(StepKind.INVOICE_CREATE, ago_s=120))
        with pytest.raises(LookAgain):
            plan(s)
        decided = plan(replace(s, looks=2))
        assert [(each.kind, each.found) for each in decided.settled] == [
            (StepKind.INVOICE_CREATE, None)
        ]
        assert [step.kind for step in decided.steps] == STEPS

    def test_what_is_found_is_settled_at_once(self) -> None:
        decided = plan(situation(INVOICE, steps=begun(StepKind.INVOICE_CREATE)))
        assert [(each.kind, each.found) for each in decided.settled] == [
            (StepKind.INVOICE_CREATE, "inv1")
        ]
        assert not decided.adopted

    def test_a_mail_that_the_books_cannot_tell_of_holds_the_deal(self) -> None:
        blurred = replace(INVOICE, status=Status.APPROVED, sent=None)
        decided = plan(situation(blurred, steps=begun(StepKind.INVOICE_SEND, ago_s=999)))
        assert decided.hold == "the books cannot tell whether the invoice was e-mailed"
        assert not decided.steps

    def test_an_unknown_mail_stays_unknown_until_it_is_proven(self) -> None:
        steps = begun(StepKind.INVOICE_SEND, state=StepState.UNKNOWN)
        approved = replace(INVOICE, status=Status.APPROVED)
        assert plan(situation(approved, steps=steps)).hold
        proven = plan(situation(replace(approved, sent=True), steps=steps))
        assert proven.hold is None
        assert [each.kind for each in proven.settled] == [StepKind.INVOICE_SEND]

    def test_a_deal_that_gives_no_invoice_any_more_gets_none(self) -> None:
        s = situation(
            steps=begun(StepKind.INVOICE_CREATE, ago_s=999),
            looks=2,
            fresh=None,
            impossible=DealError("deal 7 is lost"),
        )
        with pytest.raises(DealError, match="deal 7 is lost"):
            plan(s)


def capabilities(**changes: Any) -> BooksCapabilities:
    return replace(BOOKS["wave"], **changes)
