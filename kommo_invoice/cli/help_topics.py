"""``kinv help``: topics that belong to no single command."""

from __future__ import annotations

import typer

app = typer.Typer(help="Help on exit codes, environment, mapping, events.", no_args_is_help=True)


@app.command("exit-codes")
def exit_codes() -> None:
    """Say what each exit code means."""
    from kommo_invoice.cli.terminal import Terminal
    from kommo_invoice.errors import EXIT_CODE_MEANINGS, PRECEDENCE

    write = Terminal().line
    for code, meaning in EXIT_CODE_MEANINGS.items():
        write(f"{code:>4}  {meaning}")
    order = ", ".join(str(int(code)) for code in PRECEDENCE)
    write(f"\nWhen several hold for the deals of one run: {order}, in this order.")


@app.command("environment")
def environment() -> None:
    """List the environment variables."""
    from kommo_invoice.cli.terminal import Terminal
    from kommo_invoice.config.settings import Settings

    write = Terminal().line
    told = {}
    for name, field in Settings.model_fields.items():
        default = "" if field.default in {None, False} else f" [default: {field.default}]"
        told[f"KINV_{name.upper()}"] = f"{field.description}{default}"
    told["NO_COLOR"] = "no colours"
    longest = max(map(len, told))
    for name, words in told.items():
        write(f"{name:<{longest}} {words}")
    write("\nA flag wins over the environment, the environment over config.toml in the")
    write("configuration folder (its keys are the names above, in lower case, without KINV_).")


@app.command("mapping")
def mapping() -> None:
    """List the keys of the mapping file: required, or their default."""
    from kommo_invoice.cli.terminal import Terminal
    from kommo_invoice.mapping.reference import reference_table

    Terminal().line(reference_table())


@app.command("events")
def events() -> None:
    """Show the events that --json prints, with one example each."""
    from kommo_invoice.cli.event_examples import EXAMPLES, INTRODUCTION
    from kommo_invoice.cli.terminal import Terminal

    terminal = Terminal()
    terminal.line(INTRODUCTION)
    for words, example in EXAMPLES:
        terminal.line(f"\n{words}")
        terminal.json(example)
