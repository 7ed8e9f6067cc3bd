"""One client is one customer: found, chosen, or made once for all its deals."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from stage import Stage


def test_a_customer_with_that_address_is_taken_and_none_is_made(stage: Stage) -> None:
    stage.add_customer()
    assert stage.invoice().code == 0
    assert "customerCreate" not in stage.writes()


def test_two_customers_with_that_address_are_refused_naming_both(stage: Stage) -> None:
    one, two = stage.add_customer("Northwind"), stage.add_customer("Northwind Ltd")
    ended = stage.invoice()
    assert ended.code == 3
    (error,) = ended.of("error")
    assert error["deal"] == stage.deal
    for text in ("2 customers", one, two):
        assert text in error["message"]
    assert not stage.writes()


def test_the_oldest_of_two_is_taken_where_the_mapping_says_so(stage: Stage) -> None:
    stage.add_customer("Younger")
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    stage.wave.add_customer("Older", "jo@northwind.example", created_at=long_ago)
    stage.map(customer={"on_ambiguous": "oldest"})
    assert stage.invoice().code == 0
    assert stage.books["invoices"][0]["customer"] == "Older"


def test_an_archived_customer_does_not_count(stage: Stage) -> None:
    stage.wave.add_customer("Gone", "jo@northwind.example", archived=True)
    stage.add_customer("Here")
    assert stage.invoice().code == 0
    assert stage.books["invoices"][0]["customer"] == "Here"


def test_a_customer_that_is_only_archived_is_made_anew(stage: Stage) -> None:
    stage.wave.add_customer("Gone", "jo@northwind.example", archived=True)
    assert stage.invoice().code == 0
    assert stage.writes()["customerCreate"] == 1


@pytest.mark.parametrize("in_books", ["amy.stone@bright.example", "AMY.stone@BRIGHT.example"])
def test_letter_case_makes_no_other_customer(stage: Stage, in_books: str) -> None:
    stage.wave.rules.emails_ignore_case = True
    stage.add_customer("Bright", in_books)
    assert stage.invoice(stage.other).code == 0
    assert "customerCreate" not in stage.writes()


def test_an_address_is_sent_as_it_is_written(stage: Stage) -> None:
    assert stage.invoice(stage.other).code == 0
    (customer,) = stage.books["customers"]
    assert customer["email"] == stage.books["mails"][0]["to"][0] == "Amy.Stone@bright.example"


@pytest.mark.parametrize(
    ("client", "email"),
    [
        ("Sinéad O'Neil", "o'neil@shop.example"),
        ('Ann "Annie" Brück {{ deal.id }}', "ann+invoices@shop.example"),
    ],
)
def test_names_and_addresses_with_odd_characters_are_values(
    stage: Stage, client: str, email: str
) -> None:
    first = stage.add_deal("One", client=client, email=email)
    assert stage.invoice(first).code == 0
    stage.forget()
    second = stage.add_deal("Two", client=client, email=email)
    assert stage.invoice(second).code == 0
    (customer,) = stage.books["customers"]
    assert (customer["name"], customer["email"]) == (client, email)


@pytest.mark.parametrize("lag_s", [0, 600])
def test_many_deals_of_a_new_client_in_one_run_make_one_customer(stage: Stage, lag_s: int) -> None:
    stage.world.lag_s = lag_s
    deals = [stage.add_deal(f"Work {n}", email=_spelled(n)) for n in range(12)]
    stage.world.advance(lag_s)
    assert stage.invoice(*deals).code == 0
    assert len(stage.books["customers"]) == 1
    assert len(stage.books["mails"]) == 12


@pytest.mark.parametrize("lag_s", [0, 600])
def test_a_new_clients_deals_in_two_runs_make_one_customer(stage: Stage, lag_s: int) -> None:
    first, second = stage.add_deal("One"), stage.add_deal("Two")
    stage.world.lag_s = lag_s
    stage.world.advance(lag_s)
    assert stage.invoice(first).code == 0
    assert stage.invoice(second).code == 0
    assert len(stage.books["customers"]) == 1


def test_while_a_customer_is_in_doubt_its_other_deals_wait(stage: Stage) -> None:
    first, second = stage.add_deal("One"), stage.add_deal("Two")
    stage.fault("refuse", "customerCreate")
    ended = stage.invoice(first, second)
    assert ended.code == 5
    assert stage.writes() == {"customerCreate": 1}
    stage.until_quiet(first, second)
    assert len(stage.books["customers"]) == 1
    assert len(stage.books["mails"]) == 2


def test_a_customer_that_was_archived_since_is_made_anew(stage: Stage) -> None:
    first, second = stage.add_deal("One"), stage.add_deal("Two")
    stage.invoice(first)
    stage.wave.archive_customer(stage.books["customers"][0]["id"])
    assert stage.invoice(second).code == 0
    assert len(stage.books["customers"]) == 2


class TestACustomerFixedByTheMapping:
    """Its id stands in a field; nothing is searched."""

    def test_it_is_taken_whatever_its_address(self, stage: Stage) -> None:
        fixed = stage.add_customer("Holding", "holding@northwind.example")
        stage.map(customer={"id": fixed})
        assert stage.invoice().code == 0
        assert stage.books["invoices"][0]["customer"] == "Holding"
        assert stage.books["mails"][0]["to"] == ["jo@northwind.example"]

    def test_an_unknown_one_is_refused(self, stage: Stage) -> None:
        stage.map(customer={"id": "nobody"})
        ended = stage.invoice()
        assert ended.code == 3
        assert "customer nobody" in ended.of("error")[0]["message"]
        assert not stage.writes()

    def test_a_second_run_without_the_ledger_finds_the_invoice(self, stage: Stage) -> None:
        stage.map(customer={"id": stage.add_customer("Holding", "holding@northwind.example")})
        stage.invoice()
        stage.forget()
        so_far = len(stage.world.requests)
        assert stage.invoice().code == 0
        assert not stage.writes(so_far)


def _spelled(number: int) -> str:
    return "zoe@lund.example" if number % 2 else "Zoe@Lund.example"
