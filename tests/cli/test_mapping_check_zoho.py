"""``kinv mapping check`` and ``kinv doctor`` know an organisation's edition in Zoho Books."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from checked import check, dropped, invalid, refused, told_as

if TYPE_CHECKING:
    from zoho_stage import ZohoStage


@pytest.fixture(params=["GB", "AE", "IN", "MX", "KE", "ZA"])
def strict(request: pytest.FixtureRequest, zoho: ZohoStage) -> ZohoStage:
    """An organisation of an edition whose words for a tax treatment are established."""
    zoho.people.change_organization(country=request.param)
    return zoho


class TestTheEdition:
    @pytest.mark.parametrize("country", ["DE", "GB", "AE", "IN", "ZA"])
    def test_with_tax_numbers_nothing_is_dropped(self, zoho: ZohoStage, country: str) -> None:
        zoho.people.change_organization(country=country)
        zoho.map(
            customer={"tax_number": "{{ company['VAT ID'] }}", "tax_treatment": "{{ none }}"},
            invoice={"amounts": "inclusive", "cc": "{{ deal['Copy to'] }}"},
        )
        assert not check(zoho)["drops"]

    @pytest.mark.parametrize("country", ["US", "CA", "CH", "AU"])
    def test_without_them_they_are_dropped(self, zoho: ZohoStage, country: str) -> None:
        zoho.people.change_organization(country=country)
        zoho.map(customer={"tax_number": "{{ company['VAT ID'] }}", "tax_treatment": "anything"})
        assert dropped(check(zoho)) == {"customer.tax_number", "customer.tax_treatment"}

    @pytest.mark.parametrize(("country", "converted"), [("US", True), ("CA", True), ("CH", False)])
    def test_prices_with_tax_are_converted_where_it_has_none(
        self, zoho: ZohoStage, country: str, *, converted: bool
    ) -> None:
        zoho.people.change_organization(country=country)
        zoho.map(invoice={"amounts": "inclusive"})
        assert ("invoice.amounts" in told_as("converted", check(zoho))) is converted

    def test_what_is_dropped_stands_in_no_preview(self, zoho: ZohoStage) -> None:
        zoho.people.change_organization(country="US")
        zoho.map(customer={"tax_number": "DE811907980", "tax_treatment": "overseas"})
        for _ in range(2):  # with a set-up that is read, then with the cached one
            ended = zoho.kinv("invoice", "--deal", zoho.deal, "--dry-run")
            assert ended.code == 0, ended
            assert "DE811907980" not in ended.out
            assert "overseas" not in ended.out
            check(zoho)

    def test_prices_with_tax_that_cannot_be_reached_are_refused_before_anything_is_made(
        self, zoho: ZohoStage
    ) -> None:
        zoho.people.change_organization(country="CA")
        zoho.map(
            invoice={"amounts": "inclusive", "discount": {"amount": "10.00"}},
            tax={"DE": "VAT DE 19%"},
        )
        ended = zoho.invoice()
        assert ended.code == 3, ended
        assert "prices with tax come to" in ended.of("error")[0]["message"]
        assert not zoho.writes()


class TestTheTaxTreatment:
    def test_a_wrong_one_for_all_is_no_mapping(self, strict: ZohoStage) -> None:
        strict.map(customer={"tax_treatment": "vat_registerd"})
        invalid(strict, "customer.tax_treatment: there is no tax treatment 'vat_registerd'")

    def test_the_nearest_is_told(self, zoho: ZohoStage) -> None:
        zoho.people.change_organization(country="GB")
        zoho.map(customer={"tax_treatment": "eu_vat_registred"})
        invalid(zoho, "uk, eu_vat_registered, overseas", "did you mean 'eu_vat_registered'?")

    def test_of_one_deal_it_is_refused_before_anything_is_made(self, strict: ZohoStage) -> None:
        strict.map(customer={"tax_treatment": "{{ deal['PO'] }}"})
        ended = strict.invoice()
        assert ended.code == 3, ended
        message = ended.of("error")[0]["message"]
        assert message.startswith(f"deal {strict.deal}: customer.tax_treatment: there is no tax")
        assert not strict.writes()

    def test_it_reaches_the_customer_as_the_books_write_it(self, zoho: ZohoStage) -> None:
        zoho.people.change_organization(country="GB")
        zoho.map(customer={"tax_treatment": " Overseas ", "tax_number": "GB980780684"})
        assert zoho.invoice().code == 0
        (customer,) = zoho.books["customers"]
        assert (customer["tax_treatment"], customer["tax_number"]) == ("overseas", "GB980780684")

    def test_in_the_union_its_words_are_zoho_s_to_judge(self, zoho: ZohoStage) -> None:
        zoho.map(customer={"tax_treatment": "eu_vat_registered"})
        assert zoho.invoice().code == 0
        zoho.map(customer={"tax_treatment": "eu_vat_registred"})
        check(zoho)
        ended = zoho.invoice(zoho.other)
        assert ended.code == 3, ended
        assert "Vat Treatment" in ended.of("error")[0]["message"]
        assert len(zoho.books["customers"]) == 1

    def test_the_doctor_fails_as_a_run_would(self, strict: ZohoStage) -> None:
        strict.map(customer={"tax_treatment": "vat_registerd"})
        ended = strict.kinv("doctor")
        assert ended.code == 7, ended
        assert "there is no tax treatment 'vat_registerd'" in ended.out


class TestDiscounts:
    BOTH = "Zoho Books discounts the whole of an invoice or its lines, not both"

    def test_both_for_all_deals_are_no_mapping(self, zoho: ZohoStage) -> None:
        zoho.map(invoice={"discount": "5"}, lines={"discount": "2"})
        invalid(zoho, f"lines.discount: {self.BOTH}")

    @pytest.mark.parametrize("own", ["2", "{{ deal['Discount %'] }}"])
    def test_both_for_some_are_told_and_refused(self, zoho: ZohoStage, own: str) -> None:
        deal = zoho.add_deal("Audit", fields={"Discount %": 5})
        zoho.map(lines={"discount": own})
        assert refused(check(zoho)) == {
            "lines.discount": f"{self.BOTH}; a deal that asks for both is refused"
        }
        ended = zoho.invoice(deal)
        assert ended.code == 3, ended
        assert self.BOTH in ended.of("error")[0]["message"]
        assert not zoho.writes()

    @pytest.mark.parametrize(
        "changes",
        [
            {"invoice": {"discount": "5"}},
            {"invoice": {"discount": {"amount": "5.00"}}},
            {"invoice": {"discount": None}, "lines": {"discount": "5"}},
            {"invoice": {"discount": None}, "lines": {"discount": {"amount": "5.00"}}},
        ],
    )
    @pytest.mark.parametrize("amounts", ["exclusive", "inclusive"])
    def test_one_is_taken(self, zoho: ZohoStage, changes: dict[str, Any], amounts: str) -> None:
        zoho.map(**{**changes, "invoice": {"amounts": amounts, **changes["invoice"]}})
        assert not check(zoho)["drops"]
        assert zoho.invoice().code == 0
        (invoice,) = zoho.books["invoices"]
        assert invoice["emailed"]


def test_a_group_of_taxes_is_zoho_s_to_reckon(zoho: ZohoStage) -> None:
    zoho.people.add_tax("Both", members=("VAT DE 19%", "VAT DE 7%"))
    zoho.map(tax={"DE": "Both", "GB": "Both"})
    (note,) = check(zoho)["notes"]
    assert note == "Zoho Books alone reckons the tax Both: previews show the amount before it"
    zoho.map(tax={"DE": "Both"}, invoice={"amounts": "inclusive"})
    assert "the books alone know the rate of Both" in refused(check(zoho))["invoice.amounts"]


def test_a_tax_of_another_organisation_is_told_with_the_nearest(zoho: ZohoStage) -> None:
    zoho.map(tax={"DE": "VAT DE 18%"})
    invalid(zoho, "tax.DE: there is no tax 'VAT DE 18%'", "did you mean 'VAT DE")


class TestTheOrganisation:
    @pytest.mark.parametrize("account", ["Nordlicht", "6001234560x"])
    def test_its_id_has_digits_alone(self, zoho: ZohoStage, account: str) -> None:
        zoho.map(books={"account": account})
        invalid(zoho, f"'{account}' is no organisation in Zoho Books", "has digits alone")
        assert not zoho.requests()

    def test_it_may_stand_in_groups(self, zoho: ZohoStage) -> None:
        spelled = f"{zoho.business[:3]} {zoho.business[3:6]}-{zoho.business[6:]}"
        zoho.map(books={"account": spelled})
        assert zoho.invoice().code == 0

    def test_another_one_is_told(self, zoho: ZohoStage) -> None:
        zoho.map(books={"account": "60012345699"})
        invalid(zoho, "the token opens no organisation '60012345699' in Zoho Books")


class TestTheRegion:
    def test_it_may_stand_beside_a_base_url(self, zoho: ZohoStage) -> None:
        zoho.map(books={"region": "EU"})
        assert zoho.invoice().code == 0

    @pytest.mark.parametrize("address", ["beside a base_url", "alone"])
    def test_an_unknown_one_is_told_with_the_nearest(self, zoho: ZohoStage, address: str) -> None:
        alone = {"base_url": None} if address == "alone" else {}
        zoho.map(books={"region": "euu", **alone})
        ended = invalid(zoho, "'euu'", "did you mean 'eu'?")
        assert "us, eu, in, au, jp, ca, sa, cn, uk" in ended.err
        assert not zoho.requests()

    def test_one_whose_address_is_not_known_says_what_helps(self, zoho: ZohoStage) -> None:
        zoho.map(books={"region": "uk", "base_url": None})
        invalid(zoho, "base_url")
        assert not zoho.requests()
