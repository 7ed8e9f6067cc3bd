"""A folder of private files, one for each key, for the stores that keep files."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kommo_invoice.config.files import write_private
from kommo_invoice.errors import SecretStoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

_UNSAFE = re.compile(r"[^A-Za-z0-9.@-]+")
_LONGEST_NAME = 80
_HINT = "see to the folder's owner, its rights and free space, then run the command again"


@dataclass(frozen=True, slots=True)
class Folder:
    """Files of mode 0600 that are whole or not there.

    Args:
        path: The folder; it is made when it is first written to.
        suffix: What its files are called after the dot.
    """

    path: Path
    suffix: str

    def file(self, key: str) -> Path:
        """Return a key's file: a readable name, and a digest so that no two keys share one."""
        name = _UNSAFE.sub("_", key)[:_LONGEST_NAME].lstrip(".")
        digest = hashlib.sha256(key.encode()).hexdigest()[:16]
        return self.path / f"{name}-{digest}.{self.suffix}"

    def read(self, key: str, *, refuse_shared: bool = False) -> bytes | None:
        """Return a file's content, None where there is no such file.

        Args:
            key: The name of the secret.
            refuse_shared: Whether a file that others have rights to is refused.

        Raises:
            SecretStoreUnavailable: It cannot be read, or others have rights to it.
        """
        path = self.file(key)
        try:
            with path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                if refuse_shared and mode & 0o077:
                    raise SecretStoreUnavailable(
                        f"others have rights to {path} (mode {mode & 0o777:o})",
                        hint=f"run `chmod 600 '{path}'`; whoever could read it may have done so: "
                        "revoke the token at the provider and connect again",
                    )
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _trouble("read", path, error) from None

    def write(self, key: str, content: bytes) -> None:
        """Replace a file's content, durably and at once.

        Raises:
            SecretStoreUnavailable: It cannot be written; the old content is still there.
        """
        path = self.file(key)
        try:
            write_private(path, content)
        except OSError as error:
            raise _trouble("written", path, error) from None

    def delete(self, key: str) -> None:
        """Remove a key's file, and what a killed writer left beside it.

        Raises:
            SecretStoreUnavailable: It cannot be removed.
        """
        path = self.file(key)
        try:
            for each in (path, *self.path.glob(f".{path.name}.*")):
                each.unlink(missing_ok=True)
        except OSError as error:
            raise _trouble("removed", path, error) from None


def _trouble(done: str, path: Path, error: OSError) -> SecretStoreUnavailable:
    return SecretStoreUnavailable(f"{path} cannot be {done}: {error.strerror}", hint=_HINT)
