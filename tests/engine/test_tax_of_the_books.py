"""A company whose books decide the tax: the preview says so, and the amount before it is held."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from quickbooks_stage import COMPANY, INVOICE, QuickBooksStage

from kommo_invoice.sandbox.quickbooks import CONSULTANCY, QuickBooksSimulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kommo_invoice.sandbox.server import Simulator

TAXED = {"DE": "TAX", "GB": "none", "US": "none"}


@dataclass
class AmericanStage(QuickBooksStage):
    """An American company with automated sales tax, which invoices in euros."""

    def _open_books(self) -> Simulator:
        self.people = QuickBooksSimulator(self.world)
        company = {**COMPANY, "country": "US"}
        self.business = self.people.seed({**CONSULTANCY, "companies": [company]})
        return self.people

    def map(self, **changes: Any) -> Path:
        return super().map(**{**changes, "tax": {**TAXED, **changes.get("tax", {})}})


@pytest.fixture
def american(tmp_path: Path) -> Iterator[AmericanStage]:
    built = AmericanStage(tmp_path)
    yield built
    built.close()


def test_the_preview_says_who_decides(american: AmericanStage) -> None:
    preview = american.kinv("invoice", "--deal", american.deal, "--dry-run")
    assert preview.code == 0, preview
    assert "1200.50 EUR + tax, which the books decide" in preview.out
    assert "QuickBooks Online decides the tax" in preview.out
    assert "to be invoiced: 1200.50 EUR and the books' tax" in preview.out


def test_programs_see_it_as_well(american: AmericanStage) -> None:
    preview = american.kinv("invoice", "--deal", american.deal, "--dry-run", "--json")
    (plan,) = preview.of("plan")
    assert (plan["subtotal"], plan["tax"], plan["total"]) == ("1200.50", None, None)
    assert preview.of("summary")[0]["before_tax"] is True


def test_the_invoice_takes_the_tax_that_the_books_find(american: AmericanStage) -> None:
    ended = american.invoice()
    assert ended.code == 0, ended
    (invoice,) = american.books["invoices"]
    assert invoice["total"] == "1299.54"  # 8.25 %
    assert ended.of("summary")[0]["totals"] == {"EUR": "1299.54"}
    assert american.writes()[INVOICE] == 1


def test_what_is_not_taxed_has_a_known_total(american: AmericanStage) -> None:
    american.map(tax={"DE": "none"})
    preview = american.kinv("invoice", "--deal", american.deal, "--dry-run", "--json")
    assert preview.of("plan")[0]["total"] == "1200.50"
    assert american.invoice().code == 0
    assert american.books["invoices"][0]["total"] == "1200.50"


def test_another_amount_before_the_tax_stops_the_e_mail(american: AmericanStage) -> None:
    assert american.kinv("invoice", "--deal", american.deal, "--no-send").code == 0
    (invoice,) = american.books["invoices"]
    line: dict[str, Any] = {"DetailType": "SalesItemLineDetail", "Amount": Decimal(1100)}
    item = {"value": american.people.item_id("Consulting Services")}
    line["SalesItemLineDetail"] = {"ItemRef": item, "TaxCodeRef": {"value": "TAX"}}
    american.people.change_invoice(invoice["id"], Line=[line])
    ended = american.invoice()
    assert ended.code == 3, ended
    assert "subtotal is 1100.00, not 1200.50" in ended.of("error")[0]["message"]
    assert not american.books["mails"]
