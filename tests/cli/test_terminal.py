"""The screen: colours only where they are wanted, nothing cut, a reader that leaves early."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from kommo_invoice.cli.terminal import Terminal
from kommo_invoice.cli.words import price, short
from kommo_invoice.errors import naming

if TYPE_CHECKING:
    from collections.abc import Callable

    from stage import Stage


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal has 40 columns and colours."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


def shown(write: Callable[[Terminal], None]) -> str:
    """Return what comes to a screen."""
    with contextlib.redirect_stdout(Screen()) as screen:
        write(Terminal())
    return screen.getvalue()


def test_a_style_is_shown_on_a_terminal() -> None:
    assert shown(lambda each: each.line("done", style="green")) == "\x1b[32mdone\x1b[0m\n"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_style_where_none_is_wanted(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert shown(lambda each: each.line("done", style="green")) == "done\n"


def test_a_long_field_is_wrapped_below_itself() -> None:
    words = "one two three four five six seven eight nine"
    assert shown(lambda each: each.field("note", words)).splitlines() == [
        "  note      one two three four five six",
        "            seven eight nine",
    ]


def test_a_long_cell_is_folded_not_cut() -> None:
    rows = [("name", "x" * 60), ("due", "soon")]
    text = shown(lambda each: each.grid(rows, indent=2, folded=1))
    assert text.count("x") == 60
    assert max(map(len, text.splitlines())) <= 40
    assert "…" not in text


def test_in_a_pipe_nothing_is_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().field("note", "word " * 60)
    Terminal().table("title", ["why"], [["word " * 30]])
    assert [len(line) > 140 for line in capsys.readouterr().out.splitlines()].count(True) >= 2


def test_a_run_goes_on_when_its_reader_has_gone(stage: Stage) -> None:
    command = [sys.executable, "-m", "kommo_invoice", "invoice", "--deal", str(stage.deal)]
    ended = subprocess.run(
        ["bash", "-c", '"$@" | true; exit ${PIPESTATUS[0]}', "bash", *command],
        env=stage.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(stage.picture()["mails"]) == 1


def test_the_bar_is_only_for_several_deals_on_a_terminal(stage: Stage) -> None:
    assert "\x1b" not in stage.kinv("invoice", "--deal", stage.deal, "--deal", stage.other).err
    with contextlib.redirect_stderr(Screen()) as screen:
        terminal = Terminal()
        terminal.follow(1)
        terminal.advance(1)
        assert not screen.getvalue()
        terminal.follow(2)
        terminal.advance(1)
        terminal.unfollow()
    assert "1/2" in screen.getvalue()


def test_long_ids_are_shortened_for_people_only() -> None:
    identity = "QnVzaW5lc3M6MGVhNjViZWEtZGM0Mi01NGFhLWI5NjYtYjNlMmNhN2I1OWVl"
    assert short(f"wave:{identity}") == "wave:QnVzaW5l…I1OWVl"
    assert short("an ordinary sentence about KU6-20000001") == (
        "an ordinary sentence about KU6-20000001"
    )


def test_prices_keep_every_digit() -> None:
    assert [price("1200.5", "EUR"), price("0.125", "EUR"), price("5", "JPY")] == [
        "1200.50",
        "0.125",
        "5",
    ]


def test_an_error_names_its_deal_once() -> None:
    assert naming("it is lost", 7) == "deal 7: it is lost"
    assert naming("deal 7 is lost", 7) == "deal 7 is lost"
