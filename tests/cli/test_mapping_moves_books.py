"""One mapping moves between the books by ``[books]``, ``item`` and ``[tax]`` alone."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tomli_w
from checked import check, told_as
from people_stage import PeopleStage
from stages import STAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stage import Stage

ROOT = Path(__file__).parents[2]
AGENCY = ROOT / "examples" / "agency-kommo-wave" / "mapping.toml"
EXAMPLE = ROOT / "mapping.example.toml"
SERVICES = "Services of ours"
TAX = {
    "wave": {"DE": "VAT 19%", "GB": "VAT 20%", "AU": "GST 10%", "US": "none"},
    "quickbooks": {"DE": "MwSt 19", "GB": "20.0% S", "AU": "AU 10", "US": "No VAT"},
    "zoho": {"DE": "VAT DE 19%", "GB": "VAT FR 20%", "AU": "GST 10", "US": "Outside the EU"},
}
ITEM = {"wave": "Consulting Services", "quickbooks": SERVICES, "zoho": "Workshop"}
TEXTS = {
    "wave": ("po_number", "memo"),
    "quickbooks": ("note", "memo"),
    "zoho": ("reference", "notes"),
}
"""What holds our reference, and what the client reads beside the lines."""
DEALS = ("Website relaunch", "Online shop", "Brand workshop")


@dataclass(frozen=True)
class Firms:
    """The same agency with all books, each in a folder of its own."""

    stages: tuple[Stage, ...]

    def __iter__(self) -> Iterator[Stage]:
        return iter(self.stages)

    def of(self, books: str) -> Stage:
        """Return the one with these books."""
        return next(each for each in self if each.provider == books)

    def people(self, books: str) -> Any:
        """Return the simulator of books that people may set up."""
        stage = self.of(books)
        assert isinstance(stage, PeopleStage)
        return stage.people

    def take(self, path: Path) -> dict[str, dict[str, Any]]:
        """Give a mapping to all; return it as each of them has it."""
        taken = {}
        for stage in self:
            whole = tomllib.loads(path.read_text(encoding="utf-8"))
            whole["crm"] |= {"account": "agency", "base_url": stage.sandbox.urls["kommo"]}
            whole["books"] = {
                "provider": stage.provider,
                "account": stage.business,
                "base_url": stage.sandbox.urls[stage.provider],
            }
            whole["invoice"]["item"] = ITEM[stage.provider]
            others = dict.fromkeys(whole["tax"].keys() & {"reverse"}, TAX[stage.provider]["US"])
            whole["tax"] |= TAX[stage.provider] | others
            text = tomli_w.dumps(whole)
            (stage.folder / "mapping.toml").write_text(text, encoding="utf-8")
            taken[stage.provider] = whole
        return taken


@pytest.fixture
def firms(tmp_path: Path) -> Iterator[Firms]:
    built = []
    for name, kind in STAGES.items():
        folder = tmp_path / name
        folder.mkdir()
        built.append(kind(folder))
    made = Firms(tuple(built))
    quickbooks, zoho = made.people("quickbooks"), made.people("zoho")
    quickbooks.add_item(SERVICES, 100)
    quickbooks.add_tax_code(TAX["quickbooks"]["DE"], {"MwSt": "19"})
    quickbooks.add_tax_code(TAX["quickbooks"]["AU"], {"GST AU": "10"})
    zoho.add_tax(TAX["zoho"]["AU"], 10)
    yield made
    for stage in made:
        stage.close()


def content(stage: Stage) -> list[dict[str, Any]]:
    """Return what the invoices say, in words that all books share."""
    reference, memo = TEXTS[stage.provider]
    addresses = {each["name"]: each["email"] for each in stage.books["customers"]}
    return [
        {
            "reference": invoice[reference],
            "memo": invoice[memo],
            "email": addresses[invoice["customer"]],
            **{
                name: invoice[name]
                for name in (
                    *("customer", "currency", "discount", "tax", "total"),
                    *("date", "due_date"),
                )
            },
            "lines": [
                (line["description"], Decimal(line["quantity"]), Decimal(line["unit_price"]))
                for line in invoice["lines"]
            ],
            "mailed": stage.is_mailed(invoice),
        }
        for invoice in stage.books["invoices"]
    ]


def told(stage: Stage) -> list[Mapping[str, Any]]:
    """Return what the deals and tasks say, without the books' own ids and numbers."""
    leads = [stage.lead(stage.seed.leads[name]) for name in DEALS]
    own = {"Invoice ID", "Invoice number", "Invoice link"}
    return [
        {
            "stage": lead["stage"],
            "filled": sorted(lead["fields"]),
            "fields": {name: each for name, each in lead["fields"].items() if name not in own},
            "tasks": [each["complete_till"] for each in stage.tasks if each["lead"] == lead["id"]],
        }
        for lead in leads
    ]


@pytest.mark.parametrize("path", [AGENCY, EXAMPLE], ids=["agency", "example"])
class TestTheSameDealsOnAll:
    def test_nothing_else_is_changed(self, path: Path, firms: Firms) -> None:
        taken = firms.take(path)
        for whole in taken.values():
            del whole["books"], whole["tax"], whole["invoice"]["item"]
            del whole["crm"]["base_url"]
        for stage in firms:
            assert taken[stage.provider] == taken["wave"]

    def test_their_invoices_say_the_same(self, path: Path, firms: Firms) -> None:
        firms.take(path)
        for stage in firms:
            ended = stage.invoice(*(stage.seed.leads[name] for name in DEALS))
            assert ended.code == 0, ended
            assert len(content(stage)) == len(DEALS)
            assert content(stage) == content(firms.of("wave"))

    def test_the_deals_are_told_the_same(self, path: Path, firms: Firms) -> None:
        firms.take(path)
        for stage in firms:
            stage.invoice(*(stage.seed.leads[name] for name in DEALS))
            assert told(stage) == told(firms.of("wave"))


@pytest.mark.parametrize(
    ("path", "dropped"),
    [
        (AGENCY, {"wave": set(), "quickbooks": {"invoice.message"}, "zoho": set()}),
        (
            EXAMPLE,
            {
                "wave": {"customer.tax_number"},
                "quickbooks": {"customer.tax_number", "invoice.attach_pdf", "invoice.message"},
                "zoho": set(),
            },
        ),
    ],
    ids=["agency", "example"],
)
def test_what_each_of_them_drops(path: Path, dropped: dict[str, set[str]], firms: Firms) -> None:
    firms.take(path)
    assert {each.provider: set(told_as("dropped", check(each))) for each in firms} == dropped


@pytest.mark.parametrize("books", ["quickbooks", "zoho"])
def test_a_tax_left_as_it_was_is_told_with_its_key(books: str, firms: Firms) -> None:
    firms.take(AGENCY)
    path = firms.of(books).folder / "mapping.toml"
    text = path.read_text(encoding="utf-8").replace(TAX[books]["DE"], TAX["wave"]["DE"])
    path.write_text(text, encoding="utf-8")
    ended = firms.of(books).kinv("mapping", "check")
    assert ended.code == 7
    assert "tax.DE: there is no tax 'VAT 19%'" in ended.err
