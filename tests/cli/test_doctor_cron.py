"""``kinv doctor --cron``: in a real child with cron's environment, compared with this shell's."""

from __future__ import annotations

import json
import os
import pwd
from typing import TYPE_CHECKING

import pytest
from doctor_case import Diagnosis, read

from kommo_invoice.config.settings import secret_names

if TYPE_CHECKING:
    from stage import Result, Stage

PLANTED = "planted-secret-0123456789"


@pytest.fixture
def at_home(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A stage whose folder is the user's home, and whose tokens are easy to find again."""
    person = pwd.getpwuid(os.getuid())
    home = pwd.struct_passwd((*person[:5], str(stage.folder), *person[6:]))
    monkeypatch.setattr(pwd, "getpwuid", lambda _: home)
    for provider in ("kommo", "wave"):
        stage.world.tokens[provider] = {f"{provider}-{PLANTED}"}
        stage.settings[f"KINV_{provider.upper()}_TOKEN"] = f"{provider}-{PLANTED}"
    return stage


def cron(stage: Stage, *env: str, asked: tuple[str, ...] = ()) -> Diagnosis:
    given = [part for each in env for part in ("--env", each)]
    return read(stage.kinv("doctor", "--cron", *given, *asked, "--json"))


WHOLE = ("KINV_STATE_DIR", "KINV_CONFIG_DIR", "KINV_KOMMO_TOKEN", "KINV_WAVE_TOKEN")
"""What the crontab has to set on a stage, taken from this shell."""


def test_tokens_of_this_shell_do_not_reach_cron(at_home: Stage) -> None:
    ended = at_home.kinv("--log-level", "debug", "doctor", "--cron", "--json")
    assert PLANTED not in ended.out + ended.err
    told = read(ended)
    assert told.code == 4
    assert not at_home.world.requests
    for provider in ("kommo", "wave"):
        found = told.one(f"cron {provider} token")
        assert found["state"] == "fails"
        assert f"tonight it fails because KINV_{provider.upper()}_TOKEN" in found["evidence"]
        assert f"`kinv connect {provider} --store file`" in found["hint"]
        assert "KINV_STORE_KEY_FILE" in found["hint"]
        assert told.one(f"{provider} account")["state"] == "not checked"


def test_another_state_folder(at_home: Stage) -> None:
    told = cron(at_home)
    found = told.one("cron state")
    assert found["exit_code"] == 7
    assert str(at_home.state) in found["evidence"]
    assert str(at_home.folder / ".local/state/kinv") in found["evidence"]
    assert f"KINV_STATE_DIR={at_home.state}" in found["hint"]


def test_with_what_the_crontab_sets_all_is_well(at_home: Stage) -> None:
    told = cron(at_home, *WHOLE)
    assert told.code == 0
    assert not told.bad()
    assert told.document["environment"] == "cron"
    assert told.document["tokens"] == {"kommo": "environment", "wave": "environment"}
    assert sum(at_home.requests().values()) <= 7
    assert not at_home.writes()


def test_a_secret_that_is_named_is_not_printed(at_home: Stage) -> None:
    at_home.settings["KINV_STORE_KEY"] = "planted-key-987654321"
    given = [part for each in (*WHOLE, "KINV_STORE_KEY") for part in ("--env", each)]
    for asked in ([], ["--json"]):
        ended = at_home.kinv("--debug-http", "doctor", "--cron", *given, *asked)
        assert ended.code == 0
        assert PLANTED not in ended.out + ended.err
        assert "planted-key" not in ended.out + ended.err
    assert f"HOME={at_home.folder}" in at_home.kinv("doctor", "--cron", *given).out


@pytest.mark.parametrize("name", sorted(secret_names()))
def test_a_secret_is_no_argument(name: str, at_home: Stage) -> None:
    for variable in (f"KINV_{name.upper()}", f"kinv_{name}"):
        ended = at_home.kinv("doctor", "--cron", "--env", f"{variable}={PLANTED}")
        assert ended.code == 2
        assert f"give the NAME alone, --env {variable}" in ended.err
        assert PLANTED not in ended.out + ended.err
    assert not at_home.world.requests


def test_what_sounds_secret_is_not_printed_either(at_home: Stage) -> None:
    ended = at_home.kinv("doctor", "--cron", "--env", f"SMTP_PASSWORD={PLANTED}")
    assert "SMTP_PASSWORD=***" in ended.out
    assert PLANTED not in ended.out + ended.err


def test_a_folder_of_the_same_name_at_home_is_not_run(at_home: Stage) -> None:
    package = at_home.folder / "kommo_invoice"
    package.mkdir()
    for name in ("__init__", "__main__"):
        (package / f"{name}.py").write_text("raise SystemExit('not kinv')\n", encoding="utf-8")
    assert cron(at_home, *WHOLE).code == 0


def test_a_mapping_that_cron_does_not_find(at_home: Stage) -> None:
    hidden = at_home.folder / "office"
    hidden.mkdir()
    mapping = (at_home.folder / "mapping.toml").rename(hidden / "mapping.toml")
    at_home.settings["KINV_MAPPING"] = str(mapping)
    told = cron(at_home, *WHOLE)
    assert told.code == 7
    assert told.bad() == {"cron mapping"}
    found = told.one("cron mapping")
    assert f"this shell uses {mapping}" in found["evidence"]
    assert f"--mapping {mapping}" in found["hint"]
    assert told.one("wave account")["state"] == "ok", "what comes after it is checked as well"


def test_a_mapping_that_is_named_is_found(at_home: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = at_home.folder / "office"
    hidden.mkdir()
    (at_home.folder / "mapping.toml").rename(hidden / "mapping.toml")
    monkeypatch.chdir(at_home.folder)
    told = cron(at_home, *WHOLE, asked=("--mapping", "office/mapping.toml"))
    assert told.code == 0
    assert told.document["mapping"] == str(hidden / "mapping.toml")


def test_another_mapping_than_here(at_home: Stage) -> None:
    other = at_home.folder / "other.toml"
    other.write_bytes((at_home.folder / "mapping.toml").read_bytes())
    at_home.settings["KINV_MAPPING"] = str(other)
    told = cron(at_home, *WHOLE)
    assert told.code == 7
    assert "tonight it works by another mapping" in told.one("cron mapping")["evidence"]


def test_a_program_that_is_not_in_crons_path(at_home: Stage) -> None:
    program = at_home.folder / "bin" / "kinv"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o700)
    at_home.settings["PATH"] = f"{program.parent}:/usr/bin:/bin"
    told = cron(at_home, *WHOLE)
    assert told.code == 0
    assert told.bad() == {"cron program"}
    assert str(program) in told.one("cron program")["hint"]


def test_settings_that_are_broken_there(at_home: Stage) -> None:
    folder = at_home.folder / ".config" / "kinv"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("settle_s = 'soon'\n", encoding="utf-8")
    told = cron(at_home)
    assert told.code == 7
    assert "settle_s" in told.one("cron")["evidence"]


def test_a_child_that_does_not_end(at_home: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kommo_invoice.cli.cron.TIMEOUT_S", 0.01)
    told = cron(at_home)
    assert told.code == 5
    assert "did not end within" in told.one("cron")["evidence"]


def test_a_home_that_does_not_exist(at_home: Stage) -> None:
    told = cron(at_home, f"HOME={at_home.folder / 'nowhere'}")
    assert told.code == 7
    assert "nowhere" in told.one("cron")["evidence"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--env", "A=b"],
        ["--cron", "--env", "KINV_UNHEARD_OF"],
        ["--cron", "--env", f"{PLANTED}=x"],
        ["--cron", "--env", "=x"],
    ],
    ids=" ".join,
)
def test_a_wrong_call_is_exit_2(arguments: list[str], stage: Stage) -> None:
    ended: Result = stage.kinv("doctor", *arguments)
    assert ended.code == 2
    assert PLANTED not in ended.err
    assert not ended.out


def test_people_see_the_same_lines(at_home: Stage) -> None:
    told = at_home.kinv("doctor", "--cron", "--env", "KINV_STATE_DIR", "--env", "KINV_WAVE_TOKEN")
    assert told.code == 4
    assert "as cron runs it" in told.out
    assert "KINV_WAVE_TOKEN=***" in told.out
    assert "tonight it fails because KINV_KOMMO_TOKEN is set in this shell only" in told.out
    assert told.out.rstrip().endswith("exit 4")


def test_the_document_is_one_line_of_json(at_home: Stage) -> None:
    (line,) = at_home.kinv("doctor", "--cron", "--json").out.splitlines()
    assert set(json.loads(line)) >= {"mapping", "state_dir", "tokens", "checks", "exit_code"}
