"""Following changes: the list of what was modified since a moment (Zoho sheet, section 4.7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from kommo_invoice.books.shapes import DAWN, parse
from kommo_invoice.books.zoho.wire_invoice import WireInvoice

if TYPE_CHECKING:
    from kommo_invoice.books.zoho.company import Organization
    from kommo_invoice.domain.invoice import Invoice

_BEFORE = timedelta(seconds=1)  # the filter is strict, and times have whole seconds
_ORDER = (("filter_by", "Status.All"), ("sort_column", "created_time"), ("sort_order", "A"))


def changed_since(organization: Organization, moment: datetime) -> list[Invoice]:
    """Return summaries of the invoices that changed since then (UTC), oldest change first.

    They cannot be sorted by their change, and come in the order of their making: what changes
    during the walk moves rows to later pages, where they are seen twice. Only a deletion may hide
    one, until it is asked for by its id.
    """
    asked = (("last_modified_time", instant(moment - _BEFORE)), *_ORDER)
    found: dict[str, Invoice] = {}
    for page in organization.pages("/invoices", "invoices", *asked):
        for row in (parse(WireInvoice, each) for each in page.rows):
            if (row.modified_at or DAWN) >= moment:
                found[row.invoice_id] = row.summary(page.at)
    return sorted(found.values(), key=lambda each: each.modified_at or DAWN)


def instant(moment: datetime) -> str:
    """Return a moment as Zoho takes it: whole seconds, and an offset without a colon."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S%z")
