"""``kinv doctor`` on the sandbox: what is well, and each thing that is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from doctor_case import diagnose, jwt, kommo_token

from kommo_invoice.auth.connection import Connection, Kind, Secret, StoreKind
from kommo_invoice.auth.connections import Connections
from kommo_invoice.auth.stores.file_store import FileStore
from kommo_invoice.auth.stores.keys import Keys
from kommo_invoice.auth.stores.plain_store import PlainStore

if TYPE_CHECKING:
    from stage import Stage

# -- when all is well ----------------------------------------------------------------------------


def test_a_sound_installation_is_ok_in_few_requests(stage: Stage) -> None:
    told = diagnose(stage)
    assert told.code == 0
    assert not told.bad()
    asked = stage.requests()
    assert sum(asked.values()) <= 7
    assert asked["Catalog"] == 1
    assert not stage.writes()


def test_each_line_gives_its_evidence(stage: Stage) -> None:
    told = diagnose(stage)
    assert told.one("pipeline")["evidence"] == "Sales (8001) for trigger.pipeline"
    stages = [each["evidence"] for each in told.of("stage")]
    assert "Issue Invoice (58003) of Sales for trigger.stages[0]" in stages
    fields = " ".join(each["evidence"] for each in told.of("field"))
    assert "Invoice ID (700001), deal, text for write_back.invoice_field" in fields
    assert "contact, text for customer.country" in fields
    assert "Consulting Services (" in told.one("item")["evidence"]
    assert {each["evidence"].split(" (")[0] for each in told.of("tax")} == {"VAT 19%", "VAT 20%"}
    assert "Agency (31400001)" in told.one("kommo account")["evidence"]
    assert stage.business in told.one("wave account")["evidence"]
    assert told.one("kommo token")["evidence"].startswith("from KINV_KOMMO_TOKEN")


def test_it_leaves_everything_as_it_was(stage: Stage) -> None:
    assert stage.invoice().code == 0
    diagnose(stage)  # its clients may make the rate budgets
    before = {path: path.read_bytes() for path in stage.folder.rglob("*") if path.is_file()}
    since = len(stage.world.requests)
    diagnose(stage)
    after = {path: path.read_bytes() for path in stage.folder.rglob("*") if path.is_file()}
    assert after == before
    assert not stage.writes(since)


def test_numbered_fields_are_looked_at_one_by_one(stage: Stage) -> None:
    lines = {
        "source": "fields",
        "count": 2,
        "description": "{{ deal['Item ' ~ n] }}",
        "unit_price": "{{ deal['Price ' ~ n] }}",
    }
    stage.map(lines=lines)
    shown = " ".join(each["evidence"] for each in diagnose(stage).of("field"))
    assert all(f"{name} (" in shown for name in ("Item 1", "Item 2", "Price 1", "Price 2"))


# -- the mapping ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "check", "words"),
    [
        ({"trigger": {"pipeline": "Salez"}}, "pipeline", "trigger.pipeline: there is no pipeline"),
        ({"trigger": {"stages": ["Isue Invoice"]}}, "stage", "did you mean 'Issue Invoice'?"),
        ({"write_back": {"stages": {"paid": "Payd"}}}, "stage", "write_back.stages.paid"),
        ({"write_back": {"invoice_field": "Invoice Idd"}}, "field", "write_back.invoice_field"),
        ({"customer": {"country": "{{ contact['Land'] }}"}}, "field", "no contact field 'Land'"),
        ({"invoice": {"item": "Consulting"}}, "item", "invoice.item: there is no item"),
        ({"tax": {"DE": "VAT 91%"}}, "tax", "tax.DE: there is no tax 'VAT 91%'"),
        ({"trigger": {"stages": ["lost"]}}, "mapping", "a lost deal is never invoiced"),
    ],
)
def test_a_name_that_the_accounts_lack_fails_alone(
    changes: dict[str, dict[str, object]], check: str, words: str, stage: Stage
) -> None:
    stage.map(**changes)
    told = diagnose(stage)
    assert told.code == 7
    assert told.bad() == {check}
    (failed,) = [each for each in told.of(check) if each["state"] == "fails"]
    assert words in failed["evidence"]
    assert failed["hint"]
    assert told.one("ledger")["state"] == "ok"


def test_stages_of_an_unknown_pipeline_are_not_checked(stage: Stage) -> None:
    stage.map(trigger={"pipeline": "Salez"})
    assert {each["state"] for each in diagnose(stage).of("stage")} == {"not checked"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "there is no mapping.toml"),
        ("version = [", "no valid TOML"),
        ('version = 1\n[crm]\nprovider = "kommo"\n', "is required"),
    ],
)
def test_without_a_mapping_this_machine_is_checked_all_the_same(
    text: str | None, words: str, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stage.folder / "mapping.toml"
    path.unlink()
    if text is not None:
        path.write_text(text, encoding="utf-8")
    monkeypatch.chdir(stage.folder)
    told = diagnose(stage, KINV_MAPPING="")
    assert told.code == 7
    assert any(words in each["evidence"] for each in told.of("mapping"))
    assert told.one("accounts")["state"] == "not checked"
    assert told.one("state folder")["state"] == "ok"
    assert not stage.world.requests


def test_what_may_surprise_is_a_warning(stage: Stage) -> None:
    stage.wave.change_business(email_send_enabled=False)
    told = diagnose(stage)
    assert told.code == 0
    assert any("e-mailing is switched off" in each["evidence"] for each in told.of("mapping"))


# -- tokens and accounts -------------------------------------------------------------------------


@pytest.mark.parametrize(("provider", "other"), [("kommo", "wave"), ("wave", "kommo")])
def test_a_missing_token_stops_only_its_own_side(provider: str, other: str, stage: Stage) -> None:
    told = diagnose(stage, **{f"KINV_{provider.upper()}_TOKEN": ""})
    assert told.code == 4
    assert told.bad() == {f"{provider} token"}
    assert told.one(f"{provider} account")["state"] == "not checked"
    assert told.one(f"{other} account")["state"] == "ok"
    theirs = ("pipeline", "stage", "field") if provider == "kommo" else ("item", "tax")
    ours = ("item", "tax") if provider == "kommo" else ("pipeline", "stage", "field")
    assert {each["state"] for check in theirs for each in told.of(check)} == {"not checked"}
    assert {each["state"] for check in ours for each in told.of(check)} == {"ok"}
    assert all(each.provider == other for each in stage.world.requests)


def test_a_token_that_is_refused(stage: Stage) -> None:
    told = diagnose(stage, KINV_WAVE_TOKEN="of-somebody-else")
    assert told.code == 4
    assert told.one("wave account")["state"] == "fails"
    assert "KINV_WAVE_TOKEN" in told.one("wave account")["hint"]


@pytest.mark.parametrize(
    ("days", "state", "words"),
    [
        (200, "ok", "from KINV_KOMMO_TOKEN; ends on {} (in 200 days)"),
        (13, "warning", "the token in KINV_KOMMO_TOKEN ends on {} (in 13 days): put a new one"),
        (-2, "warning", "the token in KINV_KOMMO_TOKEN ended on {}: put a new one there"),
    ],
)
def test_a_token_is_warned_of_two_weeks_before_its_end(
    days: int, state: str, words: str, stage: Stage
) -> None:
    ends = stage.world.now() + timedelta(days=days, minutes=5)
    token = kommo_token(stage, ends)
    told = diagnose(stage, KINV_KOMMO_TOKEN=token)
    assert told.one("kommo token")["state"] == state
    assert words.format(f"{ends:%Y-%m-%d}") in told.one("kommo token")["evidence"]
    assert token not in str(told.document)
    assert told.code == 0, "the account takes it all the same"


def test_a_token_that_has_ended_fails_where_the_account_refuses_it(stage: Stage) -> None:
    token = jwt(exp=int((stage.world.now() - timedelta(days=2)).timestamp()))
    told = diagnose(stage, KINV_KOMMO_TOKEN=token)
    assert told.code == 4
    assert told.one("kommo token")["state"] == "warning"
    assert told.one("kommo account")["state"] == "fails"


@pytest.mark.parametrize(
    ("scopes", "state", "code"), [(["crm", "files"], "ok", 0), (["files"], "fails", 8)]
)
def test_scopes_are_compared_with_what_is_needed(
    scopes: list[str], state: str, code: int, stage: Stage
) -> None:
    token = kommo_token(stage, stage.world.now() + timedelta(days=99), scopes=scopes)
    told = diagnose(stage, KINV_KOMMO_TOKEN=token)
    assert told.one("kommo scopes")["state"] == state
    assert "files" in told.one("kommo scopes")["evidence"]
    assert told.code == code


@pytest.mark.parametrize(("provider", "other"), [("kommo", "wave"), ("wave", "kommo")])
def test_an_outage_of_one_side_leaves_the_other_checks(
    provider: str, other: str, stage: Stage
) -> None:
    stage.fault("status", ".", provider=provider, times=None, status=503)
    told = diagnose(stage)
    assert told.code == 5
    assert told.bad() == {f"{provider} account"}
    assert told.one(f"{other} account")["state"] == "ok"
    assert told.one("ledger")["state"] == "ok"


def test_a_bug_in_one_side_leaves_the_other_checks(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("kommo_invoice.books.wave.Wave.catalog", broken)
    told = diagnose(stage)
    assert told.code == 1
    assert told.bad() == {"wave account"}
    assert "ZeroDivisionError" in told.one("wave account")["evidence"]


@pytest.mark.parametrize(
    ("seconds", "state", "wrong"),
    [
        (-30, "ok", False),
        (-120, "warning", False),
        (120, "warning", False),
        (-400, "warning", True),
        (86400, "warning", True),
    ],
)
def test_clocks_are_compared(seconds: int, state: str, wrong: bool, stage: Stage) -> None:
    stage.clock = lambda: datetime.now(UTC) + timedelta(seconds=seconds)
    told = diagnose(stage)
    assert told.code == 0, "no run refuses for a clock"
    for provider in ("kommo", "wave"):
        clock = told.one(f"{provider} clock")
        assert clock["state"] == state
        assert ("which is wrong" in clock["evidence"]) is wrong
        assert ("behind" if seconds < 0 else "ahead of") in clock["evidence"]


# -- stores --------------------------------------------------------------------------------------


def connect_wave(
    stage: Stage, store: StoreKind, kind: Kind = Kind.TOKEN, ends: datetime | None = None
) -> Connection:
    """Connect the books as `kinv connect` would; the secret goes to the store `plain` alone."""
    host = stage.sandbox.urls["wave"]
    connection = Connection(
        provider="wave",
        account=stage.business,
        name="Northlight Digital GmbH",
        kind=kind,
        store=store,
        host=host,
        connected_at=datetime.now(UTC),
        expires_at=ends,
    )
    Connections(stage.state).save(connection)
    secret = Secret(host=host, access_token=next(iter(stage.world.tokens["wave"])))
    PlainStore(stage.state).put(connection.key, secret.model_dump_json())
    return connection


@pytest.mark.parametrize("kind", Kind)
def test_a_store_that_opens_without_a_person(kind: Kind, stage: Stage) -> None:
    connect_wave(stage, StoreKind.PLAIN, kind)
    told = diagnose(stage, KINV_WAVE_TOKEN="")
    assert told.code == 0
    assert told.document["tokens"] == {"kommo": "environment", "wave": "connection"}
    assert "plain" in told.one("wave store")["evidence"]
    assert told.one("wave account")["state"] == "ok"


def test_a_store_without_its_key(stage: Stage) -> None:
    connection = connect_wave(stage, StoreKind.FILE)
    FileStore(stage.state, Keys(file=None, text="k" * 43)).put(connection.key, "sealed")
    told = diagnose(stage, KINV_WAVE_TOKEN="")
    assert told.code == 12
    assert told.bad() == {"wave store"}
    assert told.one("wave store")["hint"]
    assert told.one("wave token")["state"] == "not checked"
    assert told.one("wave account")["state"] == "not checked"


def test_a_store_that_has_lost_the_secret(stage: Stage) -> None:
    connection = connect_wave(stage, StoreKind.PLAIN)
    PlainStore(stage.state).delete(connection.key)
    told = diagnose(stage, KINV_WAVE_TOKEN="")
    assert told.code == 4, "as a run ends"
    assert told.bad() == {"wave token"}
    assert "is not in the plain store" in told.one("wave token")["evidence"]
    assert "`kinv connect wave`" in told.one("wave token")["hint"]
    assert told.one("wave store")["state"] == "ok"


def test_a_grant_that_use_renews_needs_no_new_login_yet(stage: Stage) -> None:
    connect_wave(stage, StoreKind.PLAIN, Kind.OAUTH, stage.world.now() + timedelta(days=9))
    told = diagnose(stage, KINV_WAVE_TOKEN="")
    assert told.code == 0
    assert told.bad() == {"wave token"}
    assert "unless kinv works with it before: if not, " in told.one("wave token")["evidence"]
    assert "connect it again" not in str(told.document)


def test_a_grant_that_has_ended(stage: Stage) -> None:
    connection = connect_wave(stage, StoreKind.PLAIN, Kind.OAUTH)
    ended = connection.model_copy(update={"refused_at": datetime.now(UTC)})
    Connections(stage.state).save(ended)
    told = diagnose(stage, KINV_WAVE_TOKEN="")
    assert told.code == 4
    assert "has ended" in told.one("wave token")["evidence"]
    assert told.one("wave account")["state"] == "not checked"
