"""``kinv sandbox``: simulators of both sides, and all that is needed to run kinv on them."""

from __future__ import annotations

import json
import shlex
import signal
import socket
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, ProxyHandler, build_opener

import pytest
from sandbox_child import KINV, Running, bare, running

from kommo_invoice.sandbox.faults import Fault
from kommo_invoice.sandbox.ground import GROUNDS, ground_of

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAVY = {"starlette", "uvicorn", "graphql", "httpx", "jinja2", "pydantic_settings", "rich"}


@pytest.fixture(scope="module", params=GROUNDS)
def sandbox(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """A sandbox of each books."""
    with running(tmp_path_factory.mktemp("home"), "--books", request.param) as started:
        yield started


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *args: object, **more: object) -> None:
        """Follow nothing: the address that the browser ends at cannot be shown."""


def agreed_at(page: str) -> str:
    """Where a browser ends that opens the page and agrees."""
    try:
        build_opener(ProxyHandler({}), _Stay).open(page, timeout=10)
    except HTTPError as error:
        with error:
            return str(error.headers["location"])
    raise AssertionError("the browser was not sent anywhere")


def kinv(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*KINV, *map(str, arguments)],
        env=bare(home),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


class TestWhatItGives:
    def test_one_document_tells_everything(self, sandbox: Running) -> None:
        assert set(sandbox.told) == {
            "books", "urls", "mapping", "environment", "applications", "exports", "deals",
            "commands",
        }  # fmt: skip
        assert set(sandbox.told["urls"]) == {"kommo", sandbox.told["books"], "control"}
        assert Path(sandbox.told["mapping"]).is_file()

    def test_the_mapping_fits_the_simulators(self, sandbox: Running) -> None:
        ended = sandbox.kinv("mapping", "check")
        assert ended.returncode == 0, ended.stderr
        assert f"({sandbox.told['books']}:" in ended.stdout

    def test_its_deals_wait_for_their_invoices(self, sandbox: Running) -> None:
        shown = {deal["id"] for deal in sandbox.told["deals"]}
        stage = ground_of(sandbox.told["books"]).stage
        held = {lead["id"] for lead in sandbox.world()["kommo"]["leads"] if lead["stage"] == stage}
        assert shown == held

    def test_a_deal_can_be_invoiced_at_once(self, sandbox: Running) -> None:
        deal = sandbox.told["deals"][2]["id"]
        ended = sandbox.kinv("invoice", "--deal", deal)
        assert ended.returncode == 0, ended.stderr
        held = sandbox.world()
        (lead,) = (each for each in held["kommo"]["leads"] if each["id"] == deal)
        marks = {
            f"{sandbox.told['books']}:{each['id']}"
            for each in held[sandbox.told["books"]]["invoices"]
        }
        assert lead["fields"]["Invoice ID"] in marks

    def test_the_exports_can_be_taken_by_a_shell(self, sandbox: Running) -> None:
        exports = shlex.quote(sandbox.told["exports"])
        shown = subprocess.run(
            ["sh", "-c", f". {exports} && env"],
            env=bare(sandbox.home),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        assert {f"{name}={value}" for name, value in sandbox.told["environment"].items()} <= set(
            shown
        )

    @pytest.mark.parametrize("side", [0, 1], ids=["crm", "books"])
    def test_one_can_log_in_by_browser_instead(self, sandbox: Running, side: int) -> None:
        given = sandbox.told["applications"]
        words = shlex.split(given["commands"][side])
        provider = ("kommo", sandbox.told["books"])[side]
        assert words[:3] == ["kinv", "connect", provider]
        tokens = {f"KINV_{name.upper()}_TOKEN": "" for name in ("kommo", sandbox.told["books"])}
        environment = {**sandbox.told["environment"], **given["environment"], **tokens}
        line = [*KINV, *words[1:], "--paste", "--store", "plain"]
        with subprocess.Popen(
            line,
            env=bare(sandbox.home, **environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as connecting:
            assert connecting.stderr is not None
            page = next(text.strip() for text in connecting.stderr if "//127.0.0.1" in text)
            said = connecting.communicate(agreed_at(page) + "\n", timeout=30)
        assert connecting.returncode == 0, said
        assert f"({provider}:" in said[0]
        exports = Path(sandbox.told["exports"]).read_text(encoding="utf-8").splitlines()
        assert f"#   {given['commands'][side]}" in exports

    def test_each_command_that_it_suggests_works(self, sandbox: Running) -> None:
        suggested = [shlex.split(line) for line in sandbox.told["commands"]]
        for line in suggested:
            if line[0] == "kinv":
                assert sandbox.kinv(*line[1:]).returncode == 0, line

    def test_the_answer_that_it_lets_get_lost_is_an_invoice_s(self, sandbox: Running) -> None:
        line = next(shlex.split(one) for one in sandbox.told["commands"] if "/faults" in one)
        fault = Fault.from_dict(json.loads(line[-1]))
        control = sandbox.told["urls"]["control"].partition("://")[2]
        connection = HTTPConnection(control, timeout=10)
        connection.request("POST", "/faults", line[-1])
        assert json.load(connection.getresponse())[0]["kind"] == "lose"
        books = sandbox.told["books"]
        before = len(sandbox.world()[books]["invoices"])
        deal = sandbox.told["deals"][3]["id"]
        ended = sandbox.kinv("invoice", "--deal", deal)
        assert ended.returncode == 0, ended.stderr
        connection.request("GET", "/requests")
        lost = [each for each in json.load(connection.getresponse()) if each["fault"]]
        connection.close()
        assert [fault.hits(each["provider"], each["operation"]) for each in lost] == [True]
        assert len(sandbox.world()[books]["invoices"]) == before + 1

    @pytest.mark.parametrize(
        ("books", "name", "firm"),
        [
            ("wave", "Wave", "a digital agency"),
            ("quickbooks", "QuickBooks", "a consultancy"),
            ("zoho", "Zoho Books", "a German consultancy"),
        ],
    )
    def test_for_people_it_prints_what_to_paste(
        self, tmp_path: Path, books: str, name: str, firm: str
    ) -> None:
        line = [*KINV, "sandbox", "--port", "0", "--books", books]
        with subprocess.Popen(
            line, env=bare(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            shown = []
            for text in process.stdout:
                shown.append(text.rstrip())
                if "/requests" in text:
                    break
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
        names = [text.split("=")[0] for text in shown if text.startswith("export ")]
        assert names == [
            "export KINV_MAPPING",
            "export KINV_CONFIG_DIR",
            "export KINV_STATE_DIR",
            "export KINV_KOMMO_TOKEN",
            f"export KINV_{books.upper()}_TOKEN",
            "export KINV_RATE_FACTOR",
        ]
        assert shown[0].startswith(f"Kommo and {name} are simulated here")
        assert shown[0].endswith(f"{firm}:")
        assert any(text.startswith(f"  {books} ") for text in shown)
        assert f"let {name} make" in "\n".join(shown)
        assert any(text.endswith("--dry-run") for text in shown)


class TestHowItEnds:
    @pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_a_signal_stops_it_and_nothing_stays(
        self, tmp_path: Path, sent: signal.Signals, code: int
    ) -> None:
        with running(tmp_path) as started:
            assert started.end(sent) == (
                code,
                "kinv: the simulators have stopped, and what was in them is gone\n",
            )
        assert list(tmp_path.iterdir()) == []


class TestFolder:
    def test_a_folder_is_kept(self, tmp_path: Path) -> None:
        folder = tmp_path / "play"
        with running(tmp_path, "--folder", folder) as started:
            assert started.told["mapping"] == str(folder / "mapping.toml")
            started.end(signal.SIGTERM)
        assert sorted(path.name for path in folder.iterdir()) == ["env.sh", "mapping.toml"]

    def test_what_is_there_is_not_overwritten(self, tmp_path: Path) -> None:
        mine = tmp_path / "mapping.toml"
        mine.write_text("mine", encoding="utf-8")
        ended = kinv(tmp_path, "sandbox", "--port", 0, "--folder", tmp_path)
        assert ended.returncode == 2
        assert f"{mine} is there already" in ended.stderr
        assert "--force" in ended.stderr
        assert mine.read_text(encoding="utf-8") == "mine"

    def test_force_overwrites_it(self, tmp_path: Path) -> None:
        mine = tmp_path / "mapping.toml"
        mine.write_text("mine", encoding="utf-8")
        with running(tmp_path, "--folder", tmp_path, "--force") as started:
            assert started.told["mapping"] == str(mine)
        assert mine.read_text(encoding="utf-8").startswith("# A digital agency")

    def test_a_folder_that_cannot_be_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        ended = kinv(tmp_path, "sandbox", "--port", 0, "--folder", tmp_path / "file" / "play")
        assert ended.returncode == 2
        assert "--folder" in ended.stderr


class TestOwnMapping:
    MAPPING = """\
version = 1
[crm] # ours
provider = "kommo"
account = "acme"
auth_base_url = "http://127.0.0.1:1"
[books]
account = "abc"
provider = "wave"
[trigger]
pipeline = "Sales"
stages = ["Issue Invoice"]
[customer]
name = "{{ contact.name }}"
email = "{{ contact.email }}"
[invoice]
item = "Hosting"  # our item
[write_back]
invoice_field = "Invoice ID"
"""

    def test_it_is_led_to_the_simulators_and_else_kept(self, tmp_path: Path) -> None:
        own = tmp_path / "own.toml"
        own.write_text(self.MAPPING, encoding="utf-8")
        with running(tmp_path, "--mapping", own) as started:
            led = Path(started.told["mapping"]).read_text(encoding="utf-8")
            deal = started.deal("App prototype")
            assert started.kinv("invoice", "--deal", deal).returncode == 0
            (invoice,) = started.world()["wave"]["invoices"]
        assert [line["product"] for line in invoice["lines"]] == ["Hosting"]
        assert 'item = "Hosting"  # our item' in led
        assert "acme" not in led
        assert own.read_text(encoding="utf-8") == self.MAPPING

    def test_it_says_itself_which_books(self, tmp_path: Path) -> None:
        own = tmp_path / "own.toml"
        text = self.MAPPING.replace('"wave"', '"quickbooks"').replace('"Hosting"', '"Workshop"')
        tax = """[tax]\nkey = "{{ contact['Country'] }}"\ndefault = "none"\n"""
        own.write_text(text + tax, encoding="utf-8")
        with running(tmp_path, "--mapping", own) as started:
            assert started.told["books"] == "quickbooks"
            deal = started.deal("Onboarding plan")
            ended = started.kinv("invoice", "--deal", deal)
            assert ended.returncode == 0, ended.stderr
            (invoice,) = started.world()["quickbooks"]["invoices"]
        assert [line["item"] for line in invoice["lines"]] == ["Workshop"]

    def test_other_books_than_its_own_are_refused(self, tmp_path: Path) -> None:
        own = tmp_path / "own.toml"
        own.write_text(self.MAPPING, encoding="utf-8")
        ended = kinv(tmp_path, "sandbox", "--port", 0, "--mapping", own, "--books", "quickbooks")
        assert ended.returncode == 2
        assert "is for wave, not for quickbooks" in ended.stderr

    def test_its_problems_are_told(self, tmp_path: Path) -> None:
        own = tmp_path / "own.toml"
        own.write_text(self.MAPPING.replace("item =", "itme ="), encoding="utf-8")
        ended = kinv(tmp_path, "sandbox", "--port", 0, "--mapping", own)
        assert ended.returncode == 7
        assert "did you mean 'item'" in ended.stderr

    def test_sides_in_another_spelling_are_refused(self, tmp_path: Path) -> None:
        own = tmp_path / "own.toml"
        sections = self.MAPPING.replace("[crm] # ours\n", "").split("[books]")
        inline = 'crm = { provider = "kommo", account = "acme" }\n[books]'
        own.write_text("version = 1\n" + inline + sections[1], encoding="utf-8")
        ended = kinv(tmp_path, "sandbox", "--port", 0, "--mapping", own)
        assert ended.returncode == 7
        assert "[crm]" in ended.stderr

    def test_a_provider_that_is_not_simulated_is_refused(self, tmp_path: Path) -> None:
        own = tmp_path / "own.toml"
        for provider, other in (("wave", "xero"), ("kommo", "pipedrive")):
            text = self.MAPPING.replace(f'"{provider}"', f'"{other}"')
            own.write_text(text, encoding="utf-8")
            ended = kinv(tmp_path, "sandbox", "--port", 0, "--mapping", own)
            assert ended.returncode == 2
            assert f"{other}" in ended.stderr
            assert "the sandbox has" in ended.stderr


class TestBooks:
    def test_help_names_them_all(self, tmp_path: Path) -> None:
        told = kinv(tmp_path, "sandbox", "--help").stdout
        assert all(books in told for books in GROUNDS)

    def test_others_are_refused(self, tmp_path: Path) -> None:
        ended = kinv(tmp_path, "sandbox", "--port", 0, "--books", "xero")
        assert ended.returncode == 2
        assert "the sandbox has no 'xero'" in ended.stderr
        assert all(books in ended.stderr for books in GROUNDS)


class TestPorts:
    def test_a_port_that_was_asked_for_and_is_taken_is_told(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            ended = kinv(tmp_path, "sandbox", "--port", min(port, 65533))
        assert ended.returncode == 2
        assert "--port" in ended.stderr

    def test_without_a_port_taken_ones_are_avoided(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        from kommo_invoice.cli import sandbox as module
        from kommo_invoice.cli.terminal import Terminal

        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            monkeypatch.setattr(module, "_FIRST_PORT", port)
            ground = module._started("wave", None, Terminal())
        ground.sandbox.stop()
        assert ground.sandbox.urls["kommo"] != f"http://127.0.0.1:{port}"
        assert f"ports from {port} on are taken" in capsys.readouterr().err


class TestWithoutTheExtra:
    @pytest.mark.parametrize("command", ["sandbox", "demo"])
    def test_it_says_what_to_install(self, tmp_path: Path, command: str) -> None:
        code = (
            "import sys; sys.modules['starlette'] = None\n"
            "from kommo_invoice.cli.main import main; main()"
        )
        ended = subprocess.run(
            [sys.executable, "-c", code, command],
            env=bare(tmp_path),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 2
        assert f"`kinv {command}` needs the simulators, and starlette is not" in ended.stderr
        assert "pip install 'kommo-invoice[sandbox]'" in ended.stderr

    @pytest.mark.parametrize("help_of", [[], ["sandbox"], ["demo"]])
    def test_help_needs_none_of_it(self, tmp_path: Path, help_of: list[str]) -> None:
        code = (
            "import sys\n"
            "from kommo_invoice.cli.main import run\n"
            f"run([*{help_of}, '--help'])\n"
            f"print('loaded:', *sorted({HEAVY} & set(sys.modules)), file=sys.stderr)"
        )
        ended = subprocess.run(
            [sys.executable, "-c", code],
            env=bare(tmp_path),
            capture_output=True,
            text=True,
            check=True,
        )
        assert ended.stdout
        assert ended.stderr == "loaded:\n"
