"""Mappings that are led to the simulators: those of this package, and anybody's."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING

from kommo_invoice.errors import ConfigInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEADER = re.compile(r"\[(\w+)\]")
_WHERE = re.compile(r"(?:account|base_url|auth_base_url|environment|region)\s*=")


def packaged(name: str) -> str:
    """Return one of the mappings that come with the simulators, as text with comments."""
    return (files("kommo_invoice.sandbox") / name).read_text(encoding="utf-8")


def led_to(text: str, sides: Mapping[str, Mapping[str, str]]) -> str:
    """Return a mapping with other accounts and addresses, and all else (comments too) as it was.

    Args:
        text: The mapping.
        sides: ``crm`` and ``books`` -> ``account``, ``base_url`` and what else says where it is.

    Raises:
        ConfigInvalid: A side is not written as a section of its own, ``[crm]`` or ``[books]``.
    """
    lines: list[str] = []
    section = ""
    for line in text.splitlines():
        if header := _HEADER.match(line):
            section = header[1]
        elif section in sides and _WHERE.match(line):
            continue
        lines.append(line)
        if header and section in sides:
            lines += [f'{key} = "{value}"' for key, value in sides[section].items()]
    led = "\n".join(lines) + "\n"
    read = tomllib.loads(led)
    for name, side in sides.items():
        if not side.items() <= read.get(name, {}).items():
            raise ConfigInvalid(
                f"the mapping has no section that begins with a line [{name}]",
                hint=f"write provider and account below [{name}], a line each",
            )
    return led
