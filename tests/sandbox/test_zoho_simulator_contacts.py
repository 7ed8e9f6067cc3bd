"""Contacts in the Zoho Books simulator: names, persons, searches, currency, editions (4.2, 4.3)."""

from __future__ import annotations

from typing import Any

import pytest
from zoho_books import Zoho


@pytest.fixture
def books() -> Zoho:
    return Zoho()


def person(email: str, **more: Any) -> dict[str, Any]:
    return {"first_name": "Ida", "last_name": "Voss", "email": email, **more}


class TestCreation:
    def test_only_the_name_is_needed(self, books: Zoho) -> None:
        made = books.new_contact(contact_name="Nordlicht GmbH")
        assert (made["contact_type"], made["status"]) == ("customer", "active")
        assert made["currency_code"] == "EUR"
        assert books.refusal(books.post("/contacts", {})) == (400, 3013)
        assert books.refusal(books.post("/contacts", {"contact_name": " "})) == (400, 3013)

    def test_the_email_lives_in_a_person(self, books: Zoho) -> None:
        made = books.new_contact(contact_name="A", contact_persons=[person("ida@example.test")])
        [ida] = made["contact_persons"]
        assert (made["email"], ida["is_primary_contact"]) == ("ida@example.test", True)
        assert made["primary_contact_id"] == ida["contact_person_id"]

    def test_at_the_top_it_is_dropped_without_a_word(self, books: Zoho) -> None:
        made = books.new_contact(contact_name="A", email="ida@example.test", nonsense=1)
        assert (made["email"], made["contact_persons"]) == ("", [])
        assert "nonsense" not in made

    def test_one_person_is_the_primary_one(self, books: Zoho) -> None:
        persons = [person("a@x.test"), person("b@x.test", is_primary_contact=True)]
        made = books.new_contact(contact_name="A", contact_persons=persons)
        assert made["email"] == "b@x.test"

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("company_name", "x" * 201),
            ("contact_type", "employee"),
            ("payment_terms", "Net 15"),
            ("payment_terms", 101),
            ("currency_id", "EUR"),
            ("contact_persons", [{"email": "no address"}]),
            ("contact_persons", [{"email": "a@x.test", "first_name": "x" * 101}]),
            ("contact_persons", {"email": "a@x.test"}),
            ("billing_address", {"address": "x" * 501}),
        ],
    )
    def test_values_of_the_wrong_kind(self, books: Zoho, name: str, value: Any) -> None:
        body = {"contact_name": "A", name: value}
        assert books.refusal(books.post("/contacts", body)) == (400, 2)
        assert books.contacts(filter_by="Status.All", contact_name="A") == []

    def test_a_currency_that_is_not_there(self, books: Zoho) -> None:
        body = {"contact_name": "A", "currency_id": "1"}
        assert books.refusal(books.post("/contacts", body)) == (400, 9004)

    def test_in_a_currency_of_its_own(self, books: Zoho) -> None:
        made = books.new_contact(contact_name="A", currency_id=books.people.currency_id("USD"))
        assert made["currency_code"] == "USD"

    def test_a_date_for_people_is_in_it(self, books: Zoho) -> None:
        assert books.new_contact(contact_name="A")["created_date"] == "02 Nov 2026"

    def test_custom_fields_by_id(self, books: Zoho) -> None:
        field = books.people.add_field("Deal", entity="contact")
        row = {"customfield_id": field, "value": "deal-991"}
        made = books.new_contact(contact_name="A", custom_fields=[row, {"customfield_id": "1"}])
        [shown] = made["custom_fields"]
        assert (shown["customfield_id"], shown["value"]) == (field, "deal-991")
        assert made["custom_field_hash"]["cf_deal"] == "deal-991"


class TestNames:
    @pytest.mark.parametrize("name", ["Acme GmbH", "ACME gmbh", " Acme GmbH "])
    def test_they_are_unique(self, books: Zoho, name: str) -> None:
        answer = books.post("/contacts", {"contact_name": name})
        assert books.refusal(answer) == (400, 3062)
        assert "Please specify a different name" in answer.json()["message"]

    def test_vendors_take_them_too(self, books: Zoho) -> None:
        assert books.refusal(books.post("/contacts", {"contact_name": "Fischer Druck"})) == (
            400,
            3062,
        )

    def test_so_do_inactive_contacts(self, books: Zoho) -> None:
        books.people.deactivate(books.customer)
        assert books.refusal(books.post("/contacts", {"contact_name": "Acme GmbH"})) == (400, 3062)

    def test_by_rule_letter_case_and_blanks_count(self, books: Zoho) -> None:
        books.rules.names_ignore_case = books.rules.names_trimmed = False
        books.new_contact(contact_name="acme gmbh")
        assert books.new_contact(contact_name="Acme GmbH ")["contact_name"] == "Acme GmbH "

    def test_companies_and_addresses_may_be_shared(self, books: Zoho) -> None:
        same = {"company_name": "Acme", "contact_persons": [person("ap@acme.example")]}
        books.new_contact(contact_name="Acme 2", **same)
        assert len(books.contacts(email="ap@acme.example")) == 2

    def test_a_change_cannot_take_one_either(self, books: Zoho) -> None:
        other = books.people.add_customer("Beta")
        answer = books.put(f"/contacts/{other}", {"contact_name": "Acme GmbH"})
        assert books.refusal(answer) == (400, 3062)
        books.ok(books.put(f"/contacts/{other}", {"contact_name": "beta"}))


class TestSearches:
    @pytest.fixture(autouse=True)
    def natali(self, books: Zoho) -> str:
        return books.people.add_customer(
            "Natali", "natali@x.test", company_name="Wolke 7", notes="from the fair"
        )

    def test_the_whole_address_or_a_part(self, books: Zoho) -> None:
        books.people.add_customer("Ali", "ali@x.test")
        assert books.contacts(email="ali@x.test") == ["Ali"]
        assert books.contacts(email_contains="ali@x.test") == ["Ali", "Natali"]
        assert books.contacts(email_startswith="ali") == ["Ali"]

    def test_letter_case_by_rule(self, books: Zoho) -> None:
        assert books.contacts(email="NATALI@x.test") == ["Natali"]
        books.rules.emails_ignore_case = False
        assert books.contacts(email="NATALI@x.test") == []

    def test_only_the_primary_person_is_searched(self, books: Zoho, natali: str) -> None:
        books.people.add_person(natali, "Otto", "otto@x.test")
        assert books.contacts(email="otto@x.test") == []
        assert books.contacts(search_text="otto@x.test") == []
        everybody = books.rows("/contacts/contactpersons", "contact_persons")
        assert {each["email"] for each in everybody} > {"natali@x.test", "otto@x.test"}
        persons = books.rows(f"/contacts/{natali}/contactpersons", "contact_persons")
        assert [each["email"] for each in persons] == ["natali@x.test", "otto@x.test"]

    def test_a_plus_has_to_be_encoded(self, books: Zoho) -> None:
        books.people.add_customer("Plus", "a+b@x.test")
        assert books.contacts(email="a+b@x.test") == ["Plus"]
        url = f"/books/v3/contacts?organization_id={books.org}&email=a+b@x.test"
        headers = {"Authorization": f"Zoho-oauthtoken {books.token}"}
        assert books.api.get(url, headers=headers).json()["contacts"] == []

    def test_filters_are_anded(self, books: Zoho) -> None:
        assert books.contacts(email="natali@x.test", contact_name="Natali") == ["Natali"]
        assert books.contacts(email="natali@x.test", contact_name="Nata") == []

    def test_unknown_ones_are_passed_over(self, books: Zoho) -> None:
        assert len(books.contacts(e_mail="nobody@x.test")) == 3

    def test_customers_or_vendors(self, books: Zoho) -> None:
        assert books.contacts(contact_type="vendor") == ["Fischer Druck"]

    @pytest.mark.parametrize("text", ["natali@", "wolke", "FAIR", "Natal"])
    def test_text_is_looked_for_in_many_places(self, books: Zoho, text: str) -> None:
        body = books.ok(books.get("/contacts", search_text=text))
        assert [row["contact_name"] for row in body["contacts"]] == ["Natali"]
        columns = {each["column_name"] for each in body["page_context"]["search_criteria"]}
        assert {"email", "company_name", "contact_name"} < columns

    def test_inactive_ones_by_rule_and_by_filter(self, books: Zoho, natali: str) -> None:
        books.people.deactivate(natali)
        assert books.contacts(email="natali@x.test") == []
        [row] = books.rows("/contacts", email="natali@x.test", filter_by="Status.All")
        assert row["status"] == "inactive"
        assert books.contacts(filter_by="Status.Inactive") == ["Natali"]
        books.rules.lists_inactive = True
        assert books.contacts(email="natali@x.test") == ["Natali"]

    def test_it_can_be_switched_on_again(self, books: Zoho, natali: str) -> None:
        books.people.deactivate(natali)
        books.ok(books.post(f"/contacts/{natali}/active"))
        assert books.contacts(email="natali@x.test") == ["Natali"]

    def test_a_value_of_more_than_100_characters(self, books: Zoho) -> None:
        assert books.refusal(books.get("/contacts", email="x" * 101)) == (400, 2)

    @pytest.mark.parametrize(
        ("name", "value"), [("filter_by", "Status.Odd"), ("sort_column", "notes"), ("page", "0")]
    )
    def test_what_a_list_cannot_do(self, books: Zoho, name: str, value: str) -> None:
        assert books.refusal(books.get("/contacts", **{name: value})) == (400, 2)

    def test_rows_show_what_is_owed(self, books: Zoho) -> None:
        books.invoice(books.line(100))
        [row] = books.rows("/contacts", email="ap@acme.example")
        assert row["outstanding_receivable_amount"] == 100
        assert books.contacts(filter_by="Invoice.Unpaid") == ["Acme GmbH"]

    def test_they_lag(self, books: Zoho) -> None:
        books.world.lag_s = 30
        made = books.new_contact(contact_name="Late", contact_persons=[person("l@x.test")])
        assert books.contacts(email="l@x.test") == []
        assert books.get(f"/contacts/{made['contact_id']}").status_code == 200
        books.world.advance(30)
        assert books.contacts(email="l@x.test") == ["Late"]


class TestChanges:
    def test_a_part_is_enough(self, books: Zoho) -> None:
        body = {"billing_address": {"city": "Kiel", "country": "Germany"}}
        changed = books.ok(books.put(f"/contacts/{books.customer}", body))["contact"]
        assert changed["contact_name"] == "Acme GmbH"
        assert changed["billing_address"] == {"city": "Kiel", "country": "Germany"}

    def test_a_further_person(self, books: Zoho) -> None:
        body = {"contact_id": books.customer, "first_name": "Otto", "email": "otto@x.test"}
        made = books.ok(books.post("/contacts/contactpersons", body), 201)["contact_person"]
        assert made["is_primary_contact"] is False
        del body["first_name"]
        assert books.refusal(books.post("/contacts/contactpersons", body)) == (400, 2)
        lost = {"contact_id": "1", "first_name": "Otto"}
        assert books.refusal(books.post("/contacts/contactpersons", lost)) == (404, 1002)

    def test_the_currency_stays_once_there_are_invoices(self, books: Zoho) -> None:
        dollars = {"currency_id": books.people.currency_id("USD")}
        books.ok(books.put(f"/contacts/{books.customer}", dollars))
        books.create()
        euros = {"currency_id": books.people.currency_id("EUR")}
        assert books.refusal(books.put(f"/contacts/{books.customer}", euros)) == (400, 3000)

    def test_one_with_transactions_cannot_be_deleted(self, books: Zoho) -> None:
        other = books.people.add_customer("Beta")
        books.ok(books.send("DELETE", f"/contacts/{other}"))
        assert books.refusal(books.get(f"/contacts/{other}")) == (404, 1002)
        books.create()
        answer = books.send("DELETE", f"/contacts/{books.customer}")
        assert books.refusal(answer) == (400, 3000)


class TestEditions:
    def contact(self, country: str, **more: Any) -> Any:
        books = Zoho(country=country)
        return books.new_contact(contact_name="Client", **more)

    def refused(self, country: str, **more: Any) -> tuple[int, int]:
        books = Zoho(country=country)
        return books.refusal(books.post("/contacts", {"contact_name": "Client", **more}))

    @pytest.mark.parametrize(
        ("country", "fields"),
        [
            ("DE", {"vat_treatment": "eu_vat_registered", "vat_reg_no": "ATU12345678"}),
            ("DE", {"country_code": "AT"}),
            ("GB", {"vat_treatment": "overseas", "vat_reg_no": "GBGD078", "country_code": "FR"}),
            ("AE", {"tax_treatment": "vat_registered", "tax_reg_no": "1" * 15}),
            ("KE", {"tax_treatment": "non_kenya"}),
            ("IN", {"gst_treatment": "business_gst", "gst_no": "22AAAAA0000A1Z5"}),
            ("IN", {"place_of_contact": "TN"}),
            ("US", {"is_taxable": False, "tax_exemption_code": "RESELLER"}),
        ],
    )
    def test_each_has_its_own_fields(self, country: str, fields: dict[str, Any]) -> None:
        made = self.contact(country, **fields)
        assert {name: made.get(name) for name in fields} == fields

    @pytest.mark.parametrize(
        ("country", "fields"),
        [
            ("DE", {"tax_treatment": "vat_registered", "gst_no": "1"}),
            ("AE", {"vat_treatment": "overseas"}),
            ("NZ", {"vat_reg_no": "DE123", "is_taxable": False}),
            ("US", {"vat_treatment": "uk"}),
        ],
    )
    def test_anothers_are_dropped_without_a_word(
        self, country: str, fields: dict[str, Any]
    ) -> None:
        assert set(fields).isdisjoint(self.contact(country, **fields))

    @pytest.mark.parametrize(
        ("country", "fields"),
        [
            ("DE", {"vat_treatment": "uk"}),
            ("GB", {"vat_treatment": "non_eu"}),
            ("GB", {"vat_reg_no": "1"}),
            ("GB", {"vat_reg_no": "1" * 13}),
            ("AE", {"tax_treatment": "overseas"}),
            ("AE", {"tax_reg_no": "123"}),
            ("ZA", {"tax_reg_no": "123"}),
            ("IN", {"gst_no": "123"}),
            ("US", {"is_taxable": False}),
        ],
    )
    def test_its_own_have_their_values(self, country: str, fields: dict[str, Any]) -> None:
        assert self.refused(country, **fields) == (400, 2)

    def test_the_us_has_authorities_and_exemptions(self) -> None:
        books = Zoho(country="US")
        authority = books.people.add_tax_authority("California")
        exemption = books.people.add_tax_exemption("RESELLER")
        [row] = books.rows("/settings/taxauthorities", "tax_authorities")
        assert (row["tax_authority_id"], row["tax_authority_name"]) == (authority, "California")
        [row] = books.rows("/settings/taxexemptions", "tax_exemptions")
        assert (row["tax_exemption_id"], row["tax_exemption_code"]) == (exemption, "RESELLER")
        body = {"contact_name": "School", "is_taxable": False, "tax_exemption_id": exemption}
        assert books.new_contact(**body)["tax_exemption_id"] == exemption
        body = {"contact_name": "Church", "is_taxable": False, "tax_exemption_id": "1"}
        assert books.refusal(books.post("/contacts", body)) == (400, 2)
