"""The agency's mapping, and any Kommo-Wave mapping led to the simulators."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING

from kommo_invoice.errors import ConfigInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEADER = re.compile(r"\[(\w+)\]")
_ADDRESS = re.compile(r"(?:account|base_url|auth_base_url)\s*=")


def agency_mapping() -> str:
    """Return the mapping of a digital agency, as text with comments."""
    return (files("kommo_invoice.sandbox") / "agency.toml").read_text(encoding="utf-8")


def led_to(text: str, sides: Mapping[str, tuple[str, str]]) -> str:
    """Return a mapping with other accounts and addresses, and all else (comments too) as it was.

    Args:
        text: The mapping.
        sides: ``crm`` and ``books`` -> account and base URL.

    Raises:
        ConfigInvalid: A side is not written as a section of its own, ``[crm]`` or ``[books]``.
    """
    lines: list[str] = []
    section = ""
    for line in text.splitlines():
        if header := _HEADER.match(line):
            section = header[1]
        elif section in sides and _ADDRESS.match(line):
            continue
        lines.append(line)
        if header and section in sides:
            account, base_url = sides[section]
            lines += [f'account = "{account}"', f'base_url = "{base_url}"']
    led = "\n".join(lines) + "\n"
    read = tomllib.loads(led)
    for name, (account, base_url) in sides.items():
        side = read.get(name, {})
        if (side.get("account"), side.get("base_url")) != (account, base_url):
            raise ConfigInvalid(
                f"the mapping has no section that begins with a line [{name}]",
                hint=f"write provider and account below [{name}], a line each",
            )
    return led
