"""One mapping moves between the books by ``[books]``, ``item`` and ``[tax]`` alone."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tomli_w
from quickbooks_stage import QuickBooksStage
from stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
AGENCY = ROOT / "examples" / "agency-kommo-wave" / "mapping.toml"
EXAMPLE = ROOT / "mapping.example.toml"
SERVICES = "Services of ours"
TAX = {
    "wave": {"DE": "VAT 19%", "GB": "VAT 20%", "AU": "GST 10%", "US": "none"},
    "quickbooks": {"DE": "MwSt 19", "GB": "20.0% S", "AU": "AU 10", "US": "No VAT"},
}
ITEM = {"wave": "Consulting Services", "quickbooks": SERVICES}
DEALS = ("Website relaunch", "Online shop", "Brand workshop")


@dataclass(frozen=True)
class Pair:
    """The same agency with both books."""

    wave: Stage
    quickbooks: QuickBooksStage

    def __iter__(self) -> Iterator[Stage]:
        return iter((self.wave, self.quickbooks))

    def take(self, path: Path) -> dict[str, dict[str, Any]]:
        """Give a mapping to both; return it as each of them has it."""
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
def pair(tmp_path: Path) -> Iterator[Pair]:
    folders = [tmp_path / name for name in ("wave", "quickbooks")]
    for each in folders:
        each.mkdir()
    built = Pair(Stage(folders[0]), QuickBooksStage(folders[1]))
    people = built.quickbooks.people
    people.add_item(SERVICES, 100)
    people.add_tax_code(TAX["quickbooks"]["DE"], {"MwSt": "19"})
    people.add_tax_code(TAX["quickbooks"]["AU"], {"GST AU": "10"})
    yield built
    for stage in built:
        stage.close()


def content(stage: Stage) -> list[dict[str, Any]]:
    """Return what the invoices say, in words that all books share."""
    return [
        {
            "reference": invoice["po_number" if stage.provider == "wave" else "note"],
            **{
                name: invoice[name]
                for name in (
                    *("customer", "email", "currency", "discount", "tax", "total"),
                    *("date", "due_date", "memo"),
                )
            },
            "lines": [
                (line["description"], line["quantity"], line["unit_price"])
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


def drops(stage: Stage) -> dict[str, str]:
    checked = stage.kinv("mapping", "check", "--json")
    assert checked.code == 0, checked
    return {each["key"]: each["effect"] for each in json.loads(checked.out)["drops"]}


@pytest.mark.parametrize("path", [AGENCY, EXAMPLE], ids=["agency", "example"])
class TestTheSameDealsOnBoth:
    def test_nothing_else_is_changed(self, path: Path, pair: Pair) -> None:
        taken = pair.take(path)
        for whole in taken.values():
            del whole["books"], whole["tax"], whole["invoice"]["item"]
            del whole["crm"]["base_url"]
        assert taken["wave"] == taken["quickbooks"]

    def test_their_invoices_say_the_same(self, path: Path, pair: Pair) -> None:
        pair.take(path)
        for stage in pair:
            ended = stage.invoice(*(stage.seed.leads[name] for name in DEALS))
            assert ended.code == 0, ended
        assert len(content(pair.wave)) == len(DEALS)
        assert content(pair.wave) == content(pair.quickbooks)

    def test_the_deals_are_told_the_same(self, path: Path, pair: Pair) -> None:
        pair.take(path)
        for stage in pair:
            stage.invoice(*(stage.seed.leads[name] for name in DEALS))
        assert told(pair.wave) == told(pair.quickbooks)


class TestWhatIsDropped:
    def test_of_the_agency_s_mapping(self, pair: Pair) -> None:
        pair.take(AGENCY)
        assert drops(pair.wave) == {}
        assert drops(pair.quickbooks) == {
            "invoice.po_number": "dropped",
            "invoice.attach_pdf": "dropped",
            "invoice.message": "dropped",
        }

    def test_of_the_example(self, pair: Pair) -> None:
        pair.take(EXAMPLE)
        assert drops(pair.wave) == {"customer.tax_number": "dropped"}
        assert drops(pair.quickbooks) == {
            "customer.tax_number": "dropped",
            "invoice.attach_pdf": "dropped",
            "invoice.message": "dropped",
        }


def test_a_tax_left_as_it_was_is_told_with_its_key(pair: Pair) -> None:
    pair.take(AGENCY)
    path = pair.quickbooks.folder / "mapping.toml"
    text = path.read_text(encoding="utf-8").replace(TAX["quickbooks"]["DE"], TAX["wave"]["DE"])
    path.write_text(text, encoding="utf-8")
    ended = pair.quickbooks.kinv("mapping", "check")
    assert ended.code == 7
    assert "tax.DE: there is no tax 'VAT 19%'" in ended.err
