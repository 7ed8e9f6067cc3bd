"""Files are short, explained, and free of what belongs to no reader of the project."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "kommo_invoice").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TEXTS = [
    *SOURCES,
    *TESTS,
    *(ROOT / "kommo_invoice").rglob("*.graphql"),
    *(ROOT / "examples").rglob("*.*"),
    *ROOT.glob("*.md"),
    *ROOT.glob("*.toml"),
]
LONGEST = 400
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")
WORKPLACE = re.compile(
    "|".join(("/" + "work/", "/tmp/" + "venv", r"\.lib" + "rary", "sha" + r"red/specs"))
)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=name)
def test_a_file_is_at_most_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_file_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_nothing_is_left_unfinished(path: Path) -> None:
    assert not UNFINISHED.search(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_nothing_speaks_of_the_machine_it_was_written_on(path: Path) -> None:
    assert not WORKPLACE.search(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_rule_is_only_waived_with_a_reason(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        if "# noqa" in line:
            assert re.search(r"# noqa: [A-Z0-9, ]+ - \w+", line), line


def test_test_files_have_names_of_their_own() -> None:
    names = [path.name for path in TESTS]
    assert sorted(set(names)) == sorted(names)
