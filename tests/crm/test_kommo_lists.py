"""Deals of stages, tasks and notes: pages to the end, and only rows that were asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from kommo_fake import (
    ISSUE,
    SENT,
    SETUP,
    WON,
    kommo,
    lead,
    page,
    person,
)

from kommo_invoice.crm.base import Want
from kommo_invoice.domain.writing import Note, Task
from kommo_invoice.errors import KinvError

BARE = Want(contact=False)


class TestDealsInStages:
    def test_are_asked_for_by_pipeline_and_stage_together(self) -> None:
        since = datetime(2026, 11, 1, 8, 0, 0, 500, tzinfo=UTC)
        crm, script = kommo(None)
        found = crm.deals_in([ISSUE, WON], setup=SETUP, want=Want(), since=since)
        assert list(found) == []
        assert script.asked[0].params == (
            ("with", "contacts"),
            ("filter[statuses][0][pipeline_id]", "90"),
            ("filter[statuses][0][status_id]", "7001"),
            ("filter[statuses][1][pipeline_id]", "90"),
            ("filter[statuses][1][status_id]", "142"),
            ("filter[updated_at][from]", "1793520000"),
            ("order[id]", "asc"),
            ("limit", "250"),
        )

    def test_are_read_to_the_last_page_before_the_first_is_given(self) -> None:
        following = "https://proxy.example/api/v4/leads?filter%5Bx%5D=1&page=2"
        crm, script = kommo(page("leads", lead(1), following=following), page("leads", lead(2)))
        found = crm.deals_in([ISSUE], setup=SETUP, want=BARE)
        assert next(found).id == 1
        assert len(script.asked) == 2
        assert script.asked[1].path == "/api/v4/leads"
        assert script.asked[1].params == (("filter[x]", "1"), ("page", "2"))
        assert [deal.id for deal in found] == [2]

    def test_a_page_of_another_list_is_not_followed(self) -> None:
        following = "https://example.com/collect?token=1"
        crm, _ = kommo(page("leads", lead(1), following=following))
        with pytest.raises(KinvError, match="next page"):
            list(crm.deals_in([ISSUE], setup=SETUP, want=BARE))

    def test_rows_that_were_not_asked_for_do_not_count(self) -> None:
        rows = [
            lead(1),
            lead(2, status_id=7002),
            lead(3, pipeline_id=91),
            lead(4, is_deleted=True),
            lead(5, updated_at=1_700_000_000),
            lead(1),
        ]
        crm, _ = kommo(page("leads", *rows))
        since = datetime(2025, 1, 1, tzinfo=UTC)
        found = crm.deals_in([ISSUE], setup=SETUP, want=BARE, since=since)
        assert [deal.id for deal in found] == [1]

    def test_a_change_in_the_very_second_counts(self) -> None:
        since = datetime.fromtimestamp(1_760_976_072.5, UTC)
        crm, _ = kommo(page("leads", lead()))
        assert len(list(crm.deals_in([ISSUE], setup=SETUP, want=BARE, since=since))) == 1

    def test_no_stage_is_no_deal_and_not_every_deal(self) -> None:
        crm, script = kommo()
        assert list(crm.deals_in([], setup=SETUP, want=Want())) == []
        assert script.asked == []

    def test_fifty_take_two_requests(self) -> None:
        links = [{"contacts": [{"id": 1000 + at, "is_main": True}]} for at in range(50)]
        leads = [lead(1 + at, _embedded=links[at], status_id=7002) for at in range(50)]
        people = page("contacts", *(person(1000 + at) for at in range(50)))
        crm, script = kommo(page("leads", *leads), people)
        found = list(crm.deals_in([SENT], setup=SETUP, want=Want()))
        assert len(found) == 50
        assert all(deal.contact for deal in found)
        assert len(script.asked) == 2


class TestTasksAndNotes:
    def test_tasks_come_completed_or_not_and_only_of_the_deals(self) -> None:
        def task(number: int, **more: object) -> dict[str, Any]:
            of = {"entity_id": 501, "entity_type": "leads", "is_completed": False, "result": []}
            return {"id": number, "text": "Check"} | of | more

        crm, script = kommo(
            page(
                "tasks",
                task(1),
                task(2, is_completed=True, result={"text": "Paid"}),
                task(3, entity_type="contacts"),
                task(4, entity_id=999),
                task(5, entity_id=502, result={}),
            )
        )
        assert crm.tasks([501, 502]) == [
            Task("1", 501, "Check", done=False),
            Task("2", 501, "Check", done=True),
            Task("5", 502, "Check", done=False),
        ]
        asked = script.asked[0]
        assert asked.values("filter[entity_type]") == ["leads"]
        assert asked.values("filter[entity_id][]") == ["501", "502"]
        assert asked.values("filter[is_completed]") == []

    def test_tasks_of_no_deals_take_no_request(self) -> None:
        crm, script = kommo()
        assert crm.tasks([]) == []
        assert script.asked == []

    def test_notes_come_newest_first_and_only_plain_ones_of_the_deal(self) -> None:
        def note(number: int, **more: object) -> dict[str, Any]:
            base = {"entity_id": "501", "note_type": "common", "params": {"text": f"n{number}"}}
            return {"id": number} | base | more

        rows = [note(1), note(3), note(2, note_type="call_in", params=[]), note(4, entity_id=7)]
        crm, script = kommo(page("notes", *rows))
        assert crm.notes(501) == [Note("3", 501, "n3"), Note("1", 501, "n1")]
        assert script.paths == ["GET /api/v4/leads/501/notes"]
        assert script.asked[0].values("filter[note_type][]") == ["common"]
