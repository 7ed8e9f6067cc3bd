"""Kommo's OAuth: codes, access tokens, and refresh tokens that live once (sheet, section 3)."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse, RedirectResponse

from kommo_invoice.sandbox.grants import Family, Grants, Unusable
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


class OAuth(Grants):
    """``/oauth`` and ``/oauth2/access_token``.

    Args:
        account: The account whose people agree.
    """

    def __init__(self, account: Account) -> None:
        super().__init__(account.world, PROVIDER)
        self._account = account

    def routes(self, gate: Gate) -> list[Route]:
        """Return the routes outside ``/api/v4``."""
        return [
            gate.route("/oauth", self.authorise, open_to_all=True),
            gate.route("/oauth2/access_token", self.token, "POST", open_to_all=True),
        ]

    def code(self, client_id: str) -> str:
        """Return a code, as a person copies it from the installed integration."""
        return self.new_code(Family(client_id), CODE_LIFE)

    def access_token(self, life: timedelta = ACCESS_LIFE, family: Family | None = None) -> str:
        """Return a token that is valid for ``life``: a JWT that nobody signed.

        Args:
            life: How long.
            family: The consent that it comes of; none for a long-lived token.
        """
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
        self.add_access_token(token, family or Family(""), life)
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
        family = self._family(asked, integration.client_id)
        return JSONResponse(
            {
                "token_type": "Bearer",
                "expires_in": int(ACCESS_LIFE.total_seconds()),
                "server_time": self._account.time(),
                "access_token": self.access_token(family=family),
                "refresh_token": self.new_refresh_token(family, REFRESH_LIFE),
            }
        )

    def _family(self, asked: dict[str, Any], client_id: str) -> Family:
        try:
            match asked.get("grant_type"):
                case "authorization_code":
                    return self.redeem_code(str(asked.get("code")), client_id)
                case "refresh_token":
                    return self.redeem_refresh_token(str(asked.get("refresh_token")), client_id)
        except Unusable as error:
            raise _bad(str(error)) from None
        raise _bad("The grant type is not supported")


def _bad(hint: str) -> Stop:
    return Stop(problem(400, "A parameter is missing or not valid", type=OAUTH_PROBLEM, hint=hint))


def _part(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
