"""``kinv sandbox``: both simulators, and all that is needed to run kinv on them."""

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

import pytest
from sandbox_child import KINV, Running, bare, running

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAVY = {"starlette", "uvicorn", "graphql", "httpx", "jinja2", "pydantic_settings", "rich"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("home")) as started:
        yield started


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
            "urls", "mapping", "environment", "applications", "exports", "deals", "commands",
        }  # fmt: skip
        assert set(sandbox.told["urls"]) == {"kommo", "wave", "control"}
        assert Path(sandbox.told["mapping"]).is_file()

    def test_the_mapping_fits_the_simulators(self, sandbox: Running) -> None:
        ended = sandbox.kinv("mapping", "check")
        assert ended.returncode == 0, ended.stderr
        assert "Kommo Agency" in ended.stdout

    def test_its_deals_wait_for_their_invoices(self, sandbox: Running) -> None:
        shown = {deal["id"] for deal in sandbox.told["deals"]}
        held = {
            lead["id"]
            for lead in sandbox.world()["kommo"]["leads"]
            if lead["stage"] == "Issue Invoice"
        }
        assert shown == held

    def test_a_deal_can_be_invoiced_at_once(self, sandbox: Running) -> None:
        deal = sandbox.deal("App prototype")
        ended = sandbox.kinv("invoice", "--deal", deal)
        assert ended.returncode == 0, ended.stderr
        (invoice,) = (
            each
            for each in sandbox.world()["wave"]["invoices"]
            if each["po_number"].endswith(f"-{deal}")
        )
        assert (invoice["total"], invoice["currency"], invoice["status"]) == (
            "5400.00",
            "USD",
            "SENT",
        )

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

    @pytest.mark.parametrize(
        ("provider", "path"), [("kommo", "/oauth?"), ("wave", "/oauth2/authorize/?")]
    )
    def test_an_application_is_registered_for_who_logs_in_by_browser(
        self, sandbox: Running, provider: str, path: str
    ) -> None:
        given = sandbox.told["applications"]
        client_id = given["environment"][f"KINV_{provider.upper()}_CLIENT_ID"]
        query = f"client_id={client_id}&response_type=code&scope=user:read&state=s"
        connection = HTTPConnection(sandbox.told["urls"][provider].partition("://")[2], timeout=10)
        connection.request("GET", path + query)
        back = connection.getresponse().headers["location"]
        connection.close()
        assert back.startswith(f"{given['redirect_uri']}?")
        assert "code=" in back
        exports = Path(sandbox.told["exports"]).read_text(encoding="utf-8").splitlines()
        assert f"#   export KINV_{provider.upper()}_CLIENT_ID={client_id}" in exports

    def test_each_command_that_it_suggests_works(self, sandbox: Running) -> None:
        suggested = [shlex.split(line) for line in sandbox.told["commands"]]
        for line in suggested:
            if line[0] == "kinv":
                assert sandbox.kinv(*line[1:]).returncode == 0, line
        faults = next(line for line in suggested if line[2].endswith("/faults"))
        assert json.loads(faults[-1])["kind"] == "lose"

    def test_for_people_it_prints_what_to_paste(self, tmp_path: Path) -> None:
        line = [*KINV, "sandbox", "--port", "0"]
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
            "export KINV_WAVE_TOKEN",
            "export KINV_RATE_FACTOR",
        ]
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
        own.write_text(self.MAPPING.replace('"wave"', '"xero"'), encoding="utf-8")
        ended = kinv(tmp_path, "sandbox", "--port", 0, "--mapping", own)
        assert ended.returncode == 2
        assert "the sandbox has kommo and wave" in ended.stderr


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
            ground = module._started(None, Terminal())
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
