"""The stores that keep files: whole or not there, private, one a key, whatever happens."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from store_child import MOMENTS

from kommo_invoice.auth.connection import StoreKind
from kommo_invoice.auth.stores.choose import open_store
from kommo_invoice.auth.stores.keys import Keys
from kommo_invoice.errors import SecretStoreUnavailable

if TYPE_CHECKING:
    from kommo_invoice.auth.stores.base import Store

KEY = "kommo:acme@acme.kommo.com"
TEXT = '{"access_token": "tøken-0123456789"}'
STORE_KEY = "a key that only these tests know"
CHILD = Path(__file__).with_name("store_child.py")

each_kind = pytest.mark.parametrize("kind", [StoreKind.FILE, StoreKind.PLAIN])


def opened(kind: StoreKind, state_dir: Path) -> Store:
    return open_store(kind, state_dir=state_dir, keys=Keys(text=STORE_KEY))


def files(state_dir: Path) -> list[Path]:
    return [each for each in state_dir.rglob("*") if each.is_file()]


def child(
    kind: StoreKind, state_dir: Path, *arguments: str, **environment: str
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(CHILD), kind, str(state_dir), *arguments],
        env={**os.environ, "KINV_STORE_KEY": STORE_KEY, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> dict[str, object]:
    answer: dict[str, object] = json.loads(process.communicate(timeout=60)[0])
    return answer


@each_kind
def test_what_one_process_puts_another_gets(kind: StoreKind, tmp_path: Path) -> None:
    assert opened(kind, tmp_path).get(KEY) is None
    opened(kind, tmp_path).put(KEY, "an older text")
    opened(kind, tmp_path).put(KEY, TEXT)
    assert opened(kind, tmp_path).get(KEY) == TEXT
    assert said(child(kind, tmp_path, "get", KEY)) == {"value": TEXT}


@each_kind
def test_deleting_leaves_nothing_and_what_is_not_there_is_no_error(
    kind: StoreKind, tmp_path: Path
) -> None:
    store = opened(kind, tmp_path)
    store.delete(KEY)
    store.put(KEY, TEXT)
    store.delete(KEY)
    assert store.get(KEY) is None
    assert files(tmp_path) == []


@each_kind
def test_files_and_their_folder_are_private(kind: StoreKind, tmp_path: Path) -> None:
    opened(kind, tmp_path).put(KEY, TEXT)
    (file,) = files(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


@each_kind
def test_keys_that_look_alike_share_no_file(kind: StoreKind, tmp_path: Path) -> None:
    keys = ["kommo:a/b@h", "kommo:a_b@h", "kommo:a:b@h", "../../x", "K" * 300, "K" * 301, ".", ""]
    store = opened(kind, tmp_path)
    for each in keys:
        store.put(each, f"the text of {each}")
    assert [store.get(each) for each in keys] == [f"the text of {each}" for each in keys]
    assert {each.parent.parent for each in files(tmp_path)} == {tmp_path}


@each_kind
@pytest.mark.parametrize("moment", range(1, MOMENTS + 1))
def test_a_writer_that_is_killed_leaves_the_old_text_or_the_new_one(
    kind: StoreKind, moment: int, tmp_path: Path
) -> None:
    store = opened(kind, tmp_path)
    store.put(KEY, "old" * 1000)
    writer = child(kind, tmp_path, "put", KEY, "new" * 1000, DIE_AT=str(moment))
    assert writer.communicate(timeout=60)[0] == ""
    assert writer.returncode == -9
    in_place = 4  # after the new file was put in the place of the old one
    assert store.get(KEY) == ("new" if moment >= in_place else "old") * 1000
    store.put(KEY, TEXT)
    assert store.get(KEY) == TEXT
    store.delete(KEY)
    assert files(tmp_path) == [], "what the killed writer left is a secret, too"


@each_kind
def test_a_full_disk_is_an_error_and_keeps_the_old_text(
    kind: StoreKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(kind, tmp_path)
    store.put(KEY, TEXT)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(SecretStoreUnavailable, match="cannot be written: File too large"):
            store.put(KEY, "x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert store.get(KEY) == TEXT
    assert len(files(tmp_path)) == 1


@each_kind
def test_two_writers_never_mix(kind: StoreKind, tmp_path: Path) -> None:
    texts = ["a" * 20_000, "b" * 30_000]
    writers = [child(kind, tmp_path, "rewrite", KEY, text, "100") for text in texts]
    assert [said(each) for each in writers] == [{"value": "kept"}] * 2
    assert opened(kind, tmp_path).get(KEY) in texts


@each_kind
def test_a_folder_in_a_file_s_place_is_named(kind: StoreKind, tmp_path: Path) -> None:
    store = opened(kind, tmp_path)
    store.put(KEY, TEXT)
    (file,) = files(tmp_path)
    file.unlink()
    file.mkdir()
    for act, done in ((store.get, "read"), (store.delete, "removed")):
        with pytest.raises(SecretStoreUnavailable, match=f"cannot be {done}: Is a dir") as caught:
            act(KEY)
        assert str(file) in caught.value.message
        assert caught.value.exit_code == 12


@each_kind
def test_it_says_where_secrets_are(kind: StoreKind, tmp_path: Path) -> None:
    store = opened(kind, tmp_path)
    store.put(KEY, TEXT)
    (file,) = files(tmp_path)
    assert str(file.parent) in store.where()
    assert STORE_KEY not in store.where()


# -- plain ---------------------------------------------------------------------------------------


def test_plain_is_named_what_it_is(tmp_path: Path) -> None:
    store = opened(StoreKind.PLAIN, tmp_path)
    store.put(KEY, TEXT)
    (file,) = files(tmp_path)
    assert file.parent.name == "secrets-plain"
    assert store.where().startswith("unencrypted in ")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_plain_refuses_a_file_that_others_have_rights_to(mode: int, tmp_path: Path) -> None:
    store = opened(StoreKind.PLAIN, tmp_path)
    store.put(KEY, TEXT)
    (file,) = files(tmp_path)
    file.chmod(mode)
    with pytest.raises(SecretStoreUnavailable, match=rf"others have rights .*{mode:o}") as caught:
        store.get(KEY)
    assert f"`chmod 600 '{file}'`" in caught.value.hint
    file.chmod(0o600)
    assert store.get(KEY) == TEXT


def test_plain_says_when_a_file_is_no_text(tmp_path: Path) -> None:
    store = opened(StoreKind.PLAIN, tmp_path)
    store.put(KEY, TEXT)
    (file,) = files(tmp_path)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SecretStoreUnavailable, match="is damaged"):
        store.get(KEY)
