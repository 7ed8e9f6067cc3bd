"""Named moments of a run at which tests watch or kill the process.

A crash test needs to stop kinv exactly before a request leaves, after the server acted, or
around a commit. The code marks these moments with ``reach``; outside tests that does nothing.
From outside the process two environment variables act on them:

``KINV_CHECKPOINT_LOG``  a path: each name is appended to it as one line
``KINV_CRASH_AT``        a number k: the k-th checkpoint ends the process like ``kill -9``
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from functools import cache

Handler = Callable[[str], None]

_KILLED = 137
_installed: list[Handler] = []


def install(handler: Handler | None) -> None:
    """Call ``handler`` with the name of each checkpoint from now on; None takes it away again."""
    _installed[:] = [] if handler is None else [handler]


def reach(name: str) -> None:
    """Say that the moment ``name`` has come."""
    for act in (*_from_environment(), *_installed):
        act(name)


@cache
def _from_environment() -> tuple[Handler, ...]:
    """Return what the environment asks for, read once; the log comes before the crash."""
    handlers: list[Handler] = []
    if path := os.environ.get("KINV_CHECKPOINT_LOG"):
        handlers.append(_appender(path))
    if number := os.environ.get("KINV_CRASH_AT"):
        handlers.append(_killer(int(number)))
    return tuple(handlers)


def _appender(path: str) -> Handler:
    # One write of one line to a file opened with O_APPEND: lines of several processes never mix.
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def act(name: str) -> None:
        os.write(file, f"{name}\n".encode())

    return act


def _killer(at: int) -> Handler:
    numbers = itertools.count(1)

    def act(_: str) -> None:
        if next(numbers) == at:
            os._exit(_KILLED)

    return act
