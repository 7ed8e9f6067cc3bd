"""What every request to Kommo goes through before it is handled."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.routing import Route

from kommo_invoice.sandbox.kommo_account import PROVIDER
from kommo_invoice.sandbox.kommo_answers import (
    OAUTH_PROBLEM,
    Invalid,
    Links,
    Stop,
    missing,
    problem,
    refusal,
    web_server_page,
    wrong_type,
)
from kommo_invoice.sandbox.kommo_query import MAX_LIMIT, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from starlette.requests import Request
    from starlette.responses import Response

    from kommo_invoice.sandbox.grants import Grants
    from kommo_invoice.sandbox.kommo_account import Account

MAX_WRITE = MAX_LIMIT
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was let in.

    Args:
        body: Its JSON, numbers with a fraction as Decimal; None without a body.
    """

    request: Request
    query: Query
    links: Links
    body: Any

    def number(self, name: str) -> int:
        """Return an id from the path."""
        return int(self.request.path_params[name])


class Gate:
    """Lets requests in, or answers them itself.

    Args:
        account: The account behind it.
        grants: Knows which access tokens end by themselves.
    """

    def __init__(self, account: Account, grants: Grants) -> None:
        self._account = account
        self._grants = grants

    def route(
        self,
        path: str,
        handler: Callable[[Call], Response],
        method: str = "GET",
        *,
        admin: bool = False,
        open_to_all: bool = False,
    ) -> Route:
        """Return a route.

        Args:
            path: Below the host.
            handler: Answers it; runs undisturbed by other requests.
            method: Its HTTP method.
            admin: True when the token has to belong to an administrator.
            open_to_all: True when no token is needed.
        """

        async def endpoint(request: Request) -> Response:
            raw = await request.body()
            with self._account.world.lock:
                try:
                    self._let_in(request, admin=admin, open_to_all=open_to_all)
                    call = Call(request, Query(request.url.query), Links.of(request), _json(raw))
                    response = handler(call)
                except Stop as stop:
                    response = stop.response
                response.headers["X-Request-Id"] = f"{self._account.new_id('request', 1):032x}"
                return response

        return Route(path, endpoint, methods=[method])

    def _let_in(self, request: Request, *, admin: bool, open_to_all: bool) -> None:
        account = self._account
        if account.blocked:
            raise Stop(web_server_page(403, "Forbidden"))
        if account.world.over_rate(PROVIDER, account.rate_per_s, 1.0) is not None:
            raise Stop(web_server_page(429, "Too Many Requests"))
        if open_to_all:
            return
        self._authorise(request.headers.get("Authorization", ""))
        if account.unpaid:
            raise Stop(problem(402, "The account has to be paid for before it can be used"))
        if admin and not account.admin:
            raise Stop(problem(403, "Only an administrator may do this"))

    def _authorise(self, header: str) -> None:
        world = self._account.world
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Stop(problem(401, "No access token was sent", type=OAUTH_PROBLEM))
        self._grants.expire(token)
        if token in world.tokens[PROVIDER]:
            return
        hint = "Token has expired" if token in world.expired else "Token has been revoked"
        raise Stop(problem(401, "The access token is not valid", type=OAUTH_PROBLEM, hint=hint))


def write_all(body: Any, check: Callable[[dict[str, Any]], T]) -> list[tuple[str, T]]:
    """Return what ``check`` makes of every item of a write, with its request_id.

    Args:
        body: The JSON body: a list, even for one (section 9.10).
        check: Makes the record to keep of an item, without keeping it yet.

    Raises:
        Stop: 400 when any item is not valid, so that nothing is written (section 4.7); 504 for
            more items than one write takes.
    """
    if not isinstance(body, list) or not body:
        raise Stop(refusal({"0": [wrong_type("", "a list")]}))
    if len(body) > MAX_WRITE:
        raise Stop(web_server_page(504, "Gateway Time-out"))
    checked: list[tuple[str, T]] = []
    errors: dict[str, list[Invalid]] = {}
    for index, item in enumerate(body):
        request_id = str(item.get("request_id", index)) if isinstance(item, dict) else str(index)
        try:
            if not isinstance(item, dict):
                raise wrong_type("", "an object")
            checked.append((request_id, check(item)))
        except* Invalid as group:
            errors[request_id] = [error for error in group.exceptions if isinstance(error, Invalid)]
    if errors:
        raise Stop(refusal(errors))
    return checked


def write_one(body: Any, check: Callable[[dict[str, Any]], T]) -> T:
    """Return what ``check`` makes of a write of one object.

    Raises:
        Stop: 400 when it is no object or not valid.
    """
    if not isinstance(body, dict):
        raise Stop(refusal({"0": [wrong_type("", "an object")]}))
    [(_, record)] = write_all([body], check)
    return record


def typed(item: dict[str, Any], key: str, kind: type[T], wanted: str) -> T | None:
    """Return a key of a write, checked; None when it is not there or null.

    Raises:
        Invalid: It is of another type.
    """
    given = item.get(key)
    if given is None:
        return None
    if not isinstance(given, kind) or (kind is int and isinstance(given, bool)):
        raise wrong_type(key, wanted)
    return given


def needed(item: dict[str, Any], key: str, kind: type[T], wanted: str) -> T:
    """Return a key of a write that has to be there and not empty.

    Raises:
        Invalid: It is missing, empty or of another type.
    """
    given = typed(item, key, kind, wanted)
    if given is None or given == "":
        raise missing(key)
    return given


def ordered(
    rows: list[T], query: Query, keys: Collection[str], default: tuple[str, bool] = ("id", False)
) -> list[T]:
    """Return the rows in the asked-for order; an order that is not known is dropped.

    Args:
        rows: Objects with those keys as attributes.
        query: The query with its ``order``.
        keys: What they can be ordered by.
        default: Key and whether descending, otherwise.
    """
    asked = query.order
    key, descending = asked if asked is not None and asked[0] in keys else default
    return sorted(
        rows, key=lambda row: (getattr(row, key) or 0, getattr(row, "id", 0)), reverse=descending
    )


def _json(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return json.loads(raw, parse_float=Decimal)
    except ValueError:
        raise Stop(problem(400, "The body is no JSON")) from None
