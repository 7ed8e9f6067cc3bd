"""``kinv status``: local and instant; what runs did, what is open, how long tokens live."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from kommo_invoice.cli.options import JsonOption, MappingOption, common

if TYPE_CHECKING:
    from kommo_invoice.cli.wiring import Wiring
    from kommo_invoice.ledger.rows import ClaimRow, RunRow


def command(
    context: typer.Context, as_json: JsonOption = False, mapping: MappingOption = None
) -> None:
    """Show the last runs, open work, unknown outcomes and the tokens; asks no provider."""
    from kommo_invoice.cli.wiring import local_ledger, wire
    from kommo_invoice.cli.words import short
    from kommo_invoice.ledger.history import History

    wiring = wire(common(context, mapping), as_json=as_json)
    with local_ledger(wiring) as ledger:
        runs = History(ledger).runs()
        work = ledger.unfinished()
        pair = {"crm": ledger.crm, "books": ledger.books}
    tokens = _tokens(wiring)
    if as_json:
        wiring.terminal.json(
            {**pair, "runs": runs, "open": [_open(row) for row in work], "tokens": tokens}
        )
        return
    terminal = wiring.terminal
    terminal.line(short(f"{pair['crm']} → {pair['books']}"), style="bold")
    for provider, state in tokens.items():
        terminal.line(f"token for {provider}: {state}")
    terminal.line()
    if runs:
        terminal.table("last runs", ["started (UTC)", "command", "ended"], map(_run_cells, runs))
    else:
        terminal.line("no runs yet")
    terminal.line()
    if work:
        columns = ["deal", "state", "due again (UTC)", "why"]
        terminal.table("open work", columns, map(_work_cells, work))
        terminal.note("  → `kinv retry` does what is due; unknown: `kinv ledger resolve`")
    else:
        terminal.line("no open work")


def _run_cells(run: RunRow) -> tuple[object, ...]:
    if run.finished_at is None:
        ended = f"not finished (process {run.pid})"
    else:
        counts = ", ".join(f"{count} {name}" for name, count in (run.summary or {}).items())
        ended = f"{run.finished_at:%H:%M:%S}, exit {run.exit_code}{': ' + counts if counts else ''}"
    return f"{run.started_at:%Y-%m-%d %H:%M:%S}", run.command, ended


def _work_cells(row: ClaimRow) -> tuple[object, ...]:
    due = f"{row.next_try_at:%Y-%m-%d %H:%M:%S}" if row.next_try_at else ""
    return row.claim.deal, row.state, due, row.error


def _open(row: ClaimRow) -> dict[str, object]:
    return {
        "deal": row.claim.deal,
        "claim": row.reference,
        "state": row.state,
        "attempts": row.attempts,
        "next_try_at": row.next_try_at,
        "error": row.error,
    }


def _tokens(wiring: Wiring) -> dict[str, str]:
    """Return where each side's token is from and how long it lives, as far as that is known."""
    from kommo_invoice.auth.expiry import ending
    from kommo_invoice.cli.wiring import now
    from kommo_invoice.engine.opening import books_side, crm_side
    from kommo_invoice.errors import LoginNeeded

    file = wiring.mapping()
    states: dict[str, str] = {}
    for side in (crm_side(file), books_side(file)):
        try:
            facts = wiring.tokens.facts(side)
        except LoginNeeded as error:
            states[side.provider] = f"none: {error.message}"
            continue
        states[side.provider] = facts.source
        if facts.connection is not None and facts.connection.refused_at is not None:
            states[side.provider] += f", has ended ({facts.connection.refused_at:%Y-%m-%d})"
        elif facts.ends is not None:
            states[side.provider] += f", {ending(facts.ends, now())}"
    return states
