"""What Zoho's refusals mean to kinv, and what its answers tell of the day's budget."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from zoho_stand_in import NOW, StandIn, contact, done, refusal, reply

from kommo_invoice.books.base import Budget, Look
from kommo_invoice.books.zoho.budget import Meter, told
from kommo_invoice.books.zoho.errors import judged
from kommo_invoice.domain.draft import CustomerDraft
from kommo_invoice.errors import (
    ConfigInvalid,
    KinvError,
    LoginNeeded,
    LostAnswer,
    RateLimited,
    Refused,
    Rejected,
    Temporary,
)

HOUR = timedelta(hours=1)
COUNTER: dict[str, Any] = {
    "x_rate_limit_limit": "1000",
    "x_rate_limit_remaining": "567",
    "x_rate_limit_reset": "27445",
}


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        *((14, status, LoginNeeded) for status in (200, 400, 401)),
        (57, 401, LoginNeeded),
        (0, 401, LoginNeeded),
        *((code, 429, RateLimited) for code in (43, 44, 45, 1070, 9999)),
        *((code, 400, RateLimited) for code in (43, 44, 45, 1070)),
        (1000, 400, LostAnswer),
        *((code, 403, Refused) for code in (1, 3032)),
        *((code, 400, ConfigInvalid) for code in (6024, 6041)),
        *((code, 400, Rejected) for code in (1, 2, 4, 5, 1001, 3062, 4060, 12008)),
        *((code, 404, Rejected) for code in (1002, 5)),
        (1002, 200, Rejected),
        ("1002", 200, Rejected),
    ],
)
def test_a_code_decides_beside_the_status(
    code: int | str, status: int, kind: type[KinvError]
) -> None:
    error = judged(reply({"code": code, "message": "No."}, status))

    assert type(error) is kind


def test_zoho_s_own_words_and_code_are_told() -> None:
    error = judged(refusal(2, "Invalid value passed for Payment Terms"))

    assert isinstance(error, Rejected)
    assert str(error) == "Zoho Books refused it: Invalid value passed for Payment Terms (code 2)"
    assert error.code == "2"


@pytest.mark.parametrize("status", [200, 201])
def test_the_code_0_alone_says_that_it_was_done(status: int) -> None:
    assert judged(done(status)) is None
    assert isinstance(judged(reply({}, status)), LostAnswer)
    assert isinstance(judged(reply({"error": "invalid_code"}, status)), LostAnswer)
    assert isinstance(judged(reply(None, status)), LostAnswer)


@pytest.mark.parametrize("status", [400, 404, 500])
def test_what_says_nothing_is_left_to_its_status(status: int) -> None:
    assert judged(reply(None, status, "<html>")) is None


def test_a_missing_right_is_not_told_as_an_old_token_alone() -> None:
    error = judged(refusal(57, "You are not authorized to perform this operation", 401))

    assert error is not None
    assert "role" in error.hint


class TestLimits:
    @pytest.mark.parametrize("code", [43, 44, 9999])
    def test_a_block_lasts_an_hour_unless_the_answer_says_otherwise(self, code: int) -> None:
        blocked = judged(refusal(code, "blocked", 429))
        assert isinstance(blocked, RateLimited)
        assert blocked.retry_at == NOW + HOUR

        named = judged(refusal(code, "blocked", 429, retry_after="3600"))
        assert isinstance(named, RateLimited)
        assert named.retry_at is None  # the client reads the header

    def test_too_many_at_once_are_tried_again_after_a_moment(self) -> None:
        busy = judged(refusal(1070, "maximum number of in process requests", 429))

        assert isinstance(busy, RateLimited)
        assert busy.retry_at is None

    def test_a_day_s_end_is_known_from_earlier_answers(self) -> None:
        meter = Meter()
        meter.judge(reply({"code": 0}, **COUNTER))

        over = meter.judge(refusal(45, "maximum call rate limit of 1000", 429))

        assert isinstance(over, RateLimited)
        assert over.retry_at == NOW + timedelta(seconds=27445)

    def test_a_day_s_end_that_nobody_told_is_looked_for_every_hour(self) -> None:
        over = judged(refusal(45, "maximum call rate limit of 1000", 429), NOW - HOUR)

        assert isinstance(over, RateLimited)
        assert over.retry_at == NOW + HOUR


class TestTheBudget:
    def test_is_what_the_last_answer_told(self) -> None:
        books = StandIn(scripted={"/contacts": [done(contacts=[]), done(contacts=[])]})
        opened = books.books()
        assert opened.budget is None

        books.scripted["/contacts"][0] = reply({"code": 0, "contacts": []}, **COUNTER)
        opened.look([Look(email="a@x.example")])
        expected = Budget(567, 1000, NOW + timedelta(seconds=27445))
        assert opened.budget == expected

        opened.look([Look(email="b@x.example")])  # an answer may come without it
        assert opened.budget == expected

    @pytest.mark.parametrize(
        ("headers", "budget"),
        [
            ({}, None),
            ({"x_rate_limit_remaining": "many"}, None),
            ({"x_rate_limit_remaining": "5"}, Budget(5)),
            ({"x_rate_limit_remaining": "5", "x_rate_limit_reset": "9999999"}, Budget(5)),
        ],
    )
    def test_is_nothing_where_it_is_not_told(
        self, headers: dict[str, Any], budget: Budget | None
    ) -> None:
        assert told(reply({"code": 0}, **headers)) == budget


@pytest.mark.parametrize("body", [None, [], {"code": 1000}, {"code": 0}])
def test_a_read_loses_nothing(body: Any) -> None:
    books = StandIn(scripted={"/contacts": [reply(body)]})

    with pytest.raises(Temporary) as caught:
        books.books().look([Look(email="a@x.example")])
    assert not isinstance(caught.value, LostAnswer)


@pytest.mark.parametrize("body", [None, [], {"code": 1000}, {"code": 0}, {"code": 0, "contact": 1}])
def test_a_write_may_be_done_when_its_answer_is_unusable(body: Any) -> None:
    books = StandIn(scripted={"/contacts": [reply(body, 201)]})

    with pytest.raises(LostAnswer):
        books.books().create_customer(CustomerDraft("Acme", "a@x.example"), key="k")


def test_nothing_is_gone_because_it_could_not_be_read() -> None:
    books = StandIn({"contacts": [contact(1)]}, scripted={"/contacts/1": [refusal(4, "No.")]})

    with pytest.raises(Rejected):
        books.books().look([Look(customer_id="1")])
