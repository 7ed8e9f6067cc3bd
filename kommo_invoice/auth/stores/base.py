"""The interface of every secret store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kommo_invoice.auth.connection import StoreKind


class Store(Protocol):
    """Keeps one text under each key.

    Every method raises SecretStoreUnavailable where the store is missing, locked, or does not
    answer in time; its hint is the way out.
    """

    kind: StoreKind

    def get(self, key: str) -> str | None:
        """Return the text, None where there is none."""

    def put(self, key: str, text: str) -> None:
        """Keep the text, durably, before returning."""

    def delete(self, key: str) -> None:
        """Forget the text; a key that is not there is no error."""

    def where(self) -> str:
        """Return in words where it keeps them, and who can read them."""
