"""What Wave's answers mean when they are not the wished ones (Wave sheet, section 4.12).

Which HTTP status stands beside GraphQL errors is not documented, so the body is read first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from kommo_invoice.errors import (
    ConfigInvalid,
    KinvError,
    LoginNeeded,
    LostAnswer,
    NotExecuted,
    RateLimited,
    Refused,
    Rejected,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommo_invoice.http import Reply

_QUERY_ROOTS = frozenset({"business", "businesses"})
_PART = re.compile(r"business\.part\d+")
_SLOW_DOWN = re.compile(r"throttl|rate.?limit|too many requests", re.IGNORECASE)
_NO_BUSINESS = re.compile(r"Business '.*' could not be found", re.IGNORECASE)
_NO_NODE = re.compile(r"node could not be found", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Problem:
    """One entry of a GraphQL answer's ``errors``."""

    code: str
    message: str
    path: tuple[object, ...]
    support_id: str | None

    @classmethod
    def of(cls, entry: object) -> _Problem:
        entry = entry if isinstance(entry, Mapping) else {}
        extensions = entry.get("extensions")
        extensions = extensions if isinstance(extensions, Mapping) else {}
        support_id = extensions.get("id")
        return cls(
            code=str(extensions.get("code") or ""),
            message=str(entry.get("message") or "no reason given").rstrip("."),
            path=tuple(_list(entry.get("path"))),
            support_id=str(support_id) if support_id else None,
        )

    @property
    def in_query(self) -> bool:
        return bool(self.path) and self.path[0] in _QUERY_ROOTS

    @property
    def after_the_act(self) -> bool:
        """Whether a mutation ran and only reading back its result failed."""
        return len(self.path) > 1 and not self.in_query

    @property
    def absent_part(self) -> bool:
        """Whether it only says that one of the parts asked for does not exist."""
        where = ".".join(str(each) for each in self.path)
        return self.code == "NOT_FOUND" and _PART.fullmatch(where) is not None

    @property
    def slow_down(self) -> bool:
        return bool(_SLOW_DOWN.search(self.code) or _SLOW_DOWN.search(self.message))

    def __str__(self) -> str:
        return self.message + (f" (Wave's error id {self.support_id})" if self.support_id else "")


def judge(reply: Reply) -> KinvError | None:
    """Return what is wrong with an answer in Wave's own terms, None when nothing is.

    A missing object among several that were asked for is no error: its place in the data is
    empty. What cannot be understood counts as a lost answer, since it may follow a write.
    """
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited("Wave asks to wait")
    body = reply.body if isinstance(reply.body, Mapping) else {}
    problems = [_Problem.of(each) for each in _list(body.get("errors"))]
    problems = [problem for problem in problems if not problem.absent_part]
    if problems:
        return _first_verdict(problems, reply.status)
    if reply.status < HTTPStatus.MULTIPLE_CHOICES and not isinstance(body.get("data"), Mapping):
        return LostAnswer("Wave answered without data")
    return None


def check_payload(operation: str, payload: object) -> Mapping[str, object]:
    """Return a mutation's payload if it says that the mutation succeeded.

    Args:
        operation: The mutation's field, for the message.
        payload: What stands under that field in the answer's data.

    Raises:
        Rejected: Wave refused the input; nothing was done.
        NotExecuted: Wave did not see an object that exists: nothing was done, and the same call
            succeeds later (Wave sheet, section 9.1).
        LostAnswer: The payload does not say whether it succeeded.
    """
    if not isinstance(payload, Mapping) or not isinstance(payload.get("didSucceed"), bool):
        raise LostAnswer(f"Wave did not say whether {operation} succeeded")
    if payload["didSucceed"]:
        return payload
    entries = payload.get("inputErrors")
    reasons = [each for each in _list(entries) if isinstance(each, Mapping)]
    text = "; ".join(_reason(each) for each in reasons) or "no reason given"
    if _NO_NODE.search(text):
        raise NotExecuted(f"{operation}: {text}")
    code = next((str(each["code"]) for each in reasons if each.get("code")), None)
    raise Rejected(f"Wave refused {operation}: {text}", code=code)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _reason(entry: Mapping[str, object]) -> str:
    """Return an input error as ``path: message (code)``."""
    where = ".".join(str(each) for each in _list(entry.get("path")))
    message = str(entry.get("message") or "no reason given").rstrip(".")
    code = f" ({entry['code']})" if entry.get("code") else ""
    return f"{where}: {message}{code}" if where else f"{message}{code}"


def _first_verdict(problems: Sequence[_Problem], status: int) -> KinvError | None:
    """Return the most careful reading of the problems."""
    for problem in problems:
        if problem.after_the_act:
            return LostAnswer(f"Wave did it but could not show the result: {problem}")
    verdicts = [_verdict(problem, status) for problem in problems]
    return next((each for each in verdicts if isinstance(each, LostAnswer)), verdicts[0])


def _verdict(problem: _Problem, status: int) -> KinvError | None:
    if problem.slow_down:
        return RateLimited(f"Wave asks to wait: {problem}")
    by_code = _BY_CODE.get(problem.code)
    if by_code is not None:
        return by_code(problem)
    if _NO_NODE.search(problem.message):
        return _not_found(problem)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return None
    return LostAnswer(f"Wave failed: {problem}")


def _login(_: _Problem) -> KinvError:
    return LoginNeeded("Wave does not accept the token")


def _forbidden(problem: _Problem) -> KinvError:
    return Refused(
        f"Wave refuses it to this token: {problem}",
        hint="give the token the missing scope, or use one of a user with the right",
    )


def _interface_changed(problem: _Problem) -> KinvError:
    return Refused(f"Wave's interface changed: {problem}", hint="upgrade kinv, then run it again")


def _bad_input(problem: _Problem) -> KinvError:
    return Rejected(f"Wave refused the input: {problem}", code=problem.code)


def _not_found(problem: _Problem) -> KinvError:
    if problem.path == ("business",) or _NO_BUSINESS.search(problem.message):
        return no_such_business()
    if problem.in_query:
        return LostAnswer(f"Wave could not read it: {problem}")
    if problem.path == ("invoiceCreate",) or _NO_NODE.search(problem.message):
        return NotExecuted(f"Wave did not find what the write refers to: {problem}")
    return Rejected(f"Wave: {problem}", code=problem.code)


def no_such_business() -> ConfigInvalid:
    """Return the error for a business that the token cannot see."""
    return ConfigInvalid(
        "books.account: Wave knows no such business for this token",
        hint="put the id of a business that the token may use into [books] account of the mapping",
    )


_BY_CODE: Mapping[str, Callable[[_Problem], KinvError]] = {
    "UNAUTHENTICATED": _login,
    "FORBIDDEN": _forbidden,
    "UNAUTHORIZED": _forbidden,
    "ACCESS_DENIED": _forbidden,
    "PERMISSION_DENIED": _forbidden,
    "GRAPHQL_VALIDATION_FAILED": _interface_changed,
    "GRAPHQL_PARSE_FAILED": _interface_changed,
    "BAD_USER_INPUT": _bad_input,
    "NOT_FOUND": _not_found,
}
