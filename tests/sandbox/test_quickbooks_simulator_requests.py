"""How the QuickBooks simulator answers requests: gates, forms, faults, request ids, batches."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from quickbooks_books import JSON, QuickBooks

from kommo_invoice.sandbox.faults import Fault, FaultKind
from kommo_invoice.sandbox.quickbooks_state import RequestIds
from kommo_invoice.sandbox.server import Sandbox

TYPED = {"Content-Type": "application/json"}
NAMESPACE = "{http://schema.intuit.com/finance/v3}"


@pytest.fixture
def books() -> QuickBooks:
    return QuickBooks()


class TestAddresses:
    @pytest.mark.parametrize(
        "path", ["/Invoice/1", "/customers", "/invoice/1/5", "/companyInfo/1", "", "/"]
    )
    def test_resources_are_lower_case_and_few(self, books: QuickBooks, path: str) -> None:
        assert books.refusal(books.send("GET", path)) == (400, "500")

    def test_ids_are_numbers(self, books: QuickBooks) -> None:
        assert books.refusal(books.send("GET", "/customer/1.5")) == (400, "2030")

    @pytest.mark.parametrize("status", [400, 404])
    def test_what_does_not_exist_is_610_under_either_status(
        self, books: QuickBooks, status: int
    ) -> None:
        books.rules.missing_status = status
        assert books.refusal(books.send("GET", "/invoice/999")) == (status, "610")

    def test_minor_versions_make_no_difference(self, books: QuickBooks) -> None:
        for version in ("4", "75", "nonsense"):
            params = {"minorversion": version}
            assert books.ok(books.send("GET", "/preferences", params=params))["Preferences"]

    def test_a_token_reads_its_own_company_alone(self, books: QuickBooks) -> None:
        assert books.refusal(books.send("GET", "/companyinfo/123")) == (400, "610")

    def test_the_company_says_who_it_is(self, books: QuickBooks) -> None:
        def country() -> str:
            info = books.ok(books.send("GET", f"/companyinfo/{books.realm}"))["CompanyInfo"]
            assert info["CompanyName"] == "Harbor & Pine"
            return str(info["Country"])

        assert country() == "USA"
        books.rules.long_country = False
        assert country() == "US"

    def test_preferences_say_what_invoices_may_have(self) -> None:
        books = QuickBooks(rates={"CAD": "0.7"}, custom_fields=("Deal",), allow_discount=False)
        found = books.ok(books.send("GET", "/preferences"))["Preferences"]
        assert found["SalesFormsPrefs"]["AllowDiscount"] is False
        assert found["SalesFormsPrefs"]["CustomTxnNumbers"] is False
        assert found["CurrencyPrefs"] == {
            "MultiCurrencyEnabled": True,
            "HomeCurrency": {"value": "USD"},
        }
        assert found["TaxPrefs"] == {"UsingSalesTax": True, "PartnerTaxEnabled": True}
        [_, titles] = found["SalesFormsPrefs"]["CustomField"]
        assert titles["CustomField"][0]["StringValue"] == "Deal"


class TestForms:
    def test_amounts_keep_their_digits(self, books: QuickBooks) -> None:
        made = books.post("/invoice", books.body())
        assert '"TotalAmt":100.00' in made.text

    def test_support_finds_each_request_by_its_id(self, books: QuickBooks) -> None:
        tids = {books.send("GET", "/preferences").headers["intuit_tid"] for _ in range(2)}
        assert len(tids) == 2

    @pytest.mark.parametrize("accept", ["*/*", "text/html"])
    def test_without_accept_json_all_is_xml(self, books: QuickBooks, accept: str) -> None:
        answer = books.send("GET", f"/customer/{books.customer}", headers={"Accept": accept})
        root = ET.fromstring(answer.text)
        assert root.find(f"{NAMESPACE}Customer/{NAMESPACE}DisplayName").text == "Acme Ltd"  # type: ignore[union-attr]
        refused = books.send("GET", "/customer/999", headers={"Accept": accept})
        error = ET.fromstring(refused.text).find(f"{NAMESPACE}Fault/{NAMESPACE}Error")
        assert error is not None
        assert error.attrib["code"] == "610"

    def test_lists_are_repeated_elements_there(self, books: QuickBooks) -> None:
        params = {"query": "select * from Term"}
        answer = books.send("GET", "/query", params=params, headers={"Accept": "*/*"})
        found = ET.fromstring(answer.text).findall(f"{NAMESPACE}QueryResponse/{NAMESPACE}Term")
        assert len(found) == 3

    def test_a_pdf_is_asked_for_as_one(self, books: QuickBooks) -> None:
        invoice = books.create()["Id"]
        answer = books.send("GET", f"/invoice/{invoice}/pdf", headers={"Accept": "application/pdf"})
        assert answer.content.startswith(b"%PDF")
        assert books.send("GET", f"/invoice/{invoice}/pdf").status_code == 406

    def test_a_body_has_to_say_that_it_is_json(self, books: QuickBooks) -> None:
        body = json.dumps(books.body())
        assert books.send("POST", "/invoice", content=body).status_code == 415
        assert books.refusal(books.send("POST", "/invoice", content="{", headers=TYPED)) == (
            400,
            "2010",
        )

    def test_a_fault_may_come_with_200(self, books: QuickBooks) -> None:
        books.rules.faults_with_200 = True
        assert books.refusal(books.post("/invoice", {"BadJson": True})) == (200, "2010")


class TestTokens:
    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Basic abc"])
    def test_a_stranger_gets_the_fault_in_small_letters(
        self, books: QuickBooks, header: str
    ) -> None:
        answer = books.send("GET", "/preferences", headers={"Authorization": header})
        [error] = answer.json()["fault"]["error"]
        assert (answer.status_code, error["code"]) == (401, "3200")
        assert "www-authenticate" in answer.headers

    def test_and_the_expired_token_stands_in_it(self, books: QuickBooks) -> None:
        books.world.expire("quickbooks")
        [error] = books.send("GET", "/preferences").json()["fault"]["error"]
        assert error["detail"] == f"Token expired: {books.token}"

    def test_another_company_is_forbidden_in_the_same_form(self, books: QuickBooks) -> None:
        answer = books.send("GET", "/preferences", realm="123")
        [error] = answer.json()["fault"]["error"]
        assert (answer.status_code, error["code"]) == (403, "3100")


class TestLimits:
    def test_too_much_is_refused_as_xml_without_a_time(self, books: QuickBooks) -> None:
        books.world.unlimited = False
        for _ in range(10):
            assert books.send("GET", "/preferences").status_code == 200
        answer = books.send("GET", "/preferences")
        assert answer.status_code == 429
        error = ET.fromstring(answer.text).find(f"{NAMESPACE}Fault/{NAMESPACE}Error")
        assert error is not None
        assert error.attrib["code"] == "3001"
        assert "retry-after" not in answer.headers
        books.world.advance(1)
        assert books.send("GET", "/preferences").status_code == 200

    def test_a_minute_has_its_own_limit(self, books: QuickBooks) -> None:
        books.world.unlimited = False
        books.rules.requests_per_minute = 3
        statuses = []
        for _ in range(4):
            statuses.append(books.send("GET", "/preferences").status_code)
            books.world.advance(1)
        assert statuses == [200, 200, 200, 429]

    def test_the_month_may_be_used_up_for_reads_alone(self, books: QuickBooks) -> None:
        books.rules.reads_left = 1
        assert books.send("GET", "/preferences").status_code == 200
        books.world.advance(3600)
        assert books.send("GET", "/preferences").status_code == 429
        assert books.create()["Id"]

    def test_a_lapsed_company_can_only_be_read(self, books: QuickBooks) -> None:
        invoice = books.create()["Id"]
        books.people.change_company(lapsed=True)
        assert books.read(invoice)["Id"] == invoice
        assert books.refused() == "6190"
        assert books.refusal(books.mail(invoice)) == (400, "6190")


class TestRequestIds:
    def twice(self, books: QuickBooks, second: Any = None) -> list[httpx.Response]:
        first = books.body()
        return [books.post("/invoice", body, requestid="r1") for body in (first, second or first)]

    def test_the_first_answer_comes_again(self, books: QuickBooks) -> None:
        first, second = self.twice(books)
        assert first.json()["Invoice"] == second.json()["Invoice"]
        assert len(books.people.dump()["invoices"]) == 1

    def test_or_it_is_refused(self, books: QuickBooks) -> None:
        books.rules.request_ids = RequestIds.REFUSE
        assert books.refusal(self.twice(books)[1]) == (400, "600")

    def test_it_may_be_forgotten(self, books: QuickBooks) -> None:
        books.rules.request_ids_kept_s = 60
        self.twice(books)
        books.world.advance(60)
        self.twice(books)
        assert len(books.people.dump()["invoices"]) == 2

    @pytest.mark.parametrize(
        ("rule", "made"), [(RequestIds.REPLAY, 1), (RequestIds.REFUSE, 1), (RequestIds.ACT, 2)]
    )
    def test_with_another_body_it_may_be_anything(
        self, books: QuickBooks, rule: RequestIds, made: int
    ) -> None:
        books.rules.other_body = rule
        _, second = self.twice(books, books.body(books.line(250)))
        assert len(books.people.dump()["invoices"]) == made
        if rule is RequestIds.REFUSE:
            assert books.refusal(second) == (400, "600")

    @pytest.mark.parametrize("kept", [True, False])
    def test_a_refusal_uses_it_up_or_not(self, books: QuickBooks, kept: bool) -> None:
        books.rules.failures_kept = kept
        books.people.change_company(lapsed=True)
        refused = books.post("/invoice", books.body(), requestid="r1")
        assert books.refusal(refused)[1] == "6190"
        books.people.change_company(lapsed=False)
        again = books.post("/invoice", books.body(), requestid="r1")
        assert ("Fault" in again.json()) is kept

    @pytest.mark.parametrize(("replays", "mails"), [(False, 2), (True, 1)])
    def test_that_a_send_is_replayed_is_not_certain(
        self, books: QuickBooks, replays: bool, mails: int
    ) -> None:
        books.rules.send_replays = replays
        invoice = books.create()["Id"]
        for _ in range(2):
            books.ok(books.mail(invoice, requestid="m1"))
        assert len(books.people.dump()["mails"]) == mails

    def test_it_has_at_most_50_characters(self, books: QuickBooks) -> None:
        answer = books.post("/invoice", books.body(), requestid="x" * 51)
        assert books.refusal(answer) == (400, "2050")

    def test_each_company_has_its_own(self, books: QuickBooks) -> None:
        other = books.people.add_company("Other")
        books.people.add_item("Workshop", company=other)
        customer = books.people.add_customer("Acme Ltd", company=other)
        books.post("/invoice", books.body(), requestid="r1")
        line = {"Amount": 5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
        body = {"CustomerRef": {"value": customer}, "Line": [line]}
        params = {"requestid": "r1"}
        answer = books.send("POST", "/invoice", other, json=body, params=params)
        assert answer.json()["Invoice"]["TotalAmt"] == 0


class TestBatches:
    def items(self, books: QuickBooks, *items: Any) -> list[Any]:
        asked = [{"bId": f"b{number}", **item} for number, item in enumerate(items)]
        answer = books.ok(books.post("/batch", {"BatchItemRequest": asked}))["BatchItemResponse"]
        assert [each.pop("bId") for each in answer] == [each["bId"] for each in asked]
        return list(answer)

    def test_each_item_has_its_own_fate(self, books: QuickBooks) -> None:
        made, refused, found, none = self.items(
            books,
            {"operation": "create", "Invoice": books.body()},
            {"operation": "create", "Customer": {"DisplayName": "Acme Ltd"}},
            {"Query": "select * from Customer where DisplayName = 'Acme Ltd'"},
            {"Query": "select * from Customer where DisplayName = 'Nobody'"},
        )
        assert made["Invoice"]["TotalAmt"] == 100
        assert refused["Fault"]["Error"][0]["code"] == "6240"
        assert found["QueryResponse"]["maxResults"] == 1
        assert none == {"QueryResponse": {}}

    def test_there_are_at_most_30(self, books: QuickBooks) -> None:
        items = [{"bId": str(number), "Query": "select * from Term"} for number in range(31)]
        answer = books.post("/batch", {"BatchItemRequest": items})
        assert books.refusal(answer) == (400, "6000")
        books.ok(books.post("/batch", {"BatchItemRequest": items[:30]}))

    def test_nothing_is_sent_in_one(self, books: QuickBooks) -> None:
        [answer] = self.items(books, {"operation": "send", "Invoice": {"Id": "1"}})
        assert answer["Fault"]["Error"][0]["code"] == "500"

    @pytest.mark.parametrize(
        "body",
        [{}, [], {"BatchItemRequest": []}, {"BatchItemRequest": [{"Query": "select * from Term"}]}],
    )
    def test_its_items_are_named(self, books: QuickBooks, body: Any) -> None:
        assert books.refusal(books.post("/batch", body)) == (400, "2020")

    @pytest.mark.parametrize(
        "item", [{"operation": "create"}, {"operation": "create", "Invoice": {}, "Customer": {}}]
    )
    def test_each_is_about_one_object(self, books: QuickBooks, item: dict[str, Any]) -> None:
        [answer] = self.items(books, item)
        assert answer["Fault"]["Error"][0]["code"] == "2020"

    def test_they_have_a_limit_of_their_own(self, books: QuickBooks) -> None:
        books.world.unlimited = False
        books.rules.batches_per_minute = 1
        body = {"BatchItemRequest": [{"bId": "1", "Query": "select * from Term"}]}
        assert [books.post("/batch", body).status_code for _ in range(2)] == [200, 429]


class TestOperations:
    def test_faults_know_each_request_by_its_words(self, books: QuickBooks) -> None:
        with Sandbox(books.world, [books.people]) as sandbox:
            books.api = httpx.Client(base_url=sandbox.urls["quickbooks"], headers=JSON)
            invoice = books.create()
            stale = {"Id": invoice["Id"], "SyncToken": "0"}
            books.post("/invoice", {**stale, "sparse": True, "PrivateNote": "x"})
            books.mail(invoice["Id"])
            books.read(invoice["Id"])
            books.ask("select * from customer")
            params = {"entities": "Invoice,Payment", "changedSince": "2026-11-01"}
            books.send("GET", "/cdc", params=params)
            books.post("/invoice", stale, operation="void")
            books.api.close()
        assert list(books.world.calls("quickbooks")) == [
            "POST /invoice",
            "POST /invoice update",
            "POST /invoice/send",
            "GET /invoice",
            "GET /query customer",
            "GET /cdc Invoice,Payment",
            "POST /invoice void",
        ]

    @pytest.mark.parametrize(
        ("path", "body", "words"),
        [
            ("/query", b"select * from Item", "POST /query Item"),
            ("/query", b"nonsense", "POST /query invalid"),
            ("/invoice", b"nonsense", "POST /invoice"),
            ("/batch", b"{}", "POST /batch"),
            ("", b"", "POST /"),
        ],
    )
    def test_also_where_the_body_decides(
        self, books: QuickBooks, path: str, body: bytes, words: str
    ) -> None:
        scope = {"method": "POST", "path": f"/v3/company/1{path}", "query_string": b""}
        assert books.people.operation(scope, body) == words

    def test_an_answer_can_be_lost_and_asked_for_again(self, books: QuickBooks) -> None:
        books.world.faults.add(Fault("quickbooks", "POST /invoice$", FaultKind.LOSE))
        with Sandbox(books.world, [books.people]) as sandbox:
            books.api = httpx.Client(base_url=sandbox.urls["quickbooks"], headers=JSON)
            with pytest.raises(httpx.RemoteProtocolError):
                books.post("/invoice", books.body(), requestid="r1")
            again = books.ok(books.post("/invoice", books.body(), requestid="r1"))
            books.api.close()
        assert [each["id"] for each in books.people.dump()["invoices"]] == [again["Invoice"]["Id"]]
