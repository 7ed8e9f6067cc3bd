"""What a command does not need it does not load."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

# typer itself loads pydantic where it is installed, once a command has options.
HEAVY = {
    *("httpx", "sqlite_utils", "keyring", "jinja2", "pydantic_settings", "rich", "sqlite3"),
    *("babel", "pycountry", "email_validator", "stamina", "starlette", "uvicorn", "graphql"),
}
PROGRAM = """
import contextlib, io, json, sys
from kommo_invoice.cli.main import run
with contextlib.redirect_stdout(io.StringIO()):
    code = run(json.loads(sys.argv[1]))
print(json.dumps([int(code), sorted({name.split(".")[0] for name in sys.modules})]))
"""


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["invoice", "--help"], ["help", "exit-codes"], ["demo", "--help"]],
    ids=" ".join,
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(arguments)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    code, modules = json.loads(ended.stdout)
    assert code == 0
    assert not HEAVY & set(modules)
