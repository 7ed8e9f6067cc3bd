"""What the browser brings back from a login: a code, or the reason why there is none."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from kommo_invoice.auth.logins import AccountForm
from kommo_invoice.errors import LoginNeeded, UsageError
from kommo_invoice.http.origin import is_loopback
from kommo_invoice.redact import remember_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommo_invoice.auth.logins import Login

_CODE = re.compile(r"[\w.~+/=-]{8,}", re.ASCII)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ID = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_NO_ACCOUNTS = {"www", "api"}


class StrangeRedirect(LoginNeeded):
    """It does not belong to this login: another one's, or somebody else's doing."""


class ScopeRefused(LoginNeeded):
    """The provider does not know a scope that was asked for, or does not give it."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What a login that succeeded brought back.

    Args:
        code: Good once, for tokens.
        account: The account that it is for, where the provider names it.
        region: The data centre that it is for, where the provider names it.
        by_hand: Whether it was made by a person's hand: no browser was sent anywhere.
    """

    code: str = field(repr=False)
    account: str | None
    region: str | None = None
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """An application's redirect address, as it is registered.

    Args:
        text: Letter by letter, since providers compare it so.
        scheme: ``http`` or ``https``.
        host: Lower-case, without brackets.
        port: Always given.
        path: With its slash.
    """

    text: str
    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, text: str) -> Address:
        """Return a redirect address.

        Raises:
            UsageError: It cannot be one (RFC 6749, section 3.1.2), or the code would come back
                unencrypted over a network.
        """
        try:
            parts = urlsplit(text)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            parts, host, port = urlsplit(""), "", None
        usable = parts.scheme in {"http", "https"} and host and port != 0
        usable = usable and parts.username is None
        if not usable or "#" in text or not text.isprintable() or " " in text:
            raise UsageError(
                "the redirect address is no web address",
                hint="give it with --redirect-uri as it is registered at the provider",
            )
        default = 80 if parts.scheme == "http" else 443
        address = cls(text, parts.scheme, host, port or default, parts.path or "/")
        if address.scheme == "http" and not address.loopback:
            raise UsageError(
                f"a login would come back unencrypted to {host}",
                hint="register an https address, or http://localhost:8765/callback",
            )
        return address

    @property
    def loopback(self) -> bool:
        """Whether it leads to this very machine."""
        return is_loopback(self.host)

    @property
    def receivable(self) -> bool:
        """Whether kinv can wait there for the browser; else what it brings has to be pasted."""
        return self.loopback and self.scheme == "http"


def read_query(query: str, login: Login, state: str, own_server: str | None = None) -> Returned:
    """Return what the query of the redirect brings.

    Args:
        query: What follows the question mark.
        login: The provider's.
        state: What this login sent along.
        own_server: What stands in place of the provider's scheme and host for logging in.

    Raises:
        StrangeRedirect: The state is missing or another one.
        ScopeRefused: For ``invalid_scope``.
        LoginNeeded: The login was refused, or the answer cannot be used.
    """
    given = _parameters(query)
    if not hmac.compare_digest(given.get("state", "").encode(), state.encode()):
        raise StrangeRedirect(
            f"this is not the answer to the {login.name} login that kinv waits for",
            hint=f"finish the page that `kinv connect {login.provider}` opened last",
        )
    if "error" in given:
        raise _refusal(given["error"], login)
    code = given.get("code", "")
    remember_secret(code)
    if not _CODE.fullmatch(code):
        raise LoginNeeded(f"{login.name} sent the browser back without a code", hint=_again(login))
    return Returned(code, _account(given, login), _region(given, login, own_server))


def read_pasted(text: str, login: Login, state: str, own_server: str | None = None) -> Returned:
    """Return what a person pasted: the address that the browser ended at, or a bare code.

    Where redirect and scopes are fixed at registration, the provider also shows codes there to be
    copied (Kommo sheet, section 3): such a code comes without a state, and the person's own hand
    is the proof that it belongs here. So with the codes that a provider's console makes (Zoho
    sheet, section 3).

    Args:
        text: What was pasted.
        login: The provider's.
        state: What this login sent along.
        own_server: As for ``read_query``.

    Raises:
        StrangeRedirect: The address belongs to another login.
        ScopeRefused: For ``invalid_scope``.
        LoginNeeded: The login was refused, or it is neither an address nor a code.
    """
    text = text.strip()
    _, mark, query = text.partition("?")
    if not mark and "=" in text and "://" not in text:
        query = text
    query = query.partition("#")[0]
    if not query and login.oauth.takes_bare_codes and _CODE.fullmatch(text):
        remember_secret(text)
        return Returned(text, None, by_hand=True)
    if not {"code", "error"} & _parameters(query).keys():
        raise LoginNeeded(
            "that is not the address of the page that the browser ended at",
            hint="agree in the browser, then copy the whole address of the page that follows, "
            "also when that page cannot be shown; it contains code=…",
        )
    return read_query(query, login, state, own_server)


def account_at(host: str, login: Login) -> str | None:
    """Return the account whose host this is, None where it is no account's.

    Secrets are sent to that host, so it has to be one label in front of the provider's own domain.

    Args:
        host: ``acme.kommo.com``, also as an address; in lower or upper case.
        login: The provider's; its API's address contains the account.
    """
    host = host.strip().lower().removeprefix("https://").rstrip("/")
    domain = re.escape(login.api_url.partition("{account}")[2])
    found = re.fullmatch(rf"({_LABEL}){domain}", host)
    return None if found is None or found[1] in _NO_ACCOUNTS else found[1]


def _parameters(query: str) -> Mapping[str, str]:
    """Return the parameters; one that comes twice counts as not there (RFC 6749, section 3.1)."""
    pairs = parse_qsl(query, keep_blank_values=True)
    names = [name for name, _ in pairs]
    return {name: value for name, value in pairs if names.count(name) == 1}


def _account(given: Mapping[str, str], login: Login) -> str | None:
    """Return the account that the redirect names, None where the provider names none.

    Raises:
        LoginNeeded: What it names is no account of the provider, or is missing.
    """
    name = login.oauth.account_in_redirect
    if name is None:
        return None
    told = given.get(name, "")
    if login.oauth.account_form is AccountForm.ID:
        account = told if _ID.fullmatch(told) else None
    else:
        account = account_at(told, login)
    if account is None:
        raise LoginNeeded(
            f"{login.name} sent the browser back without saying which account agreed",
            hint=_again(login),
        )
    return account


def _region(given: Mapping[str, str], login: Login, own_server: str | None) -> str | None:
    """Return the data centre that the redirect names, None where it names none.

    Code and secret are sent to its server, so whatever the redirect says has to be one of the
    provider's own, and the same one.

    Raises:
        LoginNeeded: It is none of them.
    """
    if login.centres is None:
        return None
    server, location = given.get("accounts-server"), given.get("location")
    found = set()
    if server is not None and server.rstrip("/") != own_server:
        found.add(login.centres.at(server))
    if location is not None:
        found.add(login.centres.find(location))
    if None in found or len(found) > 1:
        raise LoginNeeded(
            f"the browser came back with a server that is none of {login.name}'s data centres; "
            "nothing was sent there",
            hint=f"begin anew with `kinv connect {login.provider}`, and agree at {login.name}'s "
            "own page",
        )
    return next((each.name for each in found if each is not None), None)


def _refusal(code: str, login: Login) -> LoginNeeded:
    """Return what an error code of the redirect means (RFC 6749, section 4.1.2.1).

    The code itself is only told where it is one of those: anything could stand there.
    """
    name = login.name
    variable = f"KINV_{login.provider.upper()}_CLIENT_ID"
    match code:
        case "access_denied":
            return LoginNeeded(f"{name}: the access was refused in the browser", hint=_again(login))
        case "invalid_scope":
            return ScopeRefused(
                f"{name} does not give the application what kinv needs (invalid_scope)",
                hint=f"check what the application may do, {login.oauth.register}; "
                f"kinv needs {login.oauth.needed}",
            )
        case "server_error" | "temporarily_unavailable":
            return LoginNeeded(f"{name} could not do it just now ({code})", hint=_again(login))
        case "invalid_request" | "unauthorized_client" | "unsupported_response_type":
            return LoginNeeded(
                f"{name} does not accept the application ({code})",
                hint=f"compare {variable} and the redirect address with what is registered "
                f"{login.oauth.register}",
            )
        case _:
            return LoginNeeded(f"{name} ended the login with an error", hint=_again(login))


def _again(login: Login) -> str:
    return f"run `kinv connect {login.provider}` again and agree in the browser"
