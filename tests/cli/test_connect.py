"""``kinv connect``: a token is tried out, kept where it is safe, and sent to its own host alone."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from kommo_invoice.sandbox.kommo import TOKEN as KOMMO_TOKEN
from kommo_invoice.sandbox.kommo_seed import agency
from kommo_invoice.sandbox.server import Sandbox
from kommo_invoice.sandbox.wave import AGENCY
from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stage import Result, Stage

WAVE_TOKEN = str(AGENCY["token"])


@pytest.fixture
def bare(stage: Stage) -> Stage:
    """A stage without tokens, whose secrets go into the plain store, and without a mapping."""
    stage.settings |= {"KINV_KOMMO_TOKEN": "", "KINV_WAVE_TOKEN": "", "KINV_STORE": "plain"}
    (stage.folder / "mapping.toml").unlink()
    stage.settings["KINV_MAPPING"] = ""
    return stage


@pytest.fixture
def connect(bare: Stage, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run ``kinv connect PROVIDER --token-stdin`` at the simulator."""

    def run(provider: str, token: str, *more: object, **environment: str) -> Result:
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{token}\n"))
        base = ["--base-url", bare.sandbox.urls[provider]]
        return bare.kinv("connect", provider, "--token-stdin", *base, *more, **environment)

    return run


def jwt(**claims: Any) -> str:
    """Return a token that says something of itself; nobody signed it."""
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJub25lIn0.{part}.c2lnbmF0dXJl"


@contextmanager
def another_kommo() -> Iterator[str]:
    """Another server with an account of the same name."""
    world = World()
    world.unlimited = True
    kommo, _ = agency(world)
    sandbox = Sandbox(world, [kommo]).start()
    try:
        yield sandbox.urls["kommo"]
    finally:
        sandbox.stop()


class TestATokenFromStdin:
    def test_is_tried_out_and_kept(self, connect: Callable[..., Result], bare: Stage) -> None:
        ended = connect("kommo", KOMMO_TOKEN)
        assert ended.code == 0
        assert "connected: Agency (kommo:agency)" in ended.out
        assert "pipelines" in ended.out
        assert str(bare.state / "secrets-plain") in ended.out
        assert f"{bare.sandbox.urls['kommo']} alone" in ended.out
        for path in (bare.state, *bare.state.rglob("secrets-plain"), *bare.state.rglob("*.txt")):
            assert path.stat().st_mode & 0o077 == 0, path

    def test_works_from_then_on_without_the_environment(
        self, connect: Callable[..., Result], bare: Stage
    ) -> None:
        connect("kommo", KOMMO_TOKEN)
        connect("wave", WAVE_TOKEN)
        bare.map()
        bare.settings["KINV_MAPPING"] = str(bare.folder / "mapping.toml")
        assert bare.invoice().code == 0
        assert bare.picture()["mails"] == ["jo@northwind.example"]

    def test_that_is_refused_is_not_kept(self, connect: Callable[..., Result], bare: Stage) -> None:
        ended = connect("wave", "some-other-token")
        assert ended.code == 4
        assert "full access token" in ended.err
        assert bare.kinv("connect").out == "nothing is connected\n"

    @pytest.mark.parametrize(
        "token", ["", "two words", "two\nlines", "café", "\udcff", "x" * 70_000]
    )
    def test_that_cannot_be_one_is_refused_before_it_is_sent(
        self, connect: Callable[..., Result], bare: Stage, token: str
    ) -> None:
        ended = connect("kommo", token)
        assert ended.code == 2
        assert bare.world.requests == []

    def test_that_may_not_do_what_kinv_needs_is_refused(
        self, connect: Callable[..., Result], bare: Stage
    ) -> None:
        token = jwt(scopes=["notifications"])
        bare.world.tokens["kommo"].add(token)
        ended = connect("kommo", token)
        assert ended.code == 8
        assert "lacks crm" in ended.err
        assert bare.kinv("connect").out == "nothing is connected\n"

    def test_that_ends_within_two_weeks_is_warned_of_at_once_and_in_every_run(
        self, connect: Callable[..., Result], bare: Stage
    ) -> None:
        ends = bare.world.now() + timedelta(days=10, hours=1)
        token = jwt(scopes=["crm"], exp=int(ends.timestamp()))
        bare.world.tokens["kommo"].add(token)
        ended = connect("kommo", token)
        assert ended.code == 0
        assert "(in 10 days)" in ended.out
        connect("wave", WAVE_TOKEN)
        bare.map()
        bare.settings["KINV_MAPPING"] = str(bare.folder / "mapping.toml")
        assert "(in 10 days)" in bare.invoice().err
        assert "(in 10 days)" in bare.kinv("status").out

    def test_replaces_the_earlier_one(self, connect: Callable[..., Result], bare: Stage) -> None:
        bare.world.tokens["wave"].add("a-second-wave-token")
        connect("wave", WAVE_TOKEN)
        connect("wave", "a-second-wave-token")
        kept = list((bare.state / "secrets-plain").glob("*.txt"))
        assert len(kept) == 1
        assert "a-second-wave-token" in kept[0].read_text()

    def test_shows_nowhere_at_debug_level(
        self, bare: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        planted = "planted-and-opaque-0123"
        bare.world.tokens["wave"].add(planted)
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{planted}\n"))
        ended = bare.kinv(
            *("--debug-http", "connect", "wave", "--token-stdin", "--json"),
            *("--base-url", bare.sandbox.urls["wave"]),
        )
        assert ended.code == 0
        assert "businesses" in ended.err  # the requests are logged with their bodies
        assert planted not in ended.out + ended.err
        assert planted not in (bare.state / "connections.json").read_text()

    def test_is_no_argument(self, bare: Stage) -> None:
        ended = bare.kinv("connect", "kommo", "--token", "secret-on-the-command-line")
        assert ended.code == 2


class TestTheAccount:
    def test_has_to_be_named_where_the_address_depends_on_it(
        self, bare: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO("token\n"))
        ended = bare.kinv("connect", "kommo", "--token-stdin")
        assert ended.code == 2
        assert "--account …`: acme for https://acme.kommo.com" in ended.err

    def test_that_the_token_does_not_open_is_refused_with_those_that_it_opens(
        self, connect: Callable[..., Result]
    ) -> None:
        ended = connect("kommo", KOMMO_TOKEN, "--account", "acme")
        assert ended.code == 7
        assert "does not open acme, but agency (Agency, EUR)" in ended.err

    def test_is_chosen_by_flag_where_there_are_several(
        self, connect: Callable[..., Result], bare: Stage
    ) -> None:
        second = bare.wave.add_business("Second Ltd", "GBP")
        ended = connect("wave", WAVE_TOKEN)
        assert ended.code == 2
        assert "opens 2 accounts" in ended.err
        assert second in ended.err
        ended = connect("wave", WAVE_TOKEN, "--account", second)
        assert "connected: Second Ltd" in ended.out

    def test_is_the_mapping_s_where_there_is_one(
        self, connect: Callable[..., Result], bare: Stage
    ) -> None:
        bare.wave.add_business("Second Ltd", "GBP")
        bare.map()
        ended = connect("wave", WAVE_TOKEN, KINV_MAPPING=str(bare.folder / "mapping.toml"))
        assert ended.code == 0
        assert "Northlight" in ended.out


class TestAConnection:
    def test_is_shown(self, connect: Callable[..., Result], bare: Stage) -> None:
        connect("kommo", KOMMO_TOKEN)
        shown = bare.kinv("connect", KINV_WAVE_TOKEN=WAVE_TOKEN).out
        assert "agency" in shown
        assert "plain" in shown
        assert "KINV_WAVE_TOKEN is set and goes before" in shown
        document = json.loads(bare.kinv("connect", "--json", KINV_WAVE_TOKEN=WAVE_TOKEN).out)
        assert [each["provider"] for each in document["connections"]] == ["kommo"]
        assert document["environment"] == {"wave": None}

    def test_is_forgotten_with_its_secret(
        self, connect: Callable[..., Result], bare: Stage
    ) -> None:
        connect("kommo", KOMMO_TOKEN)
        assert bare.kinv("disconnect", "kommo").code == 0
        assert bare.kinv("connect").out == "nothing is connected\n"
        assert not list((bare.state / "secrets-plain").glob("*.txt"))
        ended = bare.kinv("disconnect", "kommo")
        assert ended.code == 2
        assert "kommo is not connected" in ended.err

    def test_moves_to_another_store(
        self, connect: Callable[..., Result], bare: Stage, tmp_path: Path
    ) -> None:
        key = tmp_path / "key"
        key.write_text("0123456789abcdef0123456789abcdef")
        key.chmod(0o600)
        connect("kommo", KOMMO_TOKEN)
        connect("wave", WAVE_TOKEN)
        environment = {"KINV_STORE_KEY_FILE": str(key)}
        moved = bare.kinv("connect", "--migrate-store", "file", **environment)
        assert moved.code == 0
        assert moved.out.count("moved to file") == 2
        assert not list((bare.state / "secrets-plain").glob("*.txt"))
        assert not any(
            KOMMO_TOKEN.encode() in path.read_bytes()
            for path in bare.state.rglob("*")
            if path.is_file()
        )
        bare.map()
        bare.settings["KINV_MAPPING"] = str(bare.folder / "mapping.toml")
        assert bare.invoice(**environment).code == 0
        assert bare.invoice().code == 12  # its key is not there: no other store is taken instead
        again = bare.kinv("connect", "--migrate-store", "file", **environment)
        assert "nothing to move" in again.out

    def test_at_another_host_stands_beside_it(
        self, connect: Callable[..., Result], bare: Stage
    ) -> None:
        connect("kommo", KOMMO_TOKEN)
        with another_kommo() as other:
            ended = connect("kommo", KOMMO_TOKEN, "--base-url", other)
            assert ended.code == 0, ended.err
            document = json.loads(bare.kinv("connect", "--json").out)
            assert len({each["host"] for each in document["connections"]}) == 2
            ended = bare.kinv("disconnect", "kommo")
            assert ended.code == 2
            assert "--base-url" in ended.err
            assert bare.kinv("disconnect", "kommo", "--base-url", other).code == 0
        assert len(list((bare.state / "secrets-plain").glob("*.txt"))) == 1

    def test_is_not_used_at_another_host(self, connect: Callable[..., Result], bare: Stage) -> None:
        connect("kommo", KOMMO_TOKEN)
        connect("wave", WAVE_TOKEN)
        bare.map(crm={"base_url": bare.sandbox.urls["wave"]})
        bare.settings["KINV_MAPPING"] = str(bare.folder / "mapping.toml")
        before = len(bare.world.requests)
        ended = bare.kinv("invoice", "--deal", bare.deal)
        assert ended.code == 4
        assert f"it is not sent to {bare.sandbox.urls['wave']}" in ended.err
        assert len(bare.world.requests) == before

    def test_that_is_missing_is_told_with_the_command(self, bare: Stage) -> None:
        bare.map()
        bare.settings["KINV_MAPPING"] = str(bare.folder / "mapping.toml")
        ended = bare.kinv("invoice", "--deal", bare.deal)
        assert ended.code == 4
        assert "`kinv connect kommo`" in ended.err


class TestWithoutATerminal:
    def test_the_way_has_to_be_said(self, bare: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(""))
        ended = bare.kinv("connect", "wave")
        assert ended.code == 2
        assert "--token-stdin" in ended.err

    def test_the_application_has_to_be_in_the_environment(
        self, bare: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(""))
        ended = bare.kinv("connect", "wave", "--oauth")
        assert ended.code == 2
        assert "KINV_WAVE_CLIENT_ID" in ended.err

    def test_a_store_that_is_none_is_named(self, connect: Callable[..., Result]) -> None:
        ended = connect("wave", WAVE_TOKEN, "--store", "vault")
        assert ended.code == 2
        assert "keyring, file, plain" in ended.err

    @pytest.mark.parametrize("flag", ["--account", "--store", "--base-url", "--redirect-uri"])
    def test_an_empty_flag_counts_as_a_mistake(self, bare: Stage, flag: str) -> None:
        ended = bare.kinv("connect", "kommo", "--token-stdin", flag, "")
        assert ended.code == 2
        assert f"{flag} is empty" in ended.err

    @pytest.mark.parametrize("flag", ["--base-url", "--auth-base-url"])
    def test_an_address_that_would_send_it_in_the_clear_is_refused(
        self, connect: Callable[..., Result], flag: str
    ) -> None:
        ended = connect("kommo", KOMMO_TOKEN, flag, "http://192.0.2.1")
        assert ended.code == 2
        assert f"{flag}: 'http://192.0.2.1' would send the token unencrypted" in ended.err

    def test_a_process_without_stdin_is_told_so(self, bare: Stage) -> None:
        command = [sys.executable, "-m", "kommo_invoice", "connect", "wave", "--token-stdin"]
        ended = subprocess.run(
            ["/bin/sh", "-c", 'exec "$@" <&-', "sh", *command],
            env=bare.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ended.returncode == 2, ended.stderr
        assert "that cannot be a token" in ended.stderr

    def test_two_ways_at_once_are_refused(self, bare: Stage) -> None:
        ended = bare.kinv("connect", "wave", "--token-stdin", "--oauth")
        assert ended.code == 2
        assert "--token-stdin and --oauth exclude each other" in ended.err

    def test_an_unknown_provider_is_named(self, bare: Stage) -> None:
        ended = bare.kinv("connect", "freshbooks", "--token-stdin")
        assert ended.code == 2
        assert "kommo, wave" in ended.err


def test_a_name_of_several_lines_is_shown_on_one(
    connect: Callable[..., Result], bare: Stage
) -> None:
    business = bare.wave.add_business("Second\nLtd \x1b[31m", "GBP")
    ended = connect("wave", WAVE_TOKEN, "--account", business)
    assert ended.out.startswith("connected: Second Ltd [31m (wave:")
    assert "\x1b" not in bare.kinv("connect").out
