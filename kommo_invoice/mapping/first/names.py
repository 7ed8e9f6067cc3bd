"""How the things of an account are named in a mapping, and by which names they are usually found.

Names that people gave are data: one that could be taken for an expression, or that means several
things, is written as its id.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kommo_invoice.domain.fields import FieldDef, FieldKind
from kommo_invoice.mapping.resolve import Named, Unresolved, pick_field

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kommo_invoice.domain.deal import Stage

_MARKS = ("{{", "{%", "{#")
_BARE = re.compile(r"[^'\"\\{}%#\x00-\x1f\x7f]+|[^'\"\\{}#\x00-\x1f\x7f]+ %")
_WORDS = re.compile(r"[\W_]+")

ISSUE = ("issue invoice", "create invoice", "send invoice", "to invoice", "ready to invoice",
         "ready for invoice", "invoice", "invoicing")  # fmt: skip
"""Names of stages that ask for an invoice, the likeliest first."""

INVOICED = ("invoice sent", "invoiced", "invoice issued", "awaiting payment", "waiting for payment")
"""Names of stages in which the invoice is out."""

PAID = ("payment received", "invoice paid", "paid")
"""Names of stages in which the money is in."""

TEXTS = frozenset({FieldKind.TEXT, FieldKind.CHOICE})


@dataclass(frozen=True, slots=True)
class Spelled:
    """A thing of an account as a mapping names it.

    Args:
        text: What stands in the file.
        name: The name that people know it by.
    """

    text: str
    name: str

    @property
    def remark(self) -> str | None:
        """The name, where the file has something else."""
        return None if self.text == self.name else self.name

    def __str__(self) -> str:
        return self.name or self.text


def spelled(thing: Named, find: Callable[[str], Named | None]) -> Spelled:
    """Return how a mapping names a thing: by its name where that means it alone, else by its id.

    Args:
        thing: What is to be named.
        find: How the mapping's texts are looked up.
    """
    for text in (thing.name, thing.id):
        if text and not any(mark in text for mark in _MARKS) and _finds(find, text, thing):
            return Spelled(text, thing.name)
    return Spelled(thing.id, thing.name)


def _finds(find: Callable[[str], Named | None], text: str, thing: Named) -> bool:
    try:
        found = find(text)
    except Unresolved:
        return False
    return found is not None and found.id == thing.id


def path(field: FieldDef, fields: Sequence[FieldDef]) -> str:
    """Return a custom field as expressions ask for it: ``deal['Due Date']``.

    Args:
        field: The field.
        fields: All fields, among which its name has to be its own.
    """
    chosen = spelled(field, lambda text: pick_field(text, fields, field.entity)).text
    return f"{field.entity}['{chosen if _BARE.fullmatch(chosen) else field.id}']"


def normal(text: str) -> str:
    """Return a name as it is compared: without case, punctuation and double spaces."""
    kept = text.replace("%", " percent ")
    return _WORDS.sub(" ", kept).strip().casefold()


def usual(
    fields: Sequence[FieldDef], entity: str, names: Sequence[str], kinds: frozenset[FieldKind]
) -> FieldDef | None:
    """Return the custom field that has one of the usual names (or codes), None when none has.

    Two fields of the same name are left alone: nobody knows which one is meant.

    Args:
        fields: All fields.
        entity: Whose: ``deal``, ``contact`` or ``company``.
        names: The usual names, as ``normal`` gives them, the likeliest first.
        kinds: What the field has to hold.
    """
    own = [field for field in fields if field.entity == entity and field.kind in kinds]
    for name in names:
        found = [field for field in own if name in {normal(field.name), normal(field.code or "")}]
        if len(found) == 1:
            return found[0]
    return None


def likely(stages: Sequence[Stage], names: Sequence[str]) -> Stage | None:
    """Return the one stage that has the likeliest of the names, None when none has."""
    for name in names:
        found = [stage for stage in stages if normal(stage.name) == name]
        if len(found) == 1:
            return found[0]
    return None
