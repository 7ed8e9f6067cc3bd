"""Which of an account's custom fields a first mapping reads and writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kommo_invoice.domain.fields import FieldDef, FieldKind
from kommo_invoice.domain.invoice import Status
from kommo_invoice.mapping.first.names import TEXTS, Spelled, normal, path, spelled, usual
from kommo_invoice.mapping.new_fields import MARK_CODE, has_code, own_code
from kommo_invoice.mapping.resolve import pick_field

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TEXT = frozenset({FieldKind.TEXT})
_DAYS = frozenset({FieldKind.DATE, FieldKind.DATETIME})
_NUMBERS = frozenset({FieldKind.NUMBER})
_MARK_NAMES = ("invoice id", "kinv invoice id", "kinv")
MARK_NAME = "Invoice ID"
"""The name of the field that holds kinv's own mark, where it has to be made."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A value that comes from a custom field where there is such a one.

    Args:
        key: The mapping's key.
        owners: Whose field it may be; the first that has it goes first.
        names: Its usual names.
        kinds: What it has to hold.
        after: What stands behind the fields in ``first(…)``.
    """

    key: str
    owners: tuple[str, ...]
    names: tuple[str, ...]
    kinds: frozenset[FieldKind] = TEXTS
    after: str | None = None


_READS = (
    _Read("customer.country", ("company", "contact", "deal"), ("country",)),
    _Read("customer.currency", ("deal", "company", "contact"), ("currency", "invoice currency"),
          after="account.currency"),
    _Read("customer.tax_number", ("company", "contact"), ("vat id", "vat number", "vat no", "vat",
          "tax number", "tax id")),
    _Read("customer.address.line1", ("company", "contact"), ("street", "address line 1")),
    _Read("customer.address.line2", ("company", "contact"), ("building", "address line 2")),
    _Read("customer.address.city", ("company", "contact"), ("city", "town")),
    _Read("customer.address.postal_code", ("company", "contact"), ("postal code", "postcode",
          "zip code", "zip")),
    _Read("customer.address.region", ("company", "contact"), ("state", "province", "region")),
    _Read("invoice.due_date", ("deal",), ("due date", "invoice due date", "payment due date"),
          _DAYS),
    _Read("invoice.terms", ("deal",), ("terms", "payment terms")),
    _Read("invoice.discount", ("deal",), ("discount percent", "discount in percent"), _NUMBERS),
    _Read("invoice.po_number", ("deal",), ("po", "po number", "purchase order",
          "purchase order number")),
    _Read("invoice.cc", ("deal",), ("copy to", "invoice copy to"), _TEXT),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """A field of deals that is told about the invoice.

    Args:
        field: How the mapping names it.
        value: The expression.
        exists: Whether the account has it.
    """

    field: Spelled
    value: str
    exists: bool


@dataclass(frozen=True, slots=True)
class _Write:
    name: str
    value: str
    names: tuple[str, ...]
    kinds: frozenset[FieldKind]


_STATUS = "{{ 'overdue' if invoice.overdue else invoice.status }}"
_STATUSES = frozenset({"overdue", *(status.value for status in Status)})
_WRITES = (
    _Write("Invoice number", "{{ invoice.number }}", ("invoice number", "invoice no"), _TEXT),
    _Write("Invoice link", "{{ invoice.url }}", ("invoice link", "invoice url"), _TEXT),
    _Write("Payment status", _STATUS, ("payment status", "invoice status"), TEXTS),
    _Write("Paid amount", "{{ invoice.paid }}", ("paid amount", "amount paid"), _NUMBERS),
    _Write("Paid on", "{{ invoice.paid_on }}", ("paid on", "payment date", "paid date"), _DAYS),
)


def reads(fields: Sequence[FieldDef]) -> dict[str, str]:
    """Return the expressions over custom fields that the account has, by the mapping's key."""
    found: dict[str, str] = {}
    for each in _READS:
        own = [usual(fields, owner, each.names, each.kinds) for owner in each.owners]
        paths = [path(field, fields) for field in own if field is not None]
        if paths:
            terms = [*paths, each.after] if each.after else paths
            text = f"first({', '.join(terms)})" if len(terms) > 1 else terms[0]
            found[each.key] = f"{{{{ {text} }}}}"
    return found


def mark(fields: Sequence[FieldDef]) -> tuple[Spelled, bool]:
    """Return the field for kinv's own mark, and whether the account has it."""
    own = [field for field in fields if field.entity == "deal"]
    found = coded_mark(fields) or usual(own, "deal", _MARK_NAMES, _TEXT)
    if found is not None:
        return spelled(found, lambda text: pick_field(text, own, "deal")), True
    # Another kind of field may have that name already.
    taken = {field.name.strip().casefold() for field in own}
    names = (MARK_NAME, f"kinv {MARK_NAME}", f"kinv {MARK_NAME} (text)")
    name = next(each for each in names if each.casefold() not in taken)
    return Spelled(name, name), False


def coded_mark(fields: Sequence[FieldDef]) -> FieldDef | None:
    """Return the field that kinv made for its mark, whatever its name is now."""
    own = (field for field in fields if field.entity == "deal" and field.kind is FieldKind.TEXT)
    return next((field for field in own if has_code(field, MARK_CODE)), None)


def writes(fields: Sequence[FieldDef], mark_field: Spelled) -> Iterator[Written]:
    """Yield what deals can be told, in fields that the account has or could have.

    A field that kinv made is known by its code, whatever its name is now. One that has such a
    code or name and cannot hold the value is left alone.

    Args:
        fields: All fields.
        mark_field: The field for kinv's own mark, which takes nothing else.
    """
    own = [field for field in fields if field.entity == "deal"]
    taken = {normal(field.name) for field in own}
    made = {each: _made(own, each) for each in _WRITES}
    free = [field for field in own if field not in made.values()]
    for each in _WRITES:
        found = made[each] or usual(free, "deal", each.names, each.kinds)
        if found is not None and found.kind in each.kinds and _holds(found, each.value):
            name = spelled(found, lambda text: pick_field(text, own, "deal"))
            if name.text != mark_field.text:
                yield Written(name, each.value, exists=True)
        elif found is None and normal(each.name) not in taken:
            yield Written(Spelled(each.name, each.name), each.value, exists=False)


def _made(own: Sequence[FieldDef], write: _Write) -> FieldDef | None:
    return next((field for field in own if has_code(field, own_code(write.name))), None)


def _holds(field: FieldDef, value: str) -> bool:
    if not field.writable:
        return False
    if field.kind is not FieldKind.CHOICE:
        return True
    return value == _STATUS and {option.casefold() for option in field.options} >= _STATUSES
