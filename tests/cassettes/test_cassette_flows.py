"""The exact bytes that kinv sends to the real services, flow by flow; see ``cassette_scene``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cassette_files import FLOWS, FOLDER

if TYPE_CHECKING:
    from cassette_scene import Scene
    from vcr.cassette import Cassette  # type: ignore[import-untyped]  # it has no types

pytest_plugins = ("cassette_plugin",)


@pytest.fixture(scope="module")
def vcr_cassette_dir() -> str:
    return str(FOLDER)


@pytest.fixture
def default_cassette_name(flow: str) -> str:
    return flow


@pytest.fixture
def vcr_config(scene: Scene) -> dict[str, Any]:
    return {
        "match_on": ["method", "uri", "raw_body"],
        "decode_compressed_response": True,
        "before_record_request": scene.scrubber.request,
        "before_record_response": scene.scrubber.response,
    }


@pytest.mark.vcr
@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_sends_exactly_what_was_recorded(
    flow: str, scene: Scene, vcr: Cassette, recording: bool
) -> None:
    code, printed = scene.invoice()

    assert code == 0, printed
    assert recording or vcr.all_played, [each.uri for each, _ in vcr.data]
    if recording:
        scene.keep(flow)
