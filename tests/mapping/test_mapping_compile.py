"""Names against the accounts: what exists becomes an id, what does not is told with the nearest."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from mapping_ground import FIELDS, RETAINERS, SALES, SETUP, Build, Changes, build_in

from kommo_invoice.domain.deal import CrmAccount, Pipeline, Stage
from kommo_invoice.errors import ConfigInvalid


@pytest.fixture
def build(tmp_path: Path) -> Build:
    return build_in(tmp_path)


def problems(build: Build, changes: Changes, **setup: Any) -> list[tuple[str, str, str | None]]:
    with pytest.raises(ConfigInvalid) as caught:
        build(changes, **setup)
    return [(each.key, each.message, each.nearest) for each in caught.value.problems]


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        (["Issue Invoice"], ["101"]),
        (["issue invoice"], ["101"]),
        (["101", "New"], ["101", "100"]),
        ([101], ["101"]),
        (["won"], ["142"]),
        (["Closed - won"], ["142"]),
    ],
)
def test_trigger_stages_by_name_id_or_won(
    build: Build, given: list[str | int], ids: list[str]
) -> None:
    mapping = build({"trigger.stages": given, "trigger.since": "2026-11-01"})
    assert [stage.id for stage in mapping.trigger.stages] == ids


def test_since_begins_with_the_day_in_the_account_s_zone(build: Build) -> None:
    trigger = build({"trigger.since": "2026-11-01"}).trigger
    assert trigger.since_at == datetime(2026, 10, 31, 22, tzinfo=UTC)  # Kyiv is 2 hours ahead


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"trigger.pipeline": "Sale"},
            ("trigger.pipeline", "there is no pipeline 'Sale'", "Sales"),
        ),
        (
            {"trigger.stages": ["New", "Isue Invoice"]},
            ("trigger.stages[1]", "there is no stage of Sales 'Isue Invoice'", "Issue Invoice"),
        ),
        (
            {"trigger.stages": ["Retainer Active"]},
            ("trigger.stages[0]", "there is no stage of Sales 'Retainer Active'", None),
        ),
        ({"trigger.stages": ["lost"]}, ("trigger.stages", "a lost deal is never invoiced", None)),
        (
            {"trigger.stages": [142]},
            ("trigger.since", "is required with 'Closed - won', a won stage", None),
        ),
        ({"invoice.item": "Desing"}, ("invoice.item", "there is no item 'Desing'", "Design")),
        (
            {"invoice.item": "Postage"},
            ("invoice.item", "the item 'Postage' is not for sale in the books", None),
        ),
        ({"lines.tax": "VAT 19"}, ("lines.tax", "there is no tax 'VAT 19'", "VAT 19%")),
        (
            {"tax": {"key": "x", "DE": "VAT 91%"}},
            ("tax.DE", "there is no tax 'VAT 91%'", "VAT 19%"),
        ),
        (
            {"tax": {"key": "x", "default": "VAT"}},
            ("tax.default", "there is no tax 'VAT'", None),
        ),
        (
            {"invoice.due_date": "{{ deal['Due Dat'] }}"},
            ("invoice.due_date", "there is no deal field 'Due Dat'", "Due Date"),
        ),
        (
            {"customer.country": "{{ contact['VAT ID'] }}"},
            ("customer.country", "there is no contact field 'VAT ID'", None),
        ),
        (
            {"invoice.memo": "{{ deal['Twice'] }}"},
            (
                "invoice.memo",
                "several deal fields are named 'Twice': use one of their ids, 11, 12",
                None,
            ),
        ),
        (
            {"write_back.fields": {"Paid un": "x"}},
            ('write_back.fields."Paid un"', "there is no deal field 'Paid un'", "Paid on"),
        ),
        (
            {"write_back.fields": {"Paid on": "soon"}},
            ('write_back.fields."Paid on"', "'soon' is not a date (YYYY-MM-DD)", None),
        ),
        (
            {"write_back.fields": {"Attachment": "{{ invoice.url }}"}},
            ("write_back.fields.Attachment", "a field of type record cannot be written", None),
        ),
        (
            {"write_back.fields": {"Invoice ID": "{{ invoice.id }}"}},
            (
                'write_back.fields."Invoice ID"',
                "the field 'Invoice ID' is written twice",
                None,
            ),
        ),
        (
            {"write_back.invoice_field": "Paid amount"},
            ("write_back.invoice_field", "must be a text field; 'Paid amount' is number", None),
        ),
        (
            {"write_back.stages.paid": "Payment Recieved"},
            (
                "write_back.stages.paid",
                "there is no stage of Sales 'Payment Recieved'",
                "Payment Received",
            ),
        ),
        (
            {"write_back.move_from": ["Sent"]},
            ("write_back.move_from[0]", "there is no stage of Sales 'Sent'", None),
        ),
    ],
)
def test_a_name_that_does_not_exist_is_told(build: Build, changes: Changes, expected: Any) -> None:
    key, message, nearest = expected
    ((found_key, found, found_nearest),) = problems(build, changes)
    assert (found_key, found) == (key, message)
    assert nearest is None or found_nearest == nearest


def test_all_unknown_names_are_told_at_once(build: Build) -> None:
    changes = {"invoice.item": "Desing", "trigger.pipeline": "Sale", "lines.tax": "VAT 99%"}
    assert {key for key, *_ in problems(build, changes)} == {
        "invoice.item",
        "trigger.pipeline",
        "lines.tax",
    }


def test_numbered_fields_are_checked_for_every_number(build: Build) -> None:
    lines = {
        "source": "fields",
        "count": 3,
        "description": "{{ deal['Item ' ~ n] }}",
        "unit_price": "{{ deal['Price ' ~ n] }}",
    }
    found = problems(build, {"lines": lines})
    assert [(key, message) for key, message, _ in found] == [
        ("lines.description", "there is no deal field 'Item 3'"),
        ("lines.unit_price", "there is no deal field 'Price 3'"),
    ]
    build({"lines": {**lines, "count": 2}})


def test_two_fields_of_one_name_can_be_told_apart_by_id(build: Build) -> None:
    build({"invoice.memo": "{{ deal['11'] }}"})


def test_a_pipeline_or_stage_that_is_not_unique_is_named_by_its_id(build: Build) -> None:
    twin = Pipeline("30", "Sales", (Stage("301", "A", "30"), Stage("302", "A", "30")))
    pipelines = (SALES, RETAINERS, twin)
    ((key, message, _),) = problems(build, None, pipelines=pipelines)
    assert key == "trigger.pipeline"
    assert message == "several pipelines are named 'Sales': use one of their ids, 10, 30"
    changes = {"trigger.pipeline": "30", "trigger.stages": ["A"]}
    ((key, message, _),) = problems(build, changes, pipelines=pipelines)
    assert (key, message[-8:]) == ("trigger.stages[0]", "301, 302")


def test_a_zone_that_nobody_knows_is_told(build: Build) -> None:
    account = CrmAccount("77", "Acme", "acme", "EUR", "Mars/Olympus")
    ((key, message, _),) = problems(build, None, account=account)
    assert key == "crm.account"
    assert "'Mars/Olympus'" in message


def test_moves_are_from_trigger_and_invoiced_unless_the_mapping_says_else(build: Build) -> None:
    plain = build({"write_back.stages": {"invoiced": "Invoice Sent"}}).write_back
    assert [stage.id for stage in plain.move_from] == ["101", "102"]
    named = build({"write_back": {"invoice_field": "Invoice ID", "move_from": ["New"]}}).write_back
    assert [stage.id for stage in named.move_from] == ["100"]


def test_what_the_engine_asks_for(build: Build) -> None:
    mapping = build({"customer.on_ambiguous": "oldest"})
    assert mapping.oldest_customer_wins
    assert mapping.suffix_taken_names
    assert not mapping.has_task
    assert mapping.invoice_field == FIELDS[2]
    assert mapping.viewer.account == SETUP.account


def test_the_description_is_plain_data_with_ids(build: Build) -> None:
    mapping = build(
        {
            "trigger.since": "2026-11-01",
            "tax": {"key": "{{ customer.country }}", "DE": "VAT 19%", "US": "none"},
            "write_back.fields": {"Paid on": "{{ invoice.paid_on }}"},
        }
    )
    shown = json.loads(json.dumps(mapping.describe()))
    assert shown["trigger"]["stages"] == [{"id": "101", "name": "Issue Invoice"}]
    assert shown["invoice"]["currency"] == "{{ customer.currency }}"
    assert shown["lines"]["unit_price"] == "{{ deal.price }}"
    assert shown["tax"]["cases"] == {
        "DE": {"id": "t19", "name": "VAT 19%", "rate": "0.19"},
        "US": "none",
    }
    assert shown["write_back"]["fields"] == [
        {"id": "8", "name": "Paid on", "value": "{{ invoice.paid_on }}"}
    ]
    assert shown["task"] is None
    assert shown["needs"]["contact"] is True
    assert shown["fingerprint"] == mapping.fingerprint()
