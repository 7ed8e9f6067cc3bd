"""The options that commands share, with one help text each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

MappingOption = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        "-m",
        metavar="PATH",
        help="The mapping file [default: KINV_MAPPING, ./mapping.toml, configuration folder].",
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print data for programs: see `kinv help events`.")
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Show the plan with all its values; write nothing.")
]
DealsOption = Annotated[
    list[int],
    typer.Option("--deal", "-d", metavar="ID", min=1, help="A deal's id; can be given repeatedly."),
]
DealOption = Annotated[int, typer.Option("--deal", "-d", metavar="ID", min=1, help="A deal's id.")]
WaitOption = Annotated[
    str | None,
    typer.Option(
        "--wait",
        metavar="TIME",
        help="Wait so long (30s, 5m) for another run to end.",
        show_default=False,
    ),
]


@dataclass(slots=True)
class Common:
    """What is given before the command's name and holds for every command.

    Args:
        mapping: The mapping file.
        log_level: What is logged to stderr; None leaves it to the settings.
        debug_http: Log requests with their (masked) bodies.
    """

    mapping: Path | None = None
    log_level: str | None = None
    debug_http: bool = False


def common(context: typer.Context, mapping: Path | None = None) -> Common:
    """Return what was given before the command's name, with the command's own ``--mapping``."""
    given = context.find_object(Common) or Common()
    if mapping is not None:
        given.mapping = mapping
    return given


def seconds(text: str | None, option: str) -> float:
    """Return a time such as ``90``, ``30s``, ``5m`` or ``1h`` in seconds, 0 for none.

    Raises:
        UsageError: It is no time.
    """
    from kommo_invoice.errors import UsageError

    if text is None:
        return 0
    units = {"s": 1, "m": 60, "h": 3600}
    number, unit = (text[:-1], text[-1]) if text[-1:] in units else (text, "s")
    if not number.isdecimal():
        raise UsageError(f"{option}: {text!r} is no time", hint="give it as 30s, 5m or 1h")
    return int(number) * units[unit]
