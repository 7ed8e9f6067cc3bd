"""Which accounts a first mapping joins: what is connected, what flags say, what a token opens."""

from __future__ import annotations

import pytest

from kommo_invoice.engine.first_sides import Place, choose_side
from kommo_invoice.errors import LoginNeeded, UsageError
from kommo_invoice.mapping.first.answers import Answers, Question

ACME = Place("kommo", "acme", name="Acme Ltd")
BETA = Place("kommo", "beta", "http://127.0.0.1:1", "http://127.0.0.1:2", "Beta")
WAVE = Place("wave", "B1", name="Books")


def test_the_only_connection_is_taken() -> None:
    answers = Answers(None)
    assert choose_side("crm", Place(), [ACME, WAVE], answers) == ACME
    assert choose_side("books", Place(), [ACME, WAVE], answers) == WAVE
    assert not answers.missing


def test_flags_go_before_what_is_connected() -> None:
    wish = Place(base_url="http://127.0.0.1:9")
    side = choose_side("crm", wish, [ACME], Answers(None))
    assert side == Place("kommo", "acme", "http://127.0.0.1:9", None, "Acme Ltd")


def test_an_account_that_is_named_is_the_connection_with_its_addresses() -> None:
    assert choose_side("crm", Place(account="beta"), [ACME, BETA], Answers(None)) == BETA
    named = Place(account="https://beta.kommo.com")
    side = choose_side("crm", named, [ACME, BETA], Answers(None))
    assert side is not None
    assert side.base_url == BETA.base_url


def test_an_account_that_is_not_connected_may_be_named() -> None:
    side = choose_side("crm", Place(account="gamma"), [ACME], Answers(None))
    assert side == Place("kommo", "gamma")


def test_of_several_one_is_named() -> None:
    answers = Answers(None)
    assert choose_side("crm", Place(), [ACME, BETA], answers) is None
    with pytest.raises(UsageError, match=r"'kommo:acme' \(Acme Ltd\), 'kommo:beta' \(Beta\)"):
        answers.complete()


def test_of_several_a_person_chooses() -> None:
    asked: list[Question] = []

    def ask(question: Question) -> str:
        asked.append(question)
        return "kommo:beta"

    assert choose_side("crm", Place(), [ACME, BETA], Answers(ask)) == BETA
    assert len(asked) == 1


def test_without_any_a_login_is_needed() -> None:
    with pytest.raises(LoginNeeded, match="there is no token for any books"):
        choose_side("books", Place(), [ACME], Answers(None))


def test_a_provider_that_is_named_needs_a_login_as_well() -> None:
    with pytest.raises(LoginNeeded) as needed:
        choose_side("crm", Place("kommo", base_url="http://127.0.0.1:1"), [WAVE], Answers(None))
    assert needed.value.hint == "`kinv connect kommo` logs in; or set KINV_KOMMO_TOKEN"


@pytest.mark.parametrize(("section", "provider"), [("crm", "wave"), ("books", "xero")])
def test_a_provider_of_another_side_or_version(section: str, provider: str) -> None:
    with pytest.raises(UsageError, match="not available in this version"):
        choose_side(section, Place(provider), [], Answers(None))


def test_a_sandbox_account_stays_one() -> None:
    offer = Place("wave", "B1", name="Books", environment="sandbox")
    side = choose_side("books", Place(account="B1"), [offer], Answers(None))
    assert side is not None
    assert side.environment == "sandbox"
