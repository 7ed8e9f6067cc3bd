"""Every books provider's ground: a provider joins the suite with one class here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance_quickbooks import QuickBooksGround
from conformance_wave import WaveGround
from conformance_zoho import ZohoGround

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance_books import BooksGround

BOOKS_GROUNDS: Mapping[str, type[BooksGround]] = {
    each.provider: each for each in (WaveGround, QuickBooksGround, ZohoGround)
}
