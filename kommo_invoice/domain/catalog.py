"""What a books account offers to invoices: its items and taxes, and its own settings."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class BooksAccount:
    """One company in the books.

    Args:
        id: The provider's id, as the mapping's ``[books] account`` gives it.
        name: Its name.
        currency: ISO code of its own currency.
        timezone: IANA name, where the books know it.
        can_send: Whether the books may e-mail invoices for it.
    """

    id: str
    name: str
    currency: str
    timezone: str | None = None
    can_send: bool = True


@dataclass(frozen=True, slots=True)
class Item:
    """A product of the books that a line can name."""

    id: str
    name: str
    sku: str | None = None
    sellable: bool = True


@dataclass(frozen=True, slots=True)
class Tax:
    """A tax of the books; ``rate`` is a fraction (0.19), None where only the books know it."""

    id: str
    name: str
    rate: Decimal | None
    compound: bool = False
    short_name: str | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """A books account with everything a line may name."""

    account: BooksAccount
    items: tuple[Item, ...] = ()
    taxes: tuple[Tax, ...] = ()
