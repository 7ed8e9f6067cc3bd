"""``kinv doctor`` on this machine: folders, ledger, locks, the last run. No request is made."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from kommo_invoice.engine.doctor_findings import Finding, State, fails, ok, unchecked, warning
from kommo_invoice.engine.locks import hold
from kommo_invoice.errors import EXIT_CODE_MEANINGS, AlreadyRunning, ConfigInvalid, ExitCode
from kommo_invoice.ledger.health import SCHEMA, Health, examine, network_filesystem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

LEAST_FREE = 50 * 1024 * 1024
"""Bytes free in the state folder below which a person is warned."""

_MOST_NAMED = 3
_WAY_OUT = "correct the folder's owner and rights, or set KINV_STATE_DIR to another folder"


class Noted(Protocol):
    """What the last run noted of itself, where shell and cron both see it."""

    @property
    def state_dir(self) -> Path:
        """The folder of its ledger."""

    @property
    def mapping(self) -> Path:
        """Its mapping file."""

    @property
    def at(self) -> datetime:
        """When it began (UTC)."""

    @property
    def command(self) -> str:
        """Its command."""


def ledger_file(state_dir: Path) -> Path:
    """Return the path of the ledger in a state folder."""
    return state_dir / "ledger.sqlite3"


def look_at_ledger(state_dir: Path, *, crm: str | None = None, books: str | None = None) -> Health:
    """Return how the ledger is.

    Raises:
        OSError: There is none, or it cannot be read.
    """
    return examine(ledger_file(state_dir), crm=crm, books=books)


def folder_findings(state_dir: Path) -> Iterator[Finding]:
    """Yield whether runs can write the state folder, what lies in it, and the disk under it."""
    yield _folder(state_dir)
    yield _files(state_dir)
    existing = _existing(state_dir)
    free = shutil.disk_usage(existing).free
    shown = f"{free // 1024**2} MB free at {existing}"
    if free < LEAST_FREE:
        shown = f"only {shown}: once the disk is full, runs stop in the middle of their work"
        yield warning("disk", shown, f"free space: a ledger wants {LEAST_FREE // 1024**2} MB")
    else:
        yield ok("disk", shown)


def ledger_finding(state_dir: Path, health: Health | OSError) -> Finding:
    """Return how the ledger's file is; none is ok, unless the last run knows better."""
    check, path = "ledger", ledger_file(state_dir)
    if _holds_nothing(health):
        return ok(check, f"there is none; the next run makes {path}")
    if isinstance(health, OSError):
        message = f"{path} cannot be read: {health.strerror}"
        return fails(check, ConfigInvalid(message, hint=_WAY_OUT))
    if health.problems:
        message = f"{path} is damaged: {'; '.join(health.problems)}"
        hint = (
            "stop all runs, keep a copy of it, then restore it from a backup; without one move it "
            "away: invoice fields and references still hold back second invoices"
        )
        return fails(check, ConfigInvalid(message, hint=hint))
    if health.schema > SCHEMA:
        message = f"{path} was written by a newer kinv (schema {health.schema})"
        return fails(check, ConfigInvalid(message, hint="upgrade kinv"))
    schema = f"schema {health.schema}"
    if health.schema < SCHEMA:
        schema += f" (the next run makes it {SCHEMA})"
    shown = f"{path} is whole: {schema}, {health.size / 1024:.0f} kB, mode {health.mode:04o}"
    if health.mode & 0o077:
        return warning(check, shown, f"others may read it: `chmod 600 {path}`")
    return ok(check, shown)


def lock_finding(folder: Path, accounts: Sequence[str], clock: Callable[[], datetime]) -> Finding:
    """Return whether a run is under way.

    A lock is only tried where some run has left its name: a doctor that took free locks could
    turn away the run that begins in the same moment.
    """
    check = "locks"
    free = ok(check, f"free: no run works on {' or '.join(accounts)}")
    try:
        if not any(folder.glob("*.holder")):
            return free
        with hold(folder, accounts, command="kinv doctor", wait_s=0, clock=clock):
            return free
    except AlreadyRunning as error:
        return warning(check, error.message, "a run that begins now needs --wait, or is exit 11")
    except OSError as error:
        return fails(check, ConfigInvalid(f"{folder}: {error.strerror}", hint=_WAY_OUT))


def last_run_findings(
    state_dir: Path, mapping: Path, noted: Noted | None, health: Health | OSError
) -> Iterator[Finding]:
    """Yield whether this is the state folder of the last run, and how that run ended."""
    same = _same_folder(state_dir, mapping, noted, health)
    yield same
    if same.state is State.FAILS and _holds_nothing(health):
        yield unchecked("last run", "the ledger here does not know it")
    else:
        yield _last_run(health)


def _holds_nothing(health: Health | OSError) -> bool:
    """Say whether there is no ledger: no file, or one that was emptied."""
    if isinstance(health, OSError):
        return isinstance(health, FileNotFoundError)
    return health.schema == 0 and not health.problems


def _same_folder(
    state_dir: Path, mapping: Path, noted: Noted | None, health: Health | OSError
) -> Finding:
    check = "same folder"
    if noted is None:
        return ok(check, "no run has noted its state folder yet")
    run = f"the last run (`kinv {noted.command}`, {noted.at:%Y-%m-%d %H:%M} UTC)"
    if noted.state_dir != state_dir.resolve():
        message = f"{run} used {noted.state_dir}, and this one would use {state_dir}"
        if not _exists(ledger_file(noted.state_dir)):
            return warning(check, f"{message}; the ledger there is gone", "restore it if you can")
        message += ": a ledger there knows invoices that this one does not"
        hint = f"set KINV_STATE_DIR={noted.state_dir} in the crontab or unit, and in your shell"
        return fails(check, ConfigInvalid(message, hint=hint))
    if _holds_nothing(health):
        message = f"{run} kept its ledger here, and it is gone"
        hint = (
            f"restore {ledger_file(state_dir)} from a backup; without it kinv goes on by the marks "
            "on deals and the references in the books"
        )
        return fails(check, ConfigInvalid(message, hint=hint))
    if noted.mapping != mapping.resolve():
        shown = f"{run} used the mapping {noted.mapping}, this is {mapping}"
        return warning(check, shown, "keep one mapping for one pair of accounts")
    return ok(check, f"{run} used it, with the same mapping")


def _last_run(health: Health | OSError) -> Finding:
    check = "last run"
    if _holds_nothing(health):
        return ok(check, "none yet")
    if isinstance(health, OSError) or health.problems:
        return unchecked(check, "the ledger cannot be read")
    run = health.last
    if run is None:
        return ok(check, "none yet for this pair")
    shown = f"`kinv {run.command}`, {run.started_at:%Y-%m-%d %H:%M} UTC"
    if run.exit_code is None:
        hint = "if no run is under way, it died: `kinv retry` goes on from there"
        return warning(check, f"{shown}, not finished (process {run.pid})", hint)
    if run.exit_code:
        meaning = EXIT_CODE_MEANINGS[ExitCode(run.exit_code)]
        return warning(check, f"{shown}, exit {run.exit_code}: {meaning}", "see `kinv status`")
    return ok(check, f"{shown}, exit 0")


def _folder(state_dir: Path) -> Finding:
    check = "state folder"
    existing = _existing(state_dir)
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        message = f"{state_dir} cannot be written"
        return fails(check, ConfigInvalid(message, hint=_WAY_OUT))
    kind = network_filesystem(existing)
    if kind is not None:
        message = f"{state_dir} is on a network file system ({kind}), where the ledger loses data"
        hint = "set KINV_STATE_DIR to a folder on a local disk"
        return fails(check, ConfigInvalid(message, hint=hint))
    made = "" if state_dir.is_dir() else "; it is made by the first run"
    return ok(check, f"{state_dir} can be written{made}")


def _files(state_dir: Path) -> Finding:
    """Look at ledger, locks and rate budgets: one run as another user spoils them for all."""
    check = "state files"
    files: dict[Path, os.stat_result] = {}
    for path in sorted(state_dir.rglob("*")):
        with suppress(OSError):  # a run that ends takes some of its files with it
            status = path.stat()
            if stat.S_ISREG(status.st_mode):
                files[path] = status
    closed = [path for path in files if not os.access(path, os.R_OK | os.W_OK) and _exists(path)]
    if closed:
        message = f"cannot be written: {_listed(closed)}"
        return fails(check, ConfigInvalid(message, hint=_WAY_OUT))
    foreign = [path for path, status in files.items() if status.st_uid != os.geteuid()]
    if foreign:
        hint = f"run kinv as one user only; `chown -R` gives {state_dir} back to that user"
        return warning(check, f"belong to another user: {_listed(foreign)}", hint)
    return ok(check, f"{len(files)} can be written: ledger, locks, rate budgets")


def _listed(files: Sequence[Path]) -> str:
    more = len(files) - _MOST_NAMED
    named = ", ".join(map(str, files[:_MOST_NAMED]))
    return f"{named} and {more} more" if more > 0 else named


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    while not _exists(folder):
        folder = folder.parent
    return folder


def _exists(path: Path) -> bool:
    """Say whether there is such a file or folder, as far as this user can see."""
    try:
        return path.exists()
    except PermissionError:
        return False
