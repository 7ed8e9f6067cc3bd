"""Zoho's data centres: where to log in, and where the API of each is (Zoho sheet, section 2).

A data centre is chosen by name only where the login did not say which one it is: its own
``api_domain`` goes before, as long as it is one of these. Neither host can be derived from the
other.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from kommo_invoice.errors import ConfigInvalid, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT = "us"


@dataclass(frozen=True, slots=True)
class Region:
    """A data centre.

    Args:
        accounts: Scheme and host of the server that gives tokens.
        api: Scheme and host of the API; None where Zoho names none for Books.
    """

    accounts: str
    api: str | None


REGIONS: Mapping[str, Region] = MappingProxyType(
    {
        "us": Region("https://accounts.zoho.com", "https://www.zohoapis.com"),
        "eu": Region("https://accounts.zoho.eu", "https://www.zohoapis.eu"),
        "in": Region("https://accounts.zoho.in", "https://www.zohoapis.in"),
        "au": Region("https://accounts.zoho.com.au", "https://www.zohoapis.com.au"),
        "jp": Region("https://accounts.zoho.jp", "https://www.zohoapis.jp"),
        "ca": Region("https://accounts.zohocloud.ca", "https://www.zohoapis.ca"),
        "sa": Region("https://accounts.zoho.sa", "https://www.zohoapis.sa"),
        "cn": Region("https://accounts.zoho.com.cn", "https://www.zohoapis.com.cn"),
        "uk": Region("https://accounts.zoho.uk", None),
    }
)
"""Every data centre, by the name that Zoho's login calls it (``location``)."""


def region_of(name: str | None) -> Region:
    """Return the data centre of that name, the American one for None.

    Raises:
        ConfigInvalid: There is none of that name.
    """
    found = REGIONS.get((name or DEFAULT).strip().casefold())
    if found is None:
        raise ConfigInvalid(
            f"books.region: Zoho has no data centre {name!r}",
            hint=f"use one of {', '.join(REGIONS)}: it is the end of the address at which you "
            "work with Zoho (books.zoho.eu: eu; books.zoho.com: us)",
        )
    return found


def api_url(name: str | None, api_domain: str | None = None) -> str:
    """Return scheme and host of the API.

    Args:
        name: The data centre, by name.
        api_domain: What the login said; it goes before.

    Raises:
        ConfigInvalid: There is no such data centre, or Zoho names no API of it.
        Refused: ``api_domain`` is none of Zoho's.
    """
    if api_domain is not None:
        return _one_of(api_domain, {each.api for each in REGIONS.values() if each.api})
    api = region_of(name).api
    if api is None:
        raise ConfigInvalid(
            f"books.region: Zoho names no address of Books' API in {name!r}",
            hint="connect Zoho: its login says where the API is",
        )
    return api


def accounts_url(server: str) -> str:
    """Return a login's ``accounts-server`` if it is one of Zoho's.

    Raises:
        Refused: It is none, so no code or secret may be sent there.
    """
    return _one_of(server, {each.accounts for each in REGIONS.values()})


def _one_of(url: str, known: set[str]) -> str:
    wanted = url.strip().rstrip("/").lower()
    if wanted not in known:
        raise Refused(
            "Zoho's login named an address that is none of Zoho's data centres",
            hint="nothing was sent there; begin the login anew, at Zoho's own page",
        )
    return wanted
