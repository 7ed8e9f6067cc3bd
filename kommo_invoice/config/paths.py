"""Where kinv keeps its files: the configuration folder and the state folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

if TYPE_CHECKING:
    from kommo_invoice.config.settings import Settings

_APP = "kinv"


def config_dir(settings: Settings) -> Path:
    """Return the folder of the mapping and of ``config.toml``."""
    return settings.config_dir or Path(platformdirs.user_config_dir(_APP, appauthor=False))


def state_dir(settings: Settings) -> Path:
    """Return the folder of the ledger, locks and rate budgets.

    It is the platform's *state* folder, never the runtime one, which cron does not have.
    """
    return settings.state_dir or Path(platformdirs.user_state_dir(_APP, appauthor=False))


def ledger_path(settings: Settings) -> Path:
    """Return the path of the ledger."""
    return state_dir(settings) / "ledger.sqlite3"
