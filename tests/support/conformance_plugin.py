"""The fixtures of the conformance suites: each test runs on the ground of every provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pytest
import stamina
from conformance_crm import CRM_GROUNDS
from conformance_grounds import BOOKS_GROUNDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance_books import BooksGround
    from conformance_crm import CrmGround
    from conformance_ground import Ground

    from kommo_invoice.books.base import Books
    from kommo_invoice.crm.base import Crm

G = TypeVar("G", bound="Ground")

BOOKS_PARAMS = [
    pytest.param((provider, mood), id=f"{provider}-{mood}")
    for provider, ground in BOOKS_GROUNDS.items()
    for mood in ground.moods
]


@pytest.fixture(params=BOOKS_PARAMS)
def firm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BooksGround]:
    """A company in the books of every provider, under everything that is not established."""
    provider, mood = request.param
    with stamina.set_testing(True, attempts=4, cap=True):  # as many tries as ever, without waits
        yield from _running(request, BOOKS_GROUNDS[provider](tmp_path, mood))


@pytest.fixture
def books(firm: BooksGround) -> Books:
    return firm.books


@pytest.fixture(params=list(CRM_GROUNDS))
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CrmGround]:
    """A CRM account at every provider."""
    yield from _running(request, CRM_GROUNDS[request.param](tmp_path))


@pytest.fixture
def crm(office: CrmGround) -> Crm:
    return office.crm


def _running(request: pytest.FixtureRequest, ground: G) -> Iterator[G]:
    """Yield the ground; a known deviation has to fail, so that its end is noticed."""
    name = getattr(request.node, "originalname", request.node.name)
    reason = ground.deviations.get(name)
    if reason is not None:
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    yield ground
    ground.close()
