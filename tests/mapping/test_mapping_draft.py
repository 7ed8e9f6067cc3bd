"""A deal becomes a draft: every key, every coercion, every refusal in words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mapping_ground import (
    CLIENT,
    DEAL,
    FIELD_LINES,
    JO,
    PRODUCTS,
    SALES,
    TODAY,
    Build,
    Changes,
    build_in,
    field,
    tax_of,
    with_fields,
)
from mapping_ground import lines_of as shown

from kommo_invoice.domain.deal import Deal
from kommo_invoice.domain.draft import Address, Amounts, Discount, Draft, Ready
from kommo_invoice.errors import DealError
from kommo_invoice.mapping import Evaluated, NotPossible

Evaluating = Callable[..., Evaluated]
Drafting = Callable[..., Draft]
Refusing = Callable[..., str]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    return build_in(tmp_path)


@pytest.fixture
def evaluate(build: Build) -> Evaluating:
    def evaluate(changes: Changes = None, deal: Deal = DEAL) -> Evaluated:
        return build(changes).draft(deal, today=TODAY, reference="KQ4-501")

    return evaluate


@pytest.fixture
def draft(evaluate: Evaluating) -> Drafting:
    return lambda changes=None, deal=DEAL: evaluate(changes, deal).draft


@pytest.fixture
def refusal(evaluate: Evaluating) -> Refusing:
    def refusal(changes: Changes = None, deal: Deal = DEAL) -> str:
        with pytest.raises(DealError) as caught:
            evaluate(changes, deal)
        assert caught.value.deal == deal.id
        return caught.value.message

    return refusal


def test_the_least_mapping_makes_a_whole_draft(draft: Drafting) -> None:
    made = draft()
    assert (made.reference, made.currency, made.date) == ("KQ4-501", "EUR", TODAY)
    assert (made.customer.name, made.customer.email) == ("Client GmbH", "Jo@Client.example")
    assert made.customer.currency == "EUR"
    (line,) = made.lines
    assert shown(made) == ["1 x Website at 1000"]
    assert (line.item.id, line.tax, line.discount) == ("i1", None, None)
    assert made.mail is not None
    assert made.mail.to == "Jo@Client.example"
    assert made.mail.attach_pdf
    assert (made.due_date, made.terms, made.number, made.memo) == (None, None, None, None)
    assert (made.po_number, made.discount) == (None, None)
    assert (made.amounts, made.ready) == (Amounts.EXCLUSIVE, Ready.APPROVED)


def test_all_of_the_customer(draft: Drafting) -> None:
    made = draft(
        {
            "customer.contact": "{{ contact.first_name }} {{ contact.last_name }}",
            "customer.phone": "{{ contact.phone }}",
            "customer.country": "{{ contact['Country'] }}",
            "customer.currency": "gbp",
            "customer.tax_number": "{{ company['VAT ID'] }}",
            "customer.tax_treatment": "vat",
            "customer.id": "C9",
            "customer.address": {"line1": "1 High St", "city": "Leeds"},
        },
        replace(DEAL, company=replace(CLIENT, fields=(field("VAT ID", " GB123 "),))),
    ).customer
    assert (made.contact, made.phone, made.country) == ("Jo Day", "+49 30 1", "GB")
    assert (made.currency, made.tax_number, made.tax_treatment) == ("GBP", "GB123", "vat")
    assert made.id == "C9"
    assert made.address == Address(line1="1 High St", city="Leeds", country="GB")


def test_an_address_without_any_part_is_none(draft: Drafting) -> None:
    changes = {"customer.address": {"city": "{{ contact['Country'] }}"}}
    assert draft(changes, replace(DEAL, contact=replace(JO, fields=()))).customer.address is None


def test_all_of_the_invoice(draft: Drafting) -> None:
    made = draft(
        {
            "invoice.date": "2026-12-01",
            "invoice.due_date": "{{ first(deal['Due Date'], today + days(30)) }}",
            "invoice.currency": "GBP",
            "invoice.amounts": "inclusive",
            "invoice.discount": "{{ deal['Discount %'] }}",
            "invoice.po_number": "4711",
            "invoice.memo": "For {{ deal.name }}",
            "invoice.message": "Hello {{ customer.contact or customer.name }}",
            "invoice.cc": "{{ deal['Copy to'] }}",
            "invoice.attach_pdf": "no",
            "invoice.number": "reference",
        },
        with_fields(**{"Discount %": Decimal("7.5"), "Copy to": "a@b.example; c@d.example"}),
    )
    assert (made.date, made.due_date) == (date(2026, 12, 1), date(2026, 12, 21))
    assert (made.currency, made.amounts) == ("GBP", Amounts.INCLUSIVE)
    assert made.discount == Discount(percent=Decimal("7.5"))
    assert (made.po_number, made.memo, made.number) == ("4711", "For Website", "KQ4-501")
    assert made.mail is not None
    assert made.mail.cc == ("a@b.example", "c@d.example")
    assert made.mail.message == "Hello Client GmbH"
    assert not made.mail.attach_pdf


@pytest.mark.parametrize(
    ("terms", "due"),
    [
        ("Net 30", date(2026, 12, 21)),
        ("net 14 days", date(2026, 12, 5)),
        ("Due on receipt", TODAY),
        ("End of month", None),
    ],
)
def test_simple_terms_give_the_due_date_where_it_is_empty(
    draft: Drafting, terms: str, due: date | None
) -> None:
    changes = {"invoice.terms": "{{ deal['Terms'] }}", "invoice.due_date": "{{ deal['Due Date'] }}"}
    made = draft(changes, with_fields(Terms=terms))
    assert (made.terms, made.due_date) == (terms, due)
    dated = draft(changes, with_fields(Terms=terms, **{"Due Date": date(2027, 1, 1)}))
    assert dated.due_date == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("send", "status", "mailed", "ready"),
    [
        (True, "draft", True, Ready.APPROVED),
        (False, "approved", False, Ready.APPROVED),
        (False, "draft", False, Ready.DRAFT),
        ("{{ deal['Ready'] }}", "draft", False, Ready.DRAFT),
    ],
)
def test_an_invoice_is_mailed_approved_or_left_a_draft(
    draft: Drafting, send: object, status: str, mailed: bool, ready: Ready
) -> None:
    made = draft({"invoice.send": send, "invoice.status": status})
    assert (made.mail is not None, made.ready) == (mailed, ready)


def test_moments_become_days_in_the_account_s_zone(draft: Drafting) -> None:
    late = replace(DEAL, closed_at=datetime(2026, 11, 20, 23, tzinfo=UTC))  # 01:00 in Kyiv
    assert draft({"invoice.date": "{{ deal.closed_at }}"}, late).date == date(2026, 11, 21)


def test_a_number_of_one_s_own_holds_the_deal_s_id(draft: Drafting, refusal: Refusing) -> None:
    assert draft({"invoice.number": "INV-{{ deal.id }}/26"}).number == "INV-501/26"
    message = refusal({"invoice.number": "INV-{{ deal.id // 100 }}"})
    assert message == (
        "deal 501: invoice.number: 'INV-5' does not hold the deal's id, so it is not unique"
    )


@pytest.mark.parametrize(
    ("written", "code"), [("UK", "GB"), ("de", "DE"), ("Germany", "DE"), (" united kingdom ", "GB")]
)
def test_countries_by_code_or_english_name(draft: Drafting, written: str, code: str) -> None:
    assert draft({"customer.country": written}).customer.country == code


def test_spaces_around_an_address_do_not_matter(draft: Drafting) -> None:
    made = draft(deal=replace(DEAL, contact=replace(JO, email=" Jo@Client.test\n")))
    assert made.customer.email == "Jo@Client.test"


def test_a_deal_without_people(refusal: Refusing) -> None:
    alone = replace(DEAL, contact=None)
    assert refusal(deal=alone) == "deal 501 has no contact, so customer.email is empty"
    alone = replace(alone, company=None)
    assert refusal(deal=alone) == (
        "deal 501 has no contact and no company, so customer.name is empty"
    )
    silent = replace(DEAL, contact=replace(JO, email=None))
    assert refusal(deal=silent) == "deal 501: customer.email: is empty: {{ contact.email }}"


@pytest.mark.parametrize(
    ("deal", "message"),
    [
        (
            replace(DEAL, price=Decimal(0)),
            "deal 501 has a price of 0 EUR: only a price above 0 can be invoiced",
        ),
        (
            replace(DEAL, price=Decimal("-5.50")),
            "deal 501 has a price of -5.50 EUR: only a price above 0 can be invoiced",
        ),
        (replace(DEAL, stage=SALES.stages[-1]), "deal 501 is lost"),
        (
            replace(DEAL, price=Decimal(99)),
            "deal 501: trigger.when is not true: {{ deal.price >= 100 }}",
        ),
    ],
)
def test_deals_that_get_no_invoice_by_rule(build: Build, deal: Deal, message: str) -> None:
    mapping = build({"trigger.when": "{{ deal.price >= 100 }}"})
    with pytest.raises(NotPossible) as caught:
        mapping.draft(deal, today=TODAY, reference="KQ4-501")
    assert caught.value.message == message


def test_lines_from_products(draft: Drafting) -> None:
    changes = {"lines": {"source": "products", "item": "{{ product.sku }}"}}
    made = draft(changes, replace(DEAL, products=PRODUCTS))
    assert shown(made) == ["2 x Logo at 300", "1 x Talk at 400"]
    assert [line.item.id for line in made.lines] == ["i2", "i1"]  # no SKU: the invoice's item


def test_a_wrong_line_is_named(refusal: Refusing) -> None:
    free = replace(PRODUCTS[1], price=Decimal(0))
    deal = replace(DEAL, products=(PRODUCTS[0], free))
    assert refusal({"lines": {"source": "products"}}, deal) == (
        "deal 501: lines.unit_price of line 2: 0 is not above 0"
    )


def test_lines_from_numbered_fields_leave_empty_rows_out(
    draft: Drafting, refusal: Refusing
) -> None:
    made = draft({"lines": FIELD_LINES}, with_fields(**{"Item 2": "Logo", "Price 2": Decimal(9)}))
    assert shown(made) == ["1 x Logo at 9"]
    message = refusal({"lines": FIELD_LINES}, with_fields(**{"Item 2": "Logo"}))
    assert message == "deal 501: lines.unit_price of line 2: is empty: {{ deal['Price ' ~ n] }}"


@pytest.mark.parametrize(
    "lines", [{**FIELD_LINES, "item": "{{ deal['Item ' ~ n] }}"}, {"source": "products"}]
)
def test_a_source_without_lines_is_an_error_or_the_whole_deal(
    draft: Drafting, refusal: Refusing, lines: dict[str, object]
) -> None:
    assert refusal({"lines": lines}) == f"deal 501: its {lines['source']} give no line"
    made = draft({"lines": {**lines, "fallback": "deal", "tax": "VAT 19%"}})
    assert shown(made) == ["1 x Website at 1000"]
    assert (made.lines[0].item.id, tax_of(made)) == ("i1", "t19")


def test_lines_that_do_not_add_up(evaluate: Evaluating, refusal: Refusing) -> None:
    lines = {"unit_price": "900", "lines_vs_price": "warn"}
    message = "deal 501: the lines come to 900.00 EUR, and the deal's price is 1000.00 EUR"
    assert evaluate({"lines": lines}).warnings == (message,)
    assert evaluate().warnings == ()
    assert refusal({"lines": {**lines, "lines_vs_price": "error"}}) == message
    assert evaluate({"lines": {**lines, "lines_vs_price": "ignore"}}).warnings == ()


@pytest.mark.parametrize(
    ("discount", "expected"),
    [
        ("10", Discount(percent=Decimal(10))),
        ({"amount": "{{ deal.price / 4 }}"}, Discount(amount=Decimal(250))),
        ("0", None),
        ("{{ deal['Discount %'] }}", None),
    ],
)
def test_discounts(draft: Drafting, discount: object, expected: Discount | None) -> None:
    changes = {"invoice.discount": discount, "lines.discount": discount}
    made = draft({**changes, "lines.lines_vs_price": "ignore"})
    assert made.discount == expected
    assert made.lines[0].discount == expected


@pytest.mark.parametrize(
    ("country", "extra", "tax"),
    [
        ("Germany", {}, "t19"),
        ("GB", {}, "t20"),
        ("US", {}, None),
        ("FR", {"default": "none"}, None),
        ("FR", {"default": "vat 19%"}, "t19"),
        ("", {"default": "t20"}, "t20"),
    ],
)
def test_the_tax_of_a_case(
    draft: Drafting, country: str, extra: dict[str, str], tax: str | None
) -> None:
    section = {"key": "{{ customer.country }}", "de": "VAT 19%", "GB": "t20", "US": "none"}
    assert tax_of(draft({"customer.country": country, "tax": {**section, **extra}})) == tax


def test_a_line_s_own_tax_is_over_the_section(draft: Drafting, refusal: Refusing) -> None:
    section = {"key": "x", "x": "VAT 19%"}
    assert tax_of(draft({"tax": section, "lines.tax": "none"})) is None
    assert tax_of(draft({"tax": section, "lines.tax": "VAT 20%"})) == "t20"
    assert tax_of(draft({"tax": section, "lines.tax": "{{ deal['Terms'] }}"})) == "t19"
    message = refusal({"lines.tax": "{{ 'VAT 91%' ~ deal['Terms'] }}"})
    assert message == "deal 501: lines.tax: there is no tax 'VAT 91%' (did you mean 'VAT 19%'?)"


def test_a_line_without_its_own_tax_is_never_left_untaxed_silently(refusal: Refusing) -> None:
    assert refusal({"lines.tax": "{{ deal['Terms'] }}"}) == (
        "deal 501: lines.tax: is empty, and there is no [tax] section; 'none' says no tax"
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(price=st.decimals("0.01", "99999999.99", places=2), zeros=st.integers(0, 6))
def test_equal_deals_have_equal_content(build: Build, price: Decimal, zeros: int) -> None:
    mapping = build()
    longer = price.quantize(Decimal(1).scaleb(-2 - zeros))
    first = mapping.draft(replace(DEAL, price=price), today=TODAY, reference="KQ4-501").draft
    later = replace(DEAL, price=longer)
    second = mapping.draft(later, today=date(2027, 1, 1), reference="KQ4-501~2").draft
    assert first.content_hash() == second.content_hash()
    dearer = replace(DEAL, price=price + Decimal("0.01"))
    third = mapping.draft(dearer, today=TODAY, reference="KQ4-501").draft
    assert third.content_hash() != first.content_hash()
