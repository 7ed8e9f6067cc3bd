"""What the cassettes hold: no more requests than a flow needs, and nothing that is secret."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest
from cassette_files import FLOWS, FOLDER, HOSTS, Scrubber, recorded

SETUP = [
    "GET /api/v4/account",
    "GET /api/v4/leads/pipelines",
    "GET /api/v4/leads/custom_fields",
    "GET /api/v4/contacts/custom_fields",
]
DEAL = ["GET /api/v4/leads/#", "GET /api/v4/contacts/#", "GET /api/v4/companies/#"]
RESULT = ["PATCH /api/v4/leads", "POST /api/v4/tasks"]
INVOICE = ["CreateInvoice", "ApproveInvoice", "SendInvoice"]

ASKED = {
    "new_customer": {
        "kommo": [*SETUP, *DEAL, *RESULT],
        "wave": ["Catalog", "Look", "CreateCustomer", *INVOICE],
    },
    "known_customer": {
        "kommo": [*SETUP, *DEAL, *RESULT],
        "wave": ["Catalog", "Look", *INVOICE],
    },
    "second_run": {
        "kommo": [*SETUP, *DEAL, "GET /api/v4/tasks"],
        "wave": ["Catalog", "Look"],
    },
}
"""What a flow sends, the set-up of both accounts (cached for a day) with it."""

SECRETS = re.compile(r"(?i)authorization|bearer|sandbox-token|set-cookie|eyJ[\w-]+\.[\w-]+\.[\w-]+")
LINKS = re.compile(r"https://(?!gql\.)[\w.-]*waveapps\.com/[\w/.-]*")

CASSETTES = [(flow, provider) for flow in FLOWS for provider in HOSTS]


@pytest.mark.parametrize(("flow", "provider"), CASSETTES)
def test_a_flow_asks_for_no_more_than_it_needs(flow: str, provider: str) -> None:
    assert [operation(each) for each in recorded(flow, provider)] == ASKED[flow][provider]


@pytest.mark.parametrize("provider", HOSTS)
def test_a_known_customer_differs_by_the_customer_alone(provider: str) -> None:
    new, known = (
        Counter(map(operation, recorded(flow, provider)))
        for flow in ("new_customer", "known_customer")
    )

    assert set(new - known) <= {"CreateCustomer"}
    assert not known - new


@pytest.mark.parametrize(("flow", "provider"), CASSETTES)
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
            assert sent == (["application/json"] if each["body"] else None)


def test_the_search_for_secrets_finds_some() -> None:
    found = ["authorization: [Bearer abc]", "kommo-sandbox-token", "eyJhbGciOi.eyJzdWIi.c2ln"]

    assert all(re.search(SECRETS, each) for each in found)
    assert re.search(LINKS, "view: https://accounting.waveapps.com/invoices/1/readonly/2/3")


def test_what_a_scrubber_leaves_is_left_alone() -> None:
    scrubber = Scrubber({"http://127.0.0.1:8700": HOSTS["kommo"]}, "acme")
    body = (
        b'{"next":"http:\\/\\/127.0.0.1:8700\\/api","subdomain":"acme",'
        b'"viewUrl":"https://link.waveapps.com/abc-def","n":1}'
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
    }
    assert scrubber.response(kept) == kept


def operation(request: dict[str, Any]) -> str:
    if request["uri"].startswith(HOSTS["wave"]):
        return str(json.loads(request["body"])["operationName"])
    path = request["uri"].removeprefix(HOSTS["kommo"]).partition("?")[0]
    return f"{request['method']} {re.sub(r'/[0-9]+', '/#', path)}"
