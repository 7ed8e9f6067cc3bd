"""What is Kommo's own in the adapter, against the simulator of Kommo over real HTTP.

What holds for all CRMs stands in the conformance suite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conformance_crm import EVERYTHING, KommoGround
from conformance_ground import Scripted

from kommo_invoice.crm.base import Want
from kommo_invoice.domain.writing import DealChange, FieldSet
from kommo_invoice.errors import LoginNeeded, Refused, Rejected, Temporary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kommo_invoice.crm.base import Crm


@pytest.fixture
def site(tmp_path: Path) -> Iterator[KommoGround]:
    built = KommoGround(tmp_path)
    yield built
    built.close()


@pytest.fixture
def crm(site: KommoGround) -> Crm:
    return site.crm


def test_one_deal_is_read_by_its_own_address(site: KommoGround) -> None:
    contact, company = site.add_contact("Amy", "amy@acme.example"), site.add_company("Acme")
    products = {site.add_product("Hosting", "29.90", "HOST"): "3"}
    deal = site.add_deal(contact=contact, company=company, products=products)

    site.read(deal, EVERYTHING)

    lead, person, organisation, elements = site.requests()
    assert lead == f"GET /api/v4/leads/{deal}"
    assert person == f"GET /api/v4/contacts/{contact}"
    assert organisation == f"GET /api/v4/companies/{company}"
    assert elements.endswith("/elements")


def test_several_deals_are_read_from_lists(site: KommoGround, crm: Crm) -> None:
    contacts = [site.add_contact(f"C{n}", f"c{n}@acme.example") for n in range(2)]
    deals = [site.add_deal(contact=each) for each in contacts]

    crm.deals(deals, setup=site.setup, want=Want())

    assert site.requests() == ["GET /api/v4/leads", "GET /api/v4/contacts"]


def test_a_product_counts_at_the_price_that_is_chosen_for_the_deal(site: KommoGround) -> None:
    catalog = next(one.id for one in site.kommo.account.catalogs.values() if one.type == "products")
    site.kommo.add_field(f"catalogs/{catalog}", "Partner price", "price")
    hosting = site.kommo.add_product("Hosting", "29.90", fields={"Partner price": "19.90"})
    deal = site.add_deal()
    site.kommo.link_product(deal, hosting, "2", price_field="Partner price")

    (product,) = site.read(deal, EVERYTHING).products

    assert (str(product.price), str(product.quantity)) == ("19.90", "2")


@pytest.mark.parametrize(
    ("status", "body", "error", "told"),
    [
        (401, {"status": 401, "hint": "Token has been revoked"}, LoginNeeded, "token"),
        (402, {"status": 402}, Refused, "trial period is over"),
        (403, {"status": 403}, Refused, "no right"),
        (403, "<html><h1>403 Forbidden</h1></html>", Refused, "blocked"),
        (422, {"status": 422, "detail": "limit"}, Rejected, "422, limit"),
    ],
)
def test_refusals_over_the_wire(
    site: KommoGround, crm: Crm, status: int, body: object, error: type[Exception], told: str
) -> None:
    site.answer(Scripted(status, body))

    with pytest.raises(error, match=told):
        crm.setup()
    assert len(site.requests()) == 1


def test_a_batch_that_is_too_big_is_temporary_and_says_what_helps(
    site: KommoGround, crm: Crm
) -> None:
    site.answer(Scripted(504, "<html>504</html>"), retry_after="3600")
    field = site.field("Invoice ID")
    deals = [site.add_deal() for _ in range(4)]

    with pytest.raises(Temporary) as failed:
        crm.update_deals([DealChange(each, (FieldSet(field, "x"),)) for each in deals])
    assert "fewer deals at once" in failed.value.hint
