"""``kinv mapping init``: a first mapping from what the live accounts hold."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kommo_invoice.cli.options import common

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kommo_invoice.cli.wiring import Wiring
    from kommo_invoice.engine.fields import Making
    from kommo_invoice.engine.first_sides import Place
    from kommo_invoice.http import Auth
    from kommo_invoice.mapping.first.answers import Ask, Question


def _text(help_text: str, metavar: str) -> typer.models.OptionInfo:
    found: typer.models.OptionInfo = typer.Option(
        metavar=metavar, help=help_text, show_default=False
    )
    return found


def command(
    context: typer.Context,
    crm: Annotated[str | None, _text("The CRM [default: what is connected].", "NAME")] = None,
    crm_account: Annotated[
        str | None, _text("Its account: Kommo's subdomain [default: what is connected].", "ID")
    ] = None,
    crm_base_url: Annotated[
        str | None, _text("A sandbox in place of the CRM's own address.", "URL")
    ] = None,
    crm_auth_base_url: Annotated[str | None, _text("The same for its OAuth alone.", "URL")] = None,
    books: Annotated[str | None, _text("The books [default: what is connected].", "NAME")] = None,
    books_account: Annotated[
        str | None, _text("Their account [default: the only one, or asked].", "ID")
    ] = None,
    books_base_url: Annotated[str | None, _text("As for the CRM.", "URL")] = None,
    books_auth_base_url: Annotated[str | None, _text("As for the CRM.", "URL")] = None,
    books_environment: Annotated[
        str | None, _text("sandbox, for a QuickBooks sandbox company.", "NAME")
    ] = None,
    books_region: Annotated[str | None, _text("The data centre of Zoho Books.", "NAME")] = None,
    pipeline: Annotated[
        str | None, _text("The pipeline whose deals are invoiced, by name or id.", "NAME")
    ] = None,
    stage: Annotated[
        list[str] | None,
        _text("A stage that asks for an invoice, or won; can be given repeatedly.", "NAME"),
    ] = None,
    invoiced_stage: Annotated[
        str | None, _text("Where invoiced deals go, or none.", "NAME")
    ] = None,
    paid_stage: Annotated[str | None, _text("Where paid deals go, or none.", "NAME")] = None,
    item: Annotated[
        str | None, _text("The books' product for lines, by name or id.", "NAME")
    ] = None,
    tax: Annotated[
        list[str] | None,
        _text("The tax of a country's clients, as 'DE=VAT 19%'; repeatedly.", "COUNTRY=TAX"),
    ] = None,
    tax_default: Annotated[
        str | None, _text("The tax of all others: its name, none, or error.", "TAX")
    ] = None,
    invoice_field: Annotated[
        str | None, _text("The deal's text field for kinv's own mark.", "NAME")
    ] = None,
    since: Annotated[
        str | None,
        _text("What came into the stage before is left alone [default: today].", "DAY"),
    ] = None,
    create_fields: Annotated[
        bool, typer.Option("--create-fields", help="Make the fields that the CRM does not have.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="The file to write [default: KINV_MAPPING, ./mapping.toml].",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the file; write and make nothing.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what was chosen as one JSON document.")
    ] = False,
) -> None:
    """Write a first mapping from the pipelines, fields, products and taxes of both accounts.

    On a terminal it asks; elsewhere flags say what cannot be guessed. What it writes fits both
    accounts, as `kinv mapping check` would find.
    """
    from kommo_invoice.cli.mapping_told import preview, tell
    from kommo_invoice.cli.wiring import now, wire
    from kommo_invoice.engine.first_mapping import first_mapping
    from kommo_invoice.engine.first_sides import Place, choose_side, settle_account
    from kommo_invoice.engine.providers import closing_clients
    from kommo_invoice.mapping.first.answers import Answers
    from kommo_invoice.mapping.first.wishes import Wishes

    given = common(context)
    wiring = wire(given, as_json=as_json)
    path = output or given.mapping or wiring.settings.mapping or Path("mapping.toml")
    _check_name(path)
    if not dry_run:
        _check_output(path, force=force)
    wishes = Wishes(
        pipeline=pipeline,
        stages=tuple(stage or ()),
        invoiced=invoiced_stage,
        paid=paid_stage,
        item=item,
        invoice_field=invoice_field,
        taxes=_cases(tax or ()),
        tax_default=tax_default,
        since=_day(since),
        create_fields=create_fields,
    )
    flags = {
        "crm": Place(crm, crm_account, crm_base_url, crm_auth_base_url),
        "books": Place(
            books,
            books_account,
            books_base_url,
            books_auth_base_url,
            environment=_environment(books_environment),
            region=books_region,
        ),
    }
    _check_region(flags["books"])
    answers = Answers(_asker(wiring))
    offers = _offers(wiring)
    chosen = {
        name: place
        for name, wish in flags.items()
        if (place := choose_side(name, wish, offers, answers))
    }
    with (
        answers.first(),
        closing_clients(wiring.clients(_auth(wiring, chosen.values()))) as open_client,
    ):
        settled = {
            name: settle_account(name, place, open_client, answers)
            for name, place in chosen.items()
        }
        proved = first_mapping(
            settled.get("crm"), settled.get("books"), open_client, wishes, answers, now, path
        )
    if dry_run:
        preview(wiring.terminal, path, proved)
        return
    _keep(path, proved.text)
    making = None
    try:
        if proved.first.deals.create and proved.drafts:
            making = _made(wiring, path)
    finally:  # the file is written, whatever becomes of the fields
        tell(wiring.terminal, path, proved, making)


def _environment(given: str | None) -> str | None:
    from kommo_invoice.auth.logins import ENVIRONMENTS
    from kommo_invoice.errors import UsageError

    if given not in {None, *ENVIRONMENTS}:
        raise UsageError(f"--books-environment: it is {' or '.join(ENVIRONMENTS)}, not {given!r}")
    return given


def _check_region(books: Place) -> None:
    """Check a data centre by the books' own list, or by all lists where they are not named."""
    from kommo_invoice.auth.logins import LOGINS
    from kommo_invoice.errors import ConfigInvalid, UsageError
    from kommo_invoice.mapping.resolve import nearest

    if books.region is None:
        return
    named = [login for name, login in LOGINS.items() if books.provider in {None, name}]
    lists = [login.centres for login in named if login.centres is not None]
    if named and not lists:
        raise UsageError(
            f"--books-region: {named[0].name} has no data centres to choose from",
            hint="leave it out",
        )
    if not lists or any(each.find(books.region) for each in lists):
        return
    try:
        lists[0].named(books.region)
    except ConfigInvalid as error:
        near = nearest(books.region, (each.name for each in lists[0].all))
        meant = f" (did you mean {near!r}?)" if near else ""
        raise UsageError(f"--books-region: {error.message}{meant}", hint=error.hint) from None


def _check_name(path: Path) -> None:
    from kommo_invoice.errors import UsageError

    if not path.name:
        raise UsageError(
            "--output: that names no file", hint="give a path, as --output mapping.toml"
        )


def _check_output(path: Path, *, force: bool) -> None:
    from kommo_invoice.errors import UsageError

    if path.exists() and not force:
        raise UsageError(
            f"{path} is there already",
            hint="name another file with --output, or give --force",
        )
    if not path.absolute().parent.is_dir():
        raise UsageError(
            f"--output: there is no folder {path.absolute().parent}",
            hint="make it, or name another file",
        )


def _cases(given: Sequence[str]) -> tuple[tuple[str, str], ...]:
    from kommo_invoice.errors import UsageError

    cases = [each.partition("=") for each in given]
    for country, sign, tax in cases:
        if not (country.strip() and sign and tax.strip()):
            raise UsageError(
                f"--tax: {country + sign + tax!r} is no country with its tax",
                hint="give it as --tax 'DE=VAT 19%', or --tax US=none",
            )
    return tuple((country.strip(), tax.strip()) for country, _, tax in cases)


def _day(text: str | None) -> date | None:
    from kommo_invoice.errors import UsageError

    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise UsageError(f"--since: {text!r} is no day", hint="give it as 2026-11-01") from None


def _asker(wiring: Wiring) -> Ask | None:
    """Return what asks a person, None where nobody is there or the output is for programs."""
    from kommo_invoice.cli.asking import choose, line, may_ask
    from kommo_invoice.cli.words import one_line

    if wiring.terminal.as_json or not may_ask(wiring.settings):
        return None

    def ask(question: Question) -> str:
        asked = one_line(question.text)
        if not question.options:
            while not (text := line(f"{asked}: ").strip()):
                pass
            return text
        values = [option.value for option in question.options]
        default = None if question.default is None else values.index(question.default)
        labels = [one_line(option) for option in question.options]
        shown = [
            label if labels.count(label) == 1 else f"{label} ({value})"
            for label, value in zip(labels, values, strict=True)
        ]
        return values[choose(asked, shown, default)]

    return ask


def _offers(wiring: Wiring) -> list[Place]:
    """Return the accounts that are connected, and the providers that have a token otherwise."""
    from kommo_invoice.engine.first_sides import Place

    connected = wiring.tokens.connected()
    offers = [
        Place(
            each.provider,
            each.account,
            each.base_url,
            each.auth_base_url,
            each.name,
            each.environment,
            each.region,
        )
        for each in connected
    ]
    known = {each.provider for each in connected}
    return offers + [Place(name) for name in wiring.tokens.given() if name not in known]


def _auth(wiring: Wiring, places: Iterable[Place]) -> Callable[[str, str], Auth | None]:
    """Return what gives each side's clients their token."""
    accounts = {each.provider: each.account or "" for each in places}

    def auth(provider: str, base_url: str) -> Auth | None:
        return wiring.tokens.auth(provider, accounts[provider], base_url)

    return auth


def _keep(path: Path, text: str) -> None:
    """Write the file, whole or not at all, with the rights of the one that it replaces."""
    from kommo_invoice.config.files import usual_mode, write_whole
    from kommo_invoice.errors import UsageError

    try:
        write_whole(path, text.encode(), usual_mode(path))
    except OSError as error:
        raise UsageError(
            f"--output: {path} cannot be written: {error.strerror}",
            hint="name another file with --output",
        ) from None


def _made(wiring: Wiring, path: Path) -> Making:
    from kommo_invoice.cli.mapping_fields import make
    from kommo_invoice.mapping.load import load_mapping

    return make(wiring.silently(load_mapping(path)))
