"""Warns of logins that end soon, in time for a person to act."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kommo_invoice.auth.connection import Kind
from kommo_invoice.auth.jwt import expires_at

if TYPE_CHECKING:
    from kommo_invoice.auth.connection import Connection

NOTICE = timedelta(days=14)


def warning(connection: Connection, now: datetime) -> str | None:
    """Return a sentence about a connection's login that has ended or ends within 14 days.

    Args:
        connection: A refresh token ends only if it is not used, so its sentence says that.
        now: The time (UTC).
    """
    command = f"`kinv connect {connection.provider}`"
    if connection.refused_at is not None:
        return (
            f"the login of {connection} has ended, found on {connection.refused_at:%Y-%m-%d}: "
            f"run {command}"
        )
    when = _when(connection.expires_at, now)
    if when is None:
        return None
    if connection.kind is Kind.OAUTH and not when.startswith("ended"):
        return (
            f"the login of {connection} {when}, unless kinv works with it before: if not, "
            f"run {command}"
        )
    return f"the {_thing(connection.kind)} of {connection} {when}: run {command}"


def environment_warning(provider: str, token: str, now: datetime) -> str | None:
    """Return a sentence about a token of the environment that has ended or ends within 14 days.

    Args:
        provider: As in the variable's name.
        token: Only one that is a JWT says when it ends (Kommo's do; Kommo sheet, section 3).
        now: The time (UTC).
    """
    when = _when(expires_at(token), now)
    if when is None:
        return None
    variable = f"KINV_{provider.upper()}_TOKEN"
    return (
        f"the token in {variable} {when}: put a new one there, or unset it and run "
        f"`kinv connect {provider}`"
    )


def _thing(kind: Kind) -> str:
    return "token" if kind is Kind.TOKEN else "login"


def _when(end: datetime | None, now: datetime) -> str | None:
    """Return when something ends, None where that is far away or not known."""
    if end is None or end - now > NOTICE:
        return None
    if end <= now:
        return f"ended on {end:%Y-%m-%d}"
    days = (end - now).days
    left = "in less than a day" if not days else "in 1 day" if days == 1 else f"in {days} days"
    return f"ends on {end:%Y-%m-%d} ({left})"
