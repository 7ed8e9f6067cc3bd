"""The fixtures and hooks of cassettes, over those of pytest-recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cassette_files import FOLDER, Shelf
from cassette_scene import scene as opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cassette_scene import Scene
    from vcr import VCR  # type: ignore[import-untyped]  # it has no types


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "live: can be recorded against real accounts, see tests/cassettes"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("vcr") and item.path.parent == FOLDER:
            item.add_marker("live")


def pytest_recording_configure(config: pytest.Config, vcr: VCR) -> None:
    vcr.register_persister(Shelf(recording=_recording(config)))


@pytest.fixture
def scene(flow: str, tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[Scene]:
    with opened(flow, tmp_path, recording=_recording(pytestconfig)) as built:
        yield built


@pytest.fixture
def recording(pytestconfig: pytest.Config) -> bool:
    return _recording(pytestconfig)


def _recording(config: pytest.Config) -> bool:
    return (config.getoption("--record-mode") or "none") != "none"
