"""A hint, a docstring or a page that names a command names one that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from kommo_invoice.cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("*.toml"), *ROOT.glob("examples/**/*.*")]
SOURCES = [*(ROOT / "kommo_invoice").rglob("*.py"), *PAGES]
MENTION = re.compile(r"`kinv ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)?)")


def _commands() -> set[str]:
    """Every command as it is typed, groups with and without their commands."""
    group = typer.main.get_group(app)
    names = set(group.commands)
    for name, command in group.commands.items():
        names |= {f"{name} {inner}" for inner in getattr(command, "commands", {})}
    return names


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_is_named_exists(path: Path) -> None:
    known = _commands()
    groups = {name.split()[0] for name in known if " " in name}
    for found in MENTION.findall(path.read_text(encoding="utf-8")):
        first = found.split()[0]
        assert first in known, f"`kinv {found}` in {path.name}"
        if first in groups and " " in found:
            assert found in known, f"`kinv {found}` in {path.name}"
