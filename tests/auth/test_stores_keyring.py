"""The store ``keyring``, against a real Secret Service and everything that can be in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from secret_service import Session, linux, needs_bus, needs_keyring

from kommo_invoice.auth.stores.keyring_store import KeyringStore, _unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "kommo:acme@acme.kommo.com"
TEXT = '{"access_token": "tøken-0123456789"}'
WAYS_OUT = ("`kinv connect PROVIDER --store file`", "`--store plain`", "KINV_STORE_KEY_FILE")

PLAIN_BACKEND = '''
"""What packages bring that keep passwords in a file as they are."""

from keyring.backend import KeyringBackend

kept = {}


class PlaintextKeyring(KeyringBackend):
    priority = 0.5

    def get_password(self, service, username):
        return kept.get(username)

    def set_password(self, service, username, password):
        kept[username] = password
'''


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def unlocked(home: Path) -> Iterator[Session]:
    with Session(home) as session:
        session.unlock()
        yield session


@needs_keyring
def test_what_one_process_puts_another_gets_until_it_is_deleted(unlocked: Session) -> None:
    assert unlocked.store("keyring", "get", KEY) == {"value": None}
    unlocked.store("keyring", "put", KEY, "an older text")
    unlocked.store("keyring", "put", KEY, TEXT)
    assert unlocked.store("keyring", "get", KEY) == {"value": TEXT}
    assert unlocked.store("keyring", "get", f"{KEY}2") == {"value": None}
    assert unlocked.store("keyring", "delete", KEY) == {"value": None}
    assert unlocked.store("keyring", "get", KEY) == {"value": None}


@needs_keyring
def test_deleting_what_is_not_there_is_no_error(unlocked: Session) -> None:
    assert unlocked.store("keyring", "delete", KEY) == {"value": None}


@needs_keyring
def test_it_is_chosen_where_it_works(unlocked: Session) -> None:
    said = unlocked.store("any", "choose", environment={"KINV_STORE_KEY": "k" * 40})
    assert said["kind"] == "keyring"
    assert not unlocked.state_dir.exists()


@needs_keyring
def test_a_locked_one_says_so(home: Path) -> None:
    """After a reboot: the keyring is there, its owner is not."""
    with Session(home) as before:
        before.unlock()
        before.store("keyring", "put", KEY, TEXT)
    with Session(home) as session:
        for what in (["get", KEY], ["put", KEY, TEXT], ["delete", KEY], ["choose"]):
            said = session.store("keyring", *what)
            assert said["error"] == "the keyring is locked"
            assert said["exit"] == 12
            assert all(each in said["hint"] for each in ("unlock it", "cron", *WAYS_OUT))


@needs_keyring
def test_one_that_was_never_set_up_says_so(home: Path) -> None:
    """Nobody ever logged in, and nobody is there to choose its first password."""
    with Session(home) as session:
        said = session.store("keyring", "get", KEY)
    assert said["error"] == "the keyring is locked or was never set up"
    assert said["exit"] == 12


@needs_bus
@pytest.mark.parametrize("what", [["get", KEY], ["put", KEY, TEXT], ["delete", KEY], ["choose"]])
def test_one_that_never_answers_holds_up_neither_the_command_nor_its_end(
    home: Path, what: list[str]
) -> None:
    with Session(home) as session:
        session.serve_nothing()
        said = session.store("keyring", *what, environment={"KEYRING_TIMEOUT_S": "0.7"})
    assert said["error"] == (
        "the keyring did not answer within 0.7 seconds; "
        "most likely it is locked and waits for its password"
    )
    assert said["exit"] == 12
    assert all(each in said["hint"] for each in ("unlock it", "cron", *WAYS_OUT))


@linux
def test_without_a_bus_there_is_none(home: Path) -> None:
    with Session(home, bus=False) as session:
        said = session.store("keyring", "get", KEY)
    assert said["error"] == "there is no keyring in this session"
    assert said["exit"] == 12
    assert all(each in said["hint"] for each in ("cron", *WAYS_OUT))


@linux
def test_a_bus_that_is_gone_is_none(home: Path) -> None:
    """What an address that a crontab took over from a desktop leads to."""
    with Session(home, bus=False) as session:
        session.environment["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={home}/run/bus"
        said = session.store("keyring", "get", KEY)
    assert said["error"] == "there is no keyring in this session"


def test_null_is_not_taken_for_a_keyring(home: Path) -> None:
    with Session(home, bus=False) as session:
        session.environment["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
        said = session.store("keyring", "put", KEY, TEXT)
    assert said["error"].startswith("keyring.backends.null.Keyring stands in for the system's")
    assert said["exit"] == 12
    assert all(each in said["hint"] for each in ("PYTHON_KEYRING_BACKEND", *WAYS_OUT))


def install_backend(session: Session, home: Path) -> None:
    """Install a package that registers itself as a keyring, as such packages do."""
    (home / "alt_keyring.py").write_text(PLAIN_BACKEND)
    facts = home / "alt_keyring-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: alt-keyring\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[keyring.backends]\nalt = alt_keyring\n")
    session.environment["PYTHONPATH"] = str(home)


@linux
def test_a_package_that_stands_in_is_not_taken_for_a_keyring(home: Path) -> None:
    with Session(home, bus=False) as session:
        install_backend(session, home)
        said = session.store("any", "choose")
    assert said["error"].startswith("alt_keyring.PlaintextKeyring stands in for the system's")
    assert said["exit"] == 12


@needs_keyring
def test_beside_such_a_package_the_system_s_own_is_used(unlocked: Session, home: Path) -> None:
    install_backend(unlocked, home)
    unlocked.store("keyring", "put", KEY, TEXT)
    del unlocked.environment["PYTHONPATH"]
    assert unlocked.store("keyring", "get", KEY) == {"value": TEXT}


def test_a_backend_that_cannot_be_loaded_is_named(home: Path) -> None:
    with Session(home, bus=False) as session:
        session.environment["PYTHON_KEYRING_BACKEND"] = "no_such_package.Keyring"
        said = session.store("keyring", "get", KEY)
    assert said["error"] == (
        "the keyring failed with ModuleNotFoundError: No module named 'no_such_package'"
    )
    assert all(each in said["hint"] for each in WAYS_OUT)


def test_what_a_backend_says_is_masked() -> None:
    error = _unavailable(RuntimeError("refused refresh_token=abcdef0123456789\nand more"))
    assert error.message == "the keyring failed with RuntimeError: refused refresh_token=***"


def test_it_says_where_secrets_are_without_asking() -> None:
    assert KeyringStore(0).where().startswith("in the system's keyring, as 'kinv'")
