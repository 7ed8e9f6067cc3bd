"""The examples run as they stand: what their pages say is done here, and its result compared."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
from datetime import date
from importlib.resources import files
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sandbox_child import KINV, bare, running, world_of

from kommo_invoice.mapping import load_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).parents[1] / "examples"
AGENCY = EXAMPLES / "agency-kommo-wave"
CONSULTANCY = EXAMPLES / "consultancy-kommo-quickbooks"
EUROPEAN = EXAMPLES / "consultancy-kommo-zoho"


def block(page: Path, marker: str, kind: str = "sh") -> list[str]:
    """The commands of the code block below a marker."""
    text = page.read_text(encoding="utf-8")
    found = re.search(rf"<!-- {marker} -->\n```{kind}\n(.*?)```", text, re.DOTALL)
    assert found, f"{page} has no block {marker!r}"
    return found[1].splitlines()


@pytest.mark.parametrize(
    "path", sorted(EXAMPLES.glob("*/*.toml")), ids=lambda path: path.parent.name
)
def test_every_example_loads(path: Path) -> None:
    assert load_mapping(path).document.version == 1


@pytest.mark.parametrize(
    ("example", "packaged"),
    [
        (AGENCY, "agency.toml"),
        (CONSULTANCY, "consultancy.toml"),
        (EUROPEAN, "european.toml"),
    ],
)
def test_an_example_s_mapping_is_the_one_that_the_sandbox_writes(
    example: Path, packaged: str
) -> None:
    written = (files("kommo_invoice.sandbox") / packaged).read_text(encoding="utf-8")
    assert (example / "mapping.toml").read_text(encoding="utf-8") == written


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    home = tmp_path_factory.mktemp("home")
    with running(home, "--mapping", AGENCY / "mapping.toml") as sandbox:
        deals = [part for deal in sandbox.told["deals"] for part in ("--deal", deal["id"])]
        ended = sandbox.kinv("invoice", *deals)
        assert ended.returncode == 3, ended.stderr
        assert "customer.email" in ended.stderr
        yield sandbox.world()


@pytest.fixture(scope="module")
def invoices(world: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Each invoice by its deal's name."""
    marks = {
        lead["fields"]["Invoice ID"]: lead["name"]
        for lead in world["kommo"]["leads"]
        if "Invoice ID" in lead["fields"]
    }
    return {marks[f"wave:{each['id']}"]: each for each in world["wave"]["invoices"]}


class TestAgency:
    """The agency's mapping on the sandbox's deals, compared with amounts worked out by hand."""

    @pytest.mark.parametrize(
        ("deal", "discount", "tax", "total", "currency"),
        [
            ("Website relaunch", "0.00", "228.10", "1428.60", "EUR"),  # 1200.50 at 19 %
            ("Online shop", "0.00", "257.94", "1547.64", "GBP"),  # 1289.70 at 20 %
            ("App prototype", "0.00", "0.00", "5400.00", "USD"),
            ("Brand workshop", "45.00", "85.50", "940.50", "EUR"),  # 900, 5 % off, at 10 %
            ("Landing page", "0.00", "121.60", "761.60", "EUR"),  # 640 at 19 %
        ],
    )
    def test_amounts_are_right_to_the_cent(
        self,
        invoices: dict[str, dict[str, Any]],
        deal: str,
        discount: str,
        tax: str,
        total: str,
        currency: str,
    ) -> None:
        invoice = invoices[deal]
        assert (
            invoice["discount"], invoice["tax"], invoice["total"], invoice["currency"],
        ) == (discount, tax, total, currency)  # fmt: skip

    def test_products_become_lines(self, invoices: dict[str, dict[str, Any]]) -> None:
        lines = invoices["Online shop"]["lines"]
        assert [(line["description"], line["quantity"], line["unit_price"]) for line in lines] == [
            ("Web design", "1", "1200"),
            ("Hosting, one month", "3", "29.9"),
        ]

    def test_the_client_s_own_order_number_stands_first(
        self, invoices: dict[str, dict[str, Any]]
    ) -> None:
        assert re.fullmatch(r"4711 / K\w\w-\d+", invoices["Website relaunch"]["po_number"])

    def test_due_dates_come_from_the_deal_or_are_thirty_days_on(
        self, world: dict[str, Any], invoices: dict[str, dict[str, Any]]
    ) -> None:
        given = next(
            lead["fields"]["Due Date"]
            for lead in world["kommo"]["leads"]
            if lead["name"] == "Website relaunch"
        )
        assert invoices["Website relaunch"]["due_date"] == given
        assert _days(invoices["App prototype"]) == 30

    def test_the_message_is_the_mapping_s(
        self, world: dict[str, Any], invoices: dict[str, dict[str, Any]]
    ) -> None:
        sent = {mail["invoice"]: mail for mail in world["wave"]["mails"]}
        mail = sent[invoices["App prototype"]["id"]]
        assert mail["to"] == ["dana@colelabs.example"]
        assert mail["message"] == "Hello Dana, here is the invoice for App prototype."

    def test_deals_are_written_moved_and_have_their_task(self, world: dict[str, Any]) -> None:
        done = [lead for lead in world["kommo"]["leads"] if lead["stage"] == "Invoice Sent"]
        assert len(done) == 5
        for lead in done:
            assert lead["fields"]["Payment status"] == "sent"
            (task,) = (each for each in world["kommo"]["tasks"] if each["lead"] == lead["id"])
            assert task["text"].startswith(
                f"Check payment of invoice {lead['fields']['Invoice number']} "
            )

    def test_a_deal_without_an_address_is_left_as_it_was(self, world: dict[str, Any]) -> None:
        (waiting,) = (lead for lead in world["kommo"]["leads"] if lead["name"] == "Logo sketch")
        assert (waiting["stage"], waiting["fields"]) == ("Issue Invoice", {})


@pytest.mark.parametrize("example", [CONSULTANCY, EUROPEAN], ids=lambda path: path.name)
def test_a_consultancy_s_commands_for_real_accounts_exist(tmp_path: Path, example: Path) -> None:
    page = example / "README.md"
    shown = [*block(page, "connect"), *block(page, "invoice")]
    commands = [line for line in shown if line.startswith("kinv ")]
    assert len(commands) == 5
    for line in commands:
        words = shlex.split(line)
        names = list(takewhile(lambda word: not word.startswith("--"), words))
        told = subprocess.run(
            [*names, "--help"], env=bare(tmp_path), capture_output=True, text=True, check=True
        ).stdout
        assert all(word in told for word in words if word.startswith("--")), line


def test_the_european_consultancy_s_line_for_cron_works(tmp_path: Path) -> None:
    """In cron's shell and environment; the program and the mapping stand where the line says."""
    (line,) = block(EUROPEAN / "README.md", "crontab", kind="")
    *times, command = line.split(maxsplit=5)
    assert times == ["*/10", "*", "*", "*", "*"]
    program = tmp_path / ".local" / "bin" / "kinv"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.join(KINV)} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    with running(tmp_path / "sandbox", "--mapping", EUROPEAN / "mapping.toml") as sandbox:
        mapping = tmp_path / "consultancy" / "mapping.toml"
        mapping.parent.mkdir()
        mapping.write_bytes(Path(sandbox.told["mapping"]).read_bytes())
        given = {
            name: text
            for name, text in sandbox.told["environment"].items()
            if name != "KINV_MAPPING"
        }
        ended = subprocess.run(
            ["/bin/sh", "-c", command],
            env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", **given},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.parametrize("example", [AGENCY, CONSULTANCY, EUROPEAN], ids=lambda path: path.name)
def test_an_example_s_page_can_be_followed(tmp_path: Path, example: Path) -> None:
    """Its three commands, in two terminals, in a copy of its folder."""
    (tmp_path / "mapping.toml").write_bytes((example / "mapping.toml").read_bytes())
    books = load_mapping(example / "mapping.toml").document.books.provider
    (first,) = block(example / "README.md", "terminal 1")
    second = block(example / "README.md", "terminal 2")
    assert len(second) == 2
    with subprocess.Popen(
        ["sh", "-c", f"exec {first}"],
        cwd=tmp_path,
        env=bare(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as sandbox:
        assert sandbox.stdout is not None
        control = ""
        for line in sandbox.stdout:
            if line.split()[:1] == ["control"]:
                control = line.split()[1]
            if "/requests" in line:
                break
        assert control, sandbox.communicate()
        followed = subprocess.run(
            ["sh", "-ec", "\n".join(second)],
            cwd=tmp_path,
            env=bare(tmp_path),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        held = world_of(control)
        sandbox.send_signal(signal.SIGINT)
        sandbox.communicate(timeout=30)
    assert followed.returncode == 0, followed.stderr
    assert len(held[books]["invoices"]) == 1
    assert len(held[books]["mails"]) == 1


def _days(invoice: dict[str, Any]) -> int:
    return (date.fromisoformat(invoice["due_date"]) - date.fromisoformat(invoice["date"])).days
