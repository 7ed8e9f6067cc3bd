"""Accounts of a token, and fields that kinv makes for itself, in the CRM of every provider."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from kommo_invoice.crm.capabilities import Operation, Repeat
from kommo_invoice.domain.fields import FieldDraft, FieldKind, fit
from kommo_invoice.domain.writing import DealChange, FieldSet
from kommo_invoice.errors import LostAnswer, Refused, Rejected
from kommo_invoice.sandbox.faults import FaultKind

if TYPE_CHECKING:
    from conformance_crm import CrmGround

    from kommo_invoice.crm.base import Crm

pytest_plugins = ("conformance_plugin",)

DRAFTS = {
    FieldDraft("Kinv mark", "KINV_MARK", FieldKind.TEXT, own=True): "wave:1",
    FieldDraft("Kinv link", "KINV_LINK", FieldKind.TEXT, link=True): "https://a.example/"
    + "x" * 300,
    FieldDraft("Kinv amount", "KINV_AMOUNT", FieldKind.NUMBER): Decimal("12.50"),
    FieldDraft("Kinv day", "KINV_DAY", FieldKind.DATE): date(2026, 3, 29),
    FieldDraft("Kinv flag", "KINV_FLAG", FieldKind.BOOL): True,
}


class TestAccounts:
    def test_are_those_of_the_token(self, office: CrmGround, crm: Crm) -> None:
        (account,) = crm.accounts()
        assert account == office.setup.account
        assert account.subdomain == office.account
        assert len(office.requests()) == 1


class TestNewFields:
    def test_hold_what_they_were_made_for(self, office: CrmGround, crm: Crm) -> None:
        made = crm.create_fields(list(DRAFTS))
        assert office.requests() == [office.words[Operation.CREATE_FIELDS]]
        assert [each.name for each in made] == [draft.name for draft in DRAFTS]
        assert {each.entity for each in made} == {"deal"}

        office.begin()
        known = {each.id: each for each in office.setup.fields}
        assert [known[each.id] for each in made] == made

        deal = office.add_deal()
        values = zip(made, DRAFTS.values(), strict=True)
        written = tuple(FieldSet(field, fit(field, value)) for field, value in values)
        office.crm.update_deals([DealChange(deal, written)])
        assert [office.value(deal, each.name) for each in made] == list(DRAFTS.values())

    def test_of_nothing_take_no_request(self, office: CrmGround, crm: Crm) -> None:
        assert crm.create_fields([]) == []
        assert office.requests() == []

    def test_are_for_administrators(self, office: CrmGround, crm: Crm) -> None:
        office.demote()
        with pytest.raises(Refused):
            crm.create_fields(list(DRAFTS))

    def test_whose_answer_is_lost_are_made_once_and_found(
        self, office: CrmGround, crm: Crm
    ) -> None:
        assert crm.capabilities.operations[Operation.CREATE_FIELDS] is Repeat.BY_NAME
        (draft, *_) = DRAFTS
        office.spoil(office.words[Operation.CREATE_FIELDS], FaultKind.LOSE)

        with pytest.raises(LostAnswer):
            crm.create_fields([draft])

        fields = crm.setup().fields
        assert [each.name for each in fields].count(draft.name) == 1
        assert office.requests().count(office.words[Operation.CREATE_FIELDS]) == 1

    def test_with_a_bad_one_are_refused_whole_and_it_is_named(
        self, office: CrmGround, crm: Crm
    ) -> None:
        good, other, *_ = DRAFTS
        bad = FieldDraft("", other.code, other.kind)

        with pytest.raises(Rejected):
            crm.create_fields([good, bad])

        assert good.name not in {each.name for each in crm.setup().fields}
