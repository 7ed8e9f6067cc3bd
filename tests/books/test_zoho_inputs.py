"""The bodies that kinv sends to Zoho Books."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from kommo_invoice.books.zoho.editions import Edition, edition_of
from kommo_invoice.books.zoho.inputs import contact_name, customer_body, invoice_body, mail_body
from kommo_invoice.domain.catalog import Item, Tax
from kommo_invoice.domain.draft import (
    Address,
    Amounts,
    CustomerDraft,
    Discount,
    Draft,
    LineDraft,
    Mail,
)
from kommo_invoice.errors import Rejected

CUSTOMER = CustomerDraft("Nordlicht GmbH", "ida@example.test")
VAT = Tax("7", "VAT 19%", Decimal("0.19"))
LINE = LineDraft("Advice", Decimal("1.5"), Decimal("99.99"), Item("19", "Advice"), VAT)
DRAFT = Draft(
    reference="KQ4-1",
    customer=CUSTOMER,
    currency="EUR",
    lines=(LINE,),
    date=date(2026, 11, 2),
    due_date=date(2026, 12, 2),
)
EDITION = Edition()


def of_customer(edition: Edition = EDITION, **changes: Any) -> dict[str, Any]:
    return customer_body(replace(CUSTOMER, **changes), edition, None)


def of_invoice(edition: Edition = EDITION, field: str | None = None, **changes: Any) -> Any:
    return invoice_body(replace(DRAFT, **changes), "42", edition, field)


class TestACustomer:
    def test_has_the_address_in_its_person(self) -> None:
        assert of_customer() == {
            "contact_name": "Nordlicht GmbH",
            "contact_type": "customer",
            "customer_sub_type": "individual",
            "contact_persons": [
                {
                    "first_name": "Nordlicht GmbH",
                    "email": "ida@example.test",
                    "is_primary_contact": True,
                }
            ],
        }

    @pytest.mark.parametrize(
        ("name", "taken"),
        [
            ("x" * 101, "x" * 100),
            (f"{'x' * 99} y", "x" * 99),
            (" Nordlicht\n  GmbH\t", "Nordlicht GmbH"),
        ],
    )
    def test_has_a_name_of_one_line_that_is_not_too_long(self, name: str, taken: str) -> None:
        assert of_customer(name=name)["contact_name"] == contact_name(name) == taken

    def test_with_long_names_keeps_what_there_is_room_for(self) -> None:
        body = of_customer(name="x" * 300, contact=f"{'y' * 120} {'z' * 120}", country="DE")

        (person,) = body["contact_persons"]
        assert body["company_name"] == "x" * 200
        assert (person["first_name"], person["last_name"]) == ("y" * 100, "z" * 100)
        assert body["billing_address"]["attention"] == "y" * 100

    def test_with_a_contact_is_a_business(self) -> None:
        body = of_customer(contact="Ida Maria Voss", phone="+49 431 1")

        assert (body["company_name"], body["customer_sub_type"]) == ("Nordlicht GmbH", "business")
        (person,) = body["contact_persons"]
        assert (person["first_name"], person["last_name"]) == ("Ida Maria", "Voss")
        assert person["phone"] == "+49 431 1"

    def test_bears_its_currency_by_id(self) -> None:
        assert customer_body(CUSTOMER, EDITION, "97")["currency_id"] == "97"

    def test_bears_its_postal_address_with_the_country_s_name(self) -> None:
        address = Address("Hafenweg 1", "2. OG", "Kiel", "24103", "DE-SH", "DE")

        assert of_customer(contact="Ida Voss", address=address)["billing_address"] == {
            "attention": "Ida Voss",
            "address": "Hafenweg 1",
            "street2": "2. OG",
            "city": "Kiel",
            "state": "SH",
            "zip": "24103",
            "country": "Germany",
        }
        assert of_customer(country="KR")["billing_address"] == {"country": "South Korea"}

    def test_of_no_country_is_refused(self) -> None:
        with pytest.raises(Rejected, match="'XX'"):
            of_customer(country="XX")

    @pytest.mark.parametrize(
        ("country", "expected"),
        [
            ("GB", {"vat_treatment": "t", "vat_reg_no": "n", "country_code": "FR"}),
            ("UK", {"vat_treatment": "t", "vat_reg_no": "n", "country_code": "FR"}),
            ("DE", {"vat_treatment": "t", "vat_reg_no": "n", "country_code": "FR"}),
            ("AE", {"tax_treatment": "t", "tax_reg_no": "n"}),
            ("ZA", {"tax_treatment": "t", "tax_reg_no": "n"}),
            ("IN", {"gst_treatment": "t", "gst_no": "n"}),
            ("US", {}),
            ("AU", {}),
            (None, {}),
        ],
    )
    def test_says_of_tax_what_the_edition_knows(
        self, country: str | None, expected: dict[str, str]
    ) -> None:
        plain = of_customer(country="FR")
        body = of_customer(edition_of(country), country="FR", tax_treatment="t", tax_number="n")

        assert body == plain | expected

    def test_in_india_bears_its_state(self) -> None:
        edition = edition_of("IN")

        body = of_customer(edition, address=Address(region="IN-TN", country="IN"))
        assert body["place_of_contact"] == "TN"
        body = of_customer(edition, address=Address(region="SH", country="DE"))
        assert "place_of_contact" not in body


class TestAnInvoice:
    def test_says_what_the_draft_says(self) -> None:
        assert of_invoice(memo="Thank you!", po_number="4711") == {
            "customer_id": "42",
            "reference_number": "4711 / KQ4-1",
            "date": "2026-11-02",
            "due_date": "2026-12-02",
            "is_inclusive_tax": False,
            "line_items": [
                {
                    "item_id": "19",
                    "description": "Advice",
                    "quantity": Decimal("1.5"),
                    "rate": Decimal("99.99"),
                    "tax_id": "7",
                }
            ],
            "notes": "Thank you!",
        }

    def test_says_of_a_line_without_tax_that_it_has_none(self) -> None:
        (line,) = of_invoice(lines=(replace(LINE, tax=None),))["line_items"]

        assert line["tax_id"] == ""

    def test_has_prices_with_tax_where_the_edition_has_them(self) -> None:
        body = of_invoice(amounts=Amounts.INCLUSIVE)
        assert (body["is_inclusive_tax"], body["line_items"][0]["rate"]) == (True, LINE.unit_price)

        body = of_invoice(edition_of("CA"), amounts=Amounts.INCLUSIVE)
        assert body["is_inclusive_tax"] is False
        assert body["line_items"][0]["rate"] == Decimal("84.02521008")

    def test_has_prices_with_tax_where_an_amount_comes_off_them(self) -> None:
        off = Discount(amount=Decimal(10))
        lines = (LINE, replace(LINE, discount=off))

        for changes in ({"discount": off}, {"lines": lines}):
            body = of_invoice(amounts=Amounts.INCLUSIVE, **changes)
            assert body["is_inclusive_tax"] is True
            assert body["line_items"][0]["rate"] == LINE.unit_price
            assert off.amount in {body.get("discount"), body["line_items"][-1].get("discount")}

    @pytest.mark.parametrize(
        ("discount", "expected"),
        [
            (Discount(percent=Decimal("12.50")), "12.5%"),
            (Discount(percent=Decimal(100)), "100%"),
            (Discount(amount=Decimal("33.33")), Decimal("33.33")),
        ],
    )
    def test_is_discounted_before_tax(self, discount: Discount, expected: object) -> None:
        body = of_invoice(discount=discount)

        assert body["discount"] == expected
        assert (body["discount_type"], body["is_discount_before_tax"]) == ("entity_level", True)

    @pytest.mark.parametrize("discount", [None, Discount(percent=Decimal(0)), Discount()])
    def test_without_a_discount_says_nothing_of_it(self, discount: Discount | None) -> None:
        assert of_invoice(discount=discount) == of_invoice()

    def test_discounts_lines_or_the_whole(self) -> None:
        lines = (replace(LINE, discount=Discount(percent=Decimal(10))),)

        body = of_invoice(lines=lines)
        assert (body["discount_type"], body["line_items"][0]["discount"]) == ("item_level", "10%")
        assert "discount" not in body
        with pytest.raises(Rejected, match="not both"):
            of_invoice(lines=lines, discount=Discount(amount=Decimal(1)))

    def test_has_its_number_in_place_of_the_reference(self) -> None:
        body = of_invoice(number="KQ4-1", po_number="4711")

        assert (body["invoice_number"], body["reference_number"]) == ("KQ4-1", "4711")

    def test_has_terms_of_a_hundred_characters(self) -> None:
        assert of_invoice(terms="x" * 101)["payment_terms_label"] == "x" * 100

    def test_says_its_terms_in_words_beside_the_due_date(self) -> None:
        body = of_invoice(terms="Net 30")
        assert (body["payment_terms"], body["payment_terms_label"]) == (30, "Net 30")

        assert "payment_terms" not in of_invoice(terms="Net 365", due_date=date(2027, 11, 2))
        assert "payment_terms" not in of_invoice(terms="EOM", due_date=None)

    def test_bears_the_reference_in_a_field_of_its_own(self) -> None:
        assert of_invoice(field="990")["custom_fields"] == [
            {"customfield_id": "990", "value": "KQ4-1"}
        ]


class TestAMail:
    def test_without_a_message_has_the_template_s_words(self) -> None:
        assert mail_body(Mail("Ida@example.test")) == {"to_mail_ids": ["Ida@example.test"]}

    def test_brings_message_and_copies(self) -> None:
        mail = Mail("ida@example.test", ("cc@example.test",), "Tom & <Ida>,\nthank you")

        assert mail_body(mail) == {
            "to_mail_ids": ["ida@example.test"],
            "cc_mail_ids": ["cc@example.test"],
            "body": "Tom &amp; &lt;Ida&gt;,<br>thank you",
        }
