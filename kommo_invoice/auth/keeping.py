"""Keeps connections, moves them between stores, and forgets them.

Whoever replaces a secret holds its lock, so that no refresh goes on with the one before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.errors import SecretStoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from kommo_invoice.auth.connection import Connection, Secret, StoreKind
    from kommo_invoice.auth.connections import Connections
    from kommo_invoice.auth.stores.base import Store

    OpenStore = Callable[[StoreKind], Store]


def keep(
    connection: Connection,
    secret: Secret,
    *,
    connections: Connections,
    open_store: OpenStore,
) -> None:
    """Keep a connection in its store, in place of an earlier one of the same key.

    The new secret is kept before the earlier one is forgotten, so that a crash in between leaves a
    connection that works.

    Raises:
        SecretStoreUnavailable: Its store does not take the secret; all stays as it was.
    """
    with connections.locked(connection):
        before = connections.find(connection.key)
        open_store(connection.store).put(connection.key, secret.model_dump_json())
        connections.save(connection)
        if before is not None and before.store is not connection.store:
            _forget_secret(before, open_store)


def move(
    connection: Connection, to: StoreKind, *, connections: Connections, open_store: OpenStore
) -> tuple[Connection, bool]:
    """Move a connection's secret to another store.

    Returns:
        The connection as it is now, and whether the secret is surely gone from the old store.

    Raises:
        SecretStoreUnavailable: One of the stores cannot be used, or the secret is not there; all
            stays as it was.
    """
    with connections.locked(connection):
        now = connections.find(connection.key) or connection
        text = open_store(now.store).get(now.key)
        if text is None:
            raise SecretStoreUnavailable(
                f"the secret of {now} is not in the store {now.store} any more",
                hint=f"log in again with `kinv connect {now.provider} --store {to}`",
            )
        open_store(to).put(now.key, text)
        moved = now.model_copy(update={"store": to})
        connections.save(moved)
        return moved, _forget_secret(now, open_store)


def forget(connection: Connection, *, connections: Connections, open_store: OpenStore) -> bool:
    """Forget a connection; return whether its secret is surely gone as well.

    A run that wants to renew it meanwhile waits, and then finds that it was disconnected.
    """
    with connections.locked(connection):
        gone = _forget_secret(connection, open_store)
        connections.remove(connection)
    return gone


def _forget_secret(connection: Connection, open_store: OpenStore) -> bool:
    try:
        open_store(connection.store).delete(connection.key)
    except SecretStoreUnavailable:
        return False  # a keyring that is locked for good must not keep one from connecting anew
    return True
