"""The command tree, and the one place where errors become exit codes."""

from __future__ import annotations

import gc
import signal
import sys
from typing import Annotated, NoReturn

import typer

from kommo_invoice import __version__
from kommo_invoice.cli import (
    connect,
    demo,
    doctor,
    help_topics,
    invoice,
    ledger,
    link,
    mapping,
    retry,
    sandbox,
    status,
)
from kommo_invoice.cli.options import Common, MappingOption
from kommo_invoice.errors import ExitCode, Interrupted, KinvError

app = typer.Typer(
    name="kinv",
    help="A deal won in the CRM becomes a sent invoice in the books, exactly once.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("connect", short_help="Log in to a provider, or show what is connected.")(
    connect.command
)
app.command("disconnect", short_help="Forget a connection and its secret.")(connect.disconnect)
app.command("invoice", short_help="Invoice these deals; a second run changes nothing.")(
    invoice.command
)
app.command("retry", short_help="Do open work again.")(retry.command)
app.command("status", short_help="Show the last runs, open work and the tokens.")(status.command)
app.command("doctor", short_help="Check everything a run needs, live.")(doctor.command)
app.command("link", short_help="Say that an invoice made by hand is a deal's.")(link.link)
app.command("unlink", short_help="Say that an invoice is not a deal's.")(link.unlink)
app.add_typer(mapping.app, name="mapping")
app.add_typer(ledger.app, name="ledger")
app.command("sandbox", short_help="Start simulators of the providers.")(sandbox.command)
app.command("demo", short_help="Play an agency's day on the simulators.")(demo.command)
app.add_typer(help_topics.app, name="help")


def _version(asked: bool) -> None:
    if asked:
        from kommo_invoice.cli.terminal import Terminal

        Terminal().line(f"kinv {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    context: typer.Context,
    mapping: MappingOption = None,
    log_level: Annotated[
        str | None,
        typer.Option(metavar="LEVEL", help="debug, info, warning or error.", show_default=False),
    ] = None,
    debug_http: Annotated[
        bool, typer.Option("--debug-http", help="Log requests and answers, secrets masked.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version
    level = "debug" if debug_http else log_level
    context.obj = Common(mapping, level, debug_http)


def main() -> None:
    """Run kinv and end the process with one of ``errors.ExitCode``."""
    # What is loaded stays until the process ends, which frees it anyway: looking for garbage in it,
    # on the way and once more at the end, would take a quarter of a short run.
    gc.set_threshold(100_000)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is to be ignored
        signal.signal(signal.SIGINT, _interrupt)
    code = run()
    gc.freeze()
    sys.exit(code)


class _CtrlC(KeyboardInterrupt):
    """Ctrl-C, of a class of its own.

    A bare KeyboardInterrupt that passes through ``exec`` of a string, as when a dataclass is made,
    makes CPython end ``python -m`` by SIGINT, also where it was caught: not with exit code 130.
    """


def _interrupt(number: int, frame: object) -> NoReturn:
    del number, frame
    raise _CtrlC


def run(arguments: list[str] | None = None) -> int:
    """Run kinv once and return its exit code.

    Args:
        arguments: The command line without the program's name; None takes the process's own.
    """
    try:
        app(args=arguments, prog_name="kinv")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else ExitCode.OK
    except KinvError as error:
        return _fail(error)
    except KeyboardInterrupt:
        return _fail(Interrupted("interrupted"))
    except Exception as error:  # noqa: BLE001 - the last resort: no traceback reaches a person
        from kommo_invoice.cli.crash import report

        return report(error)
    return ExitCode.OK


def _fail(error: KinvError) -> int:
    from kommo_invoice.cli.terminal import Terminal

    Terminal().fail(error)
    return error.exit_code
