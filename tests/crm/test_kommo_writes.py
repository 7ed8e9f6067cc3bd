"""Writing to deals: the bodies that leave, their class, and what the answers prove."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from kommo_fake import SENT, SETUP, kommo, lead, page

from kommo_invoice.crm.base import Want
from kommo_invoice.domain.fields import FieldDef, FieldKind
from kommo_invoice.domain.writing import DealChange, FieldSet, NoteDraft, TaskDone, TaskDraft
from kommo_invoice.errors import KinvError, LostAnswer, RateLimited, Temporary
from kommo_invoice.http import CallClass

INVOICE_ID = FieldDef("31", "Invoice ID", None, "text", FieldKind.TEXT, "deal")
PAID = FieldDef("32", "Paid amount", None, "numeric", FieldKind.NUMBER, "deal")
PAID_ON = FieldDef("33", "Paid on", None, "date", FieldKind.DATE, "deal")
DUE = datetime(2026, 12, 24, 22, 59, 59, tzinfo=UTC)
ACCOUNT = {
    "id": 9,
    "name": "Acme",
    "subdomain": "acme",
    "currency": "EUR",
    "_embedded": {"datetime_settings": {"timezone": "Pacific/Kiritimati"}},
}


class TestDeals:
    def test_fields_and_stage_leave_in_one_item_with_changed_keys_only(self) -> None:
        crm, script = kommo(page("leads", {"id": 501}, {"id": 502}))
        fields = (FieldSet(INVOICE_ID, "wave:9f"), FieldSet(PAID, Decimal("12.50")))
        crm.update_deals(
            [DealChange(501, fields, SENT), DealChange(502, (FieldSet(INVOICE_ID, None),))]
        )
        (asked,) = script.asked
        assert (asked.call, asked.method, asked.path) == (CallClass.SET, "PATCH", "/api/v4/leads")
        assert asked.json == [
            {
                "id": 501,
                "request_id": "501",
                "status_id": 7002,
                "pipeline_id": 90,
                "custom_fields_values": [
                    {"field_id": 31, "values": [{"value": "wave:9f"}]},
                    {"field_id": 32, "values": [{"value": "12.50"}]},
                ],
            },
            {
                "id": 502,
                "request_id": "502",
                "custom_fields_values": [{"field_id": 31, "values": None}],
            },
        ]

    def test_nothing_to_change_is_no_request(self) -> None:
        crm, script = kommo()
        crm.update_deals([])
        crm.update_deals([DealChange(501)])
        assert script.asked == []

    def test_a_date_is_noon_in_the_zone_of_the_setup_that_came_with_the_deals(self) -> None:
        crm, script = kommo(lead(), page("leads", {"id": 501}))
        crm.deals([501], setup=SETUP, want=Want(contact=False))
        crm.update_deals([DealChange(501, (FieldSet(PAID_ON, date(2026, 3, 1)),))])
        (item,) = script.asked[-1].json
        noon = datetime(2026, 3, 1, 11, 0, tzinfo=UTC)  # Berlin is an hour ahead
        assert item["custom_fields_values"][0]["values"] == [{"value": int(noon.timestamp())}]

    def test_a_date_asks_for_the_zone_once_where_nothing_has_told_it(self) -> None:
        crm, script = kommo(ACCOUNT, page("leads", {"id": 501}), page("leads", {"id": 501}))
        for _ in range(2):
            crm.update_deals([DealChange(501, (FieldSet(PAID_ON, date(2026, 3, 1)),))])
        assert script.paths == ["GET /api/v4/account", *["PATCH /api/v4/leads"] * 2]
        noon = datetime(2026, 2, 28, 22, 0, tzinfo=UTC)  # fourteen hours ahead
        values = script.asked[-1].json[0]["custom_fields_values"][0]["values"]
        assert values == [{"value": int(noon.timestamp())}]

    def test_a_change_that_is_not_confirmed_is_made_again(self) -> None:
        crm, _ = kommo(page("leads", {"id": 501}))
        changes = [DealChange(each, (FieldSet(INVOICE_ID, "x"),)) for each in (501, 502)]
        with pytest.raises(Temporary, match="502"):
            crm.update_deals(changes)

    @pytest.mark.parametrize(
        ("error", "size", "told"),
        [
            (Temporary("504"), 2, True),
            (Temporary("504"), 1, False),
            (RateLimited("429"), 2, False),
        ],
    )
    def test_a_batch_that_fails_may_be_too_big(self, error: Any, size: Any, told: Any) -> None:
        crm, _ = kommo(error)
        changes = [DealChange(1 + at, (FieldSet(INVOICE_ID, "x"),)) for at in range(size)]
        with pytest.raises(type(error)) as raised:
            crm.update_deals(changes)
        assert ("fewer deals at once" in raised.value.hint) is told


class TestTasks:
    def test_are_created_with_their_place_as_request_id(self) -> None:
        answer = page("tasks", {"id": 4002, "request_id": "1"}, {"id": 4001, "request_id": 0})
        crm, script = kommo(answer)
        drafts = [TaskDraft(501, "Check [kinv KQ4-501]", DUE, "11"), TaskDraft(502, "x", DUE)]
        assert crm.create_tasks(drafts) == ["4001", "4002"]
        (asked,) = script.asked
        assert (asked.call, asked.method, asked.path) == (CallClass.CREATE, "POST", "/api/v4/tasks")
        assert asked.json == [
            {
                "text": "Check [kinv KQ4-501]",
                "complete_till": int(DUE.timestamp()),
                "task_type_id": 1,
                "entity_id": 501,
                "entity_type": "leads",
                "request_id": "0",
                "responsible_user_id": 11,
            },
            {
                "text": "x",
                "complete_till": int(DUE.timestamp()),
                "task_type_id": 1,
                "entity_id": 502,
                "entity_type": "leads",
                "request_id": "1",
            },
        ]

    @pytest.mark.parametrize(
        "answer",
        [
            None,
            page("tasks"),
            page("tasks", {"id": 1, "request_id": "7"}),
            page("tasks", {"id": 1}),
            page("tasks", {"id": "?", "request_id": "0"}),
            {"_embedded": {}},
        ],
    )
    def test_that_the_answer_does_not_name_may_exist(self, answer: Any) -> None:
        crm, _ = kommo(answer)
        with pytest.raises(LostAnswer):
            crm.create_tasks([TaskDraft(501, "x", DUE)])

    def test_are_closed_with_how_they_ended(self) -> None:
        crm, script = kommo(page("tasks", {"id": 4001}))
        crm.close_tasks([TaskDone("4001", "Paid 12.50 EUR")])
        (asked,) = script.asked
        assert (asked.call, asked.method, asked.path) == (CallClass.SET, "PATCH", "/api/v4/tasks")
        assert asked.json == [
            {"id": 4001, "is_completed": True, "result": {"text": "Paid 12.50 EUR"}}
        ]

    def test_are_closed_fifty_at_a_time(self) -> None:
        answers = [
            page("tasks", *({"id": at} for at in range(start, start + 50))) for start in (0, 50)
        ]
        crm, script = kommo(*answers, page("tasks", {"id": 100}))
        crm.close_tasks(TaskDone(str(at), "done") for at in range(101))
        assert [len(asked.json) for asked in script.asked] == [50, 50, 1]


class TestNotes:
    def test_are_plain_and_fire_no_automation(self) -> None:
        crm, script = kommo(page("notes", {"id": 71, "entity_id": "501", "request_id": "0"}))
        assert crm.create_notes([NoteDraft(501, "12.50 EUR received")]) == ["71"]
        (asked,) = script.asked
        assert asked.call is CallClass.CREATE
        assert (asked.method, asked.path) == ("POST", "/api/v4/leads/notes")
        assert asked.json == [
            {
                "entity_id": 501,
                "note_type": "common",
                "params": {"text": "12.50 EUR received"},
                "is_need_to_trigger_digital_pipeline": False,
                "request_id": "0",
            }
        ]

    def test_nothing_to_create_is_no_request(self) -> None:
        crm, script = kommo()
        assert (crm.create_notes([]), crm.create_tasks([])) == ([], [])
        crm.close_tasks([])
        assert script.asked == []

    def test_an_answer_without_its_list_is_never_taken_for_an_empty_one(self) -> None:
        crm, _ = kommo({"_links": {}, "_embedded": {"tasks": []}})
        with pytest.raises(KinvError, match="no list of notes"):
            crm.notes(501)
