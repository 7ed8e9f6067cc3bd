"""What there is to play with: a firm for each books, complete, and mappings that lead to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kommo_invoice.engine.providers import BOOKS
from kommo_invoice.errors import ConfigInvalid, UsageError
from kommo_invoice.mapping.load import load_mapping
from kommo_invoice.sandbox.ground import GROUNDS, ground_of
from kommo_invoice.sandbox.leading import led_to, packaged
from kommo_invoice.sandbox.playground import Playground, open_playground

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIDES = {
    "crm": {"account": "play", "base_url": "http://127.0.0.1:1"},
    "books": {"account": "9", "base_url": "http://127.0.0.1:2", "environment": "sandbox"},
}


@pytest.fixture(params=GROUNDS)
def playground(request: pytest.FixtureRequest) -> Iterator[Playground]:
    """The simulators of each ground."""
    opened = open_playground(request.param)
    yield opened
    opened.sandbox.stop()


def test_there_is_one_for_each_books_of_this_version() -> None:
    assert set(GROUNDS) == set(BOOKS)


def test_others_are_refused() -> None:
    with pytest.raises(UsageError, match="no 'xero'; there is wave"):
        ground_of("xero")


class TestEachGround:
    def test_its_deals_wait_and_each_is_told(self, playground: Playground) -> None:
        assert list(playground.deals) == list(playground.ground.shapes)
        stages = {lead["id"]: lead["stage"] for lead in playground.sandbox.dump()["kommo"]["leads"]}
        assert {stages[lead] for lead in playground.deals.values()} == {playground.ground.stage}

    def test_its_mapping_leads_to_its_books(self, playground: Playground, tmp_path: Path) -> None:
        path = tmp_path / "mapping.toml"
        path.write_text(playground.mapping(), encoding="utf-8")
        document = load_mapping(path).document
        books = playground.sides.books.name
        assert (document.books.provider, document.books.account) == (
            books,
            playground.sides.account,
        )
        assert document.books.base_url == playground.sandbox.urls[books]
        where = document.books.model_dump(include={"environment", "region"}, exclude_none=True)
        assert where == playground.ground.where

    def test_its_tokens_are_those_of_its_sides(
        self, playground: Playground, tmp_path: Path
    ) -> None:
        given = playground.environment(tmp_path, tmp_path / "mapping.toml")
        tokens = {name for name in given if name.endswith("_TOKEN")}
        assert tokens == {"KINV_KOMMO_TOKEN", f"KINV_{playground.sides.books.name.upper()}_TOKEN"}


class TestLeading:
    def test_what_says_where_an_account_is_gives_way_and_all_else_stays(self) -> None:
        text = (
            '[crm]\nprovider = "kommo"  # ours\naccount = "acme"\n'
            '[books]\nprovider = "quickbooks"\nenvironment = "production"\naccount = "1"\n'
            'region = "us"\n'
            '[customer]\naccount = "stays"\n'
        )
        assert led_to(text, SIDES).splitlines() == [
            "[crm]",
            'account = "play"',
            'base_url = "http://127.0.0.1:1"',
            'provider = "kommo"  # ours',
            "[books]",
            'account = "9"',
            'base_url = "http://127.0.0.1:2"',
            'environment = "sandbox"',
            'provider = "quickbooks"',
            "[customer]",
            'account = "stays"',
        ]

    def test_a_side_without_a_section_of_its_own_is_refused(self) -> None:
        with pytest.raises(ConfigInvalid, match=r"begins with a line \[books\]"):
            led_to('books = { provider = "wave" }\n[crm]\n', SIDES)

    @pytest.mark.parametrize("books", GROUNDS)
    def test_the_packaged_mappings_keep_their_comments(self, books: str) -> None:
        text = packaged(ground_of(books).mapping)
        kept = [line for line in led_to(text, SIDES).splitlines() if line.startswith("#")]
        assert kept == [line for line in text.splitlines() if line.startswith("#")]
