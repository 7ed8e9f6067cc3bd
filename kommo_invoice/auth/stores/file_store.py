"""The store ``file``: encrypted files, for machines where nobody is logged in.

A file is a line of JSON, the header, and a line of base64, the text under AES-256-GCM. Its key
comes from the store's key by scrypt, with a salt of the file's own. The header names the key
that the file belongs to and is authenticated with the text: a file that is moved to another
key, or changed, is not accepted.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kommo_invoice.auth.connection import StoreKind
from kommo_invoice.auth.stores.folder import Folder
from kommo_invoice.errors import SecretStoreUnavailable
from kommo_invoice.redact import remember_secret

if TYPE_CHECKING:
    from pathlib import Path

    from kommo_invoice.auth.stores.keys import Key, Keys

_AGAIN = "remove it and connect again with `kinv connect PROVIDER --store file`"
_NONCE_SIZE = 12  # bytes, as NIST SP 800-38D recommends for GCM
_SALT_SIZE = 16
_AES_KEY_SIZE = 32
_CHECK_SIZE = 16


class _Header(BaseModel):
    """What stands in front of the ciphertext.

    Args:
        version: Of this form of file.
        key: The name of the secret it holds.
        n: scrypt's cost; the default takes 16 MB and about 50 ms. More would spend memory on
            every run for keys that are random and cannot be guessed anyway.
        r: scrypt's block size.
        p: scrypt's parallelism.
        salt: scrypt's.
        check: Tells a wrong key from a damaged file; derived like the AES key, but apart from it.
        nonce: Of AES-GCM, new with each writing.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        ser_json_bytes="base64",
        val_json_bytes="base64",
    )

    version: Literal[1] = 1
    key: str
    # The upper bounds keep a changed file from taking the machine's memory.
    n: int = Field(default=2**14, ge=2**14, le=2**18)
    r: int = Field(default=8, ge=8, le=16)
    p: int = Field(default=1, ge=1, le=4)
    salt: bytes = Field(min_length=_SALT_SIZE, max_length=64)
    check: bytes = Field(min_length=_CHECK_SIZE, max_length=_CHECK_SIZE)
    nonce: bytes = Field(min_length=_NONCE_SIZE, max_length=_NONCE_SIZE)

    def fits(self, derived: bytes) -> bool:
        """Return whether the file was written with the key this was derived from."""
        return hmac.compare_digest(self.check, derived[_AES_KEY_SIZE:])


class FileStore:
    """Keeps each text encrypted.

    Args:
        state_dir: kinv's state folder; the files lie in ``secrets`` below it.
        keys: Where its key is given; it is read once, when it is first needed.
    """

    kind = StoreKind.FILE

    def __init__(self, state_dir: Path, keys: Keys) -> None:
        self._folder = Folder(state_dir / "secrets", "sealed")
        self._keys = keys

    def get(self, key: str) -> str | None:
        """Return the text, None where there is none.

        Raises:
            SecretStoreUnavailable: There is no key or another one, or the file is damaged or
                belongs to another secret.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        content = self._folder.read(key)
        if content is None:
            return None
        path = self._folder.file(key)
        parts = _parts(content)
        if parts is None:
            raise SecretStoreUnavailable(
                f"{path} is damaged, or of another version of kinv", hint=_AGAIN
            )
        line, header, sealed = parts
        if header.key != key:
            raise SecretStoreUnavailable(
                f"{path} holds the secret of {header.key!r}, not of {key!r}", hint=_AGAIN
            )
        derived = _derived(self._key.text, header)
        if not header.fits(derived):
            raise SecretStoreUnavailable(
                f"{path} was encrypted with another key than that in {self._key.source}",
                hint="give the key it was written with; if that is lost, connect again with "
                "`kinv connect PROVIDER --store file`",
            )
        try:
            text = AESGCM(derived[:_AES_KEY_SIZE]).decrypt(header.nonce, sealed, line).decode()
        except InvalidTag:
            raise SecretStoreUnavailable(f"{path} is damaged", hint=_AGAIN) from None
        remember_secret(text)
        return text

    def put(self, key: str, text: str) -> None:
        """Keep the text, durably, before returning.

        Raises:
            SecretStoreUnavailable: There is no key, or the file cannot be written.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        remember_secret(text)
        header, derived = self._opening(key)
        line = header.model_dump_json().encode()
        sealed = AESGCM(derived[:_AES_KEY_SIZE]).encrypt(header.nonce, text.encode(), line)
        self._folder.write(key, b"%s\n%s\n" % (line, base64.b64encode(sealed)))

    def delete(self, key: str) -> None:
        """Forget the text; a key that is not there is no error, and none is needed.

        Raises:
            SecretStoreUnavailable: The file cannot be removed.
        """
        self._folder.delete(key)

    def where(self) -> str:
        """Return in words where it keeps them, and who can read them."""
        source = self._keys.source() or "no key yet"
        return (
            f"encrypted in {self._folder.path}, with the key in {source}: "
            "whoever can read both can read them"
        )

    @cached_property
    def _key(self) -> Key:
        return self._keys.read()

    def _opening(self, key: str) -> tuple[_Header, bytes]:
        """Return a header to write with, and what its key gave.

        The salt of the file that is replaced is kept where the key is the same one, so that the
        costly derivation of reading serves for writing too.
        """
        nonce = os.urandom(_NONCE_SIZE)
        parts = _parts(self._folder.read(key) or b"")
        if parts is not None:
            before = parts[1]
            derived = _derived(self._key.text, before)
            if before.key == key and before.fits(derived):
                return before.model_copy(update={"nonce": nonce}), derived
        salt = os.urandom(_SALT_SIZE)
        fresh = _Header.model_construct(key=key, salt=salt, check=b"", nonce=nonce)
        derived = _derived(self._key.text, fresh)
        return fresh.model_copy(update={"check": derived[_AES_KEY_SIZE:]}), derived


def _parts(content: bytes) -> tuple[bytes, _Header, bytes] | None:
    """Return a file's header, as it stands and as read, and its ciphertext; None if damaged."""
    line, _, sealed = content.partition(b"\n")
    try:
        return (
            line,
            _Header.model_validate_json(line),
            base64.b64decode(sealed.strip(), validate=True),
        )
    except (ValidationError, binascii.Error):
        return None


def _derived(text: str, header: _Header) -> bytes:
    return _scrypt(text, header.salt, header.n, header.r, header.p)


@lru_cache(maxsize=16)
def _scrypt(text: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    """Return the AES key and the check value that a key gives with a salt (RFC 7914)."""
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    kdf = Scrypt(salt=salt, length=_AES_KEY_SIZE + _CHECK_SIZE, n=n, r=r, p=p)
    return kdf.derive(text.encode())
