"""Reading deals by id: what is asked, how often, and what a deal is made of."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from kommo_fake import (
    ISSUE,
    NOW,
    SETUP,
    WON,
    kommo,
    lead,
    multitext,
    page,
    person,
    reply,
    row,
)

from kommo_invoice.crm.base import Want
from kommo_invoice.domain.deal import Stage
from kommo_invoice.errors import DealError, KinvError, Rejected

BARE = Want(contact=False)


class TestOneDeal:
    def test_takes_two_requests_with_its_contact(self) -> None:
        answer = person(custom_fields_values=[multitext("EMAIL", ("jo@example.com", "WORK"))])
        crm, script = kommo(lead(), answer)
        (deal,) = crm.deals([501], setup=SETUP, want=Want())
        assert script.paths == ["GET /api/v4/leads/501", "GET /api/v4/contacts/77"]
        assert script.asked[0].params == (("with", "contacts"),)
        assert deal.contact is not None
        assert (deal.contact.id, deal.contact.email) == ("77", "jo@example.com")
        assert (deal.company, deal.products) == (None, ())

    def test_takes_one_more_for_its_company_and_one_for_each_list_of_products(self) -> None:
        refs = [
            {"id": 5, "metadata": {"quantity": 2, "catalog_id": 1}},
            {"id": 6, "metadata": {"quantity": Decimal("1.5"), "catalog_id": 1, "price_id": 41}},
            {"id": 5, "metadata": {"quantity": 1, "catalog_id": 2}},
        ]
        price = row("numeric", {"value": "80"}, field_code="PRICE", field_id=40)
        other = row("price", {"value": "64.50"}, field_code=None, field_id=41)
        sku = row("text", {"value": "H-1"}, field_code="SKU", field_id=42)
        crm, script = kommo(
            lead(_embedded=lead()["_embedded"] | {"catalog_elements": refs}),
            person(first_name="Jo", last_name=""),
            {
                "id": 88,
                "name": "Day Ltd",
                "custom_fields_values": [multitext("PHONE", ("1", "MOB"))],
            },
            page(
                "elements",
                {"id": 5, "name": "Hour", "custom_fields_values": [price, other, sku]},
                {"id": 6, "name": "Day", "custom_fields_values": [price, other]},
            ),
            page("elements", {"id": 5, "name": "Gift", "custom_fields_values": None}),
        )
        want = Want(contact=True, company=True, products=True)
        (deal,) = crm.deals([501], setup=SETUP, want=want)
        assert script.paths == [
            "GET /api/v4/leads/501",
            "GET /api/v4/contacts/77",
            "GET /api/v4/companies/88",
            "GET /api/v4/catalogs/1/elements",
            "GET /api/v4/catalogs/2/elements",
        ]
        assert script.asked[0].params == (("with", "contacts,catalog_elements"),)
        assert [(each.name, each.quantity, each.price, each.sku) for each in deal.products] == [
            ("Hour", 2, Decimal(80), "H-1"),
            ("Day", Decimal("1.5"), Decimal("64.50"), None),
            ("Gift", 1, Decimal(0), None),
        ]
        assert deal.company is not None
        assert (deal.company.name, deal.company.phone) == ("Day Ltd", "1")
        assert deal.contact is not None
        assert (deal.contact.first_name, deal.contact.last_name) == ("Jo", None)

    def test_is_typed_from_the_wire(self) -> None:
        due = row("date", {"value": 1_767_135_600}, field_id=31)
        unknown = row("hologram", {"value": "x"})
        crm, _ = kommo(lead(custom_fields_values=[due, unknown], closed_at=1_760_976_072))
        (deal,) = crm.deals([501], setup=SETUP, want=BARE)
        assert (deal.id, deal.name, deal.currency) == (501, "Website build", "EUR")
        assert (deal.stage, deal.pipeline) == (ISSUE, "Sales")
        assert (deal.responsible_id, deal.responsible) == ("11", "Ann Other")
        assert deal.closed_at == deal.updated_at == datetime(2025, 10, 20, 16, 1, 12, tzinfo=UTC)
        assert deal.url == "https://acme.kommo.com/leads/detail/501"
        assert deal.read_at == NOW
        assert deal.field("31") == date(2025, 12, 31)
        assert len(deal.fields) == 1

    @pytest.mark.parametrize(
        ("prices", "price"),
        [
            ({"price": 300, "price_with_minor_units": Decimal("300.99")}, Decimal("300.99")),
            ({"price": 300, "price_with_minor_units": None}, Decimal(300)),
            ({"price": 0, "price_with_minor_units": Decimal(0)}, Decimal(0)),
            ({"price": 300}, Decimal(300)),
            ({"price": None}, Decimal(0)),
        ],
    )
    def test_keeps_its_cents(self, prices: Any, price: Any) -> None:
        crm, _ = kommo(lead(**prices))
        assert crm.deals([501], setup=SETUP, want=BARE)[0].price == price

    def test_stands_in_a_stage_of_its_own_pipeline(self) -> None:
        crm, _ = kommo(lead(status_id=142), lead(status_id=8, pipeline_id=91))
        assert crm.deals([501], setup=SETUP, want=BARE)[0].stage == WON
        newer = crm.deals([501], setup=SETUP, want=BARE)[0]
        assert (newer.stage, newer.pipeline) == (Stage("8", "8", "91"), "91")

    @pytest.mark.parametrize(
        ("contacts", "chosen"),
        [
            ([{"id": 78, "is_main": False}, {"id": 77, "is_main": True}], "/api/v4/contacts/77"),
            ([{"id": 78, "is_main": False}, {"id": 77}], "/api/v4/contacts/78"),
        ],
    )
    def test_goes_to_its_main_contact_else_to_the_first(self, contacts: Any, chosen: Any) -> None:
        crm, script = kommo(lead(_embedded={"contacts": contacts}), None)
        crm.deals([501], setup=SETUP, want=Want())
        assert script.asked[1].path == chosen

    @pytest.mark.parametrize("answer", [None, person(78), person(is_deleted=True)])
    def test_has_no_contact_when_kommo_gives_another_one_or_none(self, answer: Any) -> None:
        crm, _ = kommo(lead(), answer)
        assert crm.deals([501], setup=SETUP, want=Want())[0].contact is None

    @pytest.mark.parametrize("links", [{}, [], {"contacts": [], "companies": []}])
    def test_may_stand_alone(self, links: Any) -> None:
        crm, script = kommo(lead(_embedded=links))
        (deal,) = crm.deals([501], setup=SETUP, want=Want(company=True, products=True))
        assert (deal.contact, deal.company, deal.products) == (None, None, ())
        assert len(script.asked) == 1

    @pytest.mark.parametrize("answer", [None, lead(is_deleted=True), lead(502)])
    def test_that_is_absent_deleted_or_another_is_left_out(self, answer: Any) -> None:
        crm, _ = kommo(answer)
        assert crm.deals([501], setup=SETUP, want=BARE) == []

    def test_not_found_is_believed_only_when_the_list_says_so_too(self) -> None:
        crm, script = kommo(reply(404), None, reply(404), reply(404))
        assert crm.deals([501], setup=SETUP, want=BARE) == []
        assert script.paths == ["GET /api/v4/leads/501", "GET /api/v4/leads"]
        with pytest.raises(Rejected):
            crm.deals([501], setup=SETUP, want=BARE)

    def test_a_product_that_is_gone_from_its_list_has_no_name_and_so_stops_the_deal(self) -> None:
        refs = [{"id": 5, "metadata": {"quantity": 2, "catalog_id": 1}}]
        crm, _ = kommo(lead(_embedded={"catalog_elements": refs}), None)
        want = Want(contact=False, products=True)
        (product,) = crm.deals([501], setup=SETUP, want=want)[0].products
        assert (product.name, product.price) == ("", Decimal(0))

    def test_a_price_that_is_no_number_is_this_deals_error(self) -> None:
        refs = [{"id": 5, "metadata": {"quantity": 2, "catalog_id": 1}}]
        odd = row("numeric", {"value": "a lot"}, field_code="PRICE")
        elements = page("elements", {"id": 5, "name": "Hour", "custom_fields_values": [odd]})
        crm, _ = kommo(lead(_embedded={"catalog_elements": refs}), elements)
        with pytest.raises(DealError) as error:
            crm.deals([501], setup=SETUP, want=Want(contact=False, products=True))
        assert error.value.deal == 501

    def test_an_answer_of_another_shape_is_told_by_its_place_and_not_its_value(self) -> None:
        crm, _ = kommo(lead(status_id="secret of a client"))
        with pytest.raises(KinvError, match=r"Lead\.status_id") as error:
            crm.deals([501], setup=SETUP, want=BARE)
        assert "secret" not in error.value.message


class TestSeveralDeals:
    def test_take_one_request_and_one_for_their_contacts(self) -> None:
        links = {"contacts": [{"id": 78, "is_main": True}]}
        leads = page("leads", lead(502, _embedded=links), lead(501), lead(503, _embedded=links))
        people = page("contacts", person(77), person(78, name="Al Night"))
        crm, script = kommo(leads, people)
        deals = crm.deals([503, 501, 502, 503], setup=SETUP, want=Want())
        assert [deal.id for deal in deals] == [503, 501, 502]
        assert [deal.contact and deal.contact.name for deal in deals] == [
            *("Al Night", "Jo Day", "Al Night")
        ]
        assert script.paths == ["GET /api/v4/leads", "GET /api/v4/contacts"]
        assert script.asked[0].values("filter[id][]") == ["503", "501", "502"]
        assert script.asked[0].values("limit") == ["250"]
        assert sorted(script.asked[1].values("filter[id][]")) == ["77", "78"]

    def test_that_share_one_contact_read_it_by_its_own_address(self) -> None:
        crm, script = kommo(page("leads", lead(501), lead(502)), person())
        crm.deals([501, 502], setup=SETUP, want=Want())
        assert script.paths[1] == "GET /api/v4/contacts/77"

    def test_no_deals_take_no_request(self) -> None:
        crm, script = kommo()
        assert crm.deals([], setup=SETUP, want=Want()) == []
        assert script.asked == []

    def test_none_of_them_there_is_an_empty_answer(self) -> None:
        crm, _ = kommo(None)
        assert crm.deals([501, 502], setup=SETUP, want=Want()) == []

    def test_more_than_a_hundred_are_asked_for_in_several_requests(self) -> None:
        ids = list(range(1, 202))
        answers = [page("leads", *map(lead, ids[at : at + 100])) for at in (0, 100, 200)]
        crm, script = kommo(*answers)
        assert len(crm.deals(ids, setup=SETUP, want=BARE)) == 201
        assert [len(asked.values("filter[id][]")) for asked in script.asked] == [100, 100, 1]

    def test_a_dropped_filter_brings_no_stranger_and_loses_no_deal(self) -> None:
        following = "https://acme.kommo.com/api/v4/leads?page=2&limit=250"
        everything = page("leads", lead(1), lead(501), following=following)
        crm, script = kommo(everything, page("leads", lead(502), lead(2), following=following))
        deals = crm.deals([501, 502], setup=SETUP, want=BARE)
        assert [deal.id for deal in deals] == [501, 502]
        assert len(script.asked) == 2
