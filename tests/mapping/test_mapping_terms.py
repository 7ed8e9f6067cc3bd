"""Payment terms: the books' own decide where they have some, else what the words say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from mapping_ground import CATALOG, DEAL, TODAY, build_in, with_fields

from kommo_invoice.domain.catalog import Term
from kommo_invoice.errors import ConfigInvalid
from kommo_invoice.mapping.resolve import Unresolved
from kommo_invoice.mapping.terms import agreed, pick_term

if TYPE_CHECKING:
    from pathlib import Path

    from mapping_ground import Build

    from kommo_invoice.mapping import Mapping

KNOWN = (
    Term("1", "Due on receipt", 0),
    Term("2", "Net 15", 15),
    Term("3", "30 days", 30),
    Term("4", "End of next month"),
)
PER_DEAL = {"invoice.terms": "{{ deal['Terms'] }}", "invoice.due_date": "{{ deal['Due Date'] }}"}


@pytest.fixture
def build(tmp_path: Path) -> Build:
    return build_in(tmp_path, replace(CATALOG, terms=KNOWN))


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("Net 15", "Net 15"),
        (" net 15 ", "Net 15"),
        ("2", "Net 15"),
        ("Net 30", "30 days"),
        ("net 30 days", "30 days"),
        ("Due on receipt", "Due on receipt"),
        ("upon receipt", "Due on receipt"),
        ("Net 0", "Due on receipt"),
        ("end of NEXT month", "End of next month"),
    ],
)
def test_they_are_known_by_name_id_or_days(wanted: str, name: str) -> None:
    assert pick_term(wanted, KNOWN).name == name


def test_unknown_ones_are_told_with_the_nearest() -> None:
    with pytest.raises(Unresolved) as caught:
        pick_term("Net 16", KNOWN)
    assert str(caught.value) == (
        "there are no terms 'Net 16' in the books (did you mean 'Net 15'?)"
    )


@pytest.mark.parametrize(
    ("wanted", "terms", "due"),
    [
        ("Net 15", "Net 15", TODAY + timedelta(days=15)),
        ("Net 30", "30 days", TODAY + timedelta(days=30)),
        ("on receipt", "Due on receipt", TODAY),
        ("End of next month", "End of next month", None),
        ("Net 45", "Net 45", None),
    ],
)
def test_the_books_own_give_the_due_date(wanted: str, terms: str, due: date | None) -> None:
    assert agreed(wanted, TODAY, KNOWN) == (terms, due)


def test_the_books_days_hold_whatever_the_name_says() -> None:
    odd = (Term("7", "Net 30", 10),)
    assert agreed("Net 30", TODAY, odd) == ("Net 30", TODAY + timedelta(days=10))


def test_without_terms_of_their_own_the_words_decide() -> None:
    assert agreed("Net 45", TODAY, ()) == ("Net 45", TODAY + timedelta(days=45))
    assert agreed("Whenever", TODAY, ()) == ("Whenever", None)


def test_constant_ones_are_checked_with_the_mapping(build: Build) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        build({"invoice.terms": "Net 16"})
    (problem,) = caught.value.problems
    assert (problem.key, problem.nearest) == ("invoice.terms", "Net 15")
    build({"invoice.terms": "Net 30"})
    build({"invoice.terms": ""})


class TestOfADeal:
    """What a deal's field says."""

    @pytest.fixture
    def mapping(self, build: Build) -> Mapping:
        return build({**PER_DEAL, "task": {"text": "t", "due": "{{ invoice.due_date + days(3) }}"}})

    @pytest.mark.parametrize(
        ("terms", "due", "task"),
        [
            ("Net 15", date(2026, 12, 6), date(2026, 12, 9)),
            ("upon receipt", TODAY, date(2026, 11, 24)),
            ("End of next month", None, None),
        ],
    )
    def test_due_date_and_task_follow_the_books(
        self, mapping: Mapping, terms: str, due: date | None, task: date | None
    ) -> None:
        deal = with_fields(Terms=terms)
        draft = mapping.draft(deal, today=TODAY, reference="KQ4-501").draft
        assert draft.due_date == due
        made = mapping.task(deal, mapping.expected_invoice(draft), "KQ4-501")
        assert made is not None
        assert made.due == (task and mapping.end_of(task))

    def test_a_due_date_goes_first_and_unknown_terms_beside_it_are_told(
        self, mapping: Mapping
    ) -> None:
        deal = with_fields(Terms="Net 45", **{"Due Date": date(2027, 1, 1)})
        made = mapping.draft(deal, today=TODAY, reference="KQ4-501")
        assert made.draft.due_date == date(2027, 1, 1)
        (warning,) = made.warnings
        assert warning == (
            "deal 501: invoice.terms: there are no terms 'Net 45' in the books "
            "(did you mean 'Net 15'?); they are left out, the due date holds"
        )

    def test_a_deal_without_terms_leaves_the_due_date_to_the_books(self, mapping: Mapping) -> None:
        made = mapping.draft(DEAL, today=TODAY, reference="KQ4-501")
        assert (made.draft.terms, made.draft.due_date, made.warnings) == (None, None, ())
