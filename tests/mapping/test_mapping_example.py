"""The example file and the reference hold exactly the keys of the schema."""

import re
import tomllib
from pathlib import Path

from kommo_invoice.mapping import load_mapping, reference_table
from kommo_invoice.mapping.reference import keys

EXAMPLE = Path(__file__).parents[2] / "mapping.example.toml"
OPTIONAL = re.compile(r"# (\[[a-z_.]+\]|[a-z0-9_]+ = .*)")


def example_keys() -> set[str]:
    section, found = "", set()
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        optional = OPTIONAL.fullmatch(line)
        text = optional[1] if optional else line
        if text.startswith("["):
            section = text.strip("[]") + "."
        elif "=" in text and not text.startswith("#"):
            (name,) = tomllib.loads(text)
            found.add(f"{section}{name}")
    return found


def schema_keys() -> set[str]:
    return {key.name for key in keys()}


def test_the_example_loads_as_it_is() -> None:
    file = load_mapping(EXAMPLE)
    assert file.document.crm.provider == "kommo"
    assert file.needs.company
    assert file.needs.contact


def test_every_key_occurs_and_nothing_else() -> None:
    own = {
        key
        for key in example_keys()
        if not key.startswith("write_back.fields.") and key not in {"tax.DE", "tax.GB"}
    } - {"tax.US", "tax.reverse"}
    free = {"write_back.fields.<field>", "tax.<text>"}
    amounts = {"invoice.discount.amount", "lines.discount.amount"}
    assert own - amounts == schema_keys() - free
    assert amounts < own


def test_optional_keys_of_the_example_are_right_when_they_are_uncommented(tmp_path: Path) -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    section, kept = "", []
    for line in lines:
        optional = OPTIONAL.fullmatch(line)
        text = optional[1] if optional else line
        section = text if text.startswith("[") else section
        alternatives = text.startswith(("discount =", "count =", 'item = "{{ product'))
        kept.append(line if optional and alternatives else text)
    path = tmp_path / "all.toml"
    path.write_text("\n".join(kept), encoding="utf-8")
    document = load_mapping(path).document
    assert document.customer.address is not None
    assert document.books.environment == "sandbox"


def test_the_reference_has_a_row_for_every_key() -> None:
    rows = reference_table().splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == [key.name for key in keys()]
    assert all(key.meaning for key in keys())
    assert "| `invoice.item` | required | The books' item" in reference_table()
    assert "| `safety.max_new_invoices` | `50` |" in reference_table()
