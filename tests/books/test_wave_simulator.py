"""The adapter against the Wave simulator, over real HTTP."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from wave_ground import REFERENCE, TODAY, Ground, Token

from kommo_invoice.books.base import Look
from kommo_invoice.domain.draft import Amounts, CustomerDraft, Discount, Mail
from kommo_invoice.domain.invoice import Status
from kommo_invoice.domain.totals import Totals, acceptable
from kommo_invoice.errors import ConfigInvalid, LoginNeeded, LostAnswer, NotExecuted, Rejected
from kommo_invoice.sandbox.faults import FaultKind
from kommo_invoice.sandbox.server import Sandbox
from kommo_invoice.sandbox.wave import WaveSimulator
from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    world = World()
    world.unlimited = True
    simulator = WaveSimulator(world)
    with Sandbox(world, [simulator]) as sandbox:
        here = Ground(sandbox, simulator, tmp_path)
        yield here
        for client in here.clients:
            client.close()


def test_the_account_and_its_catalog(ground: Ground) -> None:
    account = ground.catalog.account

    assert ground.wave.accounts() == [account]
    assert (account.id, account.currency, account.timezone) == (
        ground.business,
        "EUR",
        "Europe/Berlin",
    )
    assert not ground.items["Office Supplies"].sellable
    assert ground.items["Hosting"].sellable
    assert ground.taxes["VAT 19%"].rate == Decimal("0.19")


def test_a_bare_uuid_reaches_the_same_business(ground: Ground) -> None:
    uuid = base64.b64decode(ground.business).decode().removeprefix("Business:")

    assert ground.connect(uuid).catalog().account == ground.catalog.account


def test_an_invoice_s_life(ground: Ground) -> None:
    wave, simulator = ground.wave, ground.simulator
    look = Look(email="Anna@Acme.example", reference=REFERENCE, since=LONG_AGO)
    assert ground.found(look).customers == ()
    assert len(ground.world.requests) == 1

    customer = wave.create_customer(
        CustomerDraft("Acme GmbH", "anna@acme.example", "Anna O'Neil", country="DE"), key="k"
    )
    draft = ground.draft(po_number="4711", memo="Thank you!")
    created = wave.create_invoice(draft, customer.id, key="k")
    assert (created.status, created.sent, created.po_number) == (
        Status.DRAFT,
        False,
        f"4711 / {REFERENCE}",
    )
    sighting = ground.found(look)
    assert sighting.customers == (customer,)
    assert sighting.invoices == (created,)

    wave.approve(created.id, key="k")
    assert ground.one(created.id).status is Status.APPROVED
    wave.send(created.id, Mail("Anna+books@Acme.example", message="Hello"), key="k")
    sent = ground.one(created.id)
    assert (sent.status, sent.sent) == (Status.SENT, True)
    assert sent.sent_at is not None
    (mail,) = simulator.dump()["mails"]
    assert (mail["to"], mail["message"], mail["attach_pdf"]) == (
        ["Anna+books@Acme.example"],
        "Hello",
        True,
    )

    simulator.view(created.id)
    assert ground.one(created.id).status is Status.VIEWED
    part = simulator.pay(created.id, "100", on=TODAY)
    partly = ground.one(created.id)
    assert partly.status is Status.PARTIAL
    assert partly.payments is not None
    assert [(each.id, each.amount, each.date) for each in partly.payments] == [
        (part, Decimal(100), TODAY)
    ]
    simulator.pay(created.id)
    assert ground.one(created.id).status is Status.PAID
    simulator.refund(part, "50")
    refunded = ground.one(created.id)
    assert refunded.status is Status.PARTIAL
    assert refunded.payments is not None
    assert refunded.payments[-1].amount == Decimal(-50)
    assert sum(each.amount for each in refunded.payments) == refunded.paid.amount


def test_an_overdue_invoice_keeps_its_status(ground: Ground) -> None:
    invoice = ground.invoice(due_date=TODAY)
    ground.wave.approve(invoice.id, key="k")
    ground.world.advance(3 * 366 * 86400)

    assert (ground.one(invoice.id).status, ground.one(invoice.id).overdue) == (
        Status.APPROVED,
        True,
    )
    ground.wave.send(invoice.id, Mail("anna@acme.example"), key="k")
    ground.simulator.pay(invoice.id, "1")
    assert ground.one(invoice.id).status is Status.PARTIAL


@pytest.mark.parametrize("ignore_case", [True, False])
@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("o'neil@acme.example", "o'neil@acme.example"),
        ("o'neil@acme.example", "O'Neil@Acme.example"),
        ("O'Neil@Acme.example", "O'Neil@Acme.example"),
        ("anna+crm@acme.example", "Anna+CRM@acme.example"),
    ],
)
def test_addresses(ground: Ground, stored: str, asked: str, ignore_case: bool) -> None:
    ground.simulator.rules.emails_ignore_case = ignore_case
    ground.simulator.add_customer("Other", f"x{stored}")
    wanted = ground.simulator.add_customer("Wanted", stored)

    assert [each.id for each in ground.found(Look(email=asked)).customers] == [wanted]


def test_customers_that_share_an_address(ground: Ground) -> None:
    add, moment = ground.simulator.add_customer, datetime(2025, 1, 1, tzinfo=UTC)
    newer = add("B", "a@acme.example", created_at=moment + timedelta(days=1))
    older = add("A", "a@acme.example", created_at=moment, archived=True)
    many = [
        add(f"C{n}", "a@acme.example", created_at=moment + timedelta(days=2, minutes=n))
        for n in range(40)
    ]
    found = ground.found(Look(email="a@acme.example", customer_id=newer))

    assert [each.id for each in found.customers] == [older, newer, *many]
    assert found.customers[0].archived
    assert found.customer == found.customers[1]


class TestSearching:
    def test_what_does_not_exist(self, ground: Ground) -> None:
        missing = base64.b64encode(b"Business:x;Invoice:1").decode()
        existing = ground.invoice().id

        found = ground.found(Look(customer_id=missing, invoice_id=missing))

        assert (found.customer, found.invoice) == (None, None)
        assert [each and each.id for each in ground.wave.read([missing, existing])] == [
            None,
            existing,
        ]

    def test_several_looks_at_once(self, ground: Ground) -> None:
        references = [f"KQ4-{n}" for n in range(1, 6)]
        customers = [ground.simulator.add_customer(r, f"{r}@acme.example") for r in references]
        invoices = [
            ground.invoice(customer, reference=reference).id
            for customer, reference in zip(customers, references, strict=True)
        ]
        looks = [Look(email=f"{r}@ACME.example", reference=r) for r in references]

        found = ground.wave.look(looks)

        assert [[each.id for each in one.invoices] for one in found] == [[i] for i in invoices]

    def test_contained_numbers_and_other_issues(self, ground: Ground) -> None:
        customer = ground.simulator.add_customer("Acme", "anna@acme.example")
        longer = ground.invoice(customer, reference=f"{REFERENCE}9", number=f"{REFERENCE}9")
        first = ground.invoice(customer, number=REFERENCE)
        second = ground.invoice(customer, reference=f"{REFERENCE}~2", number=f"{REFERENCE}~2")

        look = Look(reference=REFERENCE, number=REFERENCE)
        exact = ground.found(look).invoices
        every = ground.found(replace(look, base_reference=True)).invoices

        assert longer.number.startswith(first.number)
        assert [each.id for each in exact] == [first.id]
        assert [each.id for each in every] == [first.id, second.id]
        assert first.po_number is None

    def test_pages(self, ground: Ground) -> None:
        owner = ground.simulator.add_customer("Acme", "anna@acme.example")
        other = ground.simulator.add_customer("Other", "other@acme.example")
        old = ground.simulator.add_invoice(
            owner, po_number=REFERENCE, created_at=datetime(2025, 1, 1, tzinfo=UTC)
        )
        for _ in range(220):
            ground.simulator.add_invoice(other)
        look = Look(email="anna@acme.example", reference=REFERENCE, since=LONG_AGO)

        assert [each.id for each in ground.found(look).invoices] == [old]
        nobody = replace(look, email="nobody@acme.example")
        assert ground.found(nobody).invoices == ()
        ground.world.requests.clear()
        assert [each.id for each in ground.found(replace(nobody, thorough=True)).invoices] == [old]
        assert len(ground.world.requests) == 4

    def test_lists_lag_and_readings_by_id_do_not(self, ground: Ground) -> None:
        ground.world.lag_s = 60
        customer = ground.simulator.add_customer("Acme", "anna@acme.example")
        created = ground.invoice(customer)

        assert ground.found(Look(reference=REFERENCE)).invoices == ()
        both = Look(reference=REFERENCE, invoice_id=created.id)
        assert ground.found(both).invoices == (created,)
        ground.world.advance(61)
        assert ground.found(Look(reference=REFERENCE)).invoices == (created,)


class TestChanges:
    @pytest.mark.parametrize("inclusive", [True, False])
    def test_every_change_comes_once_and_in_order(self, ground: Ground, inclusive: bool) -> None:
        ground.simulator.rules.modified_after_is_inclusive = inclusive
        customer = ground.simulator.add_customer("Acme", "anna@acme.example")
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        ids = [
            ground.simulator.add_invoice(customer, created_at=moment + timedelta(seconds=n // 7))
            for n in range(230)
        ]
        found = list(ground.wave.changed(moment - timedelta(seconds=1)))

        assert sorted(each.id for each in found) == sorted(ids)
        times = [each.modified_at for each in found if each.modified_at]
        assert times == sorted(times)
        assert len(times) == 230

    def test_what_changed_before_is_left_out(self, ground: Ground) -> None:
        customer = ground.simulator.add_customer("Acme", "anna@acme.example")
        ground.simulator.add_invoice(customer, created_at=datetime(2025, 1, 1, tzinfo=UTC))
        paid = ground.simulator.add_invoice(
            customer, 100, created_at=datetime(2025, 1, 2, tzinfo=UTC)
        )
        ground.simulator.pay(paid)

        (found,) = ground.wave.changed(datetime(2025, 6, 1, tzinfo=UTC))
        assert (found.id, found.status, found.payments) == (paid, Status.PAID, None)


class TestAmounts:
    @pytest.mark.parametrize("grouped", [True, False])
    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"amounts": Amounts.INCLUSIVE},
            {"discount": Discount(percent=Decimal("12.5"))},
            {"discount": Discount(amount=Decimal("33.33"))},
            {"currency": "JPY"},
            {"currency": "BHD"},
        ],
    )
    def test_the_totals_are_ours(
        self, ground: Ground, changes: dict[str, Any], grouped: bool
    ) -> None:
        ground.simulator.rules.groups_thousands = grouped
        line = replace(ground.draft().lines[0], unit_price=Decimal("1234.56"))
        untaxed = replace(line, tax=None, item=ground.items["Hosting"])
        lines = (line, line, untaxed)

        created = ground.invoice(lines=lines, **changes)

        assert created.subtotal is not None
        assert created.tax is not None
        ours = acceptable(ground.draft(lines=lines, **changes))
        assert Totals(created.subtotal, created.tax, created.total) in ours
        assert created.lines is not None
        assert [each.taxes for each in created.lines] == [
            (ground.taxes["VAT 19%"].id,),
            (ground.taxes["VAT 19%"].id,),
            (),
        ]
        assert created.lines[0].description == line.description


class TestRefusals:
    def test_another_business(self, ground: Ground) -> None:
        missing = base64.b64encode(b"Business:00000000-0000-4000-8000-000000000000").decode()
        wave = ground.connect(missing)

        with pytest.raises(ConfigInvalid):
            wave.catalog()
        with pytest.raises(ConfigInvalid):
            wave.look([Look(email="a@acme.example")])

    @pytest.mark.parametrize("status", [200, 401])
    def test_a_wrong_token(self, ground: Ground, status: int) -> None:
        ground.simulator.rules.unauthenticated_status = status
        wave = ground.connect(auth=Token("stale"))

        with pytest.raises(LoginNeeded) as caught:
            wave.create_customer(CustomerDraft("Acme", "a@acme.example"), key="k")
        assert "KINV_WAVE_TOKEN" in caught.value.hint
        assert ground.simulator.dump()["customers"] == []

    @pytest.mark.parametrize("status", [200, 400])
    @pytest.mark.parametrize("wrong", [{"country": "XX"}, {"currency": "XXX"}])
    def test_unknown_codes(self, ground: Ground, wrong: dict[str, str], status: int) -> None:
        ground.simulator.rules.invalid_status = status

        with pytest.raises(Rejected):
            ground.wave.create_customer(CustomerDraft("A", "a@acme.example", **wrong), key="k")  # type: ignore[arg-type]

    def test_a_product_that_is_not_sold(self, ground: Ground) -> None:
        line = replace(ground.draft().lines[0], item=ground.items["Office Supplies"])
        with pytest.raises(Rejected, match="invoiceCreate"):
            ground.invoice(lines=(line,))
        assert ground.simulator.dump()["invoices"] == []

    def test_approving_twice_and_sending_a_draft(self, ground: Ground) -> None:
        invoice = ground.invoice()
        with pytest.raises(Rejected):
            ground.wave.send(invoice.id, Mail("anna@acme.example"), key="k")
        ground.wave.approve(invoice.id, key="k")
        with pytest.raises(Rejected):
            ground.wave.approve(invoice.id, key="k")
        assert ground.simulator.dump()["mails"] == []

    def test_deleting(self, ground: Ground) -> None:
        invoice = ground.invoice()
        ground.wave.delete(invoice.id, key="k")

        assert ground.wave.read([invoice.id]) == [None]
        assert ground.found(Look(reference=REFERENCE)).invoices == ()
        with pytest.raises(Rejected):
            ground.wave.delete(invoice.id, key="k")

    def test_a_customer_that_is_not_visible_yet(self, ground: Ground) -> None:
        ground.simulator.rules.first_invoice_stumbles = True
        customer = ground.wave.create_customer(CustomerDraft("Acme", "a@acme.example"), key="k")

        with pytest.raises(NotExecuted):
            ground.invoice(customer.id)
        assert ground.invoice(customer.id).status is Status.DRAFT
        assert len(ground.simulator.dump()["invoices"]) == 1


class TestLostAnswers:
    @pytest.mark.parametrize("kind", [FaultKind.LOSE, FaultKind.TRUNCATE, FaultKind.GARBLE])
    def test_a_lost_invoice_is_made_once_and_found(self, ground: Ground, kind: FaultKind) -> None:
        customer = ground.simulator.add_customer("Acme", "anna@acme.example")
        ground.fault("invoiceCreate", kind)

        with pytest.raises(LostAnswer):
            ground.invoice(customer)

        (found,) = ground.found(Look(email="anna@acme.example", reference=REFERENCE)).invoices
        assert found.customer_id == customer
        assert len(ground.simulator.dump()["invoices"]) == 1

    def test_a_lost_mail_is_sent_once_and_seen(self, ground: Ground) -> None:
        invoice = ground.invoice()
        ground.wave.approve(invoice.id, key="k")
        ground.fault("invoiceSend", FaultKind.LOSE)

        with pytest.raises(LostAnswer):
            ground.wave.send(invoice.id, Mail("anna@acme.example"), key="k")
        assert ground.one(invoice.id).sent is True
        assert len(ground.simulator.dump()["mails"]) == 1

    def test_a_refused_connection_leaves_nothing(self, ground: Ground) -> None:
        customer = ground.simulator.add_customer("Acme", "anna@acme.example")
        ground.fault("invoiceCreate", FaultKind.REFUSE)

        with pytest.raises(LostAnswer):
            ground.invoice(customer)
        assert ground.found(Look(reference=REFERENCE)).invoices == ()


def test_the_reference_is_found_beside_any_order_number(ground: Ground) -> None:
    invoice = ground.invoice(reference="KQ4-1-2611~2", po_number="PO (12), 4711")

    assert ground.found(Look(reference="KQ4-1-2611~2")).invoices == (invoice,)
