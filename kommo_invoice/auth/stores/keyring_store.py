"""The store ``keyring``: the one that the system unlocks when a person logs in."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from kommo_invoice.auth.connection import StoreKind
from kommo_invoice.errors import SecretStoreUnavailable
from kommo_invoice.redact import mask, remember_secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyring.backend import KeyringBackend

T = TypeVar("T")

SERVICE = "kinv"
TIMEOUT_S = 5.0

_SYSTEM = {
    f"keyring.backends.{name}"
    for name in ("SecretService", "libsecret", "kwallet", "macOS", "Windows")
}
"""The backends that are a system's own; null, fail and those of other packages are not."""

_MISSING = {"NoKeyringError", "SecretServiceNotAvailableException"}
_LOCKED = {"KeyringLocked", "LockedException", "PromptDismissedException"}

_ELSEWHERE = (
    "use `kinv connect PROVIDER --store file` (encrypted; its key in KINV_STORE_KEY_FILE) "
    "or `--store plain`"
)
_UNLOCK = (
    "unlock it in your desktop session and run the command again; where nobody is logged in, "
    f"as under cron, it stays locked: {_ELSEWHERE}"
)


class KeyringStore:
    """Keeps each text in the keyring, as a password of the service ``kinv``.

    Args:
        timeout_s: Seconds after which the keyring counts as locked. A collection that waits
            for a password dialog answers only when somebody comes.
    """

    kind = StoreKind.KEYRING

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s

    def get(self, key: str) -> str | None:
        """Return the text, None where there is none.

        Raises:
            SecretStoreUnavailable: The keyring is missing, locked, silent or broken.
        """
        text = self._ask(lambda keyring: keyring.get_password(SERVICE, key))
        if text is not None:
            remember_secret(text)
        return text

    def put(self, key: str, text: str) -> None:
        """Keep the text, durably, before returning.

        Raises:
            SecretStoreUnavailable: The keyring is missing, locked, silent or broken; after a
                time-out it may still take the text, once somebody unlocks it.
        """
        remember_secret(text)
        self._ask(lambda keyring: keyring.set_password(SERVICE, key, text))

    def delete(self, key: str) -> None:
        """Forget the text; a key that is not there is no error.

        Raises:
            SecretStoreUnavailable: The keyring is missing, locked, silent or broken.
        """

        def forget(keyring: KeyringBackend) -> None:
            # Deleting what is not there and failing to delete raise the same error.
            if keyring.get_password(SERVICE, key) is not None:
                keyring.delete_password(SERVICE, key)

        self._ask(forget)

    def where(self) -> str:
        """Return in words where it keeps them, and who can read them."""
        return (
            f"in the system's keyring, as {SERVICE!r}: "
            "your programs can read them while it is unlocked"
        )

    def _ask(self, question: Callable[[KeyringBackend], T]) -> T:
        """Return the keyring's answer, waiting no longer than the time-out.

        The question is put by a daemon thread: one that never comes back holds up neither the
        command nor the end of the process.
        """
        answer: Future[T] = Future()

        def work() -> None:
            try:
                answer.set_result(question(_keyring()))
            except BaseException as error:  # noqa: BLE001 - it is the caller's
                answer.set_exception(error)

        threading.Thread(target=work, name="keyring", daemon=True).start()
        try:
            return answer.result(self._timeout_s)
        except SecretStoreUnavailable:
            raise
        except TimeoutError:
            raise SecretStoreUnavailable(
                f"the keyring did not answer within {self._timeout_s:g} seconds; "
                "most likely it is locked and waits for its password",
                hint=_UNLOCK,
            ) from None
        except Exception as error:  # noqa: BLE001 - backends let their transport's errors through
            raise _unavailable(error) from None


def _keyring() -> KeyringBackend:
    """Return the system's keyring, which may be one of several that are there.

    Raises:
        SecretStoreUnavailable: Something else stands in its place.
    """
    import keyring
    from keyring.backends.chainer import ChainerBackend
    from keyring.backends.fail import Keyring as NoKeyring

    found = keyring.get_keyring()
    # A chain reads in one backend what it wrote to another: the system's own is asked alone.
    chain = found.backends if isinstance(found, ChainerBackend) else [found]
    for each in chain:
        if type(each).__module__ in _SYSTEM:
            return each
    if isinstance(found, NoKeyring):
        raise _missing()
    name = f"{type(chain[0]).__module__}.{type(chain[0]).__qualname__}" if chain else str(found)
    raise SecretStoreUnavailable(
        f"{name} stands in for the system's keyring; kinv does not know how it keeps secrets",
        hint="take it out of PYTHON_KEYRING_BACKEND or keyringrc.cfg, or remove its package; "
        f"or {_ELSEWHERE}",
    )


def _unavailable(error: BaseException) -> SecretStoreUnavailable:
    """Return in kinv's words what a backend raised."""
    chain, each = {type(error).__name__}, error.__cause__
    while each is not None:
        chain.add(type(each).__name__)
        each = each.__cause__
    if chain & _MISSING:
        return _missing()
    if "InitError" in chain:  # also where nobody could be asked for the first password
        return SecretStoreUnavailable("the keyring is locked or was never set up", hint=_UNLOCK)
    if chain & _LOCKED:
        return SecretStoreUnavailable("the keyring is locked", hint=_UNLOCK)
    lines = mask(str(error)).strip().splitlines()
    text = f": {lines[0][:200]}" if lines else ""
    return SecretStoreUnavailable(
        f"the keyring failed with {type(error).__name__}{text}",
        hint=f"see whether it works for other programs; or {_ELSEWHERE}",
    )


def _missing() -> SecretStoreUnavailable:
    return SecretStoreUnavailable(
        "there is no keyring in this session",
        hint=f"cron jobs, containers and plain ssh logins have none: {_ELSEWHERE}",
    )
