"""The clients' pages of invoices, where the books tell them only when they are asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kommo_invoice.books.capabilities import Link
from kommo_invoice.errors import Refused, Rejected

if TYPE_CHECKING:
    from kommo_invoice.domain.invoice import Invoice
    from kommo_invoice.engine.session import Session

_URL = "invoice.url"


class Links:
    """Asks for the page of an invoice that came without it, once in a run.

    It is a secret, so the ledger does not keep it: it is asked for again only while the deal may
    not have been told it.

    Args:
        session: The run's tools.
    """

    def __init__(self, session: Session) -> None:
        self._books = session.books
        self._pages: dict[str, str | None] = {}
        told = any(_URL in value.attributes for value in session.mapping.values.values())
        self._asks = told and session.books.capabilities.link is not Link.WITH_INVOICE

    def onto(self, invoice: Invoice) -> Invoice:
        """Return the invoice with its page, where there is one and the mapping uses it.

        Books that refuse to tell it are not asked again: the deal is told all the rest.

        Raises:
            LoginNeeded, Temporary: They cannot be asked now.
        """
        if invoice.url is not None or not self._asks:
            return invoice
        if invoice.id not in self._pages:
            try:
                self._pages[invoice.id] = self._books.link(invoice.id)
            except (Rejected, Refused):
                self._pages[invoice.id] = None
        return replace(invoice, url=self._pages[invoice.id])
