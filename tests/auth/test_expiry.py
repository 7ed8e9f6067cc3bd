"""Logins that end soon are told in time."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from kommo_invoice.auth.connection import Connection, Kind, StoreKind
from kommo_invoice.auth.expiry import ending, environment_warning, warning

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SOON = NOW + timedelta(days=9, hours=3)


def connection(kind: Kind, ends: datetime | None, refused: datetime | None = None) -> Connection:
    return Connection(
        provider="kommo",
        account="acme",
        name="Acme Ltd",
        kind=kind,
        store=StoreKind.PLAIN,
        host="https://acme.kommo.com",
        connected_at=NOW,
        expires_at=ends,
        refused_at=refused,
    )


def jwt(ends: datetime) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": int(ends.timestamp())}).encode())
    return f"eyJhbGciOiJub25lIn0.{claims.decode().rstrip('=')}.c2lnbmVk"


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("ends", [None, NOW + timedelta(days=14, seconds=1)])
def test_what_ends_later_or_never_is_not_told(kind: Kind, ends: datetime | None) -> None:
    assert warning(connection(kind, ends), NOW) is None


def test_a_token_that_ends_says_when_and_what_to_do() -> None:
    assert warning(connection(Kind.TOKEN, SOON), NOW) == (
        "the token of kommo:acme ends on 2026-11-30 (in 9 days): run `kinv connect kommo`"
    )


def test_a_grant_ends_only_if_it_is_not_used() -> None:
    assert warning(connection(Kind.OAUTH, SOON), NOW) == (
        "the login of kommo:acme ends on 2026-11-30 (in 9 days), unless kinv works with it "
        "before: if not, run `kinv connect kommo`"
    )


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=14), "ends on 2026-12-05 (in 14 days)"),
        (timedelta(days=1), "ends on 2026-11-22 (in 1 day)"),
        (timedelta(hours=23), "ends on 2026-11-22 (in less than a day)"),
        (timedelta(), "ended on 2026-11-21"),
        (timedelta(days=-30), "ended on 2026-10-22"),
    ],
)
def test_days_are_counted_in_words(left: timedelta, words: str) -> None:
    assert ending(NOW + left, NOW) == words
    assert words in (warning(connection(Kind.TOKEN, NOW + left), NOW) or "")


def test_a_grant_that_nothing_renews_asks_for_another_login() -> None:
    short = connection(Kind.OAUTH, SOON).model_copy(update={"renewable": False})
    assert warning(short, NOW) == (
        "the login of kommo:acme ends on 2026-11-30 (in 9 days), and nothing renews it: "
        "run `kinv connect kommo` again"
    )


@pytest.mark.parametrize("renewable", [True, False])
def test_a_grant_that_has_ended_asks_for_a_login(renewable: bool) -> None:
    ended = connection(Kind.OAUTH, NOW - timedelta(days=1)).model_copy(
        update={"renewable": renewable}
    )
    assert warning(ended, NOW) == (
        "the login of kommo:acme ended on 2026-11-20: run `kinv connect kommo`"
    )


def test_a_grant_that_was_refused_has_ended_whatever_its_date() -> None:
    refused = NOW - timedelta(days=2)
    assert warning(connection(Kind.OAUTH, NOW + timedelta(days=60), refused), NOW) == (
        "the login of kommo:acme has ended, found on 2026-11-19: run `kinv connect kommo`"
    )


def test_a_token_of_the_environment_tells_as_well() -> None:
    told = environment_warning("kommo", jwt(SOON), NOW)
    assert told == (
        "the token in KINV_KOMMO_TOKEN ends on 2026-11-30 (in 9 days): put a new one there, or "
        "unset it and run `kinv connect kommo`"
    )
    assert environment_warning("kommo", jwt(NOW + timedelta(days=15)), NOW) is None
    assert environment_warning("wave", "opaque-token", NOW) is None
