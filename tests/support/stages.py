"""The stages by their books: what tests hold of all of them, they hold of each one in this list."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from quickbooks_stage import QuickBooksStage
from stage import Stage
from zoho_stage import ZohoStage

from kommo_invoice.books.capabilities import Approval
from kommo_invoice.books.capability_tables import BOOKS
from kommo_invoice.domain.plan import StepKind

if TYPE_CHECKING:
    from collections.abc import Mapping

STAGES: Mapping[str, type[Stage]] = MappingProxyType(
    {each.provider: each for each in (Stage, QuickBooksStage, ZohoStage)}
)


def takes(books: str, step: StepKind) -> bool:
    """Say whether a deal that is e-mailed takes a step, as far as it is the books'.

    Args:
        books: Which books.
        step: The step.
    """
    if step is StepKind.INVOICE_APPROVE:
        return BOOKS[books].approval is Approval.STEP
    return not step.in_books or step in STAGES[books].steps
