"""What does not do for an invoice is told in words that name the deal and the key."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from mapping_ground import DEAL, JO, TODAY, Changes, build_in

from kommo_invoice.domain.deal import Deal
from kommo_invoice.errors import DealError

Refusing = Callable[..., str]


@pytest.fixture
def refusal(tmp_path: Path) -> Refusing:
    build = build_in(tmp_path)

    def refusal(changes: Changes = None, deal: Deal = DEAL) -> str:
        with pytest.raises(DealError) as caught:
            build(changes).draft(deal, today=TODAY, reference="KQ4-501")
        assert caught.value.deal == deal.id
        return caught.value.message

    return refusal


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"customer.country": "{{ 'Germny' }}"},
            (
                "deal 501: customer.country: 'Germny' is no country: "
                "use its ISO code or English name (did you mean 'Germany'?)"
            ),
        ),
        (
            {"invoice.currency": "{{ 'EURO' }}"},
            "deal 501: invoice.currency: 'EURO' is no currency: use its ISO code, as EUR",
        ),
        (
            {"invoice.discount": "{{ 101 }}"},
            "deal 501: invoice.discount: 101 is not a percentage from 0 to 100",
        ),
        (
            {"invoice.discount": {"amount": "{{ -1 }}"}},
            "deal 501: invoice.discount.amount: -1 is negative",
        ),
        (
            {"invoice.date": "{{ 'tomorrow' }}"},
            "deal 501: invoice.date: 'tomorrow' is not a date (YYYY-MM-DD)",
        ),
        (
            {"invoice.send": "{{ 'maybe' }}"},
            "deal 501: invoice.send: 'maybe' is neither yes nor no",
        ),
        (
            {"invoice.due_date": "{{ deal['Due Date'] + days(3) }}"},
            (
                "deal 501: invoice.due_date: {{ deal['Due Date'] + days(3) }}: "
                "deal['Due Date'] is empty"
            ),
        ),
        (
            {"lines.quantity": "{{ deal['Discount %'] }}"},
            "deal 501: lines.quantity: is empty: {{ deal['Discount %'] }}",
        ),
        ({"lines.quantity": "{{ 0 }}"}, "deal 501: lines.quantity: 0 is not above 0"),
        (
            {"lines.unit_price": "{{ '1,50' }}"},
            "deal 501: lines.unit_price: '1,50' is not a number",
        ),
        (
            {"lines.item": "{{ deal.name }}"},
            "deal 501: lines.item: there is no item 'Website'",
        ),
        (
            {"tax": {"key": "{{ customer.country }}", "DE": "none"}},
            'deal 501: tax.key: [tax] has no entry for an empty text, and its default is "error"',
        ),
        (
            {"tax": {"key": "GB", "DE": "none", "default": "error"}},
            "deal 501: tax.key: [tax] has no entry 'GB', and its default is \"error\"",
        ),
        (
            {"tax": {"key": "revers", "DE": "none", "reverse": "none"}},
            (
                "deal 501: tax.key: [tax] has no entry 'revers', and its default is \"error\" "
                "(did you mean 'reverse'?)"
            ),
        ),
    ],
)
def test_what_does_not_do_is_told_with_deal_and_key(
    refusal: Refusing, changes: Changes, message: str
) -> None:
    assert refusal(changes) == message


@pytest.mark.parametrize("address", ["jo@", "jo day@client.example", "jo"])
def test_an_address_that_is_none_is_told(refusal: Refusing, address: str) -> None:
    message = refusal(deal=replace(DEAL, contact=replace(JO, email=address)))
    assert message.startswith(f"deal 501: customer.email: '{address}' is no e-mail address")
