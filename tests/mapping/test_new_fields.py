"""Fields that a mapping writes to and the CRM lacks: their kinds, their codes, which are new."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from mapping_ground import FIELDS, write_in

from kommo_invoice.domain.fields import FieldDraft, FieldKind
from kommo_invoice.errors import ConfigInvalid
from kommo_invoice.mapping import load_mapping
from kommo_invoice.mapping.new_fields import as_if_made, missing_fields

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kommo_invoice.domain.fields import FieldDef


def drafts(
    folder: Path, fields: dict[str, object], known: Sequence[FieldDef] = FIELDS, mark: str = ""
) -> list[FieldDraft]:
    changes: dict[str, object] = {"write_back.fields": fields}
    if mark:
        changes["write_back.invoice_field"] = mark
    return missing_fields(load_mapping(write_in(folder)(changes)), known)


@pytest.mark.parametrize(
    ("value", "kind", "link"),
    [
        ("{{ invoice.number }}", FieldKind.TEXT, False),
        ("{{ invoice.url }}", FieldKind.TEXT, True),
        ("{{invoice.paid}}", FieldKind.NUMBER, False),
        (" {{ invoice.total }} ", FieldKind.NUMBER, False),
        ("{{ deal.price }}", FieldKind.NUMBER, False),
        ("{{ invoice.paid_on }}", FieldKind.DATE, False),
        ("{{ invoice.due_date }}", FieldKind.DATE, False),
        ("{{ today }}", FieldKind.DATE, False),
        ("{{ invoice.overdue }}", FieldKind.BOOL, False),
        ("{{ invoice.paid }} {{ invoice.currency }}", FieldKind.TEXT, False),
        ("{{ invoice.due_date + days(3) }}", FieldKind.TEXT, False),
        ("see {{ invoice.url }}", FieldKind.TEXT, True),
        ("{{ 'overdue' if invoice.overdue else invoice.status }}", FieldKind.TEXT, False),
        ("issued", FieldKind.TEXT, False),
        (1, FieldKind.TEXT, False),
    ],
)
def test_the_kind_is_that_of_the_value(
    value: object, kind: FieldKind, link: bool, tmp_path: Path
) -> None:
    (draft,) = drafts(tmp_path, {"New": value})
    assert (draft.kind, draft.link, draft.own) == (kind, link, False)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Paid until", "KINV_PAID_UNTIL"),
        ("  Größe (m²) ", "KINV_GROE_M2"),
        ("Счёт", "KINV_54121F46"),
        ("KINV_STATE", "KINV_STATE"),
    ],
)
def test_codes_are_made_of_the_name(name: str, code: str, tmp_path: Path) -> None:
    (draft,) = drafts(tmp_path, {name: "x"})
    assert draft.code == code


def test_two_names_of_one_spelling_get_two_codes(tmp_path: Path) -> None:
    one, two = drafts(tmp_path, {"Paid til": "x", "Paid-til": "x"})
    assert one.code == "KINV_PAID_TIL"
    assert two.code.startswith("KINV_PAID_TIL_")


def test_a_code_in_the_mapping_gets_a_name_for_people(tmp_path: Path) -> None:
    (draft,) = drafts(tmp_path, {}, mark="KINV_INVOICE_ID", known=())
    assert (draft.name, draft.code, draft.own) == ("Invoice id", "KINV_INVOICE_ID", True)


def test_the_mark_has_its_own_code_whatever_its_name(tmp_path: Path) -> None:
    (draft,) = drafts(tmp_path, {}, mark="Rechnungsnummer")
    assert draft == FieldDraft("Rechnungsnummer", "KINV_INVOICE_ID", FieldKind.TEXT, own=True)


@pytest.mark.parametrize("name", ["Paid on", " paid ON", "8", "KINV_INVOICE", "kinv_invoice"])
def test_what_is_there_by_name_id_or_code_is_not_new(name: str, tmp_path: Path) -> None:
    assert drafts(tmp_path, {name: "x"}) == []


@pytest.mark.parametrize("name", ["Twice", "70123"])
def test_several_of_a_name_and_ids_are_not_new(name: str, tmp_path: Path) -> None:
    assert drafts(tmp_path, {name: "x"}) == []


def test_a_field_of_a_contact_is_no_field_of_the_deal(tmp_path: Path) -> None:
    assert [each.name for each in drafts(tmp_path, {"Country": "x"})] == ["Country"]


def test_our_own_field_under_another_name_is_not_made_a_second_time(tmp_path: Path) -> None:
    renamed = replace(FIELDS[2], name="Rechnung", code="KINV_INVOICE_ID")
    with pytest.raises(ConfigInvalid, match="kinv's own is called 'Rechnung'"):
        drafts(tmp_path, {}, known=(renamed,))


def test_once_made_nothing_is_missing(tmp_path: Path) -> None:
    fields: dict[str, object] = {"A": "{{ invoice.paid }}", "B": "{{ invoice.paid_on }}"}
    missing = drafts(tmp_path, fields, known=())
    assert [each.name for each in missing] == ["Invoice ID", "A", "B"]
    assert drafts(tmp_path, fields, known=as_if_made(missing)) == []
