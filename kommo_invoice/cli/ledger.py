"""``kinv ledger``: a deal's story, unknown outcomes settled, the audit trail for others."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from kommo_invoice.cli.options import DealOption, DryRunOption, JsonOption, MappingOption, common

if TYPE_CHECKING:
    from kommo_invoice.ledger.ledger import Ledger

app = typer.Typer(help="What was intended and what came of it.", no_args_is_help=True)


class Format(StrEnum):
    """How the audit trail is exported."""

    CSV = "csv"
    JSON = "json"


@app.command(short_help="Tell a deal's story.")
def show(
    context: typer.Context,
    deal: DealOption,
    as_json: JsonOption = False,
    mapping: MappingOption = None,
) -> None:
    """Tell a deal's story: each step, when, by which run, with what outcome."""
    from kommo_invoice.cli.story import tell
    from kommo_invoice.cli.wiring import local_ledger, wire
    from kommo_invoice.errors import DealError
    from kommo_invoice.ledger.history import History

    wiring = wire(common(context, mapping), as_json=as_json)
    with local_ledger(wiring) as ledger:
        claims = ledger.claims_of(deal)
        if not claims:
            raise DealError(
                f"the ledger knows nothing of deal {deal}",
                hint=f"`kinv invoice --deal {deal} --dry-run` shows what would be done",
                deal=deal,
            )
        story = History(ledger).story(claims)
        links = {row.id: ledger.link(row) for row in claims}
        if as_json:
            wiring.terminal.json(
                {
                    "deal": deal,
                    "claims": [
                        {
                            "reference": row.reference,
                            "state": row.state,
                            "invoice_id": row.invoice_id,
                            "error": row.error,
                            "link": links[row.id],
                            "steps": list(ledger.steps_of(row).values()),
                        }
                        for row in claims
                    ],
                    "story": story,
                }
            )
            return
    tell(wiring.terminal, claims, links, story)


@app.command(short_help="Settle an outcome that kinv cannot find out.")
def resolve(
    context: typer.Context,
    deal: DealOption,
    sent: Annotated[bool, typer.Option("--sent", help="The invoice was e-mailed.")] = False,
    send_again: Annotated[
        bool, typer.Option("--send-again", help="It was not e-mailed: send it.")
    ] = False,
    absent: Annotated[
        bool, typer.Option("--absent", help="What was to be created is not there: create it.")
    ] = False,
    invoice: Annotated[
        str | None,
        typer.Option(metavar="ID", help="This invoice is the deal's.", show_default=False),
    ] = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    mapping: MappingOption = None,
) -> None:
    """Settle an outcome that kinv cannot find out, by what you have seen in the books."""
    from kommo_invoice.cli.running import run
    from kommo_invoice.cli.wiring import resolve_locked, wire
    from kommo_invoice.engine import linking
    from kommo_invoice.errors import UsageError

    said = [name for name, given in _said(sent, send_again, absent, invoice).items() if given]
    if len(said) != 1:
        raise UsageError(
            "say one of --sent, --send-again, --absent, --invoice ID",
            hint=f"see `kinv ledger show --deal {deal}`",
        )
    given = common(context, mapping)
    if invoice is not None:
        raise typer.Exit(
            run(
                given,
                "ledger resolve",
                lambda session: linking.link(session, deal, invoice),
                as_json=as_json,
                dry_run=dry_run,
            )
        )
    wiring = wire(given, as_json=as_json)
    settled = resolve_locked(
        wiring,
        lambda ledger: linking.resolve(ledger, deal, said[0], dry_run=dry_run),
        dry_run=dry_run,
    )
    if as_json:
        wiring.terminal.json({"deal": deal, "settled": settled, "dry_run": dry_run})
        return
    wiring.terminal.line(settled)
    if dry_run:
        wiring.terminal.note("nothing was written: this was a preview")
    else:
        wiring.terminal.note(f"  → now run `kinv retry --deal {deal}`")


@app.command(short_help="Print the audit trail as CSV or JSON.")
def export(
    context: typer.Context,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Only from this day (UTC) on.", show_default=False),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="csv or json (a line each).")] = (
        Format.CSV
    ),
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    mapping: MappingOption = None,
) -> None:
    """Print the audit trail: every change with its time, run, deal and outcome."""
    from kommo_invoice.cli.wiring import local_ledger, wire

    as_json = as_json or form is Format.JSON
    wiring = wire(common(context, mapping), as_json=as_json)
    with local_ledger(wiring) as ledger:
        rows = _trail(ledger, since.replace(tzinfo=UTC) if since else None)
        if as_json:
            for row in rows:
                wiring.terminal.json(row)
            return
        names = ["at", "run", "deal", "claim", "what", "detail", "before", "after"]
        wiring.terminal.csv(names, rows)


@app.command()
def path(context: typer.Context, as_json: JsonOption = False) -> None:
    """Print where the ledger is."""
    from kommo_invoice.cli.wiring import wire
    from kommo_invoice.config.paths import ledger_path

    wiring = wire(common(context), as_json=as_json)
    place = ledger_path(wiring.settings)
    if as_json:
        wiring.terminal.json({"path": str(place), "exists": place.exists()})
        return
    wiring.terminal.line(str(place))


def _said(sent: bool, send_again: bool, absent: bool, invoice: str | None) -> dict[str, object]:
    return {"sent": sent, "send-again": send_again, "absent": absent, "invoice": invoice}


def _trail(ledger: Ledger, since: datetime | None) -> list[dict[str, object]]:
    from kommo_invoice.ledger.history import History

    return [
        {
            "at": audit.at.isoformat(),
            "run": audit.run_id,
            "deal": claim.claim.deal if claim else None,
            "claim": claim.reference if claim else None,
            "what": audit.what,
            "detail": audit.detail,
            "before": audit.before,
            "after": audit.after,
        }
        for audit, claim in History(ledger).everything(since)
    ]
