"""Logging in by browser: where it is sent, and what the person there agrees to (RFC 6749)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from kommo_invoice.auth.redirect import Address, Returned, ScopeRefused, read_pasted, read_query
from kommo_invoice.http.origin import Origin
from kommo_invoice.redact import remember_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kommo_invoice.auth.logins import Login

DEFAULT_REDIRECT = "http://localhost:8765/callback"
_PARTS = 3  # of a scope like ZohoBooks.invoices.READ


@dataclass(frozen=True, slots=True)
class Authorization:
    """One login that is under way.

    Args:
        login: The provider's.
        redirect: Where the browser comes back to.
        url: Where the browser is sent.
        state: What comes back with it: so is known that it is the answer to this very login.
        verifier: PKCE's (RFC 7636), for the exchange of the code; None where it is not known.
        own_server: What stands in place of the provider's scheme and host.
    """

    login: Login
    redirect: Address
    url: str = field(repr=False)
    state: str = field(repr=False)
    verifier: str | None = field(repr=False)
    own_server: str | None = None

    @classmethod
    def begin(
        cls,
        login: Login,
        client_id: str,
        redirect_uri: str = DEFAULT_REDIRECT,
        *,
        base_url: str | None = None,
        auth_base_url: str | None = None,
        region: str | None = None,
        wished: bool = True,
    ) -> Authorization:
        """Begin a login.

        Args:
            login: The provider's.
            client_id: The application's.
            redirect_uri: As it is registered.
            base_url: What stands in place of the provider's scheme and host.
            auth_base_url: The same for logging in alone; it goes before ``base_url``.
            region: The data centre to begin at; the person is led on to their own.
            wished: Ask also for the scopes that kinv can do without.

        Raises:
            UsageError: The redirect address cannot be one.
            ConfigInvalid: A base URL cannot be one, or is not encrypted; or there is no such data
                centre.
        """
        redirect = Address.of(redirect_uri)
        own = auth_base_url or base_url
        url = login.oauth.authorize_url.format(accounts=login.server(region))
        root, path = placed(url, own)
        state, verifier = secrets.token_urlsafe(32), None
        asked = {"client_id": client_id, "state": state, **dict(login.oauth.extras)}
        if login.oauth.standard:
            scopes = login.oauth.scopes + (login.oauth.wished_scopes if wished else ())
            asked |= {
                "response_type": "code",
                "redirect_uri": redirect_uri,
                "scope": login.oauth.separator.join(scopes),
            }
        if login.oauth.pkce:
            verifier = secrets.token_urlsafe(64)
            remember_secret(verifier)
            asked |= {"code_challenge": _challenge(verifier), "code_challenge_method": "S256"}
        where = Origin.of(root)
        url = f"{where.root}{where.target(path)}?{urlencode(asked)}"
        return cls(login, redirect, url, state, verifier, where.root if own else None)

    def read(self, query: str) -> Returned:
        """Return what the query of the redirect brings; see ``read_query``."""
        return read_query(query, self.login, self.state, self.own_server)

    def read_pasted(self, text: str) -> Returned:
        """Return what a person pasted; see ``redirect.read_pasted``."""
        return read_pasted(text, self.login, self.state, self.own_server)


def agree(
    begin: Callable[[bool], Authorization], come_back: Callable[[Authorization], Returned]
) -> tuple[Authorization, Returned]:
    """Have a person agree; once more without the wished scopes where the provider refuses them.

    Args:
        begin: Begins a login, with the wished scopes or without.
        come_back: Sends the person there and returns what comes back.

    Returns:
        The login that succeeded, and what it brought.

    Raises:
        LoginNeeded: It was refused, or nobody came back.
    """
    first = begin(True)
    try:
        return first, come_back(first)
    except ScopeRefused:
        if not first.login.oauth.wished_scopes:
            raise
    second = begin(False)
    return second, come_back(second)


def missing_scopes(needed: Iterable[str], granted: Iterable[str]) -> tuple[str, ...]:
    """Return what is needed and was not granted.

    ``resource:*`` grants everything of a resource; ``write`` does not imply ``read`` (Wave sheet,
    section 3). So do ``Service.resource.ALL`` and, for the whole service,
    ``Service.fullaccess.all`` (Zoho sheet, section 3).
    """
    held = set(granted)
    return tuple(scope for scope in needed if not held & {scope, *_wider(scope)})


def _wider(scope: str) -> Iterator[str]:
    """Yield the scopes that hold another one."""
    if ":" in scope:
        yield f"{scope.partition(':')[0]}:*"
    if scope.count(".") == _PARTS - 1:
        service, resource, _ = scope.split(".")
        yield f"{service}.{resource}.ALL"
        yield f"{service}.fullaccess.all"


def placed(url: str, base_url: str | None) -> tuple[str, str]:
    """Return an address's root and path, with the root replaced where there is another one.

    Args:
        url: The provider's own address.
        base_url: What stands in place of its scheme and host; paths stay.
    """
    parts = urlsplit(url)
    return base_url or f"{parts.scheme}://{parts.netloc}", parts.path


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")
