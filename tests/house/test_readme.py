"""The README says what the code says; ``KINV_REWRITE_DOCS=1`` writes its generated parts anew."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from kommo_invoice.config.settings import Settings
from kommo_invoice.errors import EXIT_CODE_MEANINGS
from kommo_invoice.mapping.reference import reference_table

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"


def _exit_codes() -> str:
    rows = [f"| {int(code)} | {meaning} |" for code, meaning in EXIT_CODE_MEANINGS.items()]
    return "\n".join(["| code | meaning |", "|---|---|", *rows]) + "\n"


def _environment() -> str:
    rows = []
    for name, field in Settings.model_fields.items():
        default = "none" if field.default is None else f"`{field.default}`".lower()
        rows.append(f"| `KINV_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows]) + "\n"


GENERATED = {
    "exit-codes": _exit_codes,
    "mapping-keys": reference_table,
    "environment": _environment,
}


def _section(text: str, name: str) -> re.Match[str]:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end -->\n", text, re.DOTALL)
    assert found, f"README.md has no part between <!-- {name} --> and <!-- end -->"
    return found


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_part_is_up_to_date(name: str) -> None:
    text = README.read_text(encoding="utf-8")
    found = _section(text, name)
    wanted = f"\n{GENERATED[name]()}\n"
    if os.environ.get("KINV_REWRITE_DOCS"):
        README.write_text(text[: found.start(1)] + wanted + text[found.end(1) :], encoding="utf-8")
        return
    assert found[1] == wanted, "run the tests once with KINV_REWRITE_DOCS=1"


def test_every_command_of_the_table_exists() -> None:
    """Every ``kinv …`` in the command table answers to --help, with the flags it names."""
    from typer.testing import CliRunner

    from kommo_invoice.cli.main import app

    rows = [line for line in README.read_text(encoding="utf-8").splitlines() if "| `kinv" in line]
    assert rows
    for row in rows:
        names = re.findall(r"`kinv ([a-z -]+?)(?: -.*?)?`", row)
        assert names, row
        for name in names:
            helped = CliRunner().invoke(app, [*name.split(), "--help"])
            assert helped.exit_code == 0, f"kinv {name}"
            for flag in re.findall(r"`(--[a-z-]+)", row):
                assert flag in helped.output or len(names) > 1, f"kinv {name} {flag}"


def test_ci_runs_the_commands_as_the_readme_gives_them() -> None:
    """What .ci/run takes out of the README is one line each, and sets itself up."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    extract = next(line for line in script.splitlines() if line.startswith("readme()"))
    for name, ends in (("demo", "kinv demo"), ("tests", "pytest -n auto")):
        printed = subprocess.run(
            ["bash", "-c", f"{extract}\nreadme {name}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        (line,) = printed.splitlines()
        assert line.startswith("python3 -m venv .venv && .venv/bin/pip install")
        assert line.endswith(ends)
