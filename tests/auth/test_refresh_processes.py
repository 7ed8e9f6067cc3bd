"""A grant survives many processes, crashes and signals: each refresh token is used once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from token_ground import Ground
from token_server import FIRST_REFRESH, TokenServer, token_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Start = Callable[..., "Child"]
    Run = Callable[..., tuple[int, dict[str, str]]]
    Together = Callable[[Ground, str], list["Child"]]

PROCESSES = 8
CHILD = Path(__file__).with_name("token_child.py")
KILLED = 137
ENDED = timedelta(hours=-1)


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with token_server() as it:
        yield it


@pytest.fixture
def ground(tmp_path: Path, server: TokenServer) -> Ground:
    """A grant whose access token ended an hour ago."""
    built = Ground(tmp_path, server.url)
    built.keep(ENDED)
    return built


class Child:
    """A process that stands ready to want a token."""

    def __init__(self, ground: Ground, way: str = "kinv", **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, CHILD, way, ground.state_dir, ground.url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        self.log = ""

    def ready(self) -> Child:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        return self

    def go(self) -> Child:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self

    def end(self) -> tuple[int, dict[str, str]]:
        """Return its exit code and its answer."""
        out, self.log = self.process.communicate(timeout=60)
        return self.process.returncode, json.loads(out or "{}")


@pytest.fixture
def start() -> Iterator[Start]:
    """Start children, none of which outlives the test."""
    children: list[Child] = []

    def one(ground: Ground, way: str = "kinv", **environment: str) -> Child:
        children.append(Child(ground, way, **environment))
        return children[-1]

    yield one
    for child in children:
        if child.process.poll() is None:
            child.process.kill()
            child.process.communicate()


@pytest.fixture
def run(start: Start) -> Run:
    """Let a child live its life, and return its exit code and answer."""
    return lambda ground, **environment: start(ground, **environment).ready().go().end()


@pytest.fixture
def together(start: Start) -> Together:
    """Release all processes at once, when the last one stands ready."""

    def release(ground: Ground, way: str) -> list[Child]:
        children = [start(ground, way) for _ in range(PROCESSES)]
        for child in children:
            child.ready()
        return [child.go() for child in children]

    return release


def test_eight_processes_refresh_once_and_all_have_the_new_token(
    ground: Ground, server: TokenServer, together: Together
) -> None:
    children = together(ground, "kinv")
    assert [child.end() for child in children] == [(0, {"token": "access-planted-1"})] * PROCESSES
    assert server.asked == [FIRST_REFRESH]
    assert server.accepts("access-planted-1")
    secret = ground.secret
    assert (secret.access_token, secret.refresh_token) == ("access-planted-1", "refresh-planted-1")
    assert secret.generation == 1
    logs = "".join(child.log for child in children)
    assert logs.count("refreshed the token") == 1
    assert "planted" not in logs


def test_without_the_lock_the_same_processes_lose_the_grant(
    ground: Ground, server: TokenServer, together: Together
) -> None:
    ends = [child.end() for child in together(ground, "naive")]
    assert ends.count((0, {"error": "GrantEnded", "exit": "4"})) == PROCESSES - 1
    assert server.asked == [FIRST_REFRESH] * PROCESSES
    assert not server.alive


def crash(ground: Ground, run: Run, name: str) -> int:
    """Run a process that dies at a checkpoint, and return its exit code."""
    with token_server() as elsewhere:
        clean = Ground(ground.state_dir / "clean", elsewhere.url)
        clean.keep(ENDED)
        log = ground.state_dir / "checkpoints"
        run(clean, KINV_CHECKPOINT_LOG=str(log))
    names = log.read_text(encoding="utf-8").splitlines()
    return run(ground, KINV_CRASH_AT=str(names.index(name) + 1))[0]


def test_a_crash_before_the_new_token_is_kept_ends_in_a_new_login_and_no_loop(
    ground: Ground, server: TokenServer, run: Run
) -> None:
    assert crash(ground, run, "auth.refresh.answered") == KILLED
    assert (server.number, ground.secret.generation) == (1, 0)
    assert run(ground)[1] == {"error": "LoginNeeded", "exit": "4"}
    assert server.asked == [FIRST_REFRESH] * 2
    assert ground.facts.refused_at == ground.now
    assert run(ground)[1] == {"error": "LoginNeeded", "exit": "4"}
    assert server.asked == [FIRST_REFRESH] * 2, "what is known to have ended is not asked for"


def test_a_crash_after_the_new_token_is_kept_costs_nothing(
    ground: Ground, server: TokenServer, run: Run
) -> None:
    assert crash(ground, run, "auth.refresh.saved") == KILLED
    assert run(ground) == (0, {"token": "access-planted-1"})
    assert server.asked == [FIRST_REFRESH]
    assert server.alive


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_process_that_is_told_to_end_keeps_the_new_token_first(
    ground: Ground, server: TokenServer, start: Start, run: Run, number: signal.Signals
) -> None:
    server.go.clear()
    child = start(ground).ready().go()
    server.came.wait()
    child.process.send_signal(number)
    server.go.set()
    assert child.end() == (-number, {})
    assert ground.secret.refresh_token == server.refresh_token == "refresh-planted-1"
    assert run(ground) == (0, {"token": "access-planted-1"})
