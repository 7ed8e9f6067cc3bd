"""What people see of ``kinv doctor``."""

from __future__ import annotations

import re
import shutil
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from stage import Stage
from transcripts import NOON, Transcript

from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A stage at which all clocks stand still, the servers' own too, and a disk of a kind."""
    noon = format_datetime(NOON, usegmt=True)
    monkeypatch.setattr("uvicorn.server.formatdate", lambda *_, **__: noon)
    usage = shutil.disk_usage(tmp_path)._replace(free=1024**3)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    built = Stage(tmp_path, world=World(clock=lambda: NOON))
    yield built
    built.close()


def test_help(still: Stage) -> None:
    script = Transcript("help-of-doctor", still)
    assert script.run("doctor", "--help").code == 0
    script.compare()


def test_a_sound_installation_and_a_broken_one(still: Stage) -> None:
    script = Transcript("doctor", still)
    script.run("doctor")
    script.run("invoice", "--deal", still.deal)
    script.run("doctor", "--json")
    still.map(tax={"DE": "VAT 91%"}, write_back={"invoice_field": "Invoice Idd"})
    script.run("doctor", KINV_WAVE_TOKEN="of-somebody-else")
    still.map(invoice={"itm": "Consulting Services"})
    script.run("doctor")
    # It is that of the simulators' addresses, too.
    script.text = re.sub(r"(?<=fingerprint )[0-9a-f]{12}", "FINGERPRINT", script.text)
    script.compare()
