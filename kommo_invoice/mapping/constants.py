"""Values without an expression are checked when the file is read, not deal by deal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.errors import Problem
from kommo_invoice.mapping import coerce
from kommo_invoice.mapping.language import is_empty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kommo_invoice.mapping.values import Values

_KINDS: Mapping[str, Callable[[object], object]] = {
    "trigger.when": coerce.yes_no,
    "customer.email": coerce.email,
    "customer.country": coerce.country,
    "customer.currency": coerce.currency,
    "invoice.date": coerce.day,
    "invoice.due_date": coerce.day,
    "invoice.currency": coerce.currency,
    "invoice.discount": coerce.percent,
    "invoice.discount.amount": coerce.amount_off,
    "invoice.send": coerce.yes_no,
    "invoice.attach_pdf": coerce.yes_no,
    "invoice.cc": coerce.emails,
    "lines.quantity": coerce.above_zero,
    "lines.unit_price": coerce.above_zero,
    "lines.discount": coerce.percent,
    "lines.discount.amount": coerce.amount_off,
    "task.due": coerce.day,
}


def check_constants(values: Values, file: str) -> Iterator[Problem]:
    """Yield what is wrong with values that are the same for every deal.

    Args:
        values: Every value of the mapping, by key.
        file: The file's name, for problems.
    """
    for key, kind in _KINDS.items():
        value = values.get(key)
        if value is None or not value.constant or is_empty(value.source):
            continue
        try:
            kind(value.source)
        except coerce.Unfit as error:
            yield Problem(file, key, str(error))
