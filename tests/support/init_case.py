"""What the tests of ``kinv mapping init`` share: it is run by flags and on a terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from stage import Result, Stage

OURS = {"Invoice ID", "Invoice number", "Invoice link", "Payment status", "Paid amount", "Paid on"}
TAX = ("--tax", "DE=VAT 19%")
ON_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Makes stdin the terminal that Ctrl-C comes from, then becomes another program."""


def sides(stage: Stage) -> list[str]:
    """Return the flags that lead to the simulators."""
    urls = stage.sandbox.urls
    return ["--crm-base-url", urls["kommo"], "--books-base-url", urls[stage.provider]]


def begin(stage: Stage, *arguments: object, **environment: str) -> Result:
    """Run ``kinv mapping init`` for a file that is not there yet."""
    return stage.kinv(
        "mapping", "init", *sides(stage), "-o", target(stage), *arguments, **environment
    )


def target(stage: Stage) -> Path:
    return stage.folder / "first.toml"


def forget_fields(stage: Stage) -> None:
    """Make the account one that never heard of kinv."""
    fields = stage.kommo.account.fields["leads"]
    for number in [number for number, each in fields.items() if each.name in OURS]:
        del fields[number]


def fields_of(stage: Stage) -> dict[str, str | None]:
    """Return the deal's fields of ours, by name, with their codes."""
    fields = stage.kommo.account.fields["leads"].values()
    return {each.name: each.code for each in fields if each.name in OURS}


def check(stage: Stage) -> Result:
    return stage.kinv("mapping", "check", "--mapping", target(stage), "--json")


def play(stage: Stage, *answers: tuple[str, str], extra: tuple[str, ...] = ()) -> tuple[int, str]:
    """Run it on a terminal of its own; give each answer when its words have appeared."""
    command = [sys.executable, "-m", "kommo_invoice", "mapping", "init", *sides(stage)]
    command += ["-o", str(target(stage)), *extra]
    screen, inside = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", ON_TERMINAL, *command],
        env={**stage.environment(), "TERM": "dumb"},
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
    )
    os.close(inside)
    shown, seen, ends = "", 0, time.monotonic() + 30
    left = list(answers)
    while time.monotonic() < ends:
        ready, _, _ = select.select([screen], [], [], 1)
        if not ready:
            continue
        try:
            piece = os.read(screen, 65536).decode()
        except OSError:  # the other end is closed
            break
        shown += piece
        while left and left[0][0] in shown[seen:]:
            seen = shown.index(left[0][0], seen) + len(left[0][0])
            os.write(screen, left.pop(0)[1].encode())
    code = child.wait(timeout=30)
    os.close(screen)
    assert not left, shown
    return code, shown.replace("\r\n", "\n")
