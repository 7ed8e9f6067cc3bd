"""``kinv doctor``: live and cheap checks, each with its evidence; ``--cron`` in cron's place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kommo_invoice.cli.options import JsonOption, MappingOption, common

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommo_invoice.cli.terminal import Terminal
    from kommo_invoice.cli.wiring import Wiring
    from kommo_invoice.engine.doctor_cron import Seen
    from kommo_invoice.engine.doctor_findings import Finding


def command(
    context: typer.Context,
    cron: Annotated[
        bool, typer.Option("--cron", help="Check as cron would run it, and compare with here.")
    ] = False,
    env: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="With --cron: a variable that the crontab sets; NAME alone, as for secrets, takes "
            "this shell's value. Can be given repeatedly.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
    mapping: MappingOption = None,
) -> None:
    """Check mapping, tokens, accounts, clocks, ledger and locks; invoice nothing.

    The exit code is that of the worst error that a run would meet; 0 with warnings alone.
    """
    from kommo_invoice.cli.wiring import wire
    from kommo_invoice.errors import UsageError

    if env and not cron:
        raise UsageError("--env has a meaning only with --cron")
    wiring = wire(common(context, mapping), as_json=as_json)
    if cron:
        from kommo_invoice.cli.cron import examine_cron

        raise typer.Exit(examine_cron(wiring, env or []))
    raise typer.Exit(_examine(wiring))


def _examine(wiring: Wiring) -> int:
    """Run all checks in this environment, show them, and return the exit code."""
    from kommo_invoice.cli.doctor_facts import seen_here, tokens_of
    from kommo_invoice.config.last_run import last_run
    from kommo_invoice.config.paths import config_dir, state_dir
    from kommo_invoice.engine.doctor import diagnose, without_mapping
    from kommo_invoice.engine.doctor_findings import exit_code
    from kommo_invoice.errors import ConfigInvalid

    tokens = {}
    try:
        file = wiring.mapping()
    except ConfigInvalid as error:
        findings = list(without_mapping(state_dir(wiring.settings), error))
    else:
        around = wiring.silently(file)
        tokens = tokens_of(wiring, file)
        noted = last_run(config_dir(wiring.settings), str(around.crm), str(around.books))
        findings = list(diagnose(around, tokens, noted))
    if wiring.terminal.as_json:
        wiring.terminal.json(document(seen_here(wiring, tokens), findings))
    else:
        show(wiring.terminal, findings)
        conclude(wiring.terminal, findings)
    return exit_code(findings)


def document(seen: Seen, findings: Sequence[Finding]) -> dict[str, object]:
    """Return the findings as one document for programs."""
    from kommo_invoice.engine.doctor_findings import exit_code

    return {
        "mapping": str(seen.mapping) if seen.mapping else None,
        "state_dir": str(seen.state_dir),
        "tokens": dict(seen.tokens),
        "program": str(seen.program) if seen.program else None,
        "checks": [_plain(finding) for finding in findings],
        "exit_code": int(exit_code(findings)),
    }


def show(terminal: Terminal, findings: Sequence[Finding]) -> None:
    """Print the findings for people, secrets masked, what helps below each that is not ok."""
    from kommo_invoice.redact import mask

    rows = []
    for finding in findings:
        rows.append((str(finding.state), finding.check, mask(_readable(finding.evidence))))
        if finding.hint:
            rows.append(("", "", f"→ {mask(finding.hint)}"))
    terminal.grid(rows, indent=0, folded=2)


def conclude(terminal: Terminal, findings: Sequence[Finding]) -> None:
    """Print how many checks ended how, and the exit code that follows."""
    from kommo_invoice.engine.doctor_findings import State, exit_code

    told = {state: sum(each.state is state for each in findings) for state in State}
    counts = ", ".join(f"{count} {state}" for state, count in told.items() if count)
    code = exit_code(findings)
    terminal.line()
    terminal.line(f"{counts}: exit {int(code)}", style="red" if code else "green")


def _plain(finding: Finding) -> dict[str, object]:
    return {
        "check": finding.check,
        "state": finding.state,
        "evidence": finding.evidence,
        "hint": finding.hint,
        "exit_code": int(finding.exit_code),
    }


def _readable(evidence: str) -> str:
    """Return the evidence with the books' long ids shortened, and paths left whole."""
    from kommo_invoice.cli.words import short

    words = evidence.split(" ")
    return " ".join(word if word.startswith("/") else short(word) for word in words)
