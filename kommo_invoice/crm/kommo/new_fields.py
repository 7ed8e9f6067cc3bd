"""Custom fields that kinv makes for itself on Kommo's deals (Kommo sheet, section 4.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.crm.kommo import fields
from kommo_invoice.crm.kommo.wire import FieldDefRow, parse_list
from kommo_invoice.domain.fields import FieldKind
from kommo_invoice.errors import KinvError, LostAnswer, Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kommo_invoice.domain.fields import FieldDef, FieldDraft

_TYPES: Mapping[FieldKind, str] = {
    FieldKind.TEXT: "text",
    FieldKind.NUMBER: "numeric",
    FieldKind.BOOL: "checkbox",
    FieldKind.DATE: "date",
    FieldKind.DATETIME: "date_time",
}
_LINK = "url"  # a text field takes 256 characters, and links can be longer (section 4.6)


def item(draft: FieldDraft, place: int) -> dict[str, object]:
    """Return the item of a batch that makes this field.

    Args:
        draft: The field, of a kind that holds one plain value.
        place: Its place in the batch, which errors name.

    Raises:
        Rejected: It is of another kind.
    """
    kind = _TYPES.get(draft.kind)
    if kind is None:
        raise Rejected(f"kinv makes no field of the kind {draft.kind}: {draft.name!r}")
    made: dict[str, object] = {
        "name": draft.name,
        "type": _LINK if draft.link and draft.kind is FieldKind.TEXT else kind,
        "code": draft.code,
        "request_id": str(place),
    }
    if draft.own:
        made["is_api_only"] = True
    return made


def made(drafts: Sequence[FieldDraft], body: object) -> list[FieldDef]:
    """Return the definitions of new fields in the order in which they were sent.

    Each is known by its code, which is ours and comes back with the definition, in whatever case.

    Raises:
        LostAnswer: The answer does not tell all of them.
    """
    try:
        told = parse_list(FieldDefRow, FieldDefRow.key, body)
        rows = {row.code.casefold(): row for row in told if row.code}
        found = [fields.definition(rows[draft.code.casefold()], "deal") for draft in drafts]
    except (KinvError, KeyError):
        found = [None]
    known = [each for each in found if each is not None]
    if len(known) < len(drafts):
        raise LostAnswer("Kommo did not tell which custom fields it made")
    return known


def named(error: Rejected, drafts: Sequence[FieldDraft]) -> Rejected:
    """Return the refusal of a batch of fields with the fields named."""
    names = {str(place): draft.name for place, draft in enumerate(drafts)}
    items = {names.get(key, key): reason for key, reason in error.items.items()}
    if not items:
        return error
    name, reason = next(iter(items.items()))
    return Rejected(
        f"Kommo refused to make the field {name!r}: {reason}",
        hint="make the field by hand, or give it another name",
        items=items,
        code=error.code,
    )
