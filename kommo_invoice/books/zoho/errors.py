"""What Zoho's answers mean when they are not the wished ones (Zoho sheet, sections 2, 6 and 9).

Every answer has a ``code``, whatever its status: 0 alone says that it was done. Codes are used
for several things, so Zoho's own words are told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from kommo_invoice.errors import (
    ConfigInvalid,
    KinvError,
    LoginNeeded,
    LostAnswer,
    RateLimited,
    Refused,
    Rejected,
    Temporary,
)

if TYPE_CHECKING:
    from datetime import datetime

    from kommo_invoice.http import Reply

ABSENT = "1002"
"""There is nothing of that id."""
NAME_TAKEN = "3062"
NUMBER_TAKEN = frozenset({"1001", "4060"})

_DONE = "0"
_BAD_TOKEN, _NO_RIGHT = "14", "57"
_BUSY = "1070"
_BLOCKED = frozenset({"43", "44"})
_DAY_IS_OVER = "45"
_INTERNAL = "1000"
_NOT_OURS = frozenset({"6024", "6041"})
_BLOCK = timedelta(hours=1)  # section 6: seen to last so long, and asking again prolongs it


def judged(reply: Reply, day_ends: datetime | None = None) -> KinvError | None:
    """Return what is wrong with an answer, None when nothing is.

    What cannot be understood counts as a lost answer, since it may follow a write.

    Args:
        reply: The answer.
        day_ends: When the organisation's day ends (UTC), if an earlier answer told it.
    """
    code, text = _code(reply.body), _text(reply.body)
    if reply.status == HTTPStatus.UNAUTHORIZED or code in {_BAD_TOKEN, _NO_RIGHT}:
        return _login(code)
    limited = _BLOCKED | {_DAY_IS_OVER, _BUSY}
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS or code in limited:
        return _slow_down(reply, code, day_ends)
    if code == _INTERNAL:
        return LostAnswer(f"Zoho Books failed: {text}")
    if code in _NOT_OURS:
        return ConfigInvalid(
            f"books.account: Zoho Books does not let this login use the organisation: {text}",
            hint="check [books] account and region: `kinv connect zoho` lists what it opens",
        )
    if reply.status == HTTPStatus.FORBIDDEN and code is not None:
        return Refused(
            f"Zoho Books refuses it to this organisation or user: {text}",
            hint="settle the plan or the user's rights in Zoho Books",
        )
    if code is None:
        done = reply.status < HTTPStatus.MULTIPLE_CHOICES
        return LostAnswer("Zoho Books answered without its code") if done else None
    if code != _DONE:
        return Rejected(f"Zoho Books refused it: {text} (code {code})", code=code)
    return None


def of_a_read(error: LostAnswer) -> Temporary:
    """Return the error of a read: the judge does not know what was asked; it loses nothing."""
    return Temporary(error.message, hint=error.hint, retry_at=error.retry_at)


def _login(code: str | None) -> LoginNeeded:
    if code == _NO_RIGHT:
        return LoginNeeded(
            "Zoho Books does not accept the token for this",
            hint="where the login is fresh, it lacks the right: give the user of the login a "
            "role that may do it in this organisation",
        )
    return LoginNeeded("Zoho Books does not accept the token")


def _slow_down(reply: Reply, code: str | None, day_ends: datetime | None) -> RateLimited:
    """Return when to come back: after a moment only where too much was open at once.

    A ``Retry-After`` goes before, but for the day's end, which is known exactly.
    """
    if code == _BUSY:
        return RateLimited("Zoho Books has too many requests open for this organisation")
    if code == _DAY_IS_OVER:
        known = day_ends if day_ends is not None and day_ends > reply.received_at else None
        return RateLimited(
            "the organisation's requests to Zoho Books are used up for today",
            hint="it goes on by itself after midnight of the organisation's time zone; a larger "
            "plan allows more requests a day",
            retry_at=known or _unless_named(reply),
        )
    return RateLimited(
        "Zoho Books has blocked this organisation or user for some time",
        hint="leave it alone until then: asking again prolongs it. Is another program using "
        "Zoho Books' API at the same time?",
        retry_at=_unless_named(reply),
    )


def _unless_named(reply: Reply) -> datetime | None:
    """Return an hour from now, None where the answer itself says when."""
    return None if "retry-after" in reply.headers else reply.received_at + _BLOCK


def _code(body: object) -> str | None:
    code = body.get("code") if isinstance(body, Mapping) else None
    return str(code) if isinstance(code, int | str) and not isinstance(code, bool) else None


def _text(body: object) -> str:
    message = body.get("message") if isinstance(body, Mapping) else None
    return str(message or "no reason given").strip().rstrip(" .")
