"""What QuickBooks' answers mean when they are not the wished ones (QuickBooks sheet, 4.12).

A fault may come with status 200, in lower case, or as XML, so the body is read first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from datetime import datetime

    from kommo_invoice.http import Reply

ABSENT = frozenset({"610", "2030"})
"""There is no such object, or there can be none of that id."""
ASKED_BEFORE = "600"
STALE = "5010"
NUMBER_TAKEN = frozenset({"6140", "6210"})
NAME_TAKEN = "6240"

_WAIT = timedelta(seconds=60)  # section 6: after a throttle; no Retry-After is documented
_XML_ERROR = re.compile(r"<Error\b[^>]*\bcode=[\"']0*(?P<code>\d+)[\"']", re.IGNORECASE)
_QUOTA = (
    "if it persists for some minutes, the month's quota of reads is used up: it starts anew "
    "next month"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of an answer's fault.

    Args:
        code: QuickBooks' number for it, without leading zeros.
        text: What happened, in QuickBooks' words.
    """

    code: str
    text: str

    @classmethod
    def of(cls, entry: object) -> Fault:
        """Return an entry of the list, whose keys may be in lower case."""
        values = {str(key).lower(): each for key, each in _mapping(entry).items()}
        message = _sentence(values.get("message"))
        detail = _sentence(values.get("detail"))
        # A detail often begins with its message (recorded: "Object Not Found : Something …").
        said = detail if message and detail.startswith(message) else f"{message}: {detail}"
        text = said if message and detail else message or detail or "no reason given"
        return cls(str(values.get("code") or "").lstrip("0"), text)


def faults(body: object) -> list[Fault]:
    """Return the errors of an answer, or of one answer in a batch; none when it has no fault."""
    answer = _mapping(body)
    fault = _mapping(answer.get("Fault") or answer.get("fault"))
    if not fault:
        return []
    entries = fault.get("Error") or fault.get("error")
    found = [Fault.of(each) for each in entries] if isinstance(entries, list) else []
    return found or [Fault("", "no reason given")]


def judge(reply: Reply) -> KinvError | None:
    """Return what is wrong with an answer in QuickBooks' own terms, None when nothing is.

    What cannot be understood counts as a lost answer, since it may follow a write.
    """
    if reply.status == HTTPStatus.UNAUTHORIZED:
        return _login(_NO_FAULT)
    found = faults(reply.body) or _in_xml(reply)
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS or any(each.code == "3001" for each in found):
        return _slow_down(reply)
    if found:
        return _unless_forbidden(verdict(found), reply.status)
    if reply.status < HTTPStatus.MULTIPLE_CHOICES and not isinstance(reply.body, Mapping):
        return LostAnswer("QuickBooks answered without data")
    return None


def verdict(found: list[Fault]) -> KinvError:
    """Return what the faults of one answer mean: the most careful reading of them."""
    verdicts = [_BY_CODE.get(each.code, _rejected)(each) for each in found]
    for kind in (LostAnswer, LoginNeeded, Refused):
        for each in verdicts:
            if isinstance(each, kind):
                return each
    return verdicts[0]


def lost(error: KinvError) -> LostAnswer:
    """Return the error of a write that may have been done, for one that could be repeated."""
    at: datetime | None = getattr(error, "retry_at", None)
    return LostAnswer(error.message, hint=error.hint, retry_at=at)


def of_a_read(error: KinvError) -> KinvError:
    """Return the error of a read: the judge does not know what was asked; it loses nothing."""
    if isinstance(error, LostAnswer):
        return Temporary(error.message, hint=error.hint, retry_at=error.retry_at)
    return error


def _in_xml(reply: Reply) -> list[Fault]:
    return [Fault(each["code"], "") for each in _XML_ERROR.finditer(reply.text)]


def _slow_down(reply: Reply) -> RateLimited:
    named = "retry-after" in reply.headers
    return RateLimited(
        "QuickBooks asks to wait",
        hint=_QUOTA,
        retry_at=None if named else reply.received_at + _WAIT,
    )


def _throttled(_: Fault) -> KinvError:
    return RateLimited("QuickBooks asks to wait", hint=_QUOTA)


def _unless_forbidden(error: KinvError, status: int) -> KinvError:
    """A 403 with a code that is none of the known ones is about rights, not about data."""
    if status == HTTPStatus.FORBIDDEN and isinstance(error, Rejected):
        return _refused(Fault(error.code or "", error.message))
    return error


def _login(_: Fault) -> KinvError:
    """The detail of this fault holds the token: nothing of it is repeated."""
    return LoginNeeded("QuickBooks does not accept the token")


def _not_connected(_: Fault) -> KinvError:
    return LoginNeeded(
        "QuickBooks does not let this connection use the company",
        hint="check [books] account, and whether the keys are those of its environment "
        "(development keys open sandbox companies only), then connect it again",
    )


def _refused(fault: Fault) -> KinvError:
    return Refused(
        f"QuickBooks refuses it to this company or user: {fault.text}",
        hint="settle the subscription, its plan or the user's rights in QuickBooks",
    )


def _later(fault: Fault) -> KinvError:
    return NotExecuted(f"QuickBooks cannot work on the company now: {fault.text}")


def _failed(fault: Fault) -> KinvError:
    return LostAnswer(f"QuickBooks failed: {fault.text}")


def _not_understood(fault: Fault) -> KinvError:
    return Rejected(
        f"QuickBooks does not understand the query: {fault.text} (code {fault.code})",
        hint="upgrade kinv; if that does not help, report it",
        code=fault.code,
    )


def _rejected(fault: Fault) -> KinvError:
    code = f" (code {fault.code})" if fault.code else ""
    return Rejected(f"QuickBooks refused it: {fault.text}{code}", code=fault.code or None)


_NO_FAULT = Fault("", "")
_BY_CODE: Mapping[str, Callable[[Fault], KinvError]] = {
    "3200": _login,
    "3100": _not_connected,
    "3001": _throttled,
    **dict.fromkeys(("120", "5020", "6190"), _refused),
    **dict.fromkeys(("130", "140", "150"), _later),
    **dict.fromkeys(("4000", "4001"), _not_understood),
    "10000": _failed,
}


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _sentence(value: object) -> str:
    return str(value or "").strip().removesuffix(": null").rstrip(" .:")
