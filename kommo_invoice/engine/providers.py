"""Opens the provider that a mapping names; each is imported only when it is used."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from kommo_invoice.errors import ConfigInvalid, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommo_invoice.books.base import Books
    from kommo_invoice.crm.base import Crm
    from kommo_invoice.http import Client, Judge, OpenClient, Policy

CRMS = {"kommo": "kommo_invoice.crm.kommo"}
BOOKS = {
    "wave": "kommo_invoice.books.wave",
    "quickbooks": "kommo_invoice.books.quickbooks",
    "zoho": "kommo_invoice.books.zoho",
}


@dataclass(frozen=True, slots=True)
class Account:
    """One side of a mapping.

    Args:
        provider: Its name.
        account: As the mapping names it; empty where it is not chosen yet.
        base_url: In place of the provider's own address.
        environment: Of books: ``sandbox`` for an account of the provider's own sandbox.
        region: Of books: the data centre.
    """

    provider: str
    account: str
    base_url: str | None = None
    environment: str | None = None
    region: str | None = None

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
    crm: Crm = module.connect(
        account.account or None, base_url=account.base_url, open_client=open_client
    )
    return crm


def open_books(account: Account, open_client: OpenClient, *, file: str = "mapping") -> Books:
    """Return the books' adapter.

    Raises:
        ConfigInvalid: As for the CRM.
    """
    module = import_module(_path(BOOKS, "books", account.provider, file))
    books: Books = module.connect(
        account.account or None,
        base_url=account.base_url,
        open_client=open_client,
        environment=account.environment,
        region=account.region,
    )
    return books


@contextmanager
def closing_clients(open_client: OpenClient) -> Iterator[OpenClient]:
    """Give an ``open_client`` whose clients are closed in the end."""
    with ExitStack() as stack:

        def opened(base_url: str, provider: str, policy: Policy, judge: Judge) -> Client:
            return stack.enter_context(open_client(base_url, provider, policy, judge))

        yield opened


def account_id(provider: str, account: str) -> str:
    """Return an account as its provider writes it, so that two spellings are seen to be one.

    Raises:
        ConfigInvalid: It is malformed.
    """
    found: str = import_module({**CRMS, **BOOKS}[provider]).account_id(account)
    return found


def known_id(provider: str, account: str) -> str:
    """Return the same, and an account of a provider that this version lacks as it stands.

    Raises:
        ConfigInvalid: It is malformed.
    """
    return account_id(provider, account) if provider in {**CRMS, **BOOKS} else account


def open_unchosen(side: Account, open_client: OpenClient) -> Crm | Books:
    """Return the adapter of either side, to see which accounts a token opens.

    Args:
        side: Of a provider that is known to ``CRMS`` or ``BOOKS``; its account is empty where it
            is not chosen yet.
        open_client: Makes its HTTP client.

    Raises:
        ConfigInvalid: The account is malformed.
    """
    opened = open_crm if side.provider in CRMS else open_books
    return opened(side, open_client)


def _path(known: dict[str, str], section: str, provider: str, file: str) -> str:
    if provider not in known:
        problem = Problem(
            file,
            f"{section}.provider",
            f"{provider!r} is not available in this version; there is {', '.join(known)}",
        )
        raise ConfigInvalid(str(problem), problems=[problem])
    return known[provider]
