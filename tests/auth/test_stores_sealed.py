"""The store ``file``: what its key may be, and what it does not take for its own."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kommo_invoice.auth.stores import file_store
from kommo_invoice.auth.stores.file_store import FileStore
from kommo_invoice.auth.stores.keys import CREDENTIAL, Keys
from kommo_invoice.errors import SecretStoreUnavailable
from kommo_invoice.redact import mask

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "kommo:acme@acme.kommo.com"
OTHER = "wave:acme@gql.waveapps.com"
TEXT = '{"access_token": "tøken-0123456789"}'
STORE_KEY = "a key that only these tests know"
KEYS = Keys(text=STORE_KEY)


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path, KEYS)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(f"{STORE_KEY}\n")
    path.chmod(0o600)
    return path


def sealed(state_dir: Path, name: str = "kommo") -> Path:
    (path,) = (state_dir / "secrets").glob(f"{name}*")
    return path


def refused(act: Callable[[], object], match: str) -> SecretStoreUnavailable:
    with pytest.raises(SecretStoreUnavailable, match=match) as caught:
        act()
    error = caught.value
    assert error.exit_code == 12
    assert STORE_KEY not in f"{error} {error.hint}"
    assert TEXT not in f"{error} {error.hint}"
    return error


# -- the key -------------------------------------------------------------------------------------


def test_the_first_key_that_is_given_is_used(tmp_path: Path, key_file: Path) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / CREDENTIAL).write_text("the key of a systemd unit")
    keys = Keys(key_file, folder, "the key in the environment")
    assert keys.read().text == STORE_KEY
    assert Keys(None, folder, "the key in the environment").read().text.endswith("systemd unit")
    assert Keys(None, tmp_path, "the key in the environment").read().text.endswith("environment")


def test_a_key_file_may_lie_at_home(
    tmp_path: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Keys(Path("~/key")).read().text == STORE_KEY


def test_a_key_may_come_through_a_pipe(tmp_path: Path) -> None:
    """As from ``KINV_STORE_KEY_FILE=<(pass show kinv)``; it can be read once only."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    threading.Thread(target=pipe.write_text, args=(STORE_KEY,), daemon=True).start()
    store = FileStore(tmp_path, Keys(pipe))
    store.put(KEY, TEXT)
    assert store.get(KEY) == TEXT


def test_without_a_key_it_says_how_to_make_one(tmp_path: Path) -> None:
    error = refused(lambda: FileStore(tmp_path, Keys()).put(KEY, TEXT), "`file` has no key")
    assert "openssl rand -base64 32" in error.hint
    assert "KINV_STORE_KEY_FILE" in error.hint
    assert "no key yet" in FileStore(tmp_path, Keys()).where()


def test_deleting_needs_no_key(store: FileStore, tmp_path: Path) -> None:
    store.put(KEY, TEXT)
    FileStore(tmp_path, Keys()).delete(KEY)
    assert store.get(KEY) is None


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"secret\n", "is shorter than 16 characters"),
        (bytes(range(128, 160)), "holds no text"),
    ],
)
def test_what_is_no_key_is_refused(key_file: Path, content: bytes, match: str) -> None:
    key_file.write_bytes(content)
    assert "openssl" in refused(Keys(key_file).read, match).hint


def test_a_key_file_that_cannot_be_read_is_named_and_no_other_key_taken(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    error = refused(Keys(gone, text=STORE_KEY).read, "gone cannot be read: No such file")
    assert "KINV_STORE_KEY_FILE" in error.hint


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_a_key_file_that_others_have_rights_to_is_refused(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    error = refused(Keys(key_file).read, rf"others have rights .* \(mode {mode:o}\)")
    assert f"`chmod 600 '{key_file}'`" in error.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_group_may_read_the_key_file_that_root_gives_it(key_file: Path) -> None:
    os.chown(key_file, 4711, 4711)
    key_file.chmod(0o640)
    assert Keys(key_file).read().text == STORE_KEY
    key_file.chmod(0o644)
    refused(Keys(key_file).read, "others have rights")


def test_systemd_guards_its_folder_itself(tmp_path: Path) -> None:
    """Its access list for the unit's user shows as a right of the group."""
    (tmp_path / CREDENTIAL).write_text(STORE_KEY)
    (tmp_path / CREDENTIAL).chmod(0o440)
    keys = Keys(credentials=tmp_path)
    assert keys.read().text == STORE_KEY
    assert keys.source() == "the systemd credential kinv-store-key"


def test_the_key_shows_nowhere(key_file: Path) -> None:
    keys = Keys(key_file, text="the key in the environment")
    assert "environment" not in repr(keys)
    assert STORE_KEY not in repr(keys.read())
    assert mask(f"it is {STORE_KEY}!") == "it is ***!"


# -- the files -----------------------------------------------------------------------------------


def test_nothing_of_the_text_can_be_read_in_the_file(store: FileStore, tmp_path: Path) -> None:
    store.put(KEY, TEXT)
    content = sealed(tmp_path).read_bytes()
    assert b"access_token" not in content
    assert STORE_KEY.encode() not in content


def test_the_same_text_never_looks_the_same(store: FileStore, tmp_path: Path) -> None:
    """The nonce is new with each writing, as GCM needs it."""
    seen = set()
    for _ in range(20):
        store.put(KEY, TEXT)
        seen.add(sealed(tmp_path).read_bytes().splitlines()[1])
    assert len(seen) == 20


def test_each_file_has_a_salt_of_its_own(store: FileStore, tmp_path: Path) -> None:
    store.put(KEY, TEXT)
    store.put(OTHER, TEXT)
    headers = [json.loads(sealed(tmp_path, each).read_bytes().splitlines()[0]) for each in "kw"]
    assert headers[0]["salt"] != headers[1]["salt"]
    assert headers[0]["version"] == 1


def test_the_costly_derivation_happens_once_for_a_file(store: FileStore, tmp_path: Path) -> None:
    file_store._scrypt.cache_clear()
    store.put(KEY, TEXT)
    for _ in range(5):
        store.put(KEY, TEXT)
        FileStore(tmp_path, KEYS).get(KEY)
    assert file_store._scrypt.cache_info().misses == 1


def test_another_key_is_told_from_damage(store: FileStore, tmp_path: Path) -> None:
    store.put(KEY, TEXT)
    wrong = FileStore(tmp_path, Keys(text="another key, as long as it must"))
    error = refused(
        lambda: wrong.get(KEY), "was encrypted with another key than that in KINV_STORE_KEY$"
    )
    assert "`kinv connect PROVIDER --store file`" in error.hint


def test_who_lost_the_key_can_connect_anew(store: FileStore, tmp_path: Path) -> None:
    store.put(KEY, TEXT)
    anew = FileStore(tmp_path, Keys(text="another key, as long as it must"))
    anew.put(KEY, "new")
    assert anew.get(KEY) == "new"


def test_a_file_of_another_secret_is_refused(store: FileStore, tmp_path: Path) -> None:
    store.put(KEY, TEXT)
    store.put(OTHER, "another text")
    sealed(tmp_path, "wave").replace(sealed(tmp_path))
    refused(lambda: store.get(KEY), f"holds the secret of '{OTHER}', not of '{KEY}'")


def test_a_file_of_another_secret_is_refused_also_when_relabelled(
    store: FileStore, tmp_path: Path
) -> None:
    store.put(KEY, TEXT)
    store.put(OTHER, "another text")
    content = sealed(tmp_path, "wave").read_bytes().replace(OTHER.encode(), KEY.encode())
    sealed(tmp_path).write_bytes(content)
    refused(lambda: store.get(KEY), "is damaged$")


@pytest.mark.parametrize("part", ["version", "n", "r", "p", "salt", "check", "nonce"])
def test_a_changed_header_is_refused(store: FileStore, tmp_path: Path, part: str) -> None:
    store.put(KEY, TEXT)
    path = sealed(tmp_path)
    line, ciphertext, _ = path.read_bytes().split(b"\n")
    header = json.loads(line)
    old = header[part]
    header[part] = old * 2 if isinstance(old, int) else ("B" if old[0] == "A" else "A") + old[1:]
    path.write_bytes(json.dumps(header).encode() + b"\n" + ciphertext)
    refused(lambda: store.get(KEY), "is damaged|another key")


def test_scrypt_s_parameters_cannot_take_the_machine_s_memory(
    store: FileStore, tmp_path: Path
) -> None:
    store.put(KEY, TEXT)
    path = sealed(tmp_path)
    path.write_bytes(path.read_bytes().replace(b'"n":16384', b'"n":1073741824'))
    refused(lambda: store.get(KEY), "is damaged, or of another version of kinv")


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-10],
        lambda content: b"{}\n" + content,
        lambda content: content.replace(b"\n", b"\n\xff", 1),
        lambda content: content.splitlines()[0],
        lambda content: content.splitlines()[0] + b"\n" + content.splitlines()[1][4:],
    ],
    ids=["empty", "half", "cut", "headless", "no base64", "header only", "shortened"],
)
def test_a_damaged_file_is_refused_and_can_be_replaced(
    store: FileStore, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    store.put(KEY, TEXT)
    path = sealed(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    assert "connect again" in refused(lambda: store.get(KEY), "is damaged").hint
    store.put(KEY, TEXT)
    assert store.get(KEY) == TEXT
