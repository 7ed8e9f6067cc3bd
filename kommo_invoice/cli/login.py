"""Logs in to a provider: a token or a grant is got, tried out, and kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kommo_invoice.auth.connection import Connection, Kind, Secret
from kommo_invoice.auth.given import GivenToken
from kommo_invoice.auth.keeping import keep
from kommo_invoice.auth.logins import login_of
from kommo_invoice.cli import asking
from kommo_invoice.cli.access import Access, Place, Way
from kommo_invoice.cli.asking import may_ask
from kommo_invoice.engine.connecting import reach, try_out
from kommo_invoice.engine.providers import Account, account_id
from kommo_invoice.errors import ConfigInvalid, Refused, Rejected, Temporary, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kommo_invoice.auth.logins import Login
    from kommo_invoice.cli.access import Asked
    from kommo_invoice.cli.wiring import Wiring
    from kommo_invoice.engine.connecting import Reached


@dataclass(frozen=True, slots=True)
class Done:
    """A connection that was kept.

    Args:
        connection: Its facts.
        where: Where its secret is, and who can read it.
        found: What could be read with it.
        warnings: What will not work.
    """

    connection: Connection
    where: str
    found: str
    warnings: tuple[str, ...]


def log_in(wiring: Wiring, asked: Asked) -> Done:
    """Log in, try the account out, and keep the connection.

    Raises:
        UsageError: Something has to be said by a flag, since nobody can be asked.
        LoginNeeded: The provider does not accept what was given.
        Refused: The token may not do what kinv needs.
        SecretStoreUnavailable: There is no place for the secret; nothing was asked of anybody.
    """
    from kommo_invoice.cli.wiring import now

    login = login_of(asked.provider)
    place = _place(wiring, asked)
    way = asked.way or _usual(wiring, login)
    if way is Way.STDIN and login.token is None:
        raise UsageError(f"{login.name} gives people no tokens", hint=login.way)
    place = _known(wiring, login, place, way)
    tokens = wiring.tokens
    store = tokens.probed(asked.store or tokens.store_before(asked.provider, place.account))
    access = _access(wiring, login, asked, place, way)
    _check_scopes(login, access)
    given = GivenToken(access.secret.access_token, login.way)
    open_client = wiring.clients(lambda *_: given)
    place = replace(place, region=access.region)
    try:
        # Which API the tokens are for, the login knows better than the adapter's own list.
        api = place.base_url if login.centres is None else place.address(login)
        wanted = access.account or place.account or ""
        side = Account(login.provider, wanted, api, place.environment)
        reached = _chosen(wiring, login, reach(side, open_client), place.account)
        seen = try_out(replace(side, account=reached.account), open_client)
    except Temporary as error:
        error.hint = f"nothing was kept: run `kinv connect {login.provider}` again later"
        raise
    except Rejected as error:
        raise ConfigInvalid(
            f"{login.name} does not answer as it should: {error.message}",
            hint="check the account and --base-url",
        ) from error
    # A login has generations of its own: an earlier one that has ended is not taken for it.
    secret = access.secret.model_copy(update={"generation": int(now().timestamp())})
    connection = Connection(
        provider=login.provider,
        account=reached.account,
        name=reached.name,
        kind=access.kind,
        store=store.kind,
        host=secret.host,
        base_url=place.base_url,
        auth_base_url=place.auth_base_url,
        environment=place.environment,
        region=place.region,
        scopes=access.scopes,
        connected_at=now(),
        expires_at=secret.refresh_expires_at if secret.refresh_token else secret.expires_at,
        final_at=secret.final_at,
        renewable=secret.refresh_token is not None,
    )
    keep(connection, secret, connections=tokens.connections, open_store=tokens.open_store)
    return Done(connection, store.where(), seen, tuple(_warnings(wiring, connection, reached)))


def _place(wiring: Wiring, asked: Asked) -> Place:
    """Return where to log in: by the flags, else as the mapping says, where there is one."""
    side = wiring.peek(asked.provider)
    account = asked.account or side.get("account")
    for flag, url in (("--base-url", asked.base_url), ("--auth-base-url", asked.auth_base_url)):
        try:
            wiring.tokens.host(url or "https://localhost")
        except ConfigInvalid as error:
            raise UsageError(f"{flag}: {error.message}", hint=error.hint) from None
    environment = asked.environment or side.get("environment")
    try:
        login_of(asked.provider).address(account, environment)
    except ConfigInvalid as error:
        if asked.environment is None:
            raise
        raise UsageError(f"--environment: {error.message}", hint=error.hint) from None
    region = _region(login_of(asked.provider), asked.region, side.get("region"))
    base_url = asked.base_url or side.get("base_url")
    if base_url is None and region is not None:  # before anybody is asked to agree to anything
        login_of(asked.provider).address(account, environment, region)
    return Place(
        None if account is None else account_id(asked.provider, account),
        base_url,
        asked.auth_base_url or side.get("auth_base_url"),
        environment,
        region,
    )


def _region(login: Login, asked: str | None, mapped: str | None) -> str | None:
    """Return the data centre at which the login begins, None for the usual or the only one.

    Raises:
        UsageError: The one that was asked for is none of the provider's.
        ConfigInvalid: The mapping's is none.
    """
    if login.centres is None:
        if asked is not None:
            raise UsageError(
                f"--region: {login.name} has no data centres to choose from", hint="leave it out"
            )
        return None
    if asked is None:
        return None if mapped is None else login.centres.named(mapped).name
    try:
        return login.centres.named(asked).name
    except ConfigInvalid as error:
        raise UsageError(f"--region: {error.message}", hint=error.hint) from None


def _known(wiring: Wiring, login: Login, place: Place, way: Way) -> Place:
    """Return the place with the account in it that the address depends on.

    Raises:
        UsageError: It is not known, a browser would not tell it, and nobody can be asked.
    """
    told = way is Way.BROWSER and login.oauth.account_in_redirect
    if "{account}" not in login.api_url or place.account or place.base_url or told:
        return place
    example = f"acme for {login.address('acme', place.environment)}"
    if not may_ask(wiring.settings):
        raise UsageError(
            f"say which {login.name} account it is",
            hint=f"`kinv connect {login.provider} --account …`: {example}",
        )
    account = asking.line(f"which {login.name} account ({example})? ").strip()
    return replace(place, account=account_id(login.provider, account))


def _access(wiring: Wiring, login: Login, asked: Asked, place: Place, way: Way) -> Access:
    if way in {Way.BROWSER, Way.PASTE}:
        from kommo_invoice.cli.browser import grant

        return grant(wiring, login, asked, place, paste=way is Way.PASTE)
    return _token(wiring, login, place, way)


def _usual(wiring: Wiring, login: Login) -> Way:
    """Return the way to take where none was asked for."""
    if login.token is None or wiring.settings.client(login.provider)[0]:
        return Way.BROWSER
    if may_ask(wiring.settings):
        return Way.PROMPT
    raise UsageError(
        f"say how to log in to {login.name}",
        hint=f"`kinv connect {login.provider} --token-stdin` reads {login.token}",
    )


def _token(wiring: Wiring, login: Login, place: Place, way: Way) -> Access:
    """Return the token that a person gives.

    Raises:
        UsageError: It cannot be one.
    """
    from kommo_invoice.auth.jwt import claimed_scopes, expires_at
    from kommo_invoice.redact import remember_secret

    if way is Way.PROMPT:
        wiring.terminal.note(f"{login.name}: paste {login.token}")
    token = asking.secret("token: ").removeprefix("Bearer ").strip()
    remember_secret(token)
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(
            "that cannot be a token: it is empty, or has spaces or several lines",
            hint=f"paste {login.token}",
        )
    host = wiring.tokens.host(place.address(login))
    secret = Secret(host=host, access_token=token, expires_at=expires_at(token))
    return Access(secret, Kind.TOKEN, claimed_scopes(token, login.claimed_scopes))


def _check_scopes(login: Login, access: Access) -> None:
    """Compare what the token may do with what kinv needs.

    Raises:
        Refused: It is known to lack something.
    """
    from kommo_invoice.auth.oauth import missing_scopes

    missing = () if access.scopes is None else missing_scopes(login.oauth.scopes, access.scopes)
    if missing:
        raise Refused(
            f"the {login.name} token may not do what kinv needs; it lacks {', '.join(missing)}",
            hint=f"give the application these scopes {login.oauth.register}, then connect again",
        )


def _chosen(wiring: Wiring, login: Login, found: Sequence[Reached], account: str | None) -> Reached:
    """Return the account to connect: the one that was named, the only one, or the one chosen.

    Raises:
        ConfigInvalid: The token does not open the one that was named, or none at all.
        UsageError: There are several, and nobody can be asked.
    """
    known = [f"{each.account} ({each.name}, {each.currency})" for each in found]
    if not found:
        raise ConfigInvalid(
            f"the {login.name} token opens no account",
            hint=f"as somebody who has one, {login.way}",
        )
    if account is not None:
        named = [each for each in found if each.account == account]
        if named:
            return named[0]
        raise ConfigInvalid(
            f"the {login.name} token does not open {account}, but {'; '.join(known)}",
            hint="give one of these with --account, and in the mapping",
        )
    if len(found) == 1:
        return found[0]
    if not may_ask(wiring.settings):
        raise UsageError(
            f"the {login.name} token opens {len(found)} accounts: {'; '.join(known)}",
            hint="choose one with --account",
        )
    return found[asking.choose(f"which {login.name} account?", known)]


def _warnings(wiring: Wiring, connection: Connection, reached: Reached) -> Iterator[str]:
    """Yield what will not work, or not for long."""
    from kommo_invoice.auth.expiry import warning
    from kommo_invoice.cli.wiring import now

    if reached.warning is not None:
        yield reached.warning
    if apart := _apart(wiring, connection):
        yield apart
    if connection.provider in wiring.tokens.given():
        yield f"KINV_{connection.provider.upper()}_TOKEN is set and goes before this connection"
    if connection.kind is Kind.OAUTH and not connection.renewable:
        yield "the provider gave no refresh token: this login ends with its access token"
    elif soon := warning(connection, now()):
        yield soon


def _apart(wiring: Wiring, connection: Connection) -> str | None:
    """Return what is wrong with the data centre that the mapping names, None where all is well."""
    side, centres = wiring.peek(connection.provider), login_of(connection.provider).centres
    if centres is None or side.get("account") != connection.account or connection.base_url:
        return None
    if side.get("region", centres.all[0].name).strip().lower() == connection.region:
        return None
    return (
        f'the mapping leads to another data centre: set region = "{connection.region}" in its '
        "[books], else nothing is sent"
    )
