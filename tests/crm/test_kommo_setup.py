"""Which account is meant, and its set-up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from kommo_fake import (
    ISSUE,
    SETUP,
    WON,
    Script,
    kommo,
    lead,
    page,
    reply,
)

from kommo_invoice.crm.base import Crm, Want
from kommo_invoice.crm.kommo import connect
from kommo_invoice.domain.deal import Pipeline, Stage, StageKind, User
from kommo_invoice.errors import ConfigInvalid, KinvError, LoginNeeded, Refused

BARE = Want(contact=False)
ACCOUNT = {
    "id": 9,
    "name": "Acme",
    "subdomain": "acme",
    "currency": "EUR",
    "country": "DE",
    "_embedded": {"datetime_settings": {"timezone": "Europe/Berlin"}},
}
PIPELINE = {
    "id": 90,
    "name": "Sales",
    "is_archive": True,
    "_embedded": {
        "statuses": [
            {"id": 7001, "name": "Issue Invoice"},
            {"id": 142, "name": "Gewonnen"},
            {"id": 143, "name": "Verloren"},
        ]
    },
}
FIELDS = page("custom_fields", {"id": 31, "name": "Due Date", "type": "date", "enums": None})


class TestTheAccount:
    @pytest.mark.parametrize(
        "text",
        ["acme", "Acme", " acme ", "acme.kommo.com", "https://acme.kommo.com/leads/detail/5?x=1#y"],
    )
    def test_is_what_people_paste(self, text: Any) -> None:
        script = Script()
        connect(text, base_url=None, open_client=script.open)
        assert script.base_url == "https://acme.kommo.com"

    @pytest.mark.parametrize(
        "text",
        [
            *("", "a.b", "acme.example.com", "acme.kommo.com.example.com", "-acme", "a" * 64),
            *("http://acme.kommo.com", "https://acme.kommo.com@example.com", "acme/leads", "www"),
            *("https://example.com/acme.kommo.com", "acme.kommo.com:8443", "acmé", "acme\n.x"),
        ],
    )
    def test_is_never_guessed_since_the_token_goes_there(self, text: Any) -> None:
        with pytest.raises(ConfigInvalid):
            connect(text, base_url=None, open_client=Script().open)

    def test_base_url_stands_in_for_scheme_and_host(self) -> None:
        script = Script(lead())
        crm = connect("acme", base_url="http://127.0.0.1:8700/", open_client=script.open)
        (deal,) = crm.deals([501], setup=SETUP, want=BARE)
        assert script.base_url == "http://127.0.0.1:8700"
        assert script.paths == ["GET /api/v4/leads/501"]
        assert deal.url == "http://127.0.0.1:8700/leads/detail/501"

    def test_kommo_is_a_crm(self) -> None:
        crm: Crm = kommo()[0]
        assert crm.capabilities.provider == "kommo"


class TestSetup:
    def test_takes_three_requests(self) -> None:
        crm, script = kommo(ACCOUNT, page("pipelines", PIPELINE), FIELDS)
        setup = crm.setup()
        assert script.paths == [
            "GET /api/v4/account",
            "GET /api/v4/leads/pipelines",
            "GET /api/v4/leads/custom_fields",
        ]
        assert setup.account == replace(SETUP.account, country="DE")
        lost = Stage("143", "Verloren", "90", StageKind.LOST)
        stages = (ISSUE, replace(WON, name="Gewonnen"), lost)
        assert setup.pipelines == (Pipeline("90", "Sales", stages),)
        assert [field.name for field in setup.fields] == ["Due Date"]
        assert setup.users == ()

    def test_reads_the_fields_of_each_entity_asked_for_to_the_last_page(self) -> None:
        more = page("custom_fields", {"id": 32, "name": "Country", "type": "text"})
        following = "https://acme.kommo.com/api/v4/contacts/custom_fields?limit=250&page=2"
        first = page(
            "custom_fields", {"id": 33, "name": "X", "type": "hologram"}, following=following
        )
        crm, script = kommo(ACCOUNT, page("pipelines"), FIELDS, first, more)
        setup = crm.setup(entities=("deal", "contact"))
        assert [(field.entity, field.name) for field in setup.fields] == [
            ("deal", "Due Date"),
            ("contact", "Country"),
        ]
        assert script.asked[-1].params == (("limit", "250"), ("page", "2"))

    def test_reads_users_only_when_asked(self) -> None:
        crm, _ = kommo(
            *(ACCOUNT, page("pipelines"), None),
            page("users", {"id": 11, "name": "Ann", "email": "ann@acme.example"}),
        )
        assert crm.setup(users=True).users == (User("11", "Ann", "ann@acme.example"),)

    @pytest.mark.parametrize("refusal", [reply(403, {"status": 403}), LoginNeeded("no")])
    def test_goes_without_users_where_only_administrators_may_read_them(self, refusal: Any) -> None:
        crm, _ = kommo(ACCOUNT, page("pipelines"), FIELDS, refusal)
        assert crm.setup(users=True).users == ()

    def test_a_blocked_address_is_no_missing_right(self) -> None:
        crm, _ = kommo(ACCOUNT, page("pipelines"), FIELDS, reply(403, None, "<html>"))
        with pytest.raises(Refused, match="blocked"):
            crm.setup(users=True)

    def test_an_unknown_time_zone_is_told_and_not_guessed(self) -> None:
        odd = ACCOUNT | {"_embedded": {"datetime_settings": {"timezone": "Mars/Olympus"}}}
        crm, _ = kommo(odd)
        with pytest.raises(KinvError, match=r"datetime_settings\.timezone"):
            crm.setup()
