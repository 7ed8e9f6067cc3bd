"""Everything that is sent to Wave is valid in its schema, and holds no text of users."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from graphql import (
    GraphQLSchema,
    NoDeprecatedCustomRule,
    OperationDefinitionNode,
    StringValueNode,
    Visitor,
    build_schema,
    extend_schema,
    parse,
    specified_rules,
    validate,
    visit,
)
from graphql.execution.values import get_variable_values
from wave_stand_in import StandIn, customer, invoice

from kommo_invoice.books.base import Look
from kommo_invoice.books.wave.documents import listing, reading, stored, together
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

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = resources.files("kommo_invoice.books.wave").joinpath("documents")
NAMES = sorted(each.name.removesuffix(".graphql") for each in FOLDER.iterdir() if each.is_file())
FRAGMENTS = sorted(each.name for each in FOLDER.joinpath("fragments").iterdir())
SINCE = datetime(2026, 11, 1, tzinfo=UTC)
LOOK = Look(
    email="Anna+crm@Acme.example",
    customer_id="customer-1",
    reference="KQ4-1",
    number="KQ4-1",
    invoice_id="invoice-1",
    since=SINCE,
    thorough=True,
)


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    if "KINV_SPECS" not in os.environ:
        pytest.skip("KINV_SPECS does not name the folder with the providers' specs")
    folder = Path(os.environ["KINV_SPECS"]) / "wave"
    main = build_schema((folder / "schema.graphql").read_text("utf-8"))
    return extend_schema(main, parse((folder / "schema-additions.graphql").read_text("utf-8")))


def problems(schema: GraphQLSchema, document: str) -> list[str]:
    found = validate(schema, parse(document), [*specified_rules, NoDeprecatedCustomRule])
    return [each.message for each in found]


def variable_problems(
    schema: GraphQLSchema, document: str, variables: Mapping[str, object]
) -> list[str]:
    operation = parse(document).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    coerced = get_variable_values(schema, operation.variable_definitions or (), dict(variables))
    unknown = set(variables) - {
        each.variable.name.value for each in operation.variable_definitions or ()
    }
    errors = [each.message for each in coerced] if isinstance(coerced, list) else []
    return [*errors, *(f"${name} is not declared" for name in sorted(unknown))]


@pytest.mark.parametrize("name", NAMES)
def test_a_stored_document_is_valid_and_uses_nothing_deprecated(
    schema: GraphQLSchema, name: str
) -> None:
    assert problems(schema, stored(name)) == []


@pytest.mark.parametrize("name", NAMES)
def test_no_text_stands_inside_a_document(name: str) -> None:
    texts: list[str] = []

    class Texts(Visitor):
        def enter_string_value(self, node: StringValueNode, *_: object) -> None:
            texts.append(node.value)

    visit(parse(stored(name)), Texts())
    assert texts == []


def test_every_fragment_is_used() -> None:
    used = "".join(stored(name) for name in NAMES)
    assert [each for each in FRAGMENTS if f"...{each.removesuffix('.graphql')}" not in used] == []


@pytest.mark.parametrize("number", [1, 2, 5])
def test_looks_travel_together_in_a_valid_document(schema: GraphQLSchema, number: int) -> None:
    wave = StandIn(customers=[customer(1, "a@acme.example")], invoices=[invoice(1)])
    wave.wave().look([LOOK] * number)
    wave.wave().look([Look(email=f"A{n}@acme.example", reference="KQ4-1") for n in range(number)])

    assert len(wave.requests) >= 2
    for each in wave.requests:
        assert problems(schema, each.query) == []
        assert variable_problems(schema, each.query, each.variables) == []


def test_parts_keep_their_own_variables() -> None:
    document, variables = together(
        "Look", [reading("CustomerById", id="c"), listing("InvoicesByNumber", number='1") {x')]
    )
    assert variables == {"id1": "c", "number2": '1") {x', "page2": 1}
    assert "part1: customer(id: $id1)" in document
    assert "invoices(invoiceNumber: $number2, page: $page2" in document


def test_only_readings_below_the_business_can_travel_together() -> None:
    with pytest.raises(ValueError, match="CreateInvoice"):
        together("Look", [reading("CreateInvoice")])


def test_every_request_of_the_adapter_is_valid(schema: GraphQLSchema) -> None:
    done = {"didSucceed": True, "inputErrors": None}
    wave = StandIn(
        customers=[customer(1, "a@acme.example")],
        invoices=[invoice(n) for n in range(1, 4)],
        businesses=[
            {
                "id": "business-1",
                "name": "Agency",
                "isPersonal": False,
                "isArchived": False,
                "timezone": "Europe/Berlin",
                "emailSendEnabled": True,
                "currency": {"code": "EUR"},
            }
        ],
        mutations={
            "customerCreate": done | {"customer": customer(1, "a@acme.example")},
            "invoiceCreate": done | {"invoice": invoice(1)},
            "invoiceApprove": done,
            "invoiceSend": done,
            "invoiceDelete": done,
        },
    )
    books = wave.wave()
    books.accounts()
    books.catalog()
    books.look([LOOK])
    books.create_customer(full_customer(), key="k")
    for draft in drafts():
        books.create_invoice(draft, "customer-1", key="k")
    books.approve("invoice-1", key="k")
    books.send("invoice-1", Mail("a@acme.example", ("b@b.example",), "Hello"), key="k")
    books.send("invoice-1", Mail("a@acme.example"), key="k")
    books.read(["invoice-1", "invoice-2"])
    list(books.changed(SINCE))
    books.delete("invoice-1", key="k")

    assert {each.query.split("(")[0].split()[1] for each in wave.requests} >= {
        "Accounts",
        "Catalog",
        "Look",
        "Read",
        "Changed",
        "CreateCustomer",
        "CreateInvoice",
        "ApproveInvoice",
        "SendInvoice",
        "DeleteInvoice",
    }
    for each in wave.requests:
        assert problems(schema, each.query) == []
        assert variable_problems(schema, each.query, each.variables) == []


def full_customer() -> CustomerDraft:
    return CustomerDraft(
        name="Acme GmbH",
        email="a@acme.example",
        contact="Anna Maria O'Neil",
        phone="+49 30 1",
        country="CA",
        currency="CAD",
        address=Address("1 Road", "2nd floor", "Toronto", "M4B", "CA-ON", "CA"),
    )


def drafts() -> list[Draft]:
    line = LineDraft(
        description="Website",
        quantity=Decimal("1.5"),
        unit_price=Decimal(100),
        item=Item("product-1", "Consulting"),
        tax=Tax("tax-19", "VAT 19%", Decimal("0.19")),
    )
    common = {"customer": full_customer(), "lines": (line,), "date": date(2026, 11, 2)}
    plain = Draft(reference="KQ4-1", currency="EUR", **common)  # type: ignore[arg-type]
    full = Draft(
        reference="KQ4-1",
        currency="CAD",
        due_date=date(2026, 12, 2),
        number="KQ4-1",
        amounts=Amounts.INCLUSIVE,
        discount=Discount(percent=Decimal(10)),
        po_number="4711",
        memo="Thank you!",
        **common,  # type: ignore[arg-type]
    )
    return [plain, full]
