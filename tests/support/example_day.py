"""An example's day on the sandbox: a look at all its deals, a run, and the run again."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.request import ProxyHandler, Request, build_opener

from sandbox_child import running

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox_child import Running

D = TypeVar("D", bound="Day")


@dataclass
class Day:
    """What was seen that day.

    Args:
        previews: The plans of the look, by the deals' names.
        writes: How many requests had written something after the look, the run, the second run.
        world: What each side holds in the end.
    """

    sandbox: Running
    previews: dict[str, dict[str, Any]]
    first: subprocess.CompletedProcess[str]
    second: subprocess.CompletedProcess[str]
    writes: list[int]
    world: dict[str, Any]

    def lead(self, name: str) -> dict[str, Any]:
        """A deal as Kommo holds it."""
        found: dict[str, Any] = next(
            each for each in self.world["kommo"]["leads"] if each["name"] == name
        )
        return found

    def task(self, name: str) -> dict[str, Any]:
        """The one task of a deal."""
        lead = self.lead(name)["id"]
        (task,) = (each for each in self.world["kommo"]["tasks"] if each["lead"] == lead)
        found: dict[str, Any] = task
        return found

    def invoice(self, name: str) -> dict[str, Any]:
        """The invoice that a deal's mark names."""
        provider, _, marked = self.lead(name)["fields"]["Invoice ID"].partition(":")
        (invoice,) = (each for each in self.world[provider]["invoices"] if each["id"] == marked)
        found: dict[str, Any] = invoice
        return found


def read(url: str, **headers: str) -> Any:
    """What an address of this machine answers."""
    asked = Request(url, headers=headers)
    with build_opener(ProxyHandler({})).open(asked, timeout=10) as answer:
        return json.load(answer)


@contextmanager
def played(kind: type[D], home: Path, mapping: Path) -> Iterator[D]:
    """Play the day of an example's mapping; its simulators run on in the end."""
    with running(home, "--mapping", mapping) as sandbox:
        every = [part for deal in sandbox.told["deals"] for part in ("--deal", deal["id"])]
        looked = sandbox.kinv("invoice", *every, "--dry-run", "--json")
        events = [json.loads(line) for line in looked.stdout.splitlines()]
        previews = {each["name"]: each for each in events if each["event"] == "plan"}
        counted = [_writes(sandbox)]
        first = sandbox.kinv("invoice", *every)
        counted.append(_writes(sandbox))
        second = sandbox.kinv("invoice", *every)
        counted.append(_writes(sandbox))
        yield kind(sandbox, previews, first, second, counted, sandbox.world())


def _writes(sandbox: Running) -> int:
    """How many requests have written something; QuickBooks' batches are of queries alone."""
    asked = read(f"{sandbox.told['urls']['control']}/requests")
    return sum(each["method"] != "GET" and each["operation"] != "POST /batch" for each in asked)
