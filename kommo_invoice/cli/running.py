"""Runs a command that writes: locks, session, events, summary, exit code."""

from __future__ import annotations

import os
import secrets
import signal
from typing import TYPE_CHECKING

from kommo_invoice.cli import wiring
from kommo_invoice.cli.options import seconds
from kommo_invoice.cli.reporters import JsonReporter, PeopleReporter
from kommo_invoice.cli.terminal import Terminal
from kommo_invoice.engine.events import Event, Kind, error_event
from kommo_invoice.engine.opening import open_session
from kommo_invoice.errors import ExitCode, Interrupted, KinvError, Terminated

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from kommo_invoice.cli.options import Common
    from kommo_invoice.engine.events import Reporter
    from kommo_invoice.engine.opening import Surroundings
    from kommo_invoice.engine.outcomes import Tally
    from kommo_invoice.engine.session import Session


def run(
    given: Common,
    command: str,
    work: Callable[[Session], Tally],
    *,
    as_json: bool = False,
    dry_run: bool = False,
    wait: str | None = None,
    deals: int = 0,
) -> int:
    """Run a command that writes.

    Args:
        given: What was given before the command's name.
        command: Its name, as the ledger and other runs see it.
        work: What it does.
        as_json: Events are told as JSON, also the error that ends the whole run.
        dry_run: It only shows what it would do; no lock is taken.
        wait: How long to wait for another run's lock, as ``5m``.
        deals: How many deals there are, for a bar; 0 where it is not known.

    Returns:
        The exit code.

    Raises:
        KinvError: What ends the whole run, where it is not told as JSON.
    """
    terminal = Terminal(as_json=as_json)
    run_id = f"{wiring.now():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    reporter: Reporter = (
        JsonReporter(terminal, run_id)
        if as_json
        else PeopleReporter(terminal, dry_run=dry_run, deals=deals)
    )
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        tally = _run(given, command, work, reporter, run_id, dry_run=dry_run, wait=wait)
    except KinvError as error:
        if not as_json:
            raise
        _end(reporter, error, dry_run=dry_run)
        terminal.fail(error)
        return error.exit_code
    except Exception as error:
        if as_json:
            bug = KinvError(
                f"this is a bug in kinv ({type(error).__name__})",
                hint="send the report that stderr names",
            )
            _end(reporter, bug, dry_run=dry_run)
        raise
    finally:
        terminal.unfollow()
        signal.signal(signal.SIGTERM, previous)
    reporter.emit(_summary(tally, tally.exit_code, dry_run=dry_run))
    return tally.exit_code


def _run(
    given: Common,
    command: str,
    work: Callable[[Session], Tally],
    reporter: Reporter,
    run_id: str,
    *,
    dry_run: bool,
    wait: str | None,
) -> Tally:
    """Do the work, with Ctrl-C and SIGTERM turned into errors that say how it goes on."""
    wait_s = seconds(wait, "--wait")
    wired = wiring.wire(given)
    try:
        return _locked(wired, command, work, reporter, run_id, dry_run=dry_run, wait_s=wait_s)
    except KeyboardInterrupt:
        raise Interrupted("interrupted") from None
    except SystemExit as ended:
        if ended.code != ExitCode.TERMINATED:
            raise
        raise Terminated("terminated") from None


def _locked(
    wired: wiring.Wiring,
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

    around = wired.surroundings(wired.mapping(), reporter, dry_run=dry_run)
    if dry_run:
        with open_session(around) as session:
            return work(session)
    folder = around.state_dir / "locks"
    accounts = [str(around.crm), str(around.books)]
    with (
        hold(folder, accounts, command=f"kinv {command}", wait_s=wait_s, clock=wiring.now),
        open_session(around) as session,
    ):
        _note(wired, around, command)
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


def _note(wired: wiring.Wiring, around: Surroundings, command: str) -> None:
    """Note which state folder this run uses, for ``kinv doctor`` to compare."""
    from kommo_invoice.config.last_run import LastRun, note_run
    from kommo_invoice.config.paths import config_dir

    run = LastRun(around.state_dir.resolve(), around.file.path.resolve(), wiring.now(), command)
    note_run(config_dir(wired.settings), str(around.crm), str(around.books), run)


def _end(reporter: Reporter, error: KinvError, *, dry_run: bool) -> None:
    """Tell what ended the whole run, and the summary that always comes last."""
    reporter.emit(error_event(error, error.deal, None))
    reporter.emit(_summary(None, error.exit_code, dry_run=dry_run))


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
            "before_tax": bool(tally and tally.before_tax),
            "exit_code": int(code),
        },
    )


def _terminate(number: int, frame: object) -> NoReturn:
    """End the work by SystemExit, which no deal's error handling takes for its own."""
    del number, frame
    raise SystemExit(ExitCode.TERMINATED)
