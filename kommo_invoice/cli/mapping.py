"""``kinv mapping``: a first one, the mapping as compiled, its check against the live accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kommo_invoice.cli import mapping_init
from kommo_invoice.cli.options import JsonOption, MappingOption, common

if TYPE_CHECKING:
    from kommo_invoice.cli.terminal import Terminal
    from kommo_invoice.engine.checking import Report
    from kommo_invoice.engine.fields import Making

app = typer.Typer(help="Write a first mapping, show it, check it.", no_args_is_help=True)
app.command("init", short_help="Write a first mapping from the live accounts.")(
    mapping_init.command
)


@app.command(short_help="Show the compiled mapping.")
def show(
    context: typer.Context, as_json: JsonOption = False, mapping: MappingOption = None
) -> None:
    """Show the compiled mapping: names with the ids that they stand for."""
    from kommo_invoice.cli.wiring import silent_session, wire

    wiring = wire(common(context, mapping), as_json=as_json)
    with silent_session(wiring) as session:
        wiring.terminal.json(session.mapping.describe(), indent=None if as_json else 2)


@app.command(short_help="Check the mapping with the live accounts.")
def check(
    context: typer.Context,
    create_fields: Annotated[
        bool,
        typer.Option(
            "--create-fields", help="Make the fields of [write_back] that the CRM does not have."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --create-fields: only say which they are.")
    ] = False,
    as_json: JsonOption = False,
    mapping: MappingOption = None,
) -> None:
    """Check the mapping with the live accounts; say what is dropped and how it is guarded."""
    from kommo_invoice.cli.mapping_fields import make
    from kommo_invoice.cli.wiring import wire
    from kommo_invoice.engine.checking import check as check_mapping
    from kommo_invoice.engine.opening import open_session
    from kommo_invoice.errors import UsageError

    if dry_run and not create_fields:
        raise UsageError("--dry-run goes with --create-fields: the check itself writes nothing")
    wiring = wire(common(context, mapping), as_json=as_json)
    around = wiring.silently(wiring.mapping())
    making = make(around, dry_run=dry_run) if create_fields else None
    setup = making.setup if making else None
    with open_session(around, fresh=True, setup=setup) as session:
        report = check_mapping(session)
    _tell(wiring.terminal, report, making)


def _tell(terminal: Terminal, report: Report, making: Making | None) -> None:
    from kommo_invoice.cli.mapping_fields import facts, told
    from kommo_invoice.cli.words import short
    from kommo_invoice.domain.plain import plain

    if terminal.as_json:
        found = plain(report)
        extra = {"fields": facts(making)} if making else {}
        terminal.json({**(found if isinstance(found, dict) else {}), **extra})
        return
    would = making is not None and making.drafts and not making.made
    fits = "would fit both accounts with the fields below" if would else "fits both accounts"
    terminal.line(f"{report.file} {fits}", style="bold")
    terminal.field("crm", report.crm)
    terminal.field("books", short(report.books))
    terminal.field("guard", f"against a second invoice: {report.guard}")
    for rate in report.rates:
        terminal.field("rate", rate)
    for drop in report.drops:
        terminal.field(drop.effect, f"{drop.key}: {drop.words}")
    for note in report.notes:
        terminal.field("note", note)
    for warning in report.warnings:
        terminal.field("warning", warning)
    if making is not None:
        terminal.field("fields", told(making))
