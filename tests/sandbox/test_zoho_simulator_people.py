"""What people do in the Zoho Books simulator beside the interface, and what it allows them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from zoho_books import Zoho

from kommo_invoice.sandbox.zoho_faults import Refusal


@pytest.fixture
def books() -> Zoho:
    return Zoho()


def test_a_customer_may_be_inactive_from_the_start_and_old(books: Zoho) -> None:
    day = datetime(2020, 1, 2, tzinfo=UTC)
    books.people.add_customer("Old", "old@x.test", active=False, created_at=day)
    [row] = books.rows("/contacts", email="old@x.test", filter_by="Status.All")
    assert (row["status"], row["created_time"]) == ("inactive", "2020-01-02T01:00:00+0100")


def test_a_customer_is_switched_off_and_on(books: Zoho) -> None:
    books.people.deactivate(books.customer)
    assert books.contacts(filter_by="Status.Inactive") == ["Acme GmbH"]
    books.people.deactivate(books.customer, active=True)
    assert books.contacts(filter_by="Status.Duplicate") == []
    assert "Acme GmbH" in books.contacts(filter_by="Status.Active")


def test_invoices_go_by_id_or_number(books: Zoho) -> None:
    made = books.people.add_invoice(books.customer, tax="VAT DE 19%", invoice_number="X-1")
    books.people.send("x-1", "boss@acme.example")
    [mail] = books.people.dump()["mails"]
    assert (mail["invoice"], mail["to"]) == (made, ["boss@acme.example"])
    with pytest.raises(KeyError):
        books.people.send("X-2")


def test_a_number_is_changed_and_free_again(books: Zoho) -> None:
    books.people.add_invoice(books.customer, invoice_number="X-1")
    taken = books.people.add_invoice(books.customer, invoice_number="X-2")
    with pytest.raises(Refusal, match="1001"):
        books.people.change_invoice(taken, invoice_number="x-1")
    books.people.change_invoice("X-1", invoice_number="X-3")
    books.people.change_invoice(taken, invoice_number="X-1")
    assert sorted(books.invoices()) == ["X-1", "X-3"]


def test_a_void_is_taken_back(books: Zoho) -> None:
    made = books.people.add_invoice(books.customer)
    books.people.void(made)
    books.people.unvoid(made)
    assert books.status(made) == "draft"


def test_an_invoice_never_comes_to_less_than_was_paid(books: Zoho) -> None:
    made = books.people.add_invoice(books.customer, 100)
    books.people.pay(made, 60)
    with pytest.raises(Refusal):
        books.people.change_invoice(made, line_items=[{"name": "Work", "rate": 50}])
    books.people.change_invoice(made, line_items=[{"name": "Work", "rate": 60}])
    assert books.status(made) == "paid"


def test_nobody_pays_more_than_is_left_or_credits_a_void_invoice(books: Zoho) -> None:
    made = books.people.add_invoice(books.customer, 100)
    with pytest.raises(Refusal):
        books.people.pay(made, 101)
    books.people.void(made)
    with pytest.raises(Refusal):
        books.people.credit(made, 1)
    assert books.people.dump()["payments"] == []


def test_organisations_are_changed(books: Zoho) -> None:
    books.people.change_organization(terms_days=21, name="Südlicht")
    [row] = books.rows("/organizations", organization_id="")
    assert row["name"] == "Südlicht"
    assert books.create()["due_date"] == "2026-11-16"
    fresh = books.people.add_customer("Fresh")
    assert books.create(customer_id=fresh)["due_date"] == "2026-11-23"


def test_names_that_are_not_there(books: Zoho) -> None:
    for asked in (books.people.tax_id, books.people.item_id, books.people.currency_id):
        with pytest.raises(KeyError):
            asked("nothing")
    with pytest.raises(KeyError):
        books.people.refund("1")
