"""The last resort: a bug is reported in one line, its traceback in a private file, masked."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from kommo_invoice import __version__
from kommo_invoice.cli.terminal import Terminal
from kommo_invoice.errors import ExitCode


def report(error: BaseException) -> int:
    """Write a crash report without secrets and tell where it is.

    Args:
        error: What was not expected.

    Returns:
        The exit code of a bug.
    """
    from kommo_invoice.redact import mask

    trace = "".join(traceback.format_exception(error))
    text = f"kinv {__version__}, Python {sys.version.split()[0]}, {sys.platform}\n\n{mask(trace)}"
    folder = Path(os.environ.get("KINV_STATE_DIR") or tempfile.gettempdir())
    path = folder / f"kinv-crash-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{os.getpid()}.txt"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123 - created private
            file.write(text)
        where = f"the report is in {path}"
    except OSError:
        where = "its report could not be written"
    terminal = Terminal()
    terminal.note(f"kinv: this is a bug in kinv ({type(error).__name__}); {where}")
    terminal.note("  → nothing that was done is lost: `kinv status` shows open work")
    return ExitCode.BUG
