"""What one can play with: for each books a firm, its deals and its ready mapping."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from kommo_invoice.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Scope

    from kommo_invoice.sandbox.grants import Grants
    from kommo_invoice.sandbox.kommo import Kommo
    from kommo_invoice.sandbox.world import World

GROUNDS: Mapping[str, str] = MappingProxyType(
    {
        "wave": "kommo_invoice.sandbox.agency",
        "quickbooks": "kommo_invoice.sandbox.consultancy",
        "zoho": "kommo_invoice.sandbox.european",
    }
)
"""The books that can be played with -> the module with its ``GROUND``."""

PIPELINE, STAGE = "Sales", "Issue Invoice"
"""Where deals wait, unless a ground says another stage."""


class BooksSimulator(Protocol):
    """Simulated books that people can log in to."""

    name: str

    @property
    def oauth(self) -> Grants:
        """Its applications and tokens."""

    @property
    def app(self) -> ASGIApp:
        """The provider's API."""

    def operation(self, scope: Scope, body: bytes) -> str:
        """Return what the request asks for, in the words that fault rules use."""

    def dump(self) -> dict[str, Any]:
        """Return a picture of the provider's world as JSON data."""


@dataclass(frozen=True, slots=True)
class Furnished:
    """Both sides of a ground, filled.

    Args:
        kommo: The CRM.
        books: The books.
        account: The id of the books' account.
        token: Opens the books, and nothing else.
        deals: The deals that wait, name -> id.
    """

    kommo: Kommo
    books: BooksSimulator
    account: str
    token: str
    deals: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A firm with its CRM and its books.

    Args:
        firm: Whose they are, in words.
        books: The books' name, as people write it.
        mapping: The file with its mapping, beside this module.
        where: What ``[books]`` and ``kinv connect`` say of where the account is, besides its id:
            ``environment`` or ``region``, for books that have several.
        create: The operation, in the words of fault rules, that makes an invoice.
        stage: The stage in which the deals wait.
        shapes: The deals that wait, and what is special about each.
        furnish: Fills both sides.
    """

    firm: str
    books: str
    mapping: str
    where: Mapping[str, str] = field(default_factory=dict)
    create: str
    stage: str = STAGE
    shapes: Mapping[str, str]
    furnish: Callable[[World], Furnished]


def ground_of(books: str) -> Ground:
    """Return what one can play with in these books.

    Raises:
        UsageError: The sandbox does not have them.
    """
    if books not in GROUNDS:
        raise UsageError(f"the sandbox has no {books!r}; there is {', '.join(GROUNDS)}")
    found: Ground = import_module(GROUNDS[books]).GROUND
    return found
