"""A look at the ledger's file that changes nothing in it."""

from __future__ import annotations

import errno
import sqlite3
import stat
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from kommo_invoice.ledger.database import NETWORK_FILESYSTEMS, filesystem_of
from kommo_invoice.ledger.rows import RunRow, run_row
from kommo_invoice.ledger.schema import MIGRATIONS

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = len(MIGRATIONS)
"""The schema of this version's ledgers."""

_MOST_PROBLEMS = 5
_BUSY_S = 10


@dataclass(frozen=True, slots=True)
class Health:
    """How a ledger's file is.

    Args:
        size: In bytes, its write-ahead log counted in.
        mode: Its permission bits.
        schema: The version of its tables; 0 where it could not be read.
        problems: What SQLite found wrong; nothing where it is whole.
        last: The pair's last run, None where there was none.
    """

    size: int
    mode: int
    schema: int
    problems: tuple[str, ...]
    last: RunRow | None


def examine(path: Path, *, crm: str | None = None, books: str | None = None) -> Health:
    """Read a ledger from its begin to its end; no row is written.

    Args:
        path: The file, which exists.
        crm: The CRM account of the pair whose last run is wanted.
        books: Its books account.

    Raises:
        OSError: It cannot be read.
    """
    status = path.stat()
    size = status.st_size
    with suppress(FileNotFoundError):
        size += path.with_name(f"{path.name}-wal").stat().st_size
    schema, last = 0, None
    problems: tuple[str, ...] = ()
    try:
        with closing(_open(path)) as connection:
            schema = int(connection.execute("PRAGMA user_version").fetchone()[0])
            problems = _problems(connection)
            if schema and not problems:
                last = _last(connection, crm, books)
    except sqlite3.OperationalError as error:  # not the file is broken, but the way to it
        raise OSError(errno.EIO, str(error)) from None
    except sqlite3.Error as error:
        problems = (str(error),)
    return Health(size, stat.S_IMODE(status.st_mode), schema, problems, last)


def network_filesystem(folder: Path) -> str | None:
    """Return the type of a folder's file system where the ledger is refused on it."""
    kind = filesystem_of(folder)
    return kind if kind in NETWORK_FILESYSTEMS else None


def _open(path: Path) -> sqlite3.Connection:
    # Not `mode=ro`: whoever closes the file last has to be able to put its log away.
    connection = sqlite3.connect(
        f"file:{quote(str(path.resolve()))}?mode=rw",
        uri=True,
        timeout=_BUSY_S,
        isolation_level=None,
    )
    connection.execute("PRAGMA query_only=ON")
    connection.row_factory = sqlite3.Row
    return connection


def _problems(connection: sqlite3.Connection) -> tuple[str, ...]:
    rows = connection.execute(f"PRAGMA integrity_check({_MOST_PROBLEMS})").fetchall()
    told = tuple(str(row[0]) for row in rows)
    if told != ("ok",):
        return told
    orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
    return tuple(f"a row of {row[0]} belongs to nothing" for row in orphans[:_MOST_PROBLEMS])


def _last(connection: sqlite3.Connection, crm: str | None, books: str | None) -> RunRow | None:
    row = connection.execute(
        "SELECT * FROM runs WHERE crm = ? AND books = ? "
        "ORDER BY started_at DESC, rowid DESC LIMIT 1",
        [crm, books],
    ).fetchone()
    return run_row(dict(row)) if row else None
