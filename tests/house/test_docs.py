"""The pages of docs/ name only what there is: commands, flags, variables, files, messages."""

from __future__ import annotations

import ast
import re
import shlex
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer.main

from kommo_invoice.auth.expiry import NOTICE
from kommo_invoice.auth.logins import LOGINS
from kommo_invoice.auth.oauth import DEFAULT_REDIRECT
from kommo_invoice.books.capabilities import Operation
from kommo_invoice.books.capability_tables import BOOKS
from kommo_invoice.cli.main import app
from kommo_invoice.config.settings import Settings
from kommo_invoice.crm.capabilities import CRMS
from kommo_invoice.mapping.new_fields import MARK_CODE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommo_invoice.books.capabilities import BooksCapabilities
    from kommo_invoice.crm.capabilities import CrmCapabilities

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [ROOT / "README.md", *DOCS]
TABLES: dict[str, BooksCapabilities | CrmCapabilities] = {**CRMS, **BOOKS}
CODES = {MARK_CODE}  # codes of fields in the CRM, which begin like variables
OF_THE_TESTS = {"KINV_SPECS"}
OF_SQLITE = {"-wal", "-shm"}
LONGEST = 200
WORKPLACE = re.compile(
    "|".join(("/" + "work/", "/tmp/" + "venv", r"\.lib" + "rary", "sha" + "red/"))
)

FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
VARIABLE = re.compile(r"KINV_[A-Z…][A-Z_…]*")
QUOTED = re.compile(r'"([^"]+)"')
SCOPE = re.compile(r"`([A-Za-z_]+(?:[:.][A-Za-z_]+)*)`")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
every_doc = pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
every_provider = pytest.mark.parametrize("provider", LOGINS)


def of_provider(provider: str) -> str:
    return (ROOT / "docs" / "providers" / f"{provider}.md").read_text(encoding="utf-8")


def commands(text: str) -> Iterator[list[str]]:
    """Yield what stands behind ``kinv`` in code, word by word, up to the end of its command."""
    lines = [
        line for _, block in FENCE.findall(text) for line in block.replace("\\\n", " ").splitlines()
    ]
    for code in [*SPAN.findall(FENCE.sub("", text)), *lines]:
        words = [word.removeprefix("ExecStart=") for word in _words(code)]
        for place, word in enumerate(words):
            if word.rpartition("/")[2] == "kinv" and words[place + 1 :]:
                yield _command(words[place + 1 :])


def _words(code: str) -> list[str]:
    try:
        return shlex.split(code, comments=True)
    except ValueError:  # an apostrophe, in code that is no command
        return code.split()


def _command(words: list[str]) -> list[str]:
    end = next((place for place, word in enumerate(words) if word in {"|", "&&", ";"}), len(words))
    return words[:end]


def wrong(words: list[str]) -> str | None:
    """Return the word of a command line that kinv does not know."""
    command: Any = typer.main.get_command(app)
    rest = iter(words)
    for word in rest:
        inner = getattr(command, "commands", None)
        if word.startswith("-"):
            flag, given, _ = word.partition("=")
            options = {name: each for each in command.params for name in each.opts}
            if flag in {"-h", "--help"}:
                continue
            if flag not in options:
                return word
            if not given and not getattr(options[flag], "is_flag", False):
                next(rest, None)
        elif inner is not None and word != "…":
            if word not in inner:
                return word
            command = inner[word]
    return None


def every_flag() -> set[str]:
    def flags(command: Any) -> set[str]:
        own = {name for each in command.params for name in each.opts}
        return own.union(*map(flags, getattr(command, "commands", {}).values()))

    return flags(typer.main.get_command(app))


@cache
def texts_of_the_code() -> str:
    """Return every text that stands in the code, one a line."""
    trees = (
        ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "kommo_invoice").rglob("*.py"))
    )
    nodes = (
        node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)
    )
    return "\n".join(value for value in nodes if isinstance(value, str))


def anchors(path: Path) -> set[str]:
    headings = re.findall(
        r"^#+ (.+)$", FENCE.sub("", path.read_text(encoding="utf-8")), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def rows(text: str, first_heading: str) -> list[list[str]]:
    """Return the cells of the table whose first heading is that."""
    table = text.partition(f"| {first_heading} |")[2].partition("\n\n")[0]
    lines = [line for line in table.splitlines()[2:] if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@every_page
def test_every_command_and_flag_exists(page: Path) -> None:
    found = list(commands(page.read_text(encoding="utf-8")))
    assert found
    assert {" ".join(each): wrong(each) for each in found if wrong(each)} == {}


@every_doc
def test_every_flag_that_stands_alone_exists(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    flags = {span.split()[0] for span in SPAN.findall(text) if span.startswith("--")}
    assert flags
    assert flags <= every_flag()


@every_page
def test_every_variable_is_a_setting(page: Path) -> None:
    known = {f"KINV_{name.upper()}" for name in Settings.model_fields} | CODES | OF_THE_TESTS
    found = {name.rstrip("_") for name in VARIABLE.findall(page.read_text(encoding="utf-8"))}
    for name in found:
        pattern = re.escape(name).replace("…", ".+")
        assert any(re.fullmatch(pattern, each) for each in known), name


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), link
        assert not anchor or anchor in anchors(path), link


@every_doc
def test_a_page_is_short_and_speaks_of_no_workplace(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST
    assert not WORKPLACE.search(text)


@every_provider
def test_a_providers_messages_are_those_of_the_code(provider: str) -> None:
    quoted = [
        text for row in rows(of_provider(provider), "kinv says") for text in QUOTED.findall(row[0])
    ]
    assert quoted
    assert [text for text in quoted if text not in texts_of_the_code()] == []


@every_provider
def test_a_provider_page_explains_each_scope_and_no_other(provider: str) -> None:
    oauth = LOGINS[provider].oauth
    cells = [row[0] for row in rows(of_provider(provider), "scope")]
    assert {each for cell in cells for each in SCOPE.findall(cell)} == {
        *oauth.scopes,
        *oauth.wished_scopes,
    }


@every_provider
def test_a_provider_page_has_the_rates_that_are_kept(provider: str) -> None:
    table, text = TABLES[provider], " ".join(of_provider(provider).split())
    for rate in table.rates:
        unit = "second" if rate.seconds == 1 else "seconds"
        assert f"{rate.requests} requests in {rate.seconds:g} {unit}" in text
    assert f"{table.in_flight} at a time" in text


@every_provider
def test_a_provider_page_has_the_redirect_address_and_the_notice(provider: str) -> None:
    text = of_provider(provider)
    assert f"`{DEFAULT_REDIRECT}`" in text
    assert f"{NOTICE.days} days before" in text
    variable = f"KINV_{provider.upper()}_CLIENT"
    assert f"{variable}_ID" in text
    assert f"{variable}_SECRET" in text


@pytest.mark.parametrize("provider", sorted(LOGINS.keys() & BOOKS.keys()))
def test_the_books_page_has_the_data_centres_and_the_days_requests(provider: str) -> None:
    text, centres = of_provider(provider), LOGINS[provider].centres
    assert {each.name for each in centres.all} <= set(SPAN.findall(text)) if centres else True
    of_a_day = BOOKS[provider].requests_per_day
    assert of_a_day is None or f"{of_a_day:,} requests" in text


@pytest.mark.parametrize("provider", sorted(LOGINS.keys() & BOOKS.keys()))
def test_every_page_about_all_books_names_each(provider: str) -> None:
    name = LOGINS[provider].name
    for page in ("README.md", "CHANGELOG.md", "docs/books.md", "docs/security.md"):
        assert name in (ROOT / page).read_text(encoding="utf-8"), page


@pytest.mark.parametrize("provider", sorted(LOGINS.keys() & BOOKS.keys()))
def test_the_books_page_names_each_wish_that_they_cannot_grant(provider: str) -> None:
    cells = " ".join(row[0] for row in rows(of_provider(provider), "key"))
    named = set(SPAN.findall(cells)) - {"inclusive"}
    assert named == {drop.feature.value.removesuffix(".amount") for drop in BOOKS[provider].drops}


@pytest.mark.parametrize("provider", sorted(LOGINS.keys() & CRMS.keys()))
def test_the_crm_page_has_the_numbers_of_the_table(provider: str) -> None:
    table, text = CRMS[provider], " ".join(of_provider(provider).split())
    assert f"{table.text_max} characters in a text field" in text
    assert f"Up to {table.batch} deals are written" in text


@pytest.mark.parametrize("provider", sorted(LOGINS.keys() & BOOKS.keys()))
def test_the_guard_and_its_patience_are_told_for_each_pair(provider: str) -> None:
    table = BOOKS[provider]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (row,) = [line for line in readme.splitlines() if f"[{provider}.md]" in line]
    usual, _, numbered = row.partition('with `number = "reference"`')
    assert f"| {table.guard()}; " in usual
    assert f" {table.guard(own_number=True)} |" in numbered
    text = (ROOT / "docs" / "books.md").read_text(encoding="utf-8")
    told = {cell for row in rows(text, "what happens") for cell in row}
    minutes = table.rule(Operation.CREATE_INVOICE).settle_s // 60
    assert f"{minutes} minutes and two looks" in told


def test_every_file_that_is_said_to_be_kept_is_one_of_the_code() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    names = {name for row in rows(text, "where") for name in SPAN.findall(row[0])} - OF_SQLITE
    assert len(names) > 5
    code = texts_of_the_code().splitlines()
    unknown = [
        name
        for name in names
        if not any(name.partition("…")[0].rstrip("/") in each for each in code)
    ]
    assert unknown == []
