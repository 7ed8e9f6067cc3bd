"""The lines of a draft, from the deal as a whole, its products or numbered fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.domain.draft import Amounts, LineDraft
from kommo_invoice.domain.money import Money
from kommo_invoice.domain.totals import before_discount, lines_sum
from kommo_invoice.errors import DealError
from kommo_invoice.mapping import coerce
from kommo_invoice.mapping.resolve import Unresolved, own_tax, pick_item
from kommo_invoice.mapping.scope import NotThere
from kommo_invoice.mapping.values import FALLBACK, OF_ONE_LINE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kommo_invoice.domain.catalog import Item, Tax
    from kommo_invoice.domain.deal import Deal
    from kommo_invoice.domain.draft import Draft
    from kommo_invoice.mapping.mapping import Mapping
    from kommo_invoice.mapping.scope import Scope


def evaluate_lines(mapping: Mapping, scope: Scope) -> tuple[LineDraft, ...]:
    """Return the lines of the deal.

    Args:
        mapping: The mapping.
        scope: The deal, with ``customer`` in reach.

    Raises:
        DealError: A line lacks something, or there is none.
    """
    rows = [row for row in _rows(mapping, scope) if not _is_blank(mapping, row)]
    if rows:
        return tuple(_line(mapping, row, _own_key) for row in rows)
    if mapping.document.lines.fallback == "error":
        source = mapping.document.lines.source
        raise DealError(f"deal {scope.deal.id}: its {source} give no line", deal=scope.deal.id)
    return (_line(mapping, scope, _fallback_key),)


def check_sum(mapping: Mapping, deal: Deal, draft: Draft) -> tuple[str, ...]:
    """Compare the lines, as an invoice adds them up, with the deal's price.

    Every line is rounded before they are added up, so lines whose exact sum is the price may
    miss it by a cent. Prices that contain the tax are added up exactly: their net prices are so
    computed that they come out even, or the deal is refused.

    Returns:
        A warning where they differ and the mapping wants one.

    Raises:
        DealError: They differ, and the mapping wants an error.
    """
    demand = mapping.document.lines.lines_vs_price
    exact = lines_sum(draft.lines)
    inclusive = draft.amounts is Amounts.INCLUSIVE
    lines = Money.of(exact if inclusive else before_discount(draft), draft.currency)
    price = Money.of(deal.price, draft.currency)
    if demand == "ignore" or lines == price:
        return ()
    rounded = " with each line rounded" if Money.of(exact, draft.currency) != lines else ""
    message = f"deal {deal.id}: the lines come to {lines}{rounded}, and the deal's price is {price}"
    if demand == "error":
        raise DealError(message, deal=deal.id)
    return (message,)


def _rows(mapping: Mapping, scope: Scope) -> Iterator[Scope]:
    match mapping.document.lines.source:
        case "deal":
            yield scope
        case "products":
            for place, product in enumerate(scope.deal.products, start=1):
                view = mapping.viewer.product(product)
                yield scope.including(place=f"of line {place}", product=view)
        case "fields":
            for place in range(1, (mapping.document.lines.count or 0) + 1):
                yield scope.including(place=f"of line {place}", n=place)


def _is_blank(mapping: Mapping, row: Scope) -> bool:
    """Say whether a numbered row is simply not filled in."""
    return (
        mapping.document.lines.source == "fields"
        and row.raw("lines.description") is None
        and row.raw("lines.unit_price") is None
    )


def _line(mapping: Mapping, row: Scope, key: Callable[[Scope, str], str]) -> LineDraft:
    def item(value: object) -> Item:
        return pick_item(coerce.text(value), mapping.catalog.items)

    return LineDraft(
        description=row.required(key(row, "description"), coerce.text),
        quantity=row.required(key(row, "quantity"), coerce.above_zero),
        unit_price=row.required(key(row, "unit_price"), coerce.above_zero),
        item=row.optional(key(row, "item"), item) or row.required("invoice.item", item),
        tax=_tax(mapping, row, key(row, "tax")),
        discount=row.discount(key(row, "discount")),
    )


def _own_key(row: Scope, name: str) -> str:
    del row
    return f"lines.{name}"


def _fallback_key(row: Scope, name: str) -> str:
    """Return the key for the whole deal's line: of the lines' own, what all of them share."""
    own = row.values.get(f"lines.{name}")
    shared = name in {"item", "tax"} and own is not None and not own.names & OF_ONE_LINE
    return f"lines.{name}" if shared else f"lines.{FALLBACK}.{name}"


def _tax(mapping: Mapping, row: Scope, key: str) -> Tax | None:
    own = row.optional(key, coerce.text)
    if own is not None:
        return _picked(row, key, lambda: own_tax(own, mapping.catalog.taxes))
    taxes = mapping.taxes
    if taxes is None:
        if row.has(key):  # what was to be taxed is never left untaxed silently
            raise row.error(key, "is empty, and there is no [tax] section; 'none' says no tax")
        return None
    case = row.optional("tax.key", coerce.text) or ""
    return _picked(row, "tax.key", lambda: taxes.of(case))


def _picked(row: Scope, key: str, find: Callable[[], Tax | None]) -> Tax | None:
    try:
        return find()
    except Unresolved as error:
        raise row.error(key, str(error), NotThere) from None
