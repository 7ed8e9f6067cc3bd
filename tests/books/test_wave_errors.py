"""What Wave's refusals and failures become."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from wave_stand_in import StandIn, reply

from kommo_invoice.books.wave.errors import check_payload, judge
from kommo_invoice.domain.draft import CustomerDraft
from kommo_invoice.errors import (
    ConfigInvalid,
    KinvError,
    LoginNeeded,
    LostAnswer,
    NotExecuted,
    RateLimited,
    Refused,
    Rejected,
    Temporary,
)

NO_BUSINESS = "Business 'x' could not be found."


def failure(code: str | None, *path: object, message: str = "No.", data: Any = None) -> Any:
    extensions = {"id": "7f3e", "code": code} if code else {"id": "7f3e"}
    error: dict[str, Any] = {"message": message, "extensions": extensions}
    return {"errors": [error | ({"path": list(path)} if path else {})], "data": data}


@pytest.mark.parametrize("status", [200, 400, 401, 403])
@pytest.mark.parametrize(
    ("body", "error"),
    [
        (failure("UNAUTHENTICATED"), LoginNeeded),
        (failure("FORBIDDEN", "business", "products"), Refused),
        (failure("GRAPHQL_VALIDATION_FAILED"), Refused),
        (failure("BAD_USER_INPUT"), Rejected),
        (failure("NOT_FOUND", "business", message=NO_BUSINESS), ConfigInvalid),
        (failure("NOT_FOUND", "customerCreate", message=NO_BUSINESS), ConfigInvalid),
        (failure("NOT_FOUND", "invoiceCreate"), NotExecuted),
        (failure(None, "invoiceCreate", message="Node could not be found"), NotExecuted),
        (failure("NOT_FOUND", "invoiceApprove"), Rejected),
        (failure("THROTTLED"), RateLimited),
        (failure("X", message="Rate limit exceeded"), RateLimited),
        # The write ran; only its result could not be shown.
        (failure("NOT_FOUND", "invoiceCreate", "invoice", "customer"), LostAnswer),
        (failure("UNAUTHENTICATED", "customerCreate", "customer", "email"), LostAnswer),
        # Something of an invoice is missing, which is not a missing invoice.
        (failure("NOT_FOUND", "business", "part1", "customer"), LostAnswer),
        (failure("NOT_FOUND", "business", "products"), LostAnswer),
    ],
)
def test_the_body_decides_whatever_the_http_status(
    body: object, error: type[KinvError], status: int
) -> None:
    assert type(judge(reply(body, status))) is error


@pytest.mark.parametrize("path", [(), ("invoiceCreate",), ("business", "part1")])
@pytest.mark.parametrize("status", [200, 400])
def test_an_unknown_code_is_a_lost_answer(path: tuple[object, ...], status: int) -> None:
    error = judge(reply(failure("INTERNAL_SERVER_ERROR", *path), status))

    assert type(error) is LostAnswer
    assert "7f3e" in error.message


@pytest.mark.parametrize("status", [401, 403, 404])
def test_without_errors_in_the_body_the_http_status_decides(status: int) -> None:
    assert judge(reply({"detail": "no"}, status)) is None


@pytest.mark.parametrize("status", [401, 403])
def test_an_unknown_code_leaves_a_telling_status_to_the_client(status: int) -> None:
    assert judge(reply(failure("STRANGE"), status)) is None


def test_status_429_is_a_rate_limit_whatever_the_body() -> None:
    assert type(judge(reply(None, 429))) is RateLimited


@pytest.mark.parametrize("body", [None, [], {}, {"data": None}, {"data": []}, {"errors": []}])
def test_a_success_without_data_is_a_lost_answer(body: object) -> None:
    assert type(judge(reply(body))) is LostAnswer


def test_a_missing_object_among_others_is_no_error() -> None:
    data = {"business": {"part1": None, "part2": {"id": "c"}}}
    assert judge(reply(failure("NOT_FOUND", "business", "part1", data=data))) is None


def test_a_missing_object_does_not_hide_a_failure_beside_it() -> None:
    body = failure("NOT_FOUND", "business", "part1", data={"business": {}})
    body["errors"] += failure("INTERNAL_SERVER_ERROR", "business", "part2")["errors"]

    assert type(judge(reply(body))) is LostAnswer


def test_a_query_has_no_answer_to_lose() -> None:
    wave = StandIn(scripted=reply(failure("INTERNAL_SERVER_ERROR")))

    with pytest.raises(Temporary) as caught:
        wave.wave().read(["invoice-1"])
    assert type(caught.value) is Temporary


def test_wave_s_error_id_is_told_for_its_support() -> None:
    error = judge(reply(failure("GRAPHQL_VALIDATION_FAILED", message="Unknown field.")))

    assert error is not None
    assert error.message == "Wave's interface changed: Unknown field (Wave's error id 7f3e)"
    assert "upgrade kinv" in error.hint


def test_documented_answers_are_understood() -> None:
    if "KINV_SPECS" not in os.environ:
        pytest.skip("KINV_SPECS does not name the folder with the providers' specs")
    path = Path(os.environ["KINV_SPECS"]) / "wave" / "samples" / "errors_official_docs.json"
    unknown_argument, unknown_business = json.loads(path.read_text("utf-8"))

    assert type(judge(reply(unknown_argument["response"]))) is Refused
    assert type(judge(reply(unknown_business["response"]))) is ConfigInvalid


class TestPayloads:
    def test_a_refusal_tells_each_reason_with_its_path_and_code(self) -> None:
        reasons = [
            {"path": ["input", "customerId"], "message": "Is archived.", "code": "INVALID"},
            {"path": None, "message": "Something else", "code": None},
        ]
        with pytest.raises(Rejected) as caught:
            check_payload("invoiceCreate", {"didSucceed": False, "inputErrors": reasons})

        assert caught.value.message == (
            "Wave refused invoiceCreate: input.customerId: Is archived (INVALID); Something else"
        )
        assert caught.value.code == "INVALID"

    @pytest.mark.parametrize("reasons", [None, []])
    def test_a_refusal_without_reasons_is_one_still(self, reasons: object) -> None:
        with pytest.raises(Rejected, match="no reason given"):
            check_payload("invoiceSend", {"didSucceed": False, "inputErrors": reasons})

    def test_a_node_that_is_not_visible_yet_is_no_refusal(self) -> None:
        reasons = [{"path": ["input"], "message": "Node could not be found", "code": "X"}]
        with pytest.raises(NotExecuted):
            check_payload("invoiceCreate", {"didSucceed": False, "inputErrors": reasons})

    @pytest.mark.parametrize("payload", [None, {}, {"didSucceed": None}, []])
    def test_a_payload_that_does_not_say_is_a_lost_answer(self, payload: object) -> None:
        with pytest.raises(LostAnswer):
            check_payload("invoiceApprove", payload)

    @pytest.mark.parametrize("entity", [None, {"id": "customer-1"}])
    def test_a_success_whose_object_cannot_be_read_is_a_lost_answer(self, entity: object) -> None:
        created = {"didSucceed": True, "inputErrors": None, "customer": entity}
        wave = StandIn(mutations={"customerCreate": created})

        with pytest.raises(LostAnswer):
            wave.wave().create_customer(CustomerDraft("Acme", "a@acme.example"), key="k")
