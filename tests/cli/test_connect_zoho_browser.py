"""``kinv connect zoho`` by browser: the page comes back to this machine, with a data centre."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
import webbrowser
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from zoho_desk import APP, APPLICATION, SECRET

from kommo_invoice.sandbox.server import Sandbox
from kommo_invoice.sandbox.zoho import ZohoSimulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stage import Result, Stage


@pytest.fixture
def redirect() -> str:
    """A redirect address at a port that is free now; other tests run beside this one."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"http://localhost:{found.getsockname()[1]}/callback"


class Browser:
    """One that follows every redirect at once."""

    def __init__(self) -> None:
        self._pages: list[str] = []
        self._threads: list[Thread] = []

    def open(self, url: str) -> bool:
        self._threads.append(Thread(target=self._visit, args=(url,)))
        self._threads[-1].start()
        return True

    def shown(self) -> list[str]:
        """Return the pages that it ended at."""
        for thread in self._threads:
            thread.join()
        return self._pages

    def _visit(self, url: str) -> None:
        try:
            with urllib.request.urlopen(url, timeout=10) as page:
                self._pages.append(page.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                self._pages.append(error.read().decode())


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """The browser of this machine."""
    browser = Browser()
    monkeypatch.setattr(webbrowser, "open", browser.open)
    yield browser
    browser.shown()


@pytest.fixture
def people(stage: Stage, redirect: str) -> ZohoSimulator:
    """A consultancy in Europe, with an application that is registered in America."""
    people = ZohoSimulator(stage.world)
    people.seed()
    people.add_integration(APP, SECRET, redirect)
    people.oauth.registered_at = "us"
    return people


@pytest.fixture
def connect(
    stage: Stage,
    people: ZohoSimulator,
    browser: Browser,
    redirect: str,
) -> Iterator[Callable[..., Result]]:
    """Run ``kinv connect zoho`` at the simulator."""
    stage.settings |= {"KINV_MAPPING": "", "KINV_STORE": "plain", **APPLICATION}
    (stage.folder / "mapping.toml").unlink()
    with Sandbox(stage.world, [people]) as sandbox:
        base = ("--base-url", sandbox.urls["zoho"], "--redirect-uri", redirect)
        yield lambda *more: stage.kinv(*more, "connect", "zoho", *base)


def connections(stage: Stage) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(stage.kinv("connect", "--json").out)["connections"]
    return found


def test_the_browser_comes_back_and_may_be_closed(
    connect: Callable[..., Result], stage: Stage, browser: Browser
) -> None:
    ended = connect()
    assert ended.code == 0, ended.err
    assert "You can close this window" in browser.shown()[0]
    (connection,) = connections(stage)
    assert (connection["kind"], connection["region"]) == ("oauth", "eu")


def test_a_server_that_is_none_of_zohos_is_told_in_the_browser_too(
    connect: Callable[..., Result], stage: Stage, people: ZohoSimulator, browser: Browser
) -> None:
    people.oauth.accounts_server = "https://accounts.zoho.attacker.example"
    ended = connect()
    assert ended.code == 4
    assert "nothing was sent there" in ended.err
    assert "The login did not succeed" in browser.shown()[0]
    assert "attacker" not in browser.shown()[0]
    assert connections(stage) == []


def test_a_refusal_is_told_there_too(
    connect: Callable[..., Result], people: ZohoSimulator, browser: Browser
) -> None:
    people.oauth.denies = True
    assert connect().code == 4
    assert "refused in the browser" in browser.shown()[0]


def test_no_secret_is_told_at_debug_level(connect: Callable[..., Result], stage: Stage) -> None:
    ended = connect("--log-level", "debug", "--debug-http")
    assert ended.code == 0, ended.err
    kept = next((stage.state / "secrets-plain").glob("*.txt")).read_text(encoding="utf-8")
    secret = json.loads(kept)
    for name in ("access_token", "refresh_token", "client_secret"):
        assert secret[name] not in ended.out + ended.err


def test_a_second_login_replaces_the_first(
    connect: Callable[..., Result], stage: Stage, browser: Browser
) -> None:
    assert connect().code == 0
    assert connect().code == 0
    assert len(browser.shown()) == 2
    assert len(connections(stage)) == 1
    assert len(list((stage.state / "secrets-plain").glob("*.txt"))) == 1
