"""Fields that kinv makes in Kommo: the body that leaves, and what the answers prove."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from kommo_fake import kommo, page, reply

from kommo_invoice.domain.fields import FieldDraft, FieldKind
from kommo_invoice.errors import LoginNeeded, LostAnswer, Refused, Rejected
from kommo_invoice.http import CallClass

MARK = FieldDraft("Invoice ID", "KINV_INVOICE_ID", FieldKind.TEXT, own=True)
LINK = FieldDraft("Invoice link", "KINV_INVOICE_LINK", FieldKind.TEXT, link=True)
PAID = FieldDraft("Paid amount", "KINV_PAID_AMOUNT", FieldKind.NUMBER)
PAID_ON = FieldDraft("Paid on", "KINV_PAID_ON", FieldKind.DATE)
ACCOUNT = {
    "id": 9,
    "name": "Acme",
    "subdomain": "acme",
    "currency": "EUR",
    "_embedded": {"datetime_settings": {"timezone": "Europe/Berlin"}},
}


def made(number: int, draft: FieldDraft, kind: str) -> dict[str, Any]:
    return {"id": number, "name": draft.name, "code": draft.code, "type": kind, "enums": None}


def test_all_leave_in_one_request_that_is_never_repeated() -> None:
    rows = [made(34, PAID_ON, "date"), made(31, MARK, "text"), made(32, LINK, "url")]
    crm, script = kommo(page("custom_fields", *rows, made(33, PAID, "numeric")))

    fields = crm.create_fields([MARK, LINK, PAID, PAID_ON])

    (asked,) = script.asked
    assert (asked.call, asked.method) == (CallClass.CREATE, "POST")
    assert asked.path == "/api/v4/leads/custom_fields"
    assert asked.json[0] == {
        "name": "Invoice ID",
        "type": "text",
        "code": "KINV_INVOICE_ID",
        "is_api_only": True,
        "request_id": "0",
    }
    assert [each["type"] for each in asked.json] == ["text", "url", "numeric", "date"]
    assert ["is_api_only" in each for each in asked.json] == [True, False, False, False]
    assert [(each.id, each.kind) for each in fields] == [
        ("31", FieldKind.TEXT),
        ("32", FieldKind.TEXT),
        ("33", FieldKind.NUMBER),
        ("34", FieldKind.DATE),
    ]


def test_none_is_no_request() -> None:
    crm, script = kommo()
    assert crm.create_fields([]) == []
    assert script.asked == []


def test_codes_that_come_back_in_another_case_are_ours() -> None:
    row = {**made(31, MARK, "text"), "code": "kinv_invoice_id"}
    crm, _ = kommo(page("custom_fields", row))
    assert [each.id for each in crm.create_fields([MARK])] == ["31"]


@pytest.mark.parametrize(
    "answer", [None, {"ok": True}, page("custom_fields"), page("custom_fields", {"id": "x"})]
)
def test_an_answer_that_does_not_tell_them_is_a_lost_one(answer: object) -> None:
    crm, _ = kommo(reply(201, answer))
    with pytest.raises(LostAnswer):
        crm.create_fields([MARK])


def test_a_refusal_names_the_field() -> None:
    errors = [{"code": "NotSupportedChoice", "path": "code", "detail": "taken"}]
    body = {"validation-errors": [{"request_id": "1", "errors": errors}]}
    crm, _ = kommo(reply(400, body))
    with pytest.raises(Rejected, match="'Invoice link': code: taken") as refused:
        crm.create_fields([MARK, LINK])
    assert refused.value.items == {"Invoice link": "code: taken"}


def test_a_refusal_without_details_stays_as_it_is() -> None:
    crm, _ = kommo(reply(422, {"title": "Unprocessable"}))
    with pytest.raises(Rejected, match="422, Unprocessable"):
        crm.create_fields([MARK])


def test_a_choice_is_not_made() -> None:
    crm, script = kommo()
    with pytest.raises(Rejected, match="choice"):
        crm.create_fields([FieldDraft("Status", "KINV_STATUS", FieldKind.CHOICE)])
    assert script.asked == []


class TestWithoutRights:
    def test_403_is_that(self) -> None:
        crm, _ = kommo(reply(403, {"title": "Forbidden"}))
        with pytest.raises(Refused, match="no right"):
            crm.create_fields([MARK])

    def test_401_is_that_where_the_token_is_good_for_the_account(self) -> None:
        crm, script = kommo(reply(401, {"title": "Unauthorized"}), ACCOUNT)
        with pytest.raises(Refused, match="no administrator"):
            crm.create_fields([MARK])
        assert script.paths == ["POST /api/v4/leads/custom_fields", "GET /api/v4/account"]

    def test_401_is_the_token_where_the_account_is_closed_as_well(self) -> None:
        crm, _ = kommo(reply(401, {}), reply(401, {}))
        with pytest.raises(LoginNeeded):
            crm.create_fields([MARK])


@pytest.mark.skipif(not os.environ.get("KINV_SPECS"), reason="KINV_SPECS names no folder of specs")
def test_the_request_is_the_published_one() -> None:
    path = Path(os.environ["KINV_SPECS"]) / "kommo" / "amocrm-openapi-hexlet.yaml"
    spec = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    body = spec["paths"]["/api/v4/{entity_type}/custom_fields"]["post"]["requestBody"]
    schema = body["content"]["application/json"]["schema"]
    assert schema["type"] == "array"
    item = spec["components"]["schemas"][schema["items"]["$ref"].rsplit("/", 1)[1]]
    rows = [made(31, MARK, "text"), made(32, LINK, "url")]
    crm, script = kommo(page("custom_fields", *rows))
    crm.create_fields([MARK, LINK])
    for sent in script.asked[0].json:
        assert set(item["required"]) <= set(sent)
        assert set(sent) <= {*item["properties"], "request_id", "is_api_only"}, (
            "the sheet has these"
        )
