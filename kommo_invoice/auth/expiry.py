"""Warns of logins that end soon, in time for a person to act."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kommo_invoice.auth.connection import Kind
from kommo_invoice.auth.jwt import expires_at

if TYPE_CHECKING:
    from kommo_invoice.auth.connection import Connection

NOTICE = timedelta(days=14)
FINAL_NOTICE = timedelta(days=30)
"""For an end that no use puts off."""


def warning(connection: Connection, now: datetime) -> str | None:
    """Return a sentence about a connection's login that has ended or ends soon.

    Soon is within 14 days, or within 30 where no use puts the end off.

    Args:
        connection: A refresh token ends only if it is not used, so its sentence says that; a
            grant without one ends for certain.
        now: The time (UTC).
    """
    command = f"`kinv connect {connection.provider}`"
    if connection.refused_at is not None:
        return (
            f"the login of {connection} has ended, found on {connection.refused_at:%Y-%m-%d}: "
            f"run {command}"
        )
    end, final = connection.ends_at, connection.final_at
    if final is not None and final - now <= FINAL_NOTICE and end is not None and end > now:
        return (
            f"the login of {connection} {ending(final, now)}, however often it is used: "
            f"run {command} before"
        )
    if end is None or not _soon(end, now):
        return None
    thing = "token" if connection.kind is Kind.TOKEN else "login"
    told = f"the {thing} of {connection} {ending(end, now)}"
    if connection.kind is Kind.TOKEN or end <= now:
        return f"{told}: run {command}"
    if not connection.renewable:
        return f"{told}, and nothing renews it: run {command} again"
    return f"{told}, unless kinv works with it before: if not, run {command}"


def environment_warning(provider: str, token: str, now: datetime) -> str | None:
    """Return a sentence about a token of the environment that has ended or ends within 14 days.

    Args:
        provider: As in the variable's name.
        token: Only one that is a JWT says when it ends (Kommo's do; Kommo sheet, section 3).
        now: The time (UTC).
    """
    end = expires_at(token)
    if end is None or not _soon(end, now):
        return None
    return (
        f"the token in KINV_{provider.upper()}_TOKEN {ending(end, now)}: put a new one there, or "
        f"unset it and run `kinv connect {provider}`"
    )


def ending(moment: datetime, now: datetime) -> str:
    """Return when something ends, ``ends on 2026-11-30 (in 9 days)``, or that it has ended.

    Args:
        moment: Its end (UTC).
        now: The time (UTC).
    """
    if moment <= now:
        return f"ended on {moment:%Y-%m-%d}"
    days = (moment - now).days
    left = "in less than a day" if not days else "in 1 day" if days == 1 else f"in {days} days"
    return f"ends on {moment:%Y-%m-%d} ({left})"


def _soon(end: datetime, now: datetime) -> bool:
    return end - now <= NOTICE
