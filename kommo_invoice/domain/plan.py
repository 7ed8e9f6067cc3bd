"""The plan of one claim: its steps in order, with all values in them. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kommo_invoice.domain.draft import CustomerDraft, Draft, Mail
from kommo_invoice.domain.writing import DealChange, TaskDraft


class StepKind(StrEnum):
    """The purpose of a step; together with the claim it is the step's key."""

    CUSTOMER_CREATE = "customer.create"
    INVOICE_DELETE = "invoice.delete"
    INVOICE_CREATE = "invoice.create"
    INVOICE_APPROVE = "invoice.approve"
    INVOICE_SEND = "invoice.send"
    DEAL_UPDATE = "deal.update"
    TASK_CREATE = "task.create"

    @property
    def in_books(self) -> bool:
        """Whether the step is written to the books; else to the CRM."""
        return self not in {StepKind.DEAL_UPDATE, StepKind.TASK_CREATE}


@dataclass(frozen=True, slots=True)
class Step:
    """One outward write.

    Args:
        key: What it is, for ever: the claim's reference and the purpose.
        values: What is sent: a customer, an invoice, a mail, a deal's change, a task, or the id
            of the invoice that is approved or deleted (None while the plan creates it).
    """

    kind: StepKind
    key: str
    values: CustomerDraft | Draft | Mail | DealChange | TaskDraft | str | None
