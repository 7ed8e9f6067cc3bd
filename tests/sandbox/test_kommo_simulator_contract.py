"""The Kommo simulator's answers have the shape of recorded ones."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from kommo_case import field
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from kommo_invoice.sandbox.kommo import Kommo
    from kommo_invoice.sandbox.kommo_seed import Agency

pytest_plugins = ("kommo_agency",)

SPECS = os.environ.get("KINV_SPECS", "")


def shape_errors(sample: Any, ours: Any, path: str = "$") -> Iterator[str]:
    """Yield where our answer lacks a key of the sample or has another type for it."""
    if isinstance(sample, dict) and isinstance(ours, dict):
        for key, value in sample.items():
            if key not in ours:
                yield f"{path}.{key} is missing"
            else:
                yield from shape_errors(value, ours[key], f"{path}.{key}")
    elif isinstance(sample, list) and isinstance(ours, list):
        if sample and ours:
            yield from shape_errors(sample[0], ours[0], f"{path}[0]")
    elif None not in (sample, ours):
        kinds = {float if kind is int else kind for kind in (type(sample), type(ours))}
        if len(kinds) > 1:
            yield f"{path} is {type(ours).__name__} and not {type(sample).__name__}"


CONTRACT = [
    ("official_account_200", "GET", "/api/v4/account", None),
    ("doc_leads_list_200", "GET", "/api/v4/leads?limit=250", None),
    ("doc_lead_by_id_200", "GET", "/api/v4/leads/{lead}", None),
    ("doc_leads_create_200", "POST", "/api/v4/leads", [{"name": "a"}]),
    ("doc_leads_update_batch_200", "PATCH", "/api/v4/leads", [{"id": "{lead}", "name": "b"}]),
    ("doc_contacts_create_200", "POST", "/api/v4/contacts", [{"name": "a"}]),
    ("krukov_contacts_list_page_1", "GET", "/api/v4/contacts?limit=1&with=leads", None),
    ("doc_custom_fields_list_200", "GET", "/api/v4/leads/custom_fields?limit=1", None),
    ("official_custom_field_created_201", "GET", "/api/v4/leads/custom_fields/{select}", None),
    ("doc_pipelines_list_200", "GET", "/api/v4/leads/pipelines", None),
    ("doc_catalogs_list_200", "GET", "/api/v4/catalogs?limit=1", None),
    ("doc_catalog_elements_list_200", "GET", "/api/v4/catalogs/{catalog}/elements?limit=1", None),
    ("doc_events_list_200", "GET", "/api/v4/events?limit=1", None),
    (
        "doc_link_post_200",
        "POST",
        "/api/v4/leads/{lead}/link",
        [
            {
                "to_entity_id": "{product}",
                "to_entity_type": "catalog_elements",
                "metadata": {"quantity": 1, "catalog_id": "{catalog}"},
            }
        ],
    ),
    ("real_links_get_200_issue508", "GET", "/api/v4/leads/{shop}/links", None),
    (
        "doc_note_create_200",
        "POST",
        "/api/v4/leads/notes",
        [{"entity_id": "{lead}", "note_type": "common", "params": {"text": "a"}}],
    ),
    ("doc_tasks_create_200", "POST", "/api/v4/tasks", [{"text": "a", "complete_till": 1}]),
    ("doc_tasks_update_200", "PATCH", "/api/v4/tasks", [{"id": "{task}", "text": "b"}]),
    ("doc_tasks_list_200", "GET", "/api/v4/tasks?limit=1", None),
    ("official_task_by_id_200", "GET", "/api/v4/tasks/{done}", None),
    (
        "real_error_400_unknown_field_issue21",
        "PATCH",
        "/api/v4/leads",
        [{"id": "{lead}", "custom_fields_values": [{"field_id": 1, "values": None}]}],
    ),
    ("real_error_401_token_revoked_issue123", "GET", "/api/v4/leads", "without token"),
]
# Pages that only the sample has, what a simulated account has none of, and values whose type is
# their field's.
APART = ("._links.next", "._links.last", "customers", ".enum is", ".values[0]")


@pytest.mark.skipif(not SPECS, reason="KINV_SPECS is not set")
@pytest.mark.parametrize(("sample", "method", "path", "body"), CONTRACT, ids=lambda x: str(x)[:40])
def test_answers_have_the_shape_of_the_recorded_ones(
    api: httpx.Client, kommo: Kommo, ids: Agency, sample: str, method: str, path: str, body: Any
) -> None:
    known = {
        "lead": ids.leads["Website relaunch"],
        "shop": ids.leads["Online shop"],
        "product": ids.products["WEB"],
        "catalog": next(iter(kommo.account.catalogs)),
        "select": field(kommo, "Payment status"),
    }
    tasks = [{"text": "a", "complete_till": 1, "entity_id": known["lead"], "entity_type": "leads"}]
    made = api.post("/api/v4/tasks", json=tasks * 2).json()["_embedded"]["tasks"]
    known |= {"task": made[0]["id"], "done": made[1]["id"]}
    api.patch(f"/api/v4/tasks/{known['done']}", json={"result": {"text": "ok"}})
    kommo.move_lead(known["shop"], 142)
    if body == "without token":
        api.headers["Authorization"] = "Bearer revoked"
        body = None
    elif body is not None:
        text = json.dumps(body)
        for name, value in known.items():
            text = text.replace(f'"{{{name}}}"', str(value))
        body = json.loads(text)

    answer = api.request(method, path.format(**known), json=body)
    recorded = json.loads((Path(SPECS) / "kommo" / "samples" / f"{sample}.json").read_text())

    found = [
        error
        for error in shape_errors(recorded, answer.json())
        if not any(part in error for part in APART)
    ]
    assert found == []


# What the community's spec lacks and the official pages or the vendor's own library have.
BEYOND_THE_SPEC = re.compile(
    r"custom_fields|/notes$|/links?$|/unlink$|^/oauth|^/api/v4/catalogs/{}/elements/{}$"
)


@pytest.mark.skipif(not SPECS, reason="KINV_SPECS is not set")
def test_paths_and_methods_are_those_of_the_spec(kommo: Kommo) -> None:
    spec = yaml.safe_load((Path(SPECS) / "kommo" / "amocrm-openapi-hexlet.yaml").read_text())
    known = {
        (method.upper(), re.sub(r"{\w+}", "{}", path))
        for path, methods in spec["paths"].items()
        for method in methods
    }
    served = {
        (method, re.sub(r"{[\w:]+}", "{}", route.path))
        for route in kommo.app.routes
        if isinstance(route, Route)
        for method in route.methods or ()
        if method != "HEAD"
    }

    assert {one for one in served - known if not BEYOND_THE_SPEC.search(one[1])} == set()
