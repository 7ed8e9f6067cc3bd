"""What ``kinv doctor`` knows without asking a provider: tokens, stores, folders."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from kommo_invoice.auth.errors import again
from kommo_invoice.auth.expiry import ending, environment_warning, warning
from kommo_invoice.auth.jwt import claimed_scopes
from kommo_invoice.auth.logins import LOGINS
from kommo_invoice.auth.oauth import missing_scopes
from kommo_invoice.config.paths import state_dir
from kommo_invoice.engine.doctor_cron import Seen
from kommo_invoice.engine.doctor_tokens import Source, Token
from kommo_invoice.engine.opening import books_side, crm_side
from kommo_invoice.errors import ConfigInvalid, KinvError, LoginNeeded, SecretStoreUnavailable
from kommo_invoice.redact import remember_secret

if TYPE_CHECKING:
    from kommo_invoice.auth.connection import Connection
    from kommo_invoice.cli.wiring import Wiring
    from kommo_invoice.engine.providers import Account
    from kommo_invoice.mapping.load import MappingFile


def tokens_of(wiring: Wiring, file: MappingFile) -> dict[str, Token]:
    """Return what is known of both sides' tokens, their stores tried without a person.

    Args:
        wiring: The command's.
        file: The mapping, which says whose tokens they are.
    """
    tokens: dict[str, Token] = {}
    for side in (crm_side(file), books_side(file)):
        tokens[side.provider] = _token(wiring, side)
    return tokens


def seen_here(wiring: Wiring, tokens: dict[str, Token]) -> Seen:
    """Return what kinv goes by in this environment."""
    try:
        mapping = wiring.found().absolute()
    except ConfigInvalid:
        mapping = None
    program = shutil.which("kinv")
    return Seen(
        mapping=mapping,
        state_dir=state_dir(wiring.settings).resolve(),
        tokens={provider: token.source for provider, token in tokens.items()},
        program=Path(program).absolute() if program else None,
    )


def _token(wiring: Wiring, side: Account) -> Token:
    from kommo_invoice.cli.wiring import now

    moment, provider = now(), side.provider
    try:
        facts = wiring.tokens.facts(side)
    except KinvError as error:
        return Token(provider, Source.NONE, problem=error)
    needed = LOGINS[provider].oauth.scopes
    ends = None if facts.ends is None else ending(facts.ends, moment)
    if facts.connection is None:
        token = wiring.settings.token(provider) or ""
        remember_secret(token)
        scopes = claimed_scopes(token, LOGINS[provider].claimed_scopes)
        return Token(
            provider,
            Source.ENVIRONMENT,
            ends=ends,
            warning=environment_warning(provider, token, moment),
            scopes=scopes,
            needed=needed,
            missing=missing_scopes(needed, scopes or ()),
        )
    connection = facts.connection
    store, unusable = _store(wiring, connection)
    lost = unusable if isinstance(unusable, LoginNeeded) else None
    return Token(
        provider,
        Source.CONNECTION,
        problem=lost or _refused(connection),
        ends=ends,
        warning=warning(connection, moment),
        scopes=connection.scopes,
        needed=needed,
        missing=missing_scopes(needed, connection.scopes or ()),
        store=store,
        store_problem=None if lost else unusable,
    )


def _refused(connection: Connection) -> LoginNeeded | None:
    if connection.refused_at is None:
        return None
    return LoginNeeded(
        f"the login of {connection} has ended, found on {connection.refused_at:%Y-%m-%d}",
        hint=f"`kinv connect {connection.provider}`",
    )


def _store(wiring: Wiring, connection: Connection) -> tuple[str, KinvError | None]:
    """Return where a connection's secret is, and why it cannot be used there without a person.

    It is a ``LoginNeeded`` where the store opens and has lost it, as for a run. A grant's store has
    to take new tokens as well, so a test value is written to it.
    """
    from kommo_invoice.auth.connection import Kind
    from kommo_invoice.auth.stores.choose import usable

    store = wiring.tokens.open_store(connection.store)
    where = str(connection.store)
    try:
        where = f"{connection.store}, {store.where()}"
        if connection.kind is Kind.OAUTH:
            usable(store)
        secret = store.get(connection.key)
    except SecretStoreUnavailable as error:
        return where, error
    if secret is None:
        return where, LoginNeeded(
            f"the token of {connection} is not in the {connection.store} store",
            hint=again(connection.provider),
        )
    return where, None
