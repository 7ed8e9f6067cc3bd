"""Bears kinv processes quickly: what takes long to import is imported once, then it is forked.

A child is a process of its own like any other: it runs the whole command line under the
environment that it is given, and dies of signals and of ``os._exit``. Run as a program, this
file reads one order a line and answers each with two lines: ``child <process id>`` at once, and
``code <exit code>`` when it has ended.
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import signal
import subprocess
import sys
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import typer.main

import kommo_invoice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Nursery:
    """The process that bears children, as the tests see it; it has one child at a time."""

    def __init__(self) -> None:
        self._child: int | None = None
        # In a session of its own, Ctrl-C on the tests reaches no child; when the tests end,
        # however they do, its input ends and so does it.
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def close(self) -> None:
        """End it."""
        self._process.communicate()

    def start(
        self,
        arguments: Sequence[object],
        environment: Mapping[str, str],
        told: Path,
        *,
        kill_after_s: float | None = None,
    ) -> None:
        """Start kinv.

        Args:
            arguments: Its command line.
            environment: All of its environment.
            told: The file to which all that it prints is added.
            kill_after_s: When it is killed (SIGKILL) if it has not ended, in seconds.
        """
        order = {
            "arguments": [str(each) for each in arguments],
            "environment": dict(environment),
            "told": str(told),
            "kill_after_s": kill_after_s,
        }
        assert self._child is None, "there is a child already"
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        self._child = self._answer("child")

    def signal(self, number: signal.Signals) -> None:
        """Send the child a signal, while it surely lives."""
        assert self._child is not None, "there is no child"
        os.kill(self._child, number)

    def wait(self) -> int:
        """Return the child's exit code, -9 and the like where a signal ended it."""
        code = self._answer("code")
        self._child = None
        return code

    def _answer(self, expected: str) -> int:
        assert self._process.stdout is not None
        word, _, number = self._process.stdout.readline().partition(" ")
        assert word == expected, f"the nursery said {word!r}, not {expected!r}"
        return int(number)


def _live(order: Mapping[str, Any]) -> NoReturn:
    """Be the child: run kinv and end."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    told = os.open(str(order["told"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(told, 1)
    os.dup2(told, 2)
    code = 70
    try:
        from kommo_invoice.cli.main import run

        code = run(order["arguments"])
        sys.stdout.flush()
    finally:
        os._exit(code)


def _end_of(child: int, kill_after_s: float | None) -> int:
    """Return the child's exit code; the one who waits for it kills it, so it is never another."""

    def kill(*_: object) -> None:
        # It may have ended, and been waited for, in this very moment.
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, kill)
    signal.setitimer(signal.ITIMER_REAL, kill_after_s or 0)
    _, status = os.waitpid(child, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    return os.waitstatus_to_exitcode(status)


def _say(word: str, number: int) -> None:
    sys.stdout.write(f"{word} {number}\n")
    sys.stdout.flush()


def _prepare() -> None:
    """Do once what every child would do alike: imports, and building the tree of commands."""
    for module in pkgutil.walk_packages(kommo_invoice.__path__, "kommo_invoice."):
        if not module.name.startswith(("kommo_invoice.sandbox", "kommo_invoice.__main__")):
            import_module(module.name)
    from kommo_invoice.cli.main import app

    typer.main.get_command = cache(typer.main.get_command)
    typer.main.get_command(app)
    gc.freeze()


def _serve() -> None:
    _prepare()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if not child:
            _live(order)
        _say("child", child)
        _say("code", _end_of(child, order["kill_after_s"]))


if __name__ == "__main__":
    _serve()
