"""A first mapping: decided from what both accounts hold, written, and always loadable."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from first_ground import Person, compiled, field, first, read, with_stages
from mapping_ground import CATALOG, DEAL, FIELDS, SALES, SETUP, TODAY, with_fields

from kommo_invoice.domain.catalog import Item
from kommo_invoice.domain.fields import FieldKind
from kommo_invoice.errors import ConfigInvalid, UsageError
from kommo_invoice.mapping.first.text import write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BARE = replace(SETUP, fields=())


class TestGuesses:
    def test_what_has_a_usual_name_is_found(self, tmp_path: Path) -> None:
        decided = first()
        written = read(decided)
        assert written["trigger"] == {
            "pipeline": "Sales",
            "stages": ["Issue Invoice"],
            "since": "2026-11-21",
        }
        assert written["customer"]["country"] == "{{ contact['Country'] }}"
        assert written["customer"]["tax_number"] == "{{ company['VAT ID'] }}"
        assert written["customer"]["currency"] == "{{ first(deal['Currency'], account.currency) }}"
        assert written["invoice"]["item"] == "Consulting Services"
        assert written["invoice"]["due_date"] == "{{ deal['Due Date'] }}"
        assert written["invoice"]["discount"] == "{{ deal['Discount %'] }}"
        assert written["write_back"]["invoice_field"] == "Invoice ID"
        assert written["write_back"]["stages"] == {
            "invoiced": "Invoice Sent",
            "paid": "Payment Received",
        }
        assert list(written["write_back"]["fields"]) == [
            "Invoice number",
            "Invoice link",
            "Paid amount",
            "Paid on",
        ], "the options of Payment status are not all that is written"
        compiled(decided, tmp_path)

    def test_it_makes_drafts(self, tmp_path: Path) -> None:
        mapping = compiled(first(taxes=(("UK", "VAT 20%"),)), tmp_path)
        deal = with_fields(**{"Due Date": date(2026, 12, 24)})
        draft = mapping.draft(deal, today=TODAY, reference="KQ4-501").draft
        assert draft.due_date == date(2026, 12, 24)
        assert [line.tax and line.tax.name for line in draft.lines] == ["VAT 20%"]

    def test_the_won_stage_stands_in_where_none_is_named_for_invoices(self) -> None:
        setup = with_stages("New", "Talks")
        document = read(first(setup))
        assert document["trigger"]["stages"] == ["won"]
        assert "stages" not in document["write_back"]  # a move would undo that they are won

    def test_the_likelier_name_wins(self) -> None:
        setup = with_stages("Invoice", "Issue invoice!", "Invoice sent")
        assert read(first(setup))["trigger"]["stages"] == ["Issue invoice!"]

    def test_an_account_without_fields_needs_only_the_mark(self, tmp_path: Path) -> None:
        bare = replace(SETUP, fields=())
        decided = first(bare)
        assert decided.deals.missing[0] == "Invoice ID"
        written = read(decided)
        assert written["write_back"] == {
            "invoice_field": "Invoice ID",
            "fields": {},
            "stages": {"invoiced": "Invoice Sent", "paid": "Payment Received"},
        }
        assert "country" not in written["customer"]
        assert '# "Paid on" = "{{ invoice.paid_on }}"' in write(decided)
        compiled(decided, tmp_path, bare)

    def test_with_create_fields_the_missing_ones_are_written(self, tmp_path: Path) -> None:
        bare = replace(SETUP, fields=())
        decided = first(bare, create_fields=True)
        assert len(read(decided)["write_back"]["fields"]) == 5
        compiled(decided, tmp_path, bare)

    def test_a_field_of_another_kind_keeps_its_name(self, tmp_path: Path) -> None:
        odd = replace(
            SETUP,
            fields=(field("Invoice ID", FieldKind.NUMBER), field("Paid on", FieldKind.CHOICE)),
        )
        decided = first(odd, create_fields=True)
        assert decided.deals.mark.text == "kinv Invoice ID"
        assert "Paid on" not in read(decided)["write_back"]["fields"]
        compiled(decided, tmp_path, odd)

    def test_two_fields_of_one_name_are_left_alone(self, tmp_path: Path) -> None:
        twins = tuple(replace(field("PO"), id=number) for number in ("801", "802"))
        setup = replace(SETUP, fields=(*FIELDS, *twins))
        decided = first(setup)
        assert "po_number" not in read(decided)["invoice"]
        compiled(decided, tmp_path, setup)

    def test_the_mark_is_known_by_its_code_however_it_is_called(self) -> None:
        renamed = replace(field("Rechnung"), code="KINV_INVOICE_ID")
        decided = first(replace(SETUP, fields=(renamed,)))
        assert (decided.deals.mark.text, decided.deals.mark_exists) == ("Rechnung", True)

    def test_a_code_in_another_case_is_ours(self) -> None:
        renamed = replace(field("Rechnung"), code="kinv_invoice_id")
        decided = first(replace(SETUP, fields=(renamed,)))
        assert (decided.deals.mark.text, decided.deals.mark_exists) == ("Rechnung", True)

    def test_all_fields_that_kinv_made_are_known_by_their_codes(self, tmp_path: Path) -> None:
        made = compiled(first(BARE, create_fields=True), tmp_path, BARE).write_back
        own = [made.mark, *(each for each, _ in made.fields)]
        german = [replace(each, name=f"Feld {number}") for number, each in enumerate(own)]
        setup = replace(SETUP, fields=tuple(german))
        decided = first(setup)
        assert decided.deals.missing == ()
        assert list(read(decided)["write_back"]["fields"]) == [each.name for each in german[1:]]
        compiled(decided, tmp_path, setup)

    def test_names_that_were_swapped_do_not_swap_the_fields(self, tmp_path: Path) -> None:
        status = replace(field("Invoice number"), id="1", code="KINV_PAYMENT_STATUS")
        number = replace(field("Payment status"), id="2", code="KINV_INVOICE_NUMBER")
        setup = replace(SETUP, fields=(status, number))
        decided = first(setup)
        fields = read(decided)["write_back"]["fields"]
        assert fields["Payment status"] == "{{ invoice.number }}"
        assert "invoice.status" in fields["Invoice number"]
        compiled(decided, tmp_path, setup)

    def test_a_field_of_ours_takes_no_second_value_under_its_new_name(self, tmp_path: Path) -> None:
        status = replace(field("Invoice number"), code="KINV_PAYMENT_STATUS")
        setup = replace(SETUP, fields=(status,))
        decided = first(setup, create_fields=True)
        fields = read(decided)["write_back"]["fields"]
        assert "invoice.status" in fields["Invoice number"]
        assert "{{ invoice.number }}" not in fields.values()
        compiled(decided, tmp_path, setup)

    def test_a_field_with_our_code_that_cannot_hold_the_value_is_left_alone(self) -> None:
        odd = replace(field("Betrag", FieldKind.CHOICE), code="KINV_PAID_AMOUNT")
        decided = first(replace(SETUP, fields=(odd,)), create_fields=True)
        assert "{{ invoice.paid }}" not in read(decided)["write_back"]["fields"].values()

    def test_books_that_may_not_send_are_not_asked_to(self) -> None:
        mute = replace(CATALOG, account=replace(CATALOG.account, can_send=False))
        assert read(first(catalog=mute))["invoice"]["send"] is False


class TestFlags:
    def test_say_everything(self, tmp_path: Path) -> None:
        decided = first(
            pipeline="20",
            stages=("retainer active",),
            invoiced="none",
            paid="none",
            item="DSG",
            invoice_field="Terms",
            taxes=(("Germany", "t19"), ("US", "none")),
            tax_default="VAT 20%",
        )
        written = read(decided)
        assert written["trigger"]["pipeline"] == "Retainers"
        assert written["trigger"]["stages"] == ["Retainer Active"]
        assert "stages" not in written["write_back"]
        assert written["invoice"]["item"] == "Design"
        assert written["write_back"]["invoice_field"] == "Terms"
        assert written["tax"] == {
            "key": "{{ customer.country }}",
            "DE": "VAT 19%",
            "US": "none",
            "default": "VAT 20%",
        }
        compiled(decided, tmp_path)

    @pytest.mark.parametrize(
        ("wishes", "words"),
        [
            ({"pipeline": "Sale"}, "--pipeline: there is no pipeline 'Sale' (did you mean 'Sales'"),
            ({"stages": ("Issue",)}, "--stage: there is no stage of Sales 'Issue'"),
            ({"stages": ("lost",)}, "a lost deal is never invoiced"),
            ({"invoiced": "Sent"}, "--invoiced-stage: "),
            ({"paid": "Payd"}, "--paid-stage: "),
            ({"item": "Consulting"}, "(did you mean 'Consulting Services'?)"),
            ({"item": "Postage"}, "--item: the item 'Postage' is not for sale"),
            ({"invoice_field": "Paid on"}, "'Paid on' is no text field, but date"),
            ({"invoice_field": "Twice"}, "--invoice-field: several deal fields"),
            ({"invoice_field": "{{ deal.id }}"}, "is no name for a field"),
            ({"invoice_field": "123"}, "is no name for a field"),
            ({"taxes": (("DE", "VAT"),)}, "--tax: there is no tax 'VAT'"),
            ({"taxes": (("Atlantis", "none"),)}, "--tax: 'Atlantis' is no country"),
            ({"tax_default": "VAT 7%"}, "--tax-default: there is no tax 'VAT 7%'"),
        ],
    )
    def test_that_name_nothing_are_refused(self, wishes: dict[str, Any], words: str) -> None:
        with pytest.raises(UsageError) as refused:
            first(**wishes)
        assert words in refused.value.message
        assert refused.value.hint != UsageError.default_hint

    def test_the_hint_says_what_there_is(self) -> None:
        many = replace(CATALOG, items=tuple(Item(f"i{each}", f"Item {each}") for each in range(10)))
        with pytest.raises(UsageError) as refused:
            first(catalog=many, item="Consulting")
        assert refused.value.hint.startswith("there is 'Item 0', 'Item 1', ")
        assert refused.value.hint.endswith("'Item 7' and 2 more")

    def test_there_is_one_mark(self) -> None:
        renamed = replace(field("Rechnung"), code="KINV_INVOICE_ID")
        with pytest.raises(UsageError) as refused:
            first(replace(SETUP, fields=(renamed,)), invoice_field="Nope")
        assert refused.value.message == (
            "--invoice-field: there is no deal field 'Nope'; kinv's own is called 'Rechnung'"
        )

    def test_a_country_needs_a_field_that_tells_it(self) -> None:
        with pytest.raises(UsageError, match="no field tells a client's country"):
            first(replace(SETUP, fields=()), taxes=(("DE", "none"),))


class TestWithoutAPerson:
    def test_all_that_is_missing_is_named_at_once(self) -> None:
        twins = replace(SETUP, pipelines=(replace(SALES, id="11"), replace(SALES, id="12")))
        two = replace(CATALOG, items=(Item("i1", "A"), Item("i2", "B")))
        with pytest.raises(UsageError) as refused:
            first(twins, two, tax_default=None)
        told = refused.value.message
        assert "3 choices are needed, and nothing was written" in told
        assert "--pipeline: Which pipeline's deals are invoiced? One of '11' (Sales), '12'" in told
        assert "--item: " in told
        assert "--tax COUNTRY=TAX" in told
        assert "'VAT 19%', 'VAT 20%', 'none' (no tax), 'error'" in told

    def test_books_without_taxes_need_no_flag(self, tmp_path: Path) -> None:
        free = replace(CATALOG, taxes=())
        decided = first(catalog=free, tax_default=None)
        assert "tax" not in read(decided)
        compiled(decided, tmp_path, catalog=free)

    def test_one_tax_for_all_where_no_field_tells_the_country(self, tmp_path: Path) -> None:
        bare = replace(SETUP, fields=())
        decided = first(bare, tax_default="VAT 19%")
        assert read(decided)["tax"] == {"key": "all", "default": "VAT 19%"}
        mapping = compiled(decided, tmp_path, bare)
        draft = mapping.draft(DEAL, today=TODAY, reference="KQ4-501").draft
        assert [line.tax and line.tax.name for line in draft.lines] == ["VAT 19%"]

    @pytest.mark.parametrize("items", [(), (Item("i3", "Postage", sellable=False),)])
    def test_books_without_anything_for_sale(self, items: Sequence[Item]) -> None:
        for item in (None, "Consulting Services"):
            with pytest.raises(ConfigInvalid, match="no product for sale in Wave") as refused:
                first(catalog=replace(CATALOG, items=tuple(items)), item=item)
            assert "product or service in Wave (one that is sold)" in refused.value.hint

    def test_a_name_does_not_break_the_list_of_what_is_missing(self) -> None:
        twins = replace(CATALOG, items=(Item("i1", "A\n--item: B"), Item("i2", "A\n--item: B")))
        with pytest.raises(UsageError, match=r"'i1' \('A\\n--item: B'\)"):
            first(catalog=twins)

    def test_an_account_without_pipelines(self) -> None:
        with pytest.raises(ConfigInvalid, match="has no pipeline"):
            first(replace(SETUP, pipelines=()))


class TestAPerson:
    def test_is_asked_for_what_can_be_chosen(self, tmp_path: Path) -> None:
        person = Person(stage="New", tax="VAT 19%", tax_default="no tax", paid_stage="none")
        german = replace(SETUP, account=replace(SETUP.account, country="DE"))
        decided = first(german, ask=person)
        assert [each.flag for each in person.asked] == [
            "--pipeline",
            "--stage",
            "--invoiced-stage",
            "--paid-stage",
            "--item",
            "--tax",
            "--tax-default",
        ]
        written = read(decided)
        assert written["trigger"]["stages"] == ["New"]
        assert written["tax"]["DE"] == "VAT 19%"
        assert written["tax"]["default"] == "none"
        assert "paid" not in written["write_back"]["stages"]
        compiled(decided, tmp_path, german)

    def test_is_not_asked_where_there_is_no_choice(self) -> None:
        one = replace(CATALOG, items=(Item("i1", "A"),), taxes=())
        person = Person()
        first(with_stages("Issue Invoice"), one, ask=person, invoice_field="Terms")
        assert {"--pipeline", "--item", "--tax"}.isdisjoint(each.flag for each in person.asked)

    def test_decides_on_tax_without_a_suggestion(self) -> None:
        person = Person(tax="VAT 20%", tax_default="VAT 19%")
        first(replace(SETUP, account=replace(SETUP.account, country="DE")), ask=person)
        home = next(each for each in person.asked if each.flag == "--tax")
        assert home.default is None

    def test_says_whether_fields_are_made(self) -> None:
        bare = replace(SETUP, fields=())
        answers = {"tax_default": "none"}
        assert first(bare, ask=Person(create_fields="yes", **answers)).deals.create
        assert not first(bare, ask=Person(create_fields="no", **answers)).deals.create
