"""What people see: each command's words, on both streams, and its exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from stage import Stage
from transcripts import NOON, Transcript

from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMANDS = (
    "",
    "connect",
    "disconnect",
    "invoice",
    "retry",
    "status",
    "link",
    "unlink",
    "mapping",
    "mapping init",
    "mapping show",
    "mapping check",
    "ledger",
    "ledger show",
    "ledger resolve",
    "ledger export",
    "ledger path",
    "help",
)
TOPICS = ("exit-codes", "environment", "mapping", "events")


@pytest.fixture
def still(tmp_path: Path) -> Iterator[Stage]:
    """A stage at which the clocks stand still."""
    built = Stage(tmp_path, world=World(clock=lambda: NOON))
    yield built
    built.close()


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(command: str, still: Stage) -> None:
    script = Transcript("-".join(["help-of", *(command.split() or ["kinv"])]), still)
    assert script.run(*command.split(), "--help").code == 0
    script.compare()


@pytest.mark.parametrize("topic", TOPICS)
def test_a_help_topic(topic: str, still: Stage) -> None:
    script = Transcript(f"topic-{topic}", still)
    assert script.run("help", topic).code == 0
    script.compare()


def test_a_deal_is_previewed_invoiced_and_left_alone(still: Stage) -> None:
    script = Transcript("invoice", still)
    script.run("invoice", "--deal", still.deal, "--dry-run")
    script.run("invoice", "--deal", still.deal)
    script.run("invoice", "--deal", still.deal)
    script.run("invoice", "--deal", still.deal, "--dry-run")
    script.compare()


def test_several_deals_one_of_them_broken(still: Stage) -> None:
    still.map(
        lines={
            "source": "fields",
            "count": 3,
            "description": "{{ deal['Item ' ~ n] }}",
            "quantity": "{{ first(deal['Qty ' ~ n], 1) }}",
            "unit_price": "{{ deal['Price ' ~ n] }}",
            "fallback": "deal",
        },
        tax={"AU": "GST 10%"},
    )
    broken = still.kommo.add_lead("No contact", 10)
    still.kommo.move_lead(broken, "Issue Invoice", "Sales")
    deals = [still.deal, broken, still.seed.leads["Brand workshop"]]
    named = [part for deal in deals for part in ("--deal", deal)]
    script = Transcript("several", still)
    script.run("invoice", *named, "--dry-run")
    script.run("invoice", *named)
    script.run("status")
    script.compare()


def test_a_run_for_programs(still: Stage) -> None:
    script = Transcript("json", still)
    script.run("invoice", "--deal", still.deal, "--dry-run", "--json")
    script.run("invoice", "--deal", still.deal, "--json")
    script.run("invoice", "--deal", still.deal, "--deal", 7, "--json")
    script.run("status", "--json")
    script.compare()


def test_the_ledger_tells(still: Stage) -> None:
    still.fault("lose", "invoiceSend")
    script = Transcript("ledger", still)
    script.run("ledger", "show", "--deal", still.deal)
    script.run("invoice", "--deal", still.deal)
    script.run("ledger", "show", "--deal", still.deal)
    script.run("ledger", "export")
    script.run("ledger", "export", "--format", "json", "--since", "2026-11-03")
    script.run("ledger", "path")
    script.run("ledger", "path", "--json")
    script.compare()


def test_an_unknown_outcome_is_settled_by_a_person(still: Stage) -> None:
    still.fault("status", "invoiceSend", status=502)
    script = Transcript("resolve", still)
    script.run("invoice", "--deal", still.deal)
    script.run("status")
    script.run("ledger", "resolve", "--deal", still.deal)
    script.run("ledger", "resolve", "--deal", still.deal, "--absent")
    script.run("ledger", "resolve", "--deal", still.deal, "--send-again", "--dry-run")
    script.run("ledger", "resolve", "--deal", still.deal, "--send-again", "--json")
    script.run("retry", "--deal", still.deal)
    script.run("ledger", "show", "--deal", still.deal)
    script.compare()


def test_the_mapping_is_shown_and_checked(still: Stage) -> None:
    script = Transcript("mapping", still)
    script.run("mapping", "check")
    script.run("mapping", "check", "--json")
    script.run("mapping", "show")
    still.map(invoice={"itm": "Consulting Services"}, tax={"DE": "VAT 91%"})
    script.run("mapping", "check")
    still.map(tax={"DE": "VAT 91%"})
    script.run("mapping", "check")
    script.compare()


def test_a_link_made_by_hand(still: Stage) -> None:
    script = Transcript("link", still)
    script.run("link", "--deal", still.deal, "--invoice", "nowhere")
    script.run("invoice", "--deal", still.deal, "--no-send")
    invoice = still.sandbox.dump()["wave"]["invoices"][0]["id"]
    script.run("unlink", "--deal", still.deal, "--invoice", invoice, "--dry-run")
    script.run("unlink", "--deal", still.deal, "--invoice", invoice)
    script.run("link", "--deal", still.deal, "--invoice", invoice)
    script.compare()
