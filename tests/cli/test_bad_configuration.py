"""A mapping, a setting, a token or a provider that does not work: said once, before any write."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from stage import Result, Stage


def refused(stage: Stage, code: int, *words: str, **environment: str) -> Result:
    """Run, expect the code and the words on stderr, no write and no traceback."""
    ended = stage.kinv("invoice", "--deal", stage.deal, **environment)
    assert ended.code == code, ended
    assert not stage.writes()
    assert "Traceback" not in ended.err
    assert "  → " in ended.err
    for each in words:
        assert each in ended.err
    return ended


# -- the mapping: exit 7 -------------------------------------------------------------------------


WRONG: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"invoice": {"itm": "x"}}, "invoice.itm", "'item'"),
    ({"safty": {}}, "safty", "'safety'"),
    ({"invoice": {"item": "Consulting Service"}}, "invoice.item", "'Consulting Services'"),
    ({"trigger": {"stages": ["Issue Invoise"]}}, "trigger.stages", "'Issue Invoice'"),
    ({"trigger": {"pipeline": "Sale"}}, "trigger.pipeline", "'Sales'"),
    ({"write_back": {"invoice_field": "Invoice I"}}, "write_back.invoice_field", "'Invoice ID'"),
    ({"write_back": {"fields": {"Paid onn": "x"}}}, 'write_back.fields."Paid onn"', "'Paid on'"),
    ({"tax": {"DE": "VAT 18%"}}, "tax.DE", "'VAT 19%'"),
    ({"customer": {"email": "{{ contact.emial }}"}}, "customer.email", "email"),
    ({"customer": {"country": "{{ contact['Contry'] }}"}}, "customer.country", "'Country'"),
    ({"invoice": {"due_date": "{{ tody }}"}}, "invoice.due_date", "'today'"),
)


@pytest.mark.parametrize(("change", "key", "nearest"), WRONG, ids=[each[1] for each in WRONG])
def test_a_wrong_name_is_told_with_file_key_and_the_nearest(
    change: dict[str, Any], key: str, nearest: str, stage: Stage
) -> None:
    path = stage.map(**change)
    refused(stage, 7, str(path), key, nearest, "kinv mapping check")


def test_a_wrong_type_is_told(stage: Stage) -> None:
    stage.map(trigger={"stages": "Issue Invoice"})
    refused(stage, 7, "trigger.stages: must be a list")


def test_bad_toml_is_told_with_its_line(stage: Stage) -> None:
    path = stage.folder / "mapping.toml"
    path.write_text("version = 1\n[crm\n", encoding="utf-8")
    refused(stage, 7, str(path), "line 2", "no valid TOML")


def test_all_problems_are_told_at_once(stage: Stage) -> None:
    stage.map(invoice={"itm": "x", "mmo": "y"})
    refused(stage, 7, "2 problems", "invoice.itm", "invoice.mmo")


@pytest.mark.parametrize("how", ["--mapping", "KINV_MAPPING"])
def test_a_mapping_that_is_not_there(how: str, stage: Stage) -> None:
    missing = str(stage.folder / "other.toml")
    ended = (
        stage.kinv("--mapping", missing, "status")
        if how == "--mapping"
        else stage.kinv("status", KINV_MAPPING=missing)
    )
    assert ended.code == 7
    assert f"{missing} does not exist ({how})" in ended.err
    assert "`kinv mapping init`" in ended.err


def test_no_mapping_at_all(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = stage.folder / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    ended = stage.kinv("status", KINV_MAPPING="")
    assert ended.code == 7
    assert "there is no mapping.toml" in ended.err


@pytest.mark.parametrize(("side", "provider"), [("books", "xero"), ("crm", "pipedrive")])
def test_a_provider_of_a_later_version(side: str, provider: str, stage: Stage) -> None:
    path = stage.map(**{side: {"provider": provider}})
    refused(stage, 7, str(path), f"{side}.provider", provider, "not available in this version")


def test_a_provider_that_nobody_knows(stage: Stage) -> None:
    stage.map(books={"provider": "wav"})
    refused(stage, 7, "books.provider", "'wave'")


# -- settings: exit 7, flags: exit 2 -------------------------------------------------------------


@pytest.mark.parametrize("name", ["SETTLE_S", "TIMEOUT_S", "RATE_FACTOR", "LOG_LEVEL"])
def test_a_variable_with_an_impossible_value(name: str, stage: Stage) -> None:
    refused(stage, 7, f"environment: KINV_{name}", "kinv help environment", **{f"KINV_{name}": "?"})


def test_spelling_that_does_not_matter_is_no_error(stage: Stage) -> None:
    token = stage.environment()["KINV_KOMMO_TOKEN"]
    ended = stage.invoice(KINV_LOG_LEVEL="WARNING", KINV_KOMMO_TOKEN=f" {token}\n")
    assert ended.code == 0


def test_an_empty_variable_counts_as_not_set(stage: Stage) -> None:
    assert stage.invoice(KINV_SETTLE_S="", KINV_LOG_LEVEL="").code == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("settle_s = [", "is no valid TOML"),
        ("settle_s = 'soon'", "settle_s"),
        ("setle_s = 1", "did you mean 'settle_s'?"),
        ("kommo_token = 'planted'", "belongs into KINV_KOMMO_TOKEN"),
        (b"\xff\xfe", "is no valid TOML"),
    ],
)
def test_a_broken_settings_file_is_named(content: str | bytes, words: str, stage: Stage) -> None:
    folder = stage.folder / "config"
    folder.mkdir()
    path = folder / "config.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    refused(stage, 7, str(path), words, "kinv help environment")


def test_a_settings_file_is_obeyed_and_the_environment_goes_before_it(stage: Stage) -> None:
    folder = stage.folder / "config"
    folder.mkdir()
    elsewhere = stage.folder / "elsewhere"
    (folder / "config.toml").write_text(f"state_dir = '{elsewhere}'\n", encoding="utf-8")
    assert stage.kinv("ledger", "path").out.strip() == str(stage.state / "ledger.sqlite3")
    told = stage.kinv("ledger", "path", KINV_STATE_DIR="").out.strip()
    assert told == str(elsewhere / "ledger.sqlite3")


@pytest.mark.parametrize(
    "arguments",
    [
        ["invoice"],
        ["invoice", "--deal", "x"],
        ["invoice", "--deal", "0"],
        ["invoice", "--deal", "1", "--wait", "soon"],
        ["invoise"],
        ["invoice", "--deal", "1", "--sendd"],
        ["--log-level", "loud", "status"],
        ["ledger", "resolve", "--deal", "1"],
        ["ledger", "resolve", "--deal", "1", "--sent", "--absent"],
        ["ledger", "export", "--since", "yesterday"],
    ],
    ids=" ".join,
)
def test_a_wrong_call_is_exit_2(arguments: list[str], stage: Stage) -> None:
    ended = stage.kinv(*arguments)
    assert ended.code == 2
    assert ended.err
    assert not ended.out
    assert not stage.world.requests


# -- tokens: exit 4 ------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["kommo", "wave"])
@pytest.mark.parametrize("token", ["", "not-the-right-token", "with a space", "ключ"])
def test_a_token_that_is_missing_or_wrong(provider: str, token: str, stage: Stage) -> None:
    variable = f"KINV_{provider.upper()}_TOKEN"
    refused(stage, 4, f"set {variable}", **{variable: token})


@pytest.mark.parametrize("provider", ["kommo", "wave"])
def test_a_token_that_has_expired_or_was_revoked(provider: str, stage: Stage) -> None:
    variable = f"KINV_{provider.upper()}_TOKEN"
    old = stage.environment()[variable]
    stage.world.expire(provider)
    stage.world.tokens[provider].add("a-later-token-1234")
    ended = refused(stage, 4, f"set {variable}", **{variable: old})
    assert "does not accept the token" in ended.err


# -- the provider's own refusals: exit 8 ---------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "status", "body", "words"),
    [
        ("kommo", 402, {"title": "Payment Required", "status": 402}, "period is over"),
        ("kommo", 403, {"title": "Forbidden", "status": 403}, "no right to do this"),
        ("kommo", 403, "<html>nginx</html>", "may be blocked"),
        ("wave", 403, "<html>nginx</html>", "may be blocked"),
    ],
)
def test_an_account_that_is_refused(
    provider: str, status: int, body: object, words: str, stage: Stage
) -> None:
    stage.fault("status", ".", provider=provider, times=None, status=status, body=body)
    refused(stage, 8, words)
    assert sum(each.provider == provider for each in stage.world.requests) == 1


# -- outages: exit 5, soon -----------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["kommo", "wave"])
def test_a_provider_that_is_down(provider: str, stage: Stage) -> None:
    stage.fault("status", ".", provider=provider, times=None, status=503, body="<html></html>")
    refused(stage, 5, "status 503", "later")


@pytest.mark.parametrize("side", ["crm", "books"])
def test_nothing_listens(side: str, stage: Stage) -> None:
    stage.map(**{side: {"base_url": "http://127.0.0.1:9"}})
    began = time.monotonic()
    refused(stage, 5, "cannot be reached", "later", KINV_TIMEOUT_S="1")
    assert time.monotonic() - began < 30
