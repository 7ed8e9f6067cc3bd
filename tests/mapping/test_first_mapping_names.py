"""What people call things is data: it breaks no file and never becomes an expression."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from first_ground import compiled, first, read
from mapping_ground import CATALOG, DEAL, SETUP, TODAY

from kommo_invoice.domain.catalog import Item, Tax
from kommo_invoice.domain.deal import Pipeline, Stage, StageKind
from kommo_invoice.domain.fields import FieldDef, FieldKind
from kommo_invoice.mapping.first.text import write

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = (
    'it\'s "quoted" \\ and ~ more',
    "{{ deal.price }}",
    "{% raw %}",
    "{# gone #}",
    "'] ~ account.name ~ deal['",
    "two\nlines = 1",
    "\x1b[31mred\x00",
    "Rechnung prüfen, 发票 🧾",
    "# a comment",
    " spaced ",
    "",
    "won",
    "none",
    "error",
    "12",
)
"""Names that people, or somebody who wants to do harm, could give to what an account holds."""


@pytest.mark.parametrize("name", HOSTILE)
def test_of_any_kind_are_written_safely(name: str, tmp_path: Path) -> None:
    stages = (
        Stage("701", name, "70"),
        Stage("702", "Other", "70"),
        Stage("142", "Closed", "70", StageKind.WON),
    )
    setup = replace(
        SETUP,
        account=replace(SETUP.account, name=name),
        pipelines=(Pipeline("70", name, stages), Pipeline("80", "Other", ())),
    )
    catalog = replace(
        CATALOG,
        account=replace(CATALOG.account, name=name),
        items=(Item("i9", name), Item("i8", "Other")),
        taxes=(Tax("t9", name, None), Tax("t8", "Other", None)),
    )
    decided = first(
        setup,
        catalog,
        pipeline="70",
        stages=("701",),
        invoiced="Other",
        paid="won",
        item="i9",
        taxes=(("DE", "t9"),),
        tax_default="t9",
    )
    mapping = compiled(decided, tmp_path, setup, catalog)
    assert mapping.trigger.pipeline.id == "70"
    assert [each.id for each in mapping.trigger.stages] == ["701"]
    assert mapping.write_back.paid == stages[2]
    assert mapping.taxes is not None
    assert {each and each.id for each in mapping.taxes.table.values()} == {"t9"}
    assert mapping.taxes.default is not None
    assert mapping.taxes.default.id == "t9"
    item = mapping.values["invoice.item"]
    assert item.constant
    draft = mapping.draft(replace(DEAL, stage=stages[0]), today=TODAY, reference="KQ4-501").draft
    assert draft.lines[0].item.id == "i9"


@pytest.mark.parametrize("name", HOSTILE)
def test_of_fields_are_written_safely(name: str, tmp_path: Path) -> None:
    odd = FieldDef("901", name, None, "text", FieldKind.TEXT, "deal")
    country = FieldDef("902", "Country", None, "text", FieldKind.TEXT, "contact")
    twin = replace(country, id="903", name=name)
    setup = replace(SETUP, fields=(odd, country, twin))
    decided = first(setup, invoice_field="901", create_fields=True)
    mapping = compiled(decided, tmp_path, setup)
    assert mapping.invoice_field.id == "901"


@pytest.mark.parametrize("name", ["due date'", "{{ due date }}", "Due\nDate", "due date%"])
def test_of_fields_in_expressions_are_ids_where_they_could_break_out(
    name: str, tmp_path: Path
) -> None:
    odd = FieldDef("901", name, None, "date", FieldKind.DATE, "deal")
    setup = replace(SETUP, fields=(odd,))
    decided = first(setup)
    due = read(decided)["invoice"].get("due_date")
    assert due in {None, "{{ deal['901'] }}"}
    compiled(decided, tmp_path, setup)


def test_that_several_things_have_are_ids(tmp_path: Path) -> None:
    stages = (Stage("701", "Invoice", "70"), Stage("702", "Invoice", "70"))
    pipelines = (Pipeline("70", "Sales", stages), Pipeline("71", "Sales", stages))
    catalog = replace(CATALOG, items=(Item("i1", "Hour"), Item("i2", "Hour")))
    setup = replace(SETUP, pipelines=pipelines)
    decided = first(setup, catalog, pipeline="71", stages=("702",), item="i2")
    written = read(decided)
    assert written["trigger"]["pipeline"] == "71"
    assert written["trigger"]["stages"] == ["702"]
    assert written["invoice"]["item"] == "i2"
    text = write(decided)
    assert 'pipeline = "71"  # "Sales"' in text
    assert 'stages = ["702"]  # "Invoice"' in text
    compiled(decided, tmp_path, setup, catalog)
