"""What people see with QuickBooks: logging in, two kinds of companies, a deal, typical refusals."""

from __future__ import annotations

import sys
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from pasting import Person
from quickbooks_stage import QuickBooksStage
from transcripts import NOON, Transcript

from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

DEVELOPMENT, PRODUCTION, SECRET = "development-app", "production-app", "the-application-s-secret"
OWN_PAGE = "https://acme.example/kinv"
AMERICAN: Mapping[str, Any] = {
    "name": "Bay & Main",
    "rates": {"EUR": "1.08", "GBP": "1.27"},
    "payments": True,
}
WHETHER = {"DE": "none", "GB": "none", "US": "TAX"}
"""What an American company's lines say about tax."""


@pytest.fixture
def still(tmp_path: Path) -> Iterator[QuickBooksStage]:
    """A stage at which the clocks stand still."""
    built = QuickBooksStage(tmp_path, world=World(clock=lambda: NOON))
    yield built
    built.close()


@pytest.fixture
def american(still: QuickBooksStage) -> QuickBooksStage:
    """The same with an American company: QuickBooks numbers its invoices and finds the tax."""
    still.business = still.people.add_company(**AMERICAN)
    still.people.add_item("Consulting Services", company=still.business)
    still.map(tax=WHETHER)
    return still


@pytest.fixture
def newcomer(still: QuickBooksStage, monkeypatch: pytest.MonkeyPatch) -> QuickBooksStage:
    """A stage without tokens and mapping, whose person has an application at Intuit."""
    still.people.add_integration(DEVELOPMENT, SECRET, "http://localhost:8765/callback")
    still.people.add_integration(PRODUCTION, SECRET, OWN_PAGE, production=True)
    still.settings |= {
        "KINV_KOMMO_TOKEN": "",
        "KINV_QUICKBOOKS_TOKEN": "",
        "KINV_MAPPING": "",
        "KINV_STORE": "plain",
        "KINV_QUICKBOOKS_CLIENT_ID": DEVELOPMENT,
        "KINV_QUICKBOOKS_CLIENT_SECRET": SECRET,
    }
    (still.folder / "mapping.toml").unlink()
    monkeypatch.setattr(sys, "stdin", Person())
    fixed = SimpleNamespace(token_urlsafe=lambda _: "the-state-of-this-login")
    monkeypatch.setattr("kommo_invoice.auth.oauth.secrets", fixed)
    return still


def test_logging_in(newcomer: QuickBooksStage) -> None:
    base = ("--base-url", newcomer.sandbox.urls["quickbooks"])
    production = {"KINV_QUICKBOOKS_CLIENT_ID": PRODUCTION}
    paste = ("connect", "quickbooks", "--paste", *base)
    script = Transcript("quickbooks-connect", newcomer)
    script.run("connect", "quickbooks", "--token-stdin")
    script.run("connect", "quickbooks")
    script.run("connect", "quickbooks", "--environment", "sandbox", KINV_QUICKBOOKS_CLIENT_ID="")
    script.run(*paste, "--environment", "sandbox", "--account", "12345678")
    script.run(*paste, "--environment", "sandbox", **production)
    script.run(*paste, "--redirect-uri", OWN_PAGE, **production)
    script.run(*paste, "--environment", "sandbox", KINV_QUICKBOOKS_CLIENT_SECRET="of-another-one")
    newcomer.people.oauth.denies = True
    script.run(*paste, "--environment", "sandbox")
    newcomer.people.oauth.denies = False
    script.run(*paste, "--environment", "sandbox")
    script.run("connect")
    script.run("disconnect", "quickbooks")
    script.compare()


def test_a_british_companys_mapping(still: QuickBooksStage) -> None:
    script = Transcript("quickbooks-check-british", still)
    script.run("mapping", "check")
    script.run("mapping", "check", "--json")
    still.map(tax={"DE": "none", "GB": "none", "US": "none"})
    script.run("mapping", "check")
    still.map(invoice={"terms": "Net 45", "due_date": None}, lines={"discount": "5"})
    script.run("mapping", "check")
    still.map(invoice={"send": False, "status": "draft"})
    script.run("mapping", "check")
    script.compare()


def test_an_american_companys_mapping(american: QuickBooksStage) -> None:
    script = Transcript("quickbooks-check-american", american)
    script.run("mapping", "check")
    american.map(tax={"DE": "none", "GB": "none", "US": "Sales Tax"})
    script.run("mapping", "check")
    american.map(tax=WHETHER, invoice={"number": "reference"})
    script.run("mapping", "check")
    script.compare()


def test_a_deal_is_previewed_invoiced_and_left_alone(still: QuickBooksStage) -> None:
    script = Transcript("quickbooks-invoice", still)
    script.run("invoice", "--deal", still.deal, "--dry-run")
    script.run("invoice", "--deal", still.deal)
    script.run("invoice", "--deal", still.deal)
    script.run("ledger", "show", "--deal", still.deal)
    script.compare()


def test_a_deal_whose_tax_the_books_find(american: QuickBooksStage) -> None:
    american.map(tax={**WHETHER, "DE": "TAX"})
    script = Transcript("quickbooks-tax", american)
    script.run("invoice", "--deal", american.deal, "--dry-run")
    script.run("invoice", "--deal", american.deal)
    script.compare()


def test_refusals_before_anything_is_made(still: QuickBooksStage) -> None:
    script = Transcript("quickbooks-refusals", still)
    still.map(tax={"DE": "none"})
    script.run("invoice", "--deal", still.deal)
    still.map(invoice={"terms": "{{ 'Net 45' }}", "due_date": None})
    script.run("invoice", "--deal", still.deal)
    still.people.change_company(allow_discount=False, custom_numbers=False)
    still.map(invoice={"discount": "{{ 5 }}"})
    script.run("invoice", "--deal", still.deal)
    still.map(invoice={"number": "INV-{{ deal.id }}"})
    script.run("invoice", "--deal", still.deal)
    still.map()
    script.run("invoice", "--deal", still.deal, KINV_QUICKBOOKS_TOKEN="one-that-has-expired")
    assert still.books["invoices"] == []
    script.compare()


def test_names_that_are_taken(still: QuickBooksStage) -> None:
    still.take_name("Northwind GmbH")
    still.add_customer("Bright & Co Ltd", "accounts@bright.example", currency="GBP")
    script = Transcript("quickbooks-names", still)
    still.map(customer={"on_name_taken": "error"})
    script.run("invoice", "--deal", still.deal)
    script.run("invoice", "--deal", still.other)
    still.map()
    script.run("retry", "--all")
    script.compare()
    assert [name for name, _ in still.names if name.endswith("(2)")] == [
        "Northwind GmbH (2)",
        "Bright & Co Ltd (2)",
    ]


def test_an_invoice_that_came_out_otherwise(still: QuickBooksStage) -> None:
    still.kinv("mapping", "check")
    script = Transcript("quickbooks-otherwise", still)
    script.run("invoice", "--deal", still.other)
    company = still.people.state.company()
    for rate in company.table("TaxRate").all():
        company.change(rate, {**rate.data, "RateValue": Decimal(5)})
    script.run("invoice", "--deal", still.deal)
    script.run("ledger", "show", "--deal", still.deal)
    script.compare()


def test_what_quickbooks_itself_refuses(still: QuickBooksStage) -> None:
    script = Transcript("quickbooks-refused", still)
    still.fault("status", "POST /invoice$", status=400, body=_fault("6000", "Check the address"))
    script.run("invoice", "--deal", still.deal)
    still.people.change_company(lapsed=True)
    script.run("retry", "--all")
    script.run("status")
    script.compare()


def _fault(code: str, detail: str) -> dict[str, Any]:
    error = {"Message": "Business Validation Error", "Detail": detail, "code": code}
    return {"Fault": {"Error": [error], "type": "ValidationFault"}}
