"""One run at a time for each CRM account and each books account of this machine."""

from __future__ import annotations

import json
import os
import re
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from kommo_invoice.errors import AlreadyRunning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path


@contextmanager
def hold(
    folder: Path,
    accounts: Sequence[str],
    *,
    command: str,
    wait_s: float,
    clock: Callable[[], datetime],
) -> Iterator[None]:
    """Hold the locks of accounts while a run lasts; the kernel frees them when it dies.

    Args:
        folder: Where the lock files are.
        accounts: The accounts, ``kommo:acme`` and ``wave:…``; taken in sorted order, so that two
            runs never wait for each other.
        command: What holds them, told to whoever comes second.
        wait_s: Seconds to wait for them; 0 fails at once.
        clock: Gives the time (UTC) since when they are held.

    Raises:
        AlreadyRunning: Another run holds one of them; the message says which and since when.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as stack:
        for account in sorted(accounts):
            path = folder / f"{re.sub(r'[^A-Za-z0-9._-]', '_', account)}.lock"
            holder = path.with_suffix(".holder")
            lock = FileLock(path, timeout=wait_s, mode=0o600)
            try:
                stack.enter_context(lock)
            except Timeout:
                raise AlreadyRunning(
                    f"{_told(holder)} is working on {account}",
                    hint="wait for it to end, or give --wait 5m",
                ) from None
            told = {"command": command, "pid": os.getpid(), "since": clock().isoformat()}
            holder.write_text(json.dumps(told), encoding="utf-8")
            stack.callback(holder.unlink, missing_ok=True)
        yield


def _told(holder: Path) -> str:
    """Return who holds a lock, as far as it has said so yet."""
    try:
        told = json.loads(holder.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "another run"
    return f"`{told['command']}` (process {told['pid']}, since {told['since'][:19]} UTC)"
