"""Data centres: what a login says of them is looked up, and never used as it came."""

from __future__ import annotations

import pytest

from kommo_invoice.auth.centres import ZOHO as CENTRES
from kommo_invoice.auth.logins import LOGINS
from kommo_invoice.books.zoho.regions import REGIONS
from kommo_invoice.errors import ConfigInvalid

ZOHO = LOGINS["zoho"]
NAMES = [each.name for each in CENTRES.all]


def test_the_login_and_the_books_know_the_same_ones() -> None:
    assert {each.name: each.api for each in CENTRES.all} == REGIONS


@pytest.mark.parametrize("name", NAMES)
def test_each_is_found_by_each_of_its_names(name: str) -> None:
    centre = CENTRES.named(name)
    assert CENTRES.find(f" {name.upper()} ") is centre
    assert CENTRES.at(f"{centre.accounts}/") is centre
    assert ZOHO.server(name) == centre.accounts
    if centre.api is not None:
        assert CENTRES.serving(f"{centre.api.upper()}/") is centre
        assert ZOHO.address("60012345601", None, name) == centre.api


def test_every_address_is_encrypted_and_one_centres_alone() -> None:
    addresses = [url for each in CENTRES.all for url in (each.accounts, each.api) if url]
    assert len(set(addresses)) == len(addresses)
    assert all(each.startswith("https://") for each in addresses)


def test_a_login_begins_in_america_where_nothing_else_is_said() -> None:
    assert CENTRES.named(None).name == "us"
    assert ZOHO.address(None, None) == "https://www.zohoapis.com"


def test_one_that_there_is_not_is_told_with_those_that_there_are() -> None:
    with pytest.raises(ConfigInvalid, match=", ".join(NAMES)) as refused:
        ZOHO.address(None, None, "mars")
    assert "books.zoho.eu" in refused.value.hint


def test_one_without_a_known_api_is_reached_by_its_address_alone() -> None:
    with pytest.raises(ConfigInvalid, match="in the data centre uk") as refused:
        ZOHO.address(None, None, "uk")
    assert "https://accounts.zoho.uk as auth_base_url" in refused.value.hint


@pytest.mark.parametrize("provider", sorted({*LOGINS} - {"zoho"}))
def test_others_have_none(provider: str) -> None:
    login = LOGINS[provider]
    assert login.server("eu") is None
    assert login.address("acme", None, "eu") == login.address("acme", None)
