"""The European consultancy's mapping on the sandbox: a look at all deals, a run, the run again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import example_day
import pytest
from example_day import Day

if TYPE_CHECKING:
    from collections.abc import Iterator

MAPPING = Path(__file__).parents[1] / "examples" / "consultancy-kommo-zoho" / "mapping.toml"
ZONE = ZoneInfo("Europe/Berlin")
REVERSE = "Reverse charge: the recipient is liable for the VAT."

CUSTOMERS = {
    "Warehouse rollout": "Hansekontor GmbH",
    "Hotel audit": "Alpenblick Hotels GmbH",
    "Data strategy": "Lumière Santé SAS",
    "Sales course": "Élise Martin",
    "Course for three": "Daan de Vries",
    "Pricing review": "Bergwerk AG",
    "Market entry": "Prairie Tools Inc",
    "Catalogue relaunch": "Fischer Druck (2)",
}
"""The deals that can be invoiced, with their customers."""


@dataclass
class Played(Day):
    """The consultancy's day, with what Zoho holds of it."""

    def customer(self, name: str) -> dict[str, Any]:
        """The customer of a deal's invoice."""
        wanted = self.invoice(name)["customer"]
        (found,) = (each for each in self.world["zoho"]["customers"] if each["name"] == wanted)
        customer: dict[str, Any] = found
        return customer

    def mail(self, name: str) -> dict[str, Any]:
        """The one mail with a deal's invoice."""
        wanted = self.invoice(name)["id"]
        (mail,) = (each for each in self.world["zoho"]["mails"] if each["invoice"] == wanted)
        found: dict[str, Any] = mail
        return found


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with example_day.played(Played, tmp_path_factory.mktemp("european"), MAPPING) as day:
        yield day


def test_the_mapping_fits_both_accounts(played: Played) -> None:
    ended = played.sandbox.kinv("mapping", "check")
    assert ended.returncode == 0, ended.stderr
    assert "Zoho Books Nordlicht Consulting" in ended.stdout


def test_a_look_writes_nothing(played: Played) -> None:
    assert played.writes[0] == 0
    assert set(played.previews) == set(CUSTOMERS)


def test_all_but_the_unknown_country_are_invoiced(played: Played) -> None:
    assert played.first.returncode == 3
    assert "tax.key: [tax] has no entry 'PL'" in played.first.stderr
    assert len(played.world["zoho"]["invoices"]) == len(CUSTOMERS)
    waiting = played.lead("Site visit")
    assert (waiting["stage"], waiting["fields"]) == ("Closed - won", {})


def test_a_second_run_writes_nothing(played: Played) -> None:
    before, after, again = played.writes
    assert before == 0 < after == again
    assert played.second.stdout.count("already invoiced") == len(CUSTOMERS)


@pytest.mark.parametrize(
    ("deal", "taxes", "total", "currency"),
    [
        ("Warehouse rollout", {"VAT DE 19% (19%)": "776.63"}, "4864.13", "EUR"),  # of 4087.50
        ("Hotel audit", {"Reverse charge (0%)": "0.00"}, "4200.00", "EUR"),
        ("Data strategy", {"Reverse charge (0%)": "0.00"}, "6850.40", "EUR"),
        ("Sales course", {"VAT FR 20% (20%)": "49.80"}, "298.80", "EUR"),  # of 249
        ("Course for three", {"VAT NL 21% (21%)": "156.87"}, "903.87", "EUR"),  # of 747
        ("Pricing review", {}, "5200.00", "CHF"),
        ("Market entry", {}, "9800.00", "USD"),
        ("Catalogue relaunch", {"VAT DE 19% (19%)": "378.10"}, "2368.10", "EUR"),  # of 1990
    ],
)
class TestTaxes:
    def test_each_country_has_its_own_to_the_cent(
        self, played: Played, deal: str, taxes: dict[str, str], total: str, currency: str
    ) -> None:
        invoice = played.invoice(deal)
        assert (invoice["taxes"], invoice["total"], invoice["currency"]) == (taxes, total, currency)

    def test_the_look_said_so(
        self, played: Played, deal: str, taxes: dict[str, str], total: str, currency: str
    ) -> None:
        shown = played.previews[deal]
        tax = next(iter(taxes.values()), "0.00")
        assert (shown["tax"], shown["total"], shown["currency"]) == (tax, total, currency)


@pytest.mark.parametrize("deal", CUSTOMERS)
def test_an_invoice_without_tax_for_that_reason_says_so(played: Played, deal: str) -> None:
    reverse = deal in {"Hotel audit", "Data strategy"}
    expected = REVERSE if reverse else "Thank you for working with us."
    assert played.invoice(deal)["notes"] == expected


@pytest.mark.parametrize(
    ("deal", "country", "number", "treatment"),
    [
        ("Hotel audit", "Austria", "ATU13585627", "eu_vat_registered"),
        ("Data strategy", "France", "FR40303265045", "eu_vat_registered"),
        ("Sales course", "France", "", ""),
        ("Course for three", "Netherlands", "", ""),
        ("Pricing review", "Switzerland", "CHE-116.281.710 MWST", ""),
        ("Market entry", "United States", "", ""),
        ("Catalogue relaunch", "Germany", "", ""),
    ],
)
def test_new_customers_bear_what_their_tax_goes_by(
    played: Played, deal: str, country: str, number: str, treatment: str
) -> None:
    made = played.customer(deal)
    assert (made["country"], made["tax_number"], made["tax_treatment"]) == (
        country,
        number,
        treatment,
    )


@pytest.mark.parametrize(("deal", "customer"), CUSTOMERS.items())
def test_each_client_is_one_customer_in_its_currency(
    played: Played, deal: str, customer: str
) -> None:
    names = [each["name"] for each in played.world["zoho"]["customers"]]
    assert sorted(names) == sorted(CUSTOMERS.values())
    assert played.customer(deal)["name"] == customer
    assert played.customer(deal)["currency"] == played.invoice(deal)["currency"]


def test_hours_days_and_courses_take_the_item_with_their_sku(played: Played) -> None:
    names = ("item", "description", "quantity", "amount")
    held = {
        deal: [tuple(line[name] for name in names) for line in played.invoice(deal)["lines"]]
        for deal in ("Warehouse rollout", "Course for three", "Hotel audit")
    }
    assert held == {
        "Warehouse rollout": [
            ("Workshop", "Workshop, one day", "2.5", "3000.00"),
            ("Consulting Services", "Consulting, one hour", "7.25", "1087.50"),
        ],
        "Course for three": [("Online course", "Online course, one seat", "3", "747.00")],
        "Hotel audit": [("Consulting Services", "Hotel audit", "1", "4200.00")],
    }


@pytest.mark.parametrize("deal", CUSTOMERS)
def test_each_invoice_is_mailed_once_to_its_client(played: Played, deal: str) -> None:
    mail, customer = played.mail(deal), played.customer(deal)
    assert mail["to"] == [customer["email"]]
    assert mail["body"].endswith(f"here is the invoice for {deal}.")
    assert mail["attached"]
    assert len(played.world["zoho"]["mails"]) == len(CUSTOMERS)


@pytest.mark.parametrize("deal", CUSTOMERS)
def test_the_deal_is_told_and_stays_won(played: Played, deal: str) -> None:
    lead, invoice = played.lead(deal), played.invoice(deal)
    fields = lead["fields"]
    assert lead["stage"] == "Closed - won"
    assert fields["Invoice number"] == invoice["number"]
    assert fields["Invoice link"] == invoice["link"]
    assert fields["Payment status"] == "sent"
    assert fields["Paid amount"] == "0.00"


@pytest.mark.parametrize("deal", CUSTOMERS)
def test_it_is_due_in_two_weeks_and_looked_at_three_days_later(played: Played, deal: str) -> None:
    invoice, shown = played.invoice(deal), played.previews[deal]
    due = date.fromisoformat(invoice["due_date"])
    assert due - date.fromisoformat(invoice["date"]) == timedelta(days=14)
    assert shown["due_date"] == invoice["due_date"]
    until = datetime.fromisoformat(played.task(deal)["complete_till"]).astimezone(ZONE)
    assert f"{until:%Y-%m-%d %H:%M:%S}" == f"{due + timedelta(days=3)} 23:59:59"
