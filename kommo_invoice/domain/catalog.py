"""What a books account offers to invoices: items, taxes, terms, and how it is set up."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

_NET = re.compile(r"net\s*(\d{1,3})(\s*days?)?", re.IGNORECASE)
_ON_RECEIPT = re.compile(r"(due\s+)?(up)?on\s+receipt", re.IGNORECASE)


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
class Currency:
    """A currency of an account, where the books name it by an id."""

    id: str
    code: str


@dataclass(frozen=True, slots=True)
class Term:
    """Payment terms of the books; ``days`` is None where they do not count days."""

    id: str
    name: str
    days: int | None = None


class TaxChoice(StrEnum):
    """What a line of an account's invoices says about tax."""

    OPTIONAL = "optional"
    """It names one of the taxes, or none."""
    REQUIRED = "required"
    """It names one of the taxes: "no tax" is one of them, which the mapping has to name."""
    BY_BOOKS = "by-books"
    """Only whether it is taxable; the books find the rate."""
    NONE = "none"
    """Nothing: the account charges no tax."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How an account is set up, where that decides what its invoices may say.

    Args:
        taxes: What a line says about tax.
        other_currencies: Whether there may be customers and invoices in other currencies.
        asks_for_number: Whether an invoice without a number has to ask for the next one.
        reference_field: The account's own field in which our reference stands as well, by id.
        online_payments: Whether clients can pay on the page of the invoice; None where the books
            do not tell.
        country: ISO code of the account's own country, where it decides what the books take.
        tax_treatments: What a customer's tax treatment may be; empty where the books do not
            tell, so that any word goes to them.
    """

    taxes: TaxChoice = TaxChoice.OPTIONAL
    other_currencies: bool = True
    asks_for_number: bool = False
    reference_field: str | None = None
    online_payments: bool | None = None
    country: str | None = None
    tax_treatments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalog:
    """A books account with everything an invoice may name.

    Args:
        currencies: Those that the books name by ids, the account's own with them.
        switched_off: Keys of the mapping that this account's settings have switched off.
        required: Keys of the mapping that this account's settings make necessary.
        lacking: Keys of the mapping that these books can do, but not for this account.
    """

    account: BooksAccount
    items: tuple[Item, ...] = ()
    taxes: tuple[Tax, ...] = ()
    terms: tuple[Term, ...] = ()
    currencies: tuple[Currency, ...] = ()
    switched_off: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    settings: Settings = Settings()


def words_days(text: str) -> int | None:
    """Return the days that simple terms give (``Net 30``, ``Due on receipt``), else None."""
    if _ON_RECEIPT.fullmatch(text.strip()):
        return 0
    net = _NET.fullmatch(text.strip())
    return int(net[1]) if net else None


def find_term(terms: Iterable[Term], text: str) -> Term | None:
    """Return the terms that a text names: by name or id, else by the days that its words say."""
    wanted = text.strip().casefold()
    known = list(terms)
    for each in known:
        if wanted in {each.name.casefold(), each.id.casefold()}:
            return each
    days = words_days(text)
    return next((each for each in known if days is not None and each.days == days), None)
