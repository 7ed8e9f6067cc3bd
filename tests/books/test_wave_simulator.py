"""What is Wave's own in the adapter, against the Wave simulator over real HTTP.

What holds for all books stands in the conformance suite.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from conformance_books import EMAIL, MAIL, REFERENCE
from conformance_wave import WaveGround

from kommo_invoice.books.base import Look
from kommo_invoice.domain.draft import CustomerDraft
from kommo_invoice.domain.invoice import Status
from kommo_invoice.errors import NotExecuted, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[WaveGround]:
    built = WaveGround(tmp_path, "strict")
    yield built
    built.close()


def test_a_bare_uuid_reaches_the_same_business(ground: WaveGround) -> None:
    uuid = base64.b64decode(ground.account).decode().removeprefix("Business:")

    assert ground.connect(uuid).catalog().account == ground.catalog.account


def test_the_business_knows_its_time_zone(ground: WaveGround) -> None:
    assert ground.catalog.account.timezone == "Europe/Berlin"


def test_an_invoice_that_its_customer_opened_is_viewed(ground: WaveGround) -> None:
    invoice = ground.approved()
    ground.books.send(invoice, MAIL, key="k")

    ground.wave.view(invoice)

    assert (ground.read(invoice).status, ground.read(invoice).sent) == (Status.VIEWED, True)


def test_the_order_number_is_left_alone_where_the_reference_is_the_number(
    ground: WaveGround,
) -> None:
    assert ground.create(number=REFERENCE).po_number is None


def test_the_pdf_goes_along_unless_it_is_not_wanted(ground: WaveGround) -> None:
    invoice = ground.approved()
    for attached in (True, False):
        ground.books.send(invoice, replace(MAIL, attach_pdf=attached), key="k")

    assert [mail["attach_pdf"] for mail in ground.wave.dump()["mails"]] == [True, False]


class TestALongList:
    """Of 221 invoices, three pages."""

    @pytest.fixture(autouse=True)
    def old(self, ground: WaveGround) -> str:
        owner, other = ground.add_customer(), ground.add_customer("Other", "other@acme.example")
        old = ground.add_invoice(owner, REFERENCE, created_at=datetime(2025, 1, 1, tzinfo=UTC))
        for _ in range(220):
            ground.add_invoice(other)
        return old

    def test_is_cut_for_a_customer_that_does_not_exist(self, ground: WaveGround) -> None:
        look = Look(email="nobody@acme.example", reference=REFERENCE, since=LONG_AGO)

        assert ground.found(look).invoices == ()
        assert len(ground.requests()) == 1

    def test_is_read_by_customer_where_there_is_one(self, ground: WaveGround, old: str) -> None:
        look = Look(email=EMAIL, reference=REFERENCE, since=LONG_AGO)

        assert [each.id for each in ground.found(look).invoices] == [old]
        assert len(ground.requests()) == 3

    def test_is_read_to_its_end_by_a_thorough_look(self, ground: WaveGround, old: str) -> None:
        look = Look(email="nobody@acme.example", reference=REFERENCE, thorough=True)

        assert [each.id for each in ground.found(look).invoices] == [old]
        assert len(ground.requests()) == 4


def test_a_refusal_names_what_was_refused(ground: WaveGround) -> None:
    line = ground.line(item=ground.the_item("Office Supplies"))

    with pytest.raises(Rejected, match="invoiceCreate"):
        ground.create(lines=(line,))


def test_a_customer_that_is_not_visible_yet_is_no_refusal(ground: WaveGround) -> None:
    ground.wave.rules.first_invoice_stumbles = True
    customer = ground.books.create_customer(CustomerDraft("Acme", EMAIL), key="k")

    with pytest.raises(NotExecuted):
        ground.create(customer.id)

    assert [ground.create(customer.id).id] == ground.invoice_ids()
