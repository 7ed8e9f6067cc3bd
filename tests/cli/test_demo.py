"""``kinv demo``: the whole story with nothing to set up, and it checks itself."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from sandbox_child import KINV, bare

from kommo_invoice.cli import main
from kommo_invoice.sandbox.story_end import TOTALS

if TYPE_CHECKING:
    from pathlib import Path

BUDGET_S = 20


def demo(home: Path, *flags: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*KINV, "demo", *flags],
        cwd=home,
        env=bare(home, **environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=BUDGET_S,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def told(home: Path) -> subprocess.CompletedProcess[str]:
    return demo(home)


@pytest.fixture(scope="module")
def document(home: Path) -> dict[str, Any]:
    """The story as data; told where somebody has set up quite another thing."""
    ended = demo(
        home,
        "--json",
        KINV_MAPPING=str(home / "none.toml"),
        KINV_KOMMO_TOKEN="mine",
        KINV_STATE_DIR=str(home / "state"),
        KINV_RATE_FACTOR="0.001",
        HTTP_PROXY="http://127.0.0.1:1",
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    read: dict[str, Any] = json.loads(ended.stdout)
    return read


def scene(document: dict[str, Any], title: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in document["scenes"] if each["title"] == title)
    return found


class TestForPeople:
    def test_it_goes_as_told(self, told: subprocess.CompletedProcess[str]) -> None:
        assert told.returncode == 0, told.stdout
        assert "It all went as told." in told.stdout
        assert "✗" not in told.stdout

    def test_its_scenes_are_numbered(self, told: subprocess.CompletedProcess[str]) -> None:
        assert re.findall(r"^(\d+)\. ", told.stdout, re.MULTILINE) == list("12345678")

    def test_every_command_line_is_shown(
        self, told: subprocess.CompletedProcess[str], document: dict[str, Any]
    ) -> None:
        shown = [line[2:] for line in told.stdout.splitlines() if line.startswith("$ ")]
        assert shown == [
            played["command"] for each in document["scenes"] for played in each["commands"]
        ]

    def test_the_broken_deal_is_told_with_what_to_do(
        self, told: subprocess.CompletedProcess[str]
    ) -> None:
        assert "customer.email" in told.stderr
        assert "→ correct the deal" in told.stderr

    def test_the_last_lines_say_how_many_of_each(
        self, told: subprocess.CompletedProcess[str]
    ) -> None:
        assert "6 deals, 5 invoices, 5 e-mails, 4 customers, 5 tasks;" in told.stdout

    def test_lines_fit_eighty_columns_where_they_are_ours(
        self, told: subprocess.CompletedProcess[str]
    ) -> None:
        ours = [line for line in told.stdout.splitlines() if line[:2] in {"✓ ", "$ "}]
        assert ours
        assert max(map(len, ours)) <= 80

    def test_nothing_is_left_behind(
        self, told: subprocess.CompletedProcess[str], home: Path
    ) -> None:
        assert told.returncode == 0
        assert list(home.iterdir()) == []


class TestTheStory:
    def test_it_says_so_itself(self, document: dict[str, Any]) -> None:
        assert document["as_told"] is True

    def test_a_preview_writes_nothing(self, document: dict[str, Any]) -> None:
        (played,) = scene(document, "Look first")["commands"]
        assert (played["exit_code"], played["writes"]) == (0, {})

    def test_one_broken_deal_does_not_stop_the_others(self, document: dict[str, Any]) -> None:
        (played,) = scene(document, "The run")["commands"]
        assert played["exit_code"] == 3
        assert played["writes"]["invoiceSend"] == 3

    def test_a_second_run_writes_nothing(self, document: dict[str, Any]) -> None:
        (played,) = scene(document, "Once more")["commands"]
        assert (played["exit_code"], played["writes"]) == (0, {})

    def test_a_lost_answer_repeats_nothing(self, document: dict[str, Any]) -> None:
        (played,) = scene(document, "Lost answers")["commands"]
        assert played["exit_code"] == 0
        assert played["writes"]["invoiceCreate"] == 1
        assert played["writes"]["invoiceSend"] == 1

    def test_a_lost_ledger_writes_nothing(self, document: dict[str, Any]) -> None:
        (played,) = scene(document, "The ledger is lost")["commands"]
        assert (played["exit_code"], played["writes"]) == (0, {})

    def test_each_side_holds_what_it_should(self, document: dict[str, Any]) -> None:
        books = document["wave"]
        totals = sorted(f"{each['total']} {each['currency']}" for each in books["invoices"])
        assert totals == sorted(total for total in TOTALS.values() if total)
        assert {each["status"] for each in books["invoices"]} == {"SENT"}
        mailed = sorted(mail["invoice"] for mail in books["mails"])
        assert mailed == sorted(each["id"] for each in books["invoices"])
        assert len(document["kommo"]["tasks"]) == len(books["invoices"])

    def test_its_shapes_are_all_there(self, document: dict[str, Any]) -> None:
        invoices = document["wave"]["invoices"]
        assert {each["currency"] for each in invoices} == {"EUR", "GBP", "USD"}
        assert [len(each["lines"]) for each in invoices] == [1, 2, 1, 2, 1]
        assert [each["discount"] for each in invoices].count("45.00") == 1
        assert invoices[0]["po_number"].startswith("4711 / ")

    def test_requests_are_counted(self, document: dict[str, Any]) -> None:
        per_command = [
            sum(played["requests"].values())
            for each in document["scenes"]
            for played in each["commands"]
        ]
        assert sum(per_command) == sum(document["requests"].values())
        assert 0 < document["writes"] < sum(per_command)


class TestItsSurroundings:
    def test_what_the_person_has_set_up_is_left_alone(
        self, document: dict[str, Any], home: Path
    ) -> None:
        assert document["as_told"]
        assert list(home.iterdir()) == []

    def test_in_this_process_everything_is_as_before(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("KINV_TIMEOUT_S", "7")
        before = dict(os.environ), os.getcwd(), signal.getsignal(signal.SIGTERM)  # noqa: PTH109 - as it is
        assert main.run(["demo", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["as_told"]
        assert (dict(os.environ), os.getcwd(), signal.getsignal(signal.SIGTERM)) == before  # noqa: PTH109 - as it is

    @pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_a_signal_ends_it_and_nothing_is_left_behind(
        self, tmp_path: Path, sent: signal.Signals, code: int
    ) -> None:
        with subprocess.Popen(
            [*KINV, "demo"],
            env=bare(tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith("2. "):
                    break
            process.send_signal(sent)
            _, said = process.communicate(timeout=30)
        assert process.returncode == code
        assert "goes on" not in said.splitlines()[-1]
        assert list(tmp_path.iterdir()) == []


class TestASwindleIsNoticed:
    def test_commands_that_do_nothing_are_no_story(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        real = main.run
        monkeypatch.setattr(main, "run", lambda arguments: 0)
        assert real(["demo", "--json"]) == 1
        document = json.loads(capsys.readouterr().out)
        assert document["as_told"] is False
        failed = [
            check["what"]
            for each in document["scenes"]
            for check in each["checks"]
            if not check["holds"]
        ]
        assert "both answers were lost" in failed
        assert "5 deals have one invoice each, of the right amount" in failed

    def test_a_failure_is_marked_for_people(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        real = main.run
        monkeypatch.setattr(main, "run", lambda arguments: 0)
        assert real(["demo"]) == 1
        shown = capsys.readouterr().out
        assert "✗ both answers were lost" in shown
        assert "It did not go as told" in shown

    @pytest.mark.parametrize("code", [130, 143])
    def test_a_stop_in_a_command_stops_the_story(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        code: int,
    ) -> None:
        real = main.run
        monkeypatch.setattr(main, "run", lambda arguments: code)
        assert real(["demo"]) == code
        assert "3. The run" not in capsys.readouterr().out
