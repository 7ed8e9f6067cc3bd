"""Where each command's tokens come from: the environment, or what is connected."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kommo_invoice.errors import LoginNeeded, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from kommo_invoice.auth.connection import Connection, StoreKind
    from kommo_invoice.auth.connections import Connections
    from kommo_invoice.auth.stores.base import Store
    from kommo_invoice.auth.stores.keys import Keys
    from kommo_invoice.config.settings import Settings
    from kommo_invoice.engine.providers import Account
    from kommo_invoice.http import Auth, OpenClient


_TYPING_S = 60.0
"""What a person at the terminal may need to type the keyring's password."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a token without asking anybody.

    Args:
        provider: Whose token it is.
        connection: Where it is from; None stands for the environment.
        ends: When it, or the grant behind it, ends (UTC); None where that is not known.
    """

    provider: str
    connection: Connection | None
    ends: datetime | None

    @property
    def source(self) -> str:
        """Where it comes from, in words."""
        if self.connection is None:
            return f"from KINV_{self.provider.upper()}_TOKEN"
        return f"connected by {self.connection.kind}, kept in {self.connection.store}"


class TokenSources:
    """The tokens of this installation.

    Args:
        settings: Names the environment's tokens and the key of the store ``file``.
        state_dir: Where connections, secrets and locks are.
        clock: Gives the time (UTC).
        open_client: Opens clients without a token, for a refresh.
        warn: Tells a person of a token that ends soon.
    """

    def __init__(
        self,
        settings: Settings,
        state_dir: Path,
        clock: Callable[[], datetime],
        open_client: OpenClient,
        warn: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._state_dir = state_dir
        self._clock = clock
        self._open_client = open_client
        self._warn = warn
        self._stores: dict[StoreKind, Store] = {}

    @cached_property
    def connections(self) -> Connections:
        """What is connected."""
        from kommo_invoice.auth.connections import Connections

        return Connections(self._state_dir)

    # -- for the clients -----------------------------------------------------------------------

    def auth(self, provider: str, account: str, base_url: str) -> Auth:
        """Return what gives a client its token; no store is opened before that is needed.

        Args:
            provider: Whose API is asked.
            account: The mapping's account there.
            base_url: The address that will be asked: a token goes to no other than its own.
        """
        from kommo_invoice.auth.expiry import environment_warning, warning
        from kommo_invoice.auth.given import GivenToken, NoToken
        from kommo_invoice.auth.logins import LOGINS

        if given := self._settings.token(provider):
            self._told(environment_warning(provider, given, self._clock()))
            variable = f"KINV_{provider.upper()}_TOKEN"
            hint = f"set {variable} to a valid token, then run it again"
            if LOGINS[provider].token is None:  # an access token, which nothing here renews
                hint += f"; or unset it, and `kinv connect {provider}` once"
            return GivenToken(given, hint)
        try:
            connection = self._meant(provider, account, self.host(base_url))
        except LoginNeeded as error:
            return NoToken(error)
        if connection.refused_at is None:  # else the error says it
            self._told(warning(connection, self._clock()))
        return self._stored(connection, self.host(base_url))

    def _told(self, warning: str | None) -> None:
        if warning is not None:
            self._warn(f"kinv: {warning}")

    def _stored(self, connection: Connection, host: str) -> Auth:
        from kommo_invoice.auth.connection import Kind
        from kommo_invoice.auth.endpoint import TokenEndpoint
        from kommo_invoice.auth.logins import LOGINS
        from kommo_invoice.auth.stored import StoredToken

        endpoint = None
        if connection.kind is Kind.OAUTH:
            endpoint = TokenEndpoint(
                LOGINS[connection.provider],
                open_client=self._open_client,
                base_url=connection.base_url,
                auth_base_url=connection.auth_base_url,
                account=connection.account,
                clock=self._clock,
            )
        return StoredToken(
            connection,
            open_store=self.open_store,
            connections=self.connections,
            clock=self._clock,
            host=host,
            refresh=None if endpoint is None else endpoint.refresh,
        )

    def _meant(self, provider: str, account: str, host: str) -> Connection:
        """Return the connection to use for an account at a host.

        Raises:
            LoginNeeded: There is none, or it belongs to another host.
        """
        from kommo_invoice.engine.providers import account_id

        connected = self.connected(provider)
        here = [each for each in connected if each.host == host]
        wanted = account_id(provider, account)
        # A token may open more accounts than the one it was connected for.
        named = [each for each in here if each.account == wanted] or here
        if len(named) == 1:
            return named[0]
        if named:
            known = ", ".join(each.account for each in named)
            raise LoginNeeded(
                f"{account} is not connected, but {known}",
                hint=f"`kinv connect {provider} --account {account}`",
            )
        if connected:
            hosts = ", ".join(sorted({each.host for each in connected}))
            raise LoginNeeded(
                f"the {provider} token belongs to {hosts}: it is not sent to {host}",
                hint=_correction(connected, wanted),
            )
        raise LoginNeeded(
            f"{provider} is not connected",
            hint=f"`kinv connect {provider}`, or set KINV_{provider.upper()}_TOKEN",
        )

    # -- for people ----------------------------------------------------------------------------

    def facts(self, side: Account) -> Facts:
        """Return what is known of the token that would be used; the store is not asked.

        Args:
            side: That of the mapping.

        Raises:
            LoginNeeded: There is none.
            ConfigInvalid: The account or the address is malformed.
        """
        from kommo_invoice.auth.logins import LOGINS
        from kommo_invoice.engine.providers import account_id

        given, provider = self.given(), side.provider
        if provider in given:
            return Facts(provider, None, given[provider])
        account = account_id(provider, side.account)
        address = side.base_url or LOGINS[provider].address(account, side.environment, side.region)
        connection = self._meant(provider, side.account, self.host(address))
        return Facts(provider, connection, connection.ends_at)

    def given(self) -> dict[str, datetime | None]:
        """Return when the environment's tokens end, by provider; they go before connections."""
        from kommo_invoice.auth.jwt import expires_at
        from kommo_invoice.auth.logins import LOGINS

        tokens = {provider: self._settings.token(provider) for provider in LOGINS}
        return {provider: expires_at(token) for provider, token in tokens.items() if token}

    def connected(self, provider: str | None = None) -> list[Connection]:
        """Return the connections, of one provider or of all."""
        found = self.connections.all() if provider is None else self.connections.of(provider)
        return list(found)

    def one(self, provider: str, account: str | None, base_url: str | None) -> Connection:
        """Return the one connection that is meant.

        Args:
            provider: Whose it is.
            account: Its account, where there are several.
            base_url: Its address, where an account is connected at several.

        Raises:
            UsageError: There is none, or there are several.
        """
        connected = self.connected(provider)
        if account is not None:
            connected = [each for each in connected if each.account == account]
        if base_url is not None:
            host = self.host(base_url)
            connected = [each for each in connected if each.host == host]
        if len(connected) == 1:
            return connected[0]
        if not connected:
            raise UsageError(
                f"{provider}{f':{account}' if account else ''} is not connected",
                hint="`kinv connect` shows what is",
            )
        raise UsageError(
            f"{len(connected)} accounts of {provider} are connected",
            hint="name one with --account and --base-url: "
            + ", ".join(f"{each.account} at {each.host}" for each in connected),
        )

    # -- stores --------------------------------------------------------------------------------

    def host(self, base_url: str) -> str:
        """Return scheme, host and port of an address.

        Raises:
            ConfigInvalid: It is none, or would send a token in the clear.
        """
        from kommo_invoice.http.origin import Origin

        return Origin.of(base_url).root

    def open_store(self, kind: StoreKind) -> Store:
        """Return a store; whether it works shows when it is used."""
        from kommo_invoice.auth.stores.choose import open_store

        if kind not in self._stores:
            self._stores[kind] = open_store(kind, state_dir=self._state_dir, keys=self._keys())
        return self._stores[kind]

    def probed(self, asked: str | None) -> Store:
        """Return the store that was asked for, or the first safe one that works.

        Raises:
            UsageError: There is no such store.
            SecretStoreUnavailable: It does not work, or none does.
        """
        from kommo_invoice.auth.connection import StoreKind
        from kommo_invoice.auth.stores.choose import choose
        from kommo_invoice.auth.stores.keyring_store import TIMEOUT_S
        from kommo_invoice.cli.asking import may_ask

        if asked is not None and asked not in set(StoreKind):
            raise UsageError(f"there is no store {asked!r}, but {', '.join(StoreKind)}")
        kind = None if asked is None else StoreKind(asked)
        timeout_s = _TYPING_S if may_ask(self._settings) else TIMEOUT_S
        store = choose(kind, state_dir=self._state_dir, keys=self._keys(), timeout_s=timeout_s)
        self._stores[store.kind] = store
        return store

    def store_before(self, provider: str, account: str | None) -> StoreKind | None:
        """Return the store to go on with where none is named: the setting's, or the one in use."""
        from kommo_invoice.auth.connection import StoreKind

        if self._settings.store is not None:
            return StoreKind(self._settings.store)
        connected = self.connected(provider)
        named = [each for each in connected if each.account == account] or connected
        return named[0].store if named else None

    def _keys(self) -> Keys:
        from kommo_invoice.auth.stores.keys import Keys

        given = self._settings.store_key
        folder = os.environ.get("CREDENTIALS_DIRECTORY")  # systemd's, for LoadCredentialEncrypted
        return Keys(
            file=self._settings.store_key_file,
            credentials=Path(folder) if folder else None,
            text=given.get_secret_value() if given else None,
        )


def _correction(connected: list[Connection], account: str) -> str:
    """Return what helps where a provider is connected, but not at the host that is meant."""
    anew = f"`kinv connect {connected[0].provider}` anew"
    named = [each for each in connected if each.account == account] or connected
    regions = {each.region for each in named if each.base_url is None}
    if len(regions) == 1 and (region := regions.pop()) is not None:
        return f'set region = "{region}" in [books] of the mapping, or {anew}'
    return f"correct [crm] or [books] in the mapping, or {anew}"
