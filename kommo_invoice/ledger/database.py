"""The SQLite file: opened with care, written in one kind of transaction, migrated in it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlite_utils import Database

from kommo_invoice.checkpoints import reach
from kommo_invoice.errors import ConfigInvalid
from kommo_invoice.ledger.schema import MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BUSY_S = 10
NETWORK_FILESYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "9p", "fuse.sshfs", "ncpfs", "webdav"}
)


def filesystem_of(path: Path, mounts: Path = Path("/proc/self/mounts")) -> str | None:
    """Return the type of the file system that holds ``path``, None where it cannot be told."""
    try:
        lines = mounts.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    resolved = path.resolve()
    best: tuple[str, str | None] = ("", None)
    for line in lines:
        parts = line.split(" ")
        mount = parts[1].replace("\\040", " ")
        if resolved.is_relative_to(mount) and len(mount) >= len(best[0]):
            best = (mount, parts[2])
    return best[1]


def open_database(
    path: Path | None, *, probe: Callable[[Path], str | None] = filesystem_of
) -> Database:
    """Open the ledger's file, making and migrating it where needed.

    Args:
        path: The file; None for an empty ledger in memory (a preview before the first run).
        probe: Tells the type of a path's file system.

    Raises:
        ConfigInvalid: The file is on a network file system (where WAL loses data), cannot be
            opened, or is of a newer kinv.
    """
    if path is None:
        connection = sqlite3.connect(":memory:", isolation_level=None)
    else:
        kind = probe(path.parent)
        if kind in NETWORK_FILESYSTEMS:
            raise ConfigInvalid(
                f"the ledger {path} would be on a network file system ({kind})",
                hint="set KINV_STATE_DIR to a folder on a local disk",
            )
        connection = _connect(path)
    connection.execute("PRAGMA foreign_keys=ON")
    db = Database(connection, execute_plugins=False)  # it holds money: nobody else runs in it
    _migrate(db, path)
    return db


@contextmanager
def write(db: Database, name: str) -> Iterator[None]:
    """Run one write transaction: BEGIN IMMEDIATE, so that it waits for others and never loses.

    sqlite-utils' own ``atomic()`` begins deferred, and a reader that turns writer is refused at
    once under contention, whatever the busy time-out.

    Args:
        db: The ledger's database.
        name: What is written, as the checkpoints before and after the commit call it.
    """
    db.conn.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.conn.execute("ROLLBACK")
        raise
    reach(f"commit.before:{name}")
    db.conn.execute("COMMIT")
    reach(f"commit.after:{name}")


def _connect(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        os.fchmod(file, 0o600)  # a restored copy may have come with other rights
        os.close(file)
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
    except (OSError, sqlite3.Error) as error:
        raise ConfigInvalid(
            f"the ledger {path} cannot be opened: {error}",
            hint="check the folder's owner, rights and free space, or set KINV_STATE_DIR",
        ) from None
    return connection


def _migrate(db: Database, path: Path | None) -> None:
    if _version(db) == len(MIGRATIONS):
        return
    with write(db, "migrate"):
        version = _version(db)
        if version > len(MIGRATIONS):
            raise ConfigInvalid(
                f"the ledger {path} was written by a newer kinv (schema {version})",
                hint="upgrade kinv; the file was left as it is",
            )
        for migration in MIGRATIONS[version:]:
            migration(db)
        db.conn.execute(f"PRAGMA user_version={len(MIGRATIONS)}")


def _version(db: Database) -> int:
    return int(db.conn.execute("PRAGMA user_version").fetchone()[0])
