"""Which accounts a token opens, and whether they can be worked with, for ``kinv connect``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from kommo_invoice.engine.providers import CRMS, closing_clients, open_unchosen

if TYPE_CHECKING:
    from kommo_invoice.books.base import Books
    from kommo_invoice.crm.base import Crm
    from kommo_invoice.engine.providers import Account
    from kommo_invoice.http import OpenClient


@dataclass(frozen=True, slots=True)
class Reached:
    """An account that a token opens.

    Args:
        account: As the mapping names it.
        name: As people know it.
        currency: Its own currency, an ISO code.
        warning: What kinv cannot do there, and who can change that; None where all is well.
    """

    account: str
    name: str
    currency: str
    warning: str | None = None


def reach(side: Account, open_client: OpenClient) -> list[Reached]:
    """Return the accounts that the token of ``open_client`` opens.

    Args:
        side: A CRM or books that this version has; with the account only where the provider's
            address depends on it.
        open_client: Makes its HTTP client.

    Raises:
        ConfigInvalid: The account is malformed.
        LoginNeeded, Refused, Temporary: The token does not open anything, or not now.
    """
    with closing_clients(open_client) as opened:
        adapter = open_unchosen(side, opened)
        if side.provider in CRMS:
            found = cast("Crm", adapter).accounts()
            return [Reached(each.subdomain, each.name, each.currency) for each in found]
        return [
            Reached(
                each.id,
                each.name,
                each.currency,
                None if each.can_send else "e-mailing invoices is switched off there",
            )
            for each in cast("Books", adapter).accounts()
        ]


def try_out(side: Account, open_client: OpenClient) -> str:
    """Read what kinv needs to read, and return in words what is there.

    Raises:
        Refused: The token may not read it.
        LoginNeeded, Temporary: As for ``reach``.
    """
    with closing_clients(open_client) as opened:
        adapter = open_unchosen(side, opened)
        if side.provider in CRMS:
            setup = cast("Crm", adapter).setup(users=True)
            rights = "" if setup.users else "; its user is no administrator: no fields are created"
            pipelines, fields = len(setup.pipelines), len(setup.fields)
            return f"pipelines: {pipelines}, fields of deals: {fields}{rights}"
        catalog = cast("Books", adapter).catalog()
        return f"items: {len(catalog.items)}, taxes: {len(catalog.taxes)}"
