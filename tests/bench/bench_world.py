"""The other end of ``bench_simulators``: what is measured runs alone, and is spawned from here.

Standard library only: a child counts the memory of the process that spawned it as its own peak.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

RSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in a unit of ``ru_maxrss``."""


class World:
    """Asks the process that holds the simulators.

    Args:
        process: That process.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.environment: dict[str, str] = self._answer()

    def deals(self, count: int, *, company: bool = False, products: bool = False) -> list[int]:
        """Add deals, each with a contact of its own, and return their ids."""
        deals: list[int] = self._ask("deals", count, company, products)
        return deals

    def repeat(self, deal: int) -> int:
        """Add another deal of that deal's contact and return its id."""
        again: int = self._ask("repeat", deal)
        return again

    def map(self, **changes: object) -> None:
        """Write the mapping anew, with sections changed."""
        self._ask("map", changes)

    def requests(self) -> dict[str, int]:
        """Count the requests since the last call: ``crm``, ``books``, and ``writes`` of both."""
        counted: dict[str, int] = self._ask("requests")
        return counted

    def _ask(self, name: str, *arguments: object) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, arguments]) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@contextmanager
def simulators(books: str) -> Iterator[World]:
    """Start the simulators, and end them.

    Args:
        books: Which ones there are beside the CRM.
    """
    with subprocess.Popen(
        [sys.executable, Path(__file__).with_name("bench_simulators.py"), books],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield World(process)
        finally:
            process.communicate()


@dataclass(frozen=True)
class Spent:
    """What one process took.

    Args:
        wall_s: Seconds from its start to its end.
        cpu_s: Seconds of processor time of its own.
        rss_mb: Its peak of resident memory, in 10^6 bytes.
    """

    wall_s: float
    cpu_s: float
    rss_mb: float


def spend(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Spent:
    """Run a command to its end and return what it took.

    Raises:
        RuntimeError: It did not exit 0.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=None if environment is None else dict(environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    with process.stderr:
        said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} exited with {process.returncode}: {said}")
    cpu_s = usage.ru_utime + usage.ru_stime
    return Spent(wall_s, cpu_s, usage.ru_maxrss * RSS_UNIT / 1e6)
