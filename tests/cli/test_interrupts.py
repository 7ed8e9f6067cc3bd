"""Ctrl-C ends kinv with its own exit code, wherever it comes."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# CPython ends a ``python -m`` by SIGINT when a bare KeyboardInterrupt has passed through exec of a
# string, which is how dataclasses are made, even if it was caught: one Ctrl-C in eight while
# modules load.
_IN_EXEC = """
from kommo_invoice.cli import main

main.app = lambda **_: exec("import signal; signal.raise_signal(signal.SIGINT)")
main.main()
"""

_IGNORED = """
import signal

from kommo_invoice.cli import main

signal.signal(signal.SIGINT, signal.SIG_IGN)
main.app = lambda **_: signal.raise_signal(signal.SIGINT)
main.main()
"""


@pytest.mark.parametrize(("code", "ended"), [(_IN_EXEC, 130), (_IGNORED, 0)])
def test_ctrl_c_is_exit_130_unless_the_shell_has_it_ignored(
    tmp_path: Path, code: str, ended: int
) -> None:
    (tmp_path / "struck.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "struck"], check=False, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == ended, done.stderr
    assert "Traceback" not in done.stderr
    assert ("kinv: interrupted" in done.stderr) is (ended == 130)
