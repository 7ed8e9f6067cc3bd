"""The Wave simulator takes requests, keeps customers and lists records as Wave's sheet says."""

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from wave_books import CUSTOMERS, INVOICE, INVOICES, Wave, mutate

from kommo_invoice.sandbox.faults import Fault, FaultKind
from kommo_invoice.sandbox.server import Sandbox
from kommo_invoice.sandbox.wave import AGENCY

LAST_YEAR = datetime(2025, 11, 2, 9, 0, tzinfo=UTC)
DAY = 24 * 3600
INVALID = "GRAPHQL_VALIDATION_FAILED"


@pytest.fixture
def wave() -> Wave:
    return Wave()


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ('{ business { customers(email: "a@b.c") { edges { node { id } } } } }', INVALID),
        (
            "query($n: String) { business { customers(name: $n) { pageInfo { currentPage } } } }",
            INVALID,
        ),
        ("{ business { invoices { edges { node { unitAmount } } } } }", INVALID),
        ("{ business {", "GRAPHQL_PARSE_FAILED"),
    ],
)
def test_a_wrong_document_is_refused_before_anything_else(
    wave: Wave, document: str, code: str
) -> None:
    assert wave.refused(document, b=wave.business, token="wrong") == (400, code)


@pytest.mark.parametrize(
    "wrong",
    [
        {"businessId": "B", "customerId": "C", "currency": "BYN"},
        {"businessId": "B", "customerId": "C", "invoiceDate": "2026-11-02T00:00:00Z"},
        {"businessId": "B", "customerId": "C", "unitAmount": "5"},
        {"businessId": "B", "customerId": "C", "exchangeRate": "NaN"},
        {"businessId": "B"},
    ],
)
def test_wrong_variables_are_bad_user_input_even_without_a_token(
    wave: Wave, wrong: dict[str, Any]
) -> None:
    refused = wave.refused(mutate("invoiceCreate"), input=wrong, token="wrong")

    assert refused == (400, "BAD_USER_INPUT")


def test_an_unknown_country_is_bad_user_input(wave: Wave) -> None:
    address = {"countryCode": "UK"}
    asked = {"businessId": wave.business, "name": "A", "address": address}

    refused = wave.refused(mutate("customerCreate", "customer { id }"), input=asked)

    assert refused == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize("status", [401, 200])
def test_an_expired_token_is_unauthenticated_under_either_status(wave: Wave, status: int) -> None:
    wave.rules.unauthenticated_status = status
    wave.world.expire("wave")

    assert wave.refused(INVOICES, b=wave.business) == (status, "UNAUTHENTICATED")


def test_introspection_needs_no_token(wave: Wave) -> None:
    answer = wave.post("{ __schema { queryType { name } } }", token="")

    assert answer.json() == {"data": {"__schema": {"queryType": {"name": "Query"}}}}


def test_the_61st_request_of_a_minute_has_to_wait(wave: Wave) -> None:
    wave.world.unlimited = False
    for _ in range(60):
        wave.ask("{ business { id } }")

    late = wave.post("{ business { id } }")
    wave.world.advance(61)

    assert (late.status_code, late.headers["retry-after"]) == (429, "60")
    assert wave.ask("{ business { id } }")


def test_an_inline_number_and_id_are_read_exactly(wave: Wave) -> None:
    invoice = wave.people.add_invoice(wave.customer, "0.1")
    query = '{ business(id: "%s") { invoices(amountDue: 0.10) { edges { node { id } } } } }'

    found = wave.ask(query % wave.business)["business"]["invoices"]["edges"]

    assert found == [{"node": {"id": invoice}}]


def test_ids_are_base64_of_readable_texts(wave: Wave) -> None:
    invoice = wave.read(wave.made())
    business = base64.b64decode(wave.business).decode()
    own = base64.b64decode(invoice["id"]).decode()

    assert re.fullmatch(r"Business:[0-9a-f-]{36}", business)
    assert own == f"{business};Invoice:{invoice['internalId']}"
    assert len(invoice["internalId"]) == 19


def test_an_id_that_is_none_is_not_found_beside_the_other_data(wave: Wave) -> None:
    bare = base64.b64decode(wave.business).decode().removeprefix("Business:")
    query = "query($a: ID!, $b: ID!) { a: business(id: $a) { id } b: business(id: $b) { id } }"

    answer = wave.post(query, a=bare, b=wave.business).json()
    [error] = answer["errors"]

    assert answer["data"] == {"a": None, "b": {"id": wave.business}}
    assert (error["path"], error["extensions"]["code"]) == (["a"], "NOT_FOUND")
    assert error["message"] == f"Business '{bare}' could not be found."


def test_a_record_of_another_business_is_not_found(wave: Wave) -> None:
    other = wave.people.add_business("Other")

    assert wave.refused(INVOICE, b=other, i=wave.made()) == (200, "NOT_FOUND")


def test_customers_are_found_by_their_exact_address_with_archived_ones_among_them(
    wave: Wave,
) -> None:
    for name, email in (("Pat", "o'neil+x@a.example"), ("Sam", "xo'neil+x@a.example")):
        wave.people.add_customer(name, email)
    wave.people.add_customer("Old", "o'neil+x@a.example", archived=True, created_at=LAST_YEAR)

    assert wave.found(email="o'neil+x@a.example") == ["Old", "Pat"]


@pytest.mark.parametrize(("ignores", "found"), [(False, []), (True, ["Acme Ltd"])])
def test_whether_case_counts_is_a_rule(wave: Wave, ignores: bool, found: list[str]) -> None:
    wave.rules.emails_ignore_case = ignores

    assert wave.found(email="AP@Acme.example") == found


def test_equal_customers_are_accepted_and_empty_texts_read_as_empty(wave: Wave) -> None:
    asked = {"businessId": wave.business, "name": "Acme Ltd", "email": "ap@acme.example"}

    made = wave.do("customerCreate", "customer { phone currency { code } }", **asked)

    assert made == {
        "didSucceed": True,
        "inputErrors": None,
        "customer": {"phone": "", "currency": {"code": "EUR"}},
    }
    assert wave.found(email="ap@acme.example") == ["Acme Ltd", "Acme Ltd"]


def test_an_address_reads_back_as_objects_and_a_patch_changes_only_what_it_names(
    wave: Wave,
) -> None:
    fields = "customer { name address { city province { code name } country { code name } } }"
    address = {"city": "Ottawa", "provinceCode": "CA-ON", "countryCode": "CA"}

    wave.do("customerPatch", "customer { id }", id=wave.customer, address=address)
    patched = wave.do("customerPatch", fields, id=wave.customer, firstName="Ann")["customer"]
    wrong = {**address, "countryCode": "US"}
    refused = wave.do("customerPatch", fields, id=wave.customer, address=wrong)

    assert patched["name"] == "Acme Ltd"
    assert patched["address"] == {
        "city": "Ottawa",
        "province": {"code": "CA-ON", "name": "Ontario"},
        "country": {"code": "CA", "name": "Canada"},
    }
    assert refused["inputErrors"][0]["path"] == ["input", "address", "provinceCode"]


def test_pages_are_counted_and_a_page_beyond_the_last_is_empty(wave: Wave) -> None:
    for number in range(6):
        wave.people.add_customer(f"C{number}")
    info = wave.ask(CUSTOMERS, b=wave.business, page=2, size=3)["business"]["customers"]

    assert info["pageInfo"] == {"currentPage": 2, "totalPages": 3, "totalCount": 7}
    assert [edge["node"]["name"] for edge in info["edges"]] == ["C2", "C3", "C4"]
    assert wave.found(page=4, size=3) == []


def test_lists_lag_behind_writes_and_single_reads_do_not(wave: Wave) -> None:
    invoice = wave.people.add_invoice(wave.customer, 100)
    wave.world.lag_s = 30
    new = wave.made()
    wave.people.pay(invoice)

    assert [node["status"] for node in wave.listed()] == ["SAVED"]
    assert (wave.status(new), wave.status(invoice)) == ("DRAFT", "PAID")
    wave.world.advance(31)
    assert [node["status"] for node in wave.listed()] == ["PAID", "DRAFT"]
    wave.do("invoiceDelete", "", invoiceId=new)
    assert len(wave.listed()) == 2


@pytest.mark.parametrize(("inclusive", "count"), [(True, 1), (False, 0)])
def test_changes_are_listed_from_or_after_a_moment(wave: Wave, inclusive: bool, count: int) -> None:
    wave.rules.modified_after_is_inclusive = inclusive
    invoice = wave.people.add_invoice(wave.customer, 100)
    wave.world.advance(DAY)
    wave.people.pay(invoice)
    moment = wave.read(invoice)["modifiedAt"]

    assert moment == "2026-11-03T09:00:00.000Z"
    assert len(wave.listed(after=moment)) == count


def test_a_payment_may_leave_the_change_time_alone(wave: Wave) -> None:
    wave.rules.payments_touch_invoices = False
    invoice = wave.people.add_invoice(wave.customer, 100)
    wave.world.advance(DAY)
    wave.people.pay(invoice)

    assert wave.listed(after="2026-11-03T00:00:00Z") == []
    assert wave.status(invoice) == "PAID"


@pytest.mark.parametrize(
    ("query", "operation"),
    [
        (mutate("invoiceCreate"), "invoiceCreate"),
        (CUSTOMERS, "Find"),
        ("{ ...F } fragment F on Query { user { id } business { id } }", "user,business"),
        ("{", "invalid"),
    ],
)
def test_faults_go_by_a_mutations_field_and_a_querys_name(
    wave: Wave, query: str, operation: str
) -> None:
    scope = {"path": "/graphql/public"}
    assert wave.people.operation(scope, json.dumps({"query": query}).encode()) == operation


def test_an_answer_that_is_lost_leaves_its_invoice(wave: Wave) -> None:
    asked = {"businessId": wave.business, "customerId": wave.customer}
    body = {"query": mutate("invoiceCreate"), "variables": {"input": asked}}
    headers = {"Authorization": f"Bearer {AGENCY['token']}"}
    wave.world.faults.add(Fault("wave", "invoiceCreate", FaultKind.LOSE))

    with Sandbox(wave.world, [wave.people]) as sandbox, httpx.Client(headers=headers) as client:
        url = sandbox.urls["wave"] + "/graphql/public"
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(url, json=body)
        again = client.post(url, json=body).json()

    assert again["data"]["invoiceCreate"]["invoice"]["invoiceNumber"] == "2"
    assert [each["number"] for each in wave.people.dump()["invoices"]] == ["1", "2"]
