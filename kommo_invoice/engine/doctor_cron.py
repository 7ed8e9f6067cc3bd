"""What this shell has and cron has not: tonight's failures, told now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kommo_invoice.engine.doctor_findings import Finding, fails, ok, warning
from kommo_invoice.engine.doctor_tokens import Source
from kommo_invoice.errors import ConfigInvalid, LoginNeeded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Seen:
    """What kinv goes by in one environment.

    Args:
        mapping: The mapping file, None where none is found.
        state_dir: The folder of the ledger.
        tokens: Provider -> where its token comes from.
        program: The path of the program ``kinv``, None where it is not in PATH.
    """

    mapping: Path | None
    state_dir: Path
    tokens: Mapping[str, Source] = field(default_factory=dict)
    program: Path | None = None


def differences(here: Seen, there: Seen) -> Iterator[Finding]:
    """Yield what differs between this shell and cron, and what that leads to.

    Args:
        here: This shell.
        there: Cron's environment.
    """
    yield _mapping(here, there)
    yield _state(here, there)
    for provider, source in here.tokens.items():
        yield _token(provider, source, there.tokens.get(provider, Source.NONE))
    if there.program is None and here.program is not None:
        yield warning(
            "cron program",
            "`kinv` alone is not found in cron's PATH",
            f"write {here.program} in the crontab",
        )


def _mapping(here: Seen, there: Seen) -> Finding:
    check = "cron mapping"
    if there.mapping == here.mapping:
        return ok(check, f"the same as here: {there.mapping}")
    way = f"give --mapping {here.mapping} in the crontab, or set KINV_MAPPING at its top"
    if there.mapping is None:
        message = f"tonight it fails because cron finds no mapping; this shell uses {here.mapping}"
        return fails(check, ConfigInvalid(message, hint=way))
    if here.mapping is None:
        return warning(check, f"cron uses {there.mapping}, this shell finds none", "see --mapping")
    message = (
        f"tonight it works by another mapping: cron uses {there.mapping}, this shell {here.mapping}"
    )
    return fails(check, ConfigInvalid(message, hint=way))


def _state(here: Seen, there: Seen) -> Finding:
    check = "cron state"
    if here.state_dir == there.state_dir:
        return ok(check, f"the same as here: {there.state_dir}")
    message = (
        f"tonight it works on another ledger: cron uses {there.state_dir}, "
        f"this shell {here.state_dir}"
    )
    hint = f"set KINV_STATE_DIR={here.state_dir} at the top of the crontab"
    return fails(check, ConfigInvalid(message, hint=hint))


def _token(provider: str, here: Source, there: Source) -> Finding:
    check = f"cron {provider} token"
    variable = f"KINV_{provider.upper()}_TOKEN"
    if here is Source.ENVIRONMENT and there is Source.CONNECTION:
        return warning(
            check,
            f"this shell uses {variable}, cron what was connected: they may be two tokens",
            f"unset {variable} here, or set it at the top of the crontab as well",
        )
    if here is not Source.NONE and there is Source.NONE:
        return fails(check, _missing(provider, variable, here))
    if there is here:
        return ok(check, f"from the same place as here: {there}")
    return ok(check, f"cron has {variable} of its own")


def _missing(provider: str, variable: str, here: Source) -> LoginNeeded:
    if here is Source.CONNECTION:
        message = f"tonight it fails because {provider} is connected in this shell's folder only"
        return LoginNeeded(message, hint="see to the state folder first: connections are in it")
    message = f"tonight it fails because {variable} is set in this shell only"
    hint = (
        f"`kinv connect {provider} --store file` with KINV_STORE_KEY_FILE, or set {variable} "
        "at the top of the crontab"
    )
    return LoginNeeded(message, hint=hint)
