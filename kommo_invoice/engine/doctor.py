"""``kinv doctor``: every check in order; one that fails stops only what stands on it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from kommo_invoice.domain.claim import Namer
from kommo_invoice.engine.checking import check
from kommo_invoice.engine.doctor_findings import (
    Finding,
    State,
    each_problem,
    fails,
    ok,
    unchecked,
    warning,
)
from kommo_invoice.engine.doctor_machine import (
    folder_findings,
    last_run_findings,
    ledger_finding,
    lock_finding,
    look_at_ledger,
)
from kommo_invoice.engine.doctor_mapping import compiled, name_findings
from kommo_invoice.engine.doctor_tokens import Token, token_findings
from kommo_invoice.engine.opening import want
from kommo_invoice.engine.providers import open_books, open_crm
from kommo_invoice.engine.session import Session
from kommo_invoice.errors import ConfigInvalid, KinvError
from kommo_invoice.ledger.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from kommo_invoice.books.base import Books
    from kommo_invoice.crm.base import Crm
    from kommo_invoice.domain.catalog import Catalog
    from kommo_invoice.domain.deal import CrmSetup
    from kommo_invoice.engine.doctor_machine import Noted
    from kommo_invoice.engine.opening import Surroundings
    from kommo_invoice.http import Client, Judge, OpenClient, Policy
    from kommo_invoice.ledger.health import Health
    from kommo_invoice.mapping.mapping import Mapping as CompiledMapping

A = TypeVar("A")
T = TypeVar("T")

_SKEW_WARNS_S = 60
_SKEW_IS_WRONG_S = 300

_logger = logging.getLogger(__name__)


def without_mapping(state_dir: Path, error: ConfigInvalid) -> Iterator[Finding]:
    """Yield what can be found where the mapping is missing or wrong in itself.

    Args:
        state_dir: The folder of the ledger.
        error: What is wrong with the mapping.
    """
    yield from each_problem("mapping", error)
    for what in ("tokens", "accounts", "clock"):
        yield unchecked(what, "the mapping says which accounts they are of")
    yield from folder_findings(state_dir)
    yield ledger_finding(state_dir, _health(state_dir))
    for what in ("locks", "last run"):
        yield unchecked(what, "the mapping says which accounts they are of")


def diagnose(
    around: Surroundings, tokens: Mapping[str, Token], noted: Noted | None
) -> Iterator[Finding]:
    """Yield all findings on a mapping, its accounts and this machine.

    The CRM is asked 3 to 6 times, the books usually once; nothing is written to them.

    Args:
        around: What a session would be opened with.
        tokens: Provider -> what is known of its token.
        noted: What the pair's last run noted of itself, if there was one.
    """
    file = around.file
    yield ok("mapping", f"{file.path}, fingerprint {file.fingerprint()[:12]}")
    machine = list(folder_findings(around.state_dir))
    usable = all(finding.state is not State.FAILS for finding in machine)
    crm: _Side[Crm, CrmSetup] = _Side(around.crm.provider, tokens[around.crm.provider])
    books: _Side[Books, Catalog] = _Side(around.books.provider, tokens[around.books.provider])
    needs, name = file.needs, str(file.path)
    for side in (crm, books):
        side.usable = usable
    crm.read(
        around.open_client,
        lambda opening: open_crm(around.crm, opening, file=name),
        lambda adapter: adapter.setup(entities=needs.entities, users=needs.users),
    )
    books.read(
        around.open_client,
        lambda opening: open_books(around.books, opening, file=name),
        lambda adapter: adapter.catalog(),
    )
    for side, shown in ((crm, _crm_account(crm)), (books, _books_account(books))):
        yield from token_findings(side.token)
        yield side.account(shown)
        yield side.clock()
    fitted = compiled(file, crm.found, books.found)
    error = fitted if isinstance(fitted, ConfigInvalid) else None
    yield from name_findings(file, crm.found, books.found, error)
    if not isinstance(fitted, ConfigInvalid):
        yield from _surprises(around, fitted, crm, books)
    yield from machine
    health = _health(around.state_dir, str(around.crm), str(around.books))
    yield ledger_finding(around.state_dir, health)
    accounts = [str(around.crm), str(around.books)]
    yield lock_finding(around.state_dir / "locks", accounts, around.clock)
    yield from last_run_findings(around.state_dir, file.path, noted, health)


@dataclass(slots=True)
class _Side(Generic[A, T]):
    """One side of the mapping: what was read of it, or why that could not be.

    Args:
        provider: Its name.
        token: What is known of its token.
        usable: Whether requests can be made at all: their budgets are kept in the state folder.
        adapter: The provider's adapter.
        found: What was read.
        error: Why nothing was.
        skew_s: Seconds by which its clock is ahead of ours, None where it was not heard.
    """

    provider: str
    token: Token
    usable: bool = True
    adapter: A | None = None
    found: T | None = None
    error: KinvError | None = None
    skew_s: float | None = None

    def read(
        self, open_client: OpenClient, opened: Callable[[OpenClient], A], asked: Callable[[A], T]
    ) -> None:
        """Read the account, unless it is known that this cannot be."""
        if not self.usable or self.token.wrong is not None:
            return
        clients: list[Client] = []

        def opening(base_url: str, provider: str, policy: Policy, judge: Judge) -> Client:
            clients.append(open_client(base_url, provider, policy, judge))
            return clients[-1]

        try:
            self.adapter = opened(opening)
            self.found = asked(self.adapter)
        except KinvError as error:
            self.error = error
        except Exception as error:  # one side's bug leaves the other checks
            _logger.debug("reading %s failed", self.provider, exc_info=True)
            self.error = KinvError(f"reading {self.provider} failed ({type(error).__name__})")
        finally:
            for client in clients:
                self.skew_s = client.skew_s
                client.close()

    def account(self, shown: str) -> Finding:
        """Return whether the account could be read, and which one it is."""
        check = f"{self.provider} account"
        if not self.usable:
            return unchecked(check, "the state folder, which keeps the rates, cannot be used")
        if self.token.wrong is not None:
            return unchecked(check, "there is no token that can be used")
        return ok(check, shown) if self.error is None else fails(check, self.error)

    def clock(self) -> Finding:
        """Return whether this machine's clock and the provider's agree."""
        check = f"{self.provider} clock"
        if self.skew_s is None:
            return unchecked(check, f"{self.provider} has told no time")
        seconds = abs(round(self.skew_s))
        side = "behind" if self.skew_s > 0 else "ahead of"
        shown = f"this machine's clock is {seconds} s {side} {self.provider}'s"
        hint = "switch time synchronisation on: `timedatectl set-ntp true`"
        if seconds > _SKEW_IS_WRONG_S:
            shown += ", which is wrong: dates and the ends of tokens are reckoned by it"
        if seconds > _SKEW_WARNS_S:
            return warning(check, shown, hint)
        return ok(check, shown)


def _crm_account(side: _Side[Crm, CrmSetup]) -> str:
    if side.found is None:
        return ""
    account = side.found.account
    return f"{account.name} ({account.id}), {account.currency}, {account.timezone}"


def _books_account(side: _Side[Books, Catalog]) -> str:
    if side.found is None:
        return ""
    account = side.found.account
    return f"{account.name} ({account.id}), {account.currency}"


def _surprises(
    around: Surroundings,
    mapping: CompiledMapping,
    crm: _Side[Crm, CrmSetup],
    books: _Side[Books, Catalog],
) -> Iterator[Finding]:
    """Yield what a mapping that fits may surprise with, as ``kinv mapping check`` tells it."""
    if crm.adapter is None or crm.found is None or books.adapter is None or books.found is None:
        return
    pair = {"crm": str(around.crm), "books": str(around.books)}
    session = Session(
        mapping=mapping,
        crm=crm.adapter,
        books=books.adapter,
        crm_setup=crm.found,
        catalog=books.found,
        namer=Namer.of(around.crm.provider, crm.found.account.id),
        ledger=Ledger(None, **pair, clock=around.clock),
        reporter=around.reporter,
        clock=around.clock,
        today=around.clock().date(),
        want=want(around.file),
        dry_run=True,
    )
    try:
        for surprise in check(session).surprises:
            yield warning("mapping", surprise, "see `kinv mapping check`")
    finally:
        session.ledger.close()


def _health(state_dir: Path, crm: str | None = None, books: str | None = None) -> Health | OSError:
    try:
        return look_at_ledger(state_dir, crm=crm, books=books)
    except OSError as error:
        return error
