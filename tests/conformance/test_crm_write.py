"""Fields, stages, tasks and notes, in the CRM of every provider."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from kommo_invoice.crm.capabilities import Operation, Repeat
from kommo_invoice.domain.fields import DoesNotFit, FieldKind, fit
from kommo_invoice.domain.writing import (
    DealChange,
    FieldSet,
    NoteDraft,
    TaskDone,
    TaskDraft,
    marker,
)
from kommo_invoice.errors import LostAnswer, Rejected
from kommo_invoice.sandbox.faults import FaultKind

if TYPE_CHECKING:
    from conformance_crm import CrmGround

    from kommo_invoice.crm.base import Crm

pytest_plugins = ("conformance_plugin",)

DUE = datetime(2026, 12, 24, 22, 59, 59, tzinfo=UTC)
MARK = marker("KQ4-1")


def fitted(office: CrmGround, name: str, value: Any) -> FieldSet:
    """Return a field with a value as the engine would write it."""
    field = office.field(name)
    return FieldSet(field, fit(field, value))


class TestFields:
    def test_of_every_type_are_read_as_they_were_written_and_cleared(
        self, office: CrmGround, crm: Crm
    ) -> None:
        for kind in office.field_types:
            office.add_field(kind, kind, ("A", "B") if kind in office.choices else ())
        office.begin()
        deal, crm = office.add_deal(), office.crm

        written = tuple(fitted(office, *each) for each in office.field_types.items())
        crm.update_deals([DealChange(deal, written)])
        read = {each.field.name: office.value(deal, each.field.name) for each in written}
        assert read == office.field_types

        crm.update_deals([DealChange(deal, tuple(FieldSet(each.field, None) for each in written))])
        assert all(office.value(deal, kind) is None for kind in office.field_types)

    def test_are_of_every_kind_that_can_be_written(self, office: CrmGround) -> None:
        for kind in office.field_types:
            office.add_field(kind, kind, ("A", "B") if kind in office.choices else ())
        office.begin()

        kinds = {office.field(kind).kind for kind in office.field_types}

        assert kinds >= set(FieldKind) - {FieldKind.RECORDS}

    @pytest.mark.parametrize(
        "zone", ["Europe/Berlin", "Pacific/Auckland", "Pacific/Honolulu", "Asia/Kathmandu"]
    )
    @pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 12, 31)])
    def test_keep_the_day_in_every_zone(self, office: CrmGround, zone: str, day: date) -> None:
        office.move_to(zone)
        deal = office.add_deal()

        office.crm.update_deals([DealChange(deal, (fitted(office, "Paid on", day),))])

        assert office.value(deal, "Paid on") == day

    def test_that_are_not_named_stay(self, office: CrmGround, crm: Crm) -> None:
        deal = office.add_deal(price="1200.50", fields={"PO": "4711"})

        crm.update_deals([DealChange(deal, (fitted(office, "Invoice ID", "wave:1"),))])

        assert office.value(deal, "PO") == "4711"
        assert office.read(deal).price == Decimal("1200.50")

    def test_take_texts_up_to_their_limit(self, office: CrmGround, crm: Crm) -> None:
        longest = "x" * crm.capabilities.text_max
        deal = office.add_deal()

        crm.update_deals([DealChange(deal, (fitted(office, "PO", longest),))])

        assert office.value(deal, "PO") == longest
        with pytest.raises(DoesNotFit):
            fitted(office, "PO", longest + "x")


class TestABatch:
    def test_of_the_full_size_is_one_request(self, office: CrmGround, crm: Crm) -> None:
        deals = [office.add_deal() for _ in range(crm.capabilities.batch)]

        crm.update_deals(
            [DealChange(each, (fitted(office, "Invoice ID", f"wave:{each}"),)) for each in deals]
        )

        assert len(office.requests()) == 1
        assert [office.value(each, "Invoice ID") for each in deals[::20]] == [
            f"wave:{each}" for each in deals[::20]
        ]

    def test_of_nothing_is_no_request(self, office: CrmGround, crm: Crm) -> None:
        crm.update_deals([])
        crm.update_deals([DealChange(office.add_deal())])

        assert office.requests() == []

    def test_with_a_bad_item_is_refused_whole_and_says_which(
        self, office: CrmGround, crm: Crm
    ) -> None:
        good, bad = office.add_deal(), office.add_deal()
        field = office.field("Invoice ID")
        too_long = (FieldSet(field, "x" * (crm.capabilities.text_max + 1)),)

        with pytest.raises(Rejected) as refused:
            crm.update_deals(
                [
                    DealChange(good, (FieldSet(field, "wave:1"),), office.stage("Invoice Sent")),
                    DealChange(bad, too_long),
                ]
            )

        assert list(refused.value.items) == [str(bad)]
        assert "Invoice ID" in refused.value.items[str(bad)]
        assert office.value(good, "Invoice ID") is None
        assert office.read(good).stage.name == "Issue Invoice"

    def test_that_is_repeated_sets_the_same_again(self, office: CrmGround, crm: Crm) -> None:
        assert crm.capabilities.operations[Operation.UPDATE_DEALS] is Repeat.HARMLESS
        deal = office.add_deal()
        change = DealChange(deal, (fitted(office, "PO", "1"),), office.stage("Invoice Sent"))
        crm.update_deals([change])
        once = office.read(deal)

        crm.update_deals([change])

        assert office.read(deal) == once

    def test_whose_answer_is_lost_is_sent_again(self, office: CrmGround, crm: Crm) -> None:
        deal = office.add_deal()
        office.spoil(office.words[Operation.UPDATE_DEALS], FaultKind.LOSE)

        crm.update_deals([DealChange(deal, (fitted(office, "PO", "1"),))])

        assert office.requests() == [office.words[Operation.UPDATE_DEALS]] * 2
        assert office.value(deal, "PO") == "1"


class TestStages:
    def test_are_changed_with_the_fields_in_one_request(self, office: CrmGround, crm: Crm) -> None:
        deal = office.add_deal()

        crm.update_deals(
            [DealChange(deal, (fitted(office, "PO", "1"),), office.stage("Invoice Sent"))]
        )

        assert len(office.requests()) == 1
        assert office.read(deal).stage == office.stage("Invoice Sent")

    def test_are_those_of_the_named_pipeline(self, office: CrmGround, crm: Crm) -> None:
        deal = office.add_deal()

        crm.update_deals([DealChange(deal, stage=office.stage("Paused", "Retainers"))])

        moved = office.read(deal)
        assert (moved.stage.name, moved.pipeline) == ("Paused", "Retainers")

    def test_of_won_deals_have_their_time(self, office: CrmGround, crm: Crm) -> None:
        deal = office.add_deal()
        office.world.advance(60)

        crm.update_deals([DealChange(deal, stage=office.stage("Closed - won"))])

        won = office.read(deal)
        assert won.closed_at == won.updated_at > won.created_at


class TestTasks:
    def test_are_made_and_found_until_and_after_they_are_done(
        self, office: CrmGround, crm: Crm
    ) -> None:
        one, two = office.add_deal(), office.add_deal()
        user = office.setup.users[1].id

        ids = crm.create_tasks(
            [TaskDraft(one, f"Check {MARK}", DUE, user), TaskDraft(two, "Check", DUE)]
        )
        assert [(each.id, each.deal, each.text, each.done) for each in crm.tasks([one, two])] == [
            (ids[0], one, f"Check {MARK}", False),
            (ids[1], two, "Check", False),
        ]

        crm.close_tasks([TaskDone(ids[0], "Paid 450 EUR")])
        (task,) = crm.tasks([one])
        assert (task.id, task.text, task.done) == (ids[0], f"Check {MARK}", True)
        assert office.tasks()[0] == {
            "deal": one,
            "text": f"Check {MARK}",
            "due": DUE,
            "done": True,
            "result": "Paid 450 EUR",
            "responsible": user,
        }

    def test_of_other_deals_are_not_ours(self, office: CrmGround, crm: Crm) -> None:
        one, two = office.add_deal(), office.add_deal()
        crm.create_tasks([TaskDraft(one, "1", DUE), TaskDraft(two, "2", DUE)])

        with office.ignore_filters():
            assert [each.text for each in crm.tasks([two])] == ["2"]

    def test_of_many_deals_are_found_however_many(self, office: CrmGround, crm: Crm) -> None:
        some = crm.capabilities.batch
        deals = [office.add_deal() for _ in range(crm.capabilities.task_batch + 1)]
        for start in range(0, len(deals), some):
            crm.create_tasks([TaskDraft(each, "x", DUE) for each in deals[start : start + some]])
        office.forget()

        assert sorted(each.deal for each in crm.tasks(deals)) == deals
        assert len(office.requests()) == 2

    def test_that_nobody_asks_for_take_no_request(self, office: CrmGround, crm: Crm) -> None:
        assert crm.tasks([]) == []
        assert crm.create_tasks([]) == []
        crm.close_tasks([])
        assert office.requests() == []

    def test_may_be_closed_again(self, office: CrmGround, crm: Crm) -> None:
        assert crm.capabilities.operations[Operation.CLOSE_TASKS] is Repeat.HARMLESS
        (task,) = crm.create_tasks([TaskDraft(office.add_deal(), "x", DUE)])
        crm.close_tasks([TaskDone(task, "paid")])

        crm.close_tasks([TaskDone(task, "paid")])

        assert [(each["done"], each["result"]) for each in office.tasks()] == [(True, "paid")]

    def test_are_made_twice_by_a_repeat(self, office: CrmGround, crm: Crm) -> None:
        assert crm.capabilities.operations[Operation.CREATE_TASKS] is Repeat.BY_MARKER
        deal = office.add_deal()
        for _ in range(2):
            crm.create_tasks([TaskDraft(deal, f"x {MARK}", DUE)])

        assert len(crm.tasks([deal])) == 2

    def test_whose_answer_is_lost_are_made_once_and_found(
        self, office: CrmGround, crm: Crm
    ) -> None:
        deal = office.add_deal()
        office.spoil(office.words[Operation.CREATE_TASKS], FaultKind.LOSE)

        with pytest.raises(LostAnswer):
            crm.create_tasks([TaskDraft(deal, f"x {MARK}", DUE)])

        (task,) = crm.tasks([deal])
        assert task.text.endswith(MARK)

    def test_of_a_deal_that_does_not_exist_are_refused_whole(
        self, office: CrmGround, crm: Crm
    ) -> None:
        deal = office.add_deal()

        with pytest.raises(Rejected) as refused:
            crm.create_tasks([TaskDraft(deal, "x", DUE), TaskDraft(999, "x", DUE)])

        assert list(refused.value.items) == ["1"]
        assert crm.tasks([deal]) == []


class TestNotes:
    def test_are_found_newest_first(self, office: CrmGround, crm: Crm) -> None:
        one, two = office.add_deal(), office.add_deal()
        assert crm.notes(one) == []

        ids = crm.create_notes(
            [NoteDraft(one, "first"), NoteDraft(two, "other"), NoteDraft(one, f"second {MARK}")]
        )

        assert [(each.id, each.deal, each.text) for each in crm.notes(one)] == [
            (ids[2], one, f"second {MARK}"),
            (ids[0], one, "first"),
        ]

    def test_whose_answer_is_lost_are_made_once_and_found(
        self, office: CrmGround, crm: Crm
    ) -> None:
        deal = office.add_deal()
        office.spoil(office.words[Operation.CREATE_NOTES], FaultKind.LOSE)

        with pytest.raises(LostAnswer):
            crm.create_notes([NoteDraft(deal, MARK)])

        assert [each.text for each in crm.notes(deal)] == [MARK]

    def test_that_nobody_writes_take_no_request(self, office: CrmGround, crm: Crm) -> None:
        assert crm.create_notes([]) == []
        assert office.requests() == []
