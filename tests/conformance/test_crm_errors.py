"""What the refusals of every CRM provider mean to kinv."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from conformance_crm import EVERYTHING, NOW
from conformance_ground import Scripted, outcomes

from kommo_invoice.domain.writing import DealChange, FieldSet, NoteDraft, TaskDone, TaskDraft
from kommo_invoice.errors import LoginNeeded, LostAnswer, RateLimited, Refused, Rejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance_crm import CrmGround

    from kommo_invoice.crm.base import Crm

pytest_plugins = ("conformance_plugin",)


def calls(office: CrmGround, crm: Crm) -> dict[str, Callable[[], object]]:
    setup, stages = office.setup, [office.stage("Issue Invoice")]
    change = DealChange(1, (FieldSet(office.field("PO"), "1"),))
    return {
        "setup": crm.setup,
        "deals": lambda: crm.deals([1], setup=setup, want=EVERYTHING),
        "several deals": lambda: crm.deals([1, 2], setup=setup, want=EVERYTHING),
        "deals_in": lambda: list(crm.deals_in(stages, setup=setup, want=EVERYTHING)),
        "update_deals": lambda: crm.update_deals([change]),
        "tasks": lambda: crm.tasks([1]),
        "close_tasks": lambda: crm.close_tasks([TaskDone("1", "x")]),
        "notes": lambda: crm.notes(1),
        **creates(crm),
    }


def creates(crm: Crm) -> dict[str, Callable[[], object]]:
    return {
        "create_tasks": lambda: crm.create_tasks([TaskDraft(1, "x", NOW)]),
        "create_notes": lambda: crm.create_notes([NoteDraft(1, "x")]),
    }


def test_a_wrong_token_asks_for_a_login(office: CrmGround) -> None:
    asked = calls(office, office.connect(token="stale"))

    assert outcomes(asked) == dict.fromkeys(asked, LoginNeeded)
    assert len(office.requests()) == len(asked)


def test_a_wrong_token_is_told_with_what_helps(office: CrmGround) -> None:
    with pytest.raises(LoginNeeded) as caught:
        office.connect(token="stale").setup()
    assert "set the token" in caught.value.hint


def test_a_missing_right_is_refused_and_not_tried_again(office: CrmGround, crm: Crm) -> None:
    office.answer(office.unauthorised)
    asked = calls(office, crm)

    assert outcomes(asked) == dict.fromkeys(asked, Refused)
    assert len(office.requests()) == len(asked)


def test_an_unpaid_account_is_refused(office: CrmGround, crm: Crm) -> None:
    office.answer(office.unpaid)
    asked = calls(office, crm)

    assert outcomes(asked) == dict.fromkeys(asked, Refused)


def test_a_wish_to_wait_is_kept_for_every_call(office: CrmGround, crm: Crm) -> None:
    office.answer(Scripted(429), retry_after="3600")
    asked = calls(office, crm)

    assert outcomes(asked) == dict.fromkeys(asked, RateLimited)
    assert len(office.requests()) == 1
    with pytest.raises(RateLimited) as caught:
        crm.setup()
    assert caught.value.retry_at is not None
    assert caught.value.retry_at - NOW > timedelta(minutes=59)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_create_that_fails_in_the_provider_may_be_done_and_is_not_repeated(
    office: CrmGround, crm: Crm, status: int
) -> None:
    office.answer(Scripted(status, "<html>Sorry</html>"))
    asked = creates(crm)

    assert outcomes(asked) == dict.fromkeys(asked, LostAnswer)
    assert len(office.requests()) == len(asked)


def test_a_change_of_a_deal_that_does_not_exist_is_refused(office: CrmGround, crm: Crm) -> None:
    change = DealChange(999, (FieldSet(office.field("PO"), "1"),))

    with pytest.raises(Rejected) as refused:
        crm.update_deals([change])
    assert list(refused.value.items) == ["999"]
