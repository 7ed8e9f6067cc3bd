"""Loads a package without a part of it that it can do without."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


@contextmanager
def without(name: str) -> Iterator[None]:
    """Let ``import`` hold a module for missing, as a None in ``sys.modules`` does.

    Args:
        name: The module's full name; one that is loaded already stays.
    """
    missing = cast("ModuleType", None)
    try:
        if name not in sys.modules:
            sys.modules[name] = missing
        yield
    finally:
        if sys.modules.get(name) is missing:
            sys.modules.pop(name, None)
