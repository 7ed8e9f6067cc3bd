"""What the ledger holds: claims once, steps by key, an audit trail that only grows."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from kommo_invoice.domain.catalog import Item, Tax
from kommo_invoice.domain.claim import Claim
from kommo_invoice.domain.draft import Address, CustomerDraft, Discount, Draft, LineDraft, Mail
from kommo_invoice.domain.invoice import Invoice, Status
from kommo_invoice.domain.money import Money
from kommo_invoice.domain.plan import StepKind
from kommo_invoice.ledger.history import History
from kommo_invoice.ledger.ledger import Ledger
from kommo_invoice.ledger.rows import ClaimState, StepState, dump, load_draft
from kommo_invoice.ledger.setups import Setups

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CLAIM = Claim("kommo:acme", 7)
KEY = "wave:b/KQ4-7/invoice.create"
DRAFT = Draft(
    reference="KQ4-7",
    customer=CustomerDraft("Ärzte GmbH", "o'neil@x.example", address=Address(city="Köln")),
    currency="EUR",
    lines=(
        LineDraft(
            "Work",
            Decimal("1.50"),
            Decimal("99.90"),
            Item("i1", "Consulting"),
            Tax("t1", "VAT", Decimal("0.19")),
            Discount(percent=Decimal(5)),
        ),
        LineDraft("More", Decimal(1), Decimal("0.1"), Item("i1", "Consulting")),
    ),
    date=date(2026, 11, 2),
    due_date=date(2026, 12, 2),
    mail=Mail("o'neil@x.example", cc=("a@x.example",), message='Hi "you"'),
)
INVOICE = Invoice(
    id="inv1",
    number="101",
    references=("101", "KQ4-7"),
    status=Status.SENT,
    customer_id="c1",
    currency="JPY",
    total=Money(1234, "JPY"),
    paid=Money(0, "JPY"),
    date=date(2026, 11, 2),
    due_date=None,
    url="https://pay.example/readonly/101/abcdef0123456789abcdef0123456789",
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger of one pair."""
    opened = _open(tmp_path)
    yield opened
    opened.close()


def _open(folder: Path, *, crm: str = "kommo:acme", books: str = "wave:b") -> Ledger:
    return Ledger(folder / "ledger.sqlite3", crm=crm, books=books, clock=lambda: NOW)


class TestClaims:
    """One row for what an invoice is for."""

    def test_a_claim_is_opened_once(self, ledger: Ledger) -> None:
        assert ledger.first_seen() is None
        first = ledger.open_claim(CLAIM, "KQ4-7")
        assert ledger.open_claim(CLAIM, "KQ4-7") == first
        assert (first.state, first.send, first.attempts) == (ClaimState.OPEN, True, 0)
        assert ledger.first_seen() == NOW

    def test_two_rows_for_one_claim_are_impossible(self, ledger: Ledger) -> None:
        ledger.open_claim(CLAIM, "KQ4-7")
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            ledger.db.execute(
                "INSERT INTO claims (crm, books, deal, part, period, issue, reference, state, "
                "created_at, updated_at) SELECT crm, books, deal, part, period, issue, reference, "
                "state, created_at, updated_at FROM claims"
            )

    @pytest.mark.parametrize(
        ("table", "column", "value"),
        [
            ("claims", "state", "'somehow'"),
            ("claims", "deal", "'seven'"),
            ("claims", "reference", "NULL"),
            ("steps", "state", "'somehow'"),
            ("steps", "claim_id", "99"),
            ("links", "total_minor", "12.5"),
        ],
    )
    def test_the_schema_refuses_impossible_values(
        self, ledger: Ledger, table: str, column: str, value: str
    ) -> None:
        row = ledger.open_claim(CLAIM, "KQ4-7")
        ledger.begin(row, StepKind.INVOICE_CREATE, KEY, "{}")
        ledger.finish(row, KEY, provider_id="inv1", invoice=INVOICE)
        with pytest.raises(sqlite3.IntegrityError):
            ledger.db.execute(f"UPDATE {table} SET {column} = {value}")

    def test_pairs_are_kept_apart_in_one_file(self, ledger: Ledger, tmp_path: Path) -> None:
        row = ledger.open_claim(CLAIM, "KQ4-7")
        ledger.adopt(row, INVOICE, DRAFT, adopted=False)
        other = _open(tmp_path, books="wave:c")
        assert other.first_seen() is None
        assert other.claims_of(7) == []
        assert other.owner_of("inv1") is None
        other.close()

    def test_issues_follow_each_other(self, ledger: Ledger) -> None:
        ledger.open_claim(CLAIM.next_issue(), "KQ4-7~2")
        ledger.open_claim(CLAIM, "KQ4-7")
        assert [row.claim.issue for row in ledger.claims_of(7)] == [1, 2]

    def test_a_closed_claim_owns_nothing(self, ledger: Ledger) -> None:
        row = ledger.open_claim(CLAIM, "KQ4-7")
        ledger.adopt(row, INVOICE, DRAFT, adopted=True)
        owner = ledger.owner_of("inv1")
        assert owner is not None
        assert owner.adopted
        ledger.drop_link(row, "by hand")
        assert ledger.owner_of("inv1") is None
        assert ledger.link(row) is None


class TestSteps:
    """Intent before the call, outcome after it."""

    def test_an_intent_stores_the_whole_draft(self, ledger: Ledger) -> None:
        row = ledger.open_claim(CLAIM, "KQ4-7")
        begun = ledger.begin(row, StepKind.INVOICE_CREATE, KEY, "{}", draft=DRAFT)
        assert (begun.state, begun.intent_at) == (StepState.INTENT, NOW)
        read = ledger.claim(CLAIM)
        assert read is not None
        assert read.draft == DRAFT
        assert read.content_hash == DRAFT.content_hash()

    def test_an_outcome_stores_link_and_claim_at_once(self, ledger: Ledger) -> None:
        row = ledger.open_claim(CLAIM, "KQ4-7")
        ledger.begin(row, StepKind.INVOICE_CREATE, KEY, "{}")
        ledger.finish(
            row, KEY, provider_id="inv1", invoice=INVOICE, claim_values={"invoice_id": "inv1"}
        )
        step, link, read = ledger.step(KEY), ledger.link(row), ledger.claim(CLAIM)
        assert step is not None
        assert (step.state, step.provider_id) == (StepState.DONE, "inv1")
        assert link is not None
        assert (link.total, link.paid, link.status) == (INVOICE.total, INVOICE.paid, Status.SENT)
        assert read is not None
        assert read.invoice_id == "inv1"

    def test_a_refused_step_gets_another_provider_key(self, ledger: Ledger) -> None:
        row = ledger.open_claim(CLAIM, "KQ4-7")
        first = ledger.begin(row, StepKind.INVOICE_CREATE, KEY, "{}")
        ledger.refuse(row, KEY, "no")
        second = ledger.begin(row, StepKind.INVOICE_CREATE, KEY, "{}")
        assert first.provider_key != second.provider_key
        assert second.attempts == 2
        assert not second.doubtful

    def test_a_released_step_is_doubtful_until_what_it_did_is_undone(self, ledger: Ledger) -> None:
        row = ledger.open_claim(CLAIM, "KQ4-7")
        ledger.begin(row, StepKind.INVOICE_CREATE, KEY, "{}")
        ledger.release(row, KEY, "absent")
        assert ledger.begin(row, StepKind.INVOICE_CREATE, KEY, "{}").doubtful
        ledger.release(row, KEY, "deleted", lost=False)
        assert not ledger.begin(row, StepKind.INVOICE_CREATE, KEY, "{}").doubtful

    def test_a_done_step_is_planned_again_for_new_work(self, ledger: Ledger) -> None:
        row = ledger.open_claim(CLAIM, "KQ4-7")
        key = "wave:b/KQ4-7/deal.update"
        states = []
        for act in (
            lambda: ledger.plan_step(row, StepKind.DEAL_UPDATE, key),
            lambda: ledger.begin(row, StepKind.DEAL_UPDATE, key, "{}"),
            lambda: ledger.plan_step(row, StepKind.DEAL_UPDATE, key),
            lambda: ledger.finish(row, key),
            lambda: ledger.plan_step(row, StepKind.DEAL_UPDATE, key),
        ):
            act()
            states.append(ledger.steps_of(row)[StepKind.DEAL_UPDATE].state)
        assert states == ["planned", "intent", "intent", "done", "planned"]


class TestHistory:
    """What was done when, and by which run."""

    def test_audit_rows_are_only_ever_added(self, ledger: Ledger) -> None:
        row = ledger.open_claim(CLAIM, "KQ4-7")
        ledger.begin(row, StepKind.INVOICE_CREATE, KEY, "{}")
        for statement in ("UPDATE audit SET what = 'nothing'", "DELETE FROM audit"):
            with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
                ledger.db.execute(statement)
        assert ledger.db.table("audit").count == 1

    def test_each_change_names_its_run(self, ledger: Ledger) -> None:
        history = History(ledger)
        history.start("run1", "invoice", 4711)
        row = ledger.open_claim(CLAIM, "KQ4-7")
        ledger.begin(row, StepKind.INVOICE_CREATE, KEY, "{}")
        ledger.leave_unknown(row, KEY, "who knows")
        history.end("run1", 6, {"unknown": 1})
        assert [(each.run_id, each.what) for each in history.story([row])] == [
            ("run1", "intent"),
            ("run1", "unknown"),
        ]
        (run,) = history.runs()
        assert (run.exit_code, run.summary, run.pid) == (6, {"unknown": 1}, 4711)

    def test_a_run_that_never_ended_is_seen(self, ledger: Ledger) -> None:
        history = History(ledger)
        history.start("run1", "invoice", 4711)
        assert history.runs()[0].finished_at is None

    def test_the_trail_can_be_read_from_a_day_on(self, ledger: Ledger) -> None:
        row = ledger.open_claim(CLAIM, "KQ4-7")
        ledger.begin(row, StepKind.INVOICE_CREATE, KEY, "{}")
        history = History(ledger)
        assert len(list(history.everything(NOW))) == 1
        assert not list(history.everything(NOW + timedelta(seconds=1)))


class TestSetups:
    """What was read of the accounts is kept beside, and can be dropped."""

    def test_they_are_kept_with_their_time_until_they_are_forgotten(self, ledger: Ledger) -> None:
        setups = Setups(ledger)
        setups.keep("crm", "{}")
        assert setups.get("crm") == (NOW, "{}")
        assert setups.get("books") is None
        setups.forget()
        assert setups.get("crm") is None


def test_a_stored_draft_reads_back_as_it_was() -> None:
    assert load_draft(dump(DRAFT)) == DRAFT
