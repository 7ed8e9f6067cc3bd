"""The adapter over real HTTP, against the simulator of Kommo."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from kommo_invoice.crm.base import Want
from kommo_invoice.crm.kommo import Kommo, connect
from kommo_invoice.domain.writing import DealChange, FieldSet, NoteDraft, TaskDone, TaskDraft
from kommo_invoice.errors import LoginNeeded, LostAnswer, Refused, Rejected, Temporary
from kommo_invoice.http import Client
from kommo_invoice.sandbox.faults import Fault, FaultKind
from kommo_invoice.sandbox.kommo import TOKEN
from kommo_invoice.sandbox.kommo_seed import Agency, agency
from kommo_invoice.sandbox.server import Sandbox
from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kommo_invoice.domain.deal import CrmSetup, Stage
    from kommo_invoice.domain.fields import FieldDef, FieldValue

EVERYTHING = Want(contact=True, company=True, products=True)
DUE = datetime(2026, 12, 24, 22, 59, 59, tzinfo=UTC)


class Token:
    """A long-lived token: there is no other one."""

    def token(self) -> str:
        return TOKEN

    def renew(self) -> bool:
        return False

    def explain(self) -> str:
        return "set KINV_KOMMO_TOKEN"


class Site:
    """The simulated agency, and the adapter connected to it."""

    def __init__(self, tmp_path: Path) -> None:
        self.world = World()
        self.world.unlimited = True
        self.simulator, self.seeded = agency(self.world)
        self.state_dir = tmp_path
        self.sandbox = Sandbox(self.world, [self.simulator])

    def connect(self) -> Kommo:
        return connect("agency", base_url=self.sandbox.urls["kommo"], open_client=self._open)

    def _open(self, *args: Any) -> Client:
        self.client = Client(
            *args,
            auth=Token(),
            state_dir=self.state_dir,
            clock=self.world.now,
            rate_factor=1000,
        )
        return self.client

    def requests(self) -> list[str]:
        return [record.operation for record in self.world.requests]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    with made.sandbox:
        yield made
        made.client.close()


@pytest.fixture
def crm(site: Site) -> Kommo:
    return site.connect()


@pytest.fixture
def setup(site: Site, crm: Kommo) -> CrmSetup:
    read = crm.setup(entities=("deal", "contact", "company"), users=True)
    site.world.requests.clear()
    return read


@pytest.fixture
def agency_ids(site: Site) -> Agency:
    return site.seeded


def field(setup: CrmSetup, name: str) -> FieldDef:
    return next(each for each in setup.fields if (each.entity, each.name) == ("deal", name))


def stage(setup: CrmSetup, name: str) -> Stage:
    return next(
        each for pipeline in setup.pipelines for each in pipeline.stages if each.name == name
    )


def test_the_setup(setup: CrmSetup) -> None:
    assert (setup.account.currency, setup.account.timezone) == ("EUR", "Europe/Berlin")
    assert [pipeline.name for pipeline in setup.pipelines] == ["Sales", "Retainers"]
    assert [user.name for user in setup.users] == ["Mara Lind", "Tom Reyes"]
    assert {each.entity for each in setup.fields} == {"deal", "contact", "company"}


def test_one_deal_with_everything_around_it(
    site: Site, crm: Kommo, setup: CrmSetup, agency_ids: Agency
) -> None:
    number = agency_ids.leads["Online shop"]
    (deal,) = crm.deals([number], setup=setup, want=EVERYTHING)
    assert (deal.name, deal.price, deal.pipeline) == ("Online shop", Decimal("1289.7"), "Sales")
    assert deal.field(field(setup, "Currency").id) == "GBP"
    assert deal.contact is not None
    assert (deal.contact.name, deal.contact.email) == ("Amy Stone", "Amy.Stone@bright.example")
    assert deal.company is not None
    assert deal.company.name == "Bright & Co Ltd"
    assert [(each.sku, each.quantity, each.price) for each in deal.products] == [
        ("WEB", Decimal(1), Decimal(1200)),
        ("HOST", Decimal(3), Decimal("29.90")),
    ]
    assert len(site.requests()) == 4


def test_three_deals_with_their_contacts_in_two_requests(
    site: Site, crm: Kommo, setup: CrmSetup, agency_ids: Agency
) -> None:
    names = ["Care plan", "Brand workshop", "Website relaunch"]
    ids = [agency_ids.leads[name] for name in names]
    deals = crm.deals([*ids, 999], setup=setup, want=Want())
    assert [deal.name for deal in deals] == names
    assert [deal.contact and deal.contact.name for deal in deals] == [
        "Jo Day",
        "Lee Park",
        "Jo Day",
    ]
    assert site.requests() == ["GET /api/v4/leads", "GET /api/v4/contacts"]


def test_absent_and_deleted_deals_are_left_out(
    site: Site, crm: Kommo, setup: CrmSetup, agency_ids: Agency
) -> None:
    gone = agency_ids.leads["Care plan"]
    site.simulator.delete_lead(gone)
    assert crm.deals([999], setup=setup, want=Want()) == []
    assert crm.deals([gone], setup=setup, want=Want()) == []
    assert crm.deals([999, gone], setup=setup, want=Want()) == []


def test_the_deals_of_stages_page_by_page(site: Site, crm: Kommo, setup: CrmSetup) -> None:
    for at in range(260):
        site.simulator.add_lead(f"Deal {at}", 10, stage="Issue Invoice")
    before = site.world.now()
    site.world.advance(60)
    late = site.simulator.add_lead("Late", 10, stage="Issue Invoice")
    stages = [stage(setup, "Issue Invoice"), stage(setup, "Closed - won")]
    found = list(crm.deals_in(stages, setup=setup, want=Want()))
    assert len(found) == 261
    assert [deal.id for deal in found] == sorted(deal.id for deal in found)
    assert site.requests() == ["GET /api/v4/leads"] * 2
    since = before + timedelta(seconds=30)
    newer = crm.deals_in(stages, setup=setup, want=Want(), since=since)
    assert [deal.id for deal in newer] == [late]


def test_what_is_written_is_read_again(
    crm: Kommo, setup: CrmSetup, agency_ids: Agency, site: Site
) -> None:
    number = agency_ids.leads["Website relaunch"]
    values: dict[str, Any] = {
        "Invoice ID": "wave:9f",
        "Invoice link": "https://pay.example/9f",
        "Paid amount": Decimal("1200.50"),
        "Paid on": date(2026, 12, 31),
        "Payment status": "paid",
        "PO": None,
    }
    written = tuple(FieldSet(field(setup, name), value) for name, value in values.items())
    crm.update_deals([DealChange(number, written, stage(setup, "Invoice Sent"))])
    assert site.requests() == ["PATCH /api/v4/leads"]
    (deal,) = crm.deals([number], setup=setup, want=Want())
    assert {name: deal.field(field(setup, name).id) for name in values} == values
    assert deal.stage.name == "Invoice Sent"


ROUND_TRIPS: list[tuple[str, FieldValue]] = [
    *(
        ("text", "x"),
        ("textarea", "x\ny"),
        ("url", "https://a.example/"),
        ("streetaddress", "1 Rd"),
    ),
    *(("numeric", Decimal("12.5")), ("monetary", Decimal("0.99")), ("checkbox", False)),
    *(("date", date(2026, 3, 29)), ("birthday", date(1990, 1, 1))),
    ("date_time", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
    *(("select", "B"), ("radiobutton", "A"), ("multiselect", ("A", "B"))),
    ("smart_address", {"address_line_1": "1 Road", "country": "GB"}),
    ("legal_entity", {"name": "Day Ltd", "entity_type": 1, "vat_id": "GB1"}),
]


def test_every_type_survives_writing_and_reading(site: Site, agency_ids: Agency) -> None:
    chosen = {"select", "radiobutton", "multiselect"}
    for kind, _ in ROUND_TRIPS:
        options = ("A", "B") if kind in chosen else ()
        site.simulator.add_field("leads", f"of {kind}", kind, options=options)
    crm = site.connect()
    setup = crm.setup()
    number = agency_ids.leads["Care plan"]
    written = tuple(FieldSet(field(setup, f"of {kind}"), value) for kind, value in ROUND_TRIPS)
    crm.update_deals([DealChange(number, written)])
    (deal,) = crm.deals([number], setup=setup, want=Want())
    read = [(kind, deal.field(field(setup, f"of {kind}").id)) for kind, _ in ROUND_TRIPS]
    assert read == ROUND_TRIPS
    cleared = tuple(FieldSet(each.field, None) for each in written)
    crm.update_deals([DealChange(number, cleared)])
    (deal,) = crm.deals([number], setup=setup, want=Want())
    assert all(deal.field(each.field.id) is None for each in written)


def test_a_batch_with_one_bad_item_is_refused_whole_and_says_which(
    crm: Kommo, setup: CrmSetup, agency_ids: Agency
) -> None:
    good, bad = agency_ids.leads["Care plan"], agency_ids.leads["Online shop"]
    invoice_id = field(setup, "Invoice ID")
    too_long = (FieldSet(field(setup, "PO"), None), FieldSet(invoice_id, "x" * 257))
    changes = [DealChange(good, (FieldSet(invoice_id, "wave:1"),)), DealChange(bad, too_long)]
    with pytest.raises(Rejected) as refused:
        crm.update_deals(changes)
    assert list(refused.value.items) == [str(bad)]
    assert refused.value.items[str(bad)].startswith("Invoice ID: ")
    (deal,) = crm.deals([good], setup=setup, want=Want())
    assert deal.field(invoice_id.id) is None


def test_tasks_are_made_found_and_closed(
    site: Site, crm: Kommo, setup: CrmSetup, agency_ids: Agency
) -> None:
    one, two = agency_ids.leads["Care plan"], agency_ids.leads["Online shop"]
    user = setup.users[1].id
    drafts = [TaskDraft(one, "Check [kinv K-1]", DUE, user), TaskDraft(two, "Check 2", DUE)]
    ids = crm.create_tasks(drafts)
    assert [(task.id, task.deal, task.done) for task in crm.tasks([one, two])] == [
        (ids[0], one, False),
        (ids[1], two, False),
    ]
    crm.close_tasks([TaskDone(ids[0], "Paid 450 EUR")])
    (task,) = crm.tasks([one])
    assert (task.text, task.done) == ("Check [kinv K-1]", True)
    picture = next(each for each in site.simulator.dump()["tasks"] if str(each["id"]) == ids[0])
    assert (picture["completed"], picture["result"]) == (True, "Paid 450 EUR")
    assert datetime.fromisoformat(picture["complete_till"]) == DUE


def test_notes_are_made_and_found_newest_first(crm: Kommo, agency_ids: Agency) -> None:
    number = agency_ids.leads["Care plan"]
    assert crm.notes(number) == []
    ids = crm.create_notes([NoteDraft(number, "first"), NoteDraft(number, "second")])
    assert [(note.id, note.text) for note in crm.notes(number)] == [
        (ids[1], "second"),
        (ids[0], "first"),
    ]


def test_a_create_whose_answer_is_lost_is_said_to_be_lost_and_not_repeated(
    site: Site, crm: Kommo, agency_ids: Agency
) -> None:
    number = agency_ids.leads["Care plan"]
    site.world.faults.add(Fault("kommo", "POST /api/v4/tasks", FaultKind.LOSE))
    with pytest.raises(LostAnswer):
        crm.create_tasks([TaskDraft(number, "x", DUE)])
    assert len(crm.tasks([number])) == 1


def test_a_set_whose_answer_is_lost_is_repeated(
    crm: Kommo, setup: CrmSetup, agency_ids: Agency, site: Site
) -> None:
    number = agency_ids.leads["Care plan"]
    site.world.faults.add(Fault("kommo", "PATCH /api/v4/leads", FaultKind.LOSE))
    invoice_id = field(setup, "Invoice ID")
    crm.update_deals([DealChange(number, (FieldSet(invoice_id, "wave:1"),))])
    assert site.requests() == ["PATCH /api/v4/leads"] * 2


@pytest.mark.parametrize(
    ("status", "body", "error", "told"),
    [
        (401, {"status": 401, "hint": "Token has been revoked"}, LoginNeeded, "token"),
        (402, {"status": 402}, Refused, "trial period is over"),
        (403, {"status": 403}, Refused, "no right"),
        (403, "<html><h1>403 Forbidden</h1></html>", Refused, "blocked"),
        (422, {"status": 422, "detail": "limit"}, Rejected, "422, limit"),
    ],
)
def test_refusals_over_the_wire(
    site: Site, crm: Kommo, status: int, body: object, error: type[Exception], told: str
) -> None:
    site.world.faults.add(Fault("kommo", "account", FaultKind.STATUS, status=status, body=body))
    with pytest.raises(error, match=told):
        crm.setup()
    assert len(site.requests()) == 1


def test_a_batch_that_is_too_big_is_temporary_and_says_what_helps(
    site: Site, crm: Kommo, setup: CrmSetup, agency_ids: Agency
) -> None:
    invoice_id = field(setup, "Invoice ID")
    fault = Fault(
        *("kommo", "PATCH /api/v4/leads", FaultKind.STATUS),
        times=None,
        status=504,
        body="<html>504</html>",
        headers={"Retry-After": "3600"},
    )
    site.world.faults.add(fault)
    ids = list(agency_ids.leads.values())
    with pytest.raises(Temporary) as failed:
        crm.update_deals([DealChange(each, (FieldSet(invoice_id, "x"),)) for each in ids])
    assert "--limit 10" in failed.value.hint
