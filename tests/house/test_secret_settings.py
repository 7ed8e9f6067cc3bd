"""No secret among the settings is forgotten: what sounds like one is kept out of files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from kommo_invoice.config.settings import Settings, load_settings, secret_names
from kommo_invoice.errors import ConfigInvalid

if TYPE_CHECKING:
    from pathlib import Path

SOUNDS_SECRET = re.compile(r"(token|secret|password|key)$")


def test_every_setting_that_sounds_secret_is_one() -> None:
    assert {name for name in Settings.model_fields if SOUNDS_SECRET.search(name)} == secret_names()


@pytest.mark.parametrize("name", sorted(secret_names()))
def test_a_secret_in_the_settings_file_is_refused_and_not_quoted(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KINV_CONFIG_DIR", str(tmp_path))
    (tmp_path / "config.toml").write_text(f"{name} = 'planted-secret'\n", encoding="utf-8")
    with pytest.raises(ConfigInvalid, match=f"belongs into KINV_{name.upper()}") as refused:
        load_settings()
    assert "planted-secret" not in str(refused.value)
