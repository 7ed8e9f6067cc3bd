"""What Kommo's refusals mean, told by status and code: its titles and details are localised."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from kommo_invoice.errors import KinvError, LoginNeeded, RateLimited, Refused, Rejected

if TYPE_CHECKING:
    from kommo_invoice.domain.writing import DealChange
    from kommo_invoice.http import Reply

_FIELD_PATH = re.compile(r"^custom_fields_values\.(\d+)[\w.]*")


class NoRights(Refused):
    """The token's user may not do this; other calls may well succeed."""


class NotFound(Rejected):
    """A 404: there is no such record, or no such account."""


def judge(reply: Reply) -> KinvError | None:
    """Return what is wrong with a reply in Kommo's terms, or None.

    Gateway errors (a 504 means that a batch was too big) are left to the client: only it knows
    whether the call may have been executed.

    Args:
        reply: Any reply that was read completely.

    Returns:
        The error to raise (Kommo sheet, section 4.14).
    """
    reading = _READINGS.get(reply.status)
    return reading(reply) if reading else None


def name_fields(error: Rejected, changes: Sequence[DealChange]) -> Rejected:
    """Return the refusal of a batch of changes with deals and fields named.

    Kommo names an item by our ``request_id`` or, where it does not know that, by its place in
    the batch; and a field by its place in the item (Kommo sheet, section 4.14).

    Args:
        error: What ``judge`` made of the reply.
        changes: The batch, in the order in which it was sent.
    """
    by_key = {str(place): change for place, change in enumerate(changes)}
    by_key |= {str(change.deal): change for change in changes}
    items: dict[str, str] = {}
    for key, reason in error.items.items():
        change = by_key.get(key)
        if change is None:
            items[key] = reason
        else:
            items[str(change.deal)] = _named(reason, change)
    if not items:
        return error
    deal, reason = next(iter(items.items()))
    return Rejected(
        f"Kommo refused to change deal {deal}: {reason}",
        hint="correct the field's value or the mapping, then run `kinv retry`",
        items=items,
        code=error.code,
    )


def _login(_reply: Reply) -> LoginNeeded:
    return LoginNeeded(
        "Kommo does not accept the token",
        hint="it has expired, was revoked, or belongs to another account",
    )


def _unpaid(_reply: Reply) -> Refused:
    return Refused(
        "the Kommo account's paid or trial period is over",
        hint="renew the account's subscription in Kommo, then run the command again",
    )


def _absent(reply: Reply) -> NotFound:
    return NotFound(
        _told("Kommo knows no such record or account", reply),
        hint="check the account's subdomain and the deal's id",
        code="404",
    )


def _slow_down(_reply: Reply) -> RateLimited:
    return RateLimited("Kommo asks to slow down")


def _forbidden(reply: Reply) -> Refused:
    if isinstance(reply.body, Mapping):
        return NoRights(
            "the token's user has no right to do this in Kommo",
            hint="use the token of an administrator, of an integration with the scope crm",
        )
    # A ban answers nginx's HTML page to everything from this address (Kommo sheet, section 6).
    return Refused(
        "Kommo turns this machine away; its IP address may be blocked",
        hint="do not retry, that may prolong the block: wait, or ask Kommo's support to lift it",
    )


def _rejected(reply: Reply) -> Rejected:
    items: dict[str, str] = {}
    codes: list[str] = []
    for request_id, code, path, detail in _faults(reply.body):
        reason = f"{path}: {detail or code}"
        items[request_id] = f"{items[request_id]}; {reason}" if request_id in items else reason
        codes.append(code)
    first = next(iter(items.values()), None)
    message = "Kommo refused what was sent"
    return Rejected(
        f"{message}: {first}" if first else _told(message, reply),
        items=items,
        code=codes[0] if codes else str(reply.status),
    )


def _faults(body: object) -> Iterator[tuple[str, str, str, str]]:
    """Yield (request id, code, path, detail) of each fault that Kommo found."""
    if not isinstance(body, Mapping):
        return
    for item in body.get("validation-errors") or ():
        for fault in item.get("errors") or ():
            parts = (fault.get(key) or "" for key in ("code", "path", "detail"))
            code, path, detail = map(str, parts)
            yield str(item.get("request_id", "0")), code, path, detail


def _told(message: str, reply: Reply) -> str:
    """Return the message with Kommo's own words for people, where it has some."""
    body = reply.body if isinstance(reply.body, Mapping) else {}
    words = body.get("detail") or body.get("title")
    return f"{message} ({reply.status}{f', {words}' if words else ''})"


def _named(reason: str, change: DealChange) -> str:
    """Return the reason with places among the item's fields turned into the fields' names."""

    def name(found: re.Match[str]) -> str:
        place = int(found[1])
        return change.fields[place].field.name if place < len(change.fields) else found[0]

    return "; ".join(_FIELD_PATH.sub(name, part) for part in reason.split("; "))


# Every other status means in Kommo what it means everywhere.
_READINGS: Mapping[int, Callable[[Reply], KinvError]] = {
    400: _rejected,
    401: _login,
    402: _unpaid,
    403: _forbidden,
    404: _absent,
    405: _rejected,
    422: _rejected,
    429: _slow_down,
}
