"""The grounds of the CRM suite: a provider joins with one class here."""

from __future__ import annotations

from abc import abstractmethod
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar
from unittest import mock
from zoneinfo import ZoneInfo

from conformance_ground import Ground, Scripted

from kommo_invoice.crm.base import Want
from kommo_invoice.crm.capabilities import Operation
from kommo_invoice.engine.providers import Account, open_crm
from kommo_invoice.sandbox.kommo_query import Query
from kommo_invoice.sandbox.kommo_seed import empty_agency
from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from kommo_invoice.crm.base import Crm
    from kommo_invoice.domain.deal import CrmSetup, Deal, Stage
    from kommo_invoice.domain.fields import FieldDef, FieldValue
    from kommo_invoice.sandbox.server import Simulator

NOTHING = Want(contact=False)
EVERYTHING = Want(contact=True, company=True, products=True)
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class CrmGround(Ground):
    """The agency's CRM account, with the adapter connected to it.

    Its pipelines are "Sales" (New, Issue Invoice, Invoice Sent, Payment Received) and
    "Retainers"; its deals have the fields "Invoice ID", "PO" (text), "Paid on" (date),
    "Paid amount" (number) and "Payment status" (choice).

    Attributes:
        unpaid: How it turns away an account that is not paid for.
        words: What faults and request records call each write.
        field_types: Provider's type of a field -> a value that it can hold.
        choices: Those of them that choose from the options "A" and "B".
    """

    unpaid: ClassVar[Scripted]
    words: ClassVar[Mapping[Operation, str]]
    field_types: ClassVar[Mapping[str, FieldValue]]
    choices: ClassVar[frozenset[str]]
    account: ClassVar[str]
    crm: Crm
    setup: CrmSetup

    def __init__(self, state_dir: Path) -> None:
        world = World(clock=lambda: NOW)
        super().__init__(state_dir, world, self.seed(world))
        self.begin()

    def begin(self) -> None:
        """Connect and read the set-up anew, and count requests from here."""
        self.crm = self.connect()
        self.setup = self.crm.setup(entities=("deal", "contact", "company"), users=True)
        self.forget()

    def connect(self, token: str | None = None) -> Crm:
        return open_crm(Account(self.provider, self.account, self.url), self.open_client(token))

    # -- what people do in the CRM ------------------------------------------------------------

    @abstractmethod
    def seed(self, world: World) -> Simulator:
        """Return the simulator with the account set up, without deals."""

    @abstractmethod
    def move_to(self, zone: str) -> None:
        """Let the account be in another time zone, and connect anew."""

    @abstractmethod
    def add_field(self, name: str, kind: str, options: Sequence[str] = ()) -> None:
        """Add a custom field to deals."""

    @abstractmethod
    def add_contact(self, name: str, email: str | None = None, phone: str | None = None) -> int:
        """Add a person."""

    @abstractmethod
    def add_company(self, name: str) -> int:
        """Add an organisation."""

    @abstractmethod
    def add_product(self, name: str, price: str, sku: str) -> int:
        """Add a product."""

    @abstractmethod
    def add_deal(
        self,
        name: str = "Website",
        price: str = "100",
        *,
        stage: str = "Issue Invoice",
        pipeline: str = "Sales",
        contact: int | None = None,
        company: int | None = None,
        products: Mapping[int, str] | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> int:
        """Add a deal."""

    @abstractmethod
    def link_contact(self, deal: int, contact: int) -> None:
        """Add a further contact, listed before the main one."""

    @abstractmethod
    def rename(self, deal: int, name: str) -> None:
        """Rename a deal."""

    @abstractmethod
    def move(self, deal: int, stage: str) -> None:
        """Move a deal by hand."""

    @abstractmethod
    def delete(self, deal: int) -> None:
        """Throw a deal away."""

    @abstractmethod
    def tasks(self) -> list[dict[str, Any]]:
        """Return the tasks as people see them: ``deal text due done result responsible``."""

    @abstractmethod
    def demote(self) -> None:
        """Take the administrator's rights from the token's user."""

    @abstractmethod
    def ignore_filters(self) -> AbstractContextManager[Any]:
        """Let the provider's lists ignore every filter."""

    # -- what kinv does -----------------------------------------------------------------------

    def field(self, name: str) -> FieldDef:
        return next(
            each for each in self.setup.fields if (each.entity, each.name) == ("deal", name)
        )

    def stage(self, name: str, pipeline: str = "Sales") -> Stage:
        return next(
            stage
            for each in self.setup.pipelines
            for stage in each.stages
            if (each.name, stage.name) == (pipeline, name)
        )

    def read(self, deal: int, want: Want = NOTHING) -> Deal:
        (found,) = self.crm.deals([deal], setup=self.setup, want=want)
        return found

    def value(self, deal: int, name: str) -> FieldValue:
        return self.read(deal).field(self.field(name).id)


class KommoGround(CrmGround):
    """Kommo (Kommo sheet, section 4.6, for the types)."""

    provider = "kommo"
    account = "agency"
    unauthorised = Scripted(403, {"status": 403, "title": "Forbidden"})
    unpaid = Scripted(402, {"status": 402, "title": "Payment Required"})
    words: ClassVar[Mapping[Operation, str]] = {
        Operation.UPDATE_DEALS: "PATCH /api/v4/leads",
        Operation.CREATE_TASKS: "POST /api/v4/tasks",
        Operation.CLOSE_TASKS: "PATCH /api/v4/tasks",
        Operation.CREATE_NOTES: "POST /api/v4/leads/notes",
        Operation.CREATE_FIELDS: "POST /api/v4/leads/custom_fields",
    }
    field_types: ClassVar[Mapping[str, FieldValue]] = {
        "text": "x",
        "textarea": "x\ny",
        "url": "https://a.example/",
        "streetaddress": "1 Rd",
        "tracking_data": "spring",
        "numeric": Decimal("12.5"),
        "monetary": Decimal("0.99"),
        "checkbox": False,
        "date": date(2026, 3, 29),
        "birthday": date(1990, 1, 1),
        "date_time": datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
        "select": "B",
        "radiobutton": "A",
        "multiselect": ("A", "B"),
        "multitext": ("a@a.example", "b@a.example"),
        "smart_address": {"address_line_1": "1 Road", "country": "GB"},
        "legal_entity": {"name": "Day Ltd", "entity_type": 1, "vat_id": "GB1"},
    }
    choices = frozenset({"select", "radiobutton", "multiselect"})

    def seed(self, world: World) -> Simulator:
        self.kommo = empty_agency(world)
        return self.kommo

    def move_to(self, zone: str) -> None:
        self.kommo.account.zone = ZoneInfo(zone)
        self.begin()

    def add_field(self, name: str, kind: str, options: Sequence[str] = ()) -> None:
        self.kommo.add_field("leads", name, kind, options=options)

    def add_contact(self, name: str, email: str | None = None, phone: str | None = None) -> int:
        return self.kommo.add_contact(name, email=email, phone=phone)

    def add_company(self, name: str) -> int:
        return self.kommo.add_company(name)

    def add_product(self, name: str, price: str, sku: str) -> int:
        return self.kommo.add_product(name, price, sku=sku)

    def add_deal(
        self,
        name: str = "Website",
        price: str = "100",
        *,
        stage: str = "Issue Invoice",
        pipeline: str = "Sales",
        contact: int | None = None,
        company: int | None = None,
        products: Mapping[int, str] | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> int:
        return self.kommo.add_lead(
            name,
            price,
            stage=stage,
            pipeline=pipeline,
            contact=contact,
            company=company,
            products=products,
            fields=fields,
        )

    def link_contact(self, deal: int, contact: int) -> None:
        self.kommo.link_contact(deal, contact)

    def rename(self, deal: int, name: str) -> None:
        self.kommo.edit_lead(deal, name=name)

    def move(self, deal: int, stage: str) -> None:
        self.kommo.move_lead(deal, stage)

    def delete(self, deal: int) -> None:
        self.kommo.delete_lead(deal)

    def tasks(self) -> list[dict[str, Any]]:
        return [
            {
                "deal": task["lead"],
                "text": task["text"],
                "due": datetime.fromisoformat(task["complete_till"]),
                "done": task["completed"],
                "result": task["result"],
                "responsible": str(task["responsible"]),
            }
            for task in self.kommo.dump()["tasks"]
        ]

    def demote(self) -> None:
        self.kommo.account.admin = False

    def ignore_filters(self) -> AbstractContextManager[Any]:
        return mock.patch.object(Query, "filter", return_value=None)


CRM_GROUNDS: Mapping[str, type[CrmGround]] = {KommoGround.provider: KommoGround}
"""Every CRM provider's ground."""
