"""``kinv sandbox``: the simulators, with a mapping and tokens that are ready to use."""

from __future__ import annotations

import json
import shlex
import signal
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kommo_invoice.cli.options import JsonOption, common

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommo_invoice.cli.terminal import Terminal
    from kommo_invoice.sandbox.playground import Playground

_PORTS = ("kommo", "wave", "control")
_FIRST_PORT = 8700


def command(
    context: typer.Context,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            max=65533,
            help="The first of three ports; 0: any free ones [default: 8700, else free ones].",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Keep the mapping and kinv's files here [default: a temporary folder].",
            show_default=False,
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite the mapping in --folder.")
    ] = False,
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping",
            "-m",
            metavar="PATH",
            help="Lead a copy of this mapping to the simulators [default: an agency's].",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Start Kommo and Wave simulators for you to play with, until Ctrl-C."""
    from kommo_invoice.cli.extras import need_sandbox

    need_sandbox("kinv sandbox")

    from kommo_invoice.cli.terminal import Terminal
    from kommo_invoice.errors import ExitCode

    terminal = Terminal(as_json=as_json)
    text = _text_of(common(context, mapping).mapping)
    stops = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
    with ExitStack() as stack:
        # Blocked in every thread, they wait for sigwait, and what was begun is put in order first.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, stops)
        stack.callback(signal.pthread_sigmask, signal.SIG_SETMASK, before)
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kinv-sandbox-")))
        files = _Files.within(folder.absolute(), force=force)
        ground = _started(port, terminal)
        stack.callback(ground.sandbox.stop)
        document = files.filled(ground, text)
        if as_json:
            # Not through Terminal.json: these tokens open nothing else, and are there to be read.
            terminal.line(json.dumps(document, ensure_ascii=False))
        else:
            _show(terminal, document, files)
        stopped = stops[signal.Signals(signal.sigwait(stops))]
    terminal.note("kinv: the simulators have stopped, and what was in them is gone")
    raise typer.Exit(stopped)


@dataclass(frozen=True, slots=True)
class _Files:
    """What is written for the person who plays.

    Args:
        folder: Where.
        mapping: The mapping.
        exports: The environment, for a shell to read.
    """

    folder: Path
    mapping: Path
    exports: Path

    @classmethod
    def within(cls, folder: Path, *, force: bool) -> _Files:
        """Return the files of a folder; the folder is made.

        Raises:
            UsageError: One is there already, and ``force`` is not given, or there can be none.
        """
        from kommo_invoice.errors import UsageError

        files = cls(folder, folder / "mapping.toml", folder / "env.sh")
        for path in (files.mapping, files.exports):
            if path.exists() and not force:
                raise UsageError(
                    f"{path} is there already", hint="choose another --folder, or give --force"
                )
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--folder: {folder} cannot be made: {error.strerror}") from None
        return files

    def filled(self, ground: Playground, text: str | None) -> dict[str, Any]:
        """Write the files and return everything that there is to know, as JSON data."""
        from kommo_invoice.sandbox.playground import REDIRECT, SHAPES

        self.mapping.write_text(ground.mapping(text), encoding="utf-8")
        environment = ground.environment(self.folder, self.mapping)
        lines = [*_exports(environment), *_by_browser(ground), ""]
        self.exports.write_text("\n".join(lines), encoding="utf-8")
        deals = [
            {"id": lead, "name": name, "special": SHAPES[name]}
            for name, lead in ground.deals.items()
        ]
        control = ground.sandbox.urls["control"]
        fault = json.dumps({"provider": "wave", "match": "invoiceCreate", "kind": "lose"})
        return {
            "urls": ground.sandbox.urls,
            "mapping": str(self.mapping),
            "environment": environment,
            "applications": {"environment": ground.applications, "redirect_uri": REDIRECT},
            "exports": str(self.exports),
            "deals": deals,
            "commands": [
                "kinv mapping check",
                f"kinv invoice --deal {deals[0]['id']} --dry-run",
                f"kinv invoice --deal {deals[0]['id']} --deal {deals[1]['id']}",
                f"curl -s {control}/world",
                f"curl -s {control}/faults -d {shlex.quote(fault)}",
            ],
        }


def _exports(environment: Mapping[str, str]) -> list[str]:
    return [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]


def _by_browser(ground: Playground) -> list[str]:
    """Return, as comments, how to log in by browser in place of the tokens."""
    return [
        "# to log in by browser instead (`kinv connect wave --oauth`):",
        "#   unset KINV_KOMMO_TOKEN KINV_WAVE_TOKEN",
        *(f"#   {line}" for line in _exports(ground.applications)),
    ]


def _text_of(path: Path | None) -> str | None:
    """Return the text of the person's own mapping, if one was given.

    Raises:
        ConfigInvalid: It has problems.
        UsageError: It is for providers that are not simulated.
    """
    from kommo_invoice.errors import UsageError
    from kommo_invoice.mapping.load import load_mapping

    if path is None:
        return None
    document = load_mapping(path).document
    if (document.crm.provider, document.books.provider) != ("kommo", "wave"):
        raise UsageError(
            f"{path} is for {document.crm.provider} and {document.books.provider}; "
            "the sandbox has kommo and wave"
        )
    return path.read_text(encoding="utf-8-sig")


def _started(port: int | None, terminal: Terminal) -> Playground:
    """Start the simulators on the ports that were asked for, or by default on free ones.

    Raises:
        UsageError: A port that was asked for cannot be used.
    """
    from kommo_invoice.errors import UsageError
    from kommo_invoice.sandbox.playground import open_playground

    first = _FIRST_PORT if port is None else port
    ports = {name: first + place for place, name in enumerate(_PORTS)} if first else {}
    try:
        return open_playground(ports)
    except OSError as error:
        if port is not None:
            raise UsageError(
                f"ports {port} to {port + 2} cannot all be used: {error.strerror}",
                hint="choose another --port; 0 takes free ones",
            ) from None
    terminal.note(f"kinv: ports from {_FIRST_PORT} on are taken; these are free ones")
    return open_playground()


def _show(terminal: Terminal, document: Mapping[str, Any], files: _Files) -> None:
    """Print what there is, what to paste, what to try."""
    write = terminal.line
    write("Two simulators are running, with a digital agency's deals and books:")
    write()
    for name, url in document["urls"].items():
        write(f"  {name:<8} {url}")
    write(f"  mapping  {document['mapping']}")
    write()
    terminal.table(
        'Kommo: deals in "Issue Invoice"',
        ["deal", "name", "what is special"],
        [(deal["id"], deal["name"], deal["special"]) for deal in document["deals"]],
    )
    write()
    write(f"In another terminal, paste this (or `. {shlex.quote(str(files.exports))}`):")
    write()
    for line in files.exports.read_text(encoding="utf-8").splitlines():
        write(line)
    write()
    write("and try:")
    write()
    for line in document["commands"]:
        write(line)
    write()
    write("The last two show what both sides hold, and let Wave's next answer to")
    write("invoiceCreate get lost. Requests are listed at /requests.")
    terminal.note("Ctrl-C stops the simulators.")
