"""``kinv doctor`` on tokens and the stores that keep them: no request is made here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from kommo_invoice.engine.doctor_findings import Finding, fails, ok, unchecked, warning
from kommo_invoice.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommo_invoice.errors import KinvError


class Source(StrEnum):
    """Where a token comes from."""

    ENVIRONMENT = "environment"
    CONNECTION = "connection"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of one provider's token; nothing in it is secret.

    Args:
        provider: As the mapping names it.
        source: Where the token comes from.
        problem: Why there is none, or why it cannot be used.
        ends: When the token ends, or the grant if it is not used, in words; None if not known.
        warning: That it has ended or ends soon, and what to do, in a sentence.
        scopes: What it may do, None where that is not known.
        needed: The scopes that kinv needs.
        missing: Those of them that ``scopes`` do not grant.
        store: Where its secret is, in words; None for the environment.
        store_problem: Why that store cannot be used without a person.
    """

    provider: str
    source: Source
    problem: KinvError | None = None
    ends: str | None = None
    warning: str | None = None
    scopes: tuple[str, ...] | None = None
    needed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    store: str | None = None
    store_problem: KinvError | None = None

    @property
    def wrong(self) -> KinvError | None:
        """Why no request can be made with it."""
        return self.store_problem or self.problem


def token_findings(token: Token) -> Iterator[Finding]:
    """Yield the findings on a token: it, what it may do, and its store."""
    provider = token.provider
    yield _token(token)
    if token.wrong is None:
        yield _scopes(token)
    if token.store_problem is not None:
        yield fails(f"{provider} store", token.store_problem)
    elif token.source is Source.CONNECTION:
        yield ok(f"{provider} store", f"opens without a person: {token.store}")
    elif token.source is Source.ENVIRONMENT:
        yield ok(f"{provider} store", "not needed: the token is in the environment")


def _token(token: Token) -> Finding:
    """Return what is known of a token; whether one that has ended still opens, its account says."""
    check = f"{token.provider} token"
    if token.store_problem is not None:
        return unchecked(check, "its store does not open")
    if token.problem is not None:
        return fails(check, token.problem)
    if token.warning is not None:
        return warning(check, token.warning)
    return ok(check, f"{_origin(token)}; {token.ends or 'it does not say when it ends'}")


def _scopes(token: Token) -> Finding:
    check = f"{token.provider} scopes"
    needed = ", ".join(token.needed)
    if token.scopes is None:
        return unchecked(check, "the token does not say what it may do", f"kinv needs {needed}")
    if token.missing:
        message = f"the token lacks {', '.join(token.missing)}; it has {', '.join(token.scopes)}"
        hint = f"give the integration these scopes, then {_renewing(token)}"
        return fails(check, Refused(message, hint=hint))
    return ok(check, f"the token has {', '.join(token.scopes)}; kinv needs {needed}")


def _origin(token: Token) -> str:
    if token.source is Source.ENVIRONMENT:
        return f"from KINV_{token.provider.upper()}_TOKEN"
    return f"connected, kept in {token.store}"


def _renewing(token: Token) -> str:
    if token.source is Source.ENVIRONMENT:
        return f"set KINV_{token.provider.upper()}_TOKEN to a new token"
    return f"connect it again: `kinv connect {token.provider}`"
