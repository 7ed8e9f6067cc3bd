"""Zoho's interface to organisations: paths, bodies, envelopes (sheet, sections 2 and 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from kommo_invoice.sandbox.exact_json import decode, encode
from kommo_invoice.sandbox.zoho_faults import BAD_METHOD, BAD_URL, Refusal, invalid
from kommo_invoice.sandbox.zoho_gate import Blocked, Gate
from kommo_invoice.sandbox.zoho_resources import METHODS, PDF, Reply, answered
from kommo_invoice.sandbox.zoho_settings import shown_organization

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.types import Scope

    from kommo_invoice.sandbox.zoho_oauth import ZohoOAuth
    from kommo_invoice.sandbox.zoho_state import ZohoState

ROOT = "/books/v3/"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
_ACTS = {"GET": "READ", "POST": "CREATE", "PUT": "UPDATE", "DELETE": "DELETE"}
_MODULES = {
    "contacts": "contacts",
    "invoices": "invoices",
    "invoice": "invoices",
    "customerpayments": "customerpayments",
    "creditnotes": "creditnotes",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Args:
        parts: The path below the root.
        params: The query.
    """

    method: str
    parts: tuple[str, ...]
    params: Mapping[str, str]

    @property
    def scope(self) -> str:
        """What it takes: ``invoices.CREATE``; all the rest hangs on settings."""
        return f"{_MODULES.get(self.parts[0], 'settings')}.{_ACTS[self.method]}"


def operation_of(scope: Scope) -> str:
    """Return what a request asks for, in the words that fault rules use.

    ``POST /invoices``, ``GET /invoices`` (the list), ``GET /invoice`` (one by its id; so ``PUT``
    and ``DELETE``), ``POST /invoices/email``, ``POST /invoices/status/void``,
    ``GET /invoices/payments``, ``GET /settings/taxes``; elsewhere method and path.
    """
    method, path = scope["method"], scope["path"]
    if not path.startswith(ROOT):
        return f"{method} {path}"
    parts = path.removeprefix(ROOT).split("/")
    named = [part for part in parts if not part.isdigit()]
    if parts[-1].isdigit() and named:
        named[-1] = named[-1].removesuffix("s")
    return f"{method} /{'/'.join(named)}"


class ZohoApi:
    """The application that answers for all organisations.

    Args:
        state: The organisations.
        oauth: The way to tokens, and what each may do.
    """

    def __init__(self, state: ZohoState, oauth: ZohoOAuth) -> None:
        self._state = state
        self._gate = Gate(state, oauth)
        self.app = Starlette(
            routes=[
                Route(ROOT + "{path:path}", self._answer, methods=[*_ACTS, "PATCH"]),
                *oauth.routes(),
            ]
        )
        self.app.router.redirect_slashes = False

    async def _answer(self, request: Request) -> Response:
        raw = await request.body()
        with self._state.world.lock:
            try:
                return self._handled(request, raw)
            except Blocked as blocked:
                seconds = blocked.retry_after
                headers = {} if seconds is None else {"Retry-After": str(seconds)}
                return _json(blocked.body, blocked.status, headers)
            except Refusal as refusal:
                return _json(refusal.body, refusal.status)

    def _handled(self, request: Request, raw: bytes) -> Response:
        parts = tuple(request.path_params["path"].split("/"))
        if request.method not in _ACTS:
            raise Refusal(BAD_METHOD, "The HTTP method is not allowed for the URL", status=405)
        params = dict(request.query_params)
        if PDF in request.headers.get("accept", ""):
            params.setdefault("accept", "pdf")
        call = Call(request.method, parts, params)
        self._gate.check_token(request.headers.get("authorization", ""), call.scope)
        if (call.method, parts) == ("GET", ("organizations",)):
            rows = [shown_organization(org) for org in self._state.organizations.values()]
            return _json({"code": 0, "message": "success", "organizations": rows})
        org = self._gate.organization(call.params.get("organization_id", ""))
        self._gate.count(org)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = parsed(raw, kind, call.params)
        reply = answered(self._state, org, call.method, parts, call.params, body)
        if reply is None:
            allowed = METHODS.get(parts[0], ())
            if allowed and call.method not in allowed:
                message = "The HTTP method is not allowed for the requested resource"
                raise Refusal(BAD_METHOD, message, status=405)
            raise Refusal(BAD_URL, "Invalid URL Passed", status=404)
        headers = self._gate.counters(org)
        if reply.pdf is not None:
            return Response(reply.pdf, 200, headers, PDF)
        if reply.location:
            headers["location"] = f"/api/v3/{reply.location}"
        return _json(_envelope(reply), reply.status, headers)


def parsed(raw: bytes, content_type: str, params: Mapping[str, str]) -> Any:
    """Return the JSON of a body, of a form's ``JSONString``, or of the query's; else nothing.

    Raises:
        Refusal: It is no JSON.
    """
    text = raw
    if content_type == FORM:
        form = dict(parse_qsl(raw.decode("utf-8", errors="replace")))
        text = form.get("JSONString", "").encode()
    text = text or params.get("JSONString", "").encode()
    if not text.strip():
        return {}
    try:
        return decode(text)
    except ValueError:
        raise invalid("JSONString") from None


def _envelope(reply: Reply) -> dict[str, Any]:
    return {"code": 0, "message": reply.message, **reply.content}


def _json(
    body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(encode(body), status, headers, f"{JSON};charset=UTF-8")
