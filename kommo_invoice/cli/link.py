"""``kinv link`` and ``kinv unlink``: whose an invoice is, said by a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kommo_invoice.cli.options import DealOption, DryRunOption, JsonOption, MappingOption, common

if TYPE_CHECKING:
    from collections.abc import Callable

    from kommo_invoice.cli.options import Common
    from kommo_invoice.engine.outcomes import Tally
    from kommo_invoice.engine.session import Session

InvoiceOption = Annotated[
    str,
    typer.Option(
        "--invoice", metavar="ID", help="The invoice's id, or the text of the deal's field."
    ),
]


def link(
    context: typer.Context,
    deal: DealOption,
    invoice: InvoiceOption,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    mapping: MappingOption = None,
) -> None:
    """Say that an invoice made by hand is this deal's; the deal is written, nothing is sent."""
    from kommo_invoice.engine import linking

    _run(
        common(context, mapping),
        "link",
        lambda session: linking.link(session, deal, invoice),
        as_json=as_json,
        dry_run=dry_run,
    )


def unlink(
    context: typer.Context,
    deal: DealOption,
    invoice: InvoiceOption,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    mapping: MappingOption = None,
) -> None:
    """Say that an invoice is not this deal's; the deal can be invoiced again."""
    from kommo_invoice.engine import linking

    _run(
        common(context, mapping),
        "unlink",
        lambda session: linking.unlink(session, deal, invoice),
        as_json=as_json,
        dry_run=dry_run,
    )


def _run(
    given: Common,
    command: str,
    work: Callable[[Session], Tally],
    *,
    as_json: bool,
    dry_run: bool,
) -> None:
    from kommo_invoice.cli.running import run

    raise typer.Exit(run(given, command, work, as_json=as_json, dry_run=dry_run))
