"""Fixtures that every part of the suite may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from quickbooks_stage import QuickBooksStage
from stage import Stage
from zoho_stage import ZohoStage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Here, so that the main process loads it as well where tests run on several workers.
pytest_plugins = ("crash_plugin",)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Both simulators over real HTTP, a mapping, and kinv to run on them."""
    built = Stage(tmp_path)
    yield built
    built.close()


@pytest.fixture
def live(tmp_path: Path) -> Iterator[QuickBooksStage]:
    """The same with QuickBooks in Wave's place."""
    built = QuickBooksStage(tmp_path)
    yield built
    built.close()


@pytest.fixture
def zoho(tmp_path: Path) -> Iterator[ZohoStage]:
    """The same with Zoho Books in Wave's place."""
    built = ZohoStage(tmp_path)
    yield built
    built.close()
