"""``kinv mapping check --create-fields``: what is missing is made once, and never twice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stage import Result, Stage

MAKE = "POST /api/v4/leads/custom_fields"
FIELDS = {
    "Kinv total": "{{ invoice.total }}",
    "Kinv due": "{{ invoice.due_date }}",
    "Kinv page": "{{ invoice.url }}",
    "Kinv {{ odd }} 'name'": "{{ invoice.number }}",
}


def fresh(stage: Stage, **write_back: Any) -> None:
    """Have the mapping write to fields that the account does not have."""
    stage.map(write_back={"invoice_field": "Kinv mark", "fields": FIELDS, **write_back})


def check(stage: Stage, *flags: str, **environment: str) -> Result:
    return stage.kinv("mapping", "check", *flags, **environment)


def made(stage: Stage) -> dict[str, tuple[str, str | None, bool]]:
    """Return the deal's new fields as Kommo holds them: type, code, for the API alone."""
    fields = stage.kommo.account.fields["leads"].values()
    return {
        each.name: (each.type, each.code, each.is_api_only)
        for each in fields
        if each.name.startswith("Kinv")
    }


ALL = {
    "Kinv mark": ("text", "KINV_INVOICE_ID", True),
    "Kinv total": ("numeric", "KINV_KINV_TOTAL", False),
    "Kinv due": ("date", "KINV_KINV_DUE", False),
    "Kinv page": ("url", "KINV_KINV_PAGE", False),
    "Kinv {{ odd }} 'name'": ("text", "KINV_KINV_ODD_NAME", False),
}


def test_without_the_flag_the_hint_names_it(stage: Stage) -> None:
    fresh(stage)
    ended = check(stage)
    assert ended.code == 7
    assert "write_back.invoice_field: there is no deal field 'Kinv mark'" in ended.err
    assert "or let `kinv mapping check --create-fields` make the field" in ended.err
    assert not made(stage)


def test_they_are_made_and_the_check_goes_on(stage: Stage) -> None:
    fresh(stage)
    ended = check(stage, "--create-fields")
    assert ended.code == 0, ended
    assert made(stage) == ALL
    assert "fits both accounts" in ended.out
    assert "made: 'Kinv mark' (text), 'Kinv total' (number), 'Kinv due' (date)" in ended.out
    assert stage.requests()[MAKE] == 1


def test_a_second_run_makes_nothing(stage: Stage) -> None:
    fresh(stage)
    check(stage, "--create-fields")
    ended = check(stage, "--create-fields")
    assert (ended.code, "all are there; none was made" in ended.out) == (0, True)
    assert stage.requests()[MAKE] == 1
    assert check(stage).code == 0


def test_a_deal_is_told_in_them(stage: Stage) -> None:
    fresh(stage)
    check(stage, "--create-fields")
    assert stage.invoice().code == 0
    fields = stage.lead(stage.deal)["fields"]
    assert fields["Kinv mark"].startswith("wave:")
    assert fields["Kinv total"] == "1428.60"


def test_a_dry_run_only_says_which(stage: Stage) -> None:
    fresh(stage)
    ended = check(stage, "--create-fields", "--dry-run")
    assert ended.code == 0, ended
    assert "would fit both accounts with the fields below" in ended.out
    assert "would be made: 'Kinv mark' (text)" in ended.out
    assert not made(stage)


def test_a_dry_run_of_a_check_is_a_wrong_call(stage: Stage) -> None:
    assert check(stage, "--dry-run").code == 2


def test_for_programs_they_are_data(stage: Stage) -> None:
    fresh(stage)
    planned = json.loads(check(stage, "--create-fields", "--dry-run", "--json").out)["fields"]
    told = json.loads(check(stage, "--create-fields", "--json").out)
    assert [each["id"] for each in planned] == [None] * len(ALL)
    assert all(each["id"] for each in told["fields"])
    assert [each["code"] for each in told["fields"]] == [code for _, code, _ in ALL.values()]
    assert told["guard"]
    assert "fields" not in json.loads(check(stage, "--json").out)


def test_what_expressions_read_is_not_made(stage: Stage) -> None:
    stage.map(invoice={"memo": "{{ deal['Kinv memo'] }}"})
    ended = check(stage, "--create-fields")
    assert (ended.code, "'Kinv memo'" in ended.err) == (7, True)
    assert not made(stage)
    assert stage.requests()[MAKE] == 0


def test_a_lost_answer_is_looked_after(stage: Stage) -> None:
    fresh(stage)
    stage.fault("lose", MAKE, provider="kommo")
    ended = check(stage, "--create-fields")
    assert ended.code == 0, ended
    assert made(stage) == ALL
    assert stage.requests()[MAKE] == 1


def test_a_request_that_did_nothing_is_not_repeated_blindly(stage: Stage) -> None:
    fresh(stage)
    stage.fault("status", MAKE, provider="kommo", status=502, body="<html></html>")
    ended = check(stage, "--create-fields")
    assert ended.code == 5
    assert "not all are to be seen yet: 'Kinv mark' (text), 'Kinv total' (number)" in ended.err
    assert "it looks for them before it makes any" in ended.err
    assert stage.requests()[MAKE] == 1
    assert check(stage, "--create-fields").code == 0
    assert made(stage) == ALL


def test_who_is_no_administrator_is_told_what_to_make_by_hand(stage: Stage) -> None:
    fresh(stage)
    stage.kommo.account.admin = False
    ended = check(stage, "--create-fields")
    assert ended.code == 8
    assert "'Kinv mark' (text), 'Kinv total' (number), 'Kinv due' (date), 'Kinv page' (link)" in (
        ended.err
    )
    assert not made(stage)


def test_fields_that_are_refused_are_named(stage: Stage) -> None:
    fresh(stage)
    errors = [{"code": "TooLong", "path": "name", "detail": "too long"}]
    body = {"validation-errors": [{"request_id": "1", "errors": errors}]}
    stage.fault("status", MAKE, provider="kommo", status=400, body=body)
    ended = check(stage, "--create-fields")
    assert ended.code == 7
    assert "refused to make the field 'Kinv total': name: too long" in ended.err


def test_a_field_of_ours_that_was_renamed_is_named(stage: Stage) -> None:
    stage.kommo.add_field("leads", "Rechnung", "text", code="KINV_INVOICE_ID")
    fresh(stage)
    ended = check(stage, "--create-fields")
    assert ended.code == 7
    assert "kinv's own is called 'Rechnung'" in ended.err
    assert stage.requests()[MAKE] == 0
