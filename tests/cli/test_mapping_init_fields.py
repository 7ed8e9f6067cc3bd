"""``kinv mapping init`` and the CRM's fields of our own: taken, made, refused."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING

from init_case import OURS, TAX, begin, check, fields_of, forget_fields, target

if TYPE_CHECKING:
    from stage import Stage


def test_fields_of_ours_that_were_renamed_are_taken_by_their_present_names(stage: Stage) -> None:
    forget_fields(stage)
    begin(stage, *TAX, "--create-fields")
    fields = stage.kommo.account.fields["leads"]
    for number, each in fields.items():
        if each.name in OURS:
            fields[number] = replace(each, name=f"Unser {each.name}")
    ended = begin(stage, *TAX, "--create-fields", "--force")
    assert ended.code == 0, ended
    assert "made " not in ended.out
    written = tomllib.loads(target(stage).read_text(encoding="utf-8"))["write_back"]
    assert {written["invoice_field"], *written["fields"]} == {f"Unser {name}" for name in OURS}
    assert check(stage).code == 0


def test_missing_fields_are_made_where_that_is_asked_for(stage: Stage) -> None:
    forget_fields(stage)
    ended = begin(stage, *TAX, "--create-fields")
    assert ended.code == 0, ended
    assert fields_of(stage) == {name: f"KINV_{name.upper().replace(' ', '_')}" for name in OURS}
    assert "made      Invoice ID, Invoice number" in ended.out
    assert check(stage).code == 0


def test_else_the_mapping_is_written_and_the_next_command_is_named(stage: Stage) -> None:
    forget_fields(stage)
    ended = begin(stage, *TAX)
    assert ended.code == 0
    assert "the field Invoice ID: kinv cannot work without it" in ended.out
    assert f"kinv mapping check --create-fields --mapping {target(stage)}" in ended.err
    failed = check(stage)
    assert failed.code == 7
    assert "let `kinv mapping check --create-fields` make the field" in failed.err
    made = stage.kinv("mapping", "check", "--create-fields", "--mapping", target(stage))
    assert made.code == 0, made
    assert fields_of(stage) == {"Invoice ID": "KINV_INVOICE_ID"}


def test_who_may_not_make_fields_keeps_the_mapping(stage: Stage) -> None:
    forget_fields(stage)
    stage.kommo.account.admin = False
    ended = begin(stage, *TAX, "--create-fields")
    assert ended.code == 8
    assert "make the fields by hand, on deals: 'Invoice ID' (text)" in ended.err
    assert "use the token of an administrator" in ended.err
    assert f"{target(stage)} is written" in ended.out
    assert "missing   the fields Invoice ID, Invoice number" in ended.out
    assert f"next: `kinv mapping check --create-fields --mapping {target(stage)}`" in ended.err
    stage.kommo.account.admin = True
    made = stage.kinv("mapping", "check", "--create-fields", "--mapping", target(stage))
    assert made.code == 0
    assert set(fields_of(stage)) == OURS


def test_for_programs_the_file_is_told_where_the_fields_were_refused(stage: Stage) -> None:
    forget_fields(stage)
    stage.kommo.account.admin = False
    ended = begin(stage, *TAX, "--create-fields", "--json")
    told = json.loads(ended.out.splitlines()[0])
    assert (ended.code, told["written"]) == (8, True)
    assert set(told["fields"]["missing"]) == OURS


def test_a_field_for_the_mark_beside_kinvs_own_is_refused_by_its_flag(stage: Stage) -> None:
    forget_fields(stage)
    stage.kommo.add_field("leads", "Rechnung", "text", code="KINV_INVOICE_ID")
    ended = begin(stage, *TAX, "--invoice-field", "Nope")
    assert ended.code == 2
    assert "--invoice-field: there is no deal field 'Nope'; kinv's own is called 'Rechnung'" in (
        ended.err
    )
    assert begin(stage, *TAX).code == 0


def test_what_an_account_cannot_have_is_told_of_no_file(stage: Stage) -> None:
    forget_fields(stage)
    stage.kommo.add_field("leads", "Rechnung", "numeric", code="KINV_INVOICE_ID")
    ended = begin(stage, *TAX)
    assert ended.code == 2
    assert "--invoice-field: there is no deal field 'Invoice ID'" in ended.err
    assert "/kinv-" not in ended.err
    assert "correct the file" not in ended.err
