"""An agency's CRM and books accounts, and a mapping that joins them."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import tomli_w

from kommo_invoice.crm.base import CrmSetup
from kommo_invoice.domain.catalog import BooksAccount, Catalog, Item, Tax
from kommo_invoice.domain.deal import (
    Company,
    Contact,
    CrmAccount,
    Deal,
    Pipeline,
    Product,
    Stage,
    StageKind,
)
from kommo_invoice.domain.draft import Draft
from kommo_invoice.domain.fields import Field, FieldDef, FieldKind, FieldValue
from kommo_invoice.mapping import Mapping as Compiled
from kommo_invoice.mapping import compile_mapping, load_mapping

TODAY = date(2026, 11, 21)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

SALES = Pipeline(
    "10",
    "Sales",
    (
        Stage("100", "New", "10"),
        Stage("101", "Issue Invoice", "10"),
        Stage("102", "Invoice Sent", "10"),
        Stage("103", "Payment Received", "10"),
        Stage("142", "Closed - won", "10", StageKind.WON),
        Stage("143", "Closed - lost", "10", StageKind.LOST),
    ),
)
RETAINERS = Pipeline("20", "Retainers", (Stage("200", "Retainer Active", "20"),))


def _field(number: int, name: str, kind: FieldKind, entity: str = "deal", **more: Any) -> FieldDef:
    return FieldDef(str(number), name, more.pop("code", None), kind.value, kind, entity, **more)


FIELDS = (
    _field(1, "Due Date", FieldKind.DATE),
    _field(2, "Currency", FieldKind.CHOICE, options=("EUR", "GBP")),
    _field(3, "Invoice ID", FieldKind.TEXT, code="KINV_INVOICE"),
    _field(4, "Invoice number", FieldKind.TEXT, max_length=30),
    _field(5, "Invoice link", FieldKind.TEXT),
    _field(6, "Payment status", FieldKind.CHOICE, options=("sent", "paid", "overdue")),
    _field(7, "Paid amount", FieldKind.NUMBER),
    _field(8, "Paid on", FieldKind.DATE),
    _field(9, "Meeting", FieldKind.DATETIME),
    _field(10, "Attachment", FieldKind.RECORD, writable=False),
    _field(11, "Twice", FieldKind.TEXT),
    _field(12, "Twice", FieldKind.TEXT),
    _field(21, "Item 1", FieldKind.TEXT),
    _field(22, "Item 2", FieldKind.TEXT),
    _field(31, "Price 1", FieldKind.NUMBER),
    _field(32, "Price 2", FieldKind.NUMBER),
    _field(41, "Terms", FieldKind.TEXT),
    _field(42, "Copy to", FieldKind.TEXT),
    _field(43, "Ready", FieldKind.BOOL),
    _field(44, "Discount %", FieldKind.NUMBER),
    _field(50, "Country", FieldKind.TEXT, "contact"),
    _field(60, "VAT ID", FieldKind.TEXT, "company"),
)


SETUP = CrmSetup(CrmAccount("77", "Acme", "acme", "EUR", "Europe/Kyiv"), (SALES, RETAINERS), FIELDS)

CATALOG = Catalog(
    BooksAccount("B1", "Acme Ltd", "EUR"),
    (
        Item("i1", "Consulting Services"),
        Item("i2", "Design", sku="DSG"),
        Item("i3", "Postage", sellable=False),
    ),
    (Tax("t19", "VAT 19%", Decimal("0.19")), Tax("t20", "VAT 20%", Decimal("0.2"))),
)

BASE = """
version = 1
[crm]
provider = "kommo"
account = "acme"
[books]
provider = "wave"
account = "B1"
[trigger]
pipeline = "Sales"
stages = ["Issue Invoice"]
[customer]
name = "{{ company.name or contact.name }}"
email = "{{ contact.email }}"
[invoice]
item = "Consulting Services"
[write_back]
invoice_field = "Invoice ID"
"""


def field(name: str, value: FieldValue) -> Field:
    definition = next(each for each in FIELDS if each.name == name)
    return Field(definition.id, definition.name, definition.code, value)


JO = Contact(
    "c1", "Jo Day", "Jo", "Day", "Jo@Client.example", "+49 30 1", (field("Country", "UK"),)
)
CLIENT = Company("o1", "Client GmbH")

DEAL = Deal(
    id=501,
    name="Website",
    price=Decimal(1000),
    currency="EUR",
    stage=SALES.stages[1],
    pipeline="Sales",
    responsible_id="9",
    created_at=NOON,
    updated_at=NOON,
    closed_at=None,
    url="https://acme.kommo.com/leads/detail/501",
    read_at=NOON,
    contact=JO,
    company=CLIENT,
)


PRODUCTS = (
    Product("p1", "Logo", Decimal(2), Decimal(300), sku="DSG"),
    Product("p2", "Talk", Decimal(1), Decimal(400)),
)

FIELD_LINES = {
    "source": "fields",
    "count": 2,
    "description": "{{ deal['Item ' ~ n] }}",
    "unit_price": "{{ deal['Price ' ~ n] }}",
}

Changes = Mapping[str, object] | None
"""Keys of the base mapping to change: ``{"invoice.memo": "Hi"}``; None takes a key away."""


class Write(Protocol):
    """Writes the base mapping, changed."""

    def __call__(self, changes: Changes = None) -> Path: ...


class Build(Protocol):
    """Compiles the base mapping, changed, against the (changed) accounts."""

    def __call__(self, changes: Changes = None, **setup: Any) -> Compiled: ...


def write_in(folder: Path) -> Write:
    def write(changes: Changes = None) -> Path:
        document: dict[str, Any] = tomllib.loads(BASE)
        for key, value in (changes or {}).items():
            *path, last = key.split(".")
            table = document
            for part in path:
                table = table.setdefault(part, {})
            if value is None:
                del table[last]
            else:
                table[last] = value
        file = folder / "mapping.toml"
        file.write_text(tomli_w.dumps(document), encoding="utf-8")
        return file

    return write


def build_in(folder: Path, catalog: Catalog = CATALOG) -> Build:
    def build(changes: Changes = None, **setup: Any) -> Compiled:
        file = load_mapping(write_in(folder)(changes))
        return compile_mapping(file, replace(SETUP, **setup), catalog)

    return build


def lines_of(draft: Draft) -> list[str]:
    """Return the lines in words."""
    return [f"{each.quantity} x {each.description} at {each.unit_price}" for each in draft.lines]


def tax_of(draft: Draft) -> str | None:
    """Return the id of the only line's tax."""
    (line,) = draft.lines
    return line.tax.id if line.tax else None


def with_fields(**values: Any) -> Deal:
    """Return the deal with these custom fields alone."""
    return replace(DEAL, fields=tuple(field(name, value) for name, value in values.items()))
