"""A provider's "come back later", remembered for every process of the machine."""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import TYPE_CHECKING

from kommo_invoice.http.retry import LONGEST_BLOCK

if TYPE_CHECKING:
    from pathlib import Path


class Block:
    """Until when one provider's host is left alone, in a small file.

    Args:
        path: The file; its folder exists.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def until(self, now: datetime) -> datetime | None:
        """Return when the block ends; None where there is none at ``now`` (UTC)."""
        try:
            moment = datetime.fromisoformat(json.loads(self._path.read_bytes())["until"])
            # One that lasts longer than any is the work of a clock that was wrong.
            holds = now < moment <= now + LONGEST_BLOCK
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError):
            holds = False
        if holds:
            return moment
        self._path.unlink(missing_ok=True)
        return None

    def remember(self, until: datetime) -> None:
        """Leave the host alone until then (UTC)."""
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        new.write_text(json.dumps({"until": until.isoformat()}))
        new.replace(self._path)
