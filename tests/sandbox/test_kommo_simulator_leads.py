"""Leads in the Kommo simulator: what people and programs do with them, as Kommo treats it."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from kommo_case import NOW, connect, errors, field, put, read, timestamp

from kommo_invoice.sandbox.kommo import Kommo
from kommo_invoice.sandbox.kommo_seed import Agency, agency, empty_agency
from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    import httpx

pytest_plugins = ("kommo_agency",)


class TestLeads:
    """Reading, creating, updating."""

    def test_contacts_come_as_ids_and_only_when_asked_for(
        self, api: httpx.Client, kommo: Kommo, ids: Agency, lead: int
    ) -> None:
        other = kommo.add_contact("Ann Other", email="ann@northwind.example")
        kommo.link_contact(lead, other)

        plain = api.get(f"/api/v4/leads/{lead}").json()["_embedded"]
        full = api.get(f"/api/v4/leads/{lead}?with=contacts").json()["_embedded"]

        assert "contacts" not in plain
        assert [company["id"] for company in plain["companies"]] == [
            ids.companies["Northwind GmbH"]
        ]
        assert [(one["id"], one["is_main"]) for one in full["contacts"]] == [
            (other, False),
            (ids.contacts["jo@northwind.example"], True),
        ]
        assert set(full["contacts"][0]) == {"id", "is_main", "_links"}

    def test_products_come_with_quantity_and_the_price_used(
        self, api: httpx.Client, kommo: Kommo, ids: Agency, lead: int
    ) -> None:
        kommo.link_product(lead, ids.products["WEB"], "1.5", "Partner price")

        [element] = api.get(f"/api/v4/leads/{lead}?with=catalog_elements").json()["_embedded"][
            "catalog_elements"
        ]

        catalog = next(iter(kommo.account.catalogs))
        assert element == {
            "id": ids.products["WEB"],
            "metadata": {
                "quantity": 1.5,
                "catalog_id": catalog,
                "price_id": field(kommo, "Partner price", f"catalogs/{catalog}"),
            },
        }

    def test_price_is_cut_and_minor_units_are_a_fraction(
        self, api: httpx.Client, lead: int
    ) -> None:
        body = api.get(f"/api/v4/leads/{lead}")
        assert '"price": 1200, "price_with_minor_units": 1200.5,' in body.text

        api.patch(f"/api/v4/leads/{lead}", json={"price": 300.99})

        read_back = api.get(f"/api/v4/leads/{lead}").json()
        assert (read_back["price"], read_back["price_with_minor_units"]) == (300, 300.99)

    def test_no_custom_fields_is_null(self, api: httpx.Client) -> None:
        [made] = api.post("/api/v4/leads", json=[{"name": "Bare"}]).json()["_embedded"]["leads"]

        assert api.get(f"/api/v4/leads/{made['id']}").json()["custom_fields_values"] is None

    def test_the_same_post_makes_duplicates(self, api: httpx.Client, ids: Agency) -> None:
        linked = {"contacts": [{"id": ids.contacts["lee@park.example"]}]}
        body = [{"name": "Twin", "request_id": "mine", "_embedded": linked}, {"name": "Other"}]

        first = api.post("/api/v4/leads", json=body).json()["_embedded"]["leads"]
        second = api.post("/api/v4/leads", json=body).json()["_embedded"]["leads"]

        assert [row["request_id"] for row in first] == ["mine", "1"]
        assert {row["id"] for row in first} & {row["id"] for row in second} == set()
        made = api.get(f"/api/v4/leads/{first[0]['id']}?with=contacts").json()
        assert made["_embedded"]["contacts"][0]["is_main"] is True
        assert "request_id" not in made

    def test_an_update_echoes_no_values_and_leaves_the_rest(
        self, api: httpx.Client, kommo: Kommo, world: World, lead: int
    ) -> None:
        world.advance(5)
        answer = api.patch("/api/v4/leads", json=put(kommo, lead, "Invoice ID", [{"value": "w:1"}]))

        [row] = answer.json()["_embedded"]["leads"]
        assert set(row) == {"id", "updated_at", "_links"}
        assert row["updated_at"] == timestamp(NOW) + 5
        assert read(api, lead, "Invoice ID") == [{"value": "w:1"}]
        assert read(api, lead, "PO") == [{"value": "4711"}]

    def test_one_bad_item_and_nothing_of_the_batch_is_written(
        self, api: httpx.Client, kommo: Kommo, ids: Agency, lead: int
    ) -> None:
        shop = ids.leads["Online shop"]
        body = [
            *put(kommo, lead, "PO", [{"value": "changed"}]),
            {
                "id": shop,
                "request_id": "shop",
                "custom_fields_values": [
                    {"field_id": field(kommo, "Invoice ID"), "values": [{"value": "x" * 257}]},
                    {"field_id": field(kommo, "Payment status"), "values": [{"value": "Paid"}]},
                    {"field_id": 1, "values": [{"value": "x"}]},
                    {"field_code": "NOPE", "values": [{"value": "x"}]},
                ],
            },
        ]

        answer = api.patch("/api/v4/leads", json=body)

        assert errors(answer) == [
            ("shop", "TooLong", "custom_fields_values.0.values.0.value"),
            ("shop", "NotSupportedChoice", "custom_fields_values.1.values.0.value"),
            ("shop", "NotSupportedChoice", "custom_fields_values.2.field_id"),
            ("shop", "NotSupportedChoice", "custom_fields_values.3.field_code"),
        ]
        assert read(api, lead, "PO") == [{"value": "4711"}]

    def test_echoed_authors_are_refused(self, api: httpx.Client, lead: int) -> None:
        whole = api.get(f"/api/v4/leads/{lead}").json()

        assert errors(api.patch(f"/api/v4/leads/{lead}", json=whole)) == [
            ("0", "NotSupportedChoice", "created_by")
        ]

    @pytest.mark.parametrize(
        ("item", "found"),
        [
            ({"status_id": 58_099}, ("NotSupportedChoice", "status_id")),
            ({"status_id": 58_001}, ("NotSupportedChoice", "status_id")),
            ({"pipeline_id": 8_002, "status_id": 58_003}, ("NotSupportedChoice", "status_id")),
            ({"pipeline_id": 1}, ("NotSupportedChoice", "pipeline_id")),
            ({"price": "12"}, ("InvalidType", "price")),
            ({"responsible_user_id": 1}, ("NotSupportedChoice", "responsible_user_id")),
            ({"id": 1}, ("NotSupportedChoice", "id")),
            ({"custom_fields_values": {}}, None),
            ({"custom_fields_values": {"a": 1}}, ("InvalidType", "custom_fields_values")),
        ],
    )
    def test_what_an_update_refuses(
        self, api: httpx.Client, lead: int, item: Any, found: Any
    ) -> None:
        answer = api.patch("/api/v4/leads", json=[{"id": lead, **item}])

        if found is None:
            assert answer.status_code == 200
        else:
            assert errors(answer) == [("0", *found)]

    @pytest.mark.parametrize("pipeline", ["Sales", "Retainers"])
    @pytest.mark.parametrize("stage", [142, 143])
    def test_closing_works_in_every_pipeline_and_stamps_the_time(
        self, api: httpx.Client, kommo: Kommo, world: World, lead: int, pipeline: str, stage: int
    ) -> None:
        world.advance(60)
        home, first = kommo.stage(None, pipeline)

        api.patch(f"/api/v4/leads/{lead}", json={"pipeline_id": home, "status_id": stage})
        closed = api.get(f"/api/v4/leads/{lead}").json()
        api.patch(f"/api/v4/leads/{lead}", json={"status_id": first})
        reopened = api.get(f"/api/v4/leads/{lead}").json()

        assert (closed["pipeline_id"], closed["status_id"]) == (home, stage)
        assert closed["closed_at"] == timestamp(NOW) + 60
        assert (reopened["status_id"], reopened["closed_at"]) == (first, None)

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("POST", "/api/v4/leads", {"name": "x"}),
            ("PATCH", "/api/v4/leads", {"id": 20_000_001}),
            ("PATCH", "/api/v4/leads/20000001", [{"name": "x"}]),
            ("POST", "/api/v4/tasks", {"text": "x", "complete_till": 1}),
            ("POST", "/api/v4/contacts", {"name": "x"}),
            ("POST", "/api/v4/leads/notes", {}),
            ("POST", "/api/v4/leads", []),
        ],
    )
    def test_lists_are_lists_and_objects_are_objects(
        self, api: httpx.Client, method: str, path: str, body: Any
    ) -> None:
        assert errors(api.request(method, path, json=body)) == [("0", "InvalidType", "")]

    def test_a_batch_of_more_than_250_ends_in_504(self, api: httpx.Client, lead: int) -> None:
        assert api.patch("/api/v4/leads", json=[{"id": lead}] * 251).status_code == 504

    def test_stage_changes_become_events(
        self, api: httpx.Client, kommo: Kommo, world: World, ids: Agency, lead: int
    ) -> None:
        sales, issue = kommo.stage("Issue Invoice")
        world.advance(60)
        kommo.move_lead(lead, "Issue Invoice")
        kommo.move_lead(ids.leads["Online shop"], 142)
        query = (
            f"filter[type]=lead_status_changed&filter[entity]=lead"
            f"&filter[created_at][from]={timestamp(NOW) + 60}"
            f"&filter[value_after][leads_statuses][0][pipeline_id]={sales}"
            f"&filter[value_after][leads_statuses][0][status_id]={issue}"
        )

        [event] = api.get(f"/api/v4/events?{query}").json()["_embedded"]["events"]

        assert isinstance(event["id"], str)
        assert (event["entity_id"], event["entity_type"]) == (lead, "lead")
        assert event["created_at"] == timestamp(NOW) + 60
        assert event["value_after"] == [{"lead_status": {"id": issue, "pipeline_id": sales}}]

    def test_events_of_more_than_ten_leads_are_422(self, api: httpx.Client) -> None:
        query = "&".join(f"filter[entity_id][]={number}" for number in range(11))

        assert api.get(f"/api/v4/events?{query}").status_code == 422


class TestPeople:
    """What people do in the account, and how it is seen."""

    def test_the_picture_shows_what_people_see(self, kommo: Kommo, ids: Agency, lead: int) -> None:
        kommo.move_lead(lead, "Invoice Sent")
        kommo.edit_lead(lead, price="99.95", fields={"Paid on": date(2026, 11, 20), "PO": None})

        picture = json.loads(json.dumps(kommo.dump()))

        shown = next(one for one in picture["leads"] if one["id"] == lead)
        assert (shown["pipeline"], shown["stage"]) == ("Sales", "Invoice Sent")
        assert (shown["price"], shown["contact"]) == ("99.95", ids.contacts["jo@northwind.example"])
        assert shown["fields"] == {"Due Date": "2026-12-04", "Paid on": "2026-11-20"}
        assert picture["companies"][0]["fields"] == {"VAT ID": "DE811907980"}

    def test_the_same_story_has_the_same_ids(self) -> None:
        pictures = [agency(World(clock=lambda: NOW))[0].dump() for _ in range(2)]

        assert pictures[0] == pictures[1]

    def test_the_agency_has_every_field_of_the_example_mapping(self) -> None:
        kommo = empty_agency(World())
        leads = {one.name: one.type for one in kommo.account.fields["leads"].values()}

        assert leads["Invoice ID"] == "text"
        assert leads["Invoice link"] == "url"
        assert {leads[f"{part} {n}"] for part in ("Qty", "Price") for n in range(1, 6)} == {
            "numeric"
        }
        assert kommo.account.field_named("contacts", "Country").type == "text"
        assert kommo.account.field_named("companies", "VAT ID").type == "text"

    def test_an_account_can_be_of_another_zone_and_currency(self) -> None:
        kommo = Kommo(World(clock=lambda: NOW), currency="USD", timezone="America/New_York")
        kommo.add_user("A", "a@b.example")

        account = connect(kommo).get("/api/v4/account?with=datetime_settings,task_types").json()

        assert (account["currency"], account["currency_symbol"]) == ("USD", "$")
        settings = account["_embedded"]["datetime_settings"]
        assert (settings["timezone"], settings["timezone_offset"]) == ("America/New_York", "-05:00")
