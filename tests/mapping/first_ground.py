"""A first mapping of the ground's accounts: decided, written, loaded, bound."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from mapping_ground import CATALOG, SETUP

from kommo_invoice.domain.catalog import TaxChoice
from kommo_invoice.domain.deal import Pipeline, Stage, StageKind
from kommo_invoice.domain.fields import FieldDef, FieldKind
from kommo_invoice.mapping import compile_mapping, load_mapping
from kommo_invoice.mapping.first.answers import Answers, Question
from kommo_invoice.mapping.first.decide import decide_crm
from kommo_invoice.mapping.first.found import reads
from kommo_invoice.mapping.first.item import decide_item
from kommo_invoice.mapping.first.tax import decide_tax
from kommo_invoice.mapping.first.text import First, Side, write
from kommo_invoice.mapping.first.wishes import Wishes
from kommo_invoice.mapping.new_fields import as_if_made, missing_fields

if TYPE_CHECKING:
    from pathlib import Path

    from kommo_invoice.crm.base import CrmSetup
    from kommo_invoice.domain.catalog import Catalog
    from kommo_invoice.mapping import Mapping
    from kommo_invoice.mapping.first.answers import Ask

SINCE = date(2026, 11, 21)


def first(
    setup: CrmSetup = SETUP, catalog: Catalog = CATALOG, ask: Ask | None = None, **wishes: Any
) -> First:
    """Decide a whole first mapping; taxes are left open unless a test decides them."""
    wished = Wishes(**{"since": SINCE, **({} if ask else {"tax_default": "error"}), **wishes})
    answers = Answers(ask)
    deals = decide_crm(setup, wished, answers, "Kommo")
    item = decide_item(catalog, wished, answers, "Wave")
    by_country = "customer.country" in reads(setup.fields)
    choice = catalog.settings.taxes
    tax = decide_tax(
        catalog.taxes,
        wished,
        answers,
        by_country=by_country,
        country=setup.account.country,
        choice=choice,
    )
    answers.complete()
    assert deals is not None
    assert item is not None
    crm, books = Side("kommo", "acme", setup.account.name), Side("wave", "B1", "Acme Ltd")
    return First(
        crm,
        books,
        SINCE,
        deals,
        item,
        tax,
        catalog.account.can_send,
        terms=tuple(term.name for term in catalog.terms),
        numbered="invoice.number" in catalog.required,
        tax_by_books=choice is TaxChoice.BY_BOOKS,
    )


def compiled(
    decided: First, folder: Path, setup: CrmSetup = SETUP, catalog: Catalog = CATALOG
) -> Mapping:
    """Write the mapping, load it, and bind it to the accounts, with missing fields made."""
    path = folder / "mapping.toml"
    path.write_text(write(decided), encoding="utf-8")
    file = load_mapping(path)
    more = as_if_made(missing_fields(file, setup.fields))
    return compile_mapping(file, replace(setup, fields=(*setup.fields, *more)), catalog)


def read(decided: First) -> dict[str, Any]:
    return tomllib.loads(write(decided))


class Person:
    """Answers each question by the label that a test names; notes what it was asked."""

    def __init__(self, **labels: str) -> None:
        self.labels = {f"--{name.replace('_', '-')}": label for name, label in labels.items()}
        self.asked: list[Question] = []

    def __call__(self, question: Question) -> str:
        self.asked.append(question)
        label = self.labels.get(question.flag)
        if label is None:
            assert question.default is not None, question
            return question.default
        return next(each.value for each in question.options if label in {str(each), each.value})


def field(
    name: str, kind: FieldKind = FieldKind.TEXT, entity: str = "deal", **more: Any
) -> FieldDef:
    return FieldDef(f"9{abs(hash(name)) % 10**6}", name, None, kind.value, kind, entity, **more)


def with_stages(*names: str) -> CrmSetup:
    stages = [Stage(str(600 + place), name, "60") for place, name in enumerate(names)]
    closed = [
        Stage("142", "Closed", "60", StageKind.WON),
        Stage("143", "Lost", "60", StageKind.LOST),
    ]
    return replace(SETUP, pipelines=(Pipeline("60", "Only", (*stages, *closed)),))
