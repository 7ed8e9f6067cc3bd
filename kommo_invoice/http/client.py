"""The client: one provider's host, its token, its rates, and an answer or an error for each call.

This is the only file that imports httpx.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode

from kommo_invoice import __version__, checkpoints
from kommo_invoice.errors import LoginNeeded, LostAnswer, NotExecuted, RateLimited, Temporary
from kommo_invoice.http import codec
from kommo_invoice.http.alone import without
from kommo_invoice.http.blocks import Block
from kommo_invoice.http.calls import Auth, CallClass, Judge, Policy, Reply
from kommo_invoice.http.origin import Origin
from kommo_invoice.http.rates import Permits
from kommo_invoice.http.reading import Asked, skew_s
from kommo_invoice.http.retry import LONGEST_OBEYED_S, TryAgainError, repeat
from kommo_invoice.redact import mask, remember_secret

with without("httpx._main"):  # its command line: rich, click and pygments, 40 ms a start
    import httpx

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

OpenClient = Callable[..., "Client"]
"""``open_client(base_url: str, provider: str, policy: Policy, judge: Judge) -> Client``"""

_CONNECT_S = 5.0
_KEEP_ALIVE_S = 4.0  # below the 5 s after which common servers hang up: no race for a POST
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_REQUEST_IDS = ("x-request-id", "request-id", "intuit_tid", "xero-correlation-id")

_logger = logging.getLogger(__name__)
# They log whole URLs and headers; each request has a line of ours instead.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class _Body:
    """A request's body."""

    content: bytes
    type: str

    @classmethod
    def of(cls, json: object | None, form: Mapping[str, str] | None) -> _Body | None:
        if form is not None:
            return cls(urlencode(form).encode(), "application/x-www-form-urlencoded")
        return None if json is None else cls(codec.encode(json), "application/json")


@dataclass(slots=True)
class _Request:
    """One call's request, the same in every try."""

    asked: Asked
    url: httpx.URL
    content: bytes | None
    headers: dict[str, str]
    renewed: bool = field(default=False)
    lost: bool = field(default=False)


class Client:
    """Calls one provider's host.

    Args:
        base_url: Scheme, host, port and maybe a path in front of all paths.
        provider: The provider's name, for messages and for the shared budget.
        policy: Its rates and requests in flight, and how it is shown the token.
        judge: The provider's own reading of replies.
        auth: The token; None sends none, for the endpoints at which tokens are got.
        state_dir: Where budgets and blocks are shared between processes (in ``rates/``).
        clock: The time (UTC).
        timeout_s: Seconds for reading a whole answer.
        rate_factor: Multiplies the rates, on addresses of this machine only.
        debug_http: Whether bodies are logged (at debug, masked).

    Attributes:
        skew_s: Seconds by which the provider's clock was ahead of ours in its last answer, None
            where that did not say.

    Raises:
        ConfigInvalid: The base URL is none, or would send the token in the clear.
    """

    def __init__(  # noqa: PLR0913 - each is one independent setting, given once
        self,
        base_url: str,
        provider: str,
        policy: Policy,
        judge: Judge,
        *,
        auth: Auth | None,
        state_dir: Path,
        clock: Callable[[], datetime],
        timeout_s: float = 30.0,
        rate_factor: float = 1.0,
        debug_http: bool = False,
    ) -> None:
        self._origin = Origin.of(base_url)
        self._provider = provider
        self._judge = judge
        self._auth = auth
        self._scheme = policy.scheme
        self._clock = clock
        self._timeout_s = timeout_s
        self._debug_http = debug_http
        self.skew_s: float | None = None
        name = f"{provider}-{self._origin.name}"
        factor = rate_factor if self._origin.loopback else 1.0
        self._permits = Permits(state_dir / "rates", name, policy, clock=clock, factor=factor)
        self._block = Block(state_dir / "rates" / f"{name}.block.json")
        self._http = httpx.Client(
            verify=_trust(secure=self._origin.scheme == "https"),
            trust_env=not self._origin.loopback,
            follow_redirects=False,
            timeout=httpx.Timeout(timeout_s, connect=min(_CONNECT_S, timeout_s)),
            limits=httpx.Limits(max_connections=policy.in_flight, keepalive_expiry=_KEEP_ALIVE_S),
            headers={"Accept": "application/json", "User-Agent": f"kinv/{__version__}"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def call(
        self,
        call: CallClass,
        method: str,
        path: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        json: object | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Ask the provider and return its answer.

        Args:
            call: What repeating would do; it decides about retries and lost answers.
            method: The HTTP method.
            path: The path below the base URL, or a link of the provider to the same host.
            params: Query parameters, added to those in the path; a name may come several times.
            json: The body; a Decimal in it is written as a JSON number, None means no body.
            form: The body as a web form, in place of ``json``.
            headers: More headers.

        Raises:
            LoginNeeded: The token is not accepted, and there is no other.
            Refused: The account is refused, or a link or redirect leads elsewhere.
            Rejected: The provider refused the request; nothing was done.
            NotExecuted: No connection could be made.
            RateLimited: The provider wants to be left alone, or kinv's own budget is used up.
            Temporary: No usable answer; not for plain creates.
            LostAnswer: No usable answer to a plain create, which may have been executed.
        """
        now = self._clock()
        if blocked_until := self._block.until(now):
            raise RateLimited(
                f"{self._provider} asked to wait until {blocked_until:%Y-%m-%d %H:%M} UTC",
                retry_at=blocked_until,
            )
        request = self._request(call, method, path, params, _Body.of(json, form), headers or {})
        try:
            return repeat(lambda: self._noted(request), self._clock)
        except LostAnswer as error:
            self._remember(error, now)
            raise
        except TryAgainError as failure:
            self._remember(failure.error, now)
            raise failure.error from failure.__cause__

    def _remember(self, error: Temporary, now: datetime) -> None:
        """Leave the host alone for as long as it asked for, in the runs to come as well."""
        if error.retry_at is None:
            return
        wait_s = (error.retry_at - now).total_seconds()
        if isinstance(error, RateLimited) or wait_s > LONGEST_OBEYED_S:
            self._block.remember(error.retry_at)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        self._permits.close()

    def _request(
        self,
        call: CallClass,
        method: str,
        path: str,
        params: Sequence[tuple[str, str]],
        body: _Body | None,
        headers: Mapping[str, str],
    ) -> _Request:
        url = httpx.URL(self._origin.root + self._origin.target(path))
        if params:
            url = url.copy_merge_params(list(params))
        own = {} if body is None else {"Content-Type": body.type}
        asked = Asked(call, self._provider, method, url.path)
        content = None if body is None else body.content
        return _Request(asked, url, content, {**headers, **own})

    def _noted(self, request: _Request) -> Reply:
        """Try the request, and note where it may have been executed without an answer."""
        try:
            return self._try(request)
        except TryAgainError as failure:
            request.lost |= not isinstance(failure.error, (NotExecuted, RateLimited))
            raise

    def _try(self, request: _Request) -> Reply:
        """Send the request once, or twice when a renewed token is worth it."""
        reply, readable = self._exchange(request)
        wrong = request.asked.wrong(reply, self._judge, readable=readable)
        if isinstance(wrong, LoginNeeded) and self._auth is not None:
            if not request.renewed and self._auth.renew():
                request.renewed = True
                return self._try(request)
            own = "" if wrong.hint == LoginNeeded.default_hint else f"{wrong.hint}; "
            wrong.hint = own + self._auth.explain()
        if wrong is not None:
            raise wrong
        return replace(reply, repeated=request.lost)

    def _exchange(self, request: _Request) -> tuple[Reply, bool]:
        """Send the request and return the reply, and whether its body could be read."""
        asked = request.asked
        headers = httpx.Headers(request.headers)
        if self._auth is not None:
            headers["Authorization"] = f"{self._scheme} {_checked(self._auth, self._provider)}"
        http_request = self._http.build_request(
            asked.method, request.url, content=request.content, headers=headers
        )
        with self._permits.permit():
            started = time.monotonic()
            checkpoints.reach(f"http.before:{asked.method} {asked.path}")
            try:
                response, content = self._send(http_request)
            except httpx.RequestError as error:
                checkpoints.reach(f"http.after:{asked.method} {asked.path}")
                self._log(request, type(error).__name__, started)
                raise _failure(asked, error) from error
            checkpoints.reach(f"http.after:{asked.method} {asked.path}")
        self._log(request, str(response.status_code), started, response)
        text, body, readable = codec.decode(content)
        if self._debug_http and self._auth is not None:  # a token endpoint's bodies are secrets
            sent = (request.content or b"").decode()
            _logger.debug("%s\n> %s\n< %s", asked, mask(sent), mask(text))
        received = dict(response.headers.items())  # httpx gives the names in lower case
        reply = Reply(response.status_code, received, body, text, self._clock())
        self.skew_s = skew_s(reply)
        return reply, readable

    def _send(self, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        # httpx bounds each read from the socket; this bounds them all together, since a server
        # may dribble.
        until = time.monotonic() + self._timeout_s
        response = self._http.send(request, stream=True)
        try:
            content = bytearray()
            for chunk in response.iter_bytes():
                content += chunk
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("the answer took too long", request=request)
            return response, bytes(content)
        finally:
            response.close()

    def _log(
        self,
        request: _Request,
        outcome: str,
        started: float,
        response: httpx.Response | None = None,
    ) -> None:
        asked = request.asked
        headers = {} if response is None else response.headers
        _logger.debug(
            "%s %s %s: %s, %d ms, request id %s",
            asked.provider,
            asked.method,
            mask(request.url.raw_path.decode()),
            outcome,
            (time.monotonic() - started) * 1000,
            next((headers[name] for name in _REQUEST_IDS if name in headers), "-"),
        )


def _checked(auth: Auth, provider: str) -> str:
    """Return the token to send now, and have it masked from now on."""
    token = auth.token()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise LoginNeeded(
            f"what is stored as the {provider} token cannot be one", hint=auth.explain()
        )
    remember_secret(token)
    return token


def _failure(asked: Asked, error: httpx.RequestError) -> Exception:
    """Return what a network error means; its own text is left out, it may quote a header."""
    if isinstance(error, _NOT_SENT):
        reason = "timed out" if isinstance(error, httpx.TimeoutException) else str(error)
        return asked.not_connected(mask(reason))
    if isinstance(error, httpx.TimeoutException):
        return asked.lost("timed out")
    return asked.lost("the connection broke")


def _trust(*, secure: bool) -> ssl.SSLContext:
    # Loading the certificates takes 25 ms. Plain http (to this machine) needs none: the empty
    # context trusts nobody.
    return _certificates() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()
