"""Settings: flags over environment (``KINV_…``) over ``config.toml``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from kommo_invoice.errors import ConfigInvalid, Problem


class Settings(BaseSettings):
    """What can be set around a run; every field is also an environment variable ``KINV_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="KINV_", extra="ignore", frozen=True)

    mapping: Annotated[Path | None, Field(description="the mapping file")] = None
    config_dir: Annotated[Path | None, Field(description="folder of mapping.toml, config.toml")] = (
        None
    )
    state_dir: Annotated[Path | None, Field(description="folder of the ledger and locks")] = None
    store: Annotated[
        Literal["keyring", "file", "plain"] | None,
        Field(description="where tokens are kept; not needed with tokens in the environment"),
    ] = None
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="what is logged to stderr")
    ] = "warning"
    no_input: Annotated[bool, Field(description="never ask, even on a terminal")] = False
    settle_s: Annotated[
        float | None,
        Field(ge=0, description="seconds after which a lost write counts as absent (tests)"),
    ] = None
    timeout_s: Annotated[
        float, Field(gt=0, le=300, description="seconds to wait for a provider's answer")
    ] = 30.0
    rate_factor: Annotated[
        float, Field(gt=0, description="multiplies the request rates on loopback (simulators)")
    ] = 1.0
    kommo_token: Annotated[SecretStr | None, Field(description="Kommo: a long-lived token")] = None
    wave_token: Annotated[SecretStr | None, Field(description="Wave: a full access token")] = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: flags, environment, ``config.toml``."""
        del dotenv_settings, file_secret_settings
        file = TomlConfigSettingsSource(settings_cls, toml_file=_config_file())
        return init_settings, env_settings, file

    def token(self, provider: str) -> str | None:
        """Return the provider's token from the environment, None when it is not set."""
        secret = getattr(self, f"{provider}_token", None)
        return secret.get_secret_value() if isinstance(secret, SecretStr) else None


def load_settings(**flags: object) -> Settings:
    """Return the settings, with flags that were given (not None) over everything.

    Raises:
        ConfigInvalid: A variable or a key of ``config.toml`` has an impossible value.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings.model_validate(given) if not given else Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        problems = [
            Problem(
                file="environment or config.toml",
                key="KINV_" + "_".join(str(part) for part in each["loc"]).upper(),
                message=each["msg"],
            )
            for each in error.errors(include_input=False, include_url=False)
        ]
        raise ConfigInvalid(
            "a setting is invalid", problems=problems, hint="see `kinv help environment`"
        ) from None


def _config_file() -> Path:
    folder = os.environ.get("KINV_CONFIG_DIR") or platformdirs.user_config_dir(
        "kinv", appauthor=False
    )
    return Path(folder) / "config.toml"
