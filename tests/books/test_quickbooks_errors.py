"""What QuickBooks' faults mean to kinv."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from quickbooks_stand_in import NOW, StandIn, fault, reply

from kommo_invoice.books.base import Look
from kommo_invoice.books.quickbooks.errors import judge
from kommo_invoice.errors import (
    KinvError,
    LoginNeeded,
    LostAnswer,
    NotExecuted,
    RateLimited,
    Refused,
    Rejected,
    Temporary,
)

if TYPE_CHECKING:
    from kommo_invoice.http.calls import Reply

TOKEN = "eyJlbmMiOiJBMTI4Q0JD"
XML_THROTTLE = (
    '<?xml version="1.0"?><IntuitResponse><Fault type="SERVICE"><Error code="3001">'
    "<Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>"
    "</Error></Fault></IntuitResponse>"
)


def expired() -> Reply:
    error = {"message": "AuthenticationFailed", "detail": f"Token expired: {TOKEN}", "code": "3200"}
    return reply({"fault": {"error": [error], "type": "AUTHENTICATION"}}, 401)


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("3200", LoginNeeded),
        ("3100", LoginNeeded),
        *((code, Refused) for code in ("120", "5020", "6190")),
        *((code, NotExecuted) for code in ("130", "140", "150")),
        *((code, RateLimited) for code in ("3001", "003001")),
        *((code, Rejected) for code in ("4000", "4001")),
        *((code, Rejected) for code in ("600", "610", "2010", "2020", "2030", "2050", "2500")),
        *((code, Rejected) for code in ("5010", "6000", "6070", "6080", "6090", "6100")),
        *((code, Rejected) for code in ("6140", "6210", "6240", "8888", "")),
        ("10000", LostAnswer),
    ],
)
def test_a_code_decides_whatever_the_status(code: str, kind: type[KinvError], status: int) -> None:
    error = judge(fault(code, "No", status=status))

    assert type(error) is kind
    if isinstance(error, Rejected):
        assert error.code == (code or None)


def test_keys_in_lower_case_are_a_fault_too_and_the_token_in_it_is_not_repeated() -> None:
    error = judge(expired())

    assert isinstance(error, LoginNeeded)
    assert TOKEN not in f"{error.message} {error.hint}"


def test_a_fault_says_what_happened_once() -> None:
    error = judge(fault("610", "Object Not Found", "Object Not Found : It was made inactive."))

    assert error is not None
    assert error.message == (
        "QuickBooks refused it: Object Not Found : It was made inactive (code 610)"
    )


def test_of_several_errors_the_gravest_counts() -> None:
    entries = [{"Message": "A", "code": "2050"}, {"Message": "B", "code": "6190"}]
    assert isinstance(judge(reply({"Fault": {"Error": entries}}, 400)), Refused)


@pytest.mark.parametrize("body", [{"Fault": {}}, {"Invoice": {}}, {"QueryResponse": {}}])
def test_an_empty_fault_is_none(body: Any) -> None:
    assert judge(reply(body)) is None


@pytest.mark.parametrize("body", [None, [], "text"])
def test_an_answer_without_data_may_follow_a_write(body: Any) -> None:
    assert isinstance(judge(reply(body)), LostAnswer)


def test_a_right_that_is_missing_is_no_matter_of_data() -> None:
    assert type(judge(fault("8888", "Not allowed", status=403))) is Refused


class TestAThrottle:
    @pytest.mark.parametrize(
        "answer",
        [reply(None, 429), fault("3001", status=429), fault("003001", status=403)],
    )
    def test_waits_a_minute(self, answer: Reply) -> None:
        error = judge(answer)

        assert isinstance(error, RateLimited)
        assert error.retry_at == NOW + timedelta(seconds=60)
        assert "month's quota" in error.hint

    @pytest.mark.parametrize("status", [429, 403])
    def test_is_understood_in_xml(self, status: int) -> None:
        assert isinstance(judge(reply(None, status, XML_THROTTLE)), RateLimited)

    def test_waits_as_it_is_told_where_it_is_told(self) -> None:
        error = judge(reply(None, 429, **{"retry-after": "5"}))

        assert isinstance(error, RateLimited)
        assert error.retry_at is None


def test_a_read_loses_nothing() -> None:
    books = StandIn(scripted={"/query": [fault("10000", "An application error")]})

    with pytest.raises(Temporary) as caught:
        books.books().look([Look(number="1")])
    assert type(caught.value) is Temporary


@pytest.mark.skipif("KINV_SPECS" not in os.environ, reason="KINV_SPECS is not set")
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("error-validation-1.400.json", Rejected),
        ("error-400_json-1.400.json", Rejected),
        ("error-400-2.400.json", Rejected),
        ("error-401-1.401.json", LoginNeeded),
        ("error-500-1.400.json", Rejected),
        ("create-invoice-1.200.json", None),
        ("all-customers-1.200.json", None),
    ],
)
def test_recorded_answers_are_understood(name: str, kind: type[KinvError] | None) -> None:
    folder = Path(os.environ["KINV_SPECS"]) / "quickbooks/samples/json-from-vcr"
    status = int(name.split(".")[1])

    error = judge(reply(json.loads((folder / name).read_text()), status))

    assert (type(error) if error else None) is kind
