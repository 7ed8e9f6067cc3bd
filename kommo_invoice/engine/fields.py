"""Makes the custom fields that a mapping writes to, where the CRM lacks them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kommo_invoice.errors import ConfigInvalid, LostAnswer, Refused, Rejected
from kommo_invoice.mapping.new_fields import as_if_made, missing_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kommo_invoice.crm.base import Crm, CrmSetup
    from kommo_invoice.domain.fields import FieldDef, FieldDraft
    from kommo_invoice.mapping.load import MappingFile


@dataclass(frozen=True, slots=True)
class Making:
    """What became of the missing fields.

    Args:
        setup: The CRM's set-up with them, or as if they were there.
        drafts: The fields that were missing.
        made: Their definitions; none where nothing was to be written.
    """

    setup: CrmSetup
    drafts: tuple[FieldDraft, ...] = ()
    made: tuple[FieldDef, ...] = ()

    @classmethod
    def planned(cls, setup: CrmSetup, drafts: Sequence[FieldDraft]) -> Making:
        """Return the set-up as it would be with the drafts."""
        return cls(_with(setup, as_if_made(drafts)), tuple(drafts))


def make_fields(file: MappingFile, crm: Crm, *, dry_run: bool = False) -> Making:
    """Make the fields of ``[write_back]`` that the CRM does not have; a second time does nothing.

    Args:
        file: The mapping.
        crm: The CRM.
        dry_run: Only say which they are.

    Raises:
        ConfigInvalid: The CRM refused such a field, or its code belongs to a renamed one.
        Refused: The token's user may not make fields; the hint says which to make by hand.
        LostAnswer: They may have been made.
    """
    setup = crm.setup(entities=file.needs.entities, users=file.needs.users)
    drafts = missing_fields(file, setup.fields)
    if not drafts or dry_run:
        return Making.planned(setup, drafts)
    made = _make(crm, drafts, setup)
    return Making(_with(setup, made), tuple(drafts), tuple(made))


def by_hand(drafts: Sequence[FieldDraft]) -> str:
    """Return the fields in words, for a person who makes them: ``'Paid on' (date)``."""
    return ", ".join(f"{each.name!r} ({'link' if each.link else each.kind})" for each in drafts)


def by_code(fields: Iterable[FieldDef]) -> Mapping[str, FieldDef]:
    """Return fields by their codes, case-folded: a CRM may answer another case than it was told."""
    return {each.code.casefold(): each for each in fields if each.code}


def _make(crm: Crm, drafts: Sequence[FieldDraft], setup: CrmSetup) -> Sequence[FieldDef]:
    try:
        return crm.create_fields(drafts)
    except LostAnswer as error:
        # They are never asked for twice blindly: what is there now was made by this request.
        found = by_code(each for each in crm.setup().fields if each not in setup.fields)
        codes = [draft.code.casefold() for draft in drafts]
        if all(code in found for code in codes):
            return [found[code] for code in codes]
        raise LostAnswer(
            "the answer to making fields on deals was lost, and not all are to be seen yet: "
            f"{by_hand(drafts)}",
            hint="wait two minutes, then run it again: it looks for them before it makes any",
        ) from error
    except Rejected as error:
        raise ConfigInvalid(
            error.message,
            hint=f"make the fields by hand, on deals: {by_hand(drafts)}; "
            "then run `kinv mapping check`",
        ) from None
    except Refused as error:
        raise Refused(
            f"{error.message}, so no fields were made",
            hint=f"{error.hint}; or make the fields by hand, on deals: {by_hand(drafts)}; "
            "then run `kinv mapping check`",
        ) from None


def _with(setup: CrmSetup, fields: Sequence[FieldDef]) -> CrmSetup:
    return replace(setup, fields=(*setup.fields, *fields))
