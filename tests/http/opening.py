"""Clients for the tests: one state directory, one moment, tokens that are given."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kommo_invoice.http import Client, Policy, Rate, Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kommo_invoice.errors import KinvError

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TOKEN = "a-long-lived-token-0123456789"


class Tokens:
    """An Auth whose renewals are given; the last token stays."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)
        self.renewals = 0

    def token(self) -> str:
        return self.tokens[0]

    def renew(self) -> bool:
        self.renewals += 1
        if len(self.tokens) == 1:
            return False
        self.tokens.pop(0)
        return True

    def explain(self) -> str:
        return "set KINV_KOMMO_TOKEN"


class Setting:
    """Opens clients on one state directory, at one moment."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.now = NOW
        self.opened: list[Client] = []

    def client(
        self,
        url: str,
        *,
        auth: Tokens | None = None,
        judge: Callable[[Reply], KinvError | None] = lambda _: None,
        debug_http: bool = False,
    ) -> Client:
        client = Client(
            url,
            "kommo",
            Policy((Rate(1000, 1),), in_flight=2),
            judge,
            auth=auth or Tokens(TOKEN),
            state_dir=self.state,
            clock=lambda: self.now,
            timeout_s=0.2,
            debug_http=debug_http,
        )
        self.opened.append(client)
        return client
