"""What people called things, on one line of the output."""

from __future__ import annotations

import pytest

from kommo_invoice.cli.words import one_line


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Northlight Digital GmbH", "Northlight Digital GmbH"),
        (" Müller & Söhne, 发票 🧾 ", "Müller & Söhne, 发票 🧾"),
        ("two\r\nlines\tand\u2028more", "two lines and more"),
        ("\x1b[31mred\x00\x9b0m", "[31mred 0m"),
        ("turned \u202egnp.exe\u202c about", "turned gnp.exe about"),
        ("half \ud83d of one", "half of one"),
        (12, "12"),
    ],
)
def test_a_name_stays_on_its_line(name: object, shown: str) -> None:
    assert one_line(name) == shown
