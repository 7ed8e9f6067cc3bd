"""Sessions with their own D-Bus, and on it a real keyring, none, or one that never answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent
WAIT_S = 60.0

linux = pytest.mark.skipif(
    sys.platform != "linux", reason="other systems have a keyring without a session"
)
needs_bus = pytest.mark.skipif(
    shutil.which("dbus-run-session") is None, reason="no dbus-run-session (package dbus)"
)
needs_keyring = pytest.mark.skipif(
    shutil.which("dbus-run-session") is None or shutil.which("gnome-keyring-daemon") is None,
    reason="no dbus-run-session or gnome-keyring-daemon (packages dbus, gnome-keyring)",
)


class Session:
    """A login of a person whose home, and so whose keyring, is a folder of the test.

    Args:
        home: The folder; sessions one after the other may share it.
        bus: Whether it has a bus; cron's have none.
    """

    def __init__(self, home: Path, *, bus: bool = True) -> None:
        run = home / "run"
        run.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.state_dir = home / "state"
        self.environment = {
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(run),
            "PATH": os.environ["PATH"],
        }
        self._bus = bus
        self._open = ExitStack()

    def __enter__(self) -> Self:
        if self._bus:
            # It prints its address and lives for as long as its input is open.
            said = self._start(
                ["dbus-run-session", "--", "sh", "-c", "echo $DBUS_SESSION_BUS_ADDRESS; exec cat"]
            )
            self.environment["DBUS_SESSION_BUS_ADDRESS"] = said
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def unlock(self) -> None:
        """Start the keyring as a login does that knows the password."""
        daemon = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self.environment,
        )
        self._open.callback(_end, daemon)
        assert daemon.stdin is not None
        daemon.stdin.write(b"the login's password")
        daemon.stdin.close()
        self._python(str(HERE / "bus_child.py"), "wait")

    def serve_nothing(self) -> None:
        """Start a keyring that never answers, as one does that waits for somebody's password."""
        assert self._start([sys.executable, str(HERE / "bus_child.py"), "mute"])

    def store(
        self, kind: str, what: str, *given: str, environment: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Return what a new process of this session says that uses a store."""
        child = HERE / "store_child.py"
        said = self._python(
            str(child), kind, str(self.state_dir), what, *given, environment=environment
        )
        answer: dict[str, Any] = json.loads(said)
        return answer

    def _python(self, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            env={**self.environment, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _start(self, command: list[str]) -> str:
        """Start a process that ends when its input does, and return the first line it says."""
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self.environment,
            text=True,
        )
        self._open.callback(_end, process)
        assert process.stdout is not None
        return process.stdout.readline().strip()


def _end(process: subprocess.Popen[Any]) -> None:
    """End a process: by the end of its input where it listens, else by a signal."""
    for stream in (process.stdin, process.stdout):
        if stream is not None and not stream.closed:
            stream.close()
    if process.args[0] == "gnome-keyring-daemon":  # type: ignore[index]  # we give lists
        process.terminate()
    process.wait(WAIT_S)
