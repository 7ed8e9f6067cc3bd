"""Tokens and the clients' invoice links are in nothing that kinv prints, logs or keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from stage import Result, Stage

PLANTED = "eyJhbGciOi.planted-secret-0123456789.tail"


@pytest.fixture
def planted(stage: Stage) -> Stage:
    """A stage whose tokens are easy to find again."""
    for provider in ("kommo", "wave"):
        stage.world.tokens[provider] = {f"{provider}-{PLANTED}"}
        stage.settings[f"KINV_{provider.upper()}_TOKEN"] = f"{provider}-{PLANTED}"
    return stage


def secrets(stage: Stage) -> list[str]:
    """What must not be found: the tokens' own part, and the links' secret part."""
    links = {
        str(value).rstrip("/").rpartition("/")[2]
        for lead in stage.sandbox.dump()["kommo"]["leads"]
        if (value := lead["fields"].get("Invoice link"))
    }
    assert links, "no invoice link was written"
    return ["planted-secret", *links]


def clean(stage: Stage, *results: Result) -> None:
    for secret in secrets(stage):
        for result in results:
            assert secret not in result.out
            assert secret not in result.err


def test_no_output_and_no_log_holds_one(planted: Stage) -> None:
    deal = ["--deal", planted.deal]
    clean(
        planted,
        planted.kinv("--debug-http", "invoice", *deal, "--json"),
        planted.kinv("--debug-http", "invoice", *deal),
        planted.kinv("--debug-http", "invoice", *deal, "--dry-run"),
        planted.kinv("--debug-http", "mapping", "check"),
        planted.kinv("mapping", "show", "--json"),
        planted.kinv("ledger", "show", *deal),
        planted.kinv("ledger", "show", *deal, "--json"),
        planted.kinv("ledger", "export"),
        planted.kinv("ledger", "export", "--json"),
        planted.kinv("status", "--json"),
    )


def test_a_run_without_its_ledger_shows_none_either(planted: Stage) -> None:
    planted.invoice()
    planted.forget()
    clean(planted, planted.kinv("--debug-http", "invoice", "--deal", planted.deal))


def test_no_file_of_the_state_folder_holds_one(planted: Stage) -> None:
    planted.invoice()
    files = [path for path in planted.state.rglob("*") if path.is_file()]
    assert any(path.name == "ledger.sqlite3" for path in files)
    for secret in secrets(planted):
        for path in files:
            assert secret.encode() not in path.read_bytes(), path.name


def test_a_crash_report_holds_none(planted: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError(f"Bearer wave-{PLANTED} https://pay.example/i/abcdef0123456789abcd")

    monkeypatch.setattr("kommo_invoice.engine.invoicing.Invoicing.run", broken)
    ended = planted.kinv("invoice", "--deal", planted.deal)
    assert ended.code == 1
    (report,) = planted.state.glob("kinv-crash-*.txt")
    text = report.read_text(encoding="utf-8")
    assert "ZeroDivisionError" in text
    for secret in ("planted-secret", "abcdef0123456789abcd"):
        assert secret not in text
        assert secret not in ended.err
    assert report.stat().st_mode & 0o077 == 0


def test_a_refused_token_is_not_quoted(planted: Stage) -> None:
    planted.settings["KINV_WAVE_TOKEN"] = f"other-{PLANTED}"
    ended = planted.kinv("--debug-http", "invoice", "--deal", planted.deal)
    assert ended.code == 4
    assert "planted-secret" not in ended.err + ended.out
