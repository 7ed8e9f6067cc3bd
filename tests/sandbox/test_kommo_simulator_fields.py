"""Custom field values in the Kommo simulator, type by type (sheet, section 4.6)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from kommo_case import NOW, errors, put, read, timestamp

if TYPE_CHECKING:
    import httpx

    from kommo_invoice.sandbox.kommo import Kommo
    from kommo_invoice.sandbox.world import World

pytest_plugins = ("kommo_agency",)

WROTE_AND_READ = [
    ("text", [{"value": "x" * 256}], [{"value": "x" * 256}]),
    ("textarea", [{"value": "x" * 300}], [{"value": "x" * 300}]),
    ("url", [{"value": "https://e.example"}], [{"value": "https://e.example"}]),
    ("streetaddress", [{"value": "Way 1"}], [{"value": "Way 1"}]),
    ("tracking_data", [{"value": "x"}], [{"value": "x"}]),
    ("numeric", [{"value": 12.5}], [{"value": "12.5"}]),
    ("numeric", [{"value": "12.50"}], [{"value": "12.50"}]),
    ("numeric", [{"value": 12}], [{"value": "12"}]),
    ("checkbox", [{"value": False}], [{"value": False}]),
    ("date_time", [{"value": 1_795_176_123}], [{"value": 1_795_176_123}]),
    ("date_time", [{"value": "2026-11-20T12:00:03+01:00"}], [{"value": 1_795_172_403}]),
    (
        "smart_address",
        [
            {"value": "Way 1", "enum_code": "address_line_1"},
            {"value": "DE", "enum_code": "country"},
        ],
        [
            {"value": "Way 1", "enum_id": 900_100, "enum_code": "address_line_1"},
            {"value": "DE", "enum_id": 900_105, "enum_code": "country"},
        ],
    ),
    ("legal_entity", [{"value": {"name": "A GmbH", "vat_id": "DE1", "entity_type": 1}}], None),
    ("file", [{"value": {"file_uuid": "u", "file_name": "a.pdf"}}], None),
    ("chained_list", [{"catalog_id": 1, "catalog_element_id": 2}], None),
    ("payer", [{"value": {"name": "A"}}], None),
]


class TestFields:
    """Custom field values, type by type (sheet, section 4.6)."""

    @pytest.mark.parametrize(("kind", "wrote", "back"), WROTE_AND_READ)
    def test_values_read_back_as_the_sheet_says(
        self,
        api: httpx.Client,
        kommo: Kommo,
        world: World,
        lead: int,
        kind: str,
        wrote: Any,
        back: Any,
    ) -> None:
        world.ids._counters.pop("kommo.option")
        world.ids.next("kommo.option", 900_099)
        kommo.add_field("leads", "Probe", kind)

        answer = api.patch("/api/v4/leads", json=put(kommo, lead, "Probe", wrote))

        assert answer.status_code == 200, answer.text
        assert read(api, lead, "Probe") == (wrote if back is None else back)

    @pytest.mark.parametrize("how", ["value", "enum_id", "enum_code"])
    @pytest.mark.parametrize("kind", ["select", "radiobutton", "multiselect"])
    def test_a_choice_goes_by_id_code_or_exact_text(
        self, api: httpx.Client, kommo: Kommo, lead: int, kind: str, how: str
    ) -> None:
        made = api.post(
            "/api/v4/leads/custom_fields",
            json=[{"name": "Probe", "type": kind, "enums": [{"value": "One", "code": "ONE"}]}],
        )
        [option] = made.json()["_embedded"]["custom_fields"][0]["enums"]
        whole = {"value": "One", "enum_id": option["id"], "enum_code": "ONE"}

        api.patch("/api/v4/leads", json=put(kommo, lead, "Probe", [{how: whole[how]}]))

        assert read(api, lead, "Probe") == [whole]
        wrong = api.patch("/api/v4/leads", json=put(kommo, lead, "Probe", [{how: "one"}]))
        assert errors(wrong) == [
            ("0", "NotSupportedChoice", f"custom_fields_values.0.values.0.{how}")
        ]

    @pytest.mark.parametrize(
        "sent", [timestamp(NOW), "2026-11-20T00:00:00+00:00", "2026-11-20T23:30:00+01:00"]
    )
    def test_a_date_becomes_the_accounts_local_midnight(
        self, api: httpx.Client, kommo: Kommo, lead: int, sent: Any
    ) -> None:
        api.patch("/api/v4/leads", json=put(kommo, lead, "Paid on", [{"value": sent}]))

        midnight = datetime(2026, 11, 20, tzinfo=kommo.account.zone)
        assert midnight.astimezone(UTC) == datetime(2026, 11, 19, 23, tzinfo=UTC)
        assert read(api, lead, "Paid on") == [{"value": timestamp(midnight)}]

    @pytest.mark.parametrize(
        ("name", "values", "code", "path"),
        [
            ("Invoice ID", [{"value": 5}], "InvalidType", "values.0.value"),
            ("PO", [{"value": "x", "enum_code": None}], "FieldNotExpected", "values.0.enum_code"),
            ("Invoice ID", [{}], "FieldMissing", "values.0.value"),
            ("Invoice ID", ["x"], "InvalidType", "values.0"),
            ("Invoice ID", "x", "InvalidType", "values"),
            ("Invoice ID", [{"value": "x"}, {"value": "y"}], "InvalidType", "values"),
            ("Paid amount", [{"value": "1,50"}], "InvalidType", "values.0.value"),
            ("Paid amount", [{"value": True}], "InvalidType", "values.0.value"),
            ("Paid on", [{"value": "2026-11-20"}], "InvalidType", "values.0.value"),
            ("Payment status", [{"value": "PAID"}], "NotSupportedChoice", "values.0.value"),
            ("Payment status", [{"enum_id": 1}], "NotSupportedChoice", "values.0.enum_id"),
        ],
    )  # fmt: skip
    def test_values_that_do_not_fit_are_refused(
        self,
        api: httpx.Client,
        kommo: Kommo,
        lead: int,
        name: str,
        values: Any,
        code: str,
        path: str,
    ) -> None:
        answer = api.patch("/api/v4/leads", json=put(kommo, lead, name, values))

        assert errors(answer) == [("0", code, f"custom_fields_values.0.{path}")]

    @pytest.mark.parametrize("nothing", [None, [], [{"value": ""}]])
    def test_a_field_is_cleared(
        self, api: httpx.Client, kommo: Kommo, lead: int, nothing: Any
    ) -> None:
        api.patch("/api/v4/leads", json=put(kommo, lead, "PO", nothing))

        assert read(api, lead, "PO") is None

    def test_a_code_of_our_own_can_be_written_by(self, api: httpx.Client, lead: int) -> None:
        made = api.post(
            "/api/v4/leads/custom_fields",
            json=[{"name": "Mark", "type": "text", "code": "KINV_MARK", "request_id": "m"}],
        )
        assert made.status_code == 201
        assert made.json()["_embedded"]["custom_fields"][0]["request_id"] == "m"
        entry = {"field_code": "KINV_MARK", "values": [{"value": "w:1"}]}

        api.patch(f"/api/v4/leads/{lead}", json={"custom_fields_values": [entry]})

        assert read(api, lead, "Mark") == [{"value": "w:1"}]

    @pytest.mark.parametrize(
        ("item", "found"),
        [
            ({"type": "text"}, ("FieldMissing", "name")),
            ({"name": "x"}, ("FieldMissing", "type")),
            ({"name": "x", "type": "colour"}, ("NotSupportedChoice", "type")),
            ({"name": "x", "type": "multitext"}, ("NotSupportedChoice", "type")),
            ({"name": "x", "type": "price"}, ("NotSupportedChoice", "type")),
            ({"name": "x", "type": "select"}, ("FieldMissing", "enums")),
            ({"name": "x", "type": "monetary"}, ("FieldMissing", "currency")),
        ],
    )
    def test_definitions_that_are_refused(self, api: httpx.Client, item: Any, found: Any) -> None:
        assert errors(api.post("/api/v4/leads/custom_fields", json=[item])) == [("0", *found)]

    def test_emails_have_kinds_and_are_found_by_code(self, api: httpx.Client, kommo: Kommo) -> None:
        kinds = [{"value": "a@b.example", "enum_code": "PRIV"}, {"value": "c@d.example"}]
        entry = {"field_code": "EMAIL", "values": kinds}
        body = [{"name": "Jo", "custom_fields_values": [entry]}]
        [made] = api.post("/api/v4/contacts", json=body).json()["_embedded"]["contacts"]

        [email] = api.get(f"/api/v4/contacts/{made['id']}").json()["custom_fields_values"]

        assert (email["field_code"], email["field_type"]) == ("EMAIL", "multitext")
        assert [(one["value"], one["enum_code"]) for one in email["values"]] == [
            ("a@b.example", "PRIV"),
            ("c@d.example", "WORK"),
        ]

    def test_prices_of_products_are_texts(self, api: httpx.Client, kommo: Kommo) -> None:
        [catalog] = kommo.account.catalogs
        elements = api.get(f"/api/v4/catalogs/{catalog}/elements").json()["_embedded"]["elements"]

        prices = {
            entry["field_code"]: entry["values"][0]["value"]
            for entry in elements[0]["custom_fields_values"]
        }
        assert prices == {"SKU": "WEB", "PRICE": "1200.00"}

    def test_items_of_a_list_get_their_sum(self, api: httpx.Client, kommo: Kommo) -> None:
        [catalog] = kommo.account.catalogs
        entity = f"catalogs/{catalog}"
        items = kommo.add_field(entity, "Items", "items")
        row = {"value": {"sku": "A", "unit_price": 2.5, "quantity": 3}}
        body = [{"name": "Bill", "custom_fields_values": [{"field_id": items, "values": [row]}]}]

        made = api.post(f"/api/v4/catalogs/{catalog}/elements", json=body).json()

        [value] = made["_embedded"]["elements"][0]["custom_fields_values"][0]["values"]
        assert value["value"] == {"sku": "A", "unit_price": 2.5, "quantity": 3, "total_sum": 7.5}
