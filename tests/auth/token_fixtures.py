"""What the tests of refreshes begin with: a server, a grant at it, and a log without secrets."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from token_ground import Ground
from token_server import CLIENT_SECRET, TokenServer, token_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENDED = timedelta(hours=-1)
LONG = timedelta(hours=2)
AGAIN = "`kinv connect wave`"
PLANTED = ("planted", CLIENT_SECRET)


@pytest.fixture(name="server")
def server_fixture() -> Iterator[TokenServer]:
    with token_server() as it:
        yield it


@pytest.fixture(name="ground")
def ground_fixture(tmp_path: Path, server: TokenServer) -> Ground:
    return Ground(tmp_path, server.url)


@pytest.fixture(autouse=True)
def nothing_secret_told(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Log all there is, and find nothing secret in it."""
    caplog.set_level(logging.DEBUG, logger="kommo_invoice")
    yield
    assert not any(secret in caplog.text for secret in PLANTED)
