"""A digital agency's simulated Kommo account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kommo_case import NOW, connect

from kommo_invoice.sandbox.kommo_seed import Agency, agency
from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from kommo_invoice.sandbox.kommo import Kommo


@pytest.fixture
def world() -> World:
    made = World(clock=lambda: NOW)
    made.unlimited = True
    return made


@pytest.fixture
def seeded(world: World) -> tuple[Kommo, Agency]:
    return agency(world)


@pytest.fixture
def kommo(seeded: tuple[Kommo, Agency]) -> Kommo:
    return seeded[0]


@pytest.fixture
def ids(seeded: tuple[Kommo, Agency]) -> Agency:
    return seeded[1]


@pytest.fixture
def api(kommo: Kommo) -> Iterator[httpx.Client]:
    with connect(kommo) as client:
        yield client


@pytest.fixture
def lead(ids: Agency) -> int:
    return ids.leads["Website relaunch"]
