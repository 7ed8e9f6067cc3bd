"""Puts a command's pieces together: settings, logging, tokens, clients, session, run."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kommo_invoice.cli.reporters import JsonReporter, PeopleReporter
from kommo_invoice.cli.terminal import Terminal
from kommo_invoice.config.paths import config_dir, state_dir
from kommo_invoice.config.settings import Settings, load_settings
from kommo_invoice.engine.events import Event, Kind, error_event
from kommo_invoice.engine.opening import Surroundings, open_ledger, open_session
from kommo_invoice.errors import ExitCode, KinvError
from kommo_invoice.mapping.load import find_mapping, load_mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kommo_invoice.cli.options import Common
    from kommo_invoice.engine.events import Reporter
    from kommo_invoice.engine.outcomes import Tally
    from kommo_invoice.engine.session import Session
    from kommo_invoice.http import Client, Judge, OpenClient, Policy
    from kommo_invoice.ledger.ledger import Ledger
    from kommo_invoice.mapping.load import MappingFile


def now() -> datetime:
    """Return the time (UTC); the only clock that commands use."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Wiring:
    """What a command gets.

    Args:
        settings: Flags over environment over file.
        terminal: Where it prints.
        debug_http: Log requests with their (masked) bodies.
    """

    settings: Settings
    terminal: Terminal
    debug_http: bool = False

    def mapping(self) -> MappingFile:
        """Return the mapping file, checked in itself.

        Raises:
            ConfigInvalid: There is none, or it has problems.
        """
        path = find_mapping(
            given=None,
            environment=self.settings.mapping,
            folder=Path.cwd(),
            config=config_dir(self.settings),
        )
        return load_mapping(path)

    def surroundings(
        self, file: MappingFile, reporter: Reporter, *, dry_run: bool = False
    ) -> Surroundings:
        """Return what a session of that mapping is opened with."""
        return Surroundings(
            file=file,
            open_client=self._open_client(),
            state_dir=state_dir(self.settings),
            clock=now,
            reporter=reporter,
            dry_run=dry_run,
            settle_s=self.settings.settle_s,
        )

    def _open_client(self) -> OpenClient:
        from kommo_invoice.auth.environment import EnvironmentToken
        from kommo_invoice.http.client import Client

        settings = self.settings

        def open_client(base_url: str, provider: str, policy: Policy, judge: Judge) -> Client:
            return Client(
                base_url,
                provider,
                policy,
                judge,
                auth=EnvironmentToken(provider, settings.token(provider)),
                state_dir=state_dir(settings),
                clock=now,
                timeout_s=settings.timeout_s,
                rate_factor=settings.rate_factor,
                debug_http=self.debug_http,
            )

        return open_client


def wire(common: Common, *, as_json: bool = False) -> Wiring:
    """Return the wiring of a command, with logging set up.

    Args:
        common: What was given before the command's name.
        as_json: The command prints for programs.

    Raises:
        ConfigInvalid: A setting is invalid.
    """
    settings = load_settings(
        mapping=common.mapping, log_level=common.log_level, no_input=common.no_input
    )
    _log(settings)
    return Wiring(settings, Terminal(as_json=as_json), common.debug_http)


@contextmanager
def local_ledger(wiring: Wiring) -> Iterator[Ledger]:
    """Open the mapping's ledger for reading, without any request."""
    around = wiring.surroundings(wiring.mapping(), _Silent(), dry_run=True)
    ledger = open_ledger(around)
    try:
        yield ledger
    finally:
        ledger.close()


@contextmanager
def silent_session(wiring: Wiring, *, fresh: bool = False) -> Iterator[Session]:
    """Open a session that only reads and tells nothing by itself."""
    around = wiring.surroundings(wiring.mapping(), _Silent(), dry_run=True)
    with open_session(around, fresh=fresh) as session:
        yield session


def resolve_locked(wiring: Wiring, work: Callable[[Ledger], str]) -> str:
    """Change the ledger by what a person says, while no run is under way.

    Raises:
        AlreadyRunning: A run is under way.
    """
    from kommo_invoice.engine.locks import hold

    around = wiring.surroundings(wiring.mapping(), _Silent())
    accounts = [str(around.crm), str(around.books)]
    with hold(
        around.state_dir / "locks", accounts, command="kinv ledger resolve", wait_s=0, clock=now
    ):
        ledger = open_ledger(around)
        try:
            return work(ledger)
        finally:
            ledger.close()


def run(
    wiring: Wiring,
    command: str,
    work: Callable[[Session], Tally],
    *,
    dry_run: bool = False,
    wait_s: float = 0,
) -> int:
    """Run a command that writes: locks, session, summary, exit code.

    Args:
        wiring: The command's wiring.
        command: Its name, as the ledger and other runs see it.
        work: What it does.
        dry_run: It only shows what it would do; no lock is taken.
        wait_s: Seconds to wait for another run's lock.

    Returns:
        The exit code; errors that end the whole run are told as events first.
    """
    run_id = f"{now():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    reporter: Reporter = (
        JsonReporter(wiring.terminal, run_id)
        if wiring.terminal.as_json
        else PeopleReporter(wiring.terminal, dry_run=dry_run)
    )
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        tally = _locked(wiring, command, work, reporter, run_id, dry_run=dry_run, wait_s=wait_s)
    except KinvError as error:
        if not wiring.terminal.as_json:
            raise
        reporter.emit(error_event(error, error.deal, None))
        reporter.emit(_summary(None, error.exit_code, dry_run=dry_run))
        wiring.terminal.fail(error)
        return error.exit_code
    finally:
        signal.signal(signal.SIGTERM, previous)
    reporter.emit(_summary(tally, tally.exit_code, dry_run=dry_run))
    return tally.exit_code


def _locked(
    wiring: Wiring,
    command: str,
    work: Callable[[Session], Tally],
    reporter: Reporter,
    run_id: str,
    *,
    dry_run: bool,
    wait_s: float,
) -> Tally:
    from kommo_invoice.engine.locks import hold
    from kommo_invoice.ledger.history import History

    around = wiring.surroundings(wiring.mapping(), reporter, dry_run=dry_run)
    if dry_run:
        with open_session(around) as session:
            return work(session)
    folder = around.state_dir / "locks"
    accounts = [str(around.crm), str(around.books)]
    with (
        hold(folder, accounts, command=f"kinv {command}", wait_s=wait_s, clock=now),
        open_session(around) as session,
    ):
        history = History(session.ledger)
        history.start(run_id, command, os.getpid())
        code: int = ExitCode.BUG
        counts: dict[str, int] = {}
        try:
            tally = work(session)
            code, counts = tally.exit_code, dict(tally.counts)
        except KinvError as error:
            code = error.exit_code
            raise
        except KeyboardInterrupt:
            code = ExitCode.INTERRUPTED
            raise
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else ExitCode.BUG
            raise
        finally:
            history.end(run_id, code, counts)
        return tally


def _summary(tally: Tally | None, code: ExitCode, *, dry_run: bool) -> Event:
    from kommo_invoice.domain.money import Money
    from kommo_invoice.domain.plain import plain

    totals = tally.totals if tally else {}
    return Event(
        Kind.SUMMARY,
        None,
        None,
        {
            "dry_run": dry_run,
            "deals": dict(tally.counts) if tally else {},
            "totals": {each: plain(Money(minor, each).amount) for each, minor in totals.items()},
            "exit_code": int(code),
        },
    )


def _log(settings: Settings) -> None:
    from kommo_invoice.redact import RedactFilter

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(RedactFilter())
    root = logging.getLogger("kommo_invoice")
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    root.propagate = False


def _terminate(number: int, frame: object) -> None:
    """End the process by its exit code, so that locks, ledger and files are closed in order."""
    del number, frame
    sys.stderr.write("kinv: terminated; the next run goes on from here\n")
    raise SystemExit(ExitCode.TERMINATED)


class _Silent:
    """A reporter for commands that tell nothing while they go."""

    def emit(self, event: Event) -> None:
        """Take an event and keep silent."""
