"""What each edition of Zoho Books says about tax, and where the words for it come from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conformance_specs import NO_SPECS, SPECS

from kommo_invoice.books.capability_tables import BOOKS
from kommo_invoice.books.zoho.editions import edition_of

CONTACTS = Path(SPECS or "") / "zoho" / "openapi" / "contacts.yml"


@pytest.mark.parametrize(
    ("country", "lacking"),
    [
        ("DE", ()),
        ("GB", ()),
        ("IN", ()),
        ("AE", ()),
        ("CH", ("customer.tax_number", "customer.tax_treatment")),
        ("US", ("customer.tax_number", "customer.tax_treatment", "invoice.amounts")),
        (None, ("customer.tax_number", "customer.tax_treatment")),
    ],
)
def test_what_an_edition_lacks_is_told_by_keys(
    country: str | None, lacking: tuple[str, ...]
) -> None:
    zoho, edition = BOOKS["zoho"], edition_of(country)
    assert edition.lacking == lacking
    left = zoho.without(edition.lacking)
    assert {each.feature for each in left.drops} - {each.feature for each in zoho.drops} == {
        *lacking
    }


@pytest.mark.skipif(not SPECS, reason=NO_SPECS)
@pytest.mark.parametrize("country", ["GB", "IN", "AE", "SA", "MX", "KE", "ZA"])
def test_the_words_for_a_tax_treatment_are_the_specification_s(country: str) -> None:
    edition = edition_of(country)
    text = CONTACTS.read_text(encoding="utf-8")
    described = re.findall(rf"\n    {edition.treatment}:\n      description: (.*)\n", text)
    words = {each.strip() for each in re.findall(r"<code>(.*?)</code>", " ".join(described))}
    assert edition.treatments
    assert set(edition.treatments) <= words


@pytest.mark.parametrize("country", ["DE", "FR", "CH", "US"])
def test_those_that_are_not_established_are_not_told(country: str) -> None:
    assert not edition_of(country).treatments
