"""What the cassettes hold is what the providers publish of their interfaces."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cassette_files import HOSTS, cassettes, recorded
from conformance_specs import NO_SPECS, SPECS, kommo_problems, wave_problems
from quickbooks_specs import quickbooks_problems
from zoho_specs import zoho_problems

pytestmark = pytest.mark.skipif(not SPECS, reason=NO_SPECS)


@pytest.mark.parametrize(("flow", "provider"), cassettes("wave"))
def test_what_wave_is_asked_is_valid_in_its_schema(flow: str, provider: str) -> None:
    for each in recorded(flow, provider):
        assert (each["method"], each["uri"]) == ("POST", f"{HOSTS['wave']}/graphql/public")
        body = json.loads(each["body"])
        assert set(body) == {"query", "variables", "operationName"}
        problems = wave_problems(body["query"], body["variables"], body["operationName"])
        assert problems == [], body["operationName"]


@pytest.mark.parametrize(("flow", "provider"), cassettes("quickbooks"))
def test_what_quickbooks_is_asked_is_published(flow: str, provider: str) -> None:
    for each in recorded(flow, provider):
        headers = {name: value[0] for name, value in each["headers"].items()}
        problems = quickbooks_problems(each["method"], each["uri"], headers, each["body"] or None)
        assert problems == [], each["uri"]


@pytest.mark.parametrize(("flow", "provider"), cassettes("zoho"))
def test_what_zoho_is_asked_is_published(flow: str, provider: str) -> None:
    for each in recorded(flow, provider):
        assert zoho_problems(each["method"], each["uri"], each["body"] or None) == [], each["uri"]


@pytest.mark.parametrize(("flow", "provider"), cassettes("kommo"))
def test_what_kommo_is_asked_is_documented(flow: str, provider: str) -> None:
    for each in recorded(flow, provider):
        body = json.loads(each["body"]) if each["body"] else None
        assert kommo_problems(each["method"], each["uri"], body) == [], each["uri"]


class TestTheJudgesThemselves:
    """A judge that accepts everything would prove nothing."""

    @pytest.mark.parametrize(
        ("document", "variables", "name"),
        [
            ("query A { businesses { nothing } }", {}, "A"),
            ("query A($page: Int) { businesses(page: $page) { pageInfo { currentPage } } }",
             {"page": "one"}, "A"),
            ("query A { businesses { pageInfo { currentPage } } }", {"extra": 1}, "A"),
            ("query A { businesses { pageInfo { currentPage } } }", {}, "B"),
        ],
    )  # fmt: skip
    def test_wave_s_finds_what_is_wrong(
        self, document: str, variables: dict[str, Any], name: str
    ) -> None:
        assert len(wave_problems(document, variables, name)) == 1

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("GET", "/api/v4/nothing", None),
            ("DELETE", "/api/v4/leads", None),
            ("GET", "/api/v4/contacts?lead_id=1", None),
            ("PATCH", "/api/v4/leads", {"id": 1}),
            ("PATCH", "/api/v4/leads", [{"id": 1, "nothing": 1}]),
            ("POST", "/api/v4/tasks", [{"txt": "Call"}]),
            ("PATCH", "/api/v4/leads", [{"id": 1, "custom_fields_values": [{"name": "PO"}]}]),
        ],
    )
    def test_kommo_s_finds_what_is_wrong(self, method: str, path: str, body: Any) -> None:
        assert len(kommo_problems(method, f"{HOSTS['kommo']}{path}", body)) >= 1

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("GET", "/nothing", None),
            ("GET", "/invoice/1?requestid=2", None),
            ("GET", ("/query?query=select%20*%20from%20Nothing%20ORDERBY%20Id%20STARTPOSITION%201"
             "%20MAXRESULTS%2010"), None),
            ("GET", ("/query?query=select%20*%20from%20Invoice%20where%20Nothing%20%3D%20'1'%20"
             "ORDERBY%20Id%20STARTPOSITION%201%20MAXRESULTS%2010"), None),
            ("POST", f"/customer?requestid={'x' * 51}", "{}"),
            ("POST", "/customer?requestid=1", '{"Nothing":1}'),
            ("POST", "/customer?requestid=1", f'{{"DisplayName":"{"x" * 501}"}}'),
            ("POST", "/invoice?requestid=1", '{"Line":[{"DetailType":"Nothing"}]}'),
            ("POST", "/invoice?requestid=1", '{"CustomerRef":{"value":"1"}}'),
            ("POST", "/invoice?requestid=1", '{"CustomerRef":{"value":"1"},"Line":[],"Balance":1}'),
            ("POST", "/invoice?operation=undo", '{"Id":"1","SyncToken":"0"}'),
            ("POST", "/invoice/1/send?requestid=1", "{}"),
        ],
    )  # fmt: skip
    def test_quickbooks_s_finds_what_is_wrong(
        self, method: str, path: str, body: str | None
    ) -> None:
        uri = (
            f"{HOSTS['quickbooks']}/v3/company/1{path}{'&' if '?' in path else '?'}minorversion=75"
        )
        headers = {"Content-Type": "application/json"} if body else {}

        assert len(quickbooks_problems(method, uri, headers, body)) >= 1
