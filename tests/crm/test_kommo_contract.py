"""The adapter against what is published of Kommo: sample answers, and a community OpenAPI file.

``KINV_SPECS`` names the folder that holds them. The OpenAPI file follows the sister product, so it
vouches for paths, methods and names of keys only.
"""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from kommo_fake import ISSUE, SENT, SETUP, Asked, kommo, lead, page, person, reply

from kommo_invoice.crm.base import Want
from kommo_invoice.domain.fields import FieldDef, FieldKind
from kommo_invoice.domain.writing import DealChange, FieldSet, NoteDraft, TaskDone, TaskDraft
from kommo_invoice.errors import LoginNeeded, LostAnswer, Rejected

SPECS = os.environ.get("KINV_SPECS")
pytestmark = pytest.mark.skipif(not SPECS, reason="KINV_SPECS names no folder of specs")

WANT_ALL = Want(contact=True, company=True, products=True)
BARE = Want(contact=False)
DUE = datetime(2026, 12, 1, tzinfo=UTC)
TEXT = FieldDef("31", "Invoice ID", None, "text", FieldKind.TEXT, "deal")

# What the OpenAPI file lacks and the vendor's own pages and SDK have (Kommo sheet, section 4).
MISSING_KEYS = {"leads": {"request_id"}, "tasks": set(), "notes": set()}
MISSING_PARAMS = {("GET", "/api/v4/leads/{id}/notes"): {"order"}}


def sample(name: str) -> Any:
    path = Path(SPECS or "") / "kommo" / "samples" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


@cache
def openapi() -> dict[str, Any]:
    path = Path(SPECS or "") / "kommo" / "amocrm-openapi-hexlet.yaml"
    loaded: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return loaded


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = openapi()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


class TestSamples:
    def test_account_pipelines_and_fields(self) -> None:
        zone = {"_embedded": {"datetime_settings": {"timezone": "Europe/Berlin"}}}
        fields = sample("doc_custom_fields_list_200")
        crm, _ = kommo(
            sample("official_account_200") | zone, sample("doc_pipelines_list_200"), fields, None
        )
        setup = crm.setup()
        assert (setup.account.id, setup.account.currency) == ("123123123", "EUR")
        assert [stage.name for stage in setup.pipelines[0].stages] == [
            *("Incoming leads", "Initial contact")
        ]
        assert [(field.type, field.kind) for field in setup.fields] == [
            ("text", FieldKind.TEXT),
            ("date", FieldKind.DATE),
        ]

    def test_one_lead(self) -> None:
        crm, _ = kommo(sample("doc_lead_by_id_200"))
        (deal,) = crm.deals([152464], setup=SETUP, want=WANT_ALL)
        assert (deal.price, deal.field("184994")) == (Decimal(20000), True)

    def test_leads_with_a_company(self) -> None:
        company = {"id": 29610174, "name": "Clinic", "custom_fields_values": None}
        crm, _ = kommo(sample("doc_leads_list_200"), company)
        (deal,) = crm.deals([20024930, 1], setup=SETUP, want=WANT_ALL)
        assert deal.company is not None
        assert (deal.company.name, deal.field("1928052")) == ("Clinic", "Diagnostic")

    @pytest.mark.parametrize(
        ("name", "phone"),
        [("doc_contact_by_id_with_200", "+14155551234"), ("krukov_contacts_detail_info", "+79123")],
    )
    def test_one_contact_in_the_older_form(self, name: Any, phone: Any) -> None:
        links = {"contacts": [{"id": 3, "is_main": True}]}
        crm, _ = kommo(lead(_embedded=links), sample(name))
        (deal,) = crm.deals([501], setup=SETUP, want=Want())
        assert deal.contact is not None
        assert deal.contact.phone == phone

    def test_contacts(self) -> None:
        links = [{"contacts": [{"id": number}]} for number in (406322, 1)]
        leads = page("leads", lead(1, _embedded=links[0]), lead(2, _embedded=links[1]))
        crm, _ = kommo(leads, sample("doc_contacts_list_200"))
        sam, nobody = crm.deals([1, 2], setup=SETUP, want=Want())
        assert sam.contact is not None
        assert (sam.contact.name, sam.contact.phone) == ("Sam", "19651796212")
        assert nobody.contact is None

    def test_pages_are_followed(self) -> None:
        links = [{"contacts": [{"id": number}]} for number in (7143599, 7767065, 1)]
        leads = page("leads", *(lead(at, _embedded=each) for at, each in enumerate(links)))
        pages = [sample(f"krukov_contacts_list_page_{number}") for number in (1, 2)]
        crm, script = kommo(leads, *pages)
        found = crm.deals([0, 1, 2], setup=SETUP, want=Want())
        assert [deal.contact and deal.contact.name for deal in found] == ["1", "dsgdsg", None]
        assert ("page", "2") in script.asked[2].params

    def test_products(self) -> None:
        metadata = [
            link["metadata"]
            for link in sample("real_links_get_200_issue508")["_embedded"]["links"]
            if link["to_entity_type"] == "catalog_elements"
        ]
        refs = [{"id": 123000, "metadata": each} for each in metadata]
        crm, _ = kommo(
            lead(_embedded={"catalog_elements": refs}), sample("doc_catalog_elements_list_200")
        )
        default, other = crm.deals([501], setup=SETUP, want=WANT_ALL)[0].products
        assert (default.quantity, default.price, default.sku) == (
            Decimal(1),
            Decimal(12),
            "Passed value",
        )
        assert other.price == 0  # at a price that this element does not have

    def test_tasks(self) -> None:
        crm, _ = kommo(sample("doc_tasks_list_200"), None)
        (task,) = crm.tasks([167353])
        assert (task.id, task.done) == ("7087", True)
        crm, _ = kommo(page("tasks", sample("official_task_by_id_200")))
        assert [task.id for task in crm.tasks([180765])] == ["56981"]

    def test_answers_to_writes(self) -> None:
        crm, _ = kommo(
            sample("doc_leads_update_batch_200"),
            sample("doc_tasks_update_200"),
            sample("doc_note_create_200"),
        )
        changes = [DealChange(each, (FieldSet(TEXT, "x"),)) for each in (152464, 152462)]
        crm.update_deals(changes)
        crm.close_tasks([TaskDone("4745251", "x"), TaskDone("4747929", "x")])
        # The sample answers a batch of two by its second note alone: the first one is in doubt.
        with pytest.raises(LostAnswer):
            crm.create_notes([NoteDraft(501, "x"), NoteDraft(501, "y")])

    def test_refusals(self) -> None:
        body = sample("real_error_400_enum_value_issue115")
        crm, _ = kommo(reply(400, body))
        fields = tuple(FieldSet(TEXT, str(at)) for at in range(7))
        with pytest.raises(Rejected) as refused:
            crm.update_deals([DealChange(501, fields)])
        assert refused.value.code == "NotSupportedChoice"
        assert list(refused.value.items) == ["501"]
        assert refused.value.items["501"].startswith("Invoice ID: ")
        crm, _ = kommo(reply(401, sample("real_error_401_token_revoked_issue123")))
        with pytest.raises(LoginNeeded):
            crm.setup()


def everything_asked() -> list[Asked]:
    """Return one request of every kind that the adapter makes."""
    refs = [{"id": 5, "metadata": {"quantity": 1, "catalog_id": 1}}]
    links = lead()["_embedded"] | {"catalog_elements": refs}
    two = page("leads", lead(1), lead(2, _embedded={"contacts": [{"id": 78}]}))
    zone = {"_embedded": {"datetime_settings": {"timezone": "Europe/Berlin"}}}
    account = {"id": 9, "name": "Acme", "subdomain": "acme", "currency": "EUR"} | zone
    crm, script = kommo(
        *(account, page("pipelines"), *[page("custom_fields")] * 3, page("users")),
        *(lead(_embedded=links), person(), {"id": 88}, page("elements")),
        *(two, page("contacts"), {"id": 88}, None),
        *(page("leads", {"id": 501}), None, page("tasks", {"id": 1, "request_id": "0"})),
        *(page("tasks", {"id": 1}), None, page("notes", {"id": 1, "request_id": "0"})),
    )
    crm.setup(entities=("deal", "contact", "company"), users=True)
    crm.deals([501], setup=SETUP, want=WANT_ALL)
    crm.deals([1, 2], setup=SETUP, want=WANT_ALL)
    list(crm.deals_in([ISSUE], setup=SETUP, want=BARE, since=DUE))
    day = FieldDef("33", "Paid on", None, "date", FieldKind.DATE, "deal")
    fields = (FieldSet(TEXT, "wave:1"), FieldSet(day, date(2026, 12, 1)))
    crm.update_deals([DealChange(501, fields, SENT)])
    crm.tasks([501])
    crm.create_tasks([TaskDraft(501, "x", DUE, "11")])
    crm.close_tasks([TaskDone("1", "x")])
    crm.notes(501)
    crm.create_notes([NoteDraft(501, "x")])
    assert not script.answers
    return script.asked


def operation(asked: Asked) -> dict[str, Any]:
    for template, methods in openapi()["paths"].items():
        pattern = re.sub(r"\{\w+\}", r"\\d+", template.replace("{entity_type}", "[a-z]+"))
        if re.fullmatch(pattern, asked.path) and asked.method.lower() in methods:
            found: dict[str, Any] = methods[asked.method.lower()]
            return found
    pytest.fail(f"{asked.method} {asked.path} is no documented operation")


def test_every_request_is_a_documented_operation_with_documented_parameters() -> None:
    for asked in everything_asked():
        declared = {each["name"] for each in operation(asked).get("parameters", [])}
        template = re.sub(r"/\d+", "/{id}", asked.path)
        declared |= MISSING_PARAMS.get((asked.method, template), set())
        used = {key.partition("[")[0] for key, _ in asked.params}
        assert used <= declared, f"{asked.method} {asked.path}"


def test_every_body_is_a_list_of_documented_keys() -> None:
    written = [asked for asked in everything_asked() if asked.json is not None]
    assert {asked.method for asked in written} == {"PATCH", "POST"}
    for asked in written:
        schema = operation(asked)["requestBody"]["content"]["application/json"]["schema"]
        assert schema["type"] == "array"
        item = resolved(schema["items"])
        (body,) = asked.json
        unknown = set(body) - set(item["properties"])
        assert unknown <= MISSING_KEYS[asked.path.rsplit("/", 1)[1]], asked.path
        assert set(item.get("required", ())) <= set(body)
        for field in body.get("custom_fields_values", ()):
            declared = resolved(resolved(item["properties"]["custom_fields_values"])["items"])
            assert set(field) <= set(declared["properties"])
