"""Transcripts: what a command prints to both streams, and its exit code, kept as text files.

``KINV_REWRITE_TRANSCRIPTS=1`` writes them anew; read the difference before it is committed.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stage import Result, Stage

FOLDER = Path(__file__).parents[1] / "cli" / "transcripts"
NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
"""The time at which all transcripts were played."""

_VOLATILE = (
    (re.compile(r"(\d{8}T\d{6})-[0-9a-f]{6}\b"), r"\1-RUN"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r'("pid": )\d+'), r"\1PID"),
    (re.compile(r'("fingerprint": )"[0-9a-f]{64}"'), r'\1"FINGERPRINT"'),
)


@dataclass
class Transcript:
    """A session on a stage whose clocks stand still, as a person would see it.

    Args:
        name: The file's name.
        stage: Where kinv runs.
    """

    name: str
    stage: Stage
    text: str = field(default="", init=False)

    def run(self, *arguments: object, **environment: str) -> Result:
        """Run a command and write down what came of it."""
        ended = self.stage.kinv(*arguments, COLUMNS="80", **environment)
        self.text += f"$ kinv {shlex.join(map(str, arguments))}\n{ended.out}"
        if ended.err:
            self.text += "--- stderr\n" + ended.err
        self.text += f"--- exit {ended.code}\n\n"
        return ended

    def compare(self) -> None:
        """Compare with the stored file, or write it where that is asked for."""
        told = self.text.replace(str(self.stage.folder), "FOLDER")
        for pattern, stable in _VOLATILE:
            told = pattern.sub(stable, told)
        path = FOLDER / f"{self.name}.txt"
        if os.environ.get("KINV_REWRITE_TRANSCRIPTS"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(told, encoding="utf-8")
        stored = path.read_text(encoding="utf-8").splitlines()
        difference = "\n".join(
            unified_diff(stored, told.splitlines(), "stored", "now", lineterm="")
        )
        assert not difference, difference
