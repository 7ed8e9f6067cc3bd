"""The fields that a mapping writes to and that the CRM lacks: what they would have to be."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

from kommo_invoice.domain.fields import FieldDef, FieldDraft, FieldKind
from kommo_invoice.errors import Problem
from kommo_invoice.mapping.load import invalid
from kommo_invoice.mapping.problems import key_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kommo_invoice.mapping.expressions import Value
    from kommo_invoice.mapping.load import MappingFile

PREFIX = "KINV_"
"""How the codes of our own fields begin."""

MARK_CODE = f"{PREFIX}INVOICE_ID"
"""The code of the field that holds kinv's own mark, whatever its name."""

_WHOLE = re.compile(r"\{\{\s*(\w+(?:\.\w+)?)\s*\}\}")
_KINDS: Mapping[str, FieldKind] = {
    **dict.fromkeys(
        ("invoice.total", "invoice.paid", "invoice.due", "deal.price"), FieldKind.NUMBER
    ),
    **dict.fromkeys(
        ("invoice.date", "invoice.due_date", "invoice.sent_on", "invoice.paid_on", "today"),
        FieldKind.DATE,
    ),
    "invoice.overdue": FieldKind.BOOL,
}
_LINKS = {"invoice.url", "deal.url"}


def missing_fields(file: MappingFile, fields: Sequence[FieldDef]) -> list[FieldDraft]:
    """Return the fields that ``[write_back]`` names and the CRM does not have.

    Fields that expressions read are not among them: an empty one would be of no use.

    Args:
        file: The mapping.
        fields: The custom fields that exist.

    Returns:
        Drafts with stable codes, of the kind that each value is of.

    Raises:
        ConfigInvalid: The code of such a field belongs to a field of another name: it was renamed,
            and a second one would begin empty.
    """
    known = [field for field in fields if field.entity == "deal"]
    drafts: list[FieldDraft] = []
    problems: list[Problem] = []
    for key, wanted, value in _written(file):
        if not _is_new(wanted, known):
            continue
        draft = _draft(wanted, value, {each.code for each in drafts})
        taken = next((each for each in known if _same(each.code, draft.code)), None)
        if taken is None:
            drafts.append(draft)
        else:
            message = f"there is no deal field {wanted!r}; kinv's own is called {taken.name!r}"
            problems.append(Problem(str(file.path), key, message))
    if problems:
        raise invalid(problems)
    return drafts


def own_code(name: str) -> str:
    """Return the code of the field that kinv makes under a name; it outlives the name."""
    return _code(name, set())


def has_code(field: FieldDef, code: str) -> bool:
    """Say whether a field has a code, in whatever case the CRM answers it."""
    return _same(field.code, code)


def as_if_made(drafts: Sequence[FieldDraft]) -> tuple[FieldDef, ...]:
    """Return the definitions that the drafts would have, to compile a mapping before they exist."""
    return tuple(
        FieldDef(
            id=f"new:{draft.code}",
            name=draft.name,
            code=draft.code,
            type=draft.kind.value,
            kind=draft.kind,
            entity="deal",
        )
        for draft in drafts
    )


def _written(file: MappingFile) -> Iterator[tuple[str, str, Value | None]]:
    section = file.document.write_back
    yield "write_back.invoice_field", section.invoice_field, None
    for name in section.fields:
        key = key_text(("write_back", "fields", name))
        yield key, name, file.values[key]


def _is_new(wanted: str, known: Sequence[FieldDef]) -> bool:
    """Say whether a text names no field, and could be the name of one."""
    if wanted.strip().isdecimal():
        return False  # an id
    return not any(
        _same(wanted, text) for each in known for text in (each.id, each.name, each.code)
    )


def _same(one: str | None, other: str | None) -> bool:
    return bool(one and other) and str(one).strip().casefold() == str(other).strip().casefold()


def _draft(wanted: str, value: Value | None, taken: set[str]) -> FieldDraft:
    """Return the draft of a field.

    Args:
        wanted: Its name in the mapping; or a code of ours, from which a name is made.
        value: What is written to it, None for kinv's own mark.
        taken: The codes of other drafts.
    """
    name, code = wanted, MARK_CODE
    if wanted.upper().startswith(PREFIX):
        code = wanted.upper()
        name = code.removeprefix(PREFIX).replace("_", " ").capitalize() or wanted
    elif value is not None:
        code = _code(wanted, taken)
    if value is None:
        return FieldDraft(name, code, FieldKind.TEXT, own=True)
    kind = _kind(value)
    link = kind is FieldKind.TEXT and bool(value.attributes) and value.attributes <= _LINKS
    return FieldDraft(name, code, kind, link=link)


def _code(name: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^A-Z0-9]+", "_", plain.upper()).strip("_")
    code = f"{PREFIX}{slug}"
    if slug and code not in taken:
        return code
    # Two names of one spelling, or one without a Latin letter: its hash is as stable as the name.
    mark = hashlib.sha256(name.encode()).hexdigest()[:8].upper()
    return f"{code}_{mark}" if slug else f"{PREFIX}{mark}"


def _kind(value: Value) -> FieldKind:
    """Return what kind of field holds a value; text holds every one."""
    if not isinstance(value.source, str):
        return FieldKind.TEXT
    whole = _WHOLE.fullmatch(value.source.strip())
    return _KINDS.get(whole[1], FieldKind.TEXT) if whole else FieldKind.TEXT
