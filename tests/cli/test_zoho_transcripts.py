"""What people see with Zoho Books: logging in, an organisation's mapping, a deal, refusals."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from transcripts import NOON, Transcript
from zoho_desk import APP, APPLICATION, LOCAL, SECRET, Person
from zoho_stage import REVERSE, ZohoStage

from kommo_invoice.auth.logins import LOGINS
from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

BLOCKED = "You have been blocked for some time as you have exceeded the maximum number of requests"
BRITISH_COMPANY = {"tax_number": "GB123456789", "tax_treatment": "overseas"}
MAILS_A_DAY = 20
HOURS_TO_MIDNIGHT = 11


@pytest.fixture
def still(tmp_path: Path) -> Iterator[ZohoStage]:
    """A stage at which the clocks stand still."""
    built = ZohoStage(tmp_path, world=World(clock=lambda: NOON))
    yield built
    built.close()


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Person:
    """Whoever sits at the terminal; every login of theirs has the same state."""
    person = Person()
    monkeypatch.setattr(sys, "stdin", person)
    fixed = SimpleNamespace(token_urlsafe=lambda _: "the-state-of-this-login")
    monkeypatch.setattr("kommo_invoice.auth.oauth.secrets", fixed)
    return person


@pytest.fixture
def newcomer(still: ZohoStage, person: Person) -> ZohoStage:
    """A stage without tokens and mapping, whose person has registered an application at Zoho."""
    still.people.add_integration(APP, SECRET, LOCAL)
    still.settings |= {
        "KINV_KOMMO_TOKEN": "",
        "KINV_ZOHO_TOKEN": "",
        "KINV_MAPPING": "",
        "KINV_STORE": "plain",
        **APPLICATION,
    }
    (still.folder / "mapping.toml").unlink()
    return still


def test_logging_in(newcomer: ZohoStage) -> None:
    paste = ("connect", "zoho", "--paste", "--base-url", newcomer.sandbox.urls["zoho"])
    studio = newcomer.people.add_organization("Nordlicht Studio", country="GB", currency="GBP")
    oauth = newcomer.people.oauth
    script = Transcript("zoho-connect", newcomer)
    script.run("connect", "zoho", "--token-stdin")
    script.run("connect", "zoho", "--region", "mars")
    script.run("connect", "zoho", KINV_ZOHO_CLIENT_ID="")
    oauth.denies = True
    script.run(*paste)
    oauth.denies = False
    script.run(*paste, KINV_ZOHO_CLIENT_SECRET="of-another-one")
    oauth.registered_at, oauth.multi_dc = "us", False
    script.run(*paste)
    oauth.registered_at, oauth.multi_dc = "eu", True
    script.run(*paste)
    script.run(*paste, "--account", studio)
    script.run("connect")
    script.run("disconnect", "zoho")
    script.compare()


def test_logging_in_without_a_browser(newcomer: ZohoStage, person: Person) -> None:
    paste = ("connect", "zoho", "--paste", "--base-url", newcomer.sandbox.urls["zoho"])
    newcomer.people.add_integration(APP, SECRET)
    needed = LOGINS["zoho"].oauth.needed
    oauth = newcomer.people.oauth
    script = Transcript("zoho-self-client", newcomer)
    person.code = oauth.self_client_code(APP, "ZohoBooks.invoices.READ", 10)
    script.run(*paste, "--region", "eu")
    person.code = oauth.self_client_code(APP, needed, 10)
    script.run(*paste, "--region", "eu")
    script.run(*paste, "--region", "eu")
    script.compare()


def test_an_organisations_mapping(still: ZohoStage) -> None:
    script = Transcript("zoho-check", still)
    script.run("mapping", "check")
    script.run("mapping", "check", "--json")
    still.map(tax={"GB": "Revers charge"}, invoice={"item": "Fax Support"})
    script.run("mapping", "check")
    still.map(invoice={"terms": "Net 30", "due_date": None, "number": "reference"})
    script.run("mapping", "check")
    still.map(books={"region": "mars", "base_url": None})
    script.run("mapping", "check")
    still.map(books={"account": "60000000000"})
    script.run("mapping", "check")
    script.compare()


def test_what_the_organisations_country_decides(still: ZohoStage) -> None:
    mapped: Mapping[str, Any] = {
        "customer": {"tax_number": "12345", "tax_treatment": "vat_registered"},
        "invoice": {"amounts": "inclusive"},
        "tax": {"DE": "none", "GB": "none"},
    }
    script = Transcript("zoho-check-countries", still)
    for country, currency in (("GB", "GBP"), ("AE", "AED"), ("US", "USD")):
        still.business = still.people.add_organization("Bay", country=country, currency=currency)
        still.people.add_item("Consulting Services", organization=still.business)
        still.map(**mapped)
        script.run("mapping", "check")
    script.compare()


def test_a_deal_is_previewed_invoiced_and_left_alone(still: ZohoStage) -> None:
    script = Transcript("zoho-invoice", still)
    script.run("invoice", "--deal", still.deal, "--dry-run")
    script.run("invoice", "--deal", still.deal)
    script.run("invoice", "--deal", still.deal)
    script.run("ledger", "show", "--deal", still.deal)
    script.compare()


def test_a_company_abroad_is_charged_in_reverse(still: ZohoStage) -> None:
    still.map(customer=BRITISH_COMPANY)
    script = Transcript("zoho-reverse-charge", still)
    script.run("invoice", "--deal", still.other, "--dry-run")
    script.run("invoice", "--deal", still.other)
    script.compare()
    (made,) = still.books["customers"]
    assert {each: made[each] for each in BRITISH_COMPANY} == BRITISH_COMPANY
    (invoice,) = still.books["invoices"]
    assert [each["tax"] for each in invoice["lines"]] == [REVERSE]


def test_refusals_before_an_invoice_is_made(still: ZohoStage) -> None:
    script = Transcript("zoho-refusals", still)
    still.map(customer={"currency": "JPY"})
    script.run("invoice", "--deal", still.deal)
    still.map(invoice={"discount": "{{ 5 }}"}, lines={"discount": "{{ 5 }}"})
    script.run("invoice", "--deal", still.deal)
    still.map()
    script.run("invoice", "--deal", still.deal, KINV_ZOHO_TOKEN="1000.has.expired")
    still.people.change_organization(requests_per_day=5)
    script.run("invoice", "--deal", still.deal)
    assert still.books["invoices"] == []
    script.compare()


def test_names_that_are_taken(still: ZohoStage) -> None:
    still.take_name("Northwind GmbH")
    still.add_customer("Bright & Co Ltd", "accounts@bright.example", currency="GBP")
    script = Transcript("zoho-names", still)
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


def test_an_invoice_that_is_not_mailed_today(still: ZohoStage) -> None:
    still.people.rules.mails_per_day = MAILS_A_DAY
    organization = still.people.state.organization()
    organization.mailed[organization.today()] = MAILS_A_DAY
    script = Transcript("zoho-mail-cap", still)
    script.run("invoice", "--deal", still.deal)
    script.run("status")
    assert still.books["mails"] == []
    still.world.advance(HOURS_TO_MIDNIGHT * 3600)
    script.run("retry")
    script.compare()
    assert len(still.books["mails"]) == 1


def test_an_organisation_that_is_blocked(still: ZohoStage) -> None:
    script = Transcript("zoho-blocked", still)
    still.fault("status", "^POST /invoices$", status=429, body=_refusal(43, BLOCKED))
    script.run("invoice", "--deal", still.deal)
    script.run("invoice", "--deal", still.other)
    script.compare()


def test_what_zoho_itself_refuses(still: ZohoStage) -> None:
    script = Transcript("zoho-refused", still)
    still.add_invoice("10", invoice_number=f"INV-{still.deal}")
    still.map(invoice={"number": "INV-{{ deal.id }}"})
    script.run("invoice", "--deal", still.deal)
    still.map()
    refusal = _refusal(57, "You are not authorized to perform this operation")
    still.fault("status", "^POST /invoices$", status=401, body=refusal)
    script.run("retry", "--all")
    still.fault("status", "^POST /invoices$", status=400, body=_refusal(2, "Invalid value passed"))
    script.run("retry", "--all")
    script.compare()


def _refusal(code: int, message: str) -> Mapping[str, Any]:
    return {"code": code, "message": f"{message}."}
