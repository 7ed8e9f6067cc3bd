"""Intuit's OAuth: consent to one company, tokens whose value changes daily (sheet, section 3)."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from kommo_invoice.sandbox.grants import Family, Grants, Unusable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from kommo_invoice.sandbox.grants import Integration
    from kommo_invoice.sandbox.quickbooks_state import QuickBooksState

PROVIDER = "quickbooks"
AUTHORISE = "/connect/oauth2"
TOKEN = "/oauth2/v1/tokens/bearer"  # noqa: S105 - an address
REVOKE = "/v2/oauth2/tokens/revoke"
ACCOUNTING = "com.intuit.quickbooks.accounting"
APPROVED = {ACCOUNTING, "openid", "profile", "email"}
HARD_EXPIRY = "x-include-refresh-token-hard-expires-in"
FORM = "application/x-www-form-urlencoded"

CODE_LIFE = timedelta(minutes=5)
ACCESS_LIFE = timedelta(hours=1)
REFRESH_LIFE = timedelta(days=101)
HARD_LIFE = timedelta(days=5 * 365)
SAME_VALUE = timedelta(hours=24)


@dataclass(slots=True)
class _Connection:
    """What one consent's refresh token is by now."""

    family: Family
    value: str
    since: datetime
    ends: datetime
    hard_ends: datetime


class _Wrong(Exception):
    """The token endpoint refuses."""

    def __init__(self, code: str, status: int = 400, description: str | None = None) -> None:
        super().__init__(code)
        body = {"error": code} | ({"error_description": description} if description else {})
        self.response = JSONResponse(body, status, {"cache-control": "no-cache, no-store"})


class QuickBooksOAuth(Grants):
    """Consent page, token endpoint and revocation.

    ``revokes_families`` ends a connection when a dead refresh token or a used code comes again;
    without ``rotates`` a refresh token never changes its value.

    Args:
        state: The companies of the person who agrees.

    Attributes:
        company: The realm that the person picks on the consent page; None for the first one.
        production: The client ids of Production keys; all others are Development keys.
    """

    def __init__(self, state: QuickBooksState) -> None:
        super().__init__(state.world, PROVIDER)
        self._state = state
        self._connections: dict[str, _Connection] = {}
        self._redeemed: dict[str, Family] = {}
        self.company: str | None = None
        self.production: set[str] = set()

    def routes(self) -> list[Route]:
        """Return the routes beside the API's."""
        return [
            Route(AUTHORISE, self._authorise, methods=["GET"]),
            Route(TOKEN, self._token, methods=["POST"]),
            Route(REVOKE, self._revoke, methods=["POST"]),
        ]

    async def _authorise(self, request: Request) -> Response:
        """Send the browser back with a code and the company, or with why there is none."""
        asked = request.query_params
        with self._state.world.lock:
            integration = self.integrations.get(asked.get("client_id", ""))
            if integration is None:
                return PlainTextResponse("The client id is not known.", 400)
            if asked.get("redirect_uri") != integration.redirect_uri:
                return PlainTextResponse("The redirect URI is not a registered one.", 400)
            if not asked.get("state") or asked.get("response_type") != "code":
                return PlainTextResponse("The state or the response type is missing.", 400)
            answer = {**self._agreed(asked, integration), "state": asked["state"]}
            return RedirectResponse(f"{integration.redirect_uri}?{urlencode(answer)}", 302)

    def _agreed(self, asked: Mapping[str, str], integration: Integration) -> dict[str, str]:
        scopes = tuple(asked.get("scope", "").split())
        if not scopes or not APPROVED.issuperset(scopes):
            return {"error": "invalid_scope"}
        if self.denies:
            return {"error": "access_denied"}
        realm = self._state.company(self.company).realm
        family = Family(integration.client_id, scopes, realm)
        return {"code": self.new_code(family, CODE_LIFE), "realmId": realm}

    async def _token(self, request: Request) -> Response:
        body = (await request.body()).decode("utf-8", errors="replace")
        is_form = request.headers.get("content-type", "").startswith(FORM)
        tells = request.headers.get(HARD_EXPIRY, "").casefold() == "true"
        with self._state.world.lock:
            try:
                client = self._client(request)
                connection = self._connection(dict(parse_qsl(body)) if is_form else {}, client)
                return self._given(connection, tells)
            except _Wrong as wrong:
                return wrong.response

    async def _revoke(self, request: Request) -> Response:
        """End a connection by either of its tokens."""
        body = await request.body()
        with self._state.world.lock:
            try:
                self.end(self._named(body, self._client(request)))
            except _Wrong as wrong:
                return wrong.response
        return Response(status_code=200)

    def _named(self, body: bytes, client: Integration) -> Family:
        token = str(_object(body).get("token"))
        connection = self._connections.get(token)
        family = self.family_of(token) if connection is None else connection.family
        if family is None or family.client_id != client.client_id:
            raise _Wrong("invalid_request")
        return family

    def _client(self, request: Request) -> Integration:
        """Return the application, which names itself by HTTP Basic alone."""
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            given = ""
        name, _, secret = given.partition(":")
        integration = self.integrations.get(name)
        if (
            scheme.casefold() != "basic"
            or integration is None
            or secret != integration.client_secret
        ):
            raise _Wrong("invalid_client", 401)
        return integration

    def _connection(self, asked: Mapping[str, str], client: Integration) -> _Connection:
        """Return the connection that a code begins or a refresh token goes on with."""
        match asked.get("grant_type"):
            case "authorization_code":
                return self._begun(asked, client)
            case "refresh_token":
                return self._refreshed(asked.get("refresh_token", ""), client)
        raise _Wrong("unsupported_grant_type")

    def _begun(self, asked: Mapping[str, str], client: Integration) -> _Connection:
        code = asked.get("code", "")
        if asked.get("redirect_uri") != client.redirect_uri:
            raise _Wrong("invalid_grant")
        if code in self._redeemed and self.revokes_families:
            self.end(self._redeemed[code])
        try:
            family = self.redeem_code(code, client.client_id)
        except Unusable:
            raise _Wrong("invalid_grant") from None
        self._redeemed[code] = family
        now = self._state.world.now()
        connection = _Connection(family, "", now, now + REFRESH_LIFE, now + HARD_LIFE)
        self._rename(connection)
        return connection

    def _refreshed(self, token: str, client: Integration) -> _Connection:
        """Return the connection, with a new value for its refresh token about every 24 hours."""
        connection, now = self._connections.get(token), self._state.world.now()
        if connection is None or connection.family.client_id != client.client_id:
            raise _Wrong("invalid_grant", description="Incorrect or invalid refresh token")
        over = now >= min(connection.ends, connection.hard_ends)
        if connection.family.ended or over or self._is_dead(connection, token):
            raise _Wrong("invalid_grant", description="Token invalid")
        connection.ends = now + REFRESH_LIFE
        if self.rotates and token == connection.value and now - connection.since >= SAME_VALUE:
            self._rename(connection)
        return connection

    def _is_dead(self, connection: _Connection, token: str) -> bool:
        """Whether a newer value took a refresh token's place too long ago."""
        grace = timedelta(seconds=self._state.rules.refresh_grace_s)
        if token == connection.value or self._state.world.now() < connection.since + grace:
            return False
        if self.revokes_families:
            self.end(connection.family)
        return True

    def _rename(self, connection: _Connection) -> None:
        number = self._state.world.ids.next("quickbooks.refresh")
        connection.value = f"RT1-{number:03d}-H0-{number:030x}"
        connection.since = self._state.world.now()
        self._connections[connection.value] = connection

    def _given(self, connection: _Connection, tells: bool) -> Response:
        """Answer the tokens; ``tells`` adds when the connection ends whatever happens."""
        now = self._state.world.now()
        access = f"eyqbo{self._state.world.ids.next('quickbooks.access'):034x}"
        self.add_access_token(access, connection.family, ACCESS_LIFE)
        ends = min(connection.ends, connection.hard_ends)
        answer: dict[str, Any] = {
            "token_type": "bearer",
            "access_token": access,
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "refresh_token": connection.value,
            "x_refresh_token_expires_in": int((ends - now).total_seconds()),
        }
        if tells:
            left = connection.hard_ends - now
            answer["x_refresh_token_hard_expires_in"] = int(left.total_seconds())
        return JSONResponse(answer, headers={"cache-control": "no-cache, no-store"})


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
