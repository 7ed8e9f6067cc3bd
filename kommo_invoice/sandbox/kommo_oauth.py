"""Kommo's OAuth: codes, access tokens, and refresh tokens that live once (sheet, section 3)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse, RedirectResponse

from kommo_invoice.sandbox.kommo_account import PROVIDER
from kommo_invoice.sandbox.kommo_answers import OAUTH_PROBLEM, Stop, problem

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.routing import Route

    from kommo_invoice.sandbox.kommo_account import Account
    from kommo_invoice.sandbox.kommo_gate import Call, Gate

CODE_LIFE = timedelta(minutes=20)
ACCESS_LIFE = timedelta(hours=24)
REFRESH_LIFE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Integration:
    """An integration as it is registered: its redirect address is fixed there."""

    client_id: str
    client_secret: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Grant:
    """A code or a refresh token, good for one use."""

    client_id: str
    ends: datetime


class OAuth:
    """``/oauth`` and ``/oauth2/access_token``.

    Args:
        account: The account whose people agree.
        expiry: Access tokens -> when they end (UTC); it is filled here.

    Attributes:
        integrations: By client id.
        denies: True to let the person at the browser refuse.
    """

    def __init__(self, account: Account, expiry: dict[str, datetime]) -> None:
        self._account = account
        self._expiry = expiry
        self._codes: dict[str, Grant] = {}
        self._refresh: dict[str, Grant] = {}
        self.integrations: dict[str, Integration] = {}
        self.denies = False

    def routes(self, gate: Gate) -> list[Route]:
        """Return the routes outside ``/api/v4``."""
        return [
            gate.route("/oauth", self.authorise, open_to_all=True),
            gate.route("/oauth2/access_token", self.token, "POST", open_to_all=True),
        ]

    def code(self, client_id: str) -> str:
        """Return a code, as a person copies it from the installed integration."""
        code = f"def502{self._account.new_id('code', 1):034x}"
        self._codes[code] = Grant(client_id, self._account.world.now() + CODE_LIFE)
        return code

    def access_token(self, life: timedelta = ACCESS_LIFE) -> str:
        """Return a token that is valid for ``life``: a JWT that nobody signed."""
        account = self._account
        now = account.world.now()
        claims = {
            "jti": f"{account.new_id('token', 1):032x}",
            "iat": int(now.timestamp()),
            "exp": int((now + life).timestamp()),
            "sub": str(account.token_user),
            "account_id": account.id,
            "base_domain": "kommo.com",
            "scopes": ["crm"],
            "api_domain": "api-a.kommo.com",
        }
        token = f"{_part({'typ': 'JWT', 'alg': 'RS256'})}.{_part(claims)}.c2FuZGJveA"
        account.world.tokens[PROVIDER].add(token)
        self._expiry[token] = now + life
        return token

    def authorise(self, call: Call) -> Response:
        """Send the browser back with a code, or with the person's refusal."""
        asked = call.request.query_params
        integration = self.integrations.get(asked.get("client_id", ""))
        if integration is None:
            raise Stop(problem(404, "There is no such integration"))
        answer = {"state": asked.get("state", ""), "client_id": integration.client_id}
        if self.denies:
            answer["error"] = "access_denied"
        else:
            answer["code"] = self.code(integration.client_id)
            answer["referer"] = f"{self._account.subdomain}.kommo.com"
        return RedirectResponse(f"{integration.redirect_uri}?{urlencode(answer)}", 302)

    def token(self, call: Call) -> Response:
        """Answer a pair of tokens for a code or a refresh token, which is dead from then on."""
        asked = call.body if isinstance(call.body, dict) else {}
        integration = self.integrations.get(str(asked.get("client_id")))
        if integration is None or asked.get("client_secret") != integration.client_secret:
            raise _bad("The client is not known")
        if asked.get("redirect_uri") != integration.redirect_uri:
            raise _bad("The redirect address is not the registered one")
        match asked.get("grant_type"):
            case "authorization_code":
                self._use(self._codes, asked.get("code"), integration, "Authorization code")
            case "refresh_token":
                self._use(self._refresh, asked.get("refresh_token"), integration, "Token")
            case _:
                raise _bad("The grant type is not supported")
        now = self._account.world.now()
        refresh = f"def500{self._account.new_id('refresh', 1):034x}"
        self._refresh[refresh] = Grant(integration.client_id, now + REFRESH_LIFE)
        return JSONResponse(
            {
                "token_type": "Bearer",
                "expires_in": int(ACCESS_LIFE.total_seconds()),
                "server_time": int(now.timestamp()),
                "access_token": self.access_token(),
                "refresh_token": refresh,
            }
        )

    def _use(
        self, grants: dict[str, Grant], asked: Any, integration: Integration, what: str
    ) -> None:
        grant = grants.get(str(asked))
        if grant is None or grant.client_id != integration.client_id:
            raise _bad(f"{what} has been revoked")
        del grants[str(asked)]
        if grant.ends <= self._account.world.now():
            raise _bad(f"{what} has expired")


def _bad(hint: str) -> Stop:
    return Stop(problem(400, "A parameter is missing or not valid", type=OAUTH_PROBLEM, hint=hint))


def _part(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
