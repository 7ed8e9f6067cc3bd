"""Connections are moved and forgotten beside a run that renews them: nothing is lost or left."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from token_ground import Ground
from token_server import TokenServer, token_server

from kommo_invoice.auth.connection import Secret, StoreKind, TokenAnswer
from kommo_invoice.auth.connections import Connections
from kommo_invoice.auth.keeping import forget, keep, move
from kommo_invoice.auth.stores.file_store import FileStore
from kommo_invoice.auth.stores.keys import Keys
from kommo_invoice.errors import LoginNeeded, NotExecuted, SecretStoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kommo_invoice.auth.stores.base import Store

KEY = "a-key-of-the-store-file-0123456789"


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with token_server() as running:
        yield running


@pytest.fixture
def ground(tmp_path: Path, server: TokenServer) -> Ground:
    built = Ground(tmp_path, server.url)
    built.keep(timedelta(0))
    return built


@pytest.fixture
def open_store(ground: Ground) -> Callable[[StoreKind], Store]:
    stores = {
        StoreKind.PLAIN: ground.store,
        StoreKind.FILE: FileStore(ground.state_dir, Keys(text=KEY)),
    }
    return stores.__getitem__


def text_in(store: Store, ground: Ground) -> str | None:
    return store.get(ground.connection.key)


class TestMoving:
    def test_a_run_under_way_goes_on_with_the_secret_where_it_is_now(
        self, ground: Ground, open_store: Callable[[StoreKind], Store], server: TokenServer
    ) -> None:
        run = ground.token(open_store=open_store)
        move(
            ground.connection,
            StoreKind.FILE,
            connections=ground.connections,
            open_store=open_store,
        )
        assert run.token() == "access-planted-1"
        assert text_in(open_store(StoreKind.PLAIN), ground) is None
        assert "access-planted-1" in (text_in(open_store(StoreKind.FILE), ground) or "")
        assert len(server.asked) == 1

    def test_waits_for_a_refresh(
        self, ground: Ground, open_store: Callable[[StoreKind], Store]
    ) -> None:
        impatient = Connections(ground.state_dir, lock_wait_s=0.0)

        def moved_meanwhile(secret: Secret) -> TokenAnswer:
            with pytest.raises(NotExecuted):
                move(
                    ground.connection,
                    StoreKind.FILE,
                    connections=impatient,
                    open_store=open_store,
                )
            return ground.endpoint.refresh(secret)

        run = ground.token(open_store=open_store, refresh=moved_meanwhile)
        assert run.token() == "access-planted-1"
        assert "access-planted-1" in (text_in(open_store(StoreKind.PLAIN), ground) or "")

    def test_keeps_what_was_noted_since(
        self, ground: Ground, open_store: Callable[[StoreKind], Store]
    ) -> None:
        ends = ground.now + timedelta(days=90)
        ground.connections.note_refresh(ground.connection, expires_at=ends, scopes=("all",))
        moved, gone = move(
            ground.connection,
            StoreKind.FILE,
            connections=ground.connections,
            open_store=open_store,
        )
        assert gone
        assert (moved.store, moved.expires_at, moved.scopes) == (StoreKind.FILE, ends, ("all",))
        assert ground.facts == moved

    def test_of_a_secret_that_is_not_there_changes_nothing(
        self, ground: Ground, open_store: Callable[[StoreKind], Store]
    ) -> None:
        ground.store.delete(ground.connection.key)
        with pytest.raises(SecretStoreUnavailable, match="not in the store plain any more"):
            move(
                ground.connection,
                StoreKind.FILE,
                connections=ground.connections,
                open_store=open_store,
            )
        assert ground.facts.store is StoreKind.PLAIN


class TestForgetting:
    def test_beside_a_run_leaves_no_secret_behind(
        self, ground: Ground, open_store: Callable[[StoreKind], Store], server: TokenServer
    ) -> None:
        run = ground.token(open_store=open_store)
        assert forget(ground.connection, connections=ground.connections, open_store=open_store)
        with pytest.raises(LoginNeeded, match="was disconnected meanwhile"):
            run.token()
        assert text_in(open_store(StoreKind.PLAIN), ground) is None
        assert not server.asked

    def test_waits_for_a_refresh(
        self, ground: Ground, open_store: Callable[[StoreKind], Store]
    ) -> None:
        impatient = Connections(ground.state_dir, lock_wait_s=0.0)

        def forgotten_meanwhile(secret: Secret) -> TokenAnswer:
            with pytest.raises(NotExecuted):
                forget(ground.connection, connections=impatient, open_store=open_store)
            return ground.endpoint.refresh(secret)

        run = ground.token(open_store=open_store, refresh=forgotten_meanwhile)
        assert run.token() == "access-planted-1"
        assert forget(ground.connection, connections=ground.connections, open_store=open_store)
        assert text_in(open_store(StoreKind.PLAIN), ground) is None


def test_keeping_in_another_store_forgets_the_secret_in_the_one_before(
    ground: Ground, open_store: Callable[[StoreKind], Store]
) -> None:
    anew = ground.connection.model_copy(update={"store": StoreKind.FILE})
    keep(anew, ground.secret, connections=ground.connections, open_store=open_store)
    assert text_in(open_store(StoreKind.PLAIN), ground) is None
    assert text_in(open_store(StoreKind.FILE), ground) is not None
