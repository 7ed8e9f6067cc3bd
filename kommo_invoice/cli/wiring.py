"""Puts a command's pieces together: settings, logging, tokens, clients, session."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kommo_invoice.cli.terminal import Terminal
from kommo_invoice.config.paths import config_dir, made_state_dir, state_dir
from kommo_invoice.config.settings import Settings, load_settings
from kommo_invoice.engine.opening import Surroundings, open_ledger, open_session
from kommo_invoice.errors import ConfigInvalid
from kommo_invoice.mapping.load import find_mapping, load_mapping, peek

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kommo_invoice.cli.options import Common
    from kommo_invoice.cli.tokens import TokenSources
    from kommo_invoice.engine.events import Event, Reporter
    from kommo_invoice.engine.session import Session
    from kommo_invoice.http import Auth, Client, Judge, OpenClient, Policy
    from kommo_invoice.ledger.ledger import Ledger
    from kommo_invoice.mapping.load import MappingFile


def now() -> datetime:
    """Return the time (UTC); the only clock that commands use."""
    return datetime.now(UTC)


@dataclass
class Wiring:
    """What a command gets.

    Args:
        settings: Flags over environment over file.
        terminal: Where it prints.
        debug_http: Log requests with their (masked) bodies.
        asked: The mapping file of ``--mapping``.
    """

    settings: Settings
    terminal: Terminal
    debug_http: bool = False
    asked: Path | None = None

    def mapping(self) -> MappingFile:
        """Return the mapping file, checked in itself.

        Raises:
            ConfigInvalid: There is none, or it has problems.
        """
        return load_mapping(self.found())

    def surroundings(
        self, file: MappingFile, reporter: Reporter, *, dry_run: bool = False
    ) -> Surroundings:
        """Return what a session of that mapping is opened with."""
        sides = (file.document.crm, file.document.books)
        accounts: dict[str, str] = {side.provider: side.account for side in sides}

        def auth(provider: str, base_url: str) -> Auth:
            return self.tokens.auth(provider, accounts[provider], base_url)

        return Surroundings(
            file=file,
            open_client=self.clients(auth),
            state_dir=(state_dir if dry_run else made_state_dir)(self.settings),
            clock=now,
            reporter=reporter,
            dry_run=dry_run,
            settle_s=self.settings.settle_s,
        )

    def silently(self, file: MappingFile) -> Surroundings:
        """Return what a session of that mapping is opened with that reads and tells nothing."""
        return self.surroundings(file, _Silent(), dry_run=True)

    @cached_property
    def tokens(self) -> TokenSources:
        """Where tokens come from."""
        from kommo_invoice.cli.tokens import TokenSources

        without = self.clients(lambda *_: None)
        return TokenSources(
            self.settings, state_dir(self.settings), now, without, self.terminal.note
        )

    def peek(self, provider: str) -> dict[str, str]:
        """Return what the mapping says of a provider's side, nothing where there is no mapping.

        Raises:
            ConfigInvalid: The mapping that was asked for cannot be read.
        """
        try:
            path = self.found()
        except ConfigInvalid:
            if self.asked:
                raise
            return {}  # KINV_MAPPING may name the file that is yet to be written
        sides = peek(path).values()
        return next((side for side in sides if side.get("provider") == provider), {})

    def clients(self, auth: Callable[[str, str], Auth | None]) -> OpenClient:
        """Return what makes HTTP clients.

        Args:
            auth: Gives the token's source for a provider and an address; None sends no token.
        """
        settings = self.settings

        def open_client(base_url: str, provider: str, policy: Policy, judge: Judge) -> Client:
            from kommo_invoice.http.client import Client

            return Client(
                base_url,
                provider,
                policy,
                judge,
                auth=auth(provider, base_url),
                state_dir=made_state_dir(settings),
                clock=now,
                timeout_s=settings.timeout_s,
                rate_factor=settings.rate_factor,
                debug_http=self.debug_http,
            )

        return open_client

    def found(self) -> Path:
        """Return the mapping file, not read yet.

        Raises:
            ConfigInvalid: There is none.
        """
        return find_mapping(
            given=self.asked,
            environment=self.settings.mapping,
            folder=Path.cwd(),
            config=config_dir(self.settings),
        )


def wire(common: Common, *, as_json: bool = False) -> Wiring:
    """Return the wiring of a command, with logging set up.

    Args:
        common: What was given before the command's name.
        as_json: The command prints for programs.

    Raises:
        UsageError: A flag has an impossible value.
        ConfigInvalid: A setting is invalid.
    """
    settings = load_settings(log_level=common.log_level)
    _log(settings)
    return Wiring(settings, Terminal(as_json=as_json), common.debug_http, common.mapping)


@contextmanager
def local_ledger(wiring: Wiring) -> Iterator[Ledger]:
    """Open the mapping's ledger for reading, without any request."""
    around = wiring.silently(wiring.mapping())
    ledger = open_ledger(around)
    try:
        yield ledger
    finally:
        ledger.close()


@contextmanager
def silent_session(wiring: Wiring) -> Iterator[Session]:
    """Open a session that only reads and tells nothing by itself."""
    around = wiring.silently(wiring.mapping())
    with open_session(around) as session:
        yield session


def resolve_locked(wiring: Wiring, work: Callable[[Ledger], str], *, dry_run: bool) -> str:
    """Change the ledger by what a person says, while no run is under way.

    Raises:
        AlreadyRunning: A run is under way.
    """
    from kommo_invoice.engine.locks import hold

    if dry_run:
        with local_ledger(wiring) as ledger:
            return work(ledger)
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


def _log(settings: Settings) -> None:
    from kommo_invoice.redact import RedactFilter

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(RedactFilter())
    root = logging.getLogger("kommo_invoice")
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())


class _Silent:
    """A reporter for commands that tell nothing while they go."""

    def emit(self, event: Event) -> None:
        """Take an event and keep silent."""
