"""Which store is taken: the one asked for or none; else the keyring, else ``file``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from secret_service import Session, linux, needs_bus

from kommo_invoice.auth.connection import StoreKind
from kommo_invoice.auth.stores.choose import choose, open_store, usable
from kommo_invoice.auth.stores.keys import Keys
from kommo_invoice.errors import SecretStoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STORE_KEY = {"KINV_STORE_KEY": "a key that only these tests know"}
KEYS = Keys(text=STORE_KEY["KINV_STORE_KEY"])


@pytest.fixture
def cron(tmp_path: Path) -> Iterator[Session]:
    """A session without a keyring."""
    with Session(tmp_path / "home", bus=False) as session:
        yield session


@linux
def test_without_a_keyring_it_is_file_where_a_key_is_given(cron: Session) -> None:
    said = cron.store("any", "choose", environment=STORE_KEY)
    assert said["kind"] == "file"
    assert said["where"].endswith(
        "with the key in KINV_STORE_KEY: whoever can read both can read them"
    )


@linux
def test_without_a_keyring_and_a_key_it_is_nothing(cron: Session) -> None:
    said = cron.store("any", "choose")
    assert said["error"] == (
        "there is no keyring in this session, and no key is given for the store `file`"
    )
    assert said["exit"] == 12
    assert "--store file" in said["hint"]
    assert "--store plain" in said["hint"]
    assert not cron.state_dir.exists(), "never plain unasked"


@linux
def test_without_a_keyring_a_broken_key_is_said_and_not_passed_over(cron: Session) -> None:
    said = cron.store("any", "choose", environment={"KINV_STORE_KEY_FILE": "/nowhere/key"})
    assert said["error"] == "the key file /nowhere/key cannot be read: No such file or directory"


@linux
def test_a_keyring_that_is_asked_for_is_never_swapped(cron: Session) -> None:
    said = cron.store("keyring", "choose", environment=STORE_KEY)
    assert said["error"] == "there is no keyring in this session"
    assert not cron.state_dir.exists()


@needs_bus
def test_one_that_never_answers_is_passed_over_in_time(tmp_path: Path) -> None:
    with Session(tmp_path / "home") as session:
        session.serve_nothing()
        said = session.store("any", "choose", environment={"KEYRING_TIMEOUT_S": "0.7", **STORE_KEY})
    assert said["kind"] == "file"


def test_file_that_is_asked_for_needs_a_key(tmp_path: Path) -> None:
    with pytest.raises(SecretStoreUnavailable, match="`file` has no key"):
        choose(StoreKind.FILE, state_dir=tmp_path, keys=Keys())
    assert choose(StoreKind.FILE, state_dir=tmp_path, keys=KEYS).kind is StoreKind.FILE


def test_plain_is_taken_when_it_is_asked_for(tmp_path: Path) -> None:
    assert choose(StoreKind.PLAIN, state_dir=tmp_path, keys=KEYS).kind is StoreKind.PLAIN


@pytest.mark.parametrize("kind", StoreKind)
def test_each_kind_opens_without_being_touched(kind: StoreKind, tmp_path: Path) -> None:
    assert open_store(kind, state_dir=tmp_path, keys=Keys()).kind is kind
    assert list(tmp_path.iterdir()) == []


def test_a_store_is_tried_with_a_value_of_which_nothing_stays(tmp_path: Path) -> None:
    store = open_store(StoreKind.FILE, state_dir=tmp_path, keys=KEYS)
    assert usable(store).startswith("file: a test value was written, read and deleted in 0.")
    assert list((tmp_path / "secrets").iterdir()) == []


class Forgetful:
    """A store that loses what it takes; or, with ``kept``, one that cannot forget."""

    kind = StoreKind.KEYRING

    def __init__(self, *, kept: bool) -> None:
        self.texts: dict[str, str] = {}
        self.kept = kept

    def get(self, key: str) -> str | None:
        return self.texts.get(key)

    def put(self, key: str, text: str) -> None:
        if self.kept:
            self.texts[key] = text

    def delete(self, key: str) -> None:
        """Do nothing."""

    def where(self) -> str:
        return "nowhere"


@pytest.mark.parametrize("kept", [True, False])
def test_a_store_that_does_not_do_what_it_says_is_found_out(kept: bool) -> None:
    with pytest.raises(SecretStoreUnavailable, match="`keyring` does not give back what was put"):
        usable(Forgetful(kept=kept))
