"""The key of the store ``file``: where it comes from, and what is no key."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from kommo_invoice.errors import SecretStoreUnavailable
from kommo_invoice.redact import remember_secret

if TYPE_CHECKING:
    from pathlib import Path

CREDENTIAL = "kinv-store-key"
_SHORTEST = 16  # characters; what a person would make up is shorter, and could be guessed
_LONGEST = 64 * 1024  # bytes; more is some other file
_MAKE = (
    "make one with `(umask 077; openssl rand -base64 32 > ~/.kinv-store-key)`, "
    "set KINV_STORE_KEY_FILE to that file, and keep a copy: without it the secrets are lost"
)


@dataclass(frozen=True, slots=True)
class Key:
    """The key, as text, and in words where it came from."""

    text: str = field(repr=False)
    source: str


@dataclass(frozen=True, slots=True)
class Keys:
    """Where a key may be given, in the order in which it is looked for.

    Args:
        file: The setting ``store_key_file``.
        credentials: systemd's ``$CREDENTIALS_DIRECTORY``; it may hold ``kinv-store-key``
            (systemd.exec(5), LoadCredentialEncrypted).
        text: The setting ``store_key``.
    """

    file: Path | None = None
    credentials: Path | None = None
    text: str | None = field(default=None, repr=False)

    def source(self) -> str | None:
        """Return in words where a key is given, None where none is; nothing is read."""
        if self.file is not None:
            return f"KINV_STORE_KEY_FILE ({self.file})"
        if self._credential() is not None:
            return f"the systemd credential {CREDENTIAL}"
        return "KINV_STORE_KEY" if self.text is not None else None

    def read(self) -> Key:
        """Return the key that is given first; a broken one is never passed over.

        Raises:
            SecretStoreUnavailable: None is given, or what is given cannot be read, can be read
                by others, is empty, or is too short.
        """
        source = self.source()
        if source is None:
            raise SecretStoreUnavailable("the store `file` has no key", hint=_MAKE)
        credential = self._credential()
        if self.file is not None:
            text = _read(self.file.expanduser(), guarded=False)
        elif credential is not None:
            text = _read(credential, guarded=True)
        else:
            text = self.text or ""
        text = text.strip()
        remember_secret(text)
        if len(text) < _SHORTEST:
            what = "is empty" if not text else f"is shorter than {_SHORTEST} characters"
            raise SecretStoreUnavailable(f"the key in {source} {what}", hint=_MAKE)
        return Key(text, source)

    def _credential(self) -> Path | None:
        """Return the credential's file; the folder may be there for other credentials only."""
        path = self.credentials / CREDENTIAL if self.credentials else None
        return path if path is not None and path.exists() else None


def _read(path: Path, *, guarded: bool) -> str:
    """Return a key file's text.

    Args:
        path: The file, or a pipe.
        guarded: Whether the folder keeps others out. systemd's does, and its access lists show
            as rights of the group there.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            # A group that somebody else, say root, lets read it is meant to; the world never is.
            shared = 0o077 if status.st_uid == os.geteuid() else 0o007
            if status.st_mode & shared and not guarded:
                _refuse(path, status.st_mode)
            return file.read(_LONGEST).decode()
    except UnicodeDecodeError:
        raise SecretStoreUnavailable(f"the key file {path} holds no text", hint=_MAKE) from None
    except OSError as error:
        raise SecretStoreUnavailable(
            f"the key file {path} cannot be read: {error.strerror}",
            hint=f"correct KINV_STORE_KEY_FILE or the file's rights; or {_MAKE}",
        ) from None


def _refuse(path: Path, mode: int) -> NoReturn:
    raise SecretStoreUnavailable(
        f"others have rights to the key file {path} (mode {mode & 0o777:o})",
        hint=f"run `chmod 600 '{path}'`, or mount the container's secret with mode 0400",
    )
