"""Where kinv keeps its files: the configuration folder and the state folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from kommo_invoice.config.files import private_folder
from kommo_invoice.errors import ConfigInvalid

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


def made_state_dir(settings: Settings) -> Path:
    """Return the state folder, made for its owner alone where it is not there yet.

    Raises:
        ConfigInvalid: There can be none.
    """
    folder = state_dir(settings)
    try:
        return private_folder(folder)
    except OSError as error:
        raise ConfigInvalid(
            f"the state folder {folder} cannot be made: {error.strerror}",
            hint="correct KINV_STATE_DIR, or make the folder",
        ) from None


def ledger_path(settings: Settings) -> Path:
    """Return the path of the ledger."""
    return state_dir(settings) / "ledger.sqlite3"
