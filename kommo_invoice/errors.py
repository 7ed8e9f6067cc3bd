"""The error tree, ordered by what has to happen next.

    KinvError
    ├── UsageError             2   call the command differently
    ├── DealError              3   correct this deal (or its mapping); the others go on
    │   └── Rejected           3   the provider refused the data; nothing was done
    ├── LoginNeeded            4   give a valid token
    ├── Temporary              5   nothing to do: it is tried again
    │   ├── NotExecuted        5   surely not executed: may be repeated at once
    │   │   └── RateLimited    5   the provider asks to wait
    │   └── LostAnswer         5   may have been executed: probe, never repeat blindly
    ├── OutcomeUnknown         6   a person has to look
    ├── ConfigInvalid          7   correct the mapping or the settings
    ├── Refused                8   the provider refuses the account (unpaid, plan, rights)
    ├── Differs                9   the two sides differ, or a run is late
    ├── ConfirmationNeeded    10   confirm
    ├── AlreadyRunning        11   wait for the other run
    ├── SecretStoreUnavailable 12  unlock or choose another store
    ├── Interrupted          130   Ctrl-C
    └── Terminated           143   SIGTERM

An error that reaches the user says what happened (``message``), to which deal (``deal``) and
what helps (``hint``, naming the command to run). It never carries a token or a response body.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime


class ExitCode(IntEnum):
    """What the process tells its caller; see ``kinv help exit-codes``."""

    OK = 0
    BUG = 1
    USAGE = 2
    SOME_FAILED = 3
    LOGIN = 4
    TEMPORARY = 5
    UNKNOWN = 6
    CONFIG = 7
    REFUSED = 8
    DIFFERS = 9
    CONFIRM = 10
    RUNNING = 11
    SECRETS = 12
    INTERRUPTED = 130
    TERMINATED = 143


EXIT_CODE_MEANINGS: Mapping[ExitCode, str] = {
    ExitCode.OK: "done, or nothing to do",
    ExitCode.BUG: "a bug in kinv; a report was written",
    ExitCode.USAGE: "the command was called wrongly",
    ExitCode.SOME_FAILED: "some deals failed or were not possible; the others are done",
    ExitCode.LOGIN: "a token is missing, expired or revoked: log in again",
    ExitCode.TEMPORARY: "a temporary failure; the work is kept and will be retried",
    ExitCode.UNKNOWN: "an outcome is unknown and a person is needed: kinv ledger resolve",
    ExitCode.CONFIG: "the mapping or a setting is invalid; nothing was written",
    ExitCode.REFUSED: "the provider refused the account (unpaid, plan, rights)",
    ExitCode.DIFFERS: "the two sides differ, or the last run is late",
    ExitCode.CONFIRM: "a confirmation is needed",
    ExitCode.RUNNING: "another run holds the lock",
    ExitCode.SECRETS: "the secret store is missing or locked",
    ExitCode.INTERRUPTED: "interrupted (Ctrl-C); the next run goes on from there",
    ExitCode.TERMINATED: "terminated (SIGTERM); the next run goes on from there",
}

PRECEDENCE = (
    ExitCode.LOGIN,
    ExitCode.REFUSED,
    ExitCode.UNKNOWN,
    ExitCode.TEMPORARY,
    ExitCode.SOME_FAILED,
)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the one exit code of a run whose deals ended with ``codes`` (4, 8, 6, 5, 3)."""
    seen = set(codes)
    for code in PRECEDENCE:
        if code in seen:
            return code
    return max(seen - {ExitCode.OK}, default=ExitCode.OK)


class KinvError(Exception):
    """Base of everything kinv raises on purpose.

    Args:
        message: What happened, in one sentence without a full stop at its end.
        hint: What to do next, naming the command that helps.
        deal: The CRM's id of the deal it happened to, where there is one.
    """

    category: ClassVar[str] = "internal"
    exit_code: ClassVar[ExitCode] = ExitCode.BUG
    default_hint: ClassVar[str] = "run `kinv --log-level debug …` and report what it prints"

    def __init__(self, message: str, *, hint: str | None = None, deal: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint if hint is not None else self.default_hint
        self.deal = deal


class UsageError(KinvError):
    """The command was called in a way it does not know."""

    category = "usage"
    exit_code = ExitCode.USAGE
    default_hint = "see the command's --help"


class DealError(KinvError):
    """This deal cannot be invoiced as it is; the other deals go on."""

    category = "deal"
    exit_code = ExitCode.SOME_FAILED
    default_hint = "correct the deal or the mapping, then run `kinv invoice --deal` for it again"


class Rejected(DealError):
    """The provider refused what was sent, and did nothing.

    Args:
        items: For a refused batch: the batch item's own id -> the provider's reason.
        code: The provider's own error code, where it has one.
    """

    category = "rejected"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        deal: int | None = None,
        items: Mapping[str, str] | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, deal=deal)
        self.items = dict(items or {})
        self.code = code


class LoginNeeded(KinvError):
    """A token is missing, expired or revoked."""

    category = "login"
    exit_code = ExitCode.LOGIN
    default_hint = "give a valid token, then run the command again"


class Temporary(KinvError):
    """A failure that passes by itself; the work is kept and tried again.

    Args:
        retry_at: The earliest time (UTC) at which trying again makes sense, if known.
    """

    category = "temporary"
    exit_code = ExitCode.TEMPORARY
    default_hint = "nothing is lost: run it again later (`kinv retry` does all open work)"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        deal: int | None = None,
        retry_at: datetime | None = None,
    ) -> None:
        super().__init__(message, hint=hint, deal=deal)
        self.retry_at = retry_at


class NotExecuted(Temporary):
    """The request surely had no effect, so it may be repeated at once."""

    category = "not-executed"


class RateLimited(NotExecuted):
    """The provider asks to wait; ``retry_at`` says until when."""

    category = "rate-limited"


class LostAnswer(Temporary):
    """The request may have been executed: its effect is looked for before it is repeated."""

    category = "lost-answer"


class OutcomeUnknown(KinvError):
    """What happened cannot be found out by kinv; a person has to look."""

    category = "unknown"
    exit_code = ExitCode.UNKNOWN
    default_hint = "look in the books, then say it with `kinv ledger resolve`"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a configuration file: which file, which key, what, nearest name."""

    file: str
    key: str
    message: str
    nearest: str | None = None

    def __str__(self) -> str:
        near = f" (did you mean {self.nearest!r}?)" if self.nearest else ""
        return f"{self.file}: {self.key}: {self.message}{near}"


class ConfigInvalid(KinvError):
    """The mapping or a setting is wrong; nothing was written.

    Args:
        problems: Everything found wrong, in the order of the file.
    """

    category = "config"
    exit_code = ExitCode.CONFIG
    default_hint = "correct the file, then run `kinv mapping check`"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        deal: int | None = None,
        problems: Iterable[Problem] = (),
    ) -> None:
        super().__init__(message, hint=hint, deal=deal)
        self.problems = tuple(problems)


class Refused(KinvError):
    """The provider refuses the account: unpaid, not in the plan, missing rights, blocked."""

    category = "refused"
    exit_code = ExitCode.REFUSED
    default_hint = "settle it with the provider, then run the command again"


class Differs(KinvError):
    """The two sides differ, or the last finished run is late."""

    category = "differs"
    exit_code = ExitCode.DIFFERS
    default_hint = "see `kinv status`"


class ConfirmationNeeded(KinvError):
    """Somebody has to confirm before this goes on."""

    category = "confirmation"
    exit_code = ExitCode.CONFIRM
    default_hint = "run it on a terminal, or with --yes"


class AlreadyRunning(KinvError):
    """Another run holds the lock of this CRM or books account."""

    category = "running"
    exit_code = ExitCode.RUNNING
    default_hint = "wait for it to end, or use --wait"


class SecretStoreUnavailable(KinvError):
    """The secret store is missing or locked."""

    category = "secret-store"
    exit_code = ExitCode.SECRETS
    default_hint = "unlock the store or choose another one"


class Interrupted(KinvError):
    """The person pressed Ctrl-C."""

    category = "interrupted"
    exit_code = ExitCode.INTERRUPTED
    default_hint = "run the command again: it goes on from where it stopped"


class Terminated(KinvError):
    """The process was asked to end (SIGTERM)."""

    category = "terminated"
    exit_code = ExitCode.TERMINATED
    default_hint = "run the command again: it goes on from where it stopped"


def naming(message: str, deal: int | None) -> str:
    """Return an error's message, naming the deal where it does not do so itself."""
    if deal is None or f"deal {deal}" in message:
        return message
    return f"deal {deal}: {message}"
