"""The capability tables of all books providers, written from the provider sheets.

"Not established" in a table means that the sheet found no proof, and that the value is the
stricter one. Rates are policy: they stay below what is documented or was measured.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from kommo_invoice.books.tables.freshbooks import FRESHBOOKS
from kommo_invoice.books.tables.quickbooks import QUICKBOOKS
from kommo_invoice.books.tables.wave import WAVE
from kommo_invoice.books.tables.xero import XERO
from kommo_invoice.books.tables.zoho import ZOHO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommo_invoice.books.capabilities import BooksCapabilities

BOOKS: Mapping[str, BooksCapabilities] = MappingProxyType(
    {table.provider: table for table in (WAVE, ZOHO, QUICKBOOKS, FRESHBOOKS, XERO)}
)
"""The table of every books provider, by the name that the mapping uses."""
