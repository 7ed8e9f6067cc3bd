"""Tokens that a command holds in its hand: from the environment, or before they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kommo_invoice.errors import LoginNeeded


class GivenToken:
    """A bearer token that can be used, but not renewed.

    Args:
        token: The token.
        hint: What to do when it is refused.
    """

    def __init__(self, token: str, hint: str) -> None:
        self._token = token
        self._hint = hint

    def token(self) -> str:
        """Return the bearer token."""
        return self._token

    def renew(self) -> bool:
        """Return False: nothing renews it."""
        return False

    def explain(self) -> str:
        """Return what to do when the token is refused."""
        return self._hint


class NoToken:
    """Stands where there is no token to be had; what needs none goes on.

    Args:
        error: What is raised once a token is needed.
    """

    def __init__(self, error: LoginNeeded) -> None:
        self._error = error

    def token(self) -> str:
        """Raise: there is none.

        Raises:
            LoginNeeded: Always.
        """
        raise self._error

    def renew(self) -> bool:
        """Return False: there is nothing to renew."""
        return False

    def explain(self) -> str:
        """Return what to do to have a token."""
        return self._error.hint
