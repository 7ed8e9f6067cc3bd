"""Checkpoints do nothing by themselves; tests watch them, and kill the process at one."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from kommo_invoice import checkpoints

if TYPE_CHECKING:
    from pathlib import Path

RUN = """
from kommo_invoice import checkpoints
for name in ("one", "two", "three"):
    checkpoints.reach(name)
    print(name, flush=True)
"""


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {key: os.environ[key] for key in ("PATH", "PYTHONPATH") if key in os.environ}
    command = [sys.executable, "-c", RUN]
    return subprocess.run(
        command, env={**inherited, **environment}, capture_output=True, text=True, check=False
    )


def test_an_installed_handler_hears_each_name_until_it_is_taken_away() -> None:
    heard: list[str] = []
    checkpoints.install(heard.append)
    checkpoints.reach("one")
    checkpoints.install(None)
    checkpoints.reach("two")
    assert heard == ["one"]


def test_without_the_environment_nothing_happens() -> None:
    assert run().stdout.split() == ["one", "two", "three"]


def test_the_process_dies_at_the_given_checkpoint_which_is_the_last_one_in_the_log(
    tmp_path: Path,
) -> None:
    log = tmp_path / "checkpoints"
    died = run(KINV_CRASH_AT="2", KINV_CHECKPOINT_LOG=str(log))
    assert died.returncode == 137
    assert died.stdout.split() == ["one"]
    assert log.read_text().split() == ["one", "two"]


def test_a_number_that_is_never_reached_kills_nothing(tmp_path: Path) -> None:
    log = tmp_path / "checkpoints"
    for _ in range(2):
        assert run(KINV_CRASH_AT="4", KINV_CHECKPOINT_LOG=str(log)).returncode == 0
    assert log.read_text().split() == ["one", "two", "three"] * 2


def test_it_is_imported_cheaply() -> None:
    modules = "import sys; from kommo_invoice import checkpoints; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", modules], capture_output=True, text=True, check=True
    )
    assert not {"httpx", "asyncio", "logging"} & set(done.stdout.split())
