"""The Zoho Books simulator agrees with the published OpenAPI files, but for their known slips."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from zoho_books import Zoho

from kommo_invoice.sandbox import zoho_fields as ours
from kommo_invoice.sandbox.zoho_plans import CONTACTS, CREDITNOTES, INVOICES, ITEMS, PAYMENTS, PLANS

RECORDED = {
    *("auto_exchange_rate_enabled", "stock_on_hand", "created_date", "current_sub_status"),
    *("rounding_mode", "tax_rounding", "transaction_rounding_type", "shipping_charge_tax"),
    *("unprocessed_payment_amount", "line_item_taxes", "custom_field_hash", "field_id"),
    *("api_name", "cf_project", "cf_project_unformatted", "invoice_numbers", "payment_status"),
    *("customerpayments",),
}
"""Names of answers that our provider sheet has, and none of the files."""

ELSEWHERE = {
    *("attachment_name", "payment_reminder_enabled", "template_name"),
    *("location_id", "location_name", "cfdi_usage", "is_pre_gst", "gst_no", "gst_treatment"),
    *("place_of_supply", "tax_treatment", "vat_treatment", "vat_reg_no"),
    *("is_reverse_charge_applied",),
}
"""What a published invoice has of modules and editions that are not this one's."""

SLIPS: Mapping[str, tuple[str, str, Any]] = {
    "per_page is 10 by default, live 200": ("invoices", "per_page", 10),
    "page_context is a list, live an object": ("invoices", "page_context", "array"),
    "payments are customer_payments, live customerpayments": (
        "customer-payments",
        "customer_payments",
        "array",
    ),
    "total is a text, live a number": ("invoices", "total", "string"),
    "every line needs an item_id, live name and rate will do": ("invoices", "item_id", True),
}
"""Where the files are wrong (sheet, section 9.1): what -> file, name, what they say."""


@pytest.fixture(scope="session")
def folder() -> Path:
    named = os.environ.get("KINV_SPECS")
    if not named:
        pytest.skip("KINV_SPECS does not name the folder with the providers' specs")
    return Path(named) / "zoho" / "openapi"


@cache
def loaded(path: Path) -> Any:
    return yaml.load(path.read_text(), yaml.CSafeLoader)


class Spec:
    """One of the files."""

    def __init__(self, folder: Path, name: str) -> None:
        self.whole = loaded(folder / f"{name}.yml")

    def follow(self, node: Any) -> Any:
        while isinstance(node, Mapping) and "$ref" in node:
            target = self.whole
            for part in node["$ref"].lstrip("#/").split("/"):
                target = target[part]
            node = target
        return node

    def operation(self, path: str, method: str) -> Any:
        return self.whole["paths"][path][method]

    def request(self, path: str, method: str = "post") -> Any:
        body = self.follow(self.operation(path, method)["requestBody"])
        [content] = body["content"].values()
        return self.follow(content["schema"])

    def answer(self, path: str, method: str = "get", status: str = "200") -> Any:
        answer = self.follow(self.operation(path, method)["responses"][status])
        [content] = answer["content"].values()
        return self.follow(content["schema"])

    def parameters(self, path: str) -> dict[str, Any]:
        found = map(self.follow, self.operation(path, "get").get("parameters", ()))
        return {each["name"]: each for each in found}

    def names(self, schema: Any) -> Iterator[str]:
        schema = self.follow(schema)
        for name, each in (schema.get("properties") or {}).items():
            yield name
            yield from self.names(each)
        if "items" in schema:
            yield from self.names(schema["items"])


def properties(node: Any) -> Iterator[str]:
    """Yield every name of a property anywhere in a file."""
    if isinstance(node, Mapping):
        yield from node.get("properties") or ()
        for each in node.values():
            yield from properties(each)
    elif isinstance(node, list):
        for each in node:
            yield from properties(each)


def keys(answer: Any) -> Iterator[str]:
    if isinstance(answer, Mapping):
        for name, value in answer.items():
            yield name
            yield from keys(value)
    elif isinstance(answer, list):
        for each in answer:
            yield from keys(each)


def all_names(properties: ours.Properties) -> Iterator[str]:
    for name, each in properties.items():
        yield name
        yield from all_names(each.of or {})


@pytest.fixture
def books() -> Zoho:
    return Zoho()


class TestRequests:
    BODIES: Mapping[str, tuple[str, str, ours.Properties, set[str]]] = {
        "contact": (
            "contacts",
            "/contacts",
            {
                **ours.CONTACT,
                **{k: v for e in ours.REGIONAL_CONTACT.values() for k, v in e.items()},
            },
            {"customfield_id", "api_name", "contact_id", "contact_person_id"},
        ),
        "invoice": (
            "invoices",
            "/invoices",
            {
                **ours.INVOICE,
                **{k: v for e in ours.REGIONAL_INVOICE.values() for k, v in e.items()},
            },
            {"api_name", "line_item_id"},
        ),
        "person": (
            "contact-persons",
            "/contacts/contactpersons",
            ours.PERSON,
            {"contact_person_id", "is_primary_contact"},
        ),
        "mail": ("invoices", "/invoices/{invoice_id}/email", ours.MAIL, set()),
        "payment": ("customer-payments", "/customerpayments", ours.PAYMENT, set()),
        "item": ("items", "/items", ours.ITEM, {"unit"}),
    }
    """Body -> file, path, what we take, and what of it stands only in the documentation's text."""

    @pytest.mark.parametrize("body", BODIES)
    def test_what_is_taken_is_published(self, folder: Path, body: str) -> None:
        file, path, properties, elsewhere = self.BODIES[body]
        spec = Spec(folder, file)
        published = set(spec.names(spec.request(path)))
        assert set(all_names(properties)) - published == elsewhere & set(all_names(properties))

    def test_kinds_are_the_published_ones(self, folder: Path) -> None:
        spec = Spec(folder, "invoices")
        published = spec.request("/invoices")["properties"]
        types = {
            ours.Kind.TEXT: "string",
            ours.Kind.ID: "string",
            ours.Kind.DAY: "string",
            ours.Kind.WHOLE: "integer",
            ours.Kind.FLAG: "boolean",
            ours.Kind.ROWS: "array",
            ours.Kind.IDS: "array",
            ours.Kind.DISCOUNT: "number",
        }
        for name, each in ours.INVOICE.items():
            if each.kind in types and name in published:
                assert spec.follow(published[name])["type"] == types[each.kind], name

    def test_terms_end_where_they_are_said_to(self, folder: Path) -> None:
        spec = Spec(folder, "invoices")
        text = spec.follow(spec.request("/invoices")["properties"]["payment_terms"])
        assert f"{ours.INVOICE['payment_terms'].most} days" in text["description"]

    @pytest.mark.parametrize(
        ("file", "path", "edition", "name"),
        [
            ("contacts", "/contacts", "uk", "vat_treatment"),
            ("contacts", "/contacts", "eu", "vat_treatment"),
            ("contacts", "/contacts", "gcc", "tax_treatment"),
            ("contacts", "/contacts", "ke", "tax_treatment"),
            ("contacts", "/contacts", "za", "tax_treatment"),
            ("contacts", "/contacts", "mx", "tax_treatment"),
            ("contacts", "/contacts", "in", "gst_treatment"),
        ],
    )
    def test_treatments_are_published_words(
        self, folder: Path, file: str, path: str, edition: str, name: str
    ) -> None:
        spec = Spec(folder, file)
        words = spec.follow(spec.request(path)["properties"][name])["description"]
        for choice in ours.REGIONAL_CONTACT[edition][name].choices:
            assert choice in words

    @pytest.mark.parametrize(
        ("file", "path", "needed"),
        [
            ("contacts", "/contacts", {"contact_name"}),
            ("invoices", "/invoices", {"customer_id", "line_items"}),
            ("items", "/items", {"name", "rate"}),
            ("contact-persons", "/contacts/contactpersons", {"first_name"}),
        ],
    )
    def test_what_is_needed(self, folder: Path, file: str, path: str, needed: set[str]) -> None:
        assert set(Spec(folder, file).request(path)["required"]) == needed


class TestLists:
    FILES: Mapping[str, str] = {
        "invoices": "invoices",
        "contacts": "contacts",
        "customerpayments": "customer-payments",
        "creditnotes": "credit-notes",
        "items": "items",
    }

    @pytest.mark.parametrize("key", PLANS)
    def test_what_can_be_filtered_by_is_published(self, folder: Path, key: str) -> None:
        published = Spec(folder, self.FILES[key]).parameters(f"/{key}")
        search = PLANS[key].search
        names = {*search.texts, *search.ids, *search.amounts, *search.days, *search.tests}
        assert names - set(published) == set()
        assert search.changed == ("last_modified_time" in published)

    def test_what_can_be_asked_of_all_is_published(self, folder: Path) -> None:
        for key in PLANS:
            published = Spec(folder, self.FILES[key]).parameters(f"/{key}")
            assert {"filter_by", "sort_column", "page", "per_page"} <= set(published), key

    def test_columns_and_filters_are_published(self, folder: Path) -> None:
        for plan in (INVOICES, CONTACTS, ITEMS):
            published = Spec(folder, self.FILES[plan.key]).parameters(f"/{plan.key}")
            words = published["sort_column"]["description"]
            assert [column for column in plan.columns if column not in words] == []
        words = Spec(folder, "contacts").parameters("/contacts")["filter_by"]["description"]
        assert [each for each in CONTACTS.filters if each not in words] == []
        for plan in (PAYMENTS, CREDITNOTES):
            words = str(Spec(folder, self.FILES[plan.key]).parameters(f"/{plan.key}")["filter_by"])
            assert [each for each in plan.filters if each not in words] == []

    def test_invoices_are_not_sorted_by_their_last_change(self, folder: Path) -> None:
        words = Spec(folder, "invoices").parameters("/invoices")["sort_column"]["description"]
        assert "last_modified_time" not in words
        assert "last_modified_time" not in INVOICES.columns


class TestAnswers:
    @pytest.fixture
    def made(self, books: Zoho) -> str:
        [field] = books.rows("/settings/fields", "fields")
        row = {"customfield_id": field["field_id"], "value": "x"}
        line = books.line(100, "VAT DE 19%", discount="5%")
        made = str(books.create(line, custom_fields=[row])["invoice_id"])
        books.ok(books.mail(made))
        books.people.pay(made, 10)
        books.people.credit(made, 10)
        return made

    PATHS = (
        "/organizations",
        "/settings/taxes",
        "/settings/currencies",
        "/items",
        "/contacts",
        "/contacts/{customer}",
        "/contacts/{customer}/contactpersons",
        "/invoices",
        "/invoices/{made}",
        "/invoices/{made}/email",
        "/invoices/{made}/payments",
        "/invoices/{made}/creditsapplied",
        "/customerpayments",
        "/creditnotes",
    )

    @pytest.mark.parametrize("asked", PATHS)
    def test_every_name_is_published_or_recorded(
        self, books: Zoho, made: str, folder: Path, asked: str
    ) -> None:
        published = {name for file in folder.glob("*.yml") for name in properties(loaded(file))}
        answer = books.ok(books.get(asked.format(made=made, customer=books.customer)))
        assert set(keys(answer)) - published - RECORDED == set()

    def test_a_row_has_it_too(self, books: Zoho, made: str, folder: Path) -> None:
        spec = Spec(folder, "invoices")
        rows = spec.follow(spec.answer("/invoices")["properties"]["invoices"])
        [row] = books.rows("/invoices")
        absent = set(spec.follow(rows["items"])["properties"]) - set(row)
        assert absent == {"location_id", "location_name"}

    def test_an_invoice_has_all_that_is_published(
        self, books: Zoho, made: str, folder: Path
    ) -> None:
        spec = Spec(folder, "invoices")
        whole = spec.answer("/invoices/{invoice_id}")["properties"]["invoice"]
        absent = set(spec.follow(whole)["properties"]) - set(books.read(made))
        assert absent == ELSEWHERE


class TestSlips:
    def test_they_are_still_in_the_files(self, folder: Path) -> None:
        invoices, payments = Spec(folder, "invoices"), Spec(folder, "customer-payments")
        rows = invoices.answer("/invoices")["properties"]
        row = invoices.follow(invoices.follow(rows["invoices"])["items"])["properties"]
        line = invoices.follow(invoices.request("/invoices")["properties"]["line_items"])
        paid = payments.answer("/customerpayments")["properties"]
        found = {
            "per_page": invoices.parameters("/invoices")["per_page"]["schema"]["default"],
            "page_context": invoices.follow(rows["page_context"])["type"],
            "customer_payments": payments.follow(paid["customer_payments"])["type"],
            "total": invoices.follow(row["total"])["type"],
            "item_id": "item_id" in invoices.follow(line["items"])["required"],
        }
        assert found == {name: said for _, name, said in SLIPS.values()}

    def test_and_the_simulator_does_as_was_recorded(self, books: Zoho) -> None:
        books.create()
        body = books.ok(books.get("/invoices"))
        assert body["page_context"]["per_page"] == 200
        assert books.get("/invoices").json()["invoices"][0]["total"] == 100
        assert "customerpayments" in books.ok(books.get("/customerpayments"))
