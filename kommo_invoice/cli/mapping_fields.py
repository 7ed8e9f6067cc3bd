"""The CRM's missing fields, made and told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.engine.fields import by_code, by_hand, make_fields
from kommo_invoice.engine.opening import crm_alone

if TYPE_CHECKING:
    from kommo_invoice.engine.fields import Making
    from kommo_invoice.engine.opening import Surroundings


def make(around: Surroundings, *, dry_run: bool = False) -> Making:
    """Make the fields that the mapping writes to and that the CRM does not have."""
    with crm_alone(around) as crm:
        return make_fields(around.file, crm, dry_run=dry_run)


def told(making: Making) -> str:
    """Return in words what became of the missing fields."""
    if not making.drafts:
        return "all are there; none was made"
    return f"{'made' if making.made else 'would be made'}: {by_hand(making.drafts)}"


def facts(making: Making) -> list[dict[str, object]]:
    """Return the missing fields as data; an id tells that the field was made."""
    made = by_code(making.made)
    ids = {code: each.id for code, each in made.items()}
    return [
        {
            "name": each.name,
            "code": each.code,
            "kind": each.kind,
            "id": ids.get(each.code.casefold()),
        }
        for each in making.drafts
    ]
