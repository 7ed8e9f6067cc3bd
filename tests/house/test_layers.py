"""Who may import whom (the layers of the house), and who alone may do what."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).parents[2] / "kommo_invoice"
NAME = PACKAGE.name

MAY_IMPORT: dict[str, set[str]] = {
    "domain": set(),
    "http": {"errors", "redact", "checkpoints"},
    "crm": {"http", "domain", "errors"},
    "books": {"http", "domain", "errors"},
    "mapping": {"domain", "errors"},
    "ledger": {"domain", "errors", "redact", "checkpoints"},
    "config": {"errors"},
    "auth": {"http", "errors", "config", "redact", "checkpoints"},
    "engine": {
        *("crm", "books", "ledger", "mapping", "domain", "http"),
        *("errors", "redact", "checkpoints"),
    },
    "sandbox": {"domain", "errors"},
    "errors": set(),
    "redact": set(),
    "checkpoints": set(),
}
"""Beside itself and the package's version; the command line may import everything."""

FILES = sorted(PACKAGE.rglob("*.py"))
ALONE = {
    "httpx": "http",
    "sqlite3": "ledger",
    "sqlite_utils": "ledger",
    "jinja2": "mapping",
    "typer": "cli",
    "rich": "cli",
    "starlette": "sandbox",
    "uvicorn": "sandbox",
    "graphql": "sandbox",
    "pydantic_settings": "config",
}
"""Outside libraries that are one layer's own business."""


def name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[str]:
    """Yield the full name of whatever a file imports, wherever in it, also for typing alone."""
    for node in ast.walk(tree(path)):
        match node:
            case ast.Import(names=names):
                yield from (each.name for each in names)
            case ast.ImportFrom(module=str(module), level=0, names=names):
                yield module
                if module == NAME:
                    yield from (f"{NAME}.{each.name}" for each in names)
            case ast.ImportFrom():
                pytest.fail(f"{name(path)}: a relative import")


def own(path: Path) -> set[str]:
    """Return the layers of ours that a file imports."""
    parts = [each.split(".") for each in imports(path)]
    return {each[1] for each in parts if each[0] == NAME and len(each) > 1} - {"__version__"}


def test_every_layer_has_its_rule() -> None:
    layers = {layer(path) for path in FILES} - {"__init__", "__main__", "cli"}
    assert layers == set(MAY_IMPORT)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_imports_only_what_its_layer_may(path: Path) -> None:
    if layer(path) in {"__init__", "__main__", "cli"}:
        return
    assert own(path) <= MAY_IMPORT[layer(path)] | {layer(path)}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_library_stays_in_its_layer(path: Path) -> None:
    outside = {each.split(".")[0] for each in imports(path)}
    assert "click" not in outside
    for library in outside & ALONE.keys():
        assert layer(path) == ALONE[library], library


@pytest.mark.parametrize("path", FILES, ids=name)
def test_only_the_ledger_speaks_sql(path: Path) -> None:
    if layer(path) == "ledger":
        return
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"execute", "executemany", "executescript"}
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not node.value.startswith(("SELECT ", "INSERT ", "UPDATE ", "DELETE FROM "))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_only_the_terminal_prints(path: Path) -> None:
    if name(path) == "cli/terminal.py":
        return
    for node in ast.walk(tree(path)):
        match node:
            case ast.Call(func=ast.Name(id="print")):
                pytest.fail(f"line {node.lineno}: print")
            case ast.Call(func=ast.Attribute(attr="echo" | "secho")):
                pytest.fail(f"line {node.lineno}: echo")
            case ast.Attribute(
                value=ast.Attribute(value=ast.Name(id="sys"), attr="stdout" | "stderr"),
                attr="write",
            ):
                pytest.fail(f"line {node.lineno}: writes to a stream")


@pytest.mark.parametrize("path", FILES, ids=name)
def test_only_the_command_line_reads_the_real_time(path: Path) -> None:
    if layer(path) in {"cli", "http", "sandbox", "config"}:
        return
    for node in ast.walk(tree(path)):
        match node:
            case ast.Attribute(value=ast.Name(id="datetime" | "date"), attr="now" | "today"):
                pytest.fail(f"line {node.lineno}: the clock is passed in")


@pytest.mark.parametrize("path", FILES, ids=name)
def test_the_engine_asks_capabilities_never_for_a_provider(path: Path) -> None:
    if layer(path) not in {"engine", "domain", "ledger"} or name(path) == "engine/providers.py":
        return
    providers = {"kommo", "pipedrive", "wave", "zoho", "quickbooks", "freshbooks", "xero"}
    constants = {
        node.value
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert not constants & providers
