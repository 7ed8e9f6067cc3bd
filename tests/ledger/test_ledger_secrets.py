"""No token and no client's invoice link stands in any row of the ledger."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from kommo_invoice.sandbox.kommo import TOKEN

if TYPE_CHECKING:
    from stage import Stage


@pytest.mark.parametrize("write_back", ["field", "task", "refusal"])
def test_neither_a_link_nor_a_token_is_kept(stage: Stage, write_back: str) -> None:
    if write_back == "task":
        stage.map(task={"text": "See {{ invoice.url }}"})
    if write_back == "refusal":
        link = "https://next.waveapps.example/readonly/1/0123456789abcdef0123456789abcdef"
        body = {
            "validation-errors": [
                {"request_id": str(stage.deal), "errors": [{"path": "x", "detail": f"bad {link}"}]}
            ]
        }
        stage.fault("status", "PATCH", provider="kommo", status=400, body=body)
    stage.invoice()
    stage.invoice()
    secret = stage.lead(stage.deal)["fields"]["Invoice link"]
    kept = _everything(stage)
    for text in (secret, secret.rsplit("/", 1)[1], "0123456789abcdef", TOKEN):
        assert text not in kept
    for token in stage.world.tokens["wave"]:
        assert token not in kept


def test_what_was_sent_is_kept_otherwise(stage: Stage) -> None:
    stage.invoice()
    kept = _everything(stage)
    for text in ("Website relaunch", "jo@northwind.example", "Check payment of invoice 1"):
        assert text in kept


def _everything(stage: Stage) -> str:
    """Return every row of the ledger, as text."""
    with closing(sqlite3.connect(stage.state / "ledger.sqlite3")) as connection:
        return "\n".join(connection.iterdump())
