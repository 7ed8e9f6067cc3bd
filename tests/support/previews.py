"""Previews beside what is then sent: what the tests of it share, whichever the books."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stage import Stage

Values = dict[str, Any]

PRODUCTS = {
    "source": "products",
    "description": "{{ product.name }}",
    "quantity": "{{ product.quantity }}",
    "unit_price": "{{ product.price }}",
}
FIELDS = {
    "source": "fields",
    "count": 3,
    "description": "{{ deal['Item ' ~ n] }}",
    "quantity": "{{ first(deal['Qty ' ~ n], 1) }}",
    "unit_price": "{{ deal['Price ' ~ n] }}",
}


def preview(stage: Stage, deal: int) -> Values:
    """Return the plan that would run; nothing is written."""
    so_far, before = len(stage.world.requests), stage.picture()
    ended = stage.kinv("invoice", "--deal", deal, "--dry-run", "--json")
    assert ended.code == 0, ended
    assert not stage.writes(so_far)
    assert stage.picture() == before
    (plan,) = ended.of("plan")
    return dict(plan)


def sent(stage: Stage, operation: str) -> Any:
    """Return the one request of an operation."""
    (found,) = [each for each in stage.world.requests if each.operation == operation]
    return found


def exact(number: object) -> Decimal:
    """Return a number of either side, so that 1 and 1.00 are one."""
    return Decimal(str(number))
