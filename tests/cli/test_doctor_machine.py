"""``kinv doctor`` on this machine: ledger, locks, folders, the last run."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from doctor_case import diagnose

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stage import Stage

_HOLDER = """
import sys
from datetime import UTC, datetime
from pathlib import Path

from kommo_invoice.engine.locks import hold

with hold(Path(sys.argv[1]), sys.argv[2:], command="kinv sync", wait_s=0,
          clock=lambda: datetime(2026, 11, 2, 12, tzinfo=UTC)):
    print("held", flush=True)
    sys.stdin.read()
"""


def ledger(stage: Stage) -> Path:
    return stage.state / "ledger.sqlite3"


@pytest.fixture
def used(stage: Stage) -> Stage:
    """A stage on which a deal has been invoiced."""
    assert stage.invoice().code == 0
    return stage


# -- the ledger ----------------------------------------------------------------------------------


def test_a_sound_ledger(used: Stage) -> None:
    told = diagnose(used)
    assert "is whole: schema 1" in told.one("ledger")["evidence"]
    assert "mode 0600" in told.one("ledger")["evidence"]
    assert told.one("last run")["evidence"].startswith("`kinv invoice`")


@pytest.mark.parametrize("where", ["head", "page"])
def test_a_damaged_ledger(where: str, used: Stage) -> None:
    content = bytearray(ledger(used).read_bytes())
    if where == "head":
        content[:16] = b"no ledger at all"
    else:
        middle = len(content) // 2 // 4096 * 4096
        content[middle : middle + 4096 * 3] = b"\xff" * 4096 * 3
    ledger(used).write_bytes(bytes(content))
    told = diagnose(used)
    assert told.code == 7
    assert told.bad() == {"ledger"}
    assert "is damaged" in told.one("ledger")["evidence"]
    assert "backup" in told.one("ledger")["hint"]
    assert told.one("last run")["state"] == "not checked"
    assert ledger(used).read_bytes() == bytes(content)


def test_rows_that_belong_to_nothing(used: Stage) -> None:
    with contextlib.closing(sqlite3.connect(ledger(used))) as connection, connection:
        connection.execute("UPDATE steps SET claim_id = 99")
    told = diagnose(used)
    assert told.code == 7
    assert "a row of steps belongs to nothing" in told.one("ledger")["evidence"]


def test_a_ledger_of_a_newer_kinv(used: Stage) -> None:
    with contextlib.closing(sqlite3.connect(ledger(used))) as connection:
        connection.execute("PRAGMA user_version=99")
    told = diagnose(used)
    assert told.code == 7
    assert told.one("ledger")["hint"] == "upgrade kinv"


def test_a_ledger_that_others_may_read(used: Stage) -> None:
    ledger(used).chmod(0o644)
    told = diagnose(used)
    assert told.code == 0
    assert told.bad() == {"ledger"}
    assert f"chmod 600 {ledger(used)}" in told.one("ledger")["hint"]


# -- locks ---------------------------------------------------------------------------------------


@pytest.fixture
def holder(stage: Stage) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the CRM's lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(stage.state / "locks"), "kommo:agency"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_lock_that_a_run_holds(holder: subprocess.Popen[str], stage: Stage) -> None:
    told = diagnose(stage)
    assert told.code == 0
    assert told.bad() == {"locks"}
    held = told.one("locks")["evidence"]
    assert f"`kinv sync` (process {holder.pid}, since 2026-11-02T12:00:00 UTC)" in held
    assert "--wait" in told.one("locks")["hint"]


def test_a_lock_whose_run_was_killed_is_free(holder: subprocess.Popen[str], stage: Stage) -> None:
    holder.kill()
    holder.wait()
    assert list((stage.state / "locks").glob("*.holder"))
    assert diagnose(stage).one("locks")["state"] == "ok"


# -- folders -------------------------------------------------------------------------------------


def test_a_state_folder_that_cannot_be_one(stage: Stage) -> None:
    stage.state.write_text("a file in its place", encoding="utf-8")
    told = diagnose(stage)
    assert told.code == 7
    assert told.one("state folder")["state"] == "fails"
    assert told.one("kommo account")["state"] == "not checked"
    assert told.one("wave account")["state"] == "not checked"
    assert not stage.world.requests


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user(used: Stage) -> None:
    os.chown(ledger(used), 12345, -1)
    told = diagnose(used)
    assert told.bad() == {"state files"}
    assert str(ledger(used)) in told.one("state files")["evidence"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_cannot_be_written(used: Stage) -> None:
    (budget,) = (used.state / "locks").glob("kommo*.lock")
    budget.chmod(0o400)
    told = diagnose(used)
    assert told.code == 7
    assert str(budget) in told.one("state files")["evidence"]


def test_a_disk_that_is_almost_full(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(stage.folder)._replace(free=49 * 1024**2)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    told = diagnose(stage)
    assert told.code == 0, "no run refuses for it"
    assert told.bad() == {"disk"}
    assert "only 49 MB free" in told.one("disk")["evidence"]


def test_a_network_file_system(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kommo_invoice.ledger.health.filesystem_of", lambda _: "nfs4")
    told = diagnose(stage)
    assert told.code == 7
    assert "nfs4" in told.one("state folder")["evidence"]


# -- the last run --------------------------------------------------------------------------------


def test_the_same_state_folder_as_the_last_run(used: Stage) -> None:
    told = diagnose(used)
    assert told.one("same folder")["evidence"].endswith("used it, with the same mapping")


def test_another_state_folder_than_the_last_run(used: Stage) -> None:
    other = used.folder / "other"
    told = diagnose(used, KINV_STATE_DIR=str(other))
    assert told.code == 7
    assert told.bad() == {"same folder"}
    found = told.one("same folder")
    assert str(used.state) in found["evidence"]
    assert str(other) in found["evidence"]
    assert "knows invoices that this one does not" in found["evidence"]
    assert f"KINV_STATE_DIR={used.state}" in found["hint"]


def test_another_state_folder_whose_ledger_is_gone(used: Stage) -> None:
    used.forget()
    told = diagnose(used, KINV_STATE_DIR=str(used.folder / "other"))
    assert told.code == 0
    assert told.bad() == {"same folder"}


@pytest.mark.parametrize("way", ["deleted", "emptied"])
def test_a_ledger_of_the_last_run_that_is_gone(way: str, used: Stage) -> None:
    used.forget()
    if way == "emptied":
        ledger(used).touch(mode=0o600)
    told = diagnose(used)
    assert told.code == 7
    assert told.bad() == {"same folder"}
    found = told.one("same folder")
    assert "`kinv invoice`, 20" in found["evidence"]
    assert found["evidence"].endswith("kept its ledger here, and it is gone")
    assert f"restore {ledger(used)} from a backup" in found["hint"]
    assert told.one("ledger")["evidence"] == f"there is none; the next run makes {ledger(used)}"
    assert told.one("last run")["state"] == "not checked"


def test_a_ledger_that_was_made_anew_is_sound(used: Stage) -> None:
    used.forget()
    assert used.invoice().code == 0
    assert diagnose(used).code == 0


def test_another_mapping_than_the_last_run(used: Stage) -> None:
    copy = used.folder / "copy.toml"
    shutil.copy(used.folder / "mapping.toml", copy)
    told = diagnose(used, "--mapping", str(copy))
    assert told.bad() == {"same folder"}
    assert str(copy) in told.one("same folder")["evidence"]


def test_a_dry_run_notes_nothing(stage: Stage) -> None:
    assert stage.kinv("invoice", "--deal", stage.deal, "--dry-run").code == 0
    assert not (stage.folder / "config").exists()


def test_the_note_is_private_and_broken_ones_are_replaced(stage: Stage) -> None:
    note = stage.folder / "config" / "last-runs.json"
    note.parent.mkdir()
    note.write_text('{"kommo:agency', encoding="utf-8")
    assert diagnose(stage).one("same folder")["state"] == "ok"
    assert stage.invoice().code == 0
    assert note.stat().st_mode & 0o777 == 0o600
    assert str(stage.state) in note.read_text(encoding="utf-8")


def test_a_configuration_folder_that_cannot_be_written_is_no_error(stage: Stage) -> None:
    (stage.folder / "config").write_text("a file in its place", encoding="utf-8")
    assert stage.invoice().code == 0
    assert diagnose(stage).code == 0


def test_a_run_that_failed_is_a_warning(stage: Stage) -> None:
    broken = stage.add_deal("Nobody", email=None)
    assert stage.invoice(broken).code == 3
    told = diagnose(stage)
    assert told.bad() == {"last run"}
    assert "exit 3: some deals failed" in told.one("last run")["evidence"]


def test_a_run_that_never_ended_is_a_warning(used: Stage) -> None:
    with contextlib.closing(sqlite3.connect(ledger(used))) as connection, connection:
        connection.execute("UPDATE runs SET finished_at = NULL, exit_code = NULL")
    told = diagnose(used)
    assert told.bad() == {"last run"}
    assert "`kinv retry`" in told.one("last run")["hint"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("mode", [0o500, 0])
def test_a_state_folder_that_is_closed(mode: int, used: Stage) -> None:
    used.state.chmod(mode)
    try:
        told = diagnose(used)
    finally:
        used.state.chmod(0o700)
    assert told.code == 7
    assert told.one("state folder")["state"] == "fails"
    assert "cannot be read" in told.one("ledger")["evidence"]
    assert told.one("wave account")["state"] == "not checked"
