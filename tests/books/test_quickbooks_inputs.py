"""What customers and invoices look like on their way to QuickBooks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from quickbooks_stand_in import StandIn, company, customer, fault, invoice, reply

from kommo_invoice.books.base import NumberTaken
from kommo_invoice.domain.catalog import Item, Tax, TaxChoice
from kommo_invoice.domain.draft import (
    Address,
    Amounts,
    CustomerDraft,
    Discount,
    Draft,
    LineDraft,
    Mail,
)
from kommo_invoice.domain.invoice import Status
from kommo_invoice.errors import Rejected

SENT = {"EmailStatus": "EmailSent", "DeliveryInfo": {"DeliveryType": "Email"}}
TAX = Tax("TAX", "TAX", None)
VAT = Tax("5", "20.0% S", Decimal("0.2"))
LINE = LineDraft("Advice", Decimal("1.5"), Decimal(100), Item("19", "Advice"))
MAIL = Mail("anna+crm@acme.example")


def draft(**changes: Any) -> Draft:
    values: dict[str, Any] = {
        "reference": "KQ4-1",
        "customer": CustomerDraft("Acme", "a@acme.example"),
        "currency": "USD",
        "lines": (LINE,),
        "date": date(2026, 11, 2),
    }
    return Draft(**(values | changes))


def created(path: str, body: dict[str, Any]) -> StandIn:
    return StandIn(scripted={path: [reply(body)]})


def sent_invoice(known: Any = None, **changes: Any) -> dict[str, Any]:
    books = created("/invoice", {"Invoice": invoice(1)})
    books.books(known).create_invoice(draft(**changes), "58", key="k")
    return books.requests[0].json  # type: ignore[no-any-return]


def sent_customer(known: Any = None, **changes: Any) -> dict[str, Any]:
    books = created("/customer", {"Customer": customer(1)})
    values: dict[str, Any] = {"name": "Acme Ltd", "email": "Anna@Acme.example"}
    books.books(known).create_customer(CustomerDraft(**(values | changes)), key="k")
    return books.requests[0].json  # type: ignore[no-any-return]


class TestCustomers:
    def test_what_is_not_known_is_not_sent(self) -> None:
        assert sent_customer() == {
            "DisplayName": "Acme Ltd",
            "PrimaryEmailAddr": {"Address": "Anna@Acme.example"},
        }

    def test_what_is_known_is_sent(self) -> None:
        sent = sent_customer(
            company(other_currencies=True),
            contact="Anna Maria O'Neil",
            phone="+1 555 1",
            country="US",
            currency="CAD",
            address=Address("1 Road", "2nd floor", "Reno", "89501", "US-NV", None),
        )

        assert sent == {
            "DisplayName": "Acme Ltd",
            "GivenName": "Anna Maria",
            "FamilyName": "O'Neil",
            "CompanyName": "Acme Ltd",
            "PrimaryEmailAddr": {"Address": "Anna@Acme.example"},
            "PrimaryPhone": {"FreeFormNumber": "+1 555 1"},
            "CurrencyRef": {"value": "CAD"},
            "BillAddr": {
                "Line1": "1 Road",
                "Line2": "2nd floor",
                "City": "Reno",
                "CountrySubDivisionCode": "NV",
                "PostalCode": "89501",
                "Country": "US",
            },
        }

    @pytest.mark.parametrize("name", ["Acme: Ltd", "Acme\tLtd", " Acme\n Ltd "])
    def test_a_name_is_one_line_without_colons(self, name: str) -> None:
        assert sent_customer(name=name)["DisplayName"] == "Acme Ltd"

    def test_what_is_too_long_is_cut_or_left_out(self) -> None:
        sent = sent_customer(name="x" * 600, contact=f"{'y' * 101} {'z' * 101}", phone="0" * 31)

        assert sent["DisplayName"] == "x" * 500
        assert (sent["GivenName"], sent["FamilyName"]) == ("y" * 100, "z" * 100)
        assert {"CompanyName", "PrimaryPhone"}.isdisjoint(sent)

    def test_a_company_of_one_currency_names_none(self) -> None:
        assert "CurrencyRef" not in sent_customer(currency="USD")

    def test_another_currency_is_refused_before_anything_is_sent(self) -> None:
        books = StandIn()
        with pytest.raises(Rejected, match="in USD only, not in CAD"):
            books.books().create_customer(
                CustomerDraft("A", "a@b.example", currency="CAD"), key="k"
            )
        assert books.requests == []


class TestInvoices:
    def test_a_plain_invoice(self) -> None:
        assert sent_invoice() == {
            "CustomerRef": {"value": "58"},
            "TxnDate": "2026-11-02",
            "Line": [
                {
                    "DetailType": "SalesItemLineDetail",
                    "Amount": Decimal("150.00"),
                    "Description": "Advice",
                    "SalesItemLineDetail": {
                        "ItemRef": {"value": "19"},
                        "Qty": Decimal("1.5"),
                        "UnitPrice": Decimal(100),
                        "TaxCodeRef": {"value": "NON"},
                    },
                }
            ],
            "BillEmail": {"Address": "a@acme.example"},
            "PrivateNote": "KQ4-1",
        }

    def test_the_mail_s_addresses_stand_on_it(self) -> None:
        mail = Mail("Anna+crm@Acme.example", cc=("b@acme.example", "c@acme.example"))
        sent = sent_invoice(mail=mail, memo="Thank you!")

        assert sent["BillEmail"] == {"Address": "Anna+crm@Acme.example"}
        assert sent["BillEmailCc"] == {"Address": "b@acme.example,c@acme.example"}
        assert sent["CustomerMemo"] == {"value": "Thank you!"}

    @pytest.mark.parametrize(
        ("quantity", "price", "amount"),
        [("3", "0.335", "1.01"), ("0.333", "10", "3.33"), ("1", "0.005", "0.01")],
    )
    def test_the_amount_is_quantity_times_price_rounded_half_up(
        self, quantity: str, price: str, amount: str
    ) -> None:
        line = replace(LINE, quantity=Decimal(quantity), unit_price=Decimal(price))
        assert sent_invoice(lines=(line,))["Line"][0]["Amount"] == Decimal(amount)

    def test_prices_with_tax_become_net_prices(self) -> None:
        line = replace(LINE, quantity=Decimal(1), tax=VAT)
        known = company(taxes=TaxChoice.REQUIRED)
        (sent,) = sent_invoice(known, lines=(line,), amounts=Amounts.INCLUSIVE)["Line"]

        assert sent["Amount"] == Decimal("83.33")
        assert sent["SalesItemLineDetail"]["UnitPrice"] == Decimal("83.33333")

    def test_prices_with_a_tax_that_only_the_books_know_are_refused(self) -> None:
        with pytest.raises(Rejected, match="alone knows the rate"):
            sent_invoice(lines=(replace(LINE, tax=TAX),), amounts=Amounts.INCLUSIVE)

    @pytest.mark.parametrize(
        ("terms", "due", "expected"),
        [
            ("Net 30", None, {"SalesTermRef": {"value": "3"}}),
            ("net 14 days", None, {"SalesTermRef": {"value": "8"}}),
            ("Due on receipt", None, {"SalesTermRef": {"value": "7"}}),
            (
                "Net 30",
                date(2026, 12, 2),
                {"SalesTermRef": {"value": "3"}, "DueDate": "2026-12-02"},
            ),
            ("Net 77", date(2026, 12, 2), {"DueDate": "2026-12-02"}),
        ],
    )
    def test_the_terms_are_the_company_s(
        self, terms: str, due: date | None, expected: dict[str, Any]
    ) -> None:
        sent = sent_invoice(terms=terms, due_date=due)
        assert {key: sent[key] for key in ("SalesTermRef", "DueDate") if key in sent} == expected

    def test_unknown_terms_without_a_due_date_are_refused_with_the_known_ones(self) -> None:
        with pytest.raises(Rejected, match="Net 77") as caught:
            sent_invoice(terms="Net 77")
        assert "Net 30, Due on receipt" in caught.value.hint

    @pytest.mark.parametrize(
        ("asks", "number", "expected"),
        [(False, None, None), (True, None, "AUTO_GENERATE"), (True, "KQ4-1", "KQ4-1")],
    )
    def test_the_number_follows_the_company_s_preference(
        self,
        asks: bool,
        number: str | None,
        expected: str | None,
    ) -> None:
        sent = sent_invoice(company(asks_for_number=asks), number=number)
        assert sent.get("DocNumber") == expected

    def test_an_own_number_is_refused_where_the_company_numbers_itself(self) -> None:
        with pytest.raises(Rejected, match="numbers its invoices itself"):
            sent_invoice(number="KQ4-1")

    @pytest.mark.parametrize(
        ("po_number", "number", "note"),
        [(None, None, "KQ4-1"), ("4711", None, "4711 / KQ4-1"), (None, "KQ4-1", "KQ4-1")],
    )
    def test_the_private_note_always_carries_the_reference(
        self, po_number: str | None, number: str | None, note: str
    ) -> None:
        known = company(asks_for_number=True)
        assert sent_invoice(known, po_number=po_number, number=number)["PrivateNote"] == note

    def test_the_company_s_own_field_carries_it_too(self) -> None:
        assert sent_invoice(company(reference_field="2"))["CustomField"] == [
            {"DefinitionId": "2", "Type": "StringType", "StringValue": "KQ4-1"}
        ]

    def test_currencies_are_named_where_there_are_several(self) -> None:
        known = company(other_currencies=True)
        assert sent_invoice(known, currency="CAD")["CurrencyRef"] == {"value": "CAD"}
        with pytest.raises(Rejected, match="in USD only"):
            sent_invoice(currency="CAD")

    def test_a_discount_on_a_line_is_refused(self) -> None:
        with pytest.raises(Rejected, match="discount on a line"):
            sent_invoice(lines=(replace(LINE, discount=Discount(percent=Decimal(5))),))

    def test_what_was_created_is_returned_whole(self) -> None:
        books = created("/invoice", {"Invoice": invoice(1, InvoiceLink="https://pay.example/1")})
        found = books.books().create_invoice(draft(), "58", key="k")

        assert (found.id, found.status, found.url) == (
            "1",
            Status.APPROVED,
            "https://pay.example/1",
        )
        assert (found.lines is not None, found.payments) == (True, ())
        assert books.requests[0].params["include"] == "invoiceLink"

    @pytest.mark.parametrize("code", ["6140", "6210"])
    def test_a_taken_number_is_told_apart(self, code: str) -> None:
        refusal = fault(code, "Duplicate Document Number Error", "DocNumber=KQ4-1 is assigned")
        books = StandIn(scripted={"/invoice": [refusal]})

        with pytest.raises(NumberTaken, match="KQ4-1"):
            books.books(company(asks_for_number=True)).create_invoice(
                draft(number="KQ4-1"), "58", key="k"
            )


class TestTax:
    @pytest.mark.parametrize(("tax", "code"), [(None, "NON"), (TAX, "TAX")])
    def test_in_the_us_a_line_is_taxable_or_not(self, tax: Tax | None, code: str) -> None:
        sent = sent_invoice(lines=(replace(LINE, tax=tax),))

        assert sent["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": code}
        assert "GlobalTaxCalculation" not in sent

    def test_elsewhere_each_line_names_its_tax(self) -> None:
        line = replace(LINE, tax=VAT)
        sent = sent_invoice(company(taxes=TaxChoice.REQUIRED), lines=(line,))

        assert sent["GlobalTaxCalculation"] == "TaxExcluded"
        assert sent["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "5"}

    def test_elsewhere_no_tax_has_to_be_named_too(self) -> None:
        zero = Tax("7", "Exempt", Decimal(0))
        known = replace(company(taxes=TaxChoice.REQUIRED), taxes=(VAT, zero))

        with pytest.raises(Rejected, match="tax code on every line") as caught:
            sent_invoice(known)
        assert "(Exempt)" in caught.value.hint

    def test_a_company_without_tax_says_nothing_of_it(self) -> None:
        sent = sent_invoice(company(taxes=TaxChoice.NONE))

        assert "GlobalTaxCalculation" not in sent
        assert "TaxCodeRef" not in sent["Line"][0]["SalesItemLineDetail"]


class TestADiscount:
    @pytest.mark.parametrize(
        ("discount", "expected"),
        [
            (
                Discount(percent=Decimal("12.5")),
                {"DiscountLineDetail": {"PercentBased": True, "DiscountPercent": Decimal("12.5")}},
            ),
            (
                Discount(amount=Decimal("33.335")),
                {"Amount": Decimal("33.33"), "DiscountLineDetail": {"PercentBased": False}},
            ),
        ],
    )
    def test_is_the_last_line_and_taken_off_before_tax(
        self, discount: Discount, expected: dict[str, Any]
    ) -> None:
        sent = sent_invoice(discount=discount)

        assert sent["Line"][1:] == [{"DetailType": "DiscountLineDetail"} | expected]
        assert sent["ApplyTaxAfterDiscount"] is True

    @pytest.mark.parametrize("discount", [None, Discount(), Discount(percent=Decimal(0))])
    def test_of_nothing_is_not_sent(self, discount: Discount | None) -> None:
        sent = sent_invoice(discount=discount)
        assert (len(sent["Line"]), "ApplyTaxAfterDiscount" in sent) == (1, False)

    def test_is_refused_where_it_is_switched_off(self) -> None:
        known = replace(company(), switched_off=("invoice.discount",))
        with pytest.raises(Rejected, match="discounts switched off"):
            sent_invoice(known, discount=Discount(percent=Decimal(10)))
