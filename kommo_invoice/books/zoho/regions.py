"""Where the API of each of Zoho's data centres is (Zoho sheet, section 2)."""

from __future__ import annotations

from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING

from kommo_invoice.errors import ConfigInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT = "us"

REGIONS: Mapping[str, str | None] = MappingProxyType(
    {
        "us": "https://www.zohoapis.com",
        "eu": "https://www.zohoapis.eu",
        "in": "https://www.zohoapis.in",
        "au": "https://www.zohoapis.com.au",
        "jp": "https://www.zohoapis.jp",
        "ca": "https://www.zohoapis.ca",
        "sa": "https://www.zohoapis.sa",
        "cn": "https://www.zohoapis.com.cn",
        "uk": None,  # Zoho names no address of Books' API there
    }
)
"""Scheme and host by the name that Zoho's login gives a data centre (``location``)."""


def region_name(name: str | None) -> str:
    """Return the name of a data centre as Zoho writes it, by default the American one's.

    Raises:
        ConfigInvalid: There is no such data centre; the nearest name is told.
    """
    wanted = (name or DEFAULT).strip().casefold()
    if wanted not in REGIONS:
        near = next(iter(get_close_matches(wanted, REGIONS, n=1)), None)
        meant = f" (did you mean {near!r}?)" if near else ""
        raise ConfigInvalid(
            f"books.region: Zoho has no data centre {name!r}{meant}",
            hint=f"use one of {', '.join(REGIONS)}: it is the end of the address at which you "
            "work with Zoho (books.zoho.eu: eu; books.zoho.com: us)",
        )
    return wanted


def api_url(name: str | None) -> str:
    """Return scheme and host of the API in the data centre of that name, by default the American.

    Raises:
        ConfigInvalid: There is no such data centre, or Zoho names no API of it.
    """
    api = REGIONS[region_name(name)]
    if api is None:
        raise ConfigInvalid(
            f"books.region: Zoho names no address of Books' API in {name!r}",
            hint="if you know it, give it as base_url in [books]",
        )
    return api
