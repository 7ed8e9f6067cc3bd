"""Puts off the signals that end the process, for the moments that must not be cut in two."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def put_off() -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and a closed terminal act only after the block.

    Whoever handled them before gets them then. In another thread than the main one it does
    nothing: signals do not interrupt that.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before: dict[signal.Signals, Any] = {}
    try:
        for number in _ENDING:
            handler = signal.getsignal(number)
            if handler is not None:  # one that is not Python's cannot be put back
                before[number] = handler
                signal.signal(number, lambda it, _: came.append(it))
        yield
    finally:
        # Ctrl-C, whose handler raises, is put back last, when nothing is left to be undone.
        for number, handler in reversed(before.items()):
            signal.signal(number, handler)
        for each in dict.fromkeys(came):
            signal.raise_signal(each)
