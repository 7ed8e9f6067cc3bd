"""The QuickBooks simulator agrees with the published names, enums and recorded answers."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from quickbooks_books import QuickBooks, code

from kommo_invoice.sandbox.quickbooks_properties import (
    CALCULATIONS,
    DETAIL_TYPES,
    EMAIL_STATUSES,
    ENTITIES,
    PRINT_STATUSES,
    Properties,
)
from kommo_invoice.sandbox.quickbooks_query import FILTERABLE

XS = "{http://www.w3.org/2001/XMLSchema}"

UNPUBLISHED = {"DefaultTimeZone", "PartnerTaxEnabled", "type"}
"""Names that our provider sheet has and the published files lack."""


@pytest.fixture(scope="session")
def specs() -> Path:
    folder = os.environ.get("KINV_SPECS")
    if not folder:
        pytest.skip("KINV_SPECS does not name the folder with the providers' specs")
    return Path(folder) / "quickbooks"


@pytest.fixture(scope="session")
def types(specs: Path) -> dict[str, Any]:
    dump: dict[str, Any] = json.loads((specs / "qbTypesDump.json").read_text())["Types"]
    return dump


@pytest.fixture(scope="session")
def schema(specs: Path) -> list[ET.Element]:
    files = ("Finance", "IntuitBaseTypes", "IntuitNamesTypes", "SalesTax", "IntuitRestServiceDef")
    return [ET.parse(specs / "xsd-php-sdk" / f"{name}.xsd").getroot() for name in files]


@pytest.fixture(scope="session")
def names(types: dict[str, Any], schema: list[ET.Element]) -> set[str]:
    """Return every name of a property that is published anywhere."""
    dumped = {
        attribute["name"] for each in types.values() for attribute in each.get("attributes") or ()
    }
    kinds = (f"{XS}element", f"{XS}attribute")
    declared = {
        node.attrib["name"]
        for root in schema
        for kind in kinds
        for node in root.iter(kind)
        if "name" in node.attrib
    }
    return dumped | declared


def all_names(properties: Properties) -> Iterator[str]:
    for name, each in properties.items():
        yield name
        yield from all_names(each.of or {})


def keys(answer: Any) -> Iterator[str]:
    if isinstance(answer, Mapping):
        for name, value in answer.items():
            yield name
            yield from keys(value)
    elif isinstance(answer, list):
        for each in answer:
            yield from keys(each)


@pytest.fixture
def books() -> QuickBooks:
    return QuickBooks(custom_fields=("Crew #",), payments=True)


class TestProperties:
    @pytest.mark.parametrize("entity", ENTITIES)
    def test_what_is_taken_is_published(self, names: set[str], entity: str) -> None:
        assert set(all_names(ENTITIES[entity])) - names - UNPUBLISHED == set()

    @pytest.mark.parametrize("entity", ENTITIES)
    def test_what_is_published_is_taken(self, types: dict[str, Any], entity: str) -> None:
        published = {attribute["name"] for attribute in types[entity]["attributes"]}
        assert published - set(ENTITIES[entity]) == set()

    def test_lines_too(self, types: dict[str, Any]) -> None:
        line = ENTITIES["Invoice"]["Line"].of or {}
        for name, properties in (
            ("Invoice_Line_SalesItemLine", line),
            ("Invoice_Line_DescriptionOnlyLine", line),
            ("Invoice_Line_DiscountLine", line),
            ("Invoice_Line_SalesItemLineDetail", line["SalesItemLineDetail"].of or {}),
            ("Invoice_Line_DiscountLineDetail", line["DiscountLineDetail"].of or {}),
        ):
            published = {attribute["name"] for attribute in types[name]["attributes"]}
            assert published - set(properties) == set(), name

    @pytest.mark.parametrize("entity", ENTITIES)
    def test_lengths_are_the_published_ones(self, types: dict[str, Any], entity: str) -> None:
        for attribute in types[entity]["attributes"]:
            ours = ENTITIES[entity][attribute["name"]]
            length = re.search(r"max[^,]*?(\d+) chars", str(attribute.get("metaData")))
            if length and ours.most is not None:
                assert ours.most == int(length[1]), attribute["name"]

    @pytest.mark.parametrize("entity", sorted(set(FILTERABLE) - {"CompanyCurrency"}))
    def test_what_can_be_filtered_by_exists(self, types: dict[str, Any], entity: str) -> None:
        published = {attribute["name"] for attribute in types[entity]["attributes"]}
        ours = {name.partition(".")[0] for name in FILTERABLE[entity]}
        absent = {"Vendor": {"FullyQualifiedName"}} | {
            "Employee": {"FullyQualifiedName", "CompanyName", "Balance"}
        }
        assert ours - published - absent.get(entity, set()) == set()


class TestEnums:
    def values(self, schema: list[ET.Element], name: str) -> set[str]:
        found = next(
            node
            for root in schema
            for node in root.iter(f"{XS}simpleType")
            if node.attrib.get("name") == name
        )
        return {node.attrib["value"] for node in found.iter(f"{XS}enumeration")}

    def test_the_whole_of_them(self, schema: list[ET.Element]) -> None:
        assert self.values(schema, "EmailStatusEnum") == set(EMAIL_STATUSES)
        assert self.values(schema, "GlobalTaxCalculationEnum") == set(CALCULATIONS)
        assert self.values(schema, "PrintStatusEnum") == set(PRINT_STATUSES)

    def test_kinds_of_lines_are_among_them(self, schema: list[ET.Element]) -> None:
        assert set(DETAIL_TYPES) < self.values(schema, "LineDetailTypeEnum")

    def test_kinds_of_items_too(self, books: QuickBooks, schema: list[ET.Element]) -> None:
        used = set(books.found("select * from Item", "Type"))
        assert used <= self.values(schema, "ItemTypeEnum")


class TestAnswers:
    def recorded(self, specs: Path, name: str) -> Any:
        return json.loads((specs / "samples/json-from-vcr" / f"{name}.json").read_text())

    def test_every_name_in_them_is_published(self, books: QuickBooks, names: set[str]) -> None:
        made = books.create(books.line(100, Qty=1, UnitPrice=100, **code("TAX")), PrivateNote="x")
        books.ok(books.mail(made["Id"]))
        books.people.pay(made["Id"], 5)
        paths = ("/preferences", f"/companyinfo/{books.realm}", f"/customer/{books.customer}")
        answers = [books.ok(books.send("GET", path)) for path in paths]
        answers += [books.read(made["Id"], include="invoiceLink")]
        for entity in ("Customer", "Item", "Term", "TaxCode", "TaxRate", "Payment", "Vendor"):
            answers.append(books.ask(f"select * from {entity}"))
        used = {name for answer in answers for name in keys(answer)}
        assert used - names - UNPUBLISHED - {"time"} - set(FILTERABLE) == set()

    def test_a_new_invoice_is_like_a_recorded_one(self, books: QuickBooks, specs: Path) -> None:
        theirs = self.recorded(specs, "create-invoice-1.200")
        asked = {"Line": [books.line(100)], "CustomerRef": {"value": books.customer}}
        ours = books.ok(books.post("/invoice", asked))
        assert set(theirs["Invoice"]) - set(ours["Invoice"]) == {"BillAddr", "ShipAddr"}
        assert set(ours["Invoice"]) <= set(theirs["Invoice"])
        assert forms(ours["Invoice"]["MetaData"]) == forms(theirs["Invoice"]["MetaData"])
        assert forms(ours["time"]) == forms(theirs["time"])
        assert forms(ours["Invoice"]["Line"][1]) == forms(theirs["Invoice"]["Line"][1])

    def test_a_new_customer_is_like_a_recorded_one(self, books: QuickBooks, specs: Path) -> None:
        theirs = self.recorded(specs, "create-customer-1.200")["Customer"]
        ours = books.write("Customer", {"DisplayName": "Doe5, Jane"})
        assert set(theirs) - set(ours) == {"DefaultTaxCodeRef"}
        assert set(ours) <= set(theirs)

    def test_a_void_changes_what_it_changed_there(self, books: QuickBooks, specs: Path) -> None:
        before = self.recorded(specs, "void-invoice-1.200")["Invoice"]
        after = self.recorded(specs, "void-invoice-2.200")["Invoice"]
        ours = books.create()
        key = {"Id": ours["Id"], "SyncToken": ours["SyncToken"]}
        books.world.advance(60)
        voided = books.write("Invoice", key, operation="void")
        assert differing(ours, voided) == differing(before, after)
        assert voided["PrivateNote"] == after["PrivateNote"]

    def test_a_deletion_leaves_the_same_stub(self, books: QuickBooks, specs: Path) -> None:
        theirs = self.recorded(specs, "delete-invoice-2.200")["Invoice"]
        made = books.create()
        key = {"Id": made["Id"], "SyncToken": made["SyncToken"]}
        ours = books.write("Invoice", key, operation="delete")
        assert {**ours, "Id": ""} == {**theirs, "Id": ""}

    def test_pages_and_logs_have_the_same_frame(self, books: QuickBooks, specs: Path) -> None:
        page = self.recorded(specs, "get-display_name-1.200")
        ours = books.ok(books.send("GET", "/query", params={"query": "select * from Customer"}))
        assert frame(ours) == frame(page)
        log = self.recorded(specs, "cdc-basic-1.200")
        books.create()
        params = {"entities": "Invoice", "changedSince": "2026-11-01T00:00:00-07:00"}
        found = books.ok(books.send("GET", "/cdc", params=params))
        [answer], [theirs] = found["CDCResponse"], log["CDCResponse"]
        [changed], [changes] = answer["QueryResponse"], theirs["QueryResponse"]
        assert found.keys() == log.keys()
        assert changed.keys() - {"Invoice"} == changes.keys() - {"Estimate"}
        none = self.recorded(specs, "all-alt_select-5.200")
        empty = {"query": "select * from Payment"}
        assert frame(books.ok(books.send("GET", "/query", params=empty))) == frame(none)


class TestFaults:
    def fault(self, specs: Path, name: str) -> Any:
        path = specs / "samples/json-from-vcr" / f"{name}.json"
        return json.loads(path.read_text())

    @pytest.mark.parametrize(
        ("name", "method", "path", "body"),
        [
            ("error-400-2.400", "GET", "/query?query=select%20*%20from%20Custmoer", None),
            ("error-400_json-1.400", "POST", "/invoice", {"BadJson": True}),
            ("error-validation-1.400", "POST", "/customer", {"DisplayName": "Acme Ltd"}),
            ("error-500-1.400", "GET", "/customer/1/5", None),
            ("error-500-2.400", "GET", "/customer/1.5", None),
        ],
    )
    def test_they_are_like_recorded_ones(
        self, books: QuickBooks, specs: Path, name: str, method: str, path: str, body: Any
    ) -> None:
        answer = books.send(method, path) if body is None else books.post(path, body)
        theirs = self.fault(specs, name)["Fault"]
        ours = answer.json()["Fault"]
        [our_error], [their_error] = ours["Error"], theirs["Error"]
        assert answer.status_code == int(name.rpartition(".")[2])
        assert ours["type"] == theirs["type"]
        assert our_error.keys() == their_error.keys()
        assert our_error["code"] == their_error["code"]
        assert our_error["Message"] == their_error["Message"]

    def test_in_a_batch_too(self, books: QuickBooks, specs: Path) -> None:
        theirs = self.fault(specs, "batch-basic-1.200")["BatchItemResponse"]
        made = books.create()
        gone = {"Id": "999", "SyncToken": "0"}
        stale = {"Id": made["Id"], "SyncToken": "7", "sparse": True}
        items = [
            {"bId": "bid2", "operation": "delete", "Invoice": gone},
            {"bId": "bid3", "operation": "update", "Invoice": stale},
        ]
        found = books.ok(books.post("/batch", {"BatchItemRequest": items}))["BatchItemResponse"]
        for our, their in zip(found, theirs[1:3], strict=True):
            [our_error], [their_error] = our["Fault"]["Error"], their["Fault"]["Error"]
            assert our.keys() == their.keys()
            assert our_error.keys() == their_error.keys()
            assert our_error["code"] == their_error["code"]

    def test_a_stranger_is_told_so_in_the_recorded_form(
        self, books: QuickBooks, specs: Path
    ) -> None:
        theirs = self.fault(specs, "error-401-1.401")
        books.world.expire("quickbooks")
        ours = books.send("GET", "/preferences").json()
        assert list(ours) == list(theirs)
        [our_error], [their_error] = ours["fault"]["error"], theirs["fault"]["error"]
        assert our_error.keys() == their_error.keys()
        assert our_error["message"] == their_error["message"]
        assert our_error["detail"].split(":")[0] == their_error["detail"].split(":")[0]

    def test_tokens_come_as_in_the_vendors_own_mocks(self, specs: Path) -> None:
        mock = json.loads((specs / "samples/oauth-mocks/bearer-token.json").read_text())
        books = QuickBooks()
        books.people.add_integration("app", "hush", "http://localhost/cb")
        connection = books.people.oauth
        asked = {
            "client_id": "app",
            "redirect_uri": "http://localhost/cb",
            "response_type": "code",
            "state": "s",
            "scope": "com.intuit.quickbooks.accounting",
        }
        back = books.api.get("/connect/oauth2", params=asked).headers["location"]
        given = {"grant_type": "authorization_code", "redirect_uri": asked["redirect_uri"]}
        given["code"] = re.findall(r"code=([^&]+)", back)[0]
        ours = books.api.post("/oauth2/v1/tokens/bearer", data=given, auth=("app", "hush")).json()
        assert connection.integrations.keys() == {"app"}
        assert mock.keys() - ours.keys() == {"id_token"}
        assert {name: type(value) for name, value in ours.items()} == {
            name: type(mock[name]) for name in ours
        }
        bad = books.api.post("/oauth2/v1/tokens/bearer", data=given, auth=("app", "hush"))
        error = json.loads((specs / "samples/oauth-mocks/errorResponse.json").read_text())["json"]
        assert bad.json()["error"] == error["error"]


def forms(answer: Any) -> Any:
    """Return an answer with digits as 0, so that texts can be compared by their form."""
    if isinstance(answer, Mapping):
        return {name: forms(value) for name, value in answer.items()}
    if isinstance(answer, str):
        return re.sub(r"\d", "0", answer)
    return type(answer).__name__ if isinstance(answer, bool) else "number"


def frame(answer: Any) -> Any:
    return (set(answer), {name: set(answer[name]) for name in answer if name != "time"})


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    return {name for name in {**before, **after} if before.get(name) != after.get(name)}
