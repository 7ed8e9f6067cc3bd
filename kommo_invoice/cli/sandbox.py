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
    from collections.abc import Mapping, Sequence

    from kommo_invoice.cli.terminal import Terminal
    from kommo_invoice.sandbox.playground import Playground

_BOOKS = "wave"
_FIRST_PORT = 8700


def command(
    context: typer.Context,
    books: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Which books: wave, quickbooks or zoho [default: --mapping's; else wave].",
            show_default=False,
        ),
    ] = None,
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
            help="Lead a copy of this mapping to the simulators [default: an example firm's].",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Start simulators of Kommo and of your books for you to play with, until Ctrl-C."""
    from kommo_invoice.cli.extras import need_sandbox

    need_sandbox("kinv sandbox")

    from kommo_invoice.cli.terminal import Terminal
    from kommo_invoice.errors import ExitCode

    terminal = Terminal(as_json=as_json)
    books, text = _asked(books, common(context, mapping).mapping)
    stops = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
    with ExitStack() as stack:
        # Blocked in every thread, they wait for sigwait, and what was begun is put in order first.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, stops)
        stack.callback(signal.pthread_sigmask, signal.SIG_SETMASK, before)
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kinv-sandbox-")))
        files = _Files.within(folder.absolute(), force=force)
        playground = _started(books, port, terminal)
        stack.callback(playground.sandbox.stop)
        document = files.filled(playground, text)
        if as_json:
            # Not through Terminal.json: these tokens open nothing else, and are there to be read.
            terminal.line(json.dumps(document, ensure_ascii=False))
        else:
            _show(terminal, playground, document, files)
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

    def filled(self, playground: Playground, text: str | None) -> dict[str, Any]:
        """Write the files and return everything that there is to know, as JSON data."""
        from kommo_invoice.sandbox.playground import REDIRECT

        self.mapping.write_text(playground.mapping(text), encoding="utf-8")
        environment = playground.environment(self.folder, self.mapping)
        connects = _connects(playground)
        lines = [*_exports(environment), *_by_browser(playground, connects), ""]
        self.exports.write_text("\n".join(lines), encoding="utf-8")
        deals = [
            {"id": lead, "name": name, "special": playground.ground.shapes[name]}
            for name, lead in playground.deals.items()
        ]
        control = playground.sandbox.urls["control"]
        books, create = playground.sides.books.name, playground.ground.create
        fault = json.dumps({"provider": books, "match": create, "kind": "lose"})
        return {
            "books": books,
            "urls": playground.sandbox.urls,
            "mapping": str(self.mapping),
            "environment": environment,
            "applications": {
                "environment": playground.applications,
                "redirect_uri": REDIRECT,
                "commands": connects,
            },
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


def _connects(playground: Playground) -> list[str]:
    """Return the commands that log in to both sides by browser."""
    which = "".join(f" --{name} {value}" for name, value in playground.ground.where.items())
    return [
        f"kinv connect {playground.sides.kommo.name} --oauth",
        f"kinv connect {playground.sides.books.name}{which} --oauth",
    ]


def _by_browser(playground: Playground, connects: Sequence[str]) -> list[str]:
    """Return, as comments, how to begin as with real accounts, in place of the tokens."""
    tokens = (
        f"KINV_{side.name.upper()}_TOKEN"
        for side in (playground.sides.kommo, playground.sides.books)
    )
    lines = [
        f"unset {' '.join(tokens)}",
        *_exports(playground.applications),
        *connects,
        "kinv mapping init --output own.toml",
    ]
    head = "# to log in by browser instead, and write a first mapping as with real accounts:"
    return [head, *(f"#   {line}" for line in lines)]


def _asked(books: str | None, path: Path | None) -> tuple[str, str | None]:
    """Return which books to play with, and the person's own mapping, if one was given.

    Raises:
        ConfigInvalid: The mapping has problems.
        UsageError: Something that is not simulated was asked for, or two different books.
    """
    from kommo_invoice.errors import UsageError
    from kommo_invoice.mapping.load import load_mapping
    from kommo_invoice.sandbox.ground import ground_of

    if path is None:
        ground_of(books or _BOOKS)
        return books or _BOOKS, None
    document = load_mapping(path).document
    if document.crm.provider != "kommo":
        raise UsageError(f"{path} is for {document.crm.provider}; the sandbox has kommo alone")
    if books not in {None, document.books.provider}:
        raise UsageError(
            f"{path} is for {document.books.provider}, not for {books}",
            hint="leave --books out: the mapping says it",
        )
    ground_of(document.books.provider)
    return document.books.provider, path.read_text(encoding="utf-8-sig")


def _started(books: str, port: int | None, terminal: Terminal) -> Playground:
    """Start the simulators on the ports that were asked for, or by default on free ones.

    Raises:
        UsageError: A port that was asked for cannot be used.
    """
    from kommo_invoice.errors import UsageError
    from kommo_invoice.sandbox.playground import open_playground

    first = _FIRST_PORT if port is None else port
    names = ("kommo", books, "control")
    ports = {name: first + place for place, name in enumerate(names)} if first else {}
    try:
        return open_playground(books, ports)
    except OSError as error:
        if port is not None:
            raise UsageError(
                f"ports {port} to {port + 2} cannot all be used: {error.strerror}",
                hint="choose another --port; 0 takes free ones",
            ) from None
    terminal.note(f"kinv: ports from {_FIRST_PORT} on are taken; these are free ones")
    return open_playground(books)


def _show(
    terminal: Terminal, playground: Playground, document: Mapping[str, Any], files: _Files
) -> None:
    """Print what there is, what to paste, what to try."""
    write, firm, books = terminal.line, playground.ground.firm, playground.ground.books
    write(f"Kommo and {books} are simulated here, with the deals and books of {firm}:")
    write()
    places = {**document["urls"], "mapping": document["mapping"]}
    width = max(map(len, places))
    for name, place in places.items():
        write(f"  {name:<{width}}  {place}")
    write()
    terminal.table(
        f'Kommo: deals in "{playground.ground.stage}"',
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
    write(f"The last two show what both sides hold, and let {books} make the next invoice and")
    write("its answer get lost on the way. Requests are listed at /requests.")
    terminal.note("Ctrl-C stops the simulators.")
