"""Zoho Accounts in the sandbox: consent, codes, tokens, data centres (sheet, section 3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse
from starlette.routing import Route

from kommo_invoice.sandbox.grants import Family, Grants, Integration, Unusable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from kommo_invoice.sandbox.zoho_state import ZohoState

PROVIDER = "zoho"
AUTHORISE, TOKEN, REVOKE = "/oauth/v2/auth", "/oauth/v2/token", "/oauth/v2/token/revoke"
SERVERS = "/oauth/serverinfo"
EVERYTHING = "ZohoBooks.fullaccess.all"
ACCESS_LIFE = timedelta(hours=1)
WINDOW_S = 600.0
MODULES = ("contacts", "invoices", "customerpayments", "creditnotes", "settings")
ACTS = ("CREATE", "READ", "UPDATE", "DELETE", "ALL")
SCOPES = {EVERYTHING, *(f"ZohoBooks.{module}.{act}" for module in MODULES for act in ACTS)}

DATA_CENTRES: Mapping[str, tuple[str, str]] = {
    "us": ("https://accounts.zoho.com", "https://www.zohoapis.com"),
    "eu": ("https://accounts.zoho.eu", "https://www.zohoapis.eu"),
    "in": ("https://accounts.zoho.in", "https://www.zohoapis.in"),
    "au": ("https://accounts.zoho.com.au", "https://www.zohoapis.com.au"),
    "jp": ("https://accounts.zoho.jp", "https://www.zohoapis.jp"),
    "ca": ("https://accounts.zohocloud.ca", "https://www.zohoapis.ca"),
    "sa": ("https://accounts.zoho.sa", "https://www.zohoapis.sa"),
    "cn": ("https://accounts.zoho.com.cn", "https://www.zohoapis.com.cn"),
}
"""Location -> accounts server and API host (section 2)."""


class _Wrong(Exception):
    """The token endpoint refuses: with HTTP 200, or 400 and words for the throttle."""

    def __init__(self, code: str, words: str = "") -> None:
        super().__init__(code)
        if words:
            body = {"error_description": words, "error": code, "status": "failure"}
            self.response = JSONResponse(body, 400)
        else:
            self.response = JSONResponse({"error": code})


@dataclass(slots=True)
class _Consent:
    """What a code stands for."""

    family: Family
    redirect_uri: str
    offline: bool


@dataclass(slots=True)
class _Connection:
    """One refresh token and the access tokens that it led to, oldest first."""

    family: Family
    token: str
    access: list[str] = field(default_factory=list)


class ZohoOAuth(Grants):
    """Consent page, token endpoint, revocation. Refresh tokens never change nor end by themselves.

    Args:
        state: The books of the user who agrees.

    Attributes:
        location: The user's home data centre.
        serves: The data centre that this address stands for; None for the user's own. At any
            other nothing of the user's is good.
        registered_at: Where the applications are registered.
        multi_dc: Whether they are switched on for other data centres.
        secrets: Location -> the secret that counts there, where it is another one.
        accounts_server: What the callback says instead of the truth.
        api_domain: What token answers say instead of the truth; empty leaves it out.
    """

    def __init__(self, state: ZohoState) -> None:
        super().__init__(state.world, PROVIDER)
        self._state = state
        self._consents: dict[str, _Consent] = {}
        self._connections: dict[str, _Connection] = {}
        self._agreed_to: set[str] = set()
        self.location = "eu"
        self.serves: str | None = None
        self.registered_at = "eu"
        self.multi_dc = True
        self.secrets: dict[str, str] = {}
        self.accounts_server: str | None = None
        self.api_domain: str | None = None

    @property
    def is_elsewhere(self) -> bool:
        """Whether this address stands for a data centre that the user is not at home in."""
        return self.serves not in {None, self.location}

    def routes(self) -> list[Route]:
        """Return the routes beside the API's."""
        return [
            Route(AUTHORISE, self._authorise, methods=["GET"]),
            Route(TOKEN, self._token, methods=["POST"]),
            Route(REVOKE, self._revoke, methods=["POST"]),
            Route(SERVERS, self._servers, methods=["GET"]),
        ]

    def lacks(self, access_token: str, scope: str) -> bool:
        """Whether a token may not do this: ``invoices.CREATE``; one from elsewhere may all."""
        family = self.family_of(access_token)
        if family is None:
            return False
        module, _, _ = scope.partition(".")
        good = {EVERYTHING, f"ZohoBooks.{scope}", f"ZohoBooks.{module}.ALL"}
        return good.isdisjoint(family.scopes or ())

    def self_client_code(self, client_id: str, scope: str, minutes: int = 3) -> str:
        """Return a code as a person makes it in the console, for no redirect address.

        Args:
            client_id: The self client.
            scope: With commas.
            minutes: Its life, 3 to 10.
        """
        family = Family(client_id, tuple(scope.split(",")))
        return self._new_consent(family, "", timedelta(minutes=minutes), offline=True)

    async def _authorise(self, request: Request) -> Response:
        """Send the browser back with a code, or with why there is none."""
        asked = request.query_params
        with self._state.world.lock:
            integration = self.integrations.get(asked.get("client_id", ""))
            if integration is None or asked.get("response_type") != "code":
                return PlainTextResponse("Invalid Client ID", 400)
            redirect = asked.get("redirect_uri")
            if not redirect or redirect != integration.redirect_uri:
                return PlainTextResponse("Invalid Redirect Uri", 400)
            scopes = tuple(asked.get("scope", "").split(","))
            if not SCOPES.issuperset(scopes):
                return PlainTextResponse("Invalid OAuth Scope: scope does not exist", 400)
            answer = self._agreed(asked, integration, scopes)
            if "state" in asked:
                answer["state"] = asked["state"]
            return RedirectResponse(f"{redirect}?{urlencode(answer)}", 302)

    def _agreed(
        self, asked: Mapping[str, str], integration: Integration, scopes: tuple[str, ...]
    ) -> dict[str, str]:
        if self.denies:
            return {"error": "access_denied"}
        client = integration.client_id
        # The default is online, and a second consent gives a refresh token only if asked anew.
        anew = "consent" in asked.get("prompt", "") or client not in self._agreed_to
        self._agreed_to.add(client)
        offline = asked.get("access_type") == "offline" and anew
        life = timedelta(seconds=self._state.rules.code_life_s)
        code = self._new_consent(
            Family(client, scopes), integration.redirect_uri, life, offline=offline
        )
        server = self.accounts_server or DATA_CENTRES[self.location][0]
        return {"code": code, "location": self.location, "accounts-server": server}

    def _new_consent(
        self, family: Family, redirect_uri: str, life: timedelta, *, offline: bool
    ) -> str:
        code = self.new_code(family, life)
        self._consents[code] = _Consent(family, redirect_uri, offline)
        return code

    async def _token(self, request: Request) -> Response:
        asked = await _parameters(request)
        with self._state.world.lock:
            try:
                return self._given(asked)
            except _Wrong as wrong:
                return wrong.response

    def _given(self, asked: Mapping[str, str]) -> Response:
        client = self._client(asked)
        match asked.get("grant_type"):
            case "authorization_code":
                family, refresh = self._redeemed(asked, client)
            case "refresh_token":
                connection = self._found(asked.get("refresh_token", ""), client)
                family, refresh = connection.family, connection.token
            case _:
                raise _Wrong("unsupported_grant_type")
        access = self._new_access(family, refresh)
        domain = DATA_CENTRES[self.location][1] if self.api_domain is None else self.api_domain
        answer: dict[str, str | int] = {"access_token": access}
        if refresh and asked["grant_type"] == "authorization_code":
            answer["refresh_token"] = refresh
        if self._state.rules.tells_scope:
            answer["scope"] = " ".join(family.scopes or ())
        if domain:
            answer["api_domain"] = domain
        expires = int(ACCESS_LIFE.total_seconds())
        return JSONResponse({**answer, "token_type": "Bearer", "expires_in": expires})

    def _client(self, asked: Mapping[str, str]) -> Integration:
        """Return the application; its secret may be another one in each data centre."""
        client = self.integrations.get(asked.get("client_id", ""))
        if client is None or (self.location != self.registered_at and not self.multi_dc):
            raise _Wrong("invalid_client")
        if asked.get("client_secret") != self.secrets.get(self.location, client.client_secret):
            raise _Wrong("invalid_client_secret")
        return client

    def _redeemed(self, asked: Mapping[str, str], client: Integration) -> tuple[Family, str]:
        """Return whose code it is, and a refresh token; empty where none was agreed to."""
        code = asked.get("code", "")
        consent = self._consents.get(code)
        if consent is None or self.is_elsewhere:
            raise _Wrong("invalid_code")
        if asked.get("redirect_uri", "") != consent.redirect_uri:
            raise _Wrong("invalid_redirect_uri")
        try:
            family = self.redeem_code(code, client.client_id)
        except Unusable:
            raise _Wrong("invalid_code") from None
        return family, self._new_connection(family) if consent.offline else ""

    def _new_connection(self, family: Family) -> str:
        """Return a refresh token; one too many silently ends the user's oldest."""
        alive = [each for each in self._connections.values() if not each.family.ended]
        if len(alive) >= self._state.rules.refresh_tokens:
            self.end(alive[0].family)
        token = self._new("refresh")
        self._connections[token] = _Connection(family, token)
        return token

    def _found(self, token: str, client: Integration) -> _Connection:
        """Return the connection of a refresh token, and count it against the throttle."""
        connection = self._connections.get(token)
        if connection is None or connection.family.ended or self.is_elsewhere:
            raise _Wrong("invalid_code")
        if connection.family.client_id != client.client_id:
            raise _Wrong("invalid_code")
        return connection

    def _new_access(self, family: Family, refresh: str) -> str:
        """Return an access token; of one refresh token only so many live at a time.

        Raises:
            _Wrong: Too many within 10 minutes; nothing is said of how long that lasts.
        """
        world, rules = self._state.world, self._state.rules
        connection = self._connections.get(refresh)
        if connection is not None:
            limit = rules.refreshes_per_window
            if world.over_rate(f"{PROVIDER} {refresh}", limit, WINDOW_S) is not None:
                raise self._throttled()
        access = self._new("access")
        self.add_access_token(access, family, ACCESS_LIFE)
        if connection is not None:
            connection.access.append(access)
            for old in connection.access[: -rules.access_tokens]:
                world.tokens[PROVIDER].discard(old)
                world.expired.add(old)
            del connection.access[: -rules.access_tokens]
        return access

    def _throttled(self) -> _Wrong:
        if self._state.rules.translated:
            words = "Sie haben zu viele Anfragen hintereinander gestellt."
            return _Wrong("Zugriff verweigert", words)
        words = "You have made too many requests continuously. Please try again after some time."
        return _Wrong("Access Denied", words)

    async def _revoke(self, request: Request) -> Response:
        """End a connection by its refresh token, or one access token."""
        token = (await _parameters(request)).get("token", "")
        world = self._state.world
        with world.lock:
            connection = self._connections.get(token)
            if connection is not None and not connection.family.ended:
                self.end(connection.family)
            elif token in world.tokens[PROVIDER]:
                world.tokens[PROVIDER].discard(token)
            else:
                return JSONResponse({"error": "invalid_token"}, 400)
            return JSONResponse({"status": "success"})

    async def _servers(self, _: Request) -> Response:
        """Tell the accounts servers."""
        locations = {name: server for name, (server, _) in DATA_CENTRES.items()}
        return JSONResponse({"result": "success", "locations": locations})

    def _new(self, kind: str, prefix: str = "1000") -> str:  # noqa: ARG002 - all begin alike
        number = self._state.world.ids.next(f"{PROVIDER}.{kind}")
        return f"1000.{kind[0]}{number:031x}.{number * 7919:032x}"


async def _parameters(request: Request) -> dict[str, str]:
    """Return what stands in the query and in a form body alike."""
    body = (await request.body()).decode("utf-8", errors="replace")
    return {**request.query_params, **dict(parse_qsl(body))}
