"""What every deal of a mapping would be refused for, by the books and how they are set up.

A key whose value is the same for all deals is a fault of the mapping; what only some deals ask
for is refused deal by deal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.domain.catalog import TaxChoice
from kommo_invoice.mapping import coerce
from kommo_invoice.mapping.language import is_empty

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kommo_invoice.domain.catalog import Catalog, Tax
    from kommo_invoice.mapping.load import MappingFile

STATUS, NUMBER = "invoice.status", "invoice.number"
"""The key that asks for drafts."""

OWN_CURRENCY = "{{ account.currency }}"
"""What a mapping says that takes the CRM account's currency for all deals."""

_CURRENCIES = ("customer.currency", "invoice.currency")
_REDUCTIONS = frozenset(
    {"invoice.discount", "invoice.discount.amount", "lines.discount", "lines.discount.amount"}
)

Fault = tuple[str, str]
"""A key and what is wrong with it."""


def faults(
    file: MappingFile, catalog: Catalog, refused: Mapping[str, str], crm_currency: str
) -> Iterator[Fault]:
    """Yield the keys of a mapping for which these books would refuse every deal.

    Args:
        file: The mapping.
        catalog: The books account.
        refused: Key -> why, for what these books refuse whatever their settings.
        crm_currency: The CRM account's currency, which ``account.currency`` means.
    """
    name = catalog.account.name
    off = f"is switched off in the books for {name}"
    for key, why in {**refused, **dict.fromkeys(catalog.switched_off, off)}.items():
        if always_asked(file, key):
            yield key, why
    for key in catalog.required:
        if key not in file.values:
            yield key, f"is required: the books want it for {name}"
    if not catalog.settings.other_currencies:
        yield from _foreign(file, catalog, crm_currency)


def always_asked(file: MappingFile, key: str) -> bool:
    """Say whether a mapping asks for something optional for every deal.

    Args:
        file: The mapping.
        key: The key that asks for it; ``invoice.status`` for a draft.
    """
    value = file.values.get(key)
    if key == STATUS:
        sending = file.values["invoice.send"]
        return wants_drafts(file) and sending.constant and not coerce.yes_no(sending.source)
    if key == NUMBER:  # it holds the deal's id, so it is never empty
        return value is not None and not (value.constant and is_empty(value.source))
    if value is None or not value.constant or is_empty(value.source):
        return False
    return key not in _REDUCTIONS or coerce.number(value.source) != 0


def wants_drafts(file: MappingFile) -> bool:
    """Say whether an invoice that is not e-mailed is to stay a draft, and some may not be."""
    sending = file.values["invoice.send"]
    always = sending.constant and coerce.yes_no(sending.source)
    return file.document.invoice.status == "draft" and not always


def untaxed(file: MappingFile, catalog: Catalog, table: Mapping[str, Tax | None]) -> str | None:
    """Return why no deal can be invoiced where the books want a tax on every line, else None.

    Args:
        file: The mapping.
        catalog: The books account.
        table: The taxes that ``[tax]`` names, by key; None stands for an explicit "no tax".
    """
    if catalog.settings.taxes is not TaxChoice.REQUIRED:
        return None
    own = file.values.get("lines.tax")
    if own is None:
        fits = any(table.values())
    else:  # it goes before [tax]
        fits = not own.constant or str(own.source).casefold() != "none"
    return None if fits else f"is required: {wanted_tax(catalog)}"


def wanted_tax(catalog: Catalog) -> str:
    """Say that every line needs a tax, and which of them stand for none."""
    free = [each.name for each in catalog.taxes if each.rate == 0]
    instead = f'; in place of "none" there is {" and ".join(free)}' if free else ""
    return f"{catalog.account.name} wants a tax on every line of an invoice{instead}"


def _foreign(file: MappingFile, catalog: Catalog, crm_currency: str) -> Iterator[Fault]:
    home = catalog.account.currency
    only = f"{catalog.account.name} invoices in {home} only, as long as its books have no other"
    for key in _CURRENCIES:
        value = file.values[key]
        given = str(value.source).strip()
        if given == OWN_CURRENCY and crm_currency != home:
            yield key, f"the CRM's currency is {crm_currency}; {only}"
        elif value.constant and given.upper() not in {"", home}:
            yield key, f"{given} is another currency; {only}"
