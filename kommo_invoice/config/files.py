"""Files that are whole or not there, never half written; private ones are their owner's alone."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def private_folder(path: Path) -> Path:
    """Return a folder, made with those above it for its owner alone where they are missing.

    Raises:
        OSError: It cannot be made.
    """
    # mkdir's own parents=True gives the mode to the last folder only.
    for each in (*reversed(path.parents), path):
        if not each.is_dir():
            each.mkdir(mode=0o700, exist_ok=True)
    return path


def write_private(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 in a folder of mode 0700, durably and at once.

    Args:
        path: The file; its folder is made.
        content: All that it is to hold.

    Raises:
        OSError: It cannot be written; the old content is still there.
    """
    private_folder(path.parent)
    write_whole(path, content, 0o600)


def write_whole(path: Path, content: bytes, mode: int) -> None:
    """Write a file durably and at once: a crash at any moment leaves the old content or the new.

    Args:
        path: The file; a link in its place is replaced, not followed.
        content: All that it is to hold.
        mode: Its permissions, whatever the umask.

    Raises:
        OSError: It cannot be written; the old content is still there, and nothing else.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)  # noqa: PTH105 - a name, not a Path, comes from mkstemp
    except BaseException:
        with suppress(OSError):
            os.unlink(name)  # noqa: PTH108 - as above
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def usual_mode(path: Path) -> int:
    """Return the permissions that a file has, or that a new one would get."""
    with suppress(FileNotFoundError):
        return stat.S_IMODE(path.stat().st_mode)
    umask = os.umask(0o077)  # only who sets it is told what it was
    os.umask(umask)
    return 0o666 & ~umask
