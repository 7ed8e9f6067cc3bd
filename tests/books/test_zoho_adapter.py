"""What the Zoho Books adapter asks, and what it makes of the answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from zoho_stand_in import (
    ACCOUNT,
    NOW,
    StandIn,
    company,
    contact,
    currency,
    done,
    invoice,
    organization,
    payment,
    refusal,
    reply,
)

from kommo_invoice.books.base import Look, NameTaken, NumberTaken
from kommo_invoice.domain.catalog import Currency, Item, Tax
from kommo_invoice.domain.draft import Amounts, CustomerDraft, Draft, LineDraft, Mail
from kommo_invoice.domain.invoice import Status
from kommo_invoice.errors import LostAnswer, NotExecuted, Rejected
from kommo_invoice.http.calls import CallClass

if TYPE_CHECKING:
    from collections.abc import Callable

    from kommo_invoice.books.zoho import Zoho

EMAIL = "ida@example.test"
REFERENCE = "KQ4-12345678"
NAMED = CustomerDraft("Nordlicht GmbH", EMAIL)
LINE = LineDraft(
    "Advice", Decimal(1), Decimal(100), Item("19", "Advice"), Tax("7", "VAT", Decimal("0.19"))
)


def draft(**changes: Any) -> Draft:
    values: dict[str, Any] = {
        "reference": REFERENCE,
        "customer": NAMED,
        "currency": "EUR",
        "lines": (LINE,),
        "date": date(2026, 11, 2),
    }
    return Draft(**(values | changes))


def created(**changes: Any) -> dict[str, list[Any]]:
    made = invoice(5, REFERENCE, status="draft", **changes)
    return {"/invoices": [done(201, invoice=made)]}


class TestTheWholeWay:
    def test_of_a_new_customer_takes_four_requests(self) -> None:
        books = StandIn(scripted={"/invoices/5/email": [done()]})
        opened = books.books()

        opened.look([Look(email=EMAIL, reference=REFERENCE, base_reference=True)])
        books.scripted |= {"/contacts": [done(201, contact=contact(1, EMAIL))], **created()}
        owner = opened.create_customer(NAMED, key="customer")
        made = opened.create_invoice(draft(), owner.id, key="invoice")
        opened.send(made.id, Mail(EMAIL), key="mail")

        assert books.paths() == [
            "GET /contacts",
            "POST /contacts",
            "POST /invoices",
            "POST /invoices/5/email",
        ]
        assert (made.status, made.customer_id) == (Status.DRAFT, "1")
        assert made.url is not None

    def test_of_a_known_customer_takes_three_and_one_for_the_reference(self) -> None:
        books = StandIn({"contacts": [contact(1, EMAIL)]}, scripted={"/invoices/5/email": [done()]})
        opened = books.books()

        opened.look([Look(email=EMAIL, reference=REFERENCE)])
        books.scripted |= created()
        opened.create_invoice(draft(), "1", key="invoice")
        opened.send("5", Mail(EMAIL), key="mail")

        assert books.paths() == [
            "GET /contacts",
            "GET /invoices",
            "POST /invoices",
            "POST /invoices/5/email",
        ]


class TestACustomer:
    def test_is_what_the_answer_says(self) -> None:
        persons = [{"email": EMAIL, "is_primary_contact": True}]
        answer = contact(1, contact_name="Nordlicht GmbH", contact_persons=persons)
        books = StandIn(scripted={"/contacts": [done(201, contact=answer)]})

        made = books.books().create_customer(NAMED, key="k")

        assert (made.id, made.name, made.email, made.currency) == (
            "1",
            "Nordlicht GmbH",
            EMAIL,
            "EUR",
        )
        assert books.requests[0].call is CallClass.CREATE

    def test_shows_what_zoho_dropped(self) -> None:
        answer = contact(1, currency_code="USD", contact_persons=[])
        books = StandIn(scripted={"/contacts": [done(201, contact=answer)]})

        made = books.books().create_customer(NAMED, key="k")

        assert (made.email, made.currency) == (None, "USD")

    @pytest.mark.parametrize("own", [None, "EUR"])
    def test_in_the_organisation_s_currency_needs_no_further_request(self, own: str | None) -> None:
        books = StandIn(scripted={"/contacts": [done(201, contact=contact(1))]})

        books.books().create_customer(CustomerDraft("A", EMAIL, currency=own), key="k")

        assert "currency_id" not in books.requests[0].json
        assert len(books.requests) == 1

    def test_in_another_currency_names_it_by_the_id_that_the_catalog_has(self) -> None:
        books = StandIn(scripted={"/contacts": [done(201, contact=contact(1))]})
        known = replace(company(), currencies=(Currency("97", "USD"),))

        books.books(known).create_customer(CustomerDraft("A", EMAIL, currency="USD"), key="k")

        assert books.paths() == ["POST /contacts"]
        assert books.requests[0].json["currency_id"] == "97"

    def test_in_a_currency_that_was_added_since_names_it_all_the_same(self) -> None:
        books = StandIn(
            {"currencies": [currency(97, "USD")]},
            scripted={"/contacts": [done(201, contact=contact(1))]},
        )

        books.books().create_customer(CustomerDraft("A", EMAIL, currency="USD"), key="k")

        assert books.paths() == ["GET /settings/currencies", "POST /contacts"]
        assert books.requests[1].json["currency_id"] == "97"

    def test_in_a_currency_that_there_is_not_is_refused(self) -> None:
        books = StandIn({"currencies": [currency(97, "USD")]})

        with pytest.raises(Rejected, match=r"no currency GBP \(it has USD\)"):
            books.books().create_customer(CustomerDraft("A", EMAIL, currency="GBP"), key="k")

        assert books.paths() == ["GET /settings/currencies"]

    def test_with_a_tax_number_bears_it_as_the_edition_calls_it(self) -> None:
        books = StandIn(scripted={"/contacts": [done(201, contact=contact(1))]})
        opened = books.books(company(country="AE"))

        opened.create_customer(CustomerDraft("A", EMAIL, tax_number="1"), key="k")

        assert books.paths() == ["POST /contacts"]
        assert books.requests[0].json["tax_reg_no"] == "1"

    def test_after_the_catalog_was_read_needs_nothing_more(self) -> None:
        books = StandIn(
            {"organizations": [organization()], "currencies": [currency(97, "USD")]},
            scripted={"/contacts": [done(201, contact=contact(1))]},
        )
        opened = books.books()
        opened.catalog()
        books.requests.clear()

        opened.create_customer(CustomerDraft("A", EMAIL, currency="USD", tax_number="1"), key="k")

        assert books.paths() == ["POST /contacts"]


class TestATakenName:
    def taken(self, *holders: dict[str, Any]) -> NameTaken:
        books = StandIn({"contacts": list(holders)}, known_filters=())
        books.scripted["/contacts"] = [refusal(3062, "already exists")]
        with pytest.raises(NameTaken) as caught:
            books.books().create_customer(NAMED, key="k")
        assert books.requests[1].params["contact_name"] == NAMED.name
        assert books.requests[1].params["filter_by"] == "Status.All"
        assert "contact_type" not in books.requests[1].params
        return caught.value

    def test_tells_the_customer_that_has_it(self) -> None:
        others = [contact(n, contact_name=f"Nordlicht GmbH {n}") for n in (1, 2)]
        holder = contact(3, "x@y.example", contact_name=" NORDLICHT  GmbH", status="inactive")

        error = self.taken(*others, holder)

        assert error.code == "3062"
        assert error.holder is not None
        assert (error.holder.id, error.holder.archived) == ("3", True)

    def test_is_the_exact_one_s_among_those_that_differ_in_case(self) -> None:
        names = (NAMED.name.upper(), NAMED.name)
        error = self.taken(*(contact(n, contact_name=each) for n, each in enumerate(names, 1)))

        assert error.holder is not None
        assert error.holder.id == "2"

    def test_is_told_with_our_address_where_any_of_its_persons_has_it(self) -> None:
        persons = [{"email": "x@y.example", "is_primary_contact": True}, {"email": EMAIL}]
        holder = contact(3, "x@y.example", contact_name=NAMED.name, contact_persons=persons)

        error = self.taken(holder)

        assert error.holder is not None
        assert error.holder.email == EMAIL

    def test_of_a_vendor_has_no_holder(self) -> None:
        vendor = contact(3, EMAIL, contact_name=NAMED.name, contact_type="vendor")

        error = self.taken(vendor)

        assert error.holder is None
        assert "a vendor" in error.message

    def test_of_nobody_that_is_seen_has_no_holder(self) -> None:
        assert self.taken().holder is None


class TestAnInvoice:
    def test_is_what_the_answer_says(self) -> None:
        books = StandIn(scripted=created(customer_id="2", currency_code="USD", tax_total=0))

        made = books.books().create_invoice(draft(), "1", key="k")

        assert (made.customer_id, made.currency) == ("2", "USD")
        assert made.tax is not None
        assert made.tax.minor == 0
        assert made.lines is not None

    def test_is_numbered_by_zoho_unless_the_draft_has_a_number(self) -> None:
        books = StandIn(scripted=created())
        opened = books.books()

        opened.create_invoice(draft(), "1", key="k")
        assert books.requests[0].params == {}
        assert "invoice_number" not in books.requests[0].json

        books.scripted |= created()
        opened.create_invoice(draft(number="2026-7"), "1", key="k")
        assert books.requests[1].params == {"ignore_auto_number_generation": "true"}
        assert books.requests[1].json["invoice_number"] == "2026-7"

    @pytest.mark.parametrize("code", [1001, 4060])
    def test_of_a_taken_number_is_told_so(self, code: int) -> None:
        books = StandIn(scripted={"/invoices": [refusal(code, "already exist")] * 2})

        with pytest.raises(NumberTaken, match="2026-7"):
            books.books().create_invoice(draft(number="2026-7"), "1", key="k")
        with pytest.raises(Rejected) as caught:
            books.books().create_invoice(draft(), "1", key="k")
        assert not isinstance(caught.value, NumberTaken)

    def test_bears_the_reference_in_the_organisation_s_own_field(self) -> None:
        books = StandIn(scripted=created())

        books.books(company(reference_field="990")).create_invoice(draft(), "1", key="k")

        assert books.requests[0].json["custom_fields"] == [
            {"customfield_id": "990", "value": REFERENCE}
        ]

    def test_has_net_prices_where_the_edition_knows_no_others(self) -> None:
        books = StandIn(scripted=created())
        opened = books.books(company(country="US"))

        opened.create_invoice(draft(amounts=Amounts.INCLUSIVE), "1", key="k")

        assert books.requests[0].json["is_inclusive_tax"] is False
        assert books.paths() == ["POST /invoices"]

    def test_in_a_currency_that_there_is_not_is_not_made(self) -> None:
        books = StandIn()

        with pytest.raises(Rejected, match="no currency GBP"):
            books.books().create_invoice(draft(currency="GBP"), "1", key="k")

        assert books.paths() == ["GET /settings/currencies"]


ACTS: dict[str, tuple[Callable[[Zoho], object], str]] = {
    "approve": (lambda books: books.approve("5", key="k"), "POST /invoices/5/status/sent"),
    "send": (lambda books: books.send("5", Mail(EMAIL), key="k"), "POST /invoices/5/email"),
    "void": (lambda books: books.void("5", key="k"), "POST /invoices/5/status/void"),
    "delete": (lambda books: books.delete("5", key="k"), "DELETE /invoices/5"),
}


class TestActs:
    @pytest.mark.parametrize("name", ACTS)
    def test_are_one_request_that_is_not_repeated(self, name: str) -> None:
        act, request = ACTS[name]
        books = StandIn(scripted={request.split()[1]: [done(), reply(None)]})

        act(books.books())

        assert books.paths() == [request]
        assert books.requests[0].call is CallClass.CREATE
        with pytest.raises(LostAnswer):
            act(books.books())

    @pytest.mark.parametrize("act", ["approve", "send", "void", "delete"])
    def test_on_what_can_be_no_invoice_are_not_asked_for(self, act: str) -> None:
        books = StandIn()
        more = (Mail(EMAIL),) if act == "send" else ()

        with pytest.raises(Rejected):
            getattr(books.books(), act)("../contacts/1", *more, key="k")
        assert books.requests == []


class TestAMail:
    @pytest.mark.parametrize(
        ("attach", "params"), [(True, {"send_attachment": "true"}), (False, {})]
    )
    def test_brings_the_pdf_where_it_is_wished(self, attach: bool, params: dict[str, str]) -> None:
        books = StandIn(scripted={"/invoices/5/email": [done()]})

        books.books().send("5", Mail(EMAIL, attach_pdf=attach), key="k")

        assert books.requests[0].params == params
        assert books.requests[0].json == {"to_mail_ids": [EMAIL]}

    def test_beyond_the_day_s_cap_is_sent_tomorrow(self) -> None:
        words = "You cannot send this email, since you've exhausted the daily limit of 20 emails."
        counter: dict[str, Any] = {"x_rate_limit_remaining": "5", "x_rate_limit_reset": "60"}
        books = StandIn(scripted={"/invoices/5/email": [refusal(9, words, **counter)]})

        with pytest.raises(NotExecuted, match="20 emails") as caught:
            books.books().send("5", Mail(EMAIL), key="k")
        assert caught.value.retry_at == NOW + timedelta(seconds=60)

    def test_that_is_refused_is_told_so(self) -> None:
        books = StandIn(scripted={"/invoices/5/email": [refusal(9, "Sender not verified")]})

        with pytest.raises(Rejected, match="Sender not verified"):
            books.books().send("5", Mail(EMAIL), key="k")


class TestReading:
    def test_is_one_request_each_and_one_for_payments(self) -> None:
        records = [invoice(5), invoice(6, payment_made=19, balance=100)]
        books = StandIn({"invoices": records}, {"6": [payment(60, 19), payment(62, 0)]})

        found = books.books().read(["6", "7", "5", "6", "x"])

        assert [each and each.id for each in found] == ["6", None, "5", "6", None]
        assert found[0] is not None
        assert found[0].payments is not None
        assert [each.id for each in found[0].payments] == ["60", "62"]
        assert books.paths() == [
            "GET /invoices/6",
            "GET /invoices/6/payments",
            "GET /invoices/7",
            "GET /invoices/5",
        ]

    def test_of_a_link_takes_one_request(self) -> None:
        books = StandIn({"invoices": [invoice(5, payment_made=19), invoice(6, invoice_url="")]})
        opened = books.books()

        assert opened.link("5") == "https://zohosecurepay.com/books/demo/secure?CInvoiceID=2-5"
        assert opened.link("6") is None
        assert opened.link("7") is None
        assert len(books.requests) == 3


def test_every_request_but_the_list_of_organisations_names_the_organisation() -> None:
    books = StandIn({"organizations": [organization()]})

    books.books().catalog()

    first, *others = books.requests
    assert "organization_id" not in first.raw_query
    assert all(f"organization_id={ACCOUNT}" in each.raw_query for each in others)
