"""The loopback receiver: what ends a login, what does not, and what the browser is shown."""

from __future__ import annotations

import logging
import shutil
import socket
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest
from oauth_ground import free_port, get, ground

from kommo_invoice.auth.logins import LOGINS
from kommo_invoice.auth.oauth import Authorization
from kommo_invoice.auth.page import Page
from kommo_invoice.auth.receiver import Receiver
from kommo_invoice.auth.redirect import ScopeRefused
from kommo_invoice.errors import LoginNeeded, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


CODE = "planted-code-0123456789"
PATIENCE_S = 10.0
NO_IPV6 = "this machine has no IPv6"


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.fixture
def login() -> Authorization:
    return Authorization.begin(LOGINS["wave"], "id", f"http://localhost:{free_port()}/callback")


@pytest.fixture
def receiver(login: Authorization) -> Iterator[Receiver]:
    with Receiver(login) as listening:
        yield listening


def back(login: Authorization, **changed: str) -> str:
    given = {"code": CODE, "state": login.state, **changed}
    return f"{login.redirect.text}?" + "&".join(f"{key}={value}" for key, value in given.items())


class TestWhatEndsIt:
    def test_the_answer_to_this_login(self, receiver: Receiver, login: Authorization) -> None:
        got = get(back(login))
        assert receiver.wait(PATIENCE_S).code == CODE
        assert got.status == 200
        assert "You can close this window" in got.text
        assert "Wave has agreed" in got.text

    def test_a_refusal(self, receiver: Receiver, login: Authorization) -> None:
        got = get(f"{login.redirect.text}?error=access_denied&state={login.state}")
        with pytest.raises(LoginNeeded, match="refused in the browser"):
            receiver.wait(PATIENCE_S)
        assert got.status == 400
        assert "The login did not succeed" in got.text
        assert "<code>kinv connect wave</code>" in got.text

    def test_a_scope_that_is_not_known(self, receiver: Receiver, login: Authorization) -> None:
        got = get(f"{login.redirect.text}?error=invalid_scope&state={login.state}")
        with pytest.raises(ScopeRefused):
            receiver.wait(PATIENCE_S)
        assert "The terminal says how it goes on" in got.text

    def test_nobody_comes(self, receiver: Receiver, login: Authorization) -> None:
        with pytest.raises(LoginNeeded, match="did not come back from Wave within 0 s") as told:
            receiver.wait(0)
        assert login.redirect.text in told.value.hint
        assert "--paste" in told.value.hint

    def test_what_comes_back_unasked_later_changes_nothing(
        self, receiver: Receiver, login: Authorization
    ) -> None:
        first, second = get(back(login)), get(back(login, code="another-code-9876543210"))
        assert receiver.wait(PATIENCE_S).code == CODE
        assert first.text == second.text

    def test_leaving_stops_listening_at_once(self, login: Authorization) -> None:
        for _ in range(2):
            with Receiver(login):
                assert get(back(login)).status == 200
            with pytest.raises(ConnectionRefusedError):
                get(back(login))


class TestWhatDoesNot:
    @pytest.mark.parametrize(
        ("path", "status"),
        [("/favicon.ico", 404), ("/", 404), ("/callback/", 404), ("/callback/x", 404)],
    )
    def test_another_path(
        self, receiver: Receiver, login: Authorization, path: str, status: int
    ) -> None:
        elsewhere = login.redirect.text.removesuffix("/callback") + path
        assert get(f"{elsewhere}?code={CODE}&state={login.state}").status == status
        with pytest.raises(LoginNeeded):
            receiver.wait(0)
        get(back(login))
        assert receiver.wait(PATIENCE_S).code == CODE

    @pytest.mark.parametrize("state", ["", "another"])
    def test_another_login(self, receiver: Receiver, login: Authorization, state: str) -> None:
        got = get(back(login, state=state, code="somebody-elses-code-1"))
        assert got.status == 400
        assert "not the login that kinv waits for" in got.text
        with pytest.raises(LoginNeeded):
            receiver.wait(0)
        get(back(login))
        assert receiver.wait(PATIENCE_S).code == CODE

    @pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1:1", "localhost:1"])
    def test_another_name(self, receiver: Receiver, login: Authorization, host: str) -> None:
        assert get(back(login), host=host).status == 421
        with pytest.raises(LoginNeeded):
            receiver.wait(0)

    def test_a_name_in_capitals_is_the_same(self, receiver: Receiver, login: Authorization) -> None:
        get(back(login), host=f"LOCALHOST:{login.redirect.port}")
        assert receiver.wait(PATIENCE_S).code == CODE

    @pytest.mark.parametrize("method", ["POST", "HEAD", "OPTIONS", "PUT"])
    def test_another_method(self, receiver: Receiver, login: Authorization, method: str) -> None:
        assert get(back(login), method=method).status == 501
        with pytest.raises(LoginNeeded):
            receiver.wait(0)

    def test_a_connection_that_says_nothing(self, receiver: Receiver, login: Authorization) -> None:
        with socket.create_connection(("127.0.0.1", login.redirect.port)):
            get(back(login))
            assert receiver.wait(PATIENCE_S).code == CODE

    def test_a_request_that_is_none(self, receiver: Receiver, login: Authorization) -> None:
        with socket.create_connection(("127.0.0.1", login.redirect.port)) as connection:
            connection.sendall(f"NONSENSE {CODE}\r\n\r\n".encode())
            said = b"".join(iter(lambda: connection.recv(4096), b"")).decode()
        assert CODE not in said
        get(back(login))
        assert receiver.wait(PATIENCE_S).code == CODE


class TestWhereItListens:
    def test_on_ipv4(self, receiver: Receiver, login: Authorization) -> None:
        get(back(login), at="127.0.0.1")
        assert receiver.wait(PATIENCE_S).code == CODE

    @pytest.mark.skipif(not has_ipv6(), reason=NO_IPV6)
    def test_localhost_may_mean_ipv6(self, receiver: Receiver, login: Authorization) -> None:
        get(back(login), at="::1")
        assert receiver.wait(PATIENCE_S).code == CODE

    @pytest.mark.skipif(not has_ipv6(), reason=NO_IPV6)
    def test_an_ipv6_address(self) -> None:
        login = Authorization.begin(LOGINS["wave"], "id", f"http://[::1]:{free_port()}/callback")
        with Receiver(login) as receiver:
            get(back(login))
            assert receiver.wait(PATIENCE_S).code == CODE

    def test_without_ipv6_on_ipv4_alone(
        self, login: Authorization, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = socket.socket.bind

        def bind(self: socket.socket, address: tuple[str, int]) -> None:
            if address[0] == "::1":
                raise OSError(99, "Cannot assign requested address")
            real(self, address)

        monkeypatch.setattr(
            "socketserver.socket.socket", type("S", (socket.socket,), {"bind": bind})
        )
        with Receiver(login) as receiver:
            get(back(login), at="127.0.0.1")
            assert receiver.wait(PATIENCE_S).code == CODE

    def test_nowhere_else(self, receiver: Receiver) -> None:
        hosts = {server.server_address[0] for server in receiver._servers}
        assert hosts <= {"127.0.0.1", "::1"}

    @pytest.mark.parametrize(
        "family",
        [
            "127.0.0.1",
            pytest.param("::1", marks=pytest.mark.skipif(not has_ipv6(), reason=NO_IPV6)),
        ],
    )
    def test_a_port_that_is_taken_is_told(self, login: Authorization, family: str) -> None:
        # Half of localhost is not enough: the browser might bring the code to the other program.
        kind = socket.AF_INET6 if ":" in family else socket.AF_INET
        with (
            socket.create_server((family, login.redirect.port), family=kind),
            pytest.raises(UsageError, match=f"port {login.redirect.port}.* is taken") as told,
            Receiver(login),
        ):
            pass
        assert "--redirect-uri" in told.value.hint
        assert "--paste" in told.value.hint

    @pytest.mark.parametrize("address", ["https://localhost:8765/c", "https://kinv.example/c"])
    def test_only_at_an_address_of_this_machine(self, address: str) -> None:
        with pytest.raises(UsageError, match="cannot receive") as told:
            Receiver(Authorization.begin(LOGINS["wave"], "id", address))
        assert "--paste" in told.value.hint


class TestThePage:
    def test_is_kept_nowhere_and_loads_nothing(
        self, receiver: Receiver, login: Authorization
    ) -> None:
        got = get(back(login))
        receiver.wait(PATIENCE_S)
        assert got.headers["cache-control"] == "no-store"
        assert got.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in got.headers["content-security-policy"]
        assert got.headers["server"] == "kinv"
        assert "http" not in got.text.replace("http-equiv", "")
        assert "<script" not in got.text

    def test_never_shows_what_came(self, receiver: Receiver, login: Authorization) -> None:
        for url in (
            back(login, state="<b>other</b>"),
            f"{login.redirect.text}?error=%3Cb%3Eoops&state={login.state}",
        ):
            text = get(url).text
            assert "<b>other" not in text
            assert "oops" not in text
            assert CODE not in text
        with pytest.raises(LoginNeeded, match="ended the login with an error"):
            receiver.wait(PATIENCE_S)

    def test_what_it_is_told_is_text(self) -> None:
        page = Page(400, "a < b & $c", ("<i>run</i> `kinv connect wave`",)).html().decode()
        assert "<h1>a &lt; b &amp; $c</h1>" in page
        assert "<p>&lt;i&gt;run&lt;/i&gt; <code>kinv connect wave</code>.</p>" in page


def test_nothing_of_the_address_is_logged(
    login: Authorization, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG, logger="kommo_invoice")
    with Receiver(login) as receiver:
        get(back(login, state="other"))
        with socket.create_connection(("127.0.0.1", login.redirect.port)) as connection:
            connection.sendall(f"GET /callback?code={CODE}\r\n\r\n".encode())
            connection.recv(1)
        get(back(login))
        receiver.wait(PATIENCE_S)
    said = caplog.text + "".join(capfd.readouterr())
    assert "the redirect address was asked for" in said
    assert CODE not in said
    assert login.state not in said


def test_an_interruption_ends_it_at_once(login: Authorization) -> None:
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), Receiver(login):
        raise KeyboardInterrupt
    assert threading.active_count() == before


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
@pytest.mark.parametrize("provider", ["kommo", "wave"])
def test_a_real_browser_ends_on_the_page(tmp_path: Path, provider: str) -> None:
    with ground(tmp_path) as there:
        login = there.begin(provider)
        with Receiver(login) as receiver:
            ended = subprocess.run(
                [
                    *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
                    *("--no-first-run", "--disable-background-networking", "--disable-sync"),
                    *("--disable-component-update", f"--user-data-dir={tmp_path / 'browser'}"),
                    *("--dump-dom", login.url),
                ],
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
            )
            returned = receiver.wait(PATIENCE_S)
        assert "You can close this window" in ended.stdout
        tokens = there.exchange(provider, returned.code)
    assert tokens.refresh_token
