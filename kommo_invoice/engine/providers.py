"""Opens the provider that a mapping names; each is imported only when it is used."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from kommo_invoice.errors import ConfigInvalid, Problem

if TYPE_CHECKING:
    from kommo_invoice.books.base import Books
    from kommo_invoice.crm.base import Crm
    from kommo_invoice.http import OpenClient

CRMS = {"kommo": "kommo_invoice.crm.kommo"}
BOOKS = {"wave": "kommo_invoice.books.wave"}


@dataclass(frozen=True, slots=True)
class Account:
    """One side of a mapping: provider, account, and a base URL in place of the provider's own."""

    provider: str
    account: str
    base_url: str | None = None

    def __str__(self) -> str:
        return f"{self.provider}:{self.account}"


def open_crm(account: Account, open_client: OpenClient, *, file: str = "mapping") -> Crm:
    """Return the CRM's adapter.

    Args:
        account: The account.
        open_client: Makes its HTTP client.
        file: The mapping's name, for the error.

    Raises:
        ConfigInvalid: This version has no such provider, or the account is malformed.
    """
    module = import_module(_path(CRMS, "crm", account.provider, file))
    crm: Crm = module.connect(account.account, base_url=account.base_url, open_client=open_client)
    return crm


def open_books(account: Account, open_client: OpenClient, *, file: str = "mapping") -> Books:
    """Return the books' adapter.

    Raises:
        ConfigInvalid: As for the CRM.
    """
    module = import_module(_path(BOOKS, "books", account.provider, file))
    books: Books = module.connect(
        account.account, base_url=account.base_url, open_client=open_client
    )
    return books


def _path(known: dict[str, str], section: str, provider: str, file: str) -> str:
    if provider not in known:
        problem = Problem(
            file,
            f"{section}.provider",
            f"{provider!r} is not available in this version; there is {', '.join(known)}",
        )
        raise ConfigInvalid(str(problem), problems=[problem])
    return known[provider]
