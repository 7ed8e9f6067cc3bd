"""The store ``plain``: secrets as they are, in files that only their owner may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.auth.connection import StoreKind
from kommo_invoice.auth.stores.folder import Folder
from kommo_invoice.errors import SecretStoreUnavailable
from kommo_invoice.redact import remember_secret

if TYPE_CHECKING:
    from pathlib import Path


class PlainStore:
    """Keeps each text unencrypted; used only where a person asks for it by name.

    Args:
        state_dir: kinv's state folder; the files lie in ``secrets-plain`` below it.
    """

    kind = StoreKind.PLAIN

    def __init__(self, state_dir: Path) -> None:
        self._folder = Folder(state_dir / "secrets-plain", "txt")

    def get(self, key: str) -> str | None:
        """Return the text, None where there is none.

        Raises:
            SecretStoreUnavailable: The file cannot be read, is no text, or others may read it.
        """
        content = self._folder.read(key, refuse_shared=True)
        if content is None:
            return None
        try:
            text = content.decode()
        except UnicodeDecodeError:
            raise SecretStoreUnavailable(
                f"{self._folder.file(key)} is damaged",
                hint="remove it and connect again with `kinv connect PROVIDER --store plain`",
            ) from None
        remember_secret(text)
        return text

    def put(self, key: str, text: str) -> None:
        """Keep the text, durably, before returning.

        Raises:
            SecretStoreUnavailable: The file cannot be written.
        """
        remember_secret(text)
        self._folder.write(key, text.encode())

    def delete(self, key: str) -> None:
        """Forget the text; a key that is not there is no error.

        Raises:
            SecretStoreUnavailable: The file cannot be removed.
        """
        self._folder.delete(key)

    def where(self) -> str:
        """Return in words where it keeps them, and who can read them."""
        return (
            f"unencrypted in {self._folder.path}: your programs, this machine's administrators "
            "and whoever has a copy of that folder can read them"
        )
