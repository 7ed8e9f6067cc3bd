"""A grant at Zoho lives on: one refresh for all processes, none without need, no loop on a 401."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from zoho_ground import HOUR, Ground, ground

from kommo_invoice.errors import LoginNeeded, RateLimited
from kommo_invoice.http import CallClass, Policy
from kommo_invoice.http.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommo_invoice.http import Reply

CHILD = Path(__file__).with_name("zoho_child.py")
PROCESSES = 8
KILLED = 137
WAIT = timedelta(minutes=10)


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path) as built:
        yield built


class TestAGrant:
    def test_keeps_its_refresh_token_for_good(self, there: Ground) -> None:
        there.connect()
        first = there.kept
        for _ in range(3):
            there.advance(timedelta(days=400))
            assert there.token().token() in there.world.tokens["zoho"]
        assert there.kept.refresh_token == first.refresh_token
        assert there.kept.generation == first.generation + 3
        assert there.connection.expires_at is None

    def test_is_not_refreshed_while_its_token_is_good(self, there: Ground) -> None:
        there.connect()
        for _ in range(20):
            there.token().token()
            there.advance(timedelta(minutes=2))
        assert len(there.asked) == 1

    def test_that_was_revoked_has_ended_and_is_not_tried_again(self, there: Ground) -> None:
        there.connect()
        family = there.oauth.family_of(there.kept.access_token)
        assert family is not None
        there.oauth.end(family)
        there.advance(2 * HOUR)
        for _ in range(2):
            with pytest.raises(LoginNeeded, match="has ended") as ended:
                there.token().token()
            assert "`kinv connect zoho`" in ended.value.hint
        assert len(there.asked) == 2  # the code, and one refresh
        assert there.connection.refused_at is not None

    def test_is_pushed_out_by_twenty_later_logins(self, there: Ground) -> None:
        there.connect()
        for _ in range(19):
            there.exchange()
        there.advance(2 * HOUR)
        there.token().token()
        there.exchange()
        there.advance(2 * HOUR)
        with pytest.raises(LoginNeeded, match="has ended"):
            there.token().token()

    def test_that_is_throttled_is_still_one(self, there: Ground) -> None:
        there.connect()
        there.advance(2 * HOUR)
        there.throttle()
        with pytest.raises(RateLimited):
            there.token().token()
        assert there.connection.refused_at is None
        there.advance(WAIT)
        assert there.token().token() in there.world.tokens["zoho"]

    def test_that_is_throttled_goes_on_with_a_token_that_lives(self, there: Ground) -> None:
        there.connect()
        there.advance(HOUR - timedelta(minutes=2))
        there.throttle()
        assert there.token().token() == there.kept.access_token
        assert len(there.asked) == 3


class TestARequest:
    """One that Zoho refuses is asked once more with a new token, and not again."""

    def ask(self, there: Ground, path: str, scheme: str = "Zoho-oauthtoken") -> Reply:
        with Client(
            there.url,
            "zoho",
            Policy(rates=(), in_flight=1, scheme=scheme),
            _judge,
            auth=there.token(),
            state_dir=there.folder,
            clock=there.clock,
        ) as client:
            return client.call(CallClass.READ, "GET", path)

    def test_shows_the_token_as_zoho_wants_it(self, there: Ground) -> None:
        there.people.rules.bearer = False
        there.connect()
        assert self.ask(there, "/books/v3/organizations").status == 200
        with pytest.raises(LoginNeeded):
            self.ask(there, "/books/v3/organizations", Policy((), 1).scheme)

    def test_with_a_token_that_is_dead_gets_another_one(self, there: Ground) -> None:
        there.connect()
        there.world.expire("zoho")
        assert self.ask(there, "/books/v3/organizations").status == 200
        assert there.kept.generation == 1
        assert len(there.asked) == 2

    def test_that_the_token_may_not_make_costs_one_refresh(self, there: Ground) -> None:
        there.connect()
        family = there.oauth.family_of(there.kept.access_token)
        assert family is not None
        family.scopes = ("ZohoBooks.contacts.READ",)
        with pytest.raises(LoginNeeded, match="code 57") as refused:
            self.ask(there, "/books/v3/organizations")
        assert "`kinv connect zoho`" in refused.value.hint
        assert len(there.asked) == 2
        assert there.connection.refused_at is None


class Child:
    """A process that stands ready to want a token."""

    def __init__(self, there: Ground, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, CHILD, there.folder, there.url, there.world.now().isoformat()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )

    def ready(self) -> Child:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        return self

    def go(self) -> Child:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self

    def end(self) -> tuple[int, dict[str, str]]:
        """Return its exit code and its answer."""
        try:
            out, _ = self.process.communicate(timeout=60)
        finally:
            self.process.kill()
        return self.process.returncode, json.loads(out or "{}")


class TestProcesses:
    def test_share_one_refresh(self, there: Ground) -> None:
        there.connect()
        there.advance(2 * HOUR)
        there.people.rules.refreshes_per_window = 1
        children = [Child(there) for _ in range(PROCESSES)]
        ready = [child.ready() for child in children]
        ends = [child.end() for child in [child.go() for child in ready]]
        assert ends == [(0, {"token": there.kept.access_token})] * PROCESSES
        assert len(there.asked) == 2  # the code, and one refresh
        assert there.kept.generation == 1

    def test_share_the_answer_to_a_throttle(self, there: Ground) -> None:
        there.connect()
        there.advance(2 * HOUR)
        there.throttle()
        for _ in range(2):
            code, answer = Child(there).ready().go().end()
            assert code == 0
            assert answer == {"error": "RateLimited", "until": "2026-11-21T14:10:00+00:00"}
        assert len(there.asked) == 3

    @pytest.mark.parametrize(("place", "asked"), [("answered", 3), ("saved", 2)])
    def test_killed_in_the_middle_of_a_refresh_lose_nothing(
        self, there: Ground, tmp_path: Path, place: str, asked: int
    ) -> None:
        log = tmp_path / "checkpoints"
        with ground(tmp_path / "clean") as clean:
            clean.connect()
            clean.advance(2 * HOUR)
            Child(clean, KINV_CHECKPOINT_LOG=str(log)).ready().go().end()
        names = log.read_text(encoding="utf-8").splitlines()
        there.connect()
        there.advance(2 * HOUR)
        at = str(names.index(f"auth.refresh.{place}") + 1)
        assert Child(there, KINV_CRASH_AT=at).ready().go().end() == (KILLED, {})
        code, answer = Child(there).ready().go().end()
        assert (code, answer["token"]) == (0, there.kept.access_token)
        assert answer["token"] in there.world.tokens["zoho"]
        assert len(there.asked) == asked


def _judge(reply: Reply) -> LoginNeeded | None:
    """Read a refusal as the adapter does."""
    if reply.status != 401:
        return None
    body = reply.body if isinstance(reply.body, dict) else {}
    return LoginNeeded(f"the token is refused (code {body.get('code')})")
