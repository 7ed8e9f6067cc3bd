"""Wave's OAuth: the consent page, which agrees at once, and the token endpoint (sheet, section 3).

Both addresses end in a slash, and do not exist without it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse
from starlette.routing import Route

from kommo_invoice.sandbox.grants import Family, Grants, Unusable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from kommo_invoice.sandbox.grants import Integration
    from kommo_invoice.sandbox.wave_state import WaveState

PROVIDER = "wave"
AUTHORISE, TOKEN = "/oauth2/authorize/", "/oauth2/token/"
CODE_LIFE = timedelta(seconds=60)
ACCESS_LIFE = timedelta(hours=2)
FORM = "application/x-www-form-urlencoded"
OFFLINE = "offline_access"

SCOPES = {
    *(f"{name}:{act}" for name in ("account", "business", "customer") for act in ("read", "write")),
    *(f"{name}:{act}" for name in ("product", "sales_tax") for act in ("read", "write")),
    *(f"{name}:{act}" for name in ("vendor", "transaction") for act in ("read", "write")),
    *(f"{name}:{act}" for name in ("invoice", "estimate") for act in ("read", "write", "send")),
    "user:read",
}

NEEDED: Mapping[str, str] = {
    "user": "user:read",
    "business": "business:read",
    "businesses": "business:read",
    "customerCreate": "customer:write",
    "customerPatch": "customer:write",
    "productCreate": "product:write",
    "salesTaxCreate": "sales_tax:write",
    "invoiceCreate": "invoice:write",
    "invoicePatch": "invoice:write",
    "invoiceClone": "invoice:write",
    "invoiceApprove": "invoice:write",
    "invoiceSend": "invoice:send",
    "invoiceMarkSent": "invoice:write",
    "invoiceDelete": "invoice:write",
    "invoicePaymentCreateManual": "invoice:write",
    "invoicePaymentDelete": "invoice:write",
}
"""An operation's outermost field -> the scope that it takes."""


class _Wrong(Exception):
    """The token endpoint refuses (RFC 6749, section 5.2)."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.response = JSONResponse({"error": code}, status, {"cache-control": "no-store"})


class WaveOAuth(Grants):
    """``/oauth2/authorize/`` and ``/oauth2/token/``.

    Args:
        state: The books of the user who agrees.

    Attributes:
        business: The id of the one business that the person picks on the consent page; None
            lets the token see all of them.
    """

    def __init__(self, state: WaveState) -> None:
        super().__init__(state.world, PROVIDER)
        self._state = state
        self.business: str | None = None

    def routes(self) -> list[Route]:
        """Return the routes beside the API's."""
        return [
            Route(AUTHORISE, self._authorise, methods=["GET"]),
            Route(TOKEN, self._token, methods=["POST"]),
        ]

    def lacking(self, access_token: str, fields: Iterable[str]) -> str | None:
        """Return a scope that the fields take and the token lacks; None when it may do all.

        A full-access token may do everything.
        """
        family = self.family_of(access_token)
        if family is None or family.scopes is None:
            return None
        for needed in (NEEDED[name] for name in fields if name in NEEDED):
            if not {needed, f"{needed.partition(':')[0]}:*"} & set(family.scopes):
                return needed
        return None

    async def _authorise(self, request: Request) -> Response:
        """Send the browser back with a code, or with why there is none."""
        asked = request.query_params
        with self._state.world.lock:
            integration = self.integrations.get(asked.get("client_id", ""))
            if integration is None:
                return PlainTextResponse("invalid_client_id", 400)
            redirect = asked.get("redirect_uri", integration.redirect_uri)
            if redirect != integration.redirect_uri:
                # Nothing is ever sent to an address that is not registered.
                return PlainTextResponse("Mismatching redirect URI.", 400)
            answer = self._agreed(asked, integration)
            if "state" in asked:
                answer["state"] = asked["state"]
            return RedirectResponse(f"{redirect}?{urlencode(answer)}", 302)

    def _agreed(self, asked: Mapping[str, str], integration: Integration) -> dict[str, str]:
        if asked.get("response_type") != "code":
            return {"error": "unsupported_response_type"}
        scopes = tuple(asked.get("scope", "").split())
        if not scopes:
            return {"error": "invalid_request"}
        if not all(map(self._known, scopes)):
            return {"error": "invalid_scope"}
        if self.denies:
            return {"error": "access_denied"}
        family = Family(integration.client_id, scopes, self.business)
        return {"code": self.new_code(family, CODE_LIFE)}

    def _known(self, scope: str) -> bool:
        if scope == OFFLINE:
            return self._state.rules.knows_offline_access
        resource, _, act = scope.partition(":")
        return scope in SCOPES or (act == "*" and f"{resource}:read" in SCOPES)

    async def _token(self, request: Request) -> Response:
        body = (await request.body()).decode("utf-8", errors="replace")
        is_form = request.headers.get("content-type", "").startswith(FORM)
        with self._state.world.lock:
            try:
                return self._given(dict(parse_qsl(body)) if is_form else {})
            except _Wrong as wrong:
                return wrong.response

    def _given(self, asked: Mapping[str, str]) -> Response:
        """Answer tokens for a code or a refresh token, which is dead from then on."""
        integration = self.integrations.get(asked.get("client_id", ""))
        if integration is None or asked.get("client_secret") != integration.client_secret:
            raise _Wrong("invalid_client", 401)
        if asked.get("redirect_uri") != integration.redirect_uri:
            raise _Wrong("invalid_grant")
        family, first = self._family(asked, integration.client_id)
        access = f"waveat{self._state.world.ids.next('wave.access'):034x}"
        self.add_access_token(access, family, ACCESS_LIFE)
        answer = {
            "access_token": access,
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "token_type": "Bearer",
            "scope": " ".join(family.scopes or ()),
            "userId": self._state.user.id if self._state.user else None,
            "businessId": family.business,
        }
        offline = OFFLINE in (family.scopes or ()) or not self._state.rules.offline_needs_scope
        if offline and (first or self.rotates):
            answer["refresh_token"] = self.new_refresh_token(family, None)
        return JSONResponse(answer, headers={"cache-control": "no-store"})

    def _family(self, asked: Mapping[str, str], client_id: str) -> tuple[Family, bool]:
        """Return whose code or refresh token it is, and whether it was a code."""
        try:
            match asked.get("grant_type"):
                case "authorization_code":
                    return self.redeem_code(asked.get("code", ""), client_id), True
                case "refresh_token":
                    token = asked.get("refresh_token", "")
                    return self.redeem_refresh_token(token, client_id), False
        except Unusable:
            raise _Wrong("invalid_grant") from None
        raise _Wrong("unsupported_grant_type")
