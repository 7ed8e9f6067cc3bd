"""Whatever happens to the answer of a write, further runs end with one of each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import stamina
from stages import STAGES, takes

from kommo_invoice.books.capabilities import DEFAULT_SETTLE_S, Operation
from kommo_invoice.books.capability_tables import BOOKS
from kommo_invoice.domain.plan import StepKind
from kommo_invoice.engine.invoicing import Invoicing
from kommo_invoice.errors import LoginNeeded
from kommo_invoice.http.retry import TRIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stage import Stage

CREATES = (
    StepKind.CUSTOMER_CREATE,
    StepKind.INVOICE_CREATE,
    StepKind.INVOICE_SEND,
    StepKind.TASK_CREATE,
)
REPEATABLE = (StepKind.INVOICE_APPROVE, StepKind.DEAL_UPDATE)
OPERATIONS = {
    StepKind.CUSTOMER_CREATE: Operation.CREATE_CUSTOMER,
    StepKind.INVOICE_CREATE: Operation.CREATE_INVOICE,
    StepKind.INVOICE_SEND: Operation.SEND,
}

NOT_DONE: dict[str, dict[str, Any]] = {
    "refuse": {"kind": "refuse"},
    "status 500": {"kind": "status", "status": 500},
    "status 502": {"kind": "status", "status": 502},
}
DONE: dict[str, dict[str, Any]] = {
    "lose": {"kind": "lose"},
    "garble": {"kind": "garble"},
    "truncate": {"kind": "truncate"},
}
LATE_S = 40

Case = tuple[str, str, StepKind]


def cases(*steps: StepKind, keyed: bool = False) -> list[Case]:
    """Return books, their mood and a step; the CRM's steps are the same in every mood."""
    return [
        (name, mood, step)
        for name, stage in STAGES.items()
        for step in steps
        for mood in (stage.moods if step.in_books else list(stage.moods)[:1])
        if takes(name, step) and (has_key(name, step) or not keyed)
    ]


def has_key(books: str, step: StepKind) -> bool:
    """Say whether a step carries a key, so that it is repeated at once."""
    return step in OPERATIONS and BOOKS[books].rule(OPERATIONS[step]).key is not None


def each_case(*steps: StepKind, keyed: bool = False) -> pytest.MarkDecorator:
    found = cases(*steps, keyed=keyed)
    return pytest.mark.parametrize(("books", "mood", "step"), found, ids=map("-".join, found))


creates = each_case(*CREATES)
writes = each_case(*CREATES, *REPEATABLE)
not_done = pytest.mark.parametrize("fault", NOT_DONE.values(), ids=NOT_DONE)
done = pytest.mark.parametrize("fault", DONE.values(), ids=DONE)


@pytest.fixture(params=STAGES)
def books(request: pytest.FixtureRequest) -> str:
    """All books in turn, where a test names none."""
    return str(request.param)


@pytest.fixture
def mood(books: str) -> str:
    """What is not documented turns out as the books' first mood has it."""
    return next(iter(STAGES[books].moods))


@pytest.fixture
def stage(books: str, mood: str, tmp_path: Any) -> Iterator[Stage]:
    """A CRM and those books; requests are repeated without a pause."""
    built = STAGES[books](tmp_path)
    built.fall_into(mood)
    with stamina.set_testing(True, attempts=TRIES, cap=True):
        yield built
    built.close()


@pytest.fixture(scope="module")
def ideals(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Any]]:
    """Tell what both sides hold after a run without any fault."""
    known: dict[str, dict[str, Any]] = {}

    def ideal(books: str) -> dict[str, Any]:
        if books not in known:
            stage = STAGES[books](tmp_path_factory.mktemp("ideal"))
            assert stage.invoice().code == 0
            known[books] = stage.picture()
            stage.close()
        return known[books]

    return ideal


@pytest.fixture
def ideal(books: str, ideals: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """What both sides hold after a run without any fault."""
    return ideals(books)


def spoil_all(stage: Stage, step: StepKind, **fault: Any) -> None:
    """Spoil a write as often as one run asks for it, so that it knows of no answer."""
    stage.spoil(step, times=TRIES if has_key(stage.provider, step) else 1, **fault)


def settle_s(stage: Stage, step: StepKind) -> float:
    """Return how long a lost write may yet take effect."""
    if step in OPERATIONS:
        return BOOKS[stage.provider].rule(OPERATIONS[step]).settle_s
    return DEFAULT_SETTLE_S


@not_done
@writes
def test_a_write_that_was_not_done_is_done_by_a_further_run(
    stage: Stage, ideal: dict[str, Any], step: StepKind, fault: dict[str, Any]
) -> None:
    spoil_all(stage, step, **fault)
    stage.until_quiet()
    assert stage.picture() == ideal


@done
@writes
def test_a_write_whose_answer_is_lost_is_found_by_the_same_run(
    stage: Stage, ideal: dict[str, Any], step: StepKind, fault: dict[str, Any]
) -> None:
    spoil_all(stage, step, **fault)
    assert stage.invoice().code == 0
    assert stage.picture() == ideal


@pytest.mark.parametrize("fault", [*NOT_DONE.values(), *DONE.values()], ids=[*NOT_DONE, *DONE])
@each_case(*CREATES, keyed=True)
def test_a_write_with_a_key_is_repeated_by_the_same_run(
    stage: Stage, ideal: dict[str, Any], step: StepKind, fault: dict[str, Any]
) -> None:
    stage.spoil(step, **fault)
    assert stage.invoice().code == 0
    assert stage.writes()[stage.operation(step)] == 2
    assert stage.picture() == ideal


@creates
@pytest.mark.parametrize(
    "fault", [NOT_DONE["refuse"], NOT_DONE["status 500"]], ids=["refuse", "500"]
)
def test_until_the_settle_time_is_over_a_lost_write_is_not_repeated(
    stage: Stage, ideal: dict[str, Any], step: StepKind, fault: dict[str, Any]
) -> None:
    spoil_all(stage, step, **fault)
    begun, settles_s = stage.world.now(), settle_s(stage, step)
    first = stage.invoice()
    (error,) = first.of("error")
    assert (first.code, error["exit_code"]) == (5, 5)
    again = datetime.fromisoformat(error["retry_at"])
    assert again > begun + timedelta(seconds=settles_s - 1)
    so_far = len(stage.world.requests)
    stage.world.advance(settles_s - 20)
    assert stage.invoice().code == 5
    assert not stage.writes(so_far)
    stage.world.advance(21)
    assert stage.invoice().code == 0
    assert stage.picture() == ideal


def test_an_invoice_that_was_found_counts_in_the_totals(stage: Stage) -> None:
    spoil_all(stage, StepKind.INVOICE_CREATE, kind="lose")
    (summary,) = stage.invoice().of("summary")
    (invoice,) = stage.books["invoices"]
    assert summary["totals"] == {"EUR": invoice["total"]}


def test_without_a_ledger_a_task_that_is_not_listed_yet_is_not_repeated(stage: Stage) -> None:
    stage.world.lag_s = 60
    assert stage.invoice().code == 0
    stage.forget()
    waiting = stage.invoice()
    assert waiting.code == 5
    assert "its task may not be listed yet" in waiting.of("error")[0]["message"]
    stage.world.advance(121)
    assert stage.invoice().code == 0
    assert len(stage.tasks) == 1


@creates
def test_a_write_that_is_done_late_is_found_and_not_repeated(
    stage: Stage, ideal: dict[str, Any], step: StepKind
) -> None:
    spoil_all(stage, step, kind="late", after_s=LATE_S)
    assert stage.invoice().code == 5
    stage.world.advance(LATE_S + 1)
    so_far = len(stage.world.requests)
    stage.until_quiet()
    assert stage.operation(step) not in stage.writes(so_far)
    assert stage.picture() == ideal


@each_case(*REPEATABLE)
def test_a_repeatable_write_is_done_at_once_and_may_be_done_again_late(
    stage: Stage, ideal: dict[str, Any], step: StepKind
) -> None:
    stage.spoil(step, "late", after_s=LATE_S)
    assert stage.invoice().code == 0
    stage.world.advance(LATE_S + 1)
    assert stage.invoice().code == 0
    assert stage.picture() == ideal


@each_case(*CREATES, keyed=True)
def test_a_write_that_is_done_later_than_its_repeat_is_done_once_by_its_key(
    stage: Stage, ideal: dict[str, Any], step: StepKind
) -> None:
    stage.spoil(step, "late", after_s=LATE_S)
    assert stage.invoice().code == 0
    assert stage.picture() == ideal
    so_far = len(stage.world.requests)
    stage.world.advance(LATE_S + 1)
    assert stage.invoice().code == 0
    assert not stage.writes(so_far)
    assert stage.picture() == ideal


@creates
def test_lists_that_lag_behind_do_not_make_a_lost_write_absent(
    stage: Stage, ideal: dict[str, Any], step: StepKind
) -> None:
    stage.world.lag_s = 60
    spoil_all(stage, step, kind="lose")
    stage.invoice()
    stage.world.advance(30)
    so_far = len(stage.world.requests)
    stage.invoice()
    assert stage.operation(step) not in stage.writes(so_far)
    stage.world.advance(91)
    assert stage.invoice().code == 0
    assert stage.picture() == ideal


@done
@writes
def test_with_its_ledger_deleted_after_a_lost_answer_a_run_still_ends_with_one_of_each(
    stage: Stage,
    ideal: dict[str, Any],
    step: StepKind,
    fault: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spoil_all(stage, step, **fault)
    stage.fault("status", "GET /api/v4/tasks", provider="kommo", status=401)
    with monkeypatch.context() as patch:
        patch.setattr(Invoicing, "_look", _cut_off)
        stage.invoice()
    stage.world.faults.clear()
    stage.forget()
    stage.until_quiet()
    assert stage.picture() == ideal


@creates
def test_with_its_ledger_deleted_before_a_late_write_a_run_still_ends_with_one_of_each(
    stage: Stage, ideal: dict[str, Any], step: StepKind
) -> None:
    spoil_all(stage, step, kind="late", after_s=LATE_S)
    assert stage.invoice().code == 5
    stage.forget()
    stage.world.advance(LATE_S + 1)
    stage.until_quiet()
    assert stage.picture() == ideal


@each_case(*CREATES, keyed=True)
def test_with_its_ledger_deleted_a_write_with_a_key_that_comes_late_is_done_once(
    stage: Stage, ideal: dict[str, Any], step: StepKind
) -> None:
    """A new ledger waits for nothing: what holds is the key, which is the same again."""
    spoil_all(stage, step, kind="late", after_s=LATE_S)
    assert stage.invoice().code == 5
    stage.forget()
    assert stage.invoice().code == 0
    stage.world.advance(LATE_S + 1)
    stage.until_quiet()
    assert stage.picture() == ideal


def test_a_run_that_waits_for_one_deal_does_the_others(stage: Stage) -> None:
    spoil_all(stage, StepKind.INVOICE_CREATE, kind="refuse")
    ended = stage.invoice(stage.deal, stage.other)
    assert ended.code == 5
    assert ended.of("summary")[0]["deals"] == {"waiting": 1, "invoiced": 1}
    assert stage.lead(stage.other)["stage"] == "Invoice Sent"
    stage.until_quiet(stage.deal, stage.other)
    assert len(stage.books["invoices"]) == len(stage.books["mails"]) == 2


def test_a_waiting_deal_is_done_by_retry_when_it_is_due_and_not_before(
    stage: Stage, ideal: dict[str, Any]
) -> None:
    spoil_all(stage, StepKind.INVOICE_CREATE, kind="refuse")
    stage.invoice()
    so_far = len(stage.world.requests)
    assert stage.kinv("retry").code == 0
    assert not stage.writes(so_far)
    stage.world.advance(settle_s(stage, StepKind.INVOICE_CREATE) + 1)
    assert stage.kinv("retry").code == 0
    assert stage.picture() == ideal


@pytest.mark.parametrize("books", ["wave"])
def test_what_a_new_customer_stumbles_over_is_repeated_at_once(
    stage: Any, ideal: dict[str, Any]
) -> None:
    stage.wave.rules.first_invoice_stumbles = True
    assert stage.invoice().code == 0
    assert stage.requests()["invoiceCreate"] == 2
    assert stage.picture() == ideal


def _cut_off(*_: Any, **__: Any) -> None:
    """Be the second look of a run whose token ran out."""
    raise LoginNeeded("the token is not accepted any more")
