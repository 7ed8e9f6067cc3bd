"""What a reply or a network failure means, by the class of the call."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kommo_invoice.errors import (
    KinvError,
    LoginNeeded,
    LostAnswer,
    NotExecuted,
    RateLimited,
    Refused,
    Rejected,
    Temporary,
)
from kommo_invoice.http.retry import TryAgainError, retry_at

if TYPE_CHECKING:
    from datetime import datetime

    from kommo_invoice.http.calls import CallClass, Judge, Reply

_REDIRECT, _CLIENT_ERROR, _SERVER_ERROR = 300, 400, 500  # where each kind of status begins
_REQUEST_TIMEOUT = 408  # the server (or its proxy) gave up waiting: it may have read enough to act


@dataclass(frozen=True, slots=True)
class Asked:
    """One request in words: what was asked of whom, and what losing the answer means."""

    call: CallClass
    provider: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.provider}: {self.method} {self.path}"

    def not_connected(self, reason: str) -> TryAgainError:
        """Return the failure of a request that surely never left."""
        return TryAgainError(
            NotExecuted(f"{self.provider} cannot be reached ({reason})"), connecting=True
        )

    def lost(self, reason: str, *, at: datetime | None = None) -> TryAgainError | LostAnswer:
        """Return the failure of a request whose effect is not known.

        Args:
            reason: What happened, to be put in parentheses.
            at: When the provider wants to be asked again (UTC), if it said so.
        """
        message = f"{self}: no usable answer ({reason})"
        if self.call.repeatable:
            return TryAgainError(Temporary(message, retry_at=at))
        return LostAnswer(message, retry_at=at)

    def wrong(
        self, reply: Reply, judge: Judge, *, readable: bool
    ) -> KinvError | TryAgainError | None:
        """Return what is wrong with a reply that was received as a whole; None: nothing.

        Args:
            reply: The reply.
            judge: The provider's own reading, which goes before ours; it sees refusals that are
                no JSON, but no such success.
            readable: Whether the body is JSON or empty.
        """
        # A refusal may be a proxy's page, or XML; what follows a write and cannot be read is lost.
        refused = _CLIENT_ERROR <= reply.status < _SERVER_ERROR
        if refused or (readable and reply.status < _SERVER_ERROR):
            judged = judge(reply)
            if judged is not None:
                return self._judged(judged, reply)
        return self._by_status(reply, readable=readable)

    def _judged(self, error: KinvError, reply: Reply) -> KinvError | TryAgainError:
        if isinstance(error, RateLimited):
            error.retry_at = error.retry_at or _named_time(reply)
            return TryAgainError(error)
        if isinstance(error, Temporary) and self.call.repeatable:
            return TryAgainError(error)
        return error

    def _by_status(self, reply: Reply, *, readable: bool) -> KinvError | TryAgainError | None:
        status = reply.status
        if status >= _SERVER_ERROR or status == _REQUEST_TIMEOUT:
            return self.lost(f"status {status}", at=_named_time(reply))
        if status >= _CLIENT_ERROR:
            return self._refused(reply, readable=readable)
        if status >= _REDIRECT:
            return self._redirected(reply)
        return None if readable else self.lost("unreadable or cut off")

    def _refused(self, reply: Reply, *, readable: bool) -> KinvError | TryAgainError:
        match reply.status:
            case 401:
                return LoginNeeded(f"{self.provider} does not accept the token")
            case 402:
                return Refused(f"the {self.provider} account is unpaid or its trial is over")
            case 403:
                return self._forbidden(html=not readable)
            case 429:
                return TryAgainError(
                    RateLimited(f"{self.provider} asks to wait", retry_at=_named_time(reply))
                )
            case status:
                return Rejected(f"{self}: refused with status {status}")

    def _redirected(self, reply: Reply) -> Refused:
        host = urlsplit(reply.headers.get("location", "")).hostname or "another page"
        return Refused(
            f"{self} was redirected to {host}; redirects are never followed",
            hint="check the account's name and base_url in the mapping",
        )

    def _forbidden(self, *, html: bool) -> Refused:
        if html:
            # Kommo sheet, section 6: a block by address answers with a proxy's page, and asking
            # again prolongs it.
            return Refused(
                f"{self} was refused by a web page: this address may be blocked",
                hint=f"do not repeat it; ask {self.provider}'s support to lift the block",
            )
        return Refused(
            f"{self}: the token's user has no right to this",
            hint=f"give the user or the integration the right at {self.provider}",
        )


def skew_s(reply: Reply) -> float | None:
    """Return the seconds by which the provider's clock is ahead of ours, None where it is silent.

    Its ``Date`` has whole seconds, and the way of the answer is in it: only seconds count.
    """
    try:
        told = parsedate_to_datetime(reply.headers.get("date", ""))
    except ValueError:
        return None
    return (told - reply.received_at).total_seconds() if told.tzinfo else None


def _named_time(reply: Reply) -> datetime | None:
    return retry_at(reply.headers.get("retry-after"), reply.received_at)
