"""Logs in by browser: opens the page, waits for it or for what is pasted, takes the tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kommo_invoice.auth.connection import Kind, Secret
from kommo_invoice.auth.endpoint import TokenEndpoint
from kommo_invoice.auth.logins import SANDBOX, Loopback
from kommo_invoice.auth.oauth import DEFAULT_REDIRECT, Authorization, agree
from kommo_invoice.auth.redirect import Address
from kommo_invoice.cli import asking
from kommo_invoice.cli.access import Access
from kommo_invoice.errors import ConfigInvalid, LoginNeeded, UsageError
from kommo_invoice.http.origin import Origin

if TYPE_CHECKING:
    from kommo_invoice.auth.connection import TokenAnswer
    from kommo_invoice.auth.logins import Login
    from kommo_invoice.auth.redirect import Returned
    from kommo_invoice.cli.access import Asked, Place
    from kommo_invoice.cli.wiring import Wiring

_PATIENCE_S = 300.0


def grant(wiring: Wiring, login: Login, asked: Asked, place: Place, *, paste: bool) -> Access:
    """Have a person agree in the browser, and return the grant.

    Raises:
        UsageError: The application is not known, or the redirect address cannot be one, or none
            to which the provider sends browsers.
        LoginNeeded: The person refused, nobody came back, or the provider gives no tokens, or
            such for an API that is none of its data centres'.
        ConfigInvalid: The person agreed for another account, or in a data centre without an API.
    """
    from kommo_invoice.cli.wiring import now

    redirect_uri = asked.redirect_uri or DEFAULT_REDIRECT
    _check_redirect(login, place, redirect_uri)
    client_id, client_secret = _application(wiring, login)

    def begin(wished: bool) -> Authorization:
        return Authorization.begin(
            login,
            client_id,
            redirect_uri,
            base_url=place.base_url,
            auth_base_url=place.auth_base_url,
            region=place.region,
            wished=wished,
        )

    authorization, returned = agree(begin, lambda each: _come_back(wiring, each, paste=paste))
    if place.account and returned.account and returned.account != place.account:
        raise ConfigInvalid(
            f"in the browser, {returned.account} was agreed to, not {place.account}",
            hint="choose the right account there, or name the other one with --account",
        )
    endpoint = TokenEndpoint(
        login,
        open_client=wiring.clients(lambda *_: None),
        base_url=place.base_url,
        auth_base_url=place.auth_base_url,
        account=returned.account or place.account,
        clock=now,
        region=returned.region or place.region,
    )
    bare = returned.by_hand and login.oauth.by_hand is not None
    tokens = endpoint.exchange(
        returned.code,
        client_id,
        client_secret,
        None if bare else redirect_uri,
        authorization.verifier,
    )
    place = replace(place, region=_region(login, place, returned, tokens))
    secret = Secret(
        host=wiring.tokens.host(place.address(login, returned.account)),
        token_host=endpoint.host,
        access_token=tokens.access_token,
        expires_at=tokens.expires_at,
        refresh_token=tokens.refresh_token,
        refresh_expires_at=tokens.refresh_expires_at,
        final_at=tokens.final_at,
        client_id=client_id,
        client_secret=client_secret,
        redirect_uri=redirect_uri,
    )
    return Access(secret, Kind.OAUTH, tokens.scopes, returned.account, place.region)


def _region(login: Login, place: Place, returned: Returned, tokens: TokenAnswer) -> str | None:
    """Return the data centre whose API the tokens are for, None where there is but one.

    Raises:
        LoginNeeded: The answer names an API that is none of the provider's.
    """
    if login.centres is None:
        return None
    begun = login.centres.named(returned.region or place.region)
    own = None if place.base_url is None else Origin.of(place.base_url).root
    if tokens.api is None or tokens.api.rstrip("/") == own:
        return begun.name
    found = login.centres.serving(tokens.api)
    if found is not None:
        return found.name
    if begun.api is None:
        login.centres.api(begun.name)
    raise LoginNeeded(
        f"{login.name} gave tokens for an API that is none of its data centres'; they were not "
        "used, and nothing was kept",
        hint="where its data centre is a new one, give --base-url and --auth-base-url",
    )


def _check_redirect(login: Login, place: Place, redirect_uri: str) -> None:
    """Refuse an address of this machine before the provider's own page does, to the person alone.

    Raises:
        UsageError: The provider sends browsers back to this machine for sandbox accounts alone.
    """
    own = place.auth_base_url or place.base_url
    bound = login.oauth.loopback is Loopback.SANDBOX and place.environment != SANDBOX
    if bound and own is None and Address.of(redirect_uri).loopback:
        command = f"`kinv connect {login.provider}"
        raise UsageError(
            f"{login.name} sends browsers back to this machine for sandbox accounts alone",
            hint=f"register any https address of yours {login.oauth.register}; then "
            f"{command} --paste --redirect-uri https://…`; for a sandbox account "
            f"{command} --environment {SANDBOX}`",
        )


def _application(wiring: Wiring, login: Login) -> tuple[str, str]:
    """Return id and secret of the application, from the environment or asked for."""
    given = wiring.settings.client(login.provider)
    variable = f"KINV_{login.provider.upper()}_CLIENT"
    if all(given):
        return given[0] or "", given[1] or ""
    if not asking.may_ask(wiring.settings):
        raise UsageError(
            f"the application at {login.name} is not known",
            hint=f"register one {login.oauth.register}; then set {variable}_ID and "
            f"{variable}_SECRET for this one command",
        )
    wiring.terminal.note(f"the application is registered {login.oauth.register}")
    client_id = given[0] or asking.line("its id: ").strip()
    return client_id, given[1] or asking.secret("its secret: ")


def _come_back(wiring: Wiring, authorization: Authorization, *, paste: bool) -> Returned:
    """Send the person to the provider's page, and return what comes back from it."""
    import webbrowser

    from kommo_invoice.auth.receiver import Receiver

    terminal = wiring.terminal
    if paste or not authorization.redirect.receivable:
        terminal.note("open this page in a browser and agree:")
        terminal.note(f"  {authorization.url}")
        terminal.note("then paste the whole address of the page that follows, shown or not")
        if by_hand := authorization.login.oauth.by_hand:
            terminal.note(f"or paste {by_hand}, with this scope:")
            terminal.note(f"  {authorization.login.oauth.needed}")
            return authorization.read_pasted(asking.line("address or code: "))
        return authorization.read_pasted(asking.line("address: "))
    with Receiver(authorization) as receiver:
        terminal.note("agree in the browser; where none opens, open this page in one:")
        terminal.note(f"  {authorization.url}")
        unknown = authorization.login.oauth.loopback is Loopback.UNKNOWN
        if not webbrowser.open(authorization.url) or unknown:
            # Whether a provider sends browsers back to this machine is not established for all.
            terminal.note("where it does not come back to kinv: Ctrl-C, then the same with --paste")
        return receiver.wait(_PATIENCE_S)
