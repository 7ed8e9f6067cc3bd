"""Tasks, notes and links in the Kommo simulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kommo_case import NOW, errors, timestamp

if TYPE_CHECKING:
    import httpx

    from kommo_invoice.sandbox.kommo import Kommo
    from kommo_invoice.sandbox.kommo_seed import Agency

pytest_plugins = ("kommo_agency",)


class TestTasksAndNotes:
    """Tasks and notes."""

    def task(self, api: httpx.Client, lead: int, **more: Any) -> int:
        body = {"text": "Check", "complete_till": timestamp(NOW), "entity_id": lead}
        body |= {"entity_type": "leads", **more}
        [made] = api.post("/api/v4/tasks", json=[body]).json()["_embedded"]["tasks"]
        return int(made["id"])

    def test_a_task_is_made_found_and_completed(
        self, api: httpx.Client, kommo: Kommo, ids: Agency, lead: int
    ) -> None:
        other = ids.leads["Online shop"]
        task = self.task(api, lead, responsible_user_id=ids.users[1], request_id="r")
        self.task(api, other)
        query = f"filter[entity_type]=leads&filter[entity_id][]={lead}"

        [found] = api.get(f"/api/v4/tasks?{query}").json()["_embedded"]["tasks"]
        assert (found["id"], found["result"], found["is_completed"]) == (task, [], False)
        assert api.get(f"/api/v4/leads/{lead}").json()["closest_task_at"] == timestamp(NOW)
        done = {"id": task, "is_completed": True, "result": {"text": "Paid"}}
        answer = api.patch("/api/v4/tasks", json=[done]).json()["_embedded"]["tasks"]

        assert [(row["id"], row["request_id"]) for row in answer] == [(task, "0")]
        assert api.get(f"/api/v4/tasks/{task}").json()["result"] == {"text": "Paid"}
        assert api.get(f"/api/v4/tasks?{query}&filter[is_completed]=0").status_code == 204
        assert api.get(f"/api/v4/leads/{lead}").json()["closest_task_at"] is None
        assert kommo.dump()["tasks"][0] == {
            "id": task,
            "lead": lead,
            "text": "Check",
            "complete_till": NOW.isoformat(),
            "completed": True,
            "result": "Paid",
            "responsible": ids.users[1],
        }

    def test_without_its_type_an_entity_filter_is_dropped(
        self, api: httpx.Client, ids: Agency, lead: int
    ) -> None:
        self.task(api, ids.leads["Online shop"])

        found = api.get(f"/api/v4/tasks?filter[entity_id][]={lead}").json()

        assert len(found["_embedded"]["tasks"]) == 1

    def test_the_same_post_makes_two_tasks(self, api: httpx.Client, lead: int) -> None:
        assert self.task(api, lead) != self.task(api, lead)

    @pytest.mark.parametrize(
        ("change", "found"),
        [
            ({"text": ""}, ("FieldMissing", "text")),
            ({"complete_till": None}, ("FieldMissing", "complete_till")),
            ({"complete_till": "soon"}, ("InvalidType", "complete_till")),
            ({"entity_id": 1}, ("NotSupportedChoice", "entity_id")),
            ({"entity_type": "lead"}, ("NotSupportedChoice", "entity_type")),
            ({"entity_type": None}, ("FieldMissing", "entity_type")),
            ({"task_type_id": 99}, ("NotSupportedChoice", "task_type_id")),
            ({"responsible_user_id": 1}, ("NotSupportedChoice", "responsible_user_id")),
        ],
    )
    def test_tasks_that_are_refused(
        self, api: httpx.Client, lead: int, change: Any, found: Any
    ) -> None:
        body = {"text": "x", "complete_till": 1, "entity_id": lead, "entity_type": "leads"}

        assert errors(api.post("/api/v4/tasks", json=[body | change])) == [("0", *found)]

    def test_notes_are_made_and_listed_and_may_set_off_automations(
        self, api: httpx.Client, kommo: Kommo, lead: int
    ) -> None:
        quiet = {"is_need_to_trigger_digital_pipeline": False}
        note = {"entity_id": lead, "note_type": "common", "params": {"text": "Paid"}}

        answer = api.post("/api/v4/leads/notes", json=[note | quiet, note])

        rows = answer.json()["_embedded"]["notes"]
        assert [row["entity_id"] for row in rows] == [str(lead), str(lead)]
        query = "filter[note_type][]=common&order[id]=desc&limit=250"
        listed = api.get(f"/api/v4/leads/{lead}/notes?{query}").json()["_embedded"]["notes"]
        assert [one["id"] for one in listed] == [rows[1]["id"], rows[0]["id"]]
        assert listed[0]["params"] == {"text": "Paid"}
        assert [one["triggers"] for one in kommo.dump()["notes"]] == [False, True]

    @pytest.mark.parametrize(
        ("change", "found"),
        [
            ({"note_type": "invoice_paid"}, ("NotSupportedChoice", "note_type")),
            ({"params": {}}, ("FieldMissing", "params.text")),
            ({"note_type": "service_message"}, ("FieldMissing", "params.service")),
            ({"entity_id": 1}, ("NotSupportedChoice", "entity_id")),
        ],
    )
    def test_notes_that_are_refused(
        self, api: httpx.Client, lead: int, change: Any, found: Any
    ) -> None:
        note = {"entity_id": lead, "note_type": "common", "params": {"text": "x"}} | change

        assert errors(api.post("/api/v4/leads/notes", json=[note])) == [("0", *found)]


class TestLinks:
    """Products, contacts and companies of a lead."""

    def test_links_are_made_listed_and_taken_away(
        self, api: httpx.Client, kommo: Kommo, ids: Agency, lead: int
    ) -> None:
        [catalog] = kommo.account.catalogs
        link = {
            "to_entity_id": ids.products["HOST"],
            "to_entity_type": "catalog_elements",
            "metadata": {"quantity": 2, "catalog_id": catalog},
        }

        made = api.post(f"/api/v4/leads/{lead}/link", json=[link])
        assert made.json()["_embedded"]["links"] == [
            {"entity_id": lead, "entity_type": "leads", **link}
        ]
        assert api.post(f"/api/v4/leads/{lead}/link", json=[link]).status_code == 500
        several = api.get(f"/api/v4/leads/links?filter[entity_id][]={lead}").json()
        assert {one["to_entity_type"] for one in several["_embedded"]["links"]} == {
            "catalog_elements",
            "contacts",
            "companies",
        }
        assert api.post(f"/api/v4/leads/{lead}/unlink", json=[link]).status_code == 204
        left = api.get(f"/api/v4/leads/{lead}/links").json()["_embedded"]["links"]
        assert "catalog_elements" not in {one["to_entity_type"] for one in left}

    def test_a_product_needs_its_catalog(self, api: httpx.Client, ids: Agency, lead: int) -> None:
        link = {"to_entity_id": ids.products["HOST"], "to_entity_type": "catalog_elements"}

        assert errors(api.post(f"/api/v4/leads/{lead}/link", json=[link])) == [
            ("0", "FieldMissing", "metadata.catalog_id")
        ]
