"""The records of a Kommo account, and the shelves that hold them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from decimal import Decimal

    from kommo_invoice.sandbox.kommo_fields import Values
    from kommo_invoice.sandbox.world import World

WON, LOST = 142, 143
CLOSED = {WON, LOST}
INCOMING = 1
ROBOT = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage; 142 and 143 stand in every pipeline, so the pair with it identifies one."""

    id: int
    name: str
    sort: int
    type: int = 0


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline with its stages in order."""

    id: int
    name: str
    sort: int
    is_main: bool
    stages: tuple[Stage, ...]

    def stage(self, stage_id: int) -> Stage | None:
        """Return one of its stages."""
        return next((stage for stage in self.stages if stage.id == stage_id), None)


@dataclass(frozen=True, slots=True)
class User:
    """A person who works in the account."""

    id: int
    name: str
    email: str
    is_admin: bool


@dataclass(frozen=True, slots=True)
class Catalog:
    """A list of the account; ``type`` is ``regular`` or ``products``."""

    id: int
    name: str
    type: str
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What every record has; times are unix seconds."""

    id: int
    created_at: int
    updated_at: int
    created_by: int
    updated_by: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Person(Record):
    """A contact or a company."""

    name: str
    responsible_user_id: int
    first_name: str = ""
    last_name: str = ""
    company_id: int | None = None
    fields: Mapping[int, Values] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Element(Record):
    """An element of a catalog."""

    catalog_id: int
    name: str
    fields: Mapping[int, Values] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LinkedElement:
    """A product of a lead."""

    id: int
    catalog_id: int
    quantity: Decimal
    price_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead(Record):
    """A lead with its links; ``price`` is in major units of the account's currency.

    Args:
        contacts: Ids in the order in which they were linked; ``main_contact_id`` is one of them.
    """

    name: str
    price: Decimal
    pipeline_id: int
    status_id: int
    responsible_user_id: int
    closed_at: int | None = None
    loss_reason_id: int | None = None
    is_deleted: bool = False
    company_id: int | None = None
    contacts: tuple[int, ...] = ()
    main_contact_id: int | None = None
    elements: tuple[LinkedElement, ...] = ()
    fields: Mapping[int, Values] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Record):
    """A task; ``result`` is None until somebody wrote one."""

    text: str
    complete_till: int
    task_type_id: int
    responsible_user_id: int
    entity_type: str | None
    entity_id: int | None
    duration: int = 0
    is_completed: bool = False
    result: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Record):
    """A note on a lead; ``triggers`` tells whether automations may react to it."""

    lead_id: int
    note_type: str
    params: Mapping[str, Any]
    responsible_user_id: int
    triggers: bool


@dataclass(frozen=True, slots=True)
class StageChange:
    """The event of a lead that entered a stage."""

    id: str
    lead_id: int
    created_at: int
    created_by: int
    before: tuple[int, int]
    after: tuple[int, int]


R = TypeVar("R", bound=Record)


class Shelf(Generic[R]):
    """Records of one kind by id, and what lists show of them while they lag behind.

    Records are replaced, never changed, so that lists can go on showing the one from before.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._now: dict[int, R] = {}
        self._listed: dict[int, R] = {}
        self._behind: list[tuple[datetime, R]] = []

    def put(self, record: R) -> R:
        """Keep the record, new or in the place of the one with its id."""
        self._now[record.id] = record
        if self._world.lag_s > 0 or self._behind:
            self._behind.append((self._world.now(), record))
        else:
            self._listed[record.id] = record
        return record

    def get(self, record_id: int) -> R | None:
        """Return the record as it is now."""
        return self._now.get(record_id)

    def all(self) -> Iterable[R]:
        """Return every record as it is now."""
        return self._now.values()

    def listed(self, ids: set[int] | None = None) -> list[R]:
        """Return the records with those ids (or all) as lists show them, by id."""
        self._catch_up()
        if ids is None:
            return [self._listed[record_id] for record_id in sorted(self._listed)]
        return [self._listed[record_id] for record_id in sorted(ids) if record_id in self._listed]

    def _catch_up(self) -> None:
        if not self._behind:
            return
        now, lag = self._world.now(), self._world.lag_s
        waiting = []
        for written_at, record in self._behind:
            if (now - written_at).total_seconds() >= lag:
                self._listed[record.id] = record
            else:
                waiting.append((written_at, record))
        self._behind = waiting
