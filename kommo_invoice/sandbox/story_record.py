"""What happens in a story, kept as data, and whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kommo_invoice.sandbox.world import RequestRecord


class Teller(Protocol):
    """Whoever shows the story."""

    def scene(self, number: int, title: str, text: str) -> None:
        """Begin a scene."""

    def command(self, line: str) -> None:
        """Show a command line that is run now."""

    def check(self, words: str, *, holds: bool) -> None:
        """Show what was expected, and whether it is so."""

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Show what somebody would see in the provider's own pages."""


@dataclass(frozen=True, slots=True)
class Played:
    """One command that was run.

    Args:
        line: As it was typed.
        exit_code: As it ended.
        requests: By provider.
        writes: Those that ask for a change, by operation.
    """

    line: str
    exit_code: int
    requests: Mapping[str, int]
    writes: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "command": self.line,
            "exit_code": self.exit_code,
            "requests": dict(self.requests),
            "writes": dict(self.writes),
        }


@dataclass(slots=True)
class Scene:
    """What happened in a scene, as data."""

    title: str
    commands: list[Played] = field(default_factory=list)
    checks: list[tuple[str, bool]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "title": self.title,
            "commands": [played.to_dict() for played in self.commands],
            "checks": [{"what": words, "holds": holds} for words, holds in self.checks],
        }


def is_write(asked: RequestRecord) -> bool:
    """Say whether a request asks for a change; in GraphQL the document says it, not the method."""
    if isinstance(asked.body, dict) and "query" in asked.body:
        return str(asked.body["query"]).lstrip().startswith("mutation")
    return asked.method != "GET"
