"""Which customer of the books is a draft's: its keys, its names, and whether one will do."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from kommo_invoice.ledger.rows import StepState

if TYPE_CHECKING:
    from kommo_invoice.books.capabilities import BooksCapabilities
    from kommo_invoice.domain.draft import Draft
    from kommo_invoice.domain.invoice import Customer
    from kommo_invoice.ledger.ledger import Ledger
    from kommo_invoice.ledger.rows import StepRow

NAMES = 20
"""How many names of one customer are tried where books want each of them once."""


def customer_key(books: str, capabilities: BooksCapabilities, draft: Draft) -> str:
    """Return the key of making a draft's customer, which all deals of the customer share."""
    customer = draft.customer
    parts = [books, "customer", customer.email.casefold()]
    if capabilities.customers.fixed_currency:
        parts.append(customer.currency or draft.currency)
    return "/".join(parts)


def named_key(key: str, number: int) -> str:
    """Return the key of making the customer under the first, second, … of its names."""
    return key if number == 1 else f"{key}/{number}"


def numbered(name: str, number: int, longest: int | None) -> str:
    """Return the first, second, … name of a customer: ``Ada Ltd``, then ``Ada Ltd (2)``.

    Args:
        name: The name that it was to have.
        number: Which one.
        longest: The most characters that a name may have; None without a limit.
    """
    if number == 1:
        return name
    suffix = f" ({number})"
    kept = name if longest is None else name[: longest - len(suffix)]
    return f"{kept.rstrip()}{suffix}"


def customer_step(ledger: Ledger, key: str) -> StepRow | None:
    """Return the step that made a customer, or is about to, under whichever of its names.

    At most one of them stands: a name is tried when the one before it was refused as taken.
    """
    found: list[StepRow] = []
    for number in count(1):
        step = ledger.step(named_key(key, number))
        if step is None:
            break
        found.append(step)
    standing = [step for step in found if step.state is not StepState.REFUSED] or found
    return standing[-1] if standing else None


def has_currency(customer: Customer, draft: Draft, capabilities: BooksCapabilities) -> bool:
    """Say whether a customer may get the draft's invoice, for its currency."""
    wanted = draft.customer.currency or draft.currency
    return not capabilities.customers.fixed_currency or customer.currency in {None, wanted}


def has_address(customer: Customer, draft: Draft) -> bool:
    """Say whether a customer has the draft's e-mail address."""
    return (customer.email or "").casefold() == draft.customer.email.casefold()


def takes_name(holder: Customer, draft: Draft, capabilities: BooksCapabilities) -> bool:
    """Say whether the customer that has the draft's name is the one that the draft means.

    One without an address counts as well: the name is all that is known of it.
    """
    if holder.archived or not has_currency(holder, draft, capabilities):
        return False
    return not holder.email or has_address(holder, draft)
