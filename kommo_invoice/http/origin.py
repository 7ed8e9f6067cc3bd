"""Where requests may go: one scheme, host and port, and nothing else ever sees the token."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from kommo_invoice.errors import ConfigInvalid, Refused

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:]+")
_EXTRA = re.compile(r"[@?#\s]")


def is_loopback(host: str) -> bool:
    """Say whether a host is this very machine.

    Args:
        host: Lower-case, without brackets.
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class Origin:
    """A provider's address.

    Args:
        scheme: ``https``; ``http`` only to this machine.
        host: Lower-case, without brackets.
        port: Always given.
        prefix: The base URL's own path, in front of every relative path; no slash at its end.
    """

    scheme: str
    host: str
    port: int
    prefix: str

    @classmethod
    def of(cls, base_url: str) -> Origin:
        """Return the origin that ``base_url`` names.

        Raises:
            ConfigInvalid: It is no plain http(s) URL, or it would send a token in the clear.
        """
        try:
            parts = urlsplit(base_url)
            port = parts.port or _DEFAULT_PORTS[parts.scheme]
            host = _HOST.fullmatch(parts.hostname or "")
        except (ValueError, KeyError):
            host = None
        if host is None or parts.scheme not in _DEFAULT_PORTS or _EXTRA.search(base_url):
            raise ConfigInvalid("a base_url is https://, a host, and maybe a port and a path")
        origin = cls(parts.scheme, host[0], port, parts.path.rstrip("/"))
        if origin.scheme == "http" and not origin.loopback:
            raise ConfigInvalid(
                f"{base_url!r} would send the token unencrypted",
                hint="use https; plain http is for addresses of this machine (127.0.0.1)",
            )
        return origin

    @property
    def loopback(self) -> bool:
        """Whether this is an address of this very machine."""
        return is_loopback(self.host)

    @property
    def root(self) -> str:
        """Scheme, host and port as the beginning of a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def name(self) -> str:
        """The host (and port, where it is not the usual one) as a part of a file name."""
        return self.root.partition("://")[2].replace(":", "-").strip("[]")

    def target(self, path: str) -> str:
        """Return path and query to ask for, for a path or a link that the provider gave.

        A link is followed only by its path and query, put behind our own root, so that no
        spelling of a URL can lead elsewhere.

        Args:
            path: ``/api/…``, or an absolute URL of this origin (a paging link).

        Raises:
            Refused: The link leads to another address.
        """
        with suppress(ValueError):
            parts = urlsplit(path)
            where = parts.path + (f"?{parts.query}" if parts.query else "")
            if path.isprintable() and parts.path.startswith("/"):
                if not parts.scheme and not parts.netloc:
                    return self.prefix + where
                if self._owns(parts):
                    return where
        raise Refused(
            f"a link to another address than {self.root} was not followed",
            hint="check base_url in the mapping",
        )

    def _owns(self, link: SplitResult) -> bool:
        port = link.port or _DEFAULT_PORTS.get(link.scheme)
        same = (link.scheme, link.hostname, port) == (self.scheme, self.host, self.port)
        return same and link.username is None
