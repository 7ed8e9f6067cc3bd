"""What Kommo's refusals mean, and that nothing is told by its localised texts."""

from __future__ import annotations

from typing import Any

import pytest
from kommo_fake import ISSUE, NOW, kommo, reply

from kommo_invoice.crm.kommo.errors import NoRights, NotFound, judge, name_fields
from kommo_invoice.domain.fields import FieldDef, FieldKind
from kommo_invoice.domain.writing import DealChange, FieldSet, TaskDraft
from kommo_invoice.errors import LoginNeeded, RateLimited, Refused, Rejected

INVOICE_ID = FieldDef("31", "Invoice ID", None, "text", FieldKind.TEXT, "deal")
STATUS = FieldDef("32", "Payment status", None, "select", FieldKind.CHOICE, "deal")


def problem(status: int, **more: object) -> dict[str, object]:
    return {"title": "Título", "type": "about:blank", "status": status, "detail": "Detalhe"} | more


def fault(path: str, code: str = "NotSupportedChoice", detail: str = "no choice") -> dict[str, str]:
    return {"code": code, "path": path, "detail": detail}


def invalid(**items: list[dict[str, str]]) -> dict[str, object]:
    listed = [{"request_id": key.lstrip("_"), "errors": faults} for key, faults in items.items()]
    return problem(400) | {"validation-errors": listed}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, problem(400), Rejected),
        (401, problem(401, hint="Token has been revoked"), LoginNeeded),
        (402, problem(402), Refused),
        (403, problem(403), NoRights),
        (404, problem(404), NotFound),
        (405, problem(405), Rejected),
        (422, problem(422), Rejected),
        (429, None, RateLimited),
    ],
)
def test_each_status_has_its_meaning(status: Any, body: Any, kind: Any) -> None:
    assert type(judge(reply(status, body))) is kind


@pytest.mark.parametrize("status", [200, 201, 202, 204, 408, 500, 504])
def test_what_has_no_meaning_of_its_own_in_kommo_is_left_to_the_client(status: Any) -> None:
    assert judge(reply(status, {} if status == 200 else None)) is None


def test_a_web_page_instead_of_a_refusal_is_a_block_of_the_address() -> None:
    error = judge(reply(403, None, "<html><h1>403 Forbidden</h1><hr>nginx</html>"))
    assert type(error) is Refused
    assert "IP address may be blocked" in error.message
    assert error.hint.startswith("do not retry")


def test_an_unpaid_account_is_told_as_such() -> None:
    error = judge(reply(402, problem(402)))
    assert error is not None
    assert error.message == "the Kommo account's paid or trial period is over"


def test_a_refused_batch_lists_its_items_by_request_id() -> None:
    body = invalid(
        _501=[
            fault("custom_fields_values.1.values.0.value"),
            fault("status_id", "InvalidType", ""),
        ],
        _502=[fault("custom_fields_values.0.field_id")],
    )
    error = judge(reply(400, body))
    assert isinstance(error, Rejected)
    assert error.code == "NotSupportedChoice"
    assert error.items == {
        "501": "custom_fields_values.1.values.0.value: no choice; status_id: InvalidType",
        "502": "custom_fields_values.0.field_id: no choice",
    }


def test_a_refusal_without_items_carries_its_status_as_code() -> None:
    error = judge(reply(422, problem(422)))
    assert isinstance(error, Rejected)
    assert (error.items, error.code) == ({}, "422")
    assert "Detalhe" in error.message


@pytest.mark.parametrize("body", ["text", [], {"validation-errors": None}, {}])
def test_a_refusal_in_an_unknown_form_is_still_a_refusal(body: Any) -> None:
    error = judge(reply(400, body))
    assert isinstance(error, Rejected)
    assert error.items == {}


CHANGES = [
    DealChange(501, (FieldSet(INVOICE_ID, "wave:1"), FieldSet(STATUS, "Paid")), ISSUE),
    DealChange(502, (FieldSet(STATUS, "Lost"),)),
]


@pytest.mark.parametrize("key", ["502", "1"])
def test_an_item_is_known_by_our_id_or_by_its_place_and_its_field_by_name(key: Any) -> None:
    body = invalid(**{f"_{key}": [fault("custom_fields_values.0.values.0.value")]})
    crm, _ = kommo(reply(400, body))
    with pytest.raises(Rejected) as refused:
        crm.update_deals(CHANGES)
    assert refused.value.items == {"502": "Payment status: no choice"}
    assert refused.value.message == "Kommo refused to change deal 502: Payment status: no choice"
    assert refused.value.code == "NotSupportedChoice"


def test_what_is_no_field_of_ours_keeps_its_path() -> None:
    given = Rejected("no", items={"501": "status_id: bad; custom_fields_values.7.x: bad", "9": "?"})
    named = name_fields(given, CHANGES)
    assert named.items == {"501": "status_id: bad; custom_fields_values.7.x: bad", "9": "?"}


def test_a_refused_task_is_known_by_its_place() -> None:
    body = invalid(_1=[fault("entity_id")])
    crm, _ = kommo(reply(400, body))
    tasks = [TaskDraft(501, "a", NOW), TaskDraft(0, "b", NOW)]
    with pytest.raises(Rejected) as refused:
        crm.create_tasks(tasks)
    assert refused.value.items == {"1": "entity_id: no choice"}
