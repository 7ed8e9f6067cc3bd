"""What expressions see: plain data about the deal and what is around it, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from kommo_invoice.domain.invoice import Status
from kommo_invoice.domain.money import Money
from kommo_invoice.mapping.resolve import Unresolved, nearest, pick_field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from kommo_invoice.domain.deal import Company, Contact, CrmAccount, Deal, Product
    from kommo_invoice.domain.draft import CustomerDraft, Draft
    from kommo_invoice.domain.fields import Field, FieldDef
    from kommo_invoice.domain.invoice import Invoice
    from kommo_invoice.domain.totals import Totals

_ATTRIBUTES = {
    "deal": "id name price currency stage pipeline responsible created_at closed_at url",
    "contact": "id name first_name last_name email phone",
    "company": "id name email phone",
    "account": "id name currency timezone country subdomain",
    "customer": "name email contact phone country currency tax_number tax_treatment id",
    "product": "name quantity price sku",
    "invoice": "id number reference status overdue url total paid due currency date due_date "
    "sent_on paid_on",
    "payment": "id amount currency date method",
    "period": "start end label key",
}

ATTRIBUTES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {name: tuple(text.split()) for name, text in _ATTRIBUTES.items()}
)
"""The attributes of every name that has some (design, section 2)."""

FIELDED = frozenset({"deal", "contact", "company"})
"""The names whose custom fields can be asked for in brackets."""


class Later(str):
    """The text of a value that is known only when the invoice exists."""

    __slots__ = ()


LATER = Later("(known after create)")

UNREAD = object()
"""Stands for what was not read, which is not the same as empty."""


class NotYetKnown(Exception):
    """An expression asks for something that is known only when the invoice exists."""


@dataclass(frozen=True, slots=True)
class View:
    """One thing that expressions can name.

    Args:
        name: Its name in expressions.
        attributes: Every attribute of that name; None where there is nothing.
        definitions: All custom fields of the account, where it has custom fields.
        values: The values of its own custom fields by id; a missing one is empty.
    """

    name: str
    attributes: Mapping[str, object]
    definitions: Sequence[FieldDef] = ()
    values: Mapping[str, object] = field(default_factory=dict)

    def attribute(self, name: str) -> object:
        """Return the value of an attribute.

        Raises:
            Unresolved: There is no such attribute.
            NotYetKnown: It is known only when the invoice exists.
        """
        if name not in self.attributes:
            raise Unresolved(f"{self.name} has no {name!r}", nearest(name, self.attributes))
        value = self.attributes[name]
        if isinstance(value, Later):
            raise NotYetKnown
        if value is UNREAD:
            raise Unresolved(f"{self.name}.{name} is not known: the payments were not read")
        return value

    def field(self, wanted: str) -> object:
        """Return the value of a custom field, by name, code or id.

        Raises:
            Unresolved: There is no such field, or there are several.
        """
        return self.values.get(pick_field(wanted, self.definitions, self.name).id)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Makes the views of one CRM account.

    Args:
        account: The CRM account.
        zone: Its time zone: moments are shown in it.
        definitions: The custom fields of its deals, contacts and companies.
    """

    account: CrmAccount
    zone: ZoneInfo
    definitions: tuple[FieldDef, ...]

    def around(self, deal: Deal, today: date) -> dict[str, object]:
        """Return the names that are in reach everywhere."""
        return {
            "deal": self._deal(deal),
            "contact": self._record("contact", deal.contact),
            "company": self._record("company", deal.company),
            "account": _view("account", self.account),
            "today": today,
        }

    def customer(self, draft: CustomerDraft) -> View:
        """Return the view of the evaluated customer."""
        return _view("customer", draft)

    def product(self, product: Product) -> View:
        """Return the view of one product of a deal."""
        return _view("product", product)

    def invoice(self, invoice: InvoiceView) -> View:
        """Return the view of an invoice, with moments as days in the account's zone."""
        values = {
            name: value.astimezone(self.zone).date() if isinstance(value, datetime) else value
            for name, value in invoice.values.items()
        }
        return View("invoice", values)

    def _deal(self, deal: Deal) -> View:
        attributes = {name: self._local(value) for name, value in _attributes("deal", deal).items()}
        attributes["stage"] = deal.stage.name
        return View("deal", attributes, self.definitions, self._values(deal.fields))

    def _record(self, name: str, record: Contact | Company | None) -> View:
        own = record.fields if record else ()
        return View(name, _attributes(name, record), self.definitions, self._values(own))

    def _values(self, own: Iterable[Field]) -> dict[str, object]:
        return {each.id: self._local(each.value) for each in own}

    def _local(self, value: object) -> object:
        return value.astimezone(self.zone) if isinstance(value, datetime) else value


def _attributes(name: str, record: object | None) -> dict[str, object]:
    return {each: getattr(record, each, None) for each in ATTRIBUTES[name]}


def _view(name: str, record: object) -> View:
    return View(name, _attributes(name, record))


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """An invoice as write-backs see it.

    Args:
        values: Every attribute of ``invoice`` in expressions; ``LATER`` where it is unknown yet.
        today: The day of the write-back.
    """

    values: Mapping[str, object]
    today: date

    @classmethod
    def of(cls, invoice: Invoice, reference: str, today: date) -> InvoiceView:
        """Return the view of an invoice that exists."""
        paid_on: object = None
        if invoice.status in {Status.PAID, Status.OVERPAID}:
            paid_on = UNREAD
            if invoice.payments is not None:
                paid_on = max((payment.date for payment in invoice.payments), default=None)
        values = {
            **{each.name: getattr(invoice, each.name) for each in fields(invoice)},
            "reference": reference,
            "status": invoice.status.value,
            "total": invoice.total.amount,
            "paid": invoice.paid.amount,
            "due": (invoice.total - invoice.paid).amount,
            "sent_on": invoice.sent_at,
            "paid_on": paid_on,
        }
        return cls({name: values[name] for name in ATTRIBUTES["invoice"]}, today)

    @classmethod
    def expected(cls, draft: Draft, totals: Totals, *, today: date | None = None) -> InvoiceView:
        """Return the view of an invoice that is about to be made and, if so asked, e-mailed.

        Args:
            draft: The invoice.
            totals: What it will come to.
            today: The day of the write-back; the invoice's own date where it is not given.
        """
        total = totals.total.amount if totals.total else LATER
        values = {
            "id": LATER,
            "number": LATER if draft.number is None else draft.number,
            "reference": draft.reference,
            "status": Status.SENT.value if draft.mail else draft.ready.value,
            "overdue": False,
            "url": LATER,
            "total": total,
            "paid": Money(0, draft.currency).amount,
            "due": total,
            "currency": draft.currency,
            "date": draft.date,
            "due_date": draft.due_date or LATER,
            "sent_on": LATER if draft.mail else None,
            "paid_on": None,
        }
        return cls(values, today or draft.date)

    def shortest(self) -> InvoiceView:
        """Return this view with the shortest text for each value that is unknown yet."""
        values = {name: "0" if each is LATER else each for name, each in self.values.items()}
        return replace(self, values=values)
