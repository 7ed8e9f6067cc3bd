"""Which store is used: the one asked for, or the first safe one that proves to work."""

from __future__ import annotations

import logging
import secrets
import time
from typing import TYPE_CHECKING

from kommo_invoice.auth.connection import StoreKind
from kommo_invoice.auth.stores.file_store import FileStore
from kommo_invoice.auth.stores.keyring_store import TIMEOUT_S, KeyringStore
from kommo_invoice.auth.stores.plain_store import PlainStore
from kommo_invoice.errors import SecretStoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from kommo_invoice.auth.stores.base import Store
    from kommo_invoice.auth.stores.keys import Keys

_log = logging.getLogger(__name__)


def open_store(
    kind: StoreKind, *, state_dir: Path, keys: Keys, timeout_s: float = TIMEOUT_S
) -> Store:
    """Return a store; whether it works shows when it is used.

    Args:
        kind: Which one.
        state_dir: kinv's state folder.
        keys: Where the key of ``file`` is given.
        timeout_s: Seconds to wait for the keyring.
    """
    match kind:
        case StoreKind.KEYRING:
            return KeyringStore(timeout_s)
        case StoreKind.FILE:
            return FileStore(state_dir, keys)
        case StoreKind.PLAIN:
            return PlainStore(state_dir)


def choose(
    asked: StoreKind | None, *, state_dir: Path, keys: Keys, timeout_s: float = TIMEOUT_S
) -> Store:
    """Return a store that was just seen to work.

    Args:
        asked: The one that a person wants: that one or none. Without it the keyring, else
            ``file`` where a key is given; never ``plain``.
        state_dir: kinv's state folder.
        keys: Where the key of ``file`` is given.
        timeout_s: Seconds to wait for the keyring.

    Raises:
        SecretStoreUnavailable: The one asked for does not work; or nothing does.
    """
    store = open_store(
        asked or StoreKind.KEYRING, state_dir=state_dir, keys=keys, timeout_s=timeout_s
    )
    try:
        usable(store)
    except SecretStoreUnavailable as error:
        if asked is not None:
            raise
        keyring = error
    else:
        return store
    if keys.source() is None:
        raise SecretStoreUnavailable(
            f"{keyring.message}, and no key is given for the store `file`", hint=keyring.hint
        )
    _log.info("%s: secrets go to the store `file`", keyring.message)
    store = open_store(StoreKind.FILE, state_dir=state_dir, keys=keys)
    usable(store)
    return store


def usable(store: Store) -> str:
    """Write, read and delete a random value in a store, and return that in words.

    Args:
        store: The one to try; without a person, it works only if it needs none.

    Raises:
        SecretStoreUnavailable: It does not work, or gives back something else.
    """
    key, value = f"probe:{secrets.token_hex(8)}", secrets.token_urlsafe()
    began = time.perf_counter()
    store.put(key, value)
    try:
        read = store.get(key)
    finally:
        store.delete(key)
    if read != value or store.get(key) is not None:
        raise SecretStoreUnavailable(
            f"the store `{store.kind}` does not give back what was put into it",
            hint="choose another one: `kinv connect PROVIDER --store file` or `--store plain`",
        )
    took_s = time.perf_counter() - began
    return f"{store.kind}: a test value was written, read and deleted in {took_s:.2f} s"
