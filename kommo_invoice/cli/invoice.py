"""``kinv invoice``: these deals' whole way to a sent invoice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kommo_invoice.cli.options import (
    DealsOption,
    DryRunOption,
    JsonOption,
    MappingOption,
    WaitOption,
    common,
)

if TYPE_CHECKING:
    from kommo_invoice.engine.outcomes import Tally
    from kommo_invoice.engine.session import Session


def command(
    context: typer.Context,
    deal: DealsOption,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    no_send: Annotated[
        bool, typer.Option("--no-send", help="Make the invoice, but do not e-mail it.")
    ] = False,
    again: Annotated[
        str | None,
        typer.Option(
            metavar="REASON",
            help="Issue a new invoice: the old one is void, deleted or credited.",
            show_default=False,
        ),
    ] = None,
    wait: WaitOption = None,
    mapping: MappingOption = None,
) -> None:
    """Invoice these deals, in whatever stage they are; a second run changes nothing."""
    from kommo_invoice.cli.running import run
    from kommo_invoice.engine.gather import Options
    from kommo_invoice.engine.invoicing import Invoicing

    def work(session: Session) -> Tally:
        return Invoicing(session, Options(send=not no_send, again=again)).run(deal)

    raise typer.Exit(
        run(
            common(context, mapping),
            "invoice",
            work,
            as_json=as_json,
            dry_run=dry_run,
            wait=wait,
            deals=len(set(deal)),
        )
    )
