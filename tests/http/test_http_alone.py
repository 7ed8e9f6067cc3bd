"""httpx comes without its command line, which brings rich, click and pygments."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from kommo_invoice.http.alone import without

PROGRAM = """
import sys
import kommo_invoice.http.client
import httpx
print(sorted({"rich", "click", "pygments", "httpx._main"} & set(sys.modules)), httpx.Client)
"""


def test_the_client_loads_httpx_alone() -> None:
    said = subprocess.check_output([sys.executable, "-c", PROGRAM], text=True, timeout=60)
    assert said.split() == ["[]", "<class", "'httpx.Client'>"]


def test_a_module_is_missing_within_and_there_again_after() -> None:
    sys.modules.pop("this", None)
    with without("this"), pytest.raises(ModuleNotFoundError):
        importlib.import_module("this")
    assert importlib.util.find_spec("this") is not None


def test_a_module_that_is_loaded_stays() -> None:
    with without("json"):
        assert importlib.import_module("json") is sys.modules["json"]
    assert "json" in sys.modules
