"""Custom fields: every documented type as it is read and as it is written."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from kommo_fake import multitext, row

from kommo_invoice.crm.kommo import fields
from kommo_invoice.crm.kommo.wire import FieldDefRow, FieldRow
from kommo_invoice.domain.fields import FieldDef, FieldKind
from kommo_invoice.domain.writing import FieldSet

BERLIN = ZoneInfo("Europe/Berlin")
BERLIN_MIDNIGHT = 1_767_135_600  # 2025-12-31 00:00 in Berlin is 2025-12-30 23:00 UTC
BERLIN_NOON = BERLIN_MIDNIGHT + 12 * 3600
LEGAL = {"name": "Day Ltd", "entity_type": 1, "vat_id": "GB123"}
ITEM = {"sku": "A-1", "description": "Hour", "quantity": 2, "unit_price": Decimal("80.5")}

READ = [
    ("text", [{"value": "x"}], "x"),
    ("textarea", [{"value": "x\ny"}], "x\ny"),
    ("url", [{"value": "https://pay.example/9f"}], "https://pay.example/9f"),
    ("streetaddress", [{"value": "1 Road"}], "1 Road"),
    ("tracking_data", [{"value": "ads"}], "ads"),
    ("numeric", [{"value": "12"}], Decimal(12)),
    ("numeric", [{"value": "0"}], Decimal(0)),
    ("monetary", [{"value": "12.50"}], Decimal("12.50")),
    ("price", [{"value": 12}], Decimal(12)),
    ("checkbox", [{"value": True}], True),
    ("checkbox", [{"value": False}], False),
    ("date", [{"value": BERLIN_MIDNIGHT}], date(2025, 12, 31)),
    ("birthday", [{"value": BERLIN_MIDNIGHT}], date(2025, 12, 31)),
    ("date_time", [{"value": BERLIN_MIDNIGHT}], datetime(2025, 12, 30, 23, tzinfo=UTC)),
    ("select", [{"value": "Paid", "enum_id": 3, "enum_code": None}], "Paid"),
    ("radiobutton", [{"value": "Paid", "enum_id": 3, "enum_code": "P"}], "Paid"),
    ("category", [{"value": "Devices", "enum_id": 3}], "Devices"),
    ("multiselect", [{"value": "A", "enum_id": 1}, {"value": "B", "enum_id": 2}], ("A", "B")),
    (
        "multitext",
        [{"value": "a@b.c", "enum_code": "WORK"}, {"value": "d@e.f"}],
        ("a@b.c", "d@e.f"),
    ),
    (
        "smart_address",
        [
            {"value": "1 Road", "enum_code": "address_line_1"},
            {"value": "GB", "enum_code": "country"},
        ],
        {"address_line_1": "1 Road", "country": "GB"},
    ),
    ("legal_entity", [{"value": LEGAL}], LEGAL),
    ("linked_entity", [{"value": {"entity_id": 5}}], {"entity_id": 5}),
    ("file", [{"value": {"file_name": "a.pdf"}}], {"file_name": "a.pdf"}),
    ("items", [{"value": ITEM}], (ITEM,)),
    (
        "chained_list",
        [{"catalog_id": 4, "catalog_element_id": 8}],
        ({"catalog_id": 4, "catalog_element_id": 8},),
    ),
]

WRITTEN = [
    ("text", "x", [{"value": "x"}]),
    ("textarea", "x\ny", [{"value": "x\ny"}]),
    ("url", "https://pay.example/9f", [{"value": "https://pay.example/9f"}]),
    ("streetaddress", "1 Road", [{"value": "1 Road"}]),
    ("tracking_data", "ads", [{"value": "ads"}]),
    ("numeric", Decimal("12.50"), [{"value": "12.50"}]),
    ("numeric", Decimal("1E+3"), [{"value": "1000"}]),
    ("monetary", Decimal(0), [{"value": "0"}]),
    ("price", Decimal(12), [{"value": "12"}]),
    ("checkbox", False, [{"value": False}]),
    ("date", date(2025, 12, 31), [{"value": BERLIN_NOON}]),
    ("birthday", date(2025, 12, 31), [{"value": BERLIN_NOON}]),
    ("date_time", datetime(2025, 12, 30, 23, tzinfo=UTC), [{"value": BERLIN_MIDNIGHT}]),
    ("date_time", datetime(2025, 12, 31, 0), [{"value": BERLIN_MIDNIGHT}]),  # noqa: DTZ001 - what a user typed
    ("date_time", date(2025, 12, 31), [{"value": BERLIN_NOON}]),
    ("select", "Paid", [{"value": "Paid"}]),
    ("radiobutton", "Paid", [{"value": "Paid"}]),
    ("category", "Devices", [{"value": "Devices"}]),
    ("multiselect", ("A", "B"), [{"value": "A"}, {"value": "B"}]),
    ("multitext", ("a@b.c",), [{"value": "a@b.c", "enum_code": "WORK"}]),
    (
        "smart_address",
        {"address_line_1": "1 Road", "zip": None},
        [{"value": "1 Road", "enum_code": "address_line_1"}],
    ),
    ("legal_entity", LEGAL, [{"value": LEGAL}]),
    (
        "chained_list",
        ({"catalog_id": 4, "catalog_element_id": 8},),
        [{"catalog_id": 4, "catalog_element_id": 8}],
    ),
]

LISTS_AND_FILES = {"items", "linked_entity", "file"}


def read(kind: str, *values: object) -> object:
    return fields.value(FieldRow.model_validate(row(kind, *values)), BERLIN)


def defined(kind: str, **more: object) -> FieldDef | None:
    raw = {"id": 31, "name": "Field", "type": kind} | more
    return fields.definition(FieldDefRow.model_validate(raw), "deal")


def written(kind: str, value: object) -> dict[str, object]:
    field = defined(kind)
    assert field is not None
    return fields.write(FieldSet(field, value), lambda: BERLIN)  # type: ignore[arg-type] # a table


@pytest.mark.parametrize(("kind", "values", "expected"), READ)
def test_a_field_is_read_by_its_type(kind: Any, values: Any, expected: Any) -> None:
    assert read(kind, *values) == expected
    assert type(read(kind, *values)) is type(expected)


@pytest.mark.parametrize(("kind", "value", "expected"), WRITTEN)
def test_a_field_is_written_by_its_type(kind: Any, value: Any, expected: Any) -> None:
    assert written(kind, value) == {"field_id": 31, "values": expected}


def test_every_documented_type_stands_in_both_tables() -> None:
    assert {kind for kind, _, _ in READ} == set(fields.KINDS)
    assert {kind for kind, _, _ in WRITTEN} == set(fields.KINDS) - LISTS_AND_FILES


@pytest.mark.parametrize("kind", sorted(fields.KINDS))
def test_none_clears_a_field_and_an_empty_one_is_none(kind: Any) -> None:
    if kind not in LISTS_AND_FILES:
        assert written(kind, None) == {"field_id": 31, "values": None}
    assert read(kind) is None
    assert fields.value(FieldRow.model_validate(row(kind) | {"values": None}), BERLIN) is None


@pytest.mark.parametrize("kind", ["text", "numeric", "date", "select"])
@pytest.mark.parametrize("nothing", ["", None])
def test_a_field_with_an_empty_value_is_none(kind: Any, nothing: Any) -> None:
    assert read(kind, {"value": nothing}) is None


@pytest.mark.parametrize(
    ("kind", "odd"), [("numeric", "12,5"), ("date", "31.12.2025"), ("legal_entity", "Day Ltd")]
)
def test_a_value_that_its_type_cannot_have_stays_text(kind: Any, odd: Any) -> None:
    assert read(kind, {"value": odd}) == odd


@pytest.mark.parametrize(
    "name", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata", "America/Sao_Paulo"]
)
def test_a_date_stays_the_same_day_in_zones_far_from_utc(name: str) -> None:
    field = defined("date")
    assert field is not None
    sent: Any = fields.write(FieldSet(field, date(2026, 3, 1)), lambda: ZoneInfo(name))
    stored = FieldRow.model_validate(row("date", *sent["values"]))
    assert fields.value(stored, ZoneInfo(name)) == date(2026, 3, 1)


def test_fields_of_an_undocumented_type_are_as_if_they_were_not_there() -> None:
    strange = FieldRow.model_validate(row("hologram", {"value": "x"}))
    assert fields.read([strange], BERLIN) == ()
    assert fields.value(strange, BERLIN) is None
    assert defined("hologram") is None


def test_a_definition_says_what_the_field_takes() -> None:
    text = defined("text", code="KINV_INVOICE_ID")
    assert text == FieldDef(
        "31", "Field", "KINV_INVOICE_ID", "text", FieldKind.TEXT, "deal", max_length=256
    )
    select = defined("select", enums=[{"id": 1, "value": "Paid"}, {"id": 2, "value": "Open"}])
    assert select is not None
    assert select.options == ("Paid", "Open")
    assert [kind for kind in fields.KINDS if (it := defined(kind)) and it.max_length] == ["text"]
    not_writable = {kind for kind in fields.KINDS if (it := defined(kind)) and not it.writable}
    assert not_writable == LISTS_AND_FILES


@pytest.mark.parametrize(
    ("items", "chosen"),
    [
        ([("home@x.org", "PRIV"), ("work@x.org", "WORK")], "work@x.org"),
        ([("home@x.org", "PRIV"), ("other@x.org", "OTHER")], "home@x.org"),
        ([("", "WORK"), ("home@x.org", "PRIV")], "home@x.org"),
        ([(" Jo@X.org ", "WORK")], "Jo@X.org"),
        ([], None),
    ],
)
def test_the_address_for_work_goes_before_the_first(items: Any, chosen: Any) -> None:
    rows = [FieldRow.model_validate(multitext("EMAIL", *items))]
    assert fields.preferred(rows, "EMAIL") == chosen
    assert fields.preferred(rows, "PHONE") is None


def test_older_answers_name_the_option_differently() -> None:
    old = row("multitext", {"value": "1"}, {"value": "2", "enum": "WORK"}, field_code="PHONE")
    assert fields.preferred([FieldRow.model_validate(old)], "PHONE") == "2"
