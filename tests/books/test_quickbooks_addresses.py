"""A customer with several addresses in its one field is found by each, and never made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from quickbooks_firm import Firm

from kommo_invoice.books.base import Look, NameTaken
from kommo_invoice.sandbox.quickbooks_state import QuickBooksRules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from quickbooks_stage import QuickBooksStage

EMAIL = "Jo@northwind.example"
SEVERAL = "office@northwind.example, jo@northwind.example,o'neil+x@northwind.example"


@pytest.fixture(params=[True, False])
def firm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Firm]:
    """A company whose queries mind letter case, or do not."""
    built = Firm(tmp_path, QuickBooksRules(values_ignore_case=request.param))
    yield built
    built.close()


@pytest.mark.parametrize("each", ["office@northwind.example", EMAIL, "O'Neil+X@northwind.example"])
def test_is_found_by_each_in_one_request(firm: Firm, each: str) -> None:
    wanted = firm.people.add_customer("Northwind", SEVERAL)
    firm.people.add_customer("Longer", f"x{EMAIL.lower()}, {EMAIL.lower()}.example")

    (found,) = firm.found(Look(email=each)).customers

    assert found.id == wanted
    assert (found.email or "").casefold() == each.casefold()
    assert len(firm.requests()) == 1


def test_its_name_is_taken_by_one_with_our_address(firm: Firm) -> None:
    holder = firm.people.add_customer("Northwind GmbH", SEVERAL)

    with pytest.raises(NameTaken) as caught:
        firm.customer(name="Northwind GmbH", email=EMAIL)

    assert caught.value.holder is not None
    assert caught.value.holder.id == holder
    assert (caught.value.holder.email or "").casefold() == EMAIL.casefold()


def test_a_deal_is_invoiced_to_it(live: QuickBooksStage) -> None:
    live.add_customer("Northwind Holding", SEVERAL)

    assert live.invoice().code == 0

    assert live.names == [("Northwind Holding", SEVERAL)]
    assert live.picture()["mails"] == ["jo@northwind.example"]
    assert live.writes()["POST /customer"] == 0
