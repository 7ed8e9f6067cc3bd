"""Where requests go, and that the token goes nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opening import NOW, TOKEN, Setting, Tokens
from scripted import Provider, answer, provider

from kommo_invoice.errors import (
    ConfigInvalid,
    Refused,
)
from kommo_invoice.http import CallClass, Client, Policy, Rate
from kommo_invoice.http.rates import Permits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READ = CallClass.READ
OK = answer(200, {"id": 1})


@pytest.fixture
def kommo() -> Iterator[Provider]:
    with provider() as it:
        yield it


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Setting]:
    it = Setting(tmp_path)
    yield it
    for client in it.opened:
        client.close()


def test_a_link_of_the_same_host_is_followed(kommo: Provider, setting: Setting) -> None:
    kommo.will(OK)
    setting.client(kommo.url).call(READ, "GET", f"{kommo.url}/api/v4/leads?page=2")
    assert kommo.seen[0].path == "/api/v4/leads?page=2"


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1:{other}/api",
        "http://localhost:{port}/api",
        "https://127.0.0.1:{port}/api",
        "//127.0.0.1:{other}/api",
        "http://127.0.0.1:{port}@127.0.0.1:{other}/api",
        "http://user:name@127.0.0.1:{port}/api",
        "http://127.0.0.1:{port}\\@127.0.0.1:{other}/api",
        "http://127.0.0.1:99999/api",
        "http://[/api",
        "@127.0.0.1:{other}/api",
        "api",
        "/api\x00",
    ],
)
def test_the_token_never_leaves_for_another_address(
    kommo: Provider, setting: Setting, link: str
) -> None:
    with provider() as stranger:
        ports = {"port": kommo.url.rpartition(":")[2], "other": stranger.url.rpartition(":")[2]}
        with pytest.raises(Refused, match="not followed"):
            setting.client(kommo.url).call(READ, "GET", link.format(**ports))
        assert stranger.seen == kommo.seen == []


def test_a_redirect_is_named_and_not_followed(kommo: Provider, setting: Setting) -> None:
    with provider() as stranger:
        kommo.will(answer(302, Location=f"{stranger.url}/login?code=1"))
        with pytest.raises(Refused, match=r"redirected to 127\.0\.0\.1; redirects are never"):
            setting.client(kommo.url).call(READ, "GET", "/api")
        assert stranger.seen == []


def test_proxies_of_the_environment_do_not_see_loopback_requests(
    kommo: Provider, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    with provider() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        kommo.will(OK)
        setting.client(kommo.url).call(READ, "GET", "/api")
        assert proxy.seen == []


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.kommo.com",
        "http://127.0.0.1.evil.example",
        "http://127.1",
        "http://0.0.0.0",
        "ftp://acme.kommo.com:21",
        "acme.kommo.com",
        "https://",
        "https://acme.kommo.com:port",
        "https://user:secret@acme.kommo.com",
        "https://acme.kommo.com/?x=1",
        "https://acme kommo.com",
    ],
)
def test_a_base_url_is_https_or_loopback(setting: Setting, url: str) -> None:
    with pytest.raises(ConfigInvalid) as raised:
        setting.client(url)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["https://acme.kommo.com", "http://127.9.9.9:1", "http://[::1]:1", "http://localhost:1"]
)
def test_these_base_urls_are_fine(setting: Setting, url: str) -> None:
    setting.client(url)


@pytest.mark.parametrize(
    ("url", "factor"), [("http://127.0.0.1:1", 50.0), ("https://acme.kommo.com", 1.0)]
)
def test_only_simulators_may_be_asked_faster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, factor: float
) -> None:
    factors: list[float] = []

    class Watched(Permits):
        def __init__(self, *args: Any, factor: float, **options: Any) -> None:
            factors.append(factor)
            super().__init__(*args, factor=factor, **options)

    monkeypatch.setattr("kommo_invoice.http.client.Permits", Watched)
    with Client(
        url,
        "kommo",
        Policy((Rate(5, 1),), in_flight=1),
        lambda _: None,
        auth=Tokens(TOKEN),
        state_dir=tmp_path,
        clock=lambda: NOW,
        rate_factor=50.0,
    ):
        assert factors == [factor]
