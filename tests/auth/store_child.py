"""A process that uses one store once and says in JSON how that went.

    store_child.py KIND STATE_DIR get|put|delete KEY [TEXT]
    store_child.py KIND STATE_DIR choose
    store_child.py KIND STATE_DIR rewrite KEY TEXT TIMES

KIND may be ``any`` for ``choose``. The environment says more: KINV_STORE_KEY_FILE, KINV_STORE_KEY,
KEYRING_TIMEOUT_S, and DIE_AT=n to be killed at the n-th moment of making a file durable.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kommo_invoice.auth.connection import StoreKind
from kommo_invoice.auth.stores.choose import choose, open_store
from kommo_invoice.auth.stores.keys import Keys
from kommo_invoice.errors import KinvError

if TYPE_CHECKING:
    from collections.abc import Callable

MOMENTS = 6
"""Before and after: the file is flushed, put in its place, and the folder is flushed."""


def main(kind: str, state_dir: str, what: str, *given: str) -> dict[str, Any]:
    key_file = os.environ.get("KINV_STORE_KEY_FILE")
    around: dict[str, Any] = {
        "state_dir": Path(state_dir),
        "keys": Keys(Path(key_file) if key_file else None, text=os.environ.get("KINV_STORE_KEY")),
        "timeout_s": float(os.environ.get("KEYRING_TIMEOUT_S", "20")),
    }
    asked = None if kind == "any" else StoreKind(kind)
    if what == "choose":
        store = choose(asked, **around)
        return {"kind": store.kind, "where": store.where()}
    assert asked is not None
    store = open_store(asked, **around)
    if what == "rewrite":
        key, text, times = given
        for _ in range(int(times)):
            store.put(key, text)
            if store.get(key) is None:
                return {"value": "lost"}
        return {"value": "kept"}
    return {"value": getattr(store, what)(*given)}


def die_at(moment: int) -> None:
    """Let SIGKILL come at a moment of the next writing."""
    moments = count(1)

    def pass_moment() -> None:
        if next(moments) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def guarded(act: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            pass_moment()
            done = act(*args)
            pass_moment()
            return done

        return call

    os.fsync = guarded(os.fsync)
    os.replace = guarded(os.replace)


if __name__ == "__main__":
    if "DIE_AT" in os.environ:
        die_at(int(os.environ["DIE_AT"]))
    try:
        said = main(*sys.argv[1:])
    except KinvError as error:
        said = {"error": error.message, "hint": error.hint, "exit": int(error.exit_code)}
    sys.stdout.write(json.dumps(said))
