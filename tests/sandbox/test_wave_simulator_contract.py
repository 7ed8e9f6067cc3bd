"""The Wave simulator agrees with the provider's own schema, samples and accepted documents."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, is_input_object_type, is_required_input_field, parse, validate
from wave_books import Wave

from kommo_invoice.sandbox.wave_api import SCHEMA


@pytest.fixture
def wave() -> Wave:
    return Wave()


@pytest.fixture(scope="session")
def specs() -> Path:
    folder = os.environ.get("KINV_SPECS")
    if not folder:
        pytest.skip("KINV_SPECS does not name the folder with the providers' specs")
    return Path(folder) / "wave"


def differences(ours: Any, real: Any) -> Iterator[str]:
    """Yield where a field, argument or enum value of ours is not the real one's."""
    for name, kind in ours.type_map.items():
        theirs = real.type_map.get(name)
        if theirs is None or type(theirs) is not type(kind):
            yield name
            continue
        for value in set(getattr(kind, "values", ())) - set(getattr(theirs, "values", ())):
            yield f"{name}.{value}"
        for field_name, field in getattr(kind, "fields", {}).items():
            yield from _unlike(f"{name}.{field_name}", field, theirs.fields.get(field_name))
            for argument_name, argument in getattr(field, "args", {}).items():
                where = f"{name}.{field_name}({argument_name})"
                yield from _unlike(
                    where, argument, theirs.fields[field_name].args.get(argument_name)
                )


def _unlike(where: str, ours: Any, theirs: Any) -> Iterator[str]:
    if theirs is None:
        yield where
        return
    for trait in ("type", "default_value"):
        if str(getattr(ours, trait, None)) != str(getattr(theirs, trait, None)):
            yield f"{where}: {trait}"
    if (ours.deprecation_reason is None) != (theirs.deprecation_reason is None):
        yield f"{where}: deprecated"


def test_the_schema_is_a_true_subset_of_the_real_one(specs: Path) -> None:
    real = build_schema((specs / "schema.graphql").read_text())

    assert list(differences(SCHEMA, real)) == []


def test_what_the_real_one_demands_is_demanded_here(specs: Path) -> None:
    real = build_schema((specs / "schema.graphql").read_text())
    inputs = {name for name, kind in SCHEMA.type_map.items() if is_input_object_type(kind)}

    assert len(inputs) > 10
    assert {name: demanded(SCHEMA, name) for name in inputs} == {
        name: demanded(real, name) for name in inputs
    }


def demanded(schema: Any, name: str) -> set[str]:
    """Return the fields of an input that a client has to give."""
    fields = schema.type_map[name].fields.items()
    return {field_name for field_name, field in fields if is_required_input_field(field)}


def test_documents_that_ran_against_the_real_one_are_valid_here(specs: Path) -> None:
    texts = json.loads((specs / "third_party/wave-mcp-1.0.8-operations.json").read_text())
    documents = {name_of(parse(text)): parse(text) for text in texts}
    used = """ListCustomers GetCustomer CreateCustomer PatchCustomer ListProducts CreateProduct
        ListSalesTaxes CreateSalesTax ListInvoices ApproveInvoice SendInvoice MarkInvoiceSent
        DeleteInvoice DeleteInvoicePayment"""

    assert [name for name in used.split() if validate(SCHEMA, documents[name])] == []


def name_of(document: Any) -> str:
    name: str = document.definitions[0].name.value
    return name


def selection(sample: Any) -> str:
    """Return the selection that a sample is the answer to."""
    if isinstance(sample, list):
        return selection(sample[0])
    if not isinstance(sample, dict):
        return ""
    return " { " + " ".join(name + selection(value) for name, value in sample.items()) + " }"


def shape(answer: Any) -> Any:
    """Return an answer with its leaves as kinds of values, texts by their form."""
    if isinstance(answer, dict):
        return {name: shape(value) for name, value in answer.items()}
    if isinstance(answer, list):
        return [shape(answer[0])]
    if not isinstance(answer, str):
        return type(answer).__name__
    forms = {
        "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
        "date": r"\d{4}-\d\d-\d\d",
        "money": r"\d+\.\d\d",
        "view": r"https://[^/]+/invoices/[0-9a-f-]{36}/readonly/\d{19}/[0-9a-f]{32}",
        "pdf": r"https://[^/]+/invoices/[0-9a-f-]{36}/export/\d{19}/[0-9a-f]{32}\?pdf=1",
    }
    return next((name for name, form in forms.items() if re.fullmatch(form, answer)), "text")


@pytest.mark.parametrize("name", ["invoices_by_customer", "invoices_list_a", "invoices_list_b"])
def test_invoices_have_the_shape_of_recorded_ones(wave: Wave, specs: Path, name: str) -> None:
    sample = json.loads((specs / f"samples/{name}.json").read_text())["data"]
    invoice = wave.made(status="SAVED", memo="M", footer="F", subhead="S")
    wave.do("invoiceSend", invoiceId=invoice, to=["ap@acme.example"])
    if sample["business"]["invoices"]["edges"][0]["node"]["lastViewedAt"]:
        wave.people.view(invoice)

    answer = wave.ask(f"query {selection(sample)}")

    assert shape(answer) == shape(sample)


def test_errors_have_the_shape_of_the_documented_ones(wave: Wave, specs: Path) -> None:
    unknown_argument, unknown_id = json.loads(
        (specs / "samples/errors_official_docs.json").read_text()
    )

    invalid = wave.post("query($n: String) { business(name: $n) { id } }").json()
    missing = wave.post('{ business(id: "BAD_ID") { id } }').json()

    for ours, theirs in (
        (invalid, unknown_argument["response"]),
        (missing, unknown_id["response"]),
    ):
        assert ours.keys() == theirs.keys()
        [our_error], [their_error] = ours["errors"], theirs["errors"]
        assert our_error.keys() == their_error.keys()
        assert our_error["extensions"]["code"] == their_error["extensions"]["code"]
    assert missing["errors"][0]["message"] == unknown_id["response"]["errors"][0]["message"]
