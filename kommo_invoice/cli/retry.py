"""``kinv retry``: makes failed and waiting work due now, and does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kommo_invoice.cli.options import (
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
    deal: Annotated[
        list[int] | None,
        typer.Option(
            "--deal", "-d", metavar="ID", min=1, help="Only this deal; can be given repeatedly."
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All open work, not only what is due.")
    ] = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    max_new: Annotated[
        int | None,
        typer.Option(
            "--max-new",
            metavar="N",
            min=0,
            help="Issue up to N new invoices [default: the mapping's max_new_invoices].",
            show_default=False,
        ),
    ] = None,
    wait: WaitOption = None,
    mapping: MappingOption = None,
) -> None:
    """Do open work again: what is due, with --deal or --all also what is not due yet."""
    from kommo_invoice.cli.running import run
    from kommo_invoice.engine.retrying import retry

    def work(session: Session) -> Tally:
        return retry(session, deals=deal or [], everything=everything, max_new=max_new)

    given = common(context, mapping)
    raise typer.Exit(run(given, "retry", work, as_json=as_json, dry_run=dry_run, wait=wait))
