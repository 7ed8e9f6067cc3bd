"""Every property and parameter that we send to Zoho Books is one that its specification names."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from conformance_specs import NO_SPECS, SPECS
from zoho_firm import EMAIL, Firm
from zoho_specs import (
    PARAMETER_SLIPS,
    body_problems,
    document,
    published,
    request_schema,
    resolved,
    zoho_problems,
)

from kommo_invoice.books.base import Look, NameTaken, NumberTaken
from kommo_invoice.books.zoho.editions import edition_of
from kommo_invoice.books.zoho.inputs import customer_body, invoice_body, mail_body
from kommo_invoice.books.zoho.wire import Wire, WireContact
from kommo_invoice.books.zoho.wire_company import (
    WireCurrency,
    WireItem,
    WireOrganization,
    WireTax,
)
from kommo_invoice.books.zoho.wire_invoice import WireInvoice, WirePayment
from kommo_invoice.domain.catalog import Item, Tax
from kommo_invoice.domain.draft import (
    Address,
    Amounts,
    CustomerDraft,
    Discount,
    Draft,
    LineDraft,
    Mail,
)
from kommo_invoice.sandbox.zoho_rules import ZohoRules

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not SPECS, reason=NO_SPECS)

UNPUBLISHED = {
    "contact": {"email"},
    "invoice": {"email", "custom_field_hash"},
    "organizations": {"country_code"},
}
"""What is read of recorded answers that the specification does not have."""

_CUSTOMER = CustomerDraft(
    "Nordlicht GmbH",
    "ida@example.test",
    contact="Ida Voss",
    phone="+49 431 1",
    country="DE",
    currency="EUR",
    tax_number="DE123456789",
    tax_treatment="eu_vat_registered",
    address=Address("Hafenweg 1", "2. OG", "Kiel", "24103", "SH", "DE"),
)
_LINE = LineDraft(
    "Advice", Decimal("1.5"), Decimal(100), Item("19", "Advice"), Tax("7", "VAT", Decimal("0.19"))
)
_DRAFT = Draft(
    reference="KQ4-1",
    customer=_CUSTOMER,
    currency="EUR",
    lines=(_LINE,),
    date=date(2026, 11, 2),
    due_date=date(2026, 12, 2),
    terms="Net 30",
    number="2026-7",
    discount=Discount(percent=Decimal(10)),
    memo="Thank you!",
    mail=Mail("ida@example.test", cc=("b@example.test",), message="Hello"),
)
_LINE_DISCOUNT = replace(_LINE, discount=Discount(percent=Decimal(10)))


_HOSTILE = replace(
    _CUSTOMER,
    name="x" * 100,
    contact="y z" * 200,
    email=f"{'x' * 88}@acme.example"[-100:],
    tax_number=None,
)


@pytest.mark.parametrize("draft", [_CUSTOMER, _HOSTILE, CustomerDraft("A", "a@b.example")])
@pytest.mark.parametrize("country", ["DE", "GB", "AE", "IN", "ZA", "US", None])
def test_a_customer_is_as_published(country: str | None, draft: CustomerDraft) -> None:
    body = customer_body(draft, edition_of(country), "97")

    assert body_problems("contacts", "/contacts", body) == []


@pytest.mark.parametrize("country", ["DE", "US"])
@pytest.mark.parametrize("amounts", Amounts)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"discount": Discount(amount=Decimal(10)), "lines": (replace(_LINE, tax=None), _LINE)},
        {"discount": None, "lines": (_LINE_DISCOUNT,)},
        {"number": None, "due_date": None, "terms": None, "memo": None, "mail": None},
        {"terms": "x" * 200, "lines": (replace(_LINE, description="x" * 2000),)},
    ],
)
def test_an_invoice_is_as_published(
    changes: dict[str, Any], amounts: Amounts, country: str
) -> None:
    draft = replace(_DRAFT, amounts=amounts, **changes)
    body = invoice_body(draft, "42", edition_of(country), "990")

    assert body_problems("invoices", "/invoices", body) == []


@pytest.mark.parametrize(
    "mail", [Mail("ida@example.test"), Mail("a@b.example", cc=("c@d.example",), message="a<b>\n")]
)
def test_a_mail_is_as_published(mail: Mail) -> None:
    assert body_problems("invoices", "/invoices/{invoice_id}/email", mail_body(mail)) == []


@pytest.mark.parametrize("country", ["DE", "US"])
def test_every_request_of_an_organisation_s_life_is_one_that_is_published(
    tmp_path: Path, country: str
) -> None:
    firm = Firm(tmp_path, ZohoRules(), country=country)
    books, moment = firm.books, firm.world.now()
    books.accounts()
    books.catalog()
    owner = firm.customer(phone="+49 431 1", currency="GBP", tax_number="DE1")
    numbers = [(f"KQ4-{n}", None if n else "KQ4-0") for n in range(3)]
    paid, gone, voided = (
        firm.create(owner, reference=reference, number=number, currency="GBP").id
        for reference, number in numbers
    )
    books.approve(paid, key="k")
    books.send(paid, Mail("o'neil+x@acme.example", message="Hello", attach_pdf=True), key="mail")
    firm.people.pay(paid)
    books.void(voided, key="v")
    books.delete(gone, key="d")
    look = Look(email=EMAIL, customer_id=owner, reference="KQ4-1", number="X-1", invoice_id=paid)
    books.look([look, replace(look, thorough=True, base_reference=True, since=moment)])
    books.look([Look(customer_id=owner)])
    list(books.latest(moment))
    books.read([paid, gone, voided])
    books.link(paid)
    list(books.changed(moment))
    for name in ("Fischer Druck", "O'Neil & Sons"):
        with pytest.raises(NameTaken):
            books.create_customer(CustomerDraft(name, EMAIL), key=name)
    with pytest.raises(NumberTaken):
        firm.create(owner, reference="KQ4-9", number="KQ4-0", currency="GBP")
    firm.close()

    for each in firm.world.requests:
        uri, body = f"{each.path}?{each.query}", json.dumps(each.body) if each.body else None
        assert zoho_problems(each.method, uri, body) == [], uri
    assert {each.operation for each in firm.world.requests} == {
        *("GET /organizations", "GET /settings/taxes", "GET /settings/currencies", "GET /items"),
        *("GET /settings/fields", "GET /contacts", "GET /contact", "GET /invoices"),
        *("GET /invoice", "GET /invoices/payments", "POST /contacts", "POST /invoices"),
        *("POST /invoices/status/sent", "POST /invoices/status/void", "POST /invoices/email"),
        "DELETE /invoice",
    }


@pytest.mark.parametrize(
    ("shape", "name", "path", "inside"),
    [
        (WireContact, "contacts", "/contacts/{contact_id}", "contact"),
        (WireInvoice, "invoices", "/invoices/{invoice_id}", "invoice"),
        (WirePayment, "invoices", "/invoices/{invoice_id}/payments", "payments"),
        (WireOrganization, "organizations", "/organizations", "organizations"),
        (WireTax, "taxes", "/settings/taxes", "taxes"),
        (WireCurrency, "currency", "/settings/currencies", "currencies"),
        (WireItem, "items", "/items", "items"),
    ],
)
def test_every_property_that_is_read_is_published(
    shape: type[Wire], name: str, path: str, inside: str
) -> None:
    read = {str(each.alias or key) for key, each in shape.model_fields.items()}

    assert read - published(name, path, inside) == UNPUBLISHED.get(inside, set())


class TestTheSlips:
    """Each has to be one still, or it hides a mistake of ours."""

    def test_of_bodies(self) -> None:
        schema = request_schema("invoices", "/invoices")
        line = resolved("invoices", schema["properties"]["line_items"]["items"])
        for each in (schema, line):
            assert resolved("invoices", each["properties"]["discount"])["type"] == "number"

    @pytest.mark.parametrize(
        ("asked", "parameter"),
        [
            ("/invoices", "organization_id"),
            ("/invoices", "sort_order"),
            ("/invoices/{invoice_id}/payments", "page"),
            ("/invoices/{invoice_id}/payments", "per_page"),
        ],
    )
    def test_of_parameters(self, asked: str, parameter: str) -> None:
        assert parameter in PARAMETER_SLIPS
        name = asked.split("/")[1]
        operation = document(name)["paths"][asked]["get"]
        listed = {resolved(name, each)["name"] for each in operation.get("parameters", ())}
        assert parameter not in listed


class TestTheJudgeItself:
    """A judge that accepts everything would prove nothing."""

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("GET", "/nothing", None),
            ("PATCH", "/invoices", None),
            ("GET", "/invoices?reference=1", None),
            ("GET", "/invoices?search_text=a+b", None),
            ("GET", "/settings/fields?nothing=1", None),
            ("POST", "/invoices/1/status/void", "{}1"),
            ("POST", "/contacts", "{}"),
            ("POST", "/contacts", '{"contact_name":"A","email":1}'),
            ("POST", "/contacts", '{"contact_name":"A","nothing":"b"}'),
            ("POST", "/contacts", f'{{"contact_name":"A","company_name":"{"x" * 201}"}}'),
            ("POST", "/invoices", '{"customer_id":"1","line_items":[{"rate":"1"}]}'),
            ("POST", "/invoices/1/email", '{"to":["a@b.example"]}'),
        ],
    )
    def test_finds_what_is_wrong(self, method: str, path: str, body: str | None) -> None:
        uri = f"/books/v3{path}{'&' if '?' in path else '?'}organization_id=1"

        assert zoho_problems(method, uri, body)

    @pytest.mark.parametrize("uri", ["/v3/invoices?organization_id=1", "/books/v3/invoices"])
    def test_wants_the_right_root_and_an_organisation(self, uri: str) -> None:
        assert len(zoho_problems("GET", uri, None)) == 1
