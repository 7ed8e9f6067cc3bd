"""Every property that we send to QuickBooks is one that its reference names."""

from __future__ import annotations

import json
import os
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from quickbooks_stand_in import company

from kommo_invoice.books.quickbooks.inputs import customer_body, invoice_body
from kommo_invoice.domain.catalog import Item, Tax, TaxChoice
from kommo_invoice.domain.draft import Address, CustomerDraft, Discount, Draft, LineDraft, Mail

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = pytest.mark.skipif("KINV_SPECS" not in os.environ, reason="KINV_SPECS is not set")

_CUSTOMER = CustomerDraft(
    "Acme Ltd",
    "anna@acme.example",
    contact="Anna O'Neil",
    phone="+1 555 1",
    country="CA",
    currency="CAD",
    address=Address("1 Road", "2nd floor", "Toronto", "M4B", "CA-ON", "CA"),
)
_LINE = LineDraft(
    "Advice", Decimal("1.5"), Decimal(100), Item("19", "Advice"), Tax("5", "HST", Decimal("0.13"))
)
_DRAFT = Draft(
    reference="KQ4-1",
    customer=_CUSTOMER,
    currency="CAD",
    lines=(_LINE,),
    date=date(2026, 11, 2),
    due_date=date(2026, 12, 2),
    terms="Net 30",
    number="KQ4-1",
    discount=Discount(amount=Decimal(10)),
    memo="Thank you!",
    mail=Mail("anna@acme.example", cc=("b@acme.example",)),
)
_COMPANY = company(
    taxes=TaxChoice.REQUIRED, other_currencies=True, asks_for_number=True, reference_field="1"
)


@cache
def schema() -> str:
    folder = Path(os.environ["KINV_SPECS"]) / "quickbooks/xsd-php-sdk"
    return "\n".join(each.read_text("utf-8") for each in sorted(folder.glob("*.xsd")))


def reference(entity: str) -> set[str]:
    path = Path(os.environ["KINV_SPECS"]) / "quickbooks/qbTypesDump.json"
    attributes = json.loads(path.read_text("utf-8"))["Types"][entity]["attributes"]
    return {each["name"] for each in attributes}


def inside(value: object) -> Iterator[str]:
    """Yield the names of all properties below a value."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from inside(each)
    elif isinstance(value, list):
        for each in value:
            yield from inside(each)


@pytest.mark.parametrize(
    ("entity", "body"),
    [
        ("Customer", customer_body(_CUSTOMER, _COMPANY)),
        ("Invoice", invoice_body(_DRAFT, "58", _COMPANY)),
    ],
)
def test_every_property_is_known(entity: str, body: Mapping[str, Any]) -> None:
    assert set(body) <= reference(entity)
    unknown = [
        name for name in inside(body) if name != "value" and f'name="{name}"' not in schema()
    ]
    assert unknown == []


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("LineDetailTypeEnum", ("SalesItemLineDetail", "DiscountLineDetail")),
        ("GlobalTaxCalculationEnum", ("TaxExcluded",)),
        ("EmailStatusEnum", ("NotSet", "NeedToSend", "EmailSent")),
        ("CustomFieldTypeEnum", ("StringType",)),
    ],
)
def test_every_word_of_ours_is_one_of_its_enumeration(name: str, values: tuple[str, ...]) -> None:
    _, _, rest = schema().partition(f'<xs:simpleType name="{name}">')
    listed, _, _ = rest.partition("</xs:simpleType>")

    assert [each for each in values if f'value="{each}"' not in listed] == []
