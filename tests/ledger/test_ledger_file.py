"""The ledger's file: private, durable, safe to open by several at once, and to be killed at."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from kommo_invoice.errors import ConfigInvalid
from kommo_invoice.ledger.database import filesystem_of, open_database, write
from kommo_invoice.ledger.schema import MIGRATIONS

if TYPE_CHECKING:
    from pathlib import Path

OPEN = """
import sys
from pathlib import Path
from kommo_invoice.ledger.database import open_database
sys.stdin.readline()
open_database(Path(sys.argv[1])).close()
"""

COMMIT_FOR_EVER = """
import itertools, sys
from datetime import UTC, datetime
from pathlib import Path
from kommo_invoice.domain.claim import Claim
from kommo_invoice.domain.plan import StepKind
from kommo_invoice.ledger.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]), crm="kommo:a", books="wave:b", clock=lambda: datetime.now(UTC))
for deal in itertools.count(len(ledger.unfinished()) + 1):
    row = ledger.open_claim(Claim("kommo:a", deal), f"K-{deal}")
    ledger.begin(row, StepKind.INVOICE_CREATE, f"key-{deal}", "{}")
    ledger.finish(row, f"key-{deal}", provider_id=str(deal), claim_values={"invoice_id": str(deal)})
    print(deal, flush=True)
"""


def test_it_is_private_and_in_wal_mode_with_full_syncs(tmp_path: Path) -> None:
    path = tmp_path / "state" / "ledger.sqlite3"
    db = open_database(path)
    with write(db, "test"):
        db.execute("INSERT INTO pairs VALUES ('a', 'b', 'now')")
    assert _mode(path.parent) == 0o700
    assert {_mode(each) for each in path.parent.iterdir()} == {0o600}
    assert _pragma(db.conn, "journal_mode") == "wal"
    assert _pragma(db.conn, "synchronous") == 2
    assert _pragma(db.conn, "foreign_keys") == 1
    db.close()


def test_one_that_others_could_read_is_made_private(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    path.touch(0o644)
    path.chmod(0o644)
    open_database(path).close()
    assert _mode(path) == 0o600


def test_four_processes_open_a_new_one_at_the_same_moment(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    opening = [_child(OPEN, path, stdin=subprocess.PIPE) for _ in range(4)]
    for child in opening:
        assert child.stdin is not None
        child.stdin.write("now\n")
        child.stdin.flush()
    told = [child.communicate(timeout=60)[1] for child in opening]
    assert [child.returncode for child in opening] == [0] * 4, told
    with closing(sqlite3.connect(path)) as connection:
        assert _pragma(connection, "user_version") == len(MIGRATIONS)


def test_a_newer_schema_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    open_database(path).close()
    newer = len(MIGRATIONS) + 1
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={newer}")
    with pytest.raises(ConfigInvalid, match="newer kinv"):
        open_database(path)
    with closing(sqlite3.connect(path)) as connection:
        assert _pragma(connection, "user_version") == newer


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "9p"])
def test_a_network_file_system_is_refused_before_anything_is_made(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "state" / "ledger.sqlite3"
    with pytest.raises(ConfigInvalid, match=kind) as refused:
        open_database(path, probe=lambda _: kind)
    assert "KINV_STATE_DIR" in refused.value.hint
    assert not path.parent.exists()


@pytest.mark.parametrize("kind", ["ext4", "tmpfs", "overlay", None])
def test_a_local_or_unknown_file_system_is_taken(tmp_path: Path, kind: str | None) -> None:
    open_database(tmp_path / "ledger.sqlite3", probe=lambda _: kind).close()


def test_the_file_system_is_that_of_the_longest_mount_point(tmp_path: Path) -> None:
    share = tmp_path / "my share"
    share.mkdir()
    mounts = tmp_path / "mounts"
    shown = str(share).replace(" ", "\\040")
    mounts.write_text(f"/dev/a / ext4 rw 0 0\nhost:/x {shown} nfs4 rw 0 0\n", encoding="utf-8")
    assert filesystem_of(share / "state", mounts) == "nfs4"
    assert filesystem_of(tmp_path / "state", mounts) == "ext4"
    assert filesystem_of(share, tmp_path / "no such file") is None


@pytest.mark.parametrize("content", [b"this is no database, whatever its name says" * 50])
def test_a_file_that_is_no_ledger_is_told_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(content)
    with pytest.raises(ConfigInvalid, match="cannot be opened"):
        open_database(path)
    assert path.read_bytes() == content


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    db = open_database(tmp_path / "ledger.sqlite3")

    def twice() -> None:
        with write(db, "test"):
            for _ in range(2):
                db.execute("INSERT INTO pairs VALUES ('a', 'b', 'now')")

    with pytest.raises(sqlite3.IntegrityError):
        twice()
    assert db.table("pairs").count == 0
    db.close()


def test_a_process_killed_while_it_commits_leaves_a_sound_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    for _ in range(4):
        child = _child(COMMIT_FOR_EVER, path)
        assert child.stdout is not None
        told = "".join(child.stdout.readline() for _ in range(8))
        child.send_signal(signal.SIGKILL)
        rest, complaint = child.communicate(timeout=60)
        assert child.returncode == -signal.SIGKILL, complaint
        told += rest.rpartition("\n")[0]
        with closing(sqlite3.connect(path)) as connection:
            assert _pragma(connection, "integrity_check") == "ok"
            assert not connection.execute("PRAGMA foreign_key_check").fetchall()
            done = connection.execute("SELECT provider_id FROM steps WHERE state = 'done'")
            assert {deal for (deal,) in done} >= set(told.split())


def _child(code: str, path: Path, *, stdin: int | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"]},
    )


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]
