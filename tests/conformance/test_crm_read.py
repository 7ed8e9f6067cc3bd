"""The account and its deals, in the CRM of every provider."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from conformance_crm import EVERYTHING, NOTHING, NOW

from kommo_invoice.crm.base import Want
from kommo_invoice.domain.deal import StageKind
from kommo_invoice.domain.fields import FieldKind

if TYPE_CHECKING:
    from conformance_crm import CrmGround

    from kommo_invoice.crm.base import Crm

pytest_plugins = ("conformance_plugin",)


class TestTheSetup:
    def test_names_the_account_with_currency_and_zone(self, office: CrmGround) -> None:
        account = office.setup.account

        assert account.id
        assert (account.subdomain, account.currency, account.timezone) == (
            office.account,
            "EUR",
            "Europe/Berlin",
        )

    def test_names_pipelines_with_their_stages_in_order(self, office: CrmGround) -> None:
        sales, retainers = office.setup.pipelines
        open_stages = [each.name for each in sales.stages if each.kind is StageKind.OPEN]

        assert (sales.name, retainers.name) == ("Sales", "Retainers")
        assert open_stages[-4:] == ["New", "Issue Invoice", "Invoice Sent", "Payment Received"]
        assert {each.pipeline_id for each in sales.stages} == {sales.id}

    def test_knows_the_stage_of_won_deals(self, office: CrmGround, crm: Crm) -> None:
        won = [each for each in office.setup.pipelines[0].stages if each.kind is StageKind.WON]

        assert bool(won) is crm.capabilities.won_is_stage

    def test_holds_the_fields_of_the_asked_entities_only(self, office: CrmGround, crm: Crm) -> None:
        assert {each.entity for each in office.setup.fields} == {"deal", "contact", "company"}
        assert {each.entity for each in crm.setup().fields} == {"deal"}

    def test_says_what_a_field_takes(self, office: CrmGround, crm: Crm) -> None:
        text, choice = office.field("Invoice ID"), office.field("Payment status")

        assert (text.kind, text.max_length) == (FieldKind.TEXT, crm.capabilities.text_max)
        assert (choice.kind, choice.options[0]) == (FieldKind.CHOICE, "draft")
        assert office.field("Paid on").kind is FieldKind.DATE
        assert office.field("Paid amount").kind is FieldKind.NUMBER

    def test_holds_users_only_when_asked(self, office: CrmGround, crm: Crm) -> None:
        assert [each.name for each in office.setup.users] == ["Mara Lind", "Tom Reyes"]
        assert crm.setup().users == ()


class TestDeals:
    def test_come_in_the_asked_order_once_and_without_the_missing(
        self, office: CrmGround, crm: Crm
    ) -> None:
        made = [office.add_deal(f"Deal {n}") for n in range(3)]
        office.delete(made[1])
        asked = [made[2], 999, made[1], made[0], made[2]]

        found = crm.deals(asked, setup=office.setup, want=NOTHING)

        assert [each.id for each in found] == [made[2], made[0]]

    def test_that_do_not_exist_are_left_out(self, office: CrmGround, crm: Crm) -> None:
        gone = office.add_deal()
        office.delete(gone)

        for asked in ([999], [gone], [999, gone], []):
            assert crm.deals(asked, setup=office.setup, want=NOTHING) == []

    def test_say_where_they_stand_and_whose_they_are(self, office: CrmGround) -> None:
        deal = office.read(office.add_deal("Website", stage="Invoice Sent"))

        assert (deal.name, deal.currency) == ("Website", "EUR")
        assert (deal.stage, deal.pipeline) == (office.stage("Invoice Sent"), "Sales")
        assert (deal.responsible_id, deal.responsible) == (office.setup.users[0].id, "Mara Lind")
        assert (deal.created_at, deal.updated_at, deal.closed_at) == (NOW, NOW, None)
        assert deal.read_at == NOW
        assert str(deal.id) in deal.url

    @pytest.mark.parametrize("price", ["0", "1200", "1200.5", "0.99", "1234567.89"])
    def test_keep_their_cents(self, office: CrmGround, price: str) -> None:
        assert office.read(office.add_deal(price=price)).price == Decimal(price)

    @pytest.mark.parametrize(
        "zone", ["Europe/Berlin", "Pacific/Auckland", "Pacific/Honolulu", "Asia/Kathmandu"]
    )
    @pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 12, 31)])
    def test_have_dates_that_are_days_of_the_account(
        self, office: CrmGround, zone: str, day: date
    ) -> None:
        office.move_to(zone)
        deal = office.add_deal(fields={"Paid on": day})

        assert office.value(deal, "Paid on") == day


class TestAroundADeal:
    def test_nothing_is_read_that_is_not_wanted(self, office: CrmGround, crm: Crm) -> None:
        number = whole_deal(office)

        deal = office.read(number)

        assert (deal.contact, deal.company, deal.products) == (None, None, ())
        assert len(office.requests()) == 1
        office.forget()
        (deal,) = crm.deals([number], setup=office.setup, want=Want())
        assert (deal.company, deal.products) == (None, ())
        assert len(office.requests()) == 2

    def test_stands_everything_that_is_wanted(self, office: CrmGround) -> None:
        deal = office.read(whole_deal(office), EVERYTHING)

        assert deal.contact is not None
        assert (deal.contact.name, deal.contact.email, deal.contact.phone) == (
            "Amy Stone",
            "Amy.Stone@bright.example",
            "+44 20 1",
        )
        assert deal.company is not None
        assert deal.company.name == "Bright & Co Ltd"
        assert [(each.name, each.sku, each.quantity, each.price) for each in deal.products] == [
            ("Web design", "WEB", Decimal(1), Decimal(1200)),
            ("Hosting", "HOST", Decimal("2.5"), Decimal("29.90")),
        ]

    def test_the_main_contact_counts_whatever_comes_first(self, office: CrmGround) -> None:
        number = whole_deal(office)
        office.link_contact(number, office.add_contact("Ann Other", "ann@bright.example"))

        contact = office.read(number, Want()).contact

        assert contact is not None
        assert contact.name == "Amy Stone"

    def test_may_stand_nothing(self, office: CrmGround) -> None:
        deal = office.read(office.add_deal(), EVERYTHING)

        assert (deal.contact, deal.company, deal.products) == (None, None, ())

    def test_a_contact_without_address_has_none(self, office: CrmGround) -> None:
        contact = office.read(office.add_deal(contact=office.add_contact("Jo")), Want()).contact

        assert contact is not None
        assert (contact.email, contact.phone) == (None, None)

    def test_several_deals_share_what_they_can(self, office: CrmGround, crm: Crm) -> None:
        contacts = [office.add_contact(f"C{n}", f"c{n}@acme.example") for n in range(5)]
        made = [office.add_deal(contact=contacts[n % 5]) for n in range(50)]

        found = crm.deals(made, setup=office.setup, want=Want())

        assert [each.contact and each.contact.name for each in found] == [
            f"C{n % 5}" for n in range(50)
        ]
        assert len(office.requests()) == 2


class TestDealsInStages:
    def test_come_from_all_pages_by_id(self, office: CrmGround, crm: Crm) -> None:
        many = crm.capabilities.page + 10
        made = [office.add_deal(f"Deal {n}") for n in range(many)]
        office.add_deal(stage="New")
        sent = office.add_deal(stage="Invoice Sent")
        stages = [office.stage("Issue Invoice"), office.stage("Invoice Sent")]

        found = list(crm.deals_in(stages, setup=office.setup, want=NOTHING))

        assert [each.id for each in found] == [*made, sent]
        assert len(office.requests()) == 2

    def test_of_another_pipeline_are_others(self, office: CrmGround, crm: Crm) -> None:
        ours = office.add_deal(stage="Closed - won")
        office.add_deal(stage="Closed - won", pipeline="Retainers")

        found = crm.deals_in([office.stage("Closed - won")], setup=office.setup, want=NOTHING)

        assert [each.id for each in found] == [ours]

    def test_may_be_bound_by_their_change(self, office: CrmGround, crm: Crm) -> None:
        old, changed = office.add_deal(), office.add_deal()
        office.world.advance(60)
        office.rename(changed, "Changed")
        fresh = office.add_deal()
        since = NOW + timedelta(seconds=30)

        found = crm.deals_in(
            [office.stage("Issue Invoice")], setup=office.setup, want=NOTHING, since=since
        )

        assert old not in {changed, fresh}
        assert [each.id for each in found] == [changed, fresh]

    def test_come_with_what_is_wanted(self, office: CrmGround, crm: Crm) -> None:
        whole_deal(office)

        (deal,) = crm.deals_in([office.stage("Issue Invoice")], setup=office.setup, want=EVERYTHING)

        assert deal == office.read(deal.id, EVERYTHING)
        assert deal.contact is not None

    def test_of_no_stage_are_none(self, office: CrmGround, crm: Crm) -> None:
        office.add_deal()

        assert list(crm.deals_in([], setup=office.setup, want=NOTHING)) == []
        assert office.requests() == []


def test_filters_that_are_ignored_bring_no_stranger(office: CrmGround, crm: Crm) -> None:
    amy = office.add_contact("Amy", "amy@acme.example")
    wanted = [office.add_deal(contact=amy), office.add_deal(contact=amy)]
    office.add_deal(stage="New", contact=office.add_contact("Stranger", "x@acme.example"))

    with office.ignore_filters():
        by_id = crm.deals(wanted, setup=office.setup, want=Want())
        standing = list(
            crm.deals_in([office.stage("Issue Invoice")], setup=office.setup, want=Want())
        )
        newer = crm.deals_in(
            [office.stage("Issue Invoice")],
            setup=office.setup,
            want=NOTHING,
            since=NOW + timedelta(days=1),
        )

        assert [each.id for each in by_id] == wanted
        assert standing == by_id
        assert {each.contact and each.contact.email for each in by_id} == {"amy@acme.example"}
        assert list(newer) == []


def whole_deal(office: CrmGround) -> int:
    """Add a deal with a contact, a company and two products."""
    return office.add_deal(
        contact=office.add_contact("Amy Stone", "Amy.Stone@bright.example", "+44 20 1"),
        company=office.add_company("Bright & Co Ltd"),
        products={
            office.add_product("Web design", "1200.00", "WEB"): "1",
            office.add_product("Hosting", "29.90", "HOST"): "2.5",
        },
    )
