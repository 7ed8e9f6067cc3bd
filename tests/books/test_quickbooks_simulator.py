"""The QuickBooks adapter against the QuickBooks simulator, over real HTTP.

What holds for all books stands in the conformance suite.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from quickbooks_firm import EMAIL, REFERENCE, Firm

from kommo_invoice.books.base import Look, NameTaken, NumberTaken, Repeated, Sighting
from kommo_invoice.books.quickbooks import connect
from kommo_invoice.domain.draft import Discount, Mail
from kommo_invoice.domain.invoice import Status
from kommo_invoice.domain.totals import Rounding, totals
from kommo_invoice.errors import LoginNeeded, LostAnswer, Rejected
from kommo_invoice.sandbox.faults import Fault, FaultKind
from kommo_invoice.sandbox.quickbooks_state import QuickBooksRules, RequestIds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Firm]]:
    firms: list[Firm] = []

    def open_firm(rules: QuickBooksRules | None = None, **settings: Any) -> Firm:
        firms.append(Firm(tmp_path, rules or QuickBooksRules(), **settings))
        return firms[-1]

    yield open_firm
    for each in firms:
        each.close()


@pytest.fixture
def firm(opened: Callable[..., Firm]) -> Firm:
    return opened(payments=True, custom_fields=("Deal",))


class TestTheWholeWay:
    def test_of_a_new_customer_takes_four_requests_and_the_link_one(self, firm: Firm) -> None:
        look = Look(email=EMAIL, reference=REFERENCE, since=LONG_AGO, thorough=True)

        assert firm.found(look) == Sighting()
        created = firm.create()
        firm.books.send(created.id, Mail(EMAIL), key="mail")
        assert firm.requests() == [
            "POST /batch",
            "POST /customer",
            "POST /invoice",
            "POST /invoice/send",
        ]

        link = firm.books.link(created.id)
        assert link == firm.dumped("invoices")[0]["link"]
        assert len(firm.requests()) == 5
        (mail,) = firm.dumped("mails")
        assert (mail["invoice"], mail["to"]) == (created.id, [EMAIL])

    def test_ends_in_what_was_meant(self, firm: Firm) -> None:
        created = firm.create(po_number="4711", memo="Thank you!", terms="Net 30")

        (invoice,) = firm.dumped("invoices")
        assert invoice["note"] == f"4711 / {REFERENCE}"
        assert REFERENCE in invoice["fields"].values()
        assert (invoice["memo"], invoice["email"]) == ("Thank you!", EMAIL)
        assert invoice["lines"][0]["description"] == 'Advice "R&D", größer {x}\\n'
        assert invoice["due_date"] == created.due_date.isoformat()  # type: ignore[union-attr]

    @pytest.mark.parametrize("thorough", [True, False])
    def test_is_found_again_without_a_ledger(self, firm: Firm, thorough: bool) -> None:
        created = firm.create()
        look = Look(email=EMAIL.upper(), reference=REFERENCE, since=LONG_AGO, thorough=thorough)

        sighting = firm.found(look)

        assert [each.id for each in sighting.customers] == [created.customer_id]
        assert sighting.invoices == (firm.read(created.id),)
        assert replace(sighting.invoices[0], url=created.url) == created


class TestCompanies:
    @pytest.mark.parametrize("country", ["US", "GB", "CA", "AU"])
    @pytest.mark.parametrize("custom_numbers", [False, True])
    @pytest.mark.parametrize("several_currencies", [False, True])
    def test_of_every_kind_take_a_plain_invoice(
        self,
        opened: Callable[..., Firm],
        country: str,
        custom_numbers: bool,
        several_currencies: bool,
    ) -> None:
        rates = {"rates": {"EUR": "1.1"}} if several_currencies else {}
        firm = opened(country=country, custom_numbers=custom_numbers, **rates)

        created = firm.create()

        assert created.number
        expected = totals(firm.draft(), Rounding.TAX)
        assert expected is not None
        assert (created.subtotal, created.tax, created.total) == (
            expected.subtotal,
            expected.tax,
            expected.total,
        )

    def test_in_the_us_decide_the_tax_themselves(self, opened: Callable[..., Firm]) -> None:
        firm = opened()
        (tax,) = firm.catalog.taxes
        customer = firm.customer()

        taxed = firm.create(customer, lines=(firm.line(tax=tax),), key="taxed")
        untaxed = firm.create(customer, key="untaxed")

        assert taxed.tax is not None
        assert untaxed.tax is not None
        assert (taxed.tax.minor > 0, untaxed.tax.minor) == (True, 0)

    def test_with_several_currencies_keep_one_for_each_customer(
        self, opened: Callable[..., Firm]
    ) -> None:
        firm = opened(rates={"EUR": "1.1", "CAD": "0.73"})
        owner = firm.customer(currency="CAD")

        created = firm.create(owner, currency="CAD")

        assert (created.currency, created.total.currency) == ("CAD", "CAD")
        assert firm.found(Look(email=EMAIL)).customers[0].currency == "CAD"
        with pytest.raises(Rejected):
            firm.create(owner, key="other", currency="EUR")

    @pytest.mark.parametrize(
        "discount", [Discount(percent=Decimal("12.5")), Discount(amount=Decimal("33.33"))]
    )
    @pytest.mark.parametrize("country", ["US", "GB"])
    def test_take_discounts_off_before_tax(
        self, opened: Callable[..., Firm], country: str, discount: Discount
    ) -> None:
        firm = opened(country=country)
        lines = (firm.line(), firm.line(unit_price=Decimal("1234.56")))

        created = firm.create(lines=lines, discount=discount)

        expected = totals(firm.draft(lines=lines, discount=discount), Rounding.TAX)
        assert expected is not None
        assert (created.subtotal, created.total) == (expected.subtotal, expected.total)

    def test_without_discounts_say_so(self, opened: Callable[..., Firm]) -> None:
        firm = opened(allow_discount=False)

        assert "invoice.discount" in firm.catalog.switched_off


class TestNames:
    def test_of_vendors_and_employees_are_taken(self, firm: Firm) -> None:
        for name in ("bayside print", "Emily Platt"):
            with pytest.raises(NameTaken) as caught:
                firm.customer(name=name)
            assert caught.value.holder is None

    def test_of_other_customers_are_told_with_them(self, firm: Firm) -> None:
        owner = firm.people.add_customer("O'Neil & Sons", "other@acme.example")

        with pytest.raises(NameTaken) as caught:
            firm.customer()
        assert caught.value.holder is not None
        assert (caught.value.holder.id, caught.value.holder.email) == (owner, "other@acme.example")


class TestNumbers:
    def test_that_are_taken_are_told_apart(self, opened: Callable[..., Firm]) -> None:
        firm = opened(custom_numbers=True)
        owner = firm.customer()
        firm.create(owner, number=REFERENCE)

        with pytest.raises(NumberTaken):
            firm.create(owner, key="other", number=REFERENCE)

        look = Look(reference=REFERENCE, number=REFERENCE)
        assert [each.number for each in firm.found(look).invoices] == [REFERENCE]

    @pytest.mark.parametrize("own", [True, False])
    def test_in_france_there_is_always_one(self, opened: Callable[..., Firm], own: bool) -> None:
        firm = opened(country="FR", custom_numbers=own, currency="EUR")
        (free,) = firm.catalog.taxes

        assert firm.catalog.required == (("invoice.number",) if own else ())
        assert firm.create(lines=(firm.line(tax=free),)).number


class TestLostAnswers:
    @pytest.mark.parametrize("kind", [FaultKind.LOSE, FaultKind.TRUNCATE, FaultKind.REFUSE])
    def test_are_asked_for_again_by_the_same_request_id(self, firm: Firm, kind: FaultKind) -> None:
        firm.spoil("POST /customer", kind)
        owner = firm.customer()
        firm.spoil("POST /invoice", kind)
        with pytest.raises(Repeated) as told:  # for how long ids are kept is not established
            firm.create(owner)

        assert len(firm.dumped("customers")) == 1
        assert [each["id"] for each in firm.dumped("invoices")] == [told.value.invoice.id]

    def test_whose_id_is_refused_are_looked_for(self, opened: Callable[..., Firm]) -> None:
        firm = opened(QuickBooksRules(request_ids=RequestIds.REFUSE))
        owner = firm.customer()
        firm.spoil("POST /invoice", FaultKind.LOSE)

        with pytest.raises(LostAnswer):
            firm.create(owner)

        look = Look(email=EMAIL, reference=REFERENCE)
        assert len(firm.found(look).invoices) == len(firm.dumped("invoices")) == 1

    def test_to_mails_are_never_asked_for_again(self, firm: Firm) -> None:
        created = firm.create()
        firm.spoil("POST /invoice/send", FaultKind.LOSE)

        with pytest.raises(LostAnswer):
            firm.books.send(created.id, Mail(EMAIL), key="mail")

        assert len(firm.dumped("mails")) == 1
        assert firm.found(Look(invoice_id=created.id)).invoice == firm.read(created.id)
        assert firm.read(created.id).sent

    def test_that_come_true_late_make_no_second_invoice(self, firm: Firm) -> None:
        owner = firm.customer()
        firm.world.faults.add(Fault("quickbooks", "POST /invoice", FaultKind.LATE, after_s=60))

        with pytest.raises(Repeated) as told:
            firm.create(owner)
        firm.world.advance(61)

        assert [each["id"] for each in firm.dumped("invoices")] == [told.value.invoice.id]


class TestReadingOn:
    def test_payments_of_several_invoices(self, firm: Firm) -> None:
        owner = firm.customer()
        first = firm.create(owner, key="1")
        second = firm.create(owner, key="2", reference="KQ4-2")
        firm.people.pay_several({first.id: "20", second.id: str(second.total.amount)})

        part, whole = firm.books.read([first.id, second.id])

        assert part is not None
        assert whole is not None
        assert (part.status, whole.status) == (Status.PARTIAL, Status.PAID)
        assert part.payments is not None
        assert [each.amount for each in part.payments] == [Decimal(20)]

    def test_credits_are_no_payments(self, firm: Firm) -> None:
        created = firm.create()
        firm.people.credit(created.id)

        assert (firm.read(created.id).status, firm.read(created.id).payments) == (
            Status.CREDITED,
            (),
        )

    @pytest.mark.parametrize("touched", [True, False])
    def test_changes_with_payments_and_deletions(
        self, opened: Callable[..., Firm], touched: bool
    ) -> None:
        firm = opened(QuickBooksRules(payments_touch_invoices=touched))
        owner = firm.customer()
        paid, gone, voided, _ = (
            firm.create(owner, key=str(n), reference=f"KQ4-{n}").id for n in range(4)
        )
        firm.world.advance(60)
        since = firm.world.now()
        firm.world.advance(60)
        firm.people.pay(paid)
        firm.books.void(voided, key="v")
        firm.books.delete(gone, key="d")

        found = {each.id: each.status for each in firm.books.changed(since)}

        assert found == {paid: Status.PAID, gone: Status.DELETED, voided: Status.VOID}
        assert firm.read(voided).references[0]
        assert firm.books.read([gone, paid])[0] is None

    def test_more_changes_than_one_answer_holds(self, opened: Callable[..., Firm]) -> None:
        firm = opened()
        owner = firm.customer()
        since = firm.world.now()
        ids = [firm.people.add_invoice(owner, 10) for _ in range(1003)]

        assert {each.id for each in firm.books.changed(since - timedelta(seconds=1))} == set(ids)

    def test_changes_of_long_ago(self, firm: Firm) -> None:
        created = firm.create()
        since = firm.world.now() - timedelta(days=1)
        firm.world.advance(90 * 86_400)

        assert [each.id for each in firm.books.changed(since)] == [created.id]

    def test_what_queries_do_not_show_yet_is_not_gone(self, firm: Firm) -> None:
        firm.world.lag_s = 60
        one, other = (
            firm.create(firm.customer() if n == 0 else None, key=str(n), reference=f"KQ4-{n}")
            for n in range(2)
        )
        assert [each is not None for each in firm.books.read([one.id, other.id])] == [True, True]
        look = Look(customer_id=one.customer_id, reference="KQ4-0", invoice_id=one.id)
        assert firm.found(look).customer is not None
        assert firm.found(look).invoices == (firm.read(one.id),)


@pytest.mark.parametrize("with_200", [True, False])
def test_a_refusal_is_one_whatever_its_status(opened: Callable[..., Firm], with_200: bool) -> None:
    firm = opened(QuickBooksRules(faults_with_200=with_200))
    unsold = next(each for each in firm.catalog.items if not each.sellable)

    with pytest.raises(Rejected) as caught:
        firm.create(lines=(firm.line(item=unsold),))
    assert caught.value.code == "2500"
    assert firm.books.read(["99999"]) == [None]


def test_a_wrong_token_is_never_repeated_in_the_error(firm: Firm) -> None:
    token = "a-stale-token-of-somebody"
    books = connect(firm.realm, base_url=firm.url, open_client=firm.open_client(token))

    with pytest.raises(LoginNeeded) as caught:
        books.read(["1"])
    assert token not in f"{caught.value.message} {caught.value.hint}"


def test_another_company_is_not_this_token_s(firm: Firm) -> None:
    books = connect("9130000000000000", base_url=firm.url, open_client=firm.open_client())

    with pytest.raises(LoginNeeded, match="use the company"):
        books.catalog()
