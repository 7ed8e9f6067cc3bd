"""``kinv connect`` and ``kinv disconnect``: tokens into the secret store, and out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kommo_invoice.cli.options import JsonOption, common

if TYPE_CHECKING:
    from datetime import datetime

    from kommo_invoice.auth.connection import Connection
    from kommo_invoice.cli.wiring import Wiring

_AccountOption = Annotated[
    str | None,
    typer.Option(
        metavar="ID",
        help="The account: Kommo's subdomain, a Wave business id, a QuickBooks realm id, a Zoho "
        "organization id [default: the mapping's; else asked, where there are several].",
        show_default=False,
    ),
]
_BaseUrlOption = Annotated[
    str | None,
    typer.Option(metavar="URL", help="A sandbox in place of the provider.", show_default=False),
]
_StoreOption = Annotated[
    str | None,
    typer.Option(
        metavar="STORE",
        help="keyring, file (encrypted) or plain [default: the one used before; else what works].",
        show_default=False,
    ),
]


def command(
    context: typer.Context,
    provider: Annotated[
        str | None,
        typer.Argument(
            metavar="PROVIDER", help="kommo, wave, quickbooks or zoho.", show_default=False
        ),
    ] = None,
    token_stdin: Annotated[
        bool, typer.Option("--token-stdin", help="Read a token from stdin: the plainest way.")
    ] = False,
    oauth: Annotated[
        bool, typer.Option("--oauth", help="Log in by browser, as KINV_…_CLIENT_ID's application.")
    ] = False,
    paste: Annotated[
        bool,
        typer.Option("--paste", help="As --oauth, and paste the address that the browser ends at."),
    ] = False,
    account: _AccountOption = None,
    store: _StoreOption = None,
    redirect_uri: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The application's redirect address [default: http://localhost:8765/callback].",
            show_default=False,
        ),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A sandbox in place of the provider.", show_default=False),
    ] = None,
    auth_base_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The same for logging in alone.", show_default=False),
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Of QuickBooks: production or sandbox [default: the mapping's; else production].",
            show_default=False,
        ),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Of Zoho: the data centre to begin at [default: the mapping's; else us].",
            show_default=False,
        ),
    ] = None,
    migrate_store: Annotated[
        str | None,
        typer.Option(
            metavar="STORE", help="Move what is connected to another store.", show_default=False
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Connect a provider, or show what is connected.

    No secret is ever an argument: a token comes from stdin, from a prompt, or from the browser.
    """
    from kommo_invoice.auth.logins import login_of
    from kommo_invoice.cli.access import Asked, Way
    from kommo_invoice.cli.login import log_in
    from kommo_invoice.cli.wiring import wire
    from kommo_invoice.errors import UsageError

    wiring = wire(common(context), as_json=as_json)
    where = (redirect_uri, base_url, auth_base_url, environment, region)
    for flag, text in _texts(account, store, *where):
        if text is not None and not text.strip():
            raise UsageError(f"{flag} is empty", hint="leave it out, or give it a value")
    ways = [flag for flag, given in _ways(token_stdin, oauth, paste, migrate_store) if given]
    if len(ways) > 1 and ways != ["--oauth", "--paste"]:
        raise UsageError(f"{' and '.join(ways)} exclude each other: give one of them")
    if provider is not None:
        login_of(provider)
    if migrate_store is not None:
        _migrate(wiring, provider, migrate_store)
        return
    if provider is None:
        if ways:
            raise UsageError(f"{ways[0]}: say which provider", hint="`kinv connect --help`")
        _show(wiring)
        return
    way = Way.PASTE if paste else Way.BROWSER if oauth else Way.STDIN if token_stdin else None
    asked = Asked(provider, way, account, store, *where)
    done = log_in(wiring, asked)
    if as_json:
        wiring.terminal.json({**_facts(done.connection), "where": done.where, "found": done.found})
        return
    connection = done.connection
    terminal = wiring.terminal
    terminal.line(f"connected: {_short(connection)}", style="bold")
    terminal.field("can read", done.found)
    terminal.field("kept", done.where)
    terminal.field("sent to", f"{connection.host} alone")
    terminal.field("end", _until(connection))
    for warning in done.warnings:
        terminal.field("warning", warning)


def disconnect(
    context: typer.Context,
    provider: Annotated[
        str, typer.Argument(metavar="PROVIDER", help="kommo, wave, quickbooks or zoho.")
    ],
    account: _AccountOption = None,
    base_url: _BaseUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forget a connection and its secret; the provider's own page can revoke it for everybody."""
    from kommo_invoice.auth.keeping import forget
    from kommo_invoice.auth.logins import LOGINS
    from kommo_invoice.cli.wiring import wire

    wiring = wire(common(context), as_json=as_json)
    tokens = wiring.tokens
    connection = tokens.one(provider, account, base_url)
    gone = forget(connection, connections=tokens.connections, open_store=tokens.open_store)
    if as_json:
        wiring.terminal.json({**_facts(connection), "secret_deleted": gone})
        return
    wiring.terminal.line(f"disconnected: {_short(connection)}")
    if not gone:
        wiring.terminal.note(
            f"  → its store {connection.store} cannot be used now: the secret may still be in it"
        )
    login = LOGINS.get(connection.provider)
    name = connection.provider if login is None else login.name
    more = "" if login is None or login.revoking is None else f"; {login.revoking}"
    wiring.terminal.note(f"  → to end the token itself, revoke it at {name}{more}")


def _texts(*values: str | None) -> zip[tuple[str, str | None]]:
    urls = ("--redirect-uri", "--base-url", "--auth-base-url")
    names = ("--account", "--store", *urls, "--environment", "--region")
    return zip(names, values, strict=True)


def _ways(
    token_stdin: bool, oauth: bool, paste: bool, migrate_store: str | None
) -> list[tuple[str, bool]]:
    return [
        ("--token-stdin", token_stdin),
        ("--oauth", oauth),
        ("--paste", paste),
        ("--migrate-store", migrate_store is not None),
    ]


def _migrate(wiring: Wiring, provider: str | None, to: str) -> None:
    """Move the secrets of one provider's connections, or of all."""
    from kommo_invoice.auth.keeping import move

    tokens = wiring.tokens
    kind = tokens.probed(to).kind
    moved = [
        move(each, kind, connections=tokens.connections, open_store=tokens.open_store)
        for each in tokens.connected(provider)
        if each.store is not kind
    ]
    if wiring.terminal.as_json:
        told = [{**_facts(each), "secret_deleted": gone} for each, gone in moved]
        wiring.terminal.json(told)
        return
    for each, gone in moved:
        wiring.terminal.line(f"moved to {kind}: {_short(each)}")
        if not gone:
            wiring.terminal.note("  → the old store cannot be used now: it may still hold a copy")
    if not moved:
        wiring.terminal.line(f"nothing to move: all is in {kind}")


def _show(wiring: Wiring) -> None:
    """Show what is connected, how, until when."""
    tokens = wiring.tokens
    connections, given = tokens.connections.all(), tokens.given()
    if wiring.terminal.as_json:
        wiring.terminal.json(
            {"connections": [_facts(each) for each in connections], "environment": given}
        )
        return
    terminal = wiring.terminal
    if connections:
        columns = ["provider", "account", "name", "host", "by", "store", "end"]
        terminal.table("connections", columns, map(_cells, connections))
    else:
        terminal.line("nothing is connected")
    for provider, ends in given.items():
        until = f", {_ending(ends)}" if ends else ""
        terminal.line(f"KINV_{provider.upper()}_TOKEN is set and goes before{until}")
    if not connections and not given:
        terminal.note("  → `kinv connect kommo`, and `kinv connect wave` or another of the books")


def _cells(connection: Connection) -> tuple[object, ...]:
    from kommo_invoice.cli.words import one_line

    return (
        connection.provider,
        _account(connection),
        one_line(connection.name),
        connection.host.partition("://")[2],
        connection.kind,
        connection.store,
        _until(connection),
    )


def _facts(connection: Connection) -> dict[str, object]:
    return connection.model_dump(mode="json")


def _short(connection: Connection) -> str:
    from kommo_invoice.cli.words import one_line

    return f"{one_line(connection.name)} ({connection.provider}:{_account(connection)})"


def _account(connection: Connection) -> str:
    from kommo_invoice.cli.words import short

    return short(connection.account)


def _until(connection: Connection) -> str:
    from kommo_invoice.auth.connection import Kind
    from kommo_invoice.auth.logins import LOGINS

    if connection.refused_at is not None:
        return f"has ended ({connection.refused_at:%Y-%m-%d})"
    if connection.ends_at is not None:
        unused = "if it is not used before, " if connection.renewable else ""
        return f"{unused}{_ending(connection.ends_at)}"
    login = LOGINS.get(connection.provider)
    endless = connection.kind is Kind.TOKEN or (login is not None and login.oauth.endless)
    return "works until revoked" if endless else "its end is not known"


def _ending(moment: datetime) -> str:
    from kommo_invoice.auth.expiry import ending
    from kommo_invoice.cli.wiring import now

    return ending(moment, now())
