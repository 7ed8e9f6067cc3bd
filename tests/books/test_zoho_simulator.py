"""The Zoho Books adapter against the Zoho Books simulator, over real HTTP.

What holds for all books stands in the conformance suite.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from zoho_firm import EMAIL, REFERENCE, Firm

from kommo_invoice.books.base import Look, NameTaken, NumberTaken, Sighting
from kommo_invoice.books.zoho import connect
from kommo_invoice.domain.draft import Address, Amounts, CustomerDraft, Discount, Mail
from kommo_invoice.domain.invoice import Status
from kommo_invoice.domain.totals import Rounding, net_unit_price, totals
from kommo_invoice.errors import ConfigInvalid, LoginNeeded, NotExecuted, RateLimited, Rejected
from kommo_invoice.sandbox.zoho_rules import OwnNumber, ReferenceMatch, ZohoRules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EDITIONS = ("DE", "US", "GB", "CA", "IN", "AE", "ZA", "AU", "CH")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Firm]]:
    firms: list[Firm] = []

    def open_firm(rules: ZohoRules | None = None, **settings: Any) -> Firm:
        firms.append(Firm(tmp_path, rules or ZohoRules(), **settings))
        return firms[-1]

    yield open_firm
    for each in firms:
        each.close()


@pytest.fixture
def firm(opened: Callable[..., Firm]) -> Firm:
    return opened()


class TestTheWholeWay:
    def test_of_a_new_customer_takes_four_requests_and_the_link_none(self, firm: Firm) -> None:
        assert firm.found(Look(email=EMAIL, reference=REFERENCE, since=LONG_AGO)) == Sighting()
        created = firm.create()
        firm.books.send(created.id, Mail(EMAIL, message="Tom & <Ida>"), key="mail")

        assert firm.requests() == [
            "GET /contacts",
            "POST /contacts",
            "POST /invoices",
            "POST /invoices/email",
        ]
        assert created.url == firm.dumped("invoices")[0]["link"]
        (mail,) = firm.dumped("mails")
        assert (mail["invoice"], mail["to"], mail["attached"]) == (created.id, [EMAIL], True)
        assert mail["body"] == "Tom &amp; &lt;Ida&gt;"
        assert firm.read(created.id).status is Status.SENT

    def test_ends_in_what_was_meant(self, firm: Firm) -> None:
        created = firm.create(po_number="4711", memo="Thank you!", terms="Net 30")

        (invoice,) = firm.dumped("invoices")
        assert invoice["reference"] == f"4711 / {REFERENCE}"
        assert invoice["notes"] == "Thank you!"
        assert invoice["lines"][0]["description"] == 'Advice "R&D", größer {x}\\n'
        assert invoice["due_date"] == (firm.today() + timedelta(days=30)).isoformat()
        assert created.status is Status.DRAFT
        assert firm.dumped("customers")[0]["persons"] == [EMAIL]

    @pytest.mark.parametrize("thorough", [True, False])
    @pytest.mark.parametrize("match", ReferenceMatch)
    def test_is_found_again_without_a_ledger(
        self, opened: Callable[..., Firm], match: ReferenceMatch, thorough: bool
    ) -> None:
        firm = opened(ZohoRules(reference_match=match))
        created = firm.create(po_number="PO (12)")
        look = Look(email=EMAIL.upper(), reference=REFERENCE, since=LONG_AGO, thorough=thorough)

        sighting = firm.found(look)

        assert [each.id for each in sighting.customers] == [created.customer_id]
        assert sighting.invoices == (created,) == (firm.read(created.id),)

    def test_is_the_same_where_filters_mind_the_case_and_amounts_are_texts(
        self, opened: Callable[..., Firm]
    ) -> None:
        firm = opened(
            ZohoRules(emails_ignore_case=False, totals_as_text=True, counters=False, bearer=True)
        )
        created = firm.create()

        found = firm.found(Look(email=EMAIL.title(), reference=REFERENCE))

        assert found.invoices == (created,)
        assert firm.books.budget is None


class TestOrganisations:
    @pytest.mark.parametrize(
        ("country", "amounts"),
        [
            *((each, Amounts.EXCLUSIVE) for each in EDITIONS),
            ("US", Amounts.INCLUSIVE),
            ("CA", Amounts.INCLUSIVE),
        ],
    )
    def test_of_every_edition_come_to_our_own_totals(
        self, opened: Callable[..., Firm], country: str, amounts: Amounts
    ) -> None:
        firm = opened(country=country)
        draft = firm.draft(amounts=amounts, lines=(firm.line(), firm.line("VAT DE 7%")))

        created = firm.books.create_invoice(draft, firm.customer(), key="k")

        expected = totals(draft, Rounding.TAX)
        assert (created.subtotal, created.tax, created.total) == (
            expected.subtotal,
            expected.tax,
            expected.total,
        )

    @pytest.mark.parametrize("country", sorted({*EDITIONS} - {"US", "CA"}))
    def test_take_prices_with_tax_as_they_are(
        self, opened: Callable[..., Firm], country: str
    ) -> None:
        firm = opened(country=country)
        lines = (firm.line(), firm.line("VAT DE 7%"))

        created = firm.create(amounts=Amounts.INCLUSIVE, lines=lines)

        assert created.total.amount == 2 * Decimal("149.99")
        assert created.tax is not None
        assert created.tax.amount == Decimal("23.95") + Decimal("9.81")
        assert created.subtotal == created.total - created.tax
        assert created.lines is not None
        assert [each.unit_price for each in created.lines] == [
            net_unit_price(each, Amounts.INCLUSIVE) for each in lines
        ]

    def test_in_the_union_tell_reverse_charge_by_the_customer_s_number(self, firm: Firm) -> None:
        draft = CustomerDraft(
            "Acme SARL",
            EMAIL,
            country="FR",
            tax_number="FR40303265045",
            tax_treatment="eu_vat_registered",
            address=Address("1 rue", None, "Paris", "75001", None, "FR"),
        )
        owner = firm.books.create_customer(draft, key="k")
        created = firm.create(owner.id, lines=(firm.line("Reverse charge"),))

        (customer,) = firm.dumped("customers")
        assert customer["tax_number"] == "FR40303265045"
        assert customer["tax_treatment"] == "eu_vat_registered"
        assert customer["country"] == "France"
        assert created.tax is not None
        assert created.tax.minor == 0
        assert created.lines is not None
        assert created.lines[0].taxes != ()

    def test_have_customers_of_one_currency_for_good(self, firm: Firm) -> None:
        owner = firm.customer(currency="USD")
        assert firm.dumped("customers")[0]["currency"] == "USD"
        assert firm.create(owner, currency="USD").currency == "USD"

        with pytest.raises(Rejected, match="no currency XXX"):
            firm.customer(name="Other", currency="XXX")

    def test_of_somebody_else_are_errors_of_the_mapping(self, firm: Firm) -> None:
        other = connect("60099", base_url=firm.url, open_client=firm.open_client())

        with pytest.raises(ConfigInvalid):
            other.catalog()
        with pytest.raises(ConfigInvalid):
            other.look([Look(email=EMAIL)])

    def test_that_a_dead_token_opens_are_none(self, firm: Firm) -> None:
        dead = connect(firm.account, base_url=firm.url, open_client=firm.open_client("1000.a.b"))

        with pytest.raises(LoginNeeded) as caught:
            dead.catalog()
        assert "role" in caught.value.hint


class TestNamesAndNumbers:
    def test_of_a_vendor_are_taken_by_nobody_that_may_be_invoiced(self, firm: Firm) -> None:
        with pytest.raises(NameTaken) as caught:
            firm.customer(name="Fischer Druck")

        assert caught.value.holder is None

    def test_of_an_inactive_customer_are_taken_by_it(self, firm: Firm) -> None:
        holder = firm.people.add_customer("o'neil & sons", "x@acme.example", active=False)

        with pytest.raises(NameTaken) as caught:
            firm.customer()
        assert caught.value.holder is not None
        assert (caught.value.holder.id, caught.value.holder.archived) == (holder, True)

    @pytest.mark.parametrize("own", OwnNumber)
    @pytest.mark.parametrize("code", [1001, 4060])
    def test_of_ours_are_taken_once(
        self, opened: Callable[..., Firm], own: OwnNumber, code: int
    ) -> None:
        firm = opened(ZohoRules(own_number=own, duplicate_number_code=code))
        owner = firm.customer()

        created = firm.create(owner, number=REFERENCE)
        assert created.number == REFERENCE
        with pytest.raises(NumberTaken):
            firm.create(owner, number=REFERENCE)
        look = Look(email=EMAIL, reference=REFERENCE, number=REFERENCE)
        assert firm.found(look).invoices == (created,)

    def test_stand_in_a_field_that_refuses_a_second_one(self, opened: Callable[..., Firm]) -> None:
        firm = opened()
        firm.people.add_field("kinv reference", unique=True)
        firm.books.catalog()
        owner = firm.customer()

        created = firm.create(owner)
        assert REFERENCE in created.references
        assert firm.dumped("invoices")[0]["fields"] == {"kinv reference": REFERENCE}
        with pytest.raises(NumberTaken, match=REFERENCE):
            firm.create(owner)
        assert len(firm.dumped("invoices")) == 1


class TestMoney:
    @pytest.mark.parametrize("hides", [True, False])
    def test_is_told_from_credits_and_what_was_written_off(
        self, opened: Callable[..., Firm], hides: bool
    ) -> None:
        firm = opened(ZohoRules(overdue_hides_partial=hides))
        owner = firm.customer()
        made = [firm.create(owner, reference=f"KQ4-{n}").id for n in range(5)]
        for each in made:
            firm.books.approve(each, key="k")
        paid, partly, credited, written_off, void = made
        since = firm.world.now() - timedelta(minutes=1)

        firm.people.pay(paid)
        firm.people.pay(partly, "10")
        firm.people.credit(credited)
        firm.people.write_off(written_off)
        firm.books.void(void, key="k")
        firm.world.advance(40 * 86400)

        expected = {
            paid: (Status.PAID, 17849),
            partly: (Status.PARTIAL, 1000),
            credited: (Status.CREDITED, 0),
            written_off: (Status.CREDITED, 0),
            void: (Status.VOID, 0),
        }
        rows = {each.id: (each.status, each.paid.minor) for each in firm.books.changed(since)}
        assert rows == expected
        for each, (status, minor) in expected.items():
            read = firm.read(each)
            assert (read.status, read.paid.minor) == (status, minor)
            assert read.overdue is (each == partly)
        (payment,) = firm.read(partly).payments or ()
        assert payment.amount == Decimal(10)

    def test_of_a_status_that_nobody_knows_is_open(self, firm: Firm) -> None:
        created = firm.create()
        firm.people.set_status(created.id, "pending_approval")

        assert firm.read(created.id).status is Status.APPROVED

    @pytest.mark.parametrize(
        "discount", [Discount(percent=Decimal("12.5")), Discount(amount=Decimal("33.33"))]
    )
    @pytest.mark.parametrize("before_tax", [True, False])
    def test_is_discounted_before_tax_whatever_the_organisation_prefers(
        self, opened: Callable[..., Firm], discount: Discount, before_tax: bool
    ) -> None:
        firm = opened(discount_before_tax=before_tax)
        draft = firm.draft(discount=discount, lines=(firm.line(), firm.line("VAT DE 7%")))

        created = firm.books.create_invoice(draft, firm.customer(), key="k")

        assert created.total == totals(draft, Rounding.TAX).total

    @pytest.mark.parametrize("whole", [True, False])
    def test_of_prices_with_tax_is_discounted_with_the_tax_in_them(
        self, firm: Firm, whole: bool
    ) -> None:
        off = Discount(amount=Decimal("33.33"))
        lines = (firm.line(discount=None if whole else off),)
        draft = firm.draft(amounts=Amounts.INCLUSIVE, discount=off if whole else None, lines=lines)

        created = firm.books.create_invoice(draft, firm.customer(), key="k")

        assert created.total == totals(draft, Rounding.TAX, gross=True).total

    @pytest.mark.parametrize("of_lines", [True, False])
    def test_of_a_group_has_each_tax_rounded_by_itself_which_only_zoho_knows(
        self, opened: Callable[..., Firm], of_lines: bool
    ) -> None:
        firm = opened(country="CA", item_rounding=of_lines)
        firm.people.add_tax("GST", 5)
        firm.people.add_tax("QST", "9.975")
        firm.people.add_tax("GST+QST", members=["GST", "QST"])
        firm.catalog = firm.books.catalog()
        line = firm.line("GST+QST", quantity=Decimal(1), unit_price=Decimal("10.10"))
        assert line.tax is not None
        assert line.tax.rate is None

        created = firm.create(lines=(line, line))

        # GST is 0.505 a line, 1.01 in all; QST 1.007475 and 2.01495.
        assert created.tax is not None
        assert created.tax.minor == (2 * (51 + 101) if of_lines else 101 + 201)
        assert created.total.minor == 2020 + created.tax.minor

    def test_without_tax_stays_without_where_the_item_has_one(self, firm: Firm) -> None:
        firm.people.add_item("Hosting", "30", tax_id=firm.people.tax_id("VAT DE 19%"))
        item = next(e for e in firm.books.catalog().items if e.name == "Hosting")

        created = firm.create(lines=(firm.line(None, item=item),))

        assert created.tax is not None
        assert created.tax.minor == 0


class TestLimits:
    def test_of_the_day_are_told_and_end_at_the_organisation_s_midnight(
        self, opened: Callable[..., Firm]
    ) -> None:
        firm = opened(requests_per_day=12)
        firm.world.unlimited = False

        with pytest.raises(RateLimited) as caught:
            firm.books.look([Look(email=f"{n}@acme.example") for n in range(20)])

        budget = firm.books.budget
        assert budget is not None
        assert (budget.remaining, budget.limit) == (0, 12)
        assert caught.value.retry_at == budget.resets_at
        assert budget.resets_at is not None
        local = budget.resets_at.astimezone(firm.people.state.organization().zone)
        assert local.hour == 0
        assert local.minute == 0

    @pytest.mark.parametrize("code", [43, 44])
    def test_of_the_minute_end_the_run_for_an_hour(
        self, opened: Callable[..., Firm], code: int
    ) -> None:
        firm = opened(ZohoRules(minute_code=code, requests_per_minute=3))
        firm.world.unlimited = False

        with pytest.raises(RateLimited) as caught:
            firm.books.look([Look(email=f"{n}@acme.example") for n in range(9)])
        assert caught.value.retry_at is not None
        assert caught.value.retry_at - firm.world.now() > timedelta(minutes=59)

    def test_of_mails_wait_for_the_next_day(self, opened: Callable[..., Firm]) -> None:
        firm = opened(ZohoRules(mails_per_day=0))
        created = firm.create()

        with pytest.raises(NotExecuted) as caught:
            firm.books.send(created.id, Mail(EMAIL), key="k")
        assert caught.value.retry_at is not None
        assert firm.read(created.id).sent is False
