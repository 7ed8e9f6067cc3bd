"""What the cassettes hold: no more requests than a flow needs, and nothing that is secret."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cassette_files import FOLDER, HOSTS, Scrubber, cassettes, recorded

SETUP = [
    "GET /api/v4/account",
    "GET /api/v4/leads/pipelines",
    "GET /api/v4/leads/custom_fields",
    "GET /api/v4/contacts/custom_fields",
]
DEAL = ["GET /api/v4/leads/#", "GET /api/v4/contacts/#", "GET /api/v4/companies/#"]
RESULT = ["PATCH /api/v4/leads", "POST /api/v4/tasks"]
CUSTOMER_MADE = {
    "wave": "CreateCustomer",
    "quickbooks": "POST customer",
    "zoho": "POST contacts",
}
INVOICE = ["CreateInvoice", "ApproveInvoice", "SendInvoice"]

COMPANY = ["GET companyinfo/#", "GET preferences", "POST batch"]
CUSTOMER, LIVE = "POST customer", ["POST invoice", "POST invoice/#/send"]

ORGANIZATION = [
    *("GET organizations", "GET settings/taxes", "GET settings/currencies", "GET items"),
    "GET settings/fields",
]
WALK = "GET invoices"  # which references there are: once a day, with the set-up
PERSON, DRAFTED = "POST contacts", ["POST invoices", "POST invoices/#/email"]

BOOKS_ASKED = {
    "wave/new_customer": ["Catalog", "Look", "CreateCustomer", *INVOICE],
    "wave/known_customer": ["Catalog", "Look", *INVOICE],
    "wave/second_run": ["Catalog", "Look"],
    "quickbooks/new_customer": [*COMPANY, "POST batch", CUSTOMER, *LIVE],
    "quickbooks/known_customer": [*COMPANY, "POST batch", *LIVE],
    "quickbooks/second_run": [*COMPANY, "POST batch", "GET invoice/#"],
    "quickbooks/late_link": [*COMPANY, "POST batch", CUSTOMER, *LIVE, "GET invoice/#"],
    "quickbooks/taken_name": [*COMPANY, "POST batch", CUSTOMER, "GET query", CUSTOMER, *LIVE],
    "zoho/new_customer": [*ORGANIZATION, WALK, "GET contacts", PERSON, *DRAFTED],
    "zoho/known_customer": [*ORGANIZATION, WALK, "GET contacts", *DRAFTED],
    "zoho/second_run": [*ORGANIZATION, "GET contacts", "GET invoices/#", "GET invoices"],
    "zoho/taken_name": [
        *(*ORGANIZATION, WALK, "GET contacts", PERSON),
        *("GET contacts", "GET contacts/#", PERSON, *DRAFTED),
    ],
}
"""What a flow asks of the books, their set-up (cached for a day) with it."""

CRM_ASKED = {
    "second_run": [*DEAL, "GET /api/v4/tasks"],
}
"""What a flow asks of the CRM, if not what every new invoice does."""

NEW_IN_CRM = [*DEAL, *RESULT]
MORE_SETUP = {"zoho": ["GET /api/v4/companies/custom_fields"]}
"""What a mapping with a company's VAT ID has to know besides."""

SECRETS = re.compile(
    r"(?i)authorization|bearer|oauthtoken|sandbox[-.]token|set-cookie|eyJ[\w-]+\.[\w-]+\.[\w-]+"
)
LINKS = re.compile(
    r"https://(?:(?!gql\.)[\w.-]*waveapps|connect\.intuit|zohosecurepay)\.com/[\w/.?=-]*"
)


@pytest.mark.parametrize(("flow", "provider"), cassettes())
def test_a_flow_asks_for_no_more_than_it_needs(flow: str, provider: str) -> None:
    books, _, name = flow.partition("/")
    of_crm = [*SETUP, *MORE_SETUP.get(books, ()), *CRM_ASKED.get(name, NEW_IN_CRM)]
    expected = of_crm if provider == "kommo" else BOOKS_ASKED[flow]

    assert [operation(each) for each in recorded(flow, provider)] == expected


@pytest.mark.parametrize("books", CUSTOMER_MADE)
@pytest.mark.parametrize("of_crm", [True, False])
def test_a_known_customer_differs_by_the_customer_alone(books: str, of_crm: bool) -> None:
    new, known = (
        Counter(map(operation, recorded(f"{books}/{flow}", "kommo" if of_crm else books)))
        for flow in ("new_customer", "known_customer")
    )

    assert set(new - known) == (set() if of_crm else {CUSTOMER_MADE[books]})
    assert not known - new


def test_every_write_to_quickbooks_has_a_request_id_of_its_own_and_keeps_it() -> None:
    ids = {
        flow: [
            parse_qs(urlsplit(each["uri"]).query)["requestid"]
            for each in recorded(flow, "quickbooks")
            if "requestid=" in each["uri"]
        ]
        for flow, _ in cassettes("quickbooks")
    }

    new, known = ids["quickbooks/new_customer"], ids["quickbooks/known_customer"]
    assert [len(each) for each in (new, known)] == [3, 2]
    assert new[1:] == known  # an invoice and its mail have theirs whoever made the customer
    assert ids["quickbooks/late_link"] == new
    assert ids["quickbooks/second_run"] == []
    assert all(len({str(each) for each in some}) == len(some) for some in ids.values())


def test_a_query_to_quickbooks_is_escaped_and_encoded_once() -> None:
    (query,) = (
        each["uri"]
        for each in recorded("quickbooks/taken_name", "quickbooks")
        if "/query?" in each["uri"]
    )

    assert "%5C%27Neil%20%26%20Sons%2C%2050%25%20Off%20Ltd%27" in query
    assert parse_qs(urlsplit(query).query)["query"] == [
        (
            "select * from Customer where DisplayName = 'O\\'Neil & Sons, 50% Off Ltd' "
            "and Active IN (true,false) ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000"
        )
    ]


def test_the_address_stays_as_it_is_written() -> None:
    sent = [
        parse_qs(urlsplit(each["uri"]).query)["sendTo"]
        for each in recorded("quickbooks/new_customer", "quickbooks")
        if "/send?" in each["uri"]
    ]
    assert sent == [["O'Neil+billing@sons.example"]]


def test_zoho_is_told_everything_as_it_is_written() -> None:
    person, invoice, mail = (
        json.loads(each["body"])
        for each in recorded("zoho/new_customer", "zoho")
        if each["method"] == "POST"
    )

    assert person["contact_name"] == "Größe & Söhne Ltd, 50% Off"
    assert [each["email"] for each in person["contact_persons"]] == ["o'neil+billing@sons.example"]
    assert "email" not in person
    assert (person["country_code"], person["vat_reg_no"]) == ("GB", "GB123456789")
    assert person["currency_id"].isdecimal()
    assert invoice["reference_number"].startswith("A&B + 4711")
    assert [each["description"] for each in invoice["line_items"]] == ["Advice 100% \\ <R&D>"]
    assert mail["to_mail_ids"] == ["o'neil+billing@sons.example"]
    assert mail["body"] == (
        "Dear Órla O'Neil,<br>please find our invoice for Advice 100% \\ &lt;R&amp;D&gt;."
    )


@pytest.mark.parametrize(("flow", "provider"), cassettes())
class TestWhatIsKept:
    def test_holds_no_secret(self, flow: str, provider: str) -> None:
        text = (FOLDER / flow / f"{provider}.yaml").read_text(encoding="utf-8")

        assert re.findall(SECRETS, text) == []
        assert [link for link in re.findall(LINKS, text) if not link.endswith("/scrubbed")] == []

    def test_is_what_the_real_service_would_see(self, flow: str, provider: str) -> None:
        text = (FOLDER / flow / f"{provider}.yaml").read_text(encoding="utf-8")
        asked = recorded(flow, provider)

        assert all(each["uri"].startswith(f"{HOSTS[provider]}/") for each in asked)
        assert re.findall("127\\.0\\.0\\.1|localhost", text) == []

    def test_asks_for_json_in_json(self, flow: str, provider: str) -> None:
        for each in recorded(flow, provider):
            assert each["headers"]["accept"] == ["application/json"]
            sent = each["headers"].get("content-type")
            mails = provider == "quickbooks" and "/send?" in each["uri"]  # sheet, section 4.5
            kind = "application/octet-stream" if mails else "application/json"
            assert sent == ([kind] if each["body"] or mails else None)


def test_the_search_for_secrets_finds_some() -> None:
    found = ["authorization: [Bearer abc]", "kommo-sandbox-token", "eyJhbGciOi.eyJzdWIi.c2ln"]

    assert all(re.search(SECRETS, each) for each in found)
    assert re.search(LINKS, "view: https://accounting.waveapps.com/invoices/1/readonly/2/3")
    assert re.search(LINKS, '"invoice_url":"https://zohosecurepay.com/books/demo/secure?CInvoice"')
    assert re.search(LINKS, '"InvoiceLink":"https://connect.intuit.com/portal/asei/scs-v1-1f"')


def test_what_a_scrubber_leaves_is_left_alone() -> None:
    scrubber = Scrubber({"http://127.0.0.1:8700": HOSTS["kommo"]}, "acme")
    body = (
        b'{"next":"http:\\/\\/127.0.0.1:8700\\/api","subdomain":"acme",'
        b'"viewUrl":"https://link.waveapps.com/abc-def","n":1,'
        b'"InvoiceLink":"https:\\/\\/connect.intuit.com\\/portal\\/asei?x=1",'
        b'"invoice_url":"https://zohosecurepay.com/books/demo/secure?CInvoiceID=2-1b4c "}'
    )
    answer = {
        "status": {"code": 200, "message": "OK"},
        "headers": {"Set-Cookie": ["session=1"], "Content-Type": ["application/json"]},
        "body": {"string": body},
    }

    kept = scrubber.response(answer)

    assert kept["headers"] == {"Content-Type": ["application/json"]}
    assert json.loads(kept["body"]["string"]) == {
        "next": f"{HOSTS['kommo']}/api",
        "subdomain": "agency",
        "viewUrl": "https://link.waveapps.com/scrubbed",
        "n": 1,
        "InvoiceLink": "https://connect.intuit.com/scrubbed",
        "invoice_url": "https://zohosecurepay.com/scrubbed ",
    }
    assert scrubber.response(kept) == kept


def operation(request: dict[str, Any]) -> str:
    if request["uri"].startswith(HOSTS["wave"]):
        return str(json.loads(request["body"])["operationName"])
    address = request["uri"].partition("?")[0]
    if address.startswith(HOSTS["quickbooks"]):
        inside = address.removeprefix(HOSTS["quickbooks"]).split("/", maxsplit=4)[4]
        return f"{request['method']} {re.sub(r'/[0-9]+', '/#', inside)}"
    if address.startswith(HOSTS["zoho"]):
        address = address.removeprefix(f"{HOSTS['zoho']}/books/v3/")
    path = address.removeprefix(HOSTS["kommo"])
    return f"{request['method']} {re.sub(r'/[0-9]+', '/#', path)}"
