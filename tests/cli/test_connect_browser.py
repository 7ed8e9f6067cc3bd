"""``kinv connect`` by browser: from the provider's page to an invoice, with tokens that rotate."""

from __future__ import annotations

import io
import json
import socket
import sys
import urllib.error
import urllib.request
import webbrowser
from datetime import timedelta
from threading import Thread
from typing import TYPE_CHECKING, cast

import pytest

from kommo_invoice.auth.connection import Secret
from kommo_invoice.auth.connections import Connections
from kommo_invoice.auth.stores.plain_store import PlainStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from stage import Result, Stage

SECRET = "the-application-s-secret"


@pytest.fixture
def redirect() -> str:
    """A redirect address at a port that is free now; other tests run beside this one."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"http://localhost:{found.getsockname()[1]}/callback"


@pytest.fixture
def bare(stage: Stage, redirect: str) -> Stage:
    """A stage with an application at each provider, and without tokens and mapping."""
    for simulator in (stage.kommo, stage.wave):
        simulator.add_integration(f"{simulator.name}-app", SECRET, redirect)
    stage.settings |= {
        "KINV_KOMMO_TOKEN": "",
        "KINV_WAVE_TOKEN": "",
        "KINV_MAPPING": "",
        "KINV_KOMMO_CLIENT_ID": "kommo-app",
        "KINV_KOMMO_CLIENT_SECRET": SECRET,
        "KINV_WAVE_CLIENT_ID": "wave-app",
        "KINV_WAVE_CLIENT_SECRET": SECRET,
        "KINV_STORE": "plain",
    }
    (stage.folder / "mapping.toml").unlink()
    return stage


@pytest.fixture
def visited(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a browser shows in the end, one that follows every redirect at once."""
    pages: list[str] = []
    threads: list[Thread] = []

    def visit(url: str) -> None:
        try:
            with urllib.request.urlopen(url, timeout=10) as page:
                pages.append(page.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                pages.append(error.read().decode())

    def open_page(url: str) -> bool:
        threads.append(Thread(target=visit, args=(url,)))
        threads[-1].start()
        return True

    monkeypatch.setattr(webbrowser, "open", open_page)
    return pages


@pytest.fixture
def connect(bare: Stage, visited: list[str], redirect: str) -> Callable[..., Result]:
    """Run ``kinv connect PROVIDER`` at the simulator."""

    def run(provider: str, *more: object) -> Result:
        base = ["--base-url", bare.sandbox.urls[provider], "--redirect-uri", redirect]
        return bare.kinv("connect", provider, *base, *more)

    return run


@pytest.fixture
def connected(bare: Stage, connect: Callable[..., Result]) -> Stage:
    """A stage with both grants, and its mapping."""
    for provider in ("kommo", "wave"):
        ended = connect(provider)
        assert ended.code == 0, ended.err
    bare.map()
    bare.settings |= {
        "KINV_MAPPING": str(bare.folder / "mapping.toml"),
        "KINV_KOMMO_CLIENT_SECRET": "",
        "KINV_WAVE_CLIENT_SECRET": "",
    }
    return bare


def secrets_of(stage: Stage) -> dict[str, Secret]:
    """What the store has, by provider."""
    store = PlainStore(stage.state)
    found = {each.provider: store.get(each.key) for each in Connections(stage.state).all()}
    return {name: Secret.model_validate_json(text or "") for name, text in found.items()}


def refreshes(stage: Stage, since: int = 0) -> int:
    """How often a token endpoint was asked."""
    asked = [each.operation for each in stage.world.requests[since:]]
    return sum("token" in each for each in asked)


class TestTheBrowserWay:
    @pytest.mark.parametrize("provider", ["kommo", "wave"])
    def test_ends_with_a_page_that_may_be_closed_and_a_connection(
        self, connect: Callable[..., Result], visited: list[str], provider: str
    ) -> None:
        ended = connect(provider)
        assert ended.code == 0, ended.err
        assert "You can close this window" in visited[0]
        assert "connected:" in ended.out

    def test_learns_the_kommo_account_from_the_redirect(
        self, connect: Callable[..., Result], bare: Stage
    ) -> None:
        connect("kommo")
        document = json.loads(bare.kinv("connect", "--json").out)
        (connection,) = document["connections"]
        assert connection["account"] == "agency"
        assert connection["kind"] == "oauth"
        assert connection["expires_at"] is not None  # Kommo's refresh token lives three months

    def test_is_refused_clearly(self, connect: Callable[..., Result], bare: Stage) -> None:
        bare.wave.oauth.denies = True
        ended = connect("wave")
        assert ended.code == 4
        assert "refused in the browser" in ended.err
        assert bare.kinv("connect").out == "nothing is connected\n"

    def test_for_another_account_is_refused(self, connect: Callable[..., Result]) -> None:
        ended = connect("kommo", "--account", "acme")
        assert ended.code == 7
        assert "agency was agreed to, not acme" in ended.err

    def test_a_pasted_address_will_do(
        self, bare: Stage, connect: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Person:
            """Opens the page that stderr names, and pastes where the browser ended."""

            def isatty(self) -> bool:
                return False

            def readline(self, size: int) -> str:
                told = cast("io.StringIO", sys.stderr).getvalue()
                url = next(line.strip() for line in told.splitlines() if "/oauth2/auth" in line)
                return f"{ended_at(url)}\n"

        monkeypatch.setattr(sys, "stdin", Person())
        ended = connect("wave", "--paste")
        assert ended.code == 0, ended.err

    def test_a_code_copied_from_kommo_will_do(
        self, bare: Stage, connect: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{bare.kommo.oauth.code('kommo-app')}\n"))
        assert connect("kommo", "--paste", "--account", "agency").code == 0


class TestAGrant:
    def test_makes_an_invoice(self, connected: Stage) -> None:
        assert connected.invoice().code == 0

    def test_is_refreshed_once_when_its_token_has_ended(self, connected: Stage) -> None:
        connected.world.advance(timedelta(hours=30).total_seconds())
        before = len(connected.world.requests)
        assert connected.invoice().code == 0
        assert refreshes(connected, before) == 2  # one for each provider
        before = len(connected.world.requests)
        assert connected.invoice().code == 0
        assert refreshes(connected, before) == 0

    def test_goes_on_with_rotated_tokens_for_weeks(self, connected: Stage) -> None:
        for _ in range(4):
            connected.world.advance(timedelta(days=20).total_seconds())
            assert connected.kinv("mapping", "check").code == 0

    def test_that_was_revoked_asks_for_a_new_login_and_is_not_tried_again(
        self, connected: Stage, connect: Callable[..., Result]
    ) -> None:
        connected.world.advance(timedelta(days=100).total_seconds())  # Kommo's three months
        ended = connected.kinv("mapping", "check")
        assert ended.code == 4
        assert "`kinv connect kommo`" in ended.err
        before = len(connected.world.requests)
        assert connected.kinv("mapping", "check").code == 4
        assert len(connected.world.requests) == before
        assert "has ended" in connected.kinv("connect").out
        assert "has ended" in connected.kinv("status").out
        connected.settings["KINV_KOMMO_CLIENT_SECRET"] = SECRET
        assert connect("kommo").code == 0
        assert connected.kinv("mapping", "check").code == 0

    @pytest.mark.usefixtures("visited")
    def test_leaves_no_secret_anywhere_at_debug_level(self, bare: Stage, redirect: str) -> None:
        results = [
            bare.kinv(
                *("--debug-http", "connect", provider, "--redirect-uri", redirect),
                *("--base-url", bare.sandbox.urls[provider]),
            )
            for provider in ("kommo", "wave")
        ]
        bare.map()
        bare.settings["KINV_MAPPING"] = str(bare.folder / "mapping.toml")
        bare.world.advance(timedelta(hours=30).total_seconds())
        results += [
            bare.kinv("--debug-http", "invoice", "--deal", bare.deal),
            bare.kinv("connect"),
            bare.kinv("connect", "--json"),
        ]
        secrets = {SECRET}
        for each in secrets_of(bare).values():
            secrets |= {each.access_token, each.refresh_token or "-"}
        assert len(secrets) >= 4  # both simulators may give the same refresh token
        for result in results:
            assert result.code == 0, result.err
            for secret in secrets:
                assert secret not in result.out + result.err
        for path in bare.state.rglob("*"):
            if path.is_file() and "secrets-plain" not in path.parts:
                content = path.read_bytes()
                assert not [each for each in secrets if each.encode() in content], path

    def test_leaves_no_secret_in_the_report_of_a_bug(
        self, connected: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept = secrets_of(connected)
        found = [kept["kommo"].access_token, kept["kommo"].refresh_token or "", SECRET]

        def broken(*_: object, **__: object) -> None:
            raise RuntimeError(f"it holds {' '.join(found)}")

        monkeypatch.setattr("kommo_invoice.engine.invoicing.Invoicing.run", broken)
        ended = connected.invoice()
        assert ended.code == 1
        (report,) = connected.state.glob("kinv-crash-*.txt")
        text = report.read_text()
        assert "it holds *** *** ***" in text
        for secret in found:
            assert secret not in text + ended.out + ended.err


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **more: object) -> None:
        """Follow nothing: the address that the browser ends at cannot be shown."""


def ended_at(url: str) -> str:
    """Return the address to which the provider's page sends the browser."""
    try:
        urllib.request.build_opener(_Stay).open(url, timeout=10)
    except urllib.error.HTTPError as error:
        with error:
            return str(error.headers["location"])
    raise AssertionError("the browser was not sent anywhere")
