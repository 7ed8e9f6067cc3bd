"""Which state folder each pair's last run used: a small file beside the mapping.

The ledger lies in the state folder, and cron may have another one than the shell. What stands
here is seen from both, so that ``kinv doctor`` can tell.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kommo_invoice.config.files import write_private

_FILE = "last-runs.json"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run of a pair that could write.

    Args:
        state_dir: The folder of its ledger.
        mapping: Its mapping file.
        at: When it began (UTC).
        command: Its command.
    """

    state_dir: Path
    mapping: Path
    at: datetime
    command: str


def note_run(folder: Path, crm: str, books: str, run: LastRun) -> None:
    """Note a run; a folder that cannot be written is no error, it only leaves less to compare.

    Two pairs that begin in the same moment may lose one of the notes, until the next run.

    Args:
        folder: The configuration folder.
        crm: The CRM account, ``kommo:acme``.
        books: The books account, ``wave:…``.
        run: The run.
    """
    runs = _read(folder)
    runs[_pair(crm, books)] = {
        "state_dir": str(run.state_dir),
        "mapping": str(run.mapping),
        "at": run.at.isoformat(),
        "command": run.command,
    }
    try:
        write_private(folder / _FILE, json.dumps(runs, indent=2, ensure_ascii=False).encode())
    except OSError as error:
        _logger.debug("the run is not noted in %s: %s", folder, error.strerror)


def last_run(folder: Path, crm: str, books: str) -> LastRun | None:
    """Return a pair's last run, None where none is noted."""
    try:
        found = _read(folder)[_pair(crm, books)]
        return LastRun(
            Path(found["state_dir"]),
            Path(found["mapping"]),
            datetime.fromisoformat(found["at"]),
            str(found["command"]),
        )
    except (TypeError, KeyError, ValueError):
        return None


def _pair(crm: str, books: str) -> str:
    return f"{crm} {books}"


def _read(folder: Path) -> dict[str, Any]:
    try:
        runs = json.loads((folder / _FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return runs if isinstance(runs, dict) else {}
