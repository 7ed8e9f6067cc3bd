"""What a run works with: the two providers, the compiled mapping, the ledger, a listener."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from kommo_invoice.engine.references import References

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from kommo_invoice.books.base import Books
    from kommo_invoice.books.capabilities import Operation
    from kommo_invoice.crm.base import Crm, CrmSetup, Want
    from kommo_invoice.domain.catalog import Catalog
    from kommo_invoice.domain.claim import Namer
    from kommo_invoice.engine.events import Reporter
    from kommo_invoice.ledger.ledger import Ledger
    from kommo_invoice.mapping.mapping import Mapping


@dataclass(slots=True)
class Session:
    """One run's tools.

    Args:
        today: The date in the books account's time zone (else the CRM's).
        want: What the mapping needs around a deal.
        dry_run: Nothing is written anywhere.
        settle_s: ``KINV_SETTLE_S``; None leaves it to the capabilities.
        promised: Customers that this run's earlier plans create: key -> deal (previews).
        references: Which claims may have an invoice that this ledger did not make.
    """

    mapping: Mapping
    crm: Crm
    books: Books
    crm_setup: CrmSetup
    catalog: Catalog
    namer: Namer
    ledger: Ledger
    reporter: Reporter
    clock: Callable[[], datetime]
    today: date
    want: Want
    dry_run: bool = False
    settle_s: float | None = None
    promised: dict[str, int] = field(default_factory=dict)
    references: References = field(init=False)

    def __post_init__(self) -> None:
        self.references = References(self)

    def settle_time(self, operation: Operation) -> timedelta:
        """Return for how long an operation of the books may yet take effect, or not be listed."""
        rule_s = self.books.capabilities.rule(operation).settle_s
        return timedelta(seconds=rule_s if self.settle_s is None else self.settle_s)

    @property
    def mark_prefix(self) -> str:
        """How the mark on a deal begins that names an invoice of these books."""
        return f"{self.books.capabilities.provider}:"
