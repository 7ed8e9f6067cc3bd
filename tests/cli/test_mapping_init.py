"""``kinv mapping init``: from nothing to a mapping that fits, by flags and on a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from init_case import OURS, TAX, begin, check, fields_of, forget_fields, play, sides, target

from kommo_invoice.sandbox.kommo import TOKEN

if TYPE_CHECKING:
    from stage import Stage


# -- by flags ------------------------------------------------------------------------------------


def test_it_writes_a_mapping_that_fits_and_says_what_is_in_it(stage: Stage) -> None:
    ended = begin(stage, *TAX)
    assert ended.code == 0, ended
    assert f"{target(stage)} is written: Kommo Agency to Wave Northlight" in ended.out
    assert "Sales: Issue Invoice, since 20" in ended.out
    assert "DE: VAT 19%; others: refused until decided" in ended.out
    assert f"kinv --mapping {target(stage)} invoice --deal ID --dry-run" in ended.err
    assert not stage.writes()
    checked = check(stage)
    assert checked.code == 0, checked
    told = json.loads(checked.out)
    assert [each["key"] for each in told["drops"]] == ["invoice.terms"]


def test_the_mapping_invoices_a_deal(stage: Stage) -> None:
    begin(stage, *TAX)
    ended = stage.kinv("--mapping", target(stage), "invoice", "--deal", stage.deal)
    assert ended.code == 0, ended
    assert stage.lead(stage.deal)["stage"] == "Invoice Sent"


def test_a_dry_run_prints_the_file_and_writes_nothing(stage: Stage) -> None:
    forget_fields(stage)
    ended = begin(stage, *TAX, "--dry-run", "--create-fields")
    assert ended.code == 0, ended
    assert tomllib.loads(ended.out)["trigger"]["pipeline"] == "Sales"
    assert not target(stage).exists()
    assert not fields_of(stage)


def test_it_says_that_nothing_is_mailed_where_the_books_may_not(stage: Stage) -> None:
    businesses = stage.wave.state.businesses
    businesses[stage.business] = replace(businesses[stage.business], email_send_enabled=False)
    ended = begin(stage, *TAX)
    assert "send      no: the books may not e-mail for this account" in ended.out
    told = json.loads(begin(stage, *TAX, "--force", "--json").out)
    assert told["choices"]["send"] is False


def test_names_do_not_break_the_lines(stage: Stage) -> None:
    stage.kommo.account.name = "Agency\n  → next: `rm -rf /`\x1b[31m"
    ended = begin(stage, *TAX)
    assert ended.code == 0
    first = ended.out.splitlines()[0]
    assert first.endswith("Kommo Agency → next: `rm -rf /` [31m to Wave Northlight Digital GmbH")
    assert "\x1b" not in ended.out + ended.err


def test_for_programs_it_is_one_document(stage: Stage) -> None:
    forget_fields(stage)
    told = json.loads(begin(stage, *TAX, "--json").out)
    assert told["choices"]["stages"] == ["Issue Invoice"]
    assert told["choices"]["tax"] == {"DE": "VAT 19%"}
    assert told["fields"]["missing"] == ["Invoice ID"]
    assert set(told["fields"]["left_out"]) == OURS - {"Invoice ID"}
    assert told["dropped"] == ["customer.tax_number", "invoice.cc"]
    assert told["next"].startswith("kinv mapping check --create-fields --mapping ")
    assert told["written"] is True


def test_what_nobody_says_is_an_error_that_names_all_flags(stage: Stage) -> None:
    stage.kommo.add_pipeline("Second", ("Invoice",))
    stage.wave.add_business("Second GmbH", sender="billing@second.example")
    ended = begin(stage)
    assert ended.code == 2
    assert "2 choices are needed, and nothing was written" in ended.err
    assert "--pipeline: " in ended.err
    assert "'Sales', 'Retainers', 'Second'" in ended.err
    assert "--books-account: " in ended.err
    assert "(Second GmbH)" in ended.err
    assert not ended.out
    assert not target(stage).exists()


def test_a_tax_is_never_guessed(stage: Stage) -> None:
    ended = begin(stage)
    assert ended.code == 2
    assert "'VAT 19%', 'VAT 20%', 'GST 10%', 'none' (no tax), 'error'" in ended.err


def test_the_account_of_a_token_from_the_environment_is_asked_for(stage: Stage) -> None:
    ended = stage.kinv("mapping", "init", "-o", target(stage), "--books-base-url", "http://[::1]:9")
    assert ended.code == 2
    assert "--crm-account: Which account of kommo is it?" in ended.err
    assert not stage.requests()


def test_without_any_token_it_says_how_to_log_in(stage: Stage) -> None:
    ended = begin(stage, KINV_KOMMO_TOKEN="", KINV_WAVE_TOKEN="")
    assert ended.code == 4
    assert "`kinv connect kommo` logs in; or set KINV_KOMMO_TOKEN" in ended.err


def test_a_file_that_is_there_is_kept(stage: Stage) -> None:
    target(stage).write_text("mine", encoding="utf-8")
    ended = begin(stage, *TAX)
    assert (ended.code, "is there already" in ended.err) == (2, True)
    assert not stage.requests()
    assert target(stage).read_text(encoding="utf-8") == "mine"
    assert begin(stage, *TAX, "--force").code == 0
    assert target(stage).read_text(encoding="utf-8") != "mine"


def test_by_default_it_is_written_where_it_is_looked_for(stage: Stage) -> None:
    there = stage.kinv("mapping", "init", *sides(stage), *TAX)
    assert (there.code, f"{stage.folder / 'mapping.toml'} is there already" in there.err) == (
        2,
        True,
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--tax", "DE"], "'DE' is no country with its tax"),
        (["--since", "yesterday"], "--since: 'yesterday' is no day"),
        (["--since", "2026-1-1x"], "is no day"),
        (["--crm", "pipedrive"], "'pipedrive' is not available in this version"),
        (["--books", "wav"], "--books: 'wav' is not available"),
        (["--stage", "Issue"], "--stage: there is no stage of Sales 'Issue'"),
        (["--output", "nowhere/mapping.toml"], "there is no folder"),
        (["--output", ""], "--output: that names no file"),
        (["--output", "", "--force"], "--output: that names no file"),
        (["--output", "", "--dry-run"], "--output: that names no file"),
        (["--crm-auth-base-url", "https://kommo.example/oauth"], "--crm-auth-base-url: must be a"),
        (["--item", "Nothing"], "--item: there is no item 'Nothing'"),
        (["--tax-default", "VAT"], "--tax-default: there is no tax 'VAT'"),
    ],
)
def test_a_wrong_flag_is_exit_2(arguments: list[str], words: str, stage: Stage) -> None:
    ended = begin(stage, *TAX, *arguments)
    assert ended.code == 2, ended
    assert words in ended.err
    assert "Traceback" not in ended.err
    assert "→ " in ended.err, "what helps"
    assert "see the command's --help" not in ended.err
    assert not target(stage).exists()


def test_books_without_a_product_end_it_at_once(stage: Stage) -> None:
    books = stage.wave.add_business("Second GmbH", sender="billing@second.example")
    ended = begin(stage, "--books-account", books, "--item", "Consulting Services")
    assert ended.code == 7
    assert "'Second GmbH' has no product for sale in Wave" in ended.err
    assert "make a product or service in Wave (one that is sold), then run it again" in ended.err
    code, shown = play(stage, extra=("--books-account", books))
    assert code == 7, shown
    assert "Which " not in shown


def test_a_file_that_cannot_be_written_leaves_nothing_behind(stage: Stage) -> None:
    target(stage).mkdir()
    before = set(stage.folder.iterdir())
    ended = begin(stage, *TAX, "--force")
    assert (ended.code, "cannot be written" in ended.err) == (2, True)
    assert set(stage.folder.iterdir()) <= before | {stage.state}


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_a_file_that_is_replaced_keeps_its_rights(mode: int, stage: Stage) -> None:
    target(stage).write_text("mine", encoding="utf-8")
    target(stage).chmod(mode)
    assert begin(stage, *TAX, "--force").code == 0
    assert target(stage).stat().st_mode & 0o777 == mode


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_a_new_file_has_the_rights_that_are_usual_here(umask: int, mode: int, stage: Stage) -> None:
    before = os.umask(umask)
    try:
        assert begin(stage, *TAX).code == 0
        assert os.umask(umask) == umask, "the command leaves it as it was"
    finally:
        os.umask(before)
    assert target(stage).stat().st_mode & 0o777 == mode


def test_a_link_beside_it_is_not_written_through(stage: Stage) -> None:
    other = stage.folder / "other.txt"
    other.write_text("another's", encoding="utf-8")
    target(stage).with_name(".first.toml.new").symlink_to(other)
    target(stage).symlink_to(other)
    assert begin(stage, *TAX, "--force").code == 0
    assert other.read_text(encoding="utf-8") == "another's"
    assert "Sales" in target(stage).read_text(encoding="utf-8")


def test_a_provider_that_refuses_ends_it_before_anything_is_written(stage: Stage) -> None:
    stage.kommo.account.unpaid = True
    assert begin(stage, *TAX).code == 8
    assert not target(stage).exists()


# -- on a terminal -------------------------------------------------------------------------------


def test_on_a_terminal_it_asks_and_enter_takes_the_guess(stage: Stage) -> None:
    forget_fields(stage)
    code, shown = play(
        stage,
        ("Which pipeline's deals are invoiced?", "\n"),
        ("Which stage of Sales asks for an invoice?", "99\n"),
        ("give one of the numbers", "\n"),
        ("when it is invoiced?", "\n"),
        ("when it is paid?", "5\n"),
        ("Make them now?", "1\n"),
        ("invoice lines for?", "2\n"),
        ("clients in DE take?", "1\n"),
        ("clients in other countries take?", "5\n"),
    )
    assert code == 0, shown
    written = tomllib.loads(target(stage).read_text(encoding="utf-8"))
    assert written["trigger"]["stages"] == ["Issue Invoice"]
    assert written["invoice"]["item"] == "Hosting"
    assert written["tax"]["DE"] == "VAT 19%"
    assert written["tax"]["default"] == "none"
    assert written["write_back"]["stages"] == {"invoiced": "Invoice Sent"}
    assert set(fields_of(stage)) == OURS
    assert check(stage).code == 0


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_whoever_leaves_has_written_nothing(key: str, stage: Stage) -> None:
    code, shown = play(stage, ("1-2 [1]: ", key))
    assert code == 130, shown
    assert not target(stage).exists()


def test_no_input_holds_on_a_terminal_too(stage: Stage) -> None:
    stage.settings["KINV_NO_INPUT"] = "1"
    code, shown = play(stage)
    assert code == 2
    assert "a choice is needed" in shown


# -- from nothing --------------------------------------------------------------------------------


def test_two_tokens_and_five_commands_lead_to_the_preview_of_a_real_deal(stage: Stage) -> None:
    forget_fields(stage)
    folder = stage.folder / "new"
    folder.mkdir()
    urls, wave = stage.sandbox.urls, next(iter(stage.world.tokens["wave"]))
    environment = {
        name: value
        for name, value in stage.environment().items()
        if not name.endswith("_TOKEN") and name != "KINV_MAPPING"
    }
    commands = (
        (f"connect kommo --token-stdin --store plain --base-url {urls['kommo']}", TOKEN),
        (f"connect wave --token-stdin --store plain --base-url {urls['wave']}", wave),
        ("mapping init --create-fields --tax DE=t", ""),
        ("mapping check", ""),
        (f"invoice --deal {stage.deal} --dry-run", ""),
    )
    for command, given in commands:
        words = [each.replace("DE=t", "DE=VAT 19%") for each in command.split()]
        ended = subprocess.run(
            [sys.executable, "-m", "kommo_invoice", *words],
            input=given,
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ended.returncode == 0, (command, ended.stdout, ended.stderr)
        assert TOKEN not in ended.stdout + ended.stderr
        assert wave not in ended.stdout + ended.stderr
    assert "total     1200.50 + 228.10 tax = 1428.60 EUR" in ended.stdout
    assert not stage.writes()
