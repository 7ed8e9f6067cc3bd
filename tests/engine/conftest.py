"""A stage with QuickBooks in Wave's place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from quickbooks_stage import QuickBooksStage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[QuickBooksStage]:
    """Kommo and QuickBooks over real HTTP, a mapping, and kinv to run on them."""
    built = QuickBooksStage(tmp_path)
    yield built
    built.close()
