"""``kinv sandbox`` in a process of its own, and kinv run on it as a person would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import ProxyHandler, build_opener

if TYPE_CHECKING:
    from collections.abc import Iterator

KINV = [sys.executable, "-m", "kommo_invoice"]
_open = build_opener(ProxyHandler({})).open


def bare(home: Path, **more: str) -> dict[str, str]:
    """The environment of somebody who has set nothing up; ``kinv`` is on the PATH."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {"PATH": path, "HOME": str(home), "TMPDIR": str(home), **more}


@dataclass
class Running:
    """A sandbox that runs."""

    process: subprocess.Popen[str]
    told: dict[str, Any]
    home: Path

    def deal(self, name: str) -> int:
        """The id of a deal."""
        return next(int(deal["id"]) for deal in self.told["deals"] if deal["name"] == name)

    def kinv(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run kinv in the environment that the sandbox gave."""
        return subprocess.run(
            [*KINV, *map(str, arguments)],
            env=bare(self.home, **self.told["environment"]),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def world(self) -> dict[str, Any]:
        """What both sides hold, from the control address."""
        return world_of(self.told["urls"]["control"])

    def end(self, signal: int) -> tuple[int, str]:
        """Send a signal; the exit code and what was said."""
        self.process.send_signal(signal)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said


def world_of(control: str) -> dict[str, Any]:
    """What both sides hold, from a control address."""
    with _open(f"{control}/world", timeout=10) as answer:
        held: dict[str, Any] = json.load(answer)
        return held


@contextmanager
def running(home: Path, *arguments: object) -> Iterator[Running]:
    """Start ``kinv sandbox --json`` on free ports, and end it."""
    line = [*KINV, "sandbox", "--json", "--port", "0", *map(str, arguments)]
    with subprocess.Popen(
        line, env=bare(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield Running(process, json.loads(process.stdout.readline()), home)
        finally:
            process.kill()
