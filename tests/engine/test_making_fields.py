"""Fields that were asked for, and whose answer was lost, are known again by their codes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kommo_invoice.domain.deal import CrmAccount, CrmSetup
from kommo_invoice.engine.fields import make_fields
from kommo_invoice.errors import LostAnswer
from kommo_invoice.mapping.load import load_mapping
from kommo_invoice.mapping.new_fields import as_if_made

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from kommo_invoice.domain.fields import FieldDef, FieldDraft

MAPPING = """
version = 1
crm = { provider = "kommo", account = "acme" }
books = { provider = "wave", account = "B1" }
trigger = { pipeline = "Sales", stages = ["Invoice"] }
customer = { name = "{{ contact.name }}", email = "{{ contact.email }}" }
invoice = { item = "Work" }
write_back = { invoice_field = "Mark", fields = { "Paid" = "{{ invoice.paid }}" } }
"""


class LosingCrm:
    """Loses the answer to making fields, and shows what ``made`` leaves of them."""

    def __init__(self, made: Callable[[Sequence[FieldDef]], Sequence[FieldDef]]) -> None:
        self.fields: tuple[FieldDef, ...] = ()
        self.made = made

    def setup(self, **_: object) -> CrmSetup:
        account = CrmAccount("9", "Acme", "acme", "EUR", "Europe/Berlin")
        return CrmSetup(account, pipelines=(), fields=self.fields)

    def create_fields(self, drafts: Sequence[FieldDraft]) -> list[FieldDef]:
        self.fields = tuple(self.made(as_if_made(drafts)))
        raise LostAnswer("lost")


def test_in_whatever_case_the_codes_are_shown(tmp_path: Path) -> None:
    crm = LosingCrm(
        lambda made: [replace(each, code=(each.code or "").lower()) for each in reversed(made)]
    )
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING, encoding="utf-8")
    making = make_fields(load_mapping(path), crm)  # type: ignore[arg-type]
    assert [each.name for each in making.made] == ["Mark", "Paid"]


def test_else_they_are_named(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING, encoding="utf-8")
    with pytest.raises(LostAnswer, match=r"yet: 'Mark' \(text\), 'Paid' \(number\)$"):
        make_fields(load_mapping(path), LosingCrm(lambda made: made[:1]))  # type: ignore[arg-type]
