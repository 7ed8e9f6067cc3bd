"""A Kommo account: its set-up, its records, and the rules that hold whoever changes them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from kommo_invoice.sandbox.kommo_answers import Invalid, missing, unsupported, wrong_type
from kommo_invoice.sandbox.kommo_fields import CustomField, Values, accept, entry
from kommo_invoice.sandbox.kommo_state import (
    CLOSED,
    INCOMING,
    Catalog,
    Element,
    Lead,
    Note,
    Person,
    Pipeline,
    Shelf,
    StageChange,
    Task,
    User,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommo_invoice.sandbox.world import World

PROVIDER = "kommo"
DOCUMENTED_RATE = 7
TASK_TYPES = {1: "Follow-up", 2: "Meeting"}


class Account:
    """Everything that one account holds.

    Args:
        world: The world that it is part of.
        subdomain: Its host label.
        currency: ISO code of every price in it.
        timezone: IANA name of the zone in which its dates are days.

    Attributes:
        rate_per_s: Requests a second above which 429 is answered.
        unpaid: True once its paid or trial period is over: 402 for everything.
        blocked: True while the caller's IP address is banned: 403 as HTML for everything.
        admin: False to let the tokens belong to somebody who is no administrator.
        api_filter: True where lists can be filtered by custom fields.
    """

    def __init__(self, world: World, subdomain: str, currency: str, timezone: str) -> None:
        self.world = world
        self.id = 31_400_001
        self.name = subdomain.capitalize()
        self.subdomain = subdomain
        self.currency = currency
        self.country = "DE"
        self.zone = ZoneInfo(timezone)
        self.rate_per_s = DOCUMENTED_RATE
        self.unpaid = False
        self.blocked = False
        self.admin = True
        self.api_filter = False
        self.created_at = self.time()
        self.users: dict[int, User] = {}
        self.pipelines: dict[int, Pipeline] = {}
        self.fields: defaultdict[str, dict[int, CustomField]] = defaultdict(dict)
        self.catalogs: dict[int, Catalog] = {}
        self.leads: Shelf[Lead] = Shelf(world)
        self.people: dict[str, Shelf[Person]] = {
            "contacts": Shelf(world),
            "companies": Shelf(world),
        }
        self.elements: Shelf[Element] = Shelf(world)
        self.tasks: Shelf[Task] = Shelf(world)
        self.notes: Shelf[Note] = Shelf(world)
        self.stage_changes: list[StageChange] = []
        self.tasks_of: defaultdict[int, set[int]] = defaultdict(set)
        self.notes_of: defaultdict[int, set[int]] = defaultdict(set)
        self.leads_of: defaultdict[int, set[int]] = defaultdict(set)

    def time(self) -> int:
        """Return the world's time in unix seconds."""
        return int(self.world.now().timestamp())

    def new_id(self, kind: str, start: int) -> int:
        """Return the next id of that kind; ``start`` is the first."""
        return self.world.ids.next(f"{PROVIDER}.{kind}", start)

    @property
    def token_user(self) -> int:
        """The user whom the tokens belong to."""
        return next(iter(self.users))

    @property
    def main_pipeline(self) -> Pipeline:
        """The pipeline of leads that name none."""
        return next(pipeline for pipeline in self.pipelines.values() if pipeline.is_main)

    def put_lead(self, lead: Lead) -> Lead:
        """Keep a lead, with the event of a stage change and the time of its closing."""
        before = self.leads.get(lead.id)
        old = (before.pipeline_id, before.status_id) if before else None
        new = (lead.pipeline_id, lead.status_id)
        if new != old:
            closed = lead.status_id in CLOSED
            lead = replace(lead, closed_at=(lead.closed_at or self.time()) if closed else None)
        if old is not None and new != old:
            number = self.new_id("event", 1)
            self.stage_changes.append(
                StageChange(
                    f"01h{number:023d}", lead.id, lead.updated_at, lead.updated_by, old, new
                )
            )
        for person in (*lead.contacts, lead.company_id):
            if person is not None:
                self.leads_of[person].add(lead.id)
        return self.leads.put(lead)

    def put_task(self, task: Task) -> Task:
        """Keep a task."""
        if task.entity_type == "leads" and task.entity_id is not None:
            self.tasks_of[task.entity_id].add(task.id)
        return self.tasks.put(task)

    def put_note(self, note: Note) -> Note:
        """Keep a note."""
        self.notes_of[note.lead_id].add(note.id)
        return self.notes.put(note)

    def closest_task_at(self, lead_id: int) -> int | None:
        """Return when the next open task of a lead is due."""
        tasks = (self.tasks.get(task_id) for task_id in self.tasks_of[lead_id])
        return min(
            (task.complete_till for task in tasks if task and not task.is_completed), default=None
        )

    def place(self, current: tuple[int, int] | None, item: Mapping[str, Any]) -> tuple[int, int]:
        """Return the pipeline and stage that a write asks for.

        Args:
            current: Where the lead stands; None when it is new.
            item: The write, with ``pipeline_id`` and ``status_id`` where it names them.

        Raises:
            Invalid: There is no such pipeline, or the stage is not one of it.
        """
        home = current[0] if current else self.main_pipeline.id
        pipeline = self.pipelines.get(item.get("pipeline_id", home))
        if pipeline is None:
            raise unsupported("pipeline_id")
        first = next(stage.id for stage in pipeline.stages if stage.type != INCOMING)
        stays = current is not None and current[0] == pipeline.id
        stage = pipeline.stage(item.get("status_id", current[1] if current and stays else first))
        if stage is None or (stage.type == INCOMING and (pipeline.id, stage.id) != current):
            raise unsupported("status_id")
        return pipeline.id, stage.id

    def field_named(self, entity: str, name: object) -> CustomField:
        """Return the field of that name, code or id.

        Raises:
            KeyError: There is none.
        """
        for known in self.fields[entity].values():
            if name in {known.id, known.code, known.name} and name is not None:
                return known
        raise KeyError(f"no field {name!r} for {entity}")

    def values(
        self, entity: str, kept: Mapping[int, Values], item: Mapping[str, Any]
    ) -> dict[int, Values]:
        """Return the custom field values that a record has after a write.

        A field that is sent is replaced whole, one that is left out stays (section 4.6).

        Raises:
            ExceptionGroup: Of Invalid, one for each field that cannot be written.
        """
        written = item.get("custom_fields_values") or []
        if not isinstance(written, list):
            raise wrong_type("custom_fields_values", "a list")
        after, errors = dict(kept), []
        for index, change in enumerate(written):
            try:
                known = self._field_of(entity, change)
                after[known.id] = accept(known, change.get("values"), self.zone)
            except Invalid as error:
                errors.append(error.below(f"custom_fields_values.{index}"))
        if errors:
            raise ExceptionGroup("custom fields", errors)
        return {field_id: values for field_id, values in after.items() if values}

    def shown_values(
        self, entity: str, values: Mapping[int, Values]
    ) -> list[dict[str, Any]] | None:
        """Return custom field values as they are read: null when there are none."""
        return [
            entry(self.fields[entity][field_id], kept) for field_id, kept in values.items()
        ] or None

    def _field_of(self, entity: str, change: Any) -> CustomField:
        if not isinstance(change, dict):
            raise wrong_type("", "an object")
        key = "field_id" if change.get("field_id") is not None else "field_code"
        asked = change.get(key)
        if asked is None:
            raise missing("field_id")
        if "values" not in change:
            raise missing("values")
        known = self.fields[entity]
        if key == "field_id":
            found = known.get(asked) if isinstance(asked, int) else None
        else:
            found = next((field for field in known.values() if field.code == asked), None)
        if found is None:
            raise unsupported(key)
        return found
