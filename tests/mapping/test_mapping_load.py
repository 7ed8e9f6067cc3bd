"""Reading the file: where it is found, and how every problem is told."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from mapping_ground import Changes, Write, write_in

from kommo_invoice.errors import ConfigInvalid
from kommo_invoice.mapping import Needs, find_mapping, load_mapping


@pytest.fixture
def write(tmp_path: Path) -> Write:
    return write_in(tmp_path)


def problems(path: Path) -> list[tuple[str, str, str | None]]:
    with pytest.raises(ConfigInvalid) as caught:
        load_mapping(path)
    assert all(problem.file == str(path) for problem in caught.value.problems)
    return [(each.key, each.message, each.nearest) for each in caught.value.problems]


def test_the_flag_is_over_the_environment_over_the_folder_over_the_configuration(
    tmp_path: Path,
) -> None:
    here, config = tmp_path / "here", tmp_path / "config"
    for folder in (here, config):
        folder.mkdir()
    flag, variable = tmp_path / "flag.toml", tmp_path / "variable.toml"
    ladder = [flag, variable, here / "mapping.toml", config / "mapping.toml"]
    for path in ladder:
        path.touch()
    places = {"folder": here, "config": config}
    assert find_mapping(given=flag, environment=variable, **places) == flag
    assert find_mapping(given=None, environment=variable, **places) == variable
    assert find_mapping(given=None, environment=None, **places) == here / "mapping.toml"
    (here / "mapping.toml").unlink()
    assert find_mapping(given=None, environment=None, **places) == config / "mapping.toml"


def test_a_mapping_that_is_asked_for_is_never_replaced_by_another(tmp_path: Path) -> None:
    (tmp_path / "mapping.toml").touch()
    missing = tmp_path / "missing.toml"
    for asked in ({"given": missing, "environment": None}, {"given": None, "environment": missing}):
        with pytest.raises(ConfigInvalid, match=r"missing\.toml does not exist"):
            find_mapping(**asked, folder=tmp_path, config=tmp_path)


def test_no_mapping_at_all_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        find_mapping(given=None, environment=None, folder=tmp_path, config=tmp_path)
    assert "`kinv mapping init`" in caught.value.hint


def test_broken_toml_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text("version = 1\n[crm\n", encoding="utf-8")
    ((key, message, _),) = problems(path)
    assert key == "line 2, column 5"
    assert message.startswith("is no valid TOML")


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_bytes(b"version = '\xff'")
    assert problems(path) == [("file", "is not UTF-8 text", None)]


def test_numbers_of_the_file_are_exact(write: Write) -> None:
    file = load_mapping(write({"invoice.discount": 0.1}))
    assert file.values["invoice.discount"].source == Decimal("0.1")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"invoice.item": None}, ("invoice.item", "is required", None)),
        ({"crm": None}, ("crm", "is required", None)),
        ({"version": 2}, ("version", "must be 1, not 2", None)),
        ({"invoice.memmo": "x"}, ("invoice.memmo", "is an unknown key", "memo")),
        ({"safty.x": 1}, ("safty", "is an unknown key", "safety")),
        (
            {"retainer.day": 1},
            ("retainer", "this section is not available in this version", None),
        ),
        (
            {"crm.provider": "komo"},
            ("crm.provider", "must be kommo or pipedrive, not 'komo'", "kommo"),
        ),
        ({"trigger.stages": []}, ("trigger.stages", "must not be empty", None)),
        ({"trigger.stages": "New"}, ("trigger.stages", "must be a list", None)),
        ({"trigger.since": "May"}, ("trigger.since", "must be a day, as 2026-11-01", None)),
        ({"safety.max_new_invoices": 0}, ("safety.max_new_invoices", "must be at least 1", None)),
        (
            {"safety.max_new_invoices": "5"},
            ("safety.max_new_invoices", "must be a whole number", None),
        ),
        (
            {"invoice.discount": {"amont": "5", "amount": "5"}},
            ("invoice.discount.amont", "is an unknown key", "amount"),
        ),
        (
            {"customer.name": ["x"]},
            ("customer.name", "must be text, a number, a date or true/false", None),
        ),
        ({"customer.address": {"cty": "x"}}, ("customer.address.cty", "is an unknown key", "city")),
        (
            {"customer.email": "{{ contact.emial }}"},
            ("customer.email", "contact has no 'emial'", "contact.email"),
        ),
        (
            {"write_back.fields": {"Paid on": "{{ invoce.paid_on }}"}},
            ('write_back.fields."Paid on"', "there is no name 'invoce'", "invoice"),
        ),
        (
            {"crm.account": "evil.example/x"},
            ("crm.account", "must be the account's own part of its address: 'acme'", None),
        ),
        (
            {"crm.base_url": "http://kommo.example"},
            ("crm.base_url", "must be https: plain http goes to this machine only", None),
        ),
        (
            {"books.base_url": "https://proxy.example/v1"},
            ("books.base_url", "must be a scheme and a host alone: paths stay", None),
        ),
        (
            {"tax": {"key": "x", "DE": "{{ x }}"}},
            ("tax.DE", "is plain text: no expression can be used here", None),
        ),
        (
            {"invoice.number": "INV-1"},
            ("invoice.number", "must be 'reference', or a text with {{ deal.id }} in it", None),
        ),
        ({"invoice.send": "maybe"}, ("invoice.send", "'maybe' is neither yes nor no", None)),
        ({"lines.quantity": "none"}, ("lines.quantity", "'none' is not a number", None)),
        (
            {"task": {"text": "Check", "due": "soon"}},
            ("task.due", "'soon' is not a date (YYYY-MM-DD)", None),
        ),
        ({"lines.count": 3}, ("lines.count", 'has a meaning only with source = "fields"', None)),
        (
            {"lines": {"source": "products", "tax": "{{ product.sku }}", "fallback": "deal"}},
            (
                "lines.tax",
                'is each line\'s own, so fallback = "deal" needs a [tax] section for its line',
                None,
            ),
        ),
    ],
)
def test_a_problem_names_key_and_nearest_name(
    write: Write, changes: Changes, expected: Any
) -> None:
    assert problems(write(changes)) == [expected]


def test_won_needs_a_day_to_begin_with(write: Write) -> None:
    ((key, message, _),) = problems(write({"trigger.stages": ["won"]}))
    assert key == "trigger"
    assert "needs `since` with the stage won" in message
    load_mapping(write({"trigger.stages": ["won"], "trigger.since": "2026-11-01"}))


def test_numbered_lines_need_their_keys(write: Write) -> None:
    found = problems(write({"lines.source": "fields"}))
    assert [key for key, *_ in found] == ["lines.count", "lines.description", "lines.unit_price"]


def test_names_of_single_lines_are_in_reach_with_their_source_only(write: Write) -> None:
    ((key, message, _),) = problems(write({"lines.item": "{{ product.sku }}"}))
    assert (key, message[:33]) == ("lines.item", "'product' is not in reach here (i")
    load_mapping(write({"lines": {"source": "products", "item": "{{ product.sku }}"}}))


def test_all_problems_are_told_at_once_in_the_order_of_the_file(write: Write) -> None:
    found = problems(
        write(
            {
                "crm.provider": "komo",
                "customer.email": "{{ contact.emial }}",
                "invoice.memmo": "x",
                "write_back.fields": {"X": "{{ invoice.numbr }}"},
                "note.text": "x",
            }
        )
    )
    assert [key for key, *_ in found] == [
        "crm.provider",
        "customer.email",
        "invoice.memmo",
        "write_back.fields.X",
        "note",
    ]


def test_the_message_of_one_problem_is_the_problem(write: Write) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        load_mapping(path := write({"invoice.item": None}))
    assert caught.value.message == f"{path}: invoice.item: is required"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Needs(contact=True, company=True, products=False, users=False, entities=("deal",))),
        (
            {
                "customer.name": "{{ deal.name }}",
                "customer.email": "{{ deal['Mail'] }}",
                "invoice.memo": "By {{ deal.responsible }}",
                "lines.source": "products",
            },
            Needs(contact=False, company=False, products=True, users=True, entities=("deal",)),
        ),
        (
            {"customer.country": "{{ contact['Country'] }}", "tax.key": "{{ company['VAT ID'] }}"},
            Needs(
                contact=True,
                company=True,
                products=False,
                users=False,
                entities=("deal", "contact", "company"),
            ),
        ),
    ],
)
def test_only_what_is_mentioned_is_needed(write: Write, changes: Changes, expected: Any) -> None:
    assert load_mapping(write(changes)).needs == expected


def test_the_fingerprint_is_that_of_accounts_and_trigger(write: Write) -> None:
    base = load_mapping(write()).fingerprint()
    assert load_mapping(write({"invoice.memo": "other"})).fingerprint() == base
    assert load_mapping(write({"trigger.stages": ["New"]})).fingerprint() != base
    assert load_mapping(write({"books.account": "B2"})).fingerprint() != base


def test_importing_the_package_is_cheap() -> None:
    heavy = "{'jinja2', 'pydantic', 'pycountry', 'email_validator'}"
    code = f"import sys, kommo_invoice.mapping; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
