"""The only place that prints: data to stdout, everything else to stderr."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from kommo_invoice.errors import KinvError

_PIPED_WIDTH = 200
"""Columns of tables that are not on a terminal: nothing is cut short there."""


class Terminal:
    """Writes to the two streams.

    Args:
        as_json: Errors are told as JSON too.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json

    def line(self, text: str = "") -> None:
        """Print one line of data."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def json(self, value: object, *, indent: int | None = None) -> None:
        """Print one JSON document, or one line of a stream of them."""
        from kommo_invoice.domain.plain import plain
        from kommo_invoice.redact import mask_values

        shown = mask_values(plain(value))
        self.line(json.dumps(shown, ensure_ascii=False, indent=indent))

    def note(self, text: str) -> None:
        """Print one line for people beside the data."""
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print rows as a table."""
        from rich.table import Table
        from rich.text import Text

        table = Table(title=title, title_justify="left", title_style="bold")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
        self.console().print(table)

    def console(self) -> Console:
        """Return rich's console of stdout; NO_COLOR holds, and nothing is cut off in a pipe."""
        from rich.console import Console

        width = None if sys.stdout.isatty() else _PIPED_WIDTH
        return Console(width=width, highlight=False, soft_wrap=False)

    def fail(self, error: KinvError) -> None:
        """Tell an error that ends the command: what happened, and what to do next."""
        from kommo_invoice.cli.reporters import told
        from kommo_invoice.errors import ConfigInvalid
        from kommo_invoice.redact import mask

        self.note(mask(f"kinv: {told(error.message, error.deal)}"))
        if isinstance(error, ConfigInvalid):
            for problem in error.problems:
                if str(problem) != error.message:
                    self.note(mask(f"  {problem}"))
        if error.hint:
            self.note(f"  → {error.hint}")


def may_ask(*, no_input: bool) -> bool:
    """Say whether a question can be asked: on a terminal, and not forbidden."""
    return not no_input and sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("CI")
