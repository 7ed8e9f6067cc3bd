"""What a company's own settings rule out is refused before anything is made."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from kommo_invoice.books.capability_tables import BOOKS
from kommo_invoice.domain.catalog import (
    BooksAccount,
    Catalog,
    Item,
    Settings,
    Tax,
    TaxChoice,
    Term,
)
from kommo_invoice.domain.draft import Amounts, CustomerDraft, Discount, Draft, LineDraft
from kommo_invoice.engine.checks import NotSetUp, check_company

if TYPE_CHECKING:
    from quickbooks_stage import QuickBooksStage

VAT = Tax("5", "VAT", Decimal("0.2"))
FREE = Tax("6", "Free", Decimal(0))
UNKNOWN = Tax("TAX", "TAX", None)
LINE = LineDraft("Work", Decimal(1), Decimal(100), Item("1", "Work"), VAT)
DRAFT = Draft(
    reference="KQ4-1",
    customer=CustomerDraft("Ada Ltd", "ada@ada.example", currency="EUR"),
    currency="EUR",
    lines=(LINE,),
    date=date(2026, 11, 20),
    due_date=date(2026, 12, 20),
)
COMPANY = Catalog(
    BooksAccount("1", "Harbor & Pine", "EUR"),
    taxes=(VAT, FREE),
    terms=(Term("3", "Net 30", 30), Term("4", "End of month")),
)
UNTAXED = (replace(LINE, tax=None),)
OWN = "INV-{{ deal.id }}"


def check(company: dict[str, Any], draft: dict[str, Any], provider: str = "quickbooks") -> None:
    check_company(replace(DRAFT, **draft), replace(COMPANY, **company), BOOKS[provider])


@pytest.mark.parametrize(
    ("company", "draft", "words"),
    [
        ({"switched_off": ("invoice.discount",)}, {"discount": Discount(Decimal(5))}, "discount"),
        (
            {"switched_off": ("invoice.discount.amount",)},
            {"discount": Discount(amount=Decimal(5))},
            "invoice.discount.amount",
        ),
        ({"switched_off": ("invoice.number",)}, {"number": "7"}, "invoice.number"),
        ({"switched_off": ("invoice.memo",)}, {"memo": "Hello"}, "invoice.memo"),
        ({"required": ("invoice.number",)}, {}, "invoice.number"),
        ({"settings": Settings(other_currencies=False)}, {"currency": "GBP"}, "EUR only"),
        (
            {"settings": Settings(other_currencies=False)},
            {"customer": replace(DRAFT.customer, currency="GBP")},
            "EUR only, not in GBP",
        ),
        ({"settings": Settings(taxes=TaxChoice.REQUIRED)}, {"lines": UNTAXED}, "every line"),
        ({"settings": Settings(taxes=TaxChoice.NONE)}, {}, "charges no tax"),
        (
            {"settings": Settings(taxes=TaxChoice.BY_BOOKS)},
            {"lines": (replace(LINE, tax=UNKNOWN),), "amounts": Amounts.INCLUSIVE},
            "rate of TAX",
        ),
        ({}, {"terms": "Net 45", "due_date": None}, "no terms 'Net 45'"),
    ],
)
def test_it_is_refused(company: dict[str, Any], draft: dict[str, Any], words: str) -> None:
    with pytest.raises(NotSetUp, match=words) as caught:
        check(company, draft)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("company", "draft"),
    [
        ({}, {}),
        ({"switched_off": ("invoice.discount", "invoice.number")}, {}),
        ({"required": ("invoice.number",)}, {"number": "7"}),
        ({"settings": Settings(other_currencies=False)}, {}),
        ({}, {"currency": "GBP"}),
        ({"settings": Settings(taxes=TaxChoice.REQUIRED)}, {}),
        ({"settings": Settings(taxes=TaxChoice.NONE)}, {"lines": UNTAXED}),
        ({"settings": Settings(taxes=TaxChoice.BY_BOOKS)}, {"lines": UNTAXED}),
        ({}, {"terms": "end of month", "due_date": None}),
        ({}, {"terms": "net 30 days", "due_date": None}),
        ({}, {"terms": "Net 45"}),
    ],
)
def test_it_is_let_through(company: dict[str, Any], draft: dict[str, Any]) -> None:
    check(company, draft)


def test_the_tax_that_stands_for_none_is_named() -> None:
    with pytest.raises(NotSetUp) as caught:
        check({"settings": Settings(taxes=TaxChoice.REQUIRED)}, {"lines": UNTAXED})
    assert caught.value.hint.endswith(": Free")


def test_terms_are_left_to_books_without_terms_of_their_own() -> None:
    check({}, {"terms": "Net 45", "due_date": None}, "wave")


class TestBeforeTheCustomerIsMade:
    """The whole way, in a company with those settings."""

    @pytest.mark.parametrize(
        ("settings", "mapping", "words"),
        [
            ({"allow_discount": False}, {"invoice": {"discount": "{{ 5 }}"}}, "invoice.discount"),
            ({"multi_currency": False}, {"customer": {"currency": "{{ 'GBP' }}"}}, "EUR only"),
            ({}, {"tax": {"DE": "none"}}, "every line"),
            ({}, {"invoice": {"due_date": None, "terms": "{{ 'Whenever' }}"}}, "'Whenever'"),
        ],
    )
    def test_nothing_is_written(
        self,
        live: QuickBooksStage,
        settings: dict[str, Any],
        mapping: dict[str, Any],
        words: str,
    ) -> None:
        live.people.change_company(**settings)
        live.map(**mapping)
        ended = live.invoice()
        assert ended.code == 3, ended
        assert words in ended.of("error")[0]["message"]
        assert not live.writes()

    def test_what_is_switched_on_again_is_seen_by_the_next_run(self, live: QuickBooksStage) -> None:
        live.map(invoice={"discount": "{{ 10 }}"})
        live.people.change_company(allow_discount=False)
        assert live.invoice().code == 3
        live.people.change_company(allow_discount=True)
        ended = live.invoice()
        assert ended.code == 0, ended.out


@pytest.mark.parametrize(
    ("key", "mapping"),
    [
        ("invoice.number", {"number": "{{ deal.id }}/a-number-that-is-too-long"}),
        ("invoice.memo", {"memo": "Thank you! " * 100}),
        ("lines.description", {}),
    ],
)
def test_a_text_that_is_too_long_for_the_books_stops_the_deal(
    live: QuickBooksStage, key: str, mapping: dict[str, Any]
) -> None:
    live.map(invoice=mapping, lines={} if mapping else {"description": "work " * 900})
    ended = live.invoice()
    assert ended.code == 3, ended
    assert f"{key} has " in ended.of("error")[0]["message"]
    assert not live.writes()


def test_a_preview_shows_no_wish_that_is_left_out(live: QuickBooksStage) -> None:
    preview = live.kinv("invoice", "--deal", live.deal, "--dry-run", "--json").of("plan")[0]
    (mail,) = [step["values"] for step in preview["steps"] if step["step"] == "invoice.send"]
    assert mail == {"to": "jo@northwind.example", "cc": []}
