"""Kills kinv in the middle of a flow, lets it go on from there, and looks at what came of it.

A flow joins by standing in a list of ``Flow``; everything else is counted and compared with one
clean run.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any

from crash_nursery import Nursery
from stage import Result, Stage

from kommo_invoice.sandbox.world import RequestRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SEED = int(os.environ.get("KINV_SEED", "2611"))
"""What the random moments come from."""

KILLED = 137

_MOST_RUNS = 6


def _nothing(stage: Stage) -> None:
    """Leave a new stage as it is."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One way of kinv's that may be cut off anywhere.

    Args:
        name: What a failure calls it.
        command: The command line that is killed, and run again afterwards.
        prepare: Brings a new stage to where the flow begins.
        stage: Builds a stage in a folder: other providers bring their own.
        since_deal: It is killed from where it takes up its first, second … deal, where up to
            there it goes as another flow does; 0 from its beginning.
        twins: Whether it is killed at checkpoints, too, that differ in their names alone.
    """

    name: str
    command: Callable[[Stage], Sequence[object]]
    prepare: Callable[[Stage], None] = _nothing
    stage: type[Stage] = Stage
    since_deal: int = 0
    twins: bool = False

    def __str__(self) -> str:
        return f"{self.stage.provider}, {self.name}"


@dataclass(frozen=True, slots=True)
class Clean:
    """A flow as it goes when nothing is killed.

    Args:
        names: Its checkpoints in order.
        picture: What both sides hold afterwards.
        requests: How many requests it took.
        lasted_s: How long the process lived.
    """

    names: tuple[str, ...]
    picture: dict[str, Any]
    requests: int
    lasted_s: float

    def moments(self, since_deal: int, *, twins: bool) -> list[tuple[int, str]]:
        """Return checkpoints counted from 1, from where the so manieth deal is taken up.

        Args:
            since_deal: Which deal; 0 for all from the beginning.
            twins: Whether one before something stands beside the one after what was done last,
                though nothing that outlives the process lies between them.
        """
        counted = list(enumerate(self.names, 1))
        claims = [at for at, name in counted if name == "commit.before:claim"]
        chosen = counted[claims[since_deal - 1] - 1 :] if since_deal else counted
        return [each for each in chosen if twins or ".after:" in each[1]]


class Doorbell(list[RequestRecord]):
    """The requests of a world; rings when one for a certain operation has come."""

    def __init__(self, operation: str) -> None:
        super().__init__()
        self._operation = operation
        self.rung = Event()

    def append(self, record: RequestRecord) -> None:
        """Note a request that comes."""
        super().append(record)
        if record.operation == self._operation:
            self.rung.set()


class Crashes:
    """Runs flows on new stages, in children that can be killed."""

    def __init__(self) -> None:
        self.nursery = Nursery()
        self._clean: dict[Flow, Clean] = {}
        # A server takes a moment to stop, and nobody has to wait for it.
        self._closing = ThreadPoolExecutor(1)

    def close(self) -> None:
        """Stop what is still running."""
        self.nursery.close()
        self._closing.shutdown()

    @contextmanager
    def stage(self, flow: Flow) -> Iterator[Stage]:
        """Yield a new stage, prepared for the flow."""
        folder = Path(tempfile.mkdtemp(prefix="kinv-crash-"))
        stage = flow.stage(folder)
        try:
            flow.prepare(stage)
            yield stage
        finally:
            self._closing.submit(_put_away, stage, folder)

    def clean(self, flow: Flow) -> Clean:
        """Return how the flow goes undisturbed; it is run once."""
        if flow not in self._clean:
            with self.stage(flow) as stage:
                before, log, began = len(stage.world.requests), stage.folder / "log", monotonic()
                self.start(stage, flow, KINV_CHECKPOINT_LOG=str(log))
                code = self.nursery.wait()
                lasted_s = monotonic() - began
                assert code == 0, _told(stage)
                names = tuple(log.read_text(encoding="utf-8").splitlines())
                requests = len(stage.world.requests) - before
                self._clean[flow] = Clean(names, stage.picture(), requests, lasted_s)
        return self._clean[flow]

    def start(
        self, stage: Stage, flow: Flow, *, kill_after_s: float | None = None, **environment: str
    ) -> None:
        """Start the flow in a child, which may be killed from outside after a while."""
        self.nursery.start(
            flow.command(stage),
            stage.environment(**environment),
            stage.folder / "told",
            kill_after_s=kill_after_s,
        )

    def kill_at(self, stage: Stage, flow: Flow, at: int) -> None:
        """Run the flow in a child that dies at its ``at``-th checkpoint, counted from 1."""
        log = stage.folder / "log"
        self.start(stage, flow, KINV_CRASH_AT=str(at), KINV_CHECKPOINT_LOG=str(log))
        assert self.nursery.wait() == KILLED, _told(stage)
        assert log.read_text(encoding="utf-8").splitlines() == list(self.clean(flow).names[:at])

    def damage(self, stage: Stage, flow: Flow) -> list[str]:
        """Let kinv go on until it is quiet; return how the outcome differs from the clean run's."""
        command = flow.command(stage)
        for _ in range(_MOST_RUNS):
            before = len(stage.world.requests)
            ended = stage.kinv(*command, KINV_SETTLE_S="0")
            if ended.code == 0 and not stage.writes(before):
                return differences(self.clean(flow).picture, stage.picture())
        return [f"not quiet after {_MOST_RUNS} runs: {_short(ended)}"]


def differences(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Return in words how two pictures differ."""
    return [
        f"{part} are {found[part]}, not {expected[part]}"
        for part in expected
        if found[part] != expected[part]
    ]


def _put_away(stage: Stage, folder: Path) -> None:
    stage.close()
    shutil.rmtree(folder)


def _told(stage: Stage) -> str:
    return (stage.folder / "told").read_text(encoding="utf-8")


def _short(ended: Result) -> str:
    return f"exit {ended.code}: {ended.out[-400:]} {ended.err[-400:]}"
