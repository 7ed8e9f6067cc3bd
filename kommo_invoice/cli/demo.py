"""``kinv demo``: an agency's day on the simulators, with kinv's real commands."""

from __future__ import annotations

import io
import os
import signal
import tempfile
import textwrap
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from kommo_invoice.cli.options import JsonOption

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kommo_invoice.cli.terminal import Terminal

_LINE = 96


def command(as_json: JsonOption = False) -> None:
    """Play an agency's day on local simulators: nothing to set up, nothing left behind."""
    from kommo_invoice.cli.extras import need_sandbox

    need_sandbox("kinv demo")

    from kommo_invoice.cli.main import run
    from kommo_invoice.cli.terminal import Terminal
    from kommo_invoice.errors import ExitCode
    from kommo_invoice.sandbox.playground import open_playground
    from kommo_invoice.sandbox.story import Story

    terminal = Terminal(as_json=as_json)
    people = _People(terminal)

    def quietly(arguments: list[str]) -> int:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            return run(arguments)

    with _ending_in_order(), tempfile.TemporaryDirectory(prefix="kinv-demo-") as name:
        folder = Path(name)
        ground = open_playground()
        try:
            mapping = folder / "mapping.toml"
            mapping.write_text(ground.mapping(), encoding="utf-8")
            environment = ground.environment(folder, mapping)
            del environment["KINV_MAPPING"]  # the working directory's is found without it
            with _inside(folder, environment):
                story = Story(
                    ground,
                    folder,
                    state=Path(environment["KINV_STATE_DIR"]),
                    kinv=quietly if as_json else run,
                    teller=_Silence() if as_json else people,
                )
                story.play()
        finally:
            ground.sandbox.stop()
    if as_json:
        terminal.json(story.to_dict())
    else:
        terminal.line()
        terminal.line(people.wrapped(story.summary()))
        told = "It all went as told." if story.as_told else "It did not go as told: see ✗ above."
        terminal.line(told, style="bold")
        terminal.note("  → `kinv sandbox` starts the simulators for you to play with;")
        terminal.note("    `--books quickbooks` or `--books zoho` puts others in Wave's place")
    if not story.as_told:
        raise typer.Exit(ExitCode.BUG)


class _People:
    """Tells the story on the terminal."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._in_checks = False

    def scene(self, number: int, title: str, text: str) -> None:
        """Print a heading and a short text."""
        self._terminal.line()
        self._terminal.line(f"{number}. {title}", style="bold")
        self._terminal.line(self.wrapped(text))

    def command(self, line: str) -> None:
        """Print a command line."""
        self._in_checks = False
        self._terminal.line()
        self._terminal.line(f"$ {line}", style="bold")

    def check(self, words: str, *, holds: bool) -> None:
        """Print one expectation, the first below an empty line."""
        if not self._in_checks:
            self._terminal.line()
        self._in_checks = True
        mark, style = ("✓", "green") if holds else ("✗", "red")
        self._terminal.line(f"{mark} {words}", style=style)

    def wrapped(self, text: str) -> str:
        """Return a text in lines that fit the screen and are not too long to read."""
        return textwrap.fill(text, min(self._terminal.width or _LINE, _LINE))

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print a table."""
        self._in_checks = False
        self._terminal.line()
        self._terminal.table(title, columns, rows)


class _Silence:
    """Keeps the story for the document that is printed at its end."""

    def scene(self, number: int, title: str, text: str) -> None:
        """Say nothing."""

    def command(self, line: str) -> None:
        """Say nothing."""

    def check(self, words: str, *, holds: bool) -> None:
        """Say nothing."""

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Say nothing."""


@contextmanager
def _inside(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Work in a folder and in an environment of kinv's own, and then as before."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("KINV_"):
            del os.environ[name]
    os.environ.update(environment)
    try:
        with chdir(folder):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Have both signals leave through the context managers, so that nothing stays behind."""
    from kommo_invoice.errors import Interrupted, Terminated

    def end(number: int, frame: object) -> None:
        del number, frame
        raise Terminated("terminated", hint="")

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted("interrupted", hint="") from None
    finally:
        signal.signal(signal.SIGTERM, before)
