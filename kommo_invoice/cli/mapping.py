"""``kinv mapping``: the mapping as compiled, and its check against the live accounts."""

from __future__ import annotations

import typer

from kommo_invoice.cli.options import JsonOption, MappingOption, common

app = typer.Typer(help="Show the mapping, or check it against the accounts.", no_args_is_help=True)


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
    context: typer.Context, as_json: JsonOption = False, mapping: MappingOption = None
) -> None:
    """Check the mapping with the live accounts; say what is dropped and how it is guarded."""
    from kommo_invoice.cli.wiring import silent_session, wire
    from kommo_invoice.cli.words import short
    from kommo_invoice.engine.checking import check as check_mapping

    wiring = wire(common(context, mapping), as_json=as_json)
    with silent_session(wiring, fresh=True) as session:
        report = check_mapping(session)
    if as_json:
        wiring.terminal.json(report)
        return
    terminal = wiring.terminal
    terminal.line(f"{report.file} fits both accounts", style="bold")
    terminal.field("crm", report.crm)
    terminal.field("books", short(report.books))
    terminal.field("guard", f"against a second invoice: {report.guard}")
    for rate in report.rates:
        terminal.field("rate", rate)
    for drop in report.drops:
        terminal.field(drop.effect, f"{drop.key}: {drop.words}")
    for warning in report.warnings:
        terminal.field("warning", warning)
