"""What the tests of ``kinv mapping check`` share: what it tells, and mappings that do not fit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stage import Result, Stage


def check(stage: Stage) -> dict[str, Any]:
    """Return what the check of a mapping that fits tells programs."""
    ended = stage.kinv("mapping", "check", "--json")
    assert ended.code == 0, ended
    told: dict[str, Any] = json.loads(ended.out)
    return told


def told_as(effect: str, told: dict[str, Any]) -> dict[str, str]:
    """Return the keys that have an effect, each with its words."""
    return {each["key"]: each["words"] for each in told["drops"] if each["effect"] == effect}


def refused(told: dict[str, Any]) -> dict[str, str]:
    """Return the keys that are refused, each with its words."""
    return told_as("refused", told)


def dropped(told: dict[str, Any]) -> set[str]:
    """Return the keys that are left out."""
    return set(told_as("dropped", told))


def invalid(stage: Stage, *words: str) -> Result:
    """Check a mapping that does not fit: exit 7 from the check and from a run, and no write."""
    ended = stage.kinv("mapping", "check")
    assert ended.code == 7, ended
    for each in words:
        assert each in ended.err
    assert stage.invoice().code == 7
    assert not stage.writes()
    return ended
