"""The token endpoint: a code or a refresh token in, tokens out."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING

from kommo_invoice.auth.connection import TokenAnswer
from kommo_invoice.auth.errors import GrantEnded, again
from kommo_invoice.auth.expiry import FINAL_NOTICE
from kommo_invoice.auth.logins import Body, ClientAuth
from kommo_invoice.auth.oauth import placed
from kommo_invoice.auth.redirect import account_at
from kommo_invoice.errors import (
    KinvError,
    LoginNeeded,
    LostAnswer,
    RateLimited,
    Rejected,
    Temporary,
    UsageError,
)
from kommo_invoice.http import CallClass, Policy
from kommo_invoice.http.origin import Origin
from kommo_invoice.redact import remember_secret

if TYPE_CHECKING:
    from kommo_invoice.auth.connection import Secret
    from kommo_invoice.auth.logins import Login
    from kommo_invoice.http import OpenClient, Reply

# One request in hours takes nothing from the API's budget, where that is the same host.
_POLICY = Policy(rates=(), in_flight=1)
_LONGEST_LIFE = timedelta(days=3650)
# RFC 6749, section 5.2; anything else that stands there is never repeated: it may be a secret.
_KNOWN = {
    *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client"),
    *("unsupported_grant_type", "invalid_scope"),
}
_LEFT_TO_THE_CLIENT = {
    HTTPStatus.PAYMENT_REQUIRED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
}


class TokenEndpoint:
    """Exchanges codes and refresh tokens, each of which is good once: nothing is repeated blindly.

    Args:
        login: The provider's.
        open_client: Opens a client that sends no token.
        base_url: What stands in place of the provider's scheme and host.
        auth_base_url: The same for logging in alone; it goes before ``base_url``.
        account: The account, for providers whose token address contains it.
        clock: The time (UTC).
        region: The data centre where a code is exchanged, for providers that have several.

    Attributes:
        host: Scheme, host and port that codes are exchanged at. A grant is renewed where it was
            given: there, or at another data centre of the provider.

    Raises:
        UsageError: The account is needed, and not known or no name of one.
        ConfigInvalid: There is no such data centre.
    """

    def __init__(
        self,
        login: Login,
        *,
        open_client: OpenClient,
        base_url: str | None,
        auth_base_url: str | None,
        account: str | None,
        clock: Callable[[], datetime],
        region: str | None = None,
    ) -> None:
        own = auth_base_url or base_url
        if own is None and "{account}" in login.oauth.token_url:
            host = login.address(account or "", None).partition("://")[2]
            if account_at(host, login) is None:
                example = login.address("acme", None)
                raise UsageError(
                    f"say which {login.name} account the login is for",
                    hint=f"give it with --account: `acme` for {example}",
                )
        self._login = login
        self._open_client = open_client
        self._clock = clock
        url = login.oauth.token_url.format(account=account, accounts=login.server(region))
        self._root, self._path = placed(url, own)
        self.host = Origin.of(self._root).root
        alike = login.centres.accounts if login.centres is not None and own is None else ()
        self._roots = {**{each: each for each in alike}, self.host: self._root}

    def exchange(
        self,
        code: str,
        client_id: str,
        client_secret: str,
        redirect_uri: str | None,
        verifier: str | None = None,
    ) -> TokenAnswer:
        """Return the tokens for a code.

        Args:
            code: What the browser brought back.
            client_id: The application's.
            client_secret: The application's.
            redirect_uri: As the login was begun with; None for a code that came without one.
            verifier: PKCE's, where the login was begun with one.

        Raises:
            GrantEnded: The code is not valid any more.
            LoginNeeded: The application is not accepted, or the grant could not be renewed.
            Temporary: No usable answer; LostAnswer where the code may be used up.
        """
        remember_secret(code)
        more = {"redirect_uri": redirect_uri, "code_verifier": verifier}
        asked = {"code": code, **{name: each for name, each in more.items() if each is not None}}
        try:
            tokens = self._ask(self._root, "authorization_code", client_id, client_secret, asked)
        except Temporary as error:
            # Nothing is kept yet that could be tried again by itself.
            error.hint = f"run `kinv connect {self._login.provider}` again"
            raise
        if tokens.refresh_token is None and self._login.oauth.must_refresh:
            raise LoginNeeded(
                f"{self._login.name} gave no refresh token: the login would end within the hour, "
                "so it was not kept",
                hint=f"run `kinv connect {self._login.provider}` again, and agree at the very page "
                "that it names: that one asks for lasting access",
            )
        return tokens

    def refresh(self, secret: Secret) -> TokenAnswer:
        """Return new tokens for a grant's refresh token, which is dead from then on.

        Args:
            secret: The grant, with refresh token and application.

        Raises:
            GrantEnded: The refresh token is not valid any more.
            LoginNeeded: The application is not accepted, or the grant is no complete one.
            Temporary: No usable answer; LostAnswer where the refresh token may be dead.
        """
        if not (secret.refresh_token and secret.client_id and secret.client_secret):
            raise LoginNeeded(
                f"what is kept for {self._login.name} cannot be refreshed",
                hint=again(self._login.provider),
            )
        root = self._roots.get(secret.token_host or "")
        if root is None:
            raise LoginNeeded(
                f"the {self._login.name} login is for {secret.token_host} and is not renewed at "
                f"{self.host}",
                hint=again(self._login.provider),
            )
        asked = {"refresh_token": secret.refresh_token}
        remember_secret(secret.refresh_token)
        if self._login.oauth.redirect_in_refresh and secret.redirect_uri:
            asked["redirect_uri"] = secret.redirect_uri
        return self._ask(root, "refresh_token", secret.client_id, secret.client_secret, asked)

    def _ask(
        self,
        root: str,
        grant_type: str,
        client_id: str,
        client_secret: str,
        asked: Mapping[str, str],
    ) -> TokenAnswer:
        remember_secret(client_secret)
        oauth = self._login.oauth
        body, headers = {"grant_type": grant_type, **asked}, dict(oauth.token_headers)
        if oauth.client_auth is ClientAuth.BASIC:
            headers["Authorization"] = _basic(client_id, client_secret)
        else:
            body |= {"client_id": client_id, "client_secret": client_secret}
        as_json = oauth.body is Body.JSON
        started = self._clock()
        with self._open_client(root, self._budget, _POLICY, self._judge) as client:
            try:
                reply = client.call(
                    CallClass.CREATE,
                    "POST",
                    self._path,
                    json=body if as_json else None,
                    form=None if as_json else body,
                    headers=headers,
                )
            except Rejected:
                raise self._refused() from None  # a web page in place of an answer
        return self._tokens(reply.body, started)

    def _tokens(self, body: object, started: datetime) -> TokenAnswer:
        """Return the tokens of an answer; lives are counted from before it was asked for."""
        answer = body if isinstance(body, Mapping) else {}
        access, refresh = _text(answer, "access_token"), _text(answer, "refresh_token")
        for token in (access, refresh):
            remember_secret(token or "")
        if access is None:
            raise LostAnswer(f"{self._login.name} answered without an access token")
        oauth, scopes = self._login.oauth, _text(answer, "scope")
        told = _told(answer, oauth.refresh_life_key)
        left = None if refresh is None else told or oauth.refresh_life
        final = _told(answer, oauth.final_life_key)
        if final is None and oauth.final_life_key is not None and told and told <= FINAL_NOTICE:
            final = told  # a refresh gives a whole life again, unless the end is that near
        return TokenAnswer(
            access_token=access,
            expires_at=started + (_life(answer.get("expires_in")) or oauth.access_life),
            refresh_token=refresh,
            refresh_expires_at=None if left is None else started + left,
            final_at=None if final is None else started + final,
            scopes=None if scopes is None else tuple(scopes.replace(",", " ").split()),
            api=_text(answer, "api_domain"),
        )

    def _judge(self, reply: Reply) -> KinvError | None:
        """Return what is wrong with an answer; nothing of its body is quoted, it may echo secrets.

        Kommo answers problems without OAuth's codes (sheet, section 3): 400 and 401 alike say
        that the code or refresh token is not valid.
        """
        body = reply.body if isinstance(reply.body, Mapping) else {}
        code, known = body.get("error"), _KNOWN | dict(self._login.oauth.own_errors).keys()
        if isinstance(code, str) and code in known and reply.status not in _LEFT_TO_THE_CLIENT:
            return self._refused(code)
        if "access_token" not in body and (wrong := self._by_words(reply, code)) is not None:
            return wrong
        if reply.status < HTTPStatus.BAD_REQUEST or reply.status in _LEFT_TO_THE_CLIENT:
            return None
        if reply.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED} and "title" in body:
            ended = self._refused("invalid_grant")
            ended.hint += f"; if that does not help, compare {self._variables}"
            return ended
        if reply.status == HTTPStatus.UNAUTHORIZED:
            return self._refused("invalid_client")
        return self._refused()

    def _by_words(self, reply: Reply, code: object) -> KinvError | None:
        """Return what an answer without tokens means, where a throttle has words but no code.

        They are in the person's language, and errors may come with 200 (Zoho sheet, section 3).
        So a throttle is told by what it is not: an error like OAuth's, or the server's failure.
        """
        if self._login.oauth.throttle is None:
            return None
        refused = reply.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.TOO_MANY_REQUESTS}
        if not refused and (reply.status >= HTTPStatus.MULTIPLE_CHOICES or code is None):
            return None
        return self._refused() if str(code).startswith("invalid_") else self._throttled(reply)

    def _throttled(self, reply: Reply) -> RateLimited:
        until, told = None, "for some time"
        if "retry-after" not in reply.headers:
            until = reply.received_at + (self._login.oauth.throttle or timedelta())
            told = f"until {until:%H:%M} UTC"
        return RateLimited(
            f"{self._login.name} gives no tokens {told}: it was asked for too many",
            hint="nothing is lost and the login stays good: run it again later. Is another "
            "program using the same login?",
            retry_at=until,
        )

    @property
    def _budget(self) -> str:
        """Whose requests these count among: a throttle here must not hold up the API."""
        provider = self._login.provider
        return provider if self._login.oauth.throttle is None else f"{provider}-login"

    @property
    def _variables(self) -> str:
        variable = f"KINV_{self._login.provider.upper()}_CLIENT"
        return f"{variable}_ID and {variable}_SECRET with what is registered " + (
            self._login.oauth.register
        )

    def _refused(self, code: str | None = None) -> LoginNeeded:
        name, provider, oauth = self._login.name, self._login.provider, self._login.oauth
        match dict(oauth.own_errors).get(code or "", code):
            case "invalid_grant":
                return GrantEnded(
                    f"{name} does not accept this login any more: {oauth.ended}",
                    hint=again(provider),
                )
            case "invalid_client" | "unauthorized_client":
                more = f"; {oauth.application_hint}" if oauth.application_hint else ""
                return LoginNeeded(
                    f"{name} does not accept the application ({code})",
                    hint=f"compare {self._variables}{more}; then `kinv connect {provider}`",
                )
        reason = f" ({code})" if code else ""
        return LoginNeeded(
            f"{name} gives no tokens{reason}",
            hint=f"check the account, the redirect address and base_url; then {again(provider)}",
        )


def _text(answer: Mapping[str, object], name: str) -> str | None:
    value = answer.get(name)
    return value if isinstance(value, str) and value.isprintable() and value.strip() else None


def _told(answer: Mapping[str, object], key: str | None) -> timedelta | None:
    return None if key is None else _life(answer.get(key))


def _basic(client_id: str, client_secret: str) -> str:
    """Return the header by which an application names itself, as it is (QuickBooks sheet, 3)."""
    named = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode("ascii")
    remember_secret(named)
    return f"Basic {named}"


def _life(told: object) -> timedelta | None:
    """Return how long a token lives (``expires_in``), None where that cannot be a time."""
    if isinstance(told, bool) or not isinstance(told, int | str | Decimal):
        return None
    if isinstance(told, Decimal) and told != int(told):
        return None
    try:
        life = timedelta(seconds=int(told))
    except (ValueError, OverflowError):
        return None
    return life if timedelta() < life <= _LONGEST_LIFE else None
