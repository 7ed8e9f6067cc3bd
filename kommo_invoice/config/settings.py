"""Settings: flags over environment (``KINV_…``) over ``config.toml``."""

from __future__ import annotations

import difflib
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import platformdirs
from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from kommo_invoice.errors import ConfigInvalid, Problem, UsageError

_HINT = "see `kinv help environment`"


class Settings(BaseSettings):
    """What can be set around a run; every field is also an environment variable ``KINV_<NAME>``."""

    # A variable that is set to nothing, as `KINV_SETTLE_S=` in a crontab, counts as not set.
    model_config = SettingsConfigDict(
        env_prefix="KINV_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    mapping: Annotated[Path | None, Field(description="the mapping file")] = None
    config_dir: Annotated[Path | None, Field(description="folder of mapping.toml, config.toml")] = (
        None
    )
    state_dir: Annotated[Path | None, Field(description="folder of the ledger and locks")] = None
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value),
        Field(description="what is logged to stderr"),
    ] = "warning"
    settle_s: Annotated[
        float | None,
        Field(ge=0, description="seconds after which a lost write counts as absent (tests)"),
    ] = None
    timeout_s: Annotated[
        float, Field(gt=0, le=100, description="seconds to wait for a provider's answer")
    ] = 30.0
    rate_factor: Annotated[
        float, Field(gt=0, description="multiplies the request rates on loopback (simulators)")
    ] = 1.0
    store: Annotated[
        Literal["keyring", "file", "plain"] | None,
        Field(description="where `kinv connect` keeps secrets; without it, what works"),
    ] = None
    store_key: Annotated[
        SecretStr | None, Field(description="the key of the store `file`; a file is safer")
    ] = None
    store_key_file: Annotated[
        Path | None, Field(description="a file that holds the key of the store `file`")
    ] = None
    no_input: Annotated[
        bool, Field(description="never ask, even on a terminal; flags say everything")
    ] = False
    kommo_token: Annotated[SecretStr | None, Field(description="Kommo: a long-lived token")] = None
    wave_token: Annotated[SecretStr | None, Field(description="Wave: a full access token")] = None
    quickbooks_token: Annotated[
        SecretStr | None, Field(description="QuickBooks: an access token, good for an hour")
    ] = None
    zoho_token: Annotated[
        SecretStr | None, Field(description="Zoho: an access token, good for an hour")
    ] = None
    kommo_client_id: Annotated[
        str | None, Field(description="Kommo: the integration's id, for logging in by browser")
    ] = None
    kommo_client_secret: Annotated[
        SecretStr | None, Field(description="Kommo: the integration's secret key")
    ] = None
    wave_client_id: Annotated[
        str | None, Field(description="Wave: the application's id, for logging in by browser")
    ] = None
    wave_client_secret: Annotated[
        SecretStr | None, Field(description="Wave: the application's secret")
    ] = None
    quickbooks_client_id: Annotated[
        str | None, Field(description="QuickBooks: the app's client id, for logging in by browser")
    ] = None
    quickbooks_client_secret: Annotated[
        SecretStr | None, Field(description="QuickBooks: the app's client secret")
    ] = None
    zoho_client_id: Annotated[
        str | None, Field(description="Zoho: the client's id, for logging in by browser")
    ] = None
    zoho_client_secret: Annotated[
        SecretStr | None, Field(description="Zoho: the client's secret")
    ] = None

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
        return init_settings, env_settings, _ConfigFile(settings_cls, toml_file=_config_file())

    def client(self, provider: str) -> tuple[str | None, str | None]:
        """Return id and secret of the application at a provider, None for what is not set."""
        secret = getattr(self, f"{provider}_client_secret", None)
        return (
            getattr(self, f"{provider}_client_id", None),
            secret.get_secret_value().strip() if isinstance(secret, SecretStr) else None,
        )

    def token(self, provider: str) -> str | None:
        """Return the provider's token from the environment, None when it is not set."""
        secret = getattr(self, f"{provider}_token", None)
        return secret.get_secret_value().strip() if isinstance(secret, SecretStr) else None


def secret_names() -> frozenset[str]:
    """Return the names of the settings that are secrets: they stand in the environment alone."""
    return frozenset(
        name
        for name, field in Settings.model_fields.items()
        if SecretStr in {field.annotation, *get_args(field.annotation)}
    )


def load_settings(**flags: object) -> Settings:
    """Return the settings, with flags that were given (not None) over everything.

    Raises:
        UsageError: A flag has an impossible value.
        ConfigInvalid: A variable or a key of ``config.toml`` has one, or that file is broken.
    """
    given: dict[str, Any] = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        wrong = {str(each["loc"][0]): each["msg"] for each in found}
    for name in given.keys() & wrong.keys():
        raise UsageError(f"--{name.replace('_', '-')}: {wrong[name]}")
    problems = [_problem(name, message) for name, message in wrong.items()]
    if len(problems) == 1:
        raise ConfigInvalid(str(problems[0]), problems=problems, hint=_HINT)
    raise ConfigInvalid(f"{len(problems)} settings are invalid", problems=problems, hint=_HINT)


class _ConfigFile(TomlConfigSettingsSource):
    """``config.toml``, in which a mistyped key is an error."""

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        try:
            content = super()._read_file(file_path)
        except OSError as error:
            raise ConfigInvalid(f"{file_path} cannot be read: {error.strerror}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigInvalid(
                f"{file_path} is no valid TOML: {error}",
                hint=f"correct or remove it; {_HINT}",
            ) from None
        problems = [
            Problem(str(file_path), name, "is an unknown key", _nearest(name))
            for name in content
            if name not in Settings.model_fields
        ]
        problems += [
            Problem(str(file_path), name, f"belongs into KINV_{name.upper()}, not into a file")
            for name in content
            if name in secret_names()
        ]
        if problems:
            raise ConfigInvalid(str(problems[0]), problems=problems, hint=_HINT)
        return content


def _nearest(name: str) -> str | None:
    return next(iter(difflib.get_close_matches(name, Settings.model_fields, n=1)), None)


def _problem(name: str, message: str) -> Problem:
    """Return what is wrong with a setting, at the place that gave it."""
    variable = f"KINV_{name.upper()}"
    if os.environ.get(variable):
        return Problem("environment", variable, message)
    return Problem(str(_config_file()), name, message)


def _config_file() -> Path:
    folder = os.environ.get("KINV_CONFIG_DIR") or platformdirs.user_config_dir(
        "kinv", appauthor=False
    )
    return Path(folder) / "config.toml"
