"""The registry of connections: who is connected, how and until when; nothing in it is secret."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from datetime import datetime  # noqa: TC003 - pydantic reads the annotations
from typing import TYPE_CHECKING, Literal

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from kommo_invoice.auth.connection import Connection  # noqa: TC001 - pydantic reads it
from kommo_invoice.config.files import private_folder, write_private
from kommo_invoice.errors import ConfigInvalid, NotExecuted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_VERSION = 1


class _Registry(BaseModel):
    """The file.

    Args:
        version: Of its form.
        connections: By provider and account.
        refused: The key of a secret -> the generation whose refresh token was refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    connections: tuple[Connection, ...] = ()
    refused: dict[str, int] = {}

    def with_(self, connection: Connection, refused: dict[str, int]) -> _Registry:
        """Return it with ``connection`` in place of the one of the same key."""
        others = (each for each in self.connections if each.key != connection.key)
        return _Registry.of((*others, connection), refused)

    def without(self, connection: Connection) -> _Registry:
        """Return it without the connection of that key."""
        others = (each for each in self.connections if each.key != connection.key)
        return _Registry.of(others, self.refused)

    @classmethod
    def of(cls, connections: Iterable[Connection], refused: dict[str, int]) -> _Registry:
        """Return it in order, without refusals of what is not connected any more."""
        ordered = tuple(sorted(connections, key=lambda each: (each.provider, each.account)))
        keys = {each.key for each in ordered}
        kept = {key: generation for key, generation in refused.items() if key in keys}
        return cls(connections=ordered, refused=kept)


class Connections:
    """The connections of a state folder; an account at one host has at most one.

    Args:
        state_dir: The registry is ``connections.json`` in it, the locks are in ``locks/``.
        lock_wait_s: Seconds to wait for another process of kinv.

    Every method raises ConfigInvalid where the registry cannot be read or written; it is left as
    it is then.
    """

    def __init__(self, state_dir: Path, *, lock_wait_s: float = 30.0) -> None:
        self._path = state_dir / "connections.json"
        self._locks = state_dir / "locks"
        self._lock_wait_s = lock_wait_s

    def all(self) -> tuple[Connection, ...]:
        """Return all connections, ordered by provider and account."""
        return self._read().connections

    def of(self, provider: str) -> tuple[Connection, ...]:
        """Return a provider's connections."""
        return tuple(each for each in self.all() if each.provider == provider)

    def find(self, key: str) -> Connection | None:
        """Return the connection of that key, None where there is none."""
        return next((each for each in self.all() if each.key == key), None)

    def save(self, connection: Connection) -> None:
        """Keep a connection in place of the one of the same key.

        Raises:
            NotExecuted: Another process keeps the registry locked.
        """

        def change(now: _Registry) -> _Registry:
            kept = dict(now.refused)
            if connection.refused_at is None:
                kept.pop(connection.key, None)
            return now.with_(connection, kept)

        self._change(change)

    def remove(self, connection: Connection) -> None:
        """Forget a connection; one that is not there is no error.

        Raises:
            NotExecuted: Another process keeps the registry locked.
        """
        self._change(lambda now: now.without(connection))

    def note_refresh(
        self,
        connection: Connection,
        *,
        expires_at: datetime | None,
        scopes: tuple[str, ...] | None,
        final_at: datetime | None = None,
    ) -> None:
        """Note that a grant was refreshed.

        Args:
            connection: The grant's; one that was removed or made anew elsewhere stays as it is.
            expires_at: When the refresh token ends if it is not used (UTC), None if not known.
            scopes: What the new token may do, None where the answer did not say.
            final_at: When the grant ends however often it is refreshed (UTC); the same.
        """

        def change(now: _Registry) -> _Registry:
            facts: dict[str, object] = {"expires_at": expires_at, "refused_at": None}
            told = {"scopes": scopes, "final_at": final_at}
            facts |= {name: each for name, each in told.items() if each is not None}
            return _noted(now, connection, facts, None)

        self._change(change)

    def note_refusal(self, connection: Connection, *, generation: int, at: datetime) -> None:
        """Note that a grant has ended, so that it is not tried again.

        Args:
            connection: As for ``note_refresh``.
            generation: That of the secret whose refresh token was refused.
            at: When that was found (UTC).
        """
        self._change(lambda now: _noted(now, connection, {"refused_at": at}, generation))

    def refused_at(self, connection: Connection, generation: int) -> datetime | None:
        """Return since when a grant is known to have ended.

        Args:
            connection: The grant's.
            generation: That of the secret in the store: a newer one than the refused is not known
                to have ended.
        """
        now = self._read()
        if now.refused.get(connection.key) != generation:
            return None
        known = (each.refused_at for each in now.connections if each.key == connection.key)
        return next(known, None)

    @contextmanager
    def locked(self, connection: Connection) -> Iterator[None]:
        """Hold the lock of a connection's secret: whoever replaces the secret holds it.

        Its file stays where it is: whoever waits for a file that is deleted gets a lock that
        keeps nobody out.

        Raises:
            NotExecuted: Another process holds it for too long.
        """
        name = re.sub(r"[^A-Za-z0-9._-]", "_", connection.key)
        with self._lock(f"{name}.token", f"the token of {connection}"):
            yield

    @contextmanager
    def _lock(self, name: str, what: str) -> Iterator[None]:
        lock = FileLock(self._locks / f"{name}.lock", timeout=self._lock_wait_s, mode=0o600)
        try:
            private_folder(self._locks)
            lock.acquire()
        except Timeout:
            raise NotExecuted(
                f"another kinv has been working on {what} for {self._lock_wait_s:.0f} s"
            ) from None
        except OSError as error:
            raise _unwritable(self._locks, error) from None
        try:
            yield
        finally:
            lock.release()

    def _change(self, change: Callable[[_Registry], _Registry]) -> None:
        with self._lock("connections", "the connections"):
            before = self._read()
            after = change(before)
            if after == before:
                return
            try:
                write_private(self._path, f"{after.model_dump_json(indent=2)}\n".encode())
            except OSError as error:
                raise _unwritable(self._path, error) from None

    def _read(self) -> _Registry:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return _Registry()
        except NotADirectoryError as error:
            raise _unwritable(self._path, error) from None
        except OSError as error:
            raise ConfigInvalid(
                f"{self._path} cannot be read: {error.strerror}", hint="make it readable"
            ) from None
        try:
            version = json.loads(content)["version"]
            if isinstance(version, int) and version > _VERSION:
                raise ConfigInvalid(
                    f"{self._path} was written by a newer kinv (version {version} of the file)",
                    hint="use that kinv, or move the file away and log in again with "
                    "`kinv connect`",
                )
            return _Registry.model_validate_json(content)
        except (ValueError, KeyError, TypeError, ValidationError):
            raise ConfigInvalid(
                f"{self._path} is damaged",
                hint="move it away and log in again with `kinv connect`",
            ) from None


def _unwritable(path: Path, error: OSError) -> ConfigInvalid:
    return ConfigInvalid(
        f"{path} cannot be written: {error.strerror}",
        hint="make room, or make its folder writable; KINV_STATE_DIR names another",
    )


def _noted(
    now: _Registry, connection: Connection, facts: dict[str, object], refused: int | None
) -> _Registry:
    """Return the registry with other facts of a connection that is still the same one."""
    current = next((each for each in now.connections if each.key == connection.key), None)
    if current is None:
        return now
    kept = {key: each for key, each in now.refused.items() if key != connection.key}
    if refused is not None:
        kept[connection.key] = refused
    return now.with_(current.model_copy(update=facts), kept)
