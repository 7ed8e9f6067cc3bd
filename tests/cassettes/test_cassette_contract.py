"""What the cassettes hold is what the providers publish of their interfaces."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cassette_files import FLOWS, HOSTS, recorded
from conformance_specs import NO_SPECS, SPECS, kommo_problems, wave_problems

pytestmark = pytest.mark.skipif(not SPECS, reason=NO_SPECS)


@pytest.mark.parametrize("flow", FLOWS)
def test_what_wave_is_asked_is_valid_in_its_schema(flow: str) -> None:
    for each in recorded(flow, "wave"):
        assert (each["method"], each["uri"]) == ("POST", f"{HOSTS['wave']}/graphql/public")
        body = json.loads(each["body"])
        assert set(body) == {"query", "variables", "operationName"}
        problems = wave_problems(body["query"], body["variables"], body["operationName"])
        assert problems == [], body["operationName"]


@pytest.mark.parametrize("flow", FLOWS)
def test_what_kommo_is_asked_is_documented(flow: str) -> None:
    for each in recorded(flow, "kommo"):
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
