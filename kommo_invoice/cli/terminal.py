"""The only place that prints: data to stdout, everything else to stderr."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import Console, RenderableType
    from rich.progress import Progress

    from kommo_invoice.errors import KinvError

_PIPED_WIDTH = 200
"""Columns of tables that are not on a terminal: nothing is cut short there."""

_COLOURS = {"bold": "1", "red": "31", "green": "32"}


class Terminal:
    """Writes to the two streams.

    Args:
        as_json: The data is for programs.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self._bar: Progress | None = None

    # -- data, to stdout -----------------------------------------------------------------------

    def line(self, text: str = "", *, style: str | None = None) -> None:
        """Print one line of data, in a style where there are colours."""
        self._put(sys.stdout, _painted(text, style, sys.stdout))

    def json(self, value: object, *, indent: int | None = None) -> None:
        """Print one JSON document, or one line of a stream of them."""
        from kommo_invoice.domain.plain import plain
        from kommo_invoice.redact import mask_values

        shown = mask_values(plain(value))
        self.line(json.dumps(shown, ensure_ascii=False, indent=indent))

    def csv(self, names: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
        """Print rows as CSV under a heading, secrets masked."""
        import csv
        import io

        from kommo_invoice.redact import mask

        text = io.StringIO()
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({name: mask(str(row[name] or "")) for name in names})
        self.line(text.getvalue().rstrip("\n"))

    def field(self, label: str, value: object) -> None:
        """Print a label and its value below a heading; a long value is wrapped to the screen."""
        head = f"  {label:<9} "
        width = self.width
        text = str(value)
        if width is not None and len(head) + len(text) > width:
            text = textwrap.fill(
                text, width, initial_indent=head, subsequent_indent=" " * len(head)
            )[len(head) :]
        self.line(f"{head}{text}")

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print rows as a table with headings; long cells are folded, never cut."""
        from rich.box import SIMPLE_HEAD
        from rich.table import Table

        table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="none")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*map(_cell, row))
        self.line(title, style="bold")
        self._render(table)

    def grid(self, rows: Iterable[Sequence[object]], *, indent: int, folded: int) -> None:
        """Print rows in aligned columns without headings.

        Args:
            rows: Cells of equal number.
            indent: Columns left free.
            folded: The column that gives way when the screen is too narrow.
        """
        from rich.padding import Padding
        from rich.table import Table

        table = Table.grid(padding=(0, 2, 0, 0))
        cells = [list(map(_cell, row)) for row in rows]
        for number in range(len(cells[0]) if cells else 0):
            gives_way = number == folded
            table.add_column(overflow="fold", no_wrap=not gives_way)
        for row in cells:
            table.add_row(*row)
        self._render(Padding(table, (0, 0, 0, indent)))

    def console(self) -> Console:
        """Return rich's console of stdout; NO_COLOR holds, and nothing is cut off in a pipe."""
        from rich.console import Console

        return Console(width=self.width or _PIPED_WIDTH, highlight=False)

    # -- everything else, to stderr ------------------------------------------------------------

    def note(self, text: str, *, style: str | None = None) -> None:
        """Print one line for people beside the data."""
        self._put(sys.stderr, _painted(text, style, sys.stderr))

    def question(self, text: str) -> None:
        """Print a question, which is answered on the same line."""
        self._put(sys.stderr, text, end="")

    def fail(self, error: KinvError) -> None:
        """Tell an error that ends the command: what happened, and what to do next."""
        from kommo_invoice.errors import ConfigInvalid, naming
        from kommo_invoice.redact import mask

        self.note(mask(f"kinv: {naming(error.message, error.deal)}"), style="red")
        if isinstance(error, ConfigInvalid):
            for problem in error.problems:
                if str(problem) != error.message:
                    self.note(mask(f"  {problem}"))
        if error.hint:
            self.note(mask(f"  → {error.hint}"))

    def follow(self, total: int) -> None:
        """Show a bar for so many deals; only on a terminal, and only for several."""
        if total > 1 and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress

            self._bar = Progress(
                BarColumn(),
                MofNCompleteColumn(),
                "deals",
                console=Console(stderr=True),
                transient=True,
                auto_refresh=False,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._bar.add_task("deals", total=total)
            self._bar.start()

    def advance(self, done: int) -> None:
        """Say how many deals of the bar are done."""
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=done, refresh=True)

    def unfollow(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    # -- inside --------------------------------------------------------------------------------

    @property
    def width(self) -> int | None:
        """The screen's columns; None where stdout is no screen."""
        return shutil.get_terminal_size().columns if sys.stdout.isatty() else None

    def _put(self, stream: TextIO, text: str, end: str = "\n") -> None:
        if self._bar is not None:
            self._bar.stop()
        try:
            stream.write(f"{text}{end}")
            stream.flush()
        except BrokenPipeError:
            # The reader has gone (`| head`); what is under way is finished all the same.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if self._bar is not None:
            self._bar.start()

    def _render(self, what: RenderableType) -> None:
        console = self.console()
        with console.capture() as captured:
            console.print(what)
        self.line("\n".join(line.rstrip() for line in captured.get().splitlines()))


def _cell(value: object) -> RenderableType:
    from rich.text import Text

    return Text("" if value is None else str(value))


def _painted(text: str, style: str | None, stream: TextIO) -> str:
    """Return the text in a style; without one where colours are not wanted (NO_COLOR)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if style is None or plain or not stream.isatty():
        return text
    return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m"
