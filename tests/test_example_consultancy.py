"""The consultancy's mapping on the sandbox: a look at all deals, a run, and the run again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import example_day
import pytest
from example_day import Day, read

from kommo_invoice.mapping import load_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

MAPPING = Path(__file__).parents[1] / "examples" / "consultancy-kommo-quickbooks" / "mapping.toml"
ZONE = ZoneInfo("America/Los_Angeles")

INVOICED = {
    "Operations review": "Cascade Foods Inc",
    "Pricing study": "Maple Ridge Ltd",
    "Onboarding plan": "Redwood Clinics LLC",
    "Board workshop": "Maple Ridge Ltd (2)",
}
"""The consultancy's deals that can be invoiced, with their customers."""

LINES = {
    "Operations review": [
        ("Consulting Services", "Consulting, one hour", "7.25", "187.5", "1359.38", "TAX"),
        ("Workshop", "Workshop, one day", "0.5", "1200", "600.00", "TAX"),
    ],
    "Pricing study": [
        ("Consulting Services", "Pricing study", "1", "8500", "8500.00", "NON"),
    ],
    "Onboarding plan": [
        ("Consulting Services", "Onboarding plan", "1", "3200", "3200.00", "TAX"),
    ],
    "Board workshop": [
        ("Workshop", "Workshop, one day", "2", "1200", "2400.00", "NON"),
    ],
}
"""Item, description, quantity, unit price, amount and what is said about tax."""


@dataclass
class Played(Day):
    """The consultancy's day, with what QuickBooks alone tells."""

    def terms(self, name: str) -> str:
        """The terms of a deal's invoice, from QuickBooks' own interface."""
        wanted = self.invoice(name)["id"]
        (invoice,) = (each for each in self._rows("Invoice") if each["Id"] == wanted)
        named = {each["Id"]: each["Name"] for each in self._rows("Term")}
        return str(named[invoice["SalesTermRef"]["value"]])

    def _rows(self, entity: str) -> list[dict[str, Any]]:
        told = self.sandbox.told
        account = load_mapping(Path(told["mapping"])).document.books.account
        query = urlencode({"query": f"select * from {entity}"})
        url = f"{told['urls']['quickbooks']}/v3/company/{account}/query?{query}"
        token = told["environment"]["KINV_QUICKBOOKS_TOKEN"]
        answer = read(url, authorization=f"Bearer {token}", accept="application/json")
        found: list[dict[str, Any]] = answer["QueryResponse"][entity]
        return found


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with example_day.played(Played, tmp_path_factory.mktemp("consultancy"), MAPPING) as day:
        yield day


def test_the_mapping_fits_both_accounts(played: Played) -> None:
    ended = played.sandbox.kinv("mapping", "check")
    assert ended.returncode == 0, ended.stderr
    assert "Harbor & Pine Consulting" in ended.stdout


def test_a_look_writes_nothing(played: Played) -> None:
    assert played.writes[0] == 0
    assert set(played.previews) == set(INVOICED)


def test_all_but_the_unknown_country_are_invoiced(played: Played) -> None:
    assert played.first.returncode == 3
    assert "tax.key: [tax] has no entry 'GB'" in played.first.stderr
    assert len(played.world["quickbooks"]["invoices"]) == len(INVOICED)
    waiting = played.lead("Press audit")
    assert (waiting["stage"], waiting["fields"]) == ("Issue Invoice", {"Terms": "Net 30"})


def test_a_second_run_writes_nothing(played: Played) -> None:
    before, after, again = played.writes
    assert before == 0 < after == again
    assert played.second.stdout.count("already invoiced") == len(INVOICED)


@pytest.mark.parametrize(("deal", "lines"), LINES.items())
def test_hours_and_fixed_prices_become_lines(
    played: Played, deal: str, lines: list[tuple[str, ...]]
) -> None:
    names = ("item", "description", "quantity", "unit_price", "amount", "tax_code")
    held = played.invoice(deal)["lines"]
    assert [tuple(line[name] for name in names) for line in held] == lines


@pytest.mark.parametrize(
    ("deal", "tax", "total", "currency"),
    [
        ("Operations review", "161.65", "2121.03", "USD"),  # 1959.38 at 8.25 %
        ("Pricing study", "0.00", "8500.00", "CAD"),
        ("Onboarding plan", "264.00", "3464.00", "USD"),  # 3200 at 8.25 %
        ("Board workshop", "0.00", "2400.00", "USD"),
    ],
)
def test_amounts_are_right_to_the_cent(
    played: Played, deal: str, tax: str, total: str, currency: str
) -> None:
    invoice = played.invoice(deal)
    assert (invoice["tax"], invoice["total"], invoice["currency"]) == (tax, total, currency)


def test_the_preview_says_what_quickbooks_decides(played: Played) -> None:
    american, canadian = (played.previews[name] for name in ("Onboarding plan", "Pricing study"))
    amounts = ("subtotal", "tax", "total")
    assert [american[each] for each in amounts] == ["3200.00", None, None]
    assert [canadian[each] for each in amounts] == ["8500.00", "0.00", "8500.00"]
    assert "tax" in american["notes"][0]


@pytest.mark.parametrize(("deal", "customer"), INVOICED.items())
def test_a_customer_has_one_currency(played: Played, deal: str, customer: str) -> None:
    invoice = played.invoice(deal)
    held = {each["name"]: each for each in played.world["quickbooks"]["customers"]}
    assert set(held) == set(INVOICED.values())
    assert invoice["customer"] == customer
    assert held[customer]["currency"] == invoice["currency"]


@pytest.mark.parametrize(
    ("deal", "terms", "days"),
    [
        ("Operations review", "Net 15", 15),
        ("Pricing study", "Net 30", 30),
        ("Onboarding plan", "Net 30", 30),
        ("Board workshop", "Net 15", 15),
    ],
)
def test_terms_say_when_it_is_due_in_the_look_and_in_the_run(
    played: Played, deal: str, terms: str, days: int
) -> None:
    assert played.terms(deal) == terms
    assert _days(played.previews[deal]) == _days(played.invoice(deal)) == days


@pytest.mark.parametrize("deal", INVOICED)
def test_the_task_is_due_three_days_later_at_the_end_of_the_day(played: Played, deal: str) -> None:
    preview = played.previews[deal]
    (planned,) = (
        step["values"]["due"] for step in preview["steps"] if step["step"] == "task.create"
    )
    assert _local(planned) == _three_days_after(preview)
    assert _local(played.task(deal)["complete_till"]) == _three_days_after(played.invoice(deal))


@pytest.mark.parametrize("deal", INVOICED)
def test_the_deal_has_the_number_the_card_link_and_its_new_stage(played: Played, deal: str) -> None:
    lead, invoice = played.lead(deal), played.invoice(deal)
    fields = lead["fields"]
    assert lead["stage"] == "Invoice Sent"
    assert fields["Invoice number"] == invoice["number"]
    assert fields["Invoice link"] == invoice["link"]
    assert fields["Invoice link"].startswith("https://connect.intuit.com/")
    assert fields["Payment status"] == "sent"


def test_each_invoice_is_mailed_once_with_its_copy(played: Played) -> None:
    mails = {each["invoice"]: each for each in played.world["quickbooks"]["mails"]}
    assert len(mails) == len(played.world["quickbooks"]["mails"]) == len(INVOICED)
    copied = {name: mails[played.invoice(name)["id"]]["cc"] for name in INVOICED}
    assert copied.pop("Pricing study") == "payables@mapleridge.example"
    assert set(copied.values()) == {None}


def test_the_memo_is_printed(played: Played) -> None:
    memos = {each["memo"] for each in played.world["quickbooks"]["invoices"]}
    assert memos == {"Thank you for working with us."}


def _days(invoice: dict[str, Any]) -> int:
    return (date.fromisoformat(invoice["due_date"]) - date.fromisoformat(invoice["date"])).days


def _local(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


def _three_days_after(invoice: dict[str, Any]) -> str:
    return f"{date.fromisoformat(invoice['due_date']) + timedelta(days=3)} 23:59:59"
