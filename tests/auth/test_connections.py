"""The registry of connections: who is connected, how, and until when."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from kommo_invoice.auth.connection import Connection, Kind, StoreKind
from kommo_invoice.auth.connections import Connections
from kommo_invoice.errors import ConfigInvalid, ExitCode, NotExecuted

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ACME = Connection(
    provider="kommo",
    account="acme",
    name="Acme Ltd",
    kind=Kind.TOKEN,
    store=StoreKind.KEYRING,
    host="https://acme.kommo.com",
    connected_at=NOW,
    expires_at=NOW + timedelta(days=365),
)
BOOKS = ACME.model_copy(
    update={
        "provider": "wave",
        "account": "QnVzaW5lc3M6MQ==",
        "kind": Kind.OAUTH,
        "host": "https://gql.waveapps.com",
        "scopes": ("invoice:send",),
    }
)


@pytest.fixture
def connections(tmp_path: Path) -> Connections:
    return Connections(tmp_path / "state", lock_wait_s=5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "connections.json"


def test_nothing_is_connected_at_first(connections: Connections, path: Path) -> None:
    assert connections.all() == ()
    assert connections.find(ACME.key) is None
    assert not path.exists()


def test_what_is_kept_is_found_again_by_provider_and_account(
    connections: Connections, tmp_path: Path
) -> None:
    connections.save(BOOKS)
    connections.save(ACME)
    again = Connections(tmp_path / "state")
    assert again.all() == (ACME, BOOKS)
    assert again.of("wave") == (BOOKS,)
    assert again.find(ACME.key) == ACME
    assert again.find("kommo:another@acme.kommo.com") is None


def test_an_account_has_one_connection_at_a_host(connections: Connections) -> None:
    connections.save(ACME)
    connections.save(ACME.model_copy(update={"name": "Acme renamed"}))
    sandbox = ACME.model_copy(update={"host": "http://127.0.0.1:8700"})
    connections.save(sandbox)
    assert {(each.name, each.host) for each in connections.all()} == {
        ("Acme renamed", ACME.host),
        (ACME.name, sandbox.host),
    }


def test_a_connection_is_forgotten(connections: Connections) -> None:
    connections.save(ACME)
    connections.save(BOOKS)
    for _ in range(2):
        connections.remove(ACME)
    assert connections.all() == (BOOKS,)


def test_only_the_owner_can_read_it(connections: Connections, path: Path) -> None:
    connections.save(ACME)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_refresh_is_noted_and_leaves_the_other_facts(connections: Connections) -> None:
    connections.save(BOOKS.model_copy(update={"name": "Renamed meanwhile"}))
    ends = NOW + timedelta(days=90)
    connections.note_refresh(BOOKS, expires_at=ends, scopes=None)
    noted = {"name": "Renamed meanwhile", "expires_at": ends}
    assert connections.all() == (BOOKS.model_copy(update=noted),)
    connections.note_refresh(BOOKS, expires_at=None, scopes=("user:read",))
    found = connections.all()[0]
    assert (found.expires_at, found.scopes) == (None, ("user:read",))


def test_a_refusal_counts_for_its_generation_until_a_new_login(connections: Connections) -> None:
    connections.save(BOOKS)
    connections.note_refusal(BOOKS, generation=3, at=NOW)
    assert connections.all()[0].refused_at == NOW
    assert connections.refused_at(BOOKS, 3) == NOW
    assert connections.refused_at(BOOKS, 4) is None
    connections.save(BOOKS)
    assert connections.all() == (BOOKS,)
    assert connections.refused_at(BOOKS, 3) is None


def test_a_refusal_survives_what_does_not_concern_it(connections: Connections) -> None:
    connections.save(BOOKS)
    connections.note_refusal(BOOKS, generation=3, at=NOW)
    connections.save(ACME)
    moved = connections.all()[1].model_copy(update={"store": StoreKind.FILE})
    connections.save(moved)
    connections.remove(ACME)
    assert connections.refused_at(BOOKS, 3) == NOW


def test_a_refresh_after_a_refusal_takes_it_back(connections: Connections) -> None:
    connections.save(BOOKS)
    connections.note_refusal(BOOKS, generation=3, at=NOW)
    connections.note_refresh(BOOKS, expires_at=None, scopes=None)
    assert connections.all()[0].refused_at is None
    assert connections.refused_at(BOOKS, 3) is None


def test_what_was_disconnected_meanwhile_stays_so(connections: Connections) -> None:
    elsewhere = BOOKS.model_copy(update={"host": "http://127.0.0.1:8701"})
    connections.save(elsewhere)
    connections.note_refresh(BOOKS, expires_at=None, scopes=None)
    connections.note_refusal(BOOKS, generation=0, at=NOW)
    connections.note_refusal(ACME, generation=0, at=NOW)
    assert connections.all() == (elsewhere,)


def test_many_at_once_lose_nothing(connections: Connections, tmp_path: Path) -> None:
    many = [ACME.model_copy(update={"account": f"acme{number}"}) for number in range(8)]
    threads = [
        threading.Thread(target=Connections(tmp_path / "state").save, args=(each,)) for each in many
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert connections.all() == tuple(many)


def test_a_lock_that_is_not_given_back_is_waited_for_only_so_long(tmp_path: Path) -> None:
    with (
        Connections(tmp_path).locked(ACME),
        pytest.raises(NotExecuted) as failure,
        Connections(tmp_path, lock_wait_s=0).locked(ACME),
    ):
        pytest.fail("two hold the same lock")
    assert failure.value.exit_code is ExitCode.TEMPORARY
    assert list((tmp_path / "locks").glob("*.token.lock")), "the file stays"
    with Connections(tmp_path, lock_wait_s=0).locked(ACME):
        pass


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"version": "1"}',
        b'{"connections": []}',
        b'{"version": 1, "connections": [{"provider": "kommo"}]}',
        b'{"version": 1, "surprise": true}',
    ],
)
def test_a_damaged_file_is_named_and_left_alone(
    connections: Connections, path: Path, content: bytes
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    for use in (connections.all, lambda: connections.save(ACME), lambda: connections.remove(ACME)):
        with pytest.raises(ConfigInvalid) as failure:
            use()
        assert f"{path} is damaged" in failure.value.message
        assert "`kinv connect`" in failure.value.hint
    assert path.read_bytes() == content


def test_a_newer_file_is_named_and_left_alone(connections: Connections, path: Path) -> None:
    content = json.dumps({"version": 2, "connections": {}}).encode()
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(ConfigInvalid, match="newer kinv") as failure:
        connections.save(ACME)
    assert str(path) in failure.value.message
    assert path.read_bytes() == content


def test_a_file_that_cannot_be_read_is_named(connections: Connections, path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(ConfigInvalid, match="cannot be read"):
        connections.all()


def test_locks_that_cannot_be_made_are_named(connections: Connections, path: Path) -> None:
    path.parent.mkdir()
    (path.parent / "locks").write_text("in the way", encoding="utf-8")
    with pytest.raises(ConfigInvalid, match="locks cannot be written") as failure:
        connections.save(ACME)
    assert "KINV_STATE_DIR" in failure.value.hint


def test_a_folder_that_cannot_be_written_is_named(
    connections: Connections, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kommo_invoice.auth.connections.write_private", full)
    with pytest.raises(ConfigInvalid, match="cannot be written: No space left on device"):
        connections.save(ACME)
