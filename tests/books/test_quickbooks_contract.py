"""What is sent to QuickBooks, and read of it, is what its reference and its XSDs name."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from conformance_specs import NO_SPECS, SPECS
from quickbooks_firm import EMAIL, Firm
from quickbooks_specs import attributes, body_problems, quickbooks_problems, words
from quickbooks_stand_in import company

from kommo_invoice.books.base import Look, NameTaken
from kommo_invoice.books.quickbooks.inputs import customer_body, invoice_body
from kommo_invoice.books.quickbooks.wire import Wire, WireCustomer
from kommo_invoice.books.quickbooks.wire_company import WireItem, WireTerm
from kommo_invoice.books.quickbooks.wire_invoice import WireInvoice, WirePayment
from kommo_invoice.domain.catalog import Catalog, Item, Tax, TaxChoice
from kommo_invoice.domain.draft import (
    Address,
    Amounts,
    CustomerDraft,
    Discount,
    Draft,
    LineDraft,
    Mail,
)
from kommo_invoice.sandbox.quickbooks_state import QuickBooksRules

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not SPECS, reason=NO_SPECS)

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


_US = company()
_DISCOUNTS = (None, Discount(percent=Decimal("12.5")), Discount(amount=Decimal("0.01")))


@pytest.mark.parametrize(
    "draft",
    [
        _CUSTOMER,
        CustomerDraft("A", "a@b.example"),
        CustomerDraft("x" * 500, f"{'x' * 88}@acme.example"[-100:], contact="y z" * 200),
        replace(_CUSTOMER, name="Acme: the\tLtd\n", phone="0" * 31),
        replace(_CUSTOMER, name="y" * 101, address=Address("x" * 500, "x" * 500, "x" * 255)),
    ],
)
@pytest.mark.parametrize("known", [_COMPANY, _US])
def test_a_customer_is_one_of_the_reference(draft: CustomerDraft, known: Catalog) -> None:
    wanted = draft if known is _COMPANY else replace(draft, currency=None)

    assert body_problems("Customer", customer_body(wanted, known)) == []


@pytest.mark.parametrize("discount", _DISCOUNTS)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"mail": None, "number": None, "terms": None, "due_date": None, "memo": None},
        {"memo": "x" * 1000, "po_number": "4711", "number": "K" * 21},
        {"lines": (replace(_LINE, description="x" * 4000), _LINE)},
        {"amounts": Amounts.INCLUSIVE},
    ],
)
def test_an_invoice_is_one_of_the_reference(
    changes: dict[str, Any], discount: Discount | None
) -> None:
    body = invoice_body(replace(_DRAFT, discount=discount, **changes), "58", _COMPANY)

    assert body_problems("Invoice", body) == []


def test_an_american_invoice_is_one_of_the_reference() -> None:
    tax = Tax("TAX", "TAX", None)
    lines = (replace(_LINE, tax=tax), replace(_LINE, tax=None))
    draft = replace(_DRAFT, currency="USD", number=None, lines=lines, discount=None)

    body = invoice_body(draft, "58", _US)

    assert body_problems("Invoice", body) == []
    assert "GlobalTaxCalculation" not in body
    assert "DocNumber" not in body


def test_every_request_of_a_company_s_life_is_one_that_is_published(tmp_path: Path) -> None:
    firm = Firm(tmp_path, QuickBooksRules(), country="CA", custom_numbers=True, payments=True)
    books, moment = firm.books, firm.world.now()
    books.catalog()
    owner = firm.customer()
    paid, gone, voided = (
        firm.create(owner, key=str(n), reference=f"KQ4-{n}", number=f"KQ4-{n}").id for n in range(3)
    )
    books.send(paid, Mail("o'neil+x@acme.example"), key="mail")
    firm.people.pay(paid)
    books.void(voided, key="v")
    books.delete(gone, key="d")
    look = Look(email=EMAIL, customer_id=owner, reference="KQ4-1", number="KQ4-1", invoice_id=paid)
    books.look([look, replace(look, thorough=True, base_reference=True, since=moment)])
    books.read([paid, gone, voided])
    books.link(paid)
    list(books.changed(moment - timedelta(days=1)))
    list(books.changed(moment - timedelta(days=90)))
    with pytest.raises(NameTaken):
        firm.books.create_customer(CustomerDraft("Bayside Print", EMAIL), key="vendor")
    firm.close()

    kinds = set()
    for each in firm.world.requests:
        uri = f"{each.path}?{each.query}"
        body = json.dumps(each.body) if each.body else None
        kind = "application/json" if body else "application/octet-stream"
        assert quickbooks_problems(each.method, uri, {"Content-Type": kind}, body) == [], uri
        kinds.add(each.operation)
    assert kinds >= {
        *("POST /customer", "POST /invoice", "POST /invoice/send", "POST /batch"),
        *("POST /invoice void", "POST /invoice delete", "GET /invoice", "GET /query Customer"),
        *("GET /query Invoice", "GET /query Payment", "GET /cdc Invoice,Payment"),
        *("GET /preferences", "GET /companyinfo"),
    }


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("LineDetailTypeEnum", {"SalesItemLineDetail", "DiscountLineDetail"}),
        ("GlobalTaxCalculationEnum", {"TaxExcluded"}),
        ("EmailStatusEnum", {"NotSet", "NeedToSend", "EmailSent"}),
        ("CustomFieldTypeEnum", {"StringType"}),
        ("ItemTypeEnum", {"Category", "Group"}),
    ],
)
def test_every_word_of_ours_is_one_of_its_enumeration(name: str, values: set[str]) -> None:
    assert values <= words(name)


@pytest.mark.parametrize("shape", [WireCustomer, WireInvoice, WirePayment, WireItem, WireTerm])
def test_every_property_that_is_read_is_published(shape: type[Wire]) -> None:
    published = set(attributes(shape.__name__.removeprefix("Wire")))
    read = {str(each.validation_alias or each.alias) for each in shape.model_fields.values()}

    assert read - published == set()
