"""The mapping, bound to both accounts: names are ids here, and deals become drafts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from kommo_invoice.domain.totals import totals
from kommo_invoice.mapping.describe import describe
from kommo_invoice.mapping.evaluate import Evaluated, evaluate
from kommo_invoice.mapping.resolve import Unresolved, nearest
from kommo_invoice.mapping.views import InvoiceView
from kommo_invoice.mapping.write_back import deal_change, task

if TYPE_CHECKING:
    from collections.abc import Mapping as AbstractMapping
    from datetime import date

    from kommo_invoice.domain.catalog import Catalog, Tax
    from kommo_invoice.domain.deal import Deal, Pipeline, Stage
    from kommo_invoice.domain.draft import Draft
    from kommo_invoice.domain.fields import FieldDef
    from kommo_invoice.domain.invoice import Invoice
    from kommo_invoice.domain.writing import DealChange, TaskDraft
    from kommo_invoice.mapping.load import MappingFile, Needs
    from kommo_invoice.mapping.schema import Document
    from kommo_invoice.mapping.values import Values
    from kommo_invoice.mapping.views import Viewer


@dataclass(frozen=True, slots=True)
class Trigger:
    """Which deals ask for an invoice.

    Args:
        pipeline: Their pipeline.
        stages: Their stages.
        since: The day before which nothing is looked at.
        since_at: The begin of that day in the CRM account's zone (UTC).
    """

    pipeline: Pipeline
    stages: tuple[Stage, ...]
    since: date | None
    since_at: datetime | None


@dataclass(frozen=True, slots=True)
class Taxes:
    """The ``[tax]`` section: a text -> the tax that lines take; None is an explicit "no tax".

    Args:
        table: The cases, as written.
        default: For all other texts.
        strict: Whether all other texts are errors instead.
    """

    table: AbstractMapping[str, Tax | None]
    default: Tax | None
    strict: bool

    def of(self, key: str) -> Tax | None:
        """Return the tax for a text, exact before case-folded.

        Raises:
            Unresolved: It has no entry, and others are errors.
        """
        if key in self.table:
            return self.table[key]
        for case, tax in self.table.items():
            if case.casefold() == key.casefold():
                return tax
        if not self.strict:
            return self.default
        entry = f"entry {key!r}" if key else "entry for an empty text"
        near = nearest(key, self.table)
        raise Unresolved(f'[tax] has no {entry}, and its default is "error"', near)


@dataclass(frozen=True, slots=True)
class WriteBack:
    """What the deal is told.

    Args:
        mark: The field that holds kinv's own mark.
        fields: The other fields, each with the key of its value.
        move_from: The only stages from which deals are moved.
        invoiced: Where the deal goes when it is invoiced.
        paid: Where the deal goes when it is paid.
    """

    mark: FieldDef
    fields: tuple[tuple[FieldDef, str], ...]
    move_from: tuple[Stage, ...]
    invoiced: Stage | None
    paid: Stage | None


@dataclass(frozen=True, slots=True)
class Mapping:
    """One CRM-books pair; made by ``compile_mapping``.

    Args:
        file: The file that it was compiled from.
        viewer: Makes what expressions see.
        catalog: What the books offer.
        trigger: Which deals ask for an invoice.
        taxes: Which tax lines take; None where no tax is asked for.
        write_back: What the deal is told.
    """

    file: MappingFile
    viewer: Viewer
    catalog: Catalog
    trigger: Trigger
    taxes: Taxes | None
    write_back: WriteBack

    @property
    def document(self) -> Document:
        """The keys of the file."""
        return self.file.document

    @property
    def values(self) -> Values:
        """Every value that may hold expressions, compiled, by key."""
        return self.file.values

    @property
    def invoice_field(self) -> FieldDef:
        """The deal's field that holds kinv's own mark."""
        return self.write_back.mark

    @property
    def has_task(self) -> bool:
        """Whether a task is made with the invoice."""
        return self.document.task is not None

    @property
    def oldest_customer_wins(self) -> bool:
        """Whether, of several customers with the e-mail address, the oldest is taken."""
        return self.document.customer.on_ambiguous == "oldest"

    @property
    def suffix_taken_names(self) -> bool:
        """Whether a customer whose name is taken gets a suffix; else it is an error."""
        return self.document.customer.on_name_taken == "suffix"

    @property
    def needs(self) -> Needs:
        """What has to be read around a deal."""
        return self.file.needs

    def draft(self, deal: Deal, *, today: date, reference: str) -> Evaluated:
        """Turn a deal into a draft.

        Args:
            deal: The deal with all that ``needs`` names.
            today: The day in the books account's zone, else the CRM's.
            reference: The claim's name inside the books.

        Returns:
            The draft, and what a person should know about it.

        Raises:
            NotPossible: By rule this deal gets no invoice: it is lost, has no price, or the
                mapping's condition is false.
            DealError: Something of the deal does not do for an invoice; it names the key.
        """
        return evaluate(self, deal, today=today, reference=reference)

    def expected_invoice(self, draft: Draft, *, today: date | None = None) -> InvoiceView:
        """Return what write-backs will see of an invoice that is about to be made.

        Args:
            draft: The invoice.
            today: The day of the write-back; the invoice's own date where it is not given.
        """
        return InvoiceView.expected(draft, totals(draft), today=today)

    def invoice_view(self, invoice: Invoice, reference: str, *, today: date) -> InvoiceView:
        """Return what write-backs see of an invoice that exists."""
        return InvoiceView.of(invoice, reference, today)

    def deal_change(self, deal: Deal, invoice: InvoiceView, *, mark: str) -> DealChange:
        """Return what the deal is told about its invoice.

        Args:
            deal: The deal, freshly read: its stage decides about the move.
            invoice: The invoice, or the expected one.
            mark: kinv's own mark, ``<books>:<invoice id>``.

        Raises:
            DealError: A field cannot hold its value; it names the field and says why.
        """
        return deal_change(self, deal, invoice, mark=mark)

    def task(self, deal: Deal, invoice: InvoiceView, reference: str) -> TaskDraft | None:
        """Return the task for the deal's responsible user, None where the mapping has none.

        Raises:
            DealError: Its text or its day has no result for this deal.
        """
        return task(self, deal, invoice, reference)

    def fingerprint(self) -> str:
        """Return the hash of crm, books and trigger: another one needs a new confirmation."""
        return self.file.fingerprint()

    def end_of(self, day: date) -> datetime:
        """Return the last second of a day in the CRM account's zone, as UTC."""
        return datetime.combine(day, time(23, 59, 59), self.viewer.zone).astimezone(UTC)

    def describe(self) -> dict[str, object]:
        """Return the compiled mapping as plain data: values as written, names with their ids."""
        return describe(self)
