"""Kommo's tasks (sheet, section 4.8)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.kommo_account import TASK_TYPES
from kommo_invoice.sandbox.kommo_answers import (
    hal,
    missing,
    nothing,
    page_of,
    unsupported,
    written,
)
from kommo_invoice.sandbox.kommo_gate import needed, ordered, typed, write_all, write_one
from kommo_invoice.sandbox.kommo_query import within
from kommo_invoice.sandbox.kommo_state import Task

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.routing import Route

    from kommo_invoice.sandbox.kommo_account import Account
    from kommo_invoice.sandbox.kommo_answers import Links
    from kommo_invoice.sandbox.kommo_gate import Call, Gate
    from kommo_invoice.sandbox.kommo_query import Query

FIRST_TASK = 5_000_001


class TasksApi:
    """``/api/v4/tasks``.

    Args:
        account: The account.
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    def routes(self, gate: Gate) -> list[Route]:
        """Return the routes of tasks."""
        return [
            gate.route("/api/v4/tasks", self.many),
            gate.route("/api/v4/tasks", self.create, "POST"),
            gate.route("/api/v4/tasks", self.update_many, "PATCH"),
            gate.route("/api/v4/tasks/{id:int}", self.one),
            gate.route("/api/v4/tasks/{id:int}", self.update_one, "PATCH"),
        ]

    def many(self, call: Call) -> Response:
        """Answer a page of tasks; there is no filter by text."""
        query = call.query
        ids = query.numbers("id")
        entities = query.numbers("entity_id")
        kinds = query.words("entity_type")
        if entities is not None and kinds == {"leads"}:
            of_leads = set().union(*(self._account.tasks_of[lead_id] for lead_id in entities))
            ids = of_leads if ids is None else ids & of_leads
        rows = [task for task in self._account.tasks.listed(ids) if _task_matches(task, query)]
        rows = ordered(rows, query, {"id", "created_at", "complete_till"})
        return page_of(
            call.request, query, "tasks", rows, lambda task: self._shown(task, call.links)
        )

    def one(self, call: Call) -> Response:
        """Answer one task, as it is now."""
        task = self._account.tasks.get(call.number("id"))
        return hal(self._shown(task, call.links)) if task else nothing()

    def create(self, call: Call) -> Response:
        """Create tasks; the same request makes them again."""
        rows = []
        for request_id, task in write_all(call.body, self._new):
            self._account.put_task(task)
            rows.append(
                {"id": task.id, "request_id": request_id, "_links": call.links.to("tasks", task.id)}
            )
        return written(call.links, "tasks", rows)

    def update_many(self, call: Call) -> Response:
        """Update tasks."""
        checked = write_all(call.body, lambda item: self._changed(self._named(item), item))
        rows = [
            self._updated(task, call.links) | {"request_id": request_id}
            for request_id, task in checked
        ]
        return written(call.links, "tasks", rows)

    def update_one(self, call: Call) -> Response:
        """Update one task."""
        current = self._account.tasks.get(call.number("id"))
        if current is None:
            return nothing()
        task = write_one(call.body, lambda item: self._changed(current, item))
        return hal(self._updated(task, call.links))

    def _updated(self, task: Task, links: Links) -> dict[str, Any]:
        self._account.put_task(task)
        return {
            "id": task.id,
            "updated_at": task.updated_at,
            "_links": links.to("tasks", task.id),
        }

    def _named(self, item: dict[str, Any]) -> Task:
        task_id = typed(item, "id", int, "a number")
        if task_id is None:
            raise missing("id")
        task = self._account.tasks.get(task_id)
        if task is None:
            raise unsupported("id")
        return task

    def _new(self, item: dict[str, Any]) -> Task:
        account = self._account
        now = account.time()
        kind = typed(item, "entity_type", str, "a text")
        entity = typed(item, "entity_id", int, "a number")
        if (kind is None) != (entity is None):
            raise missing("entity_type" if kind is None else "entity_id")
        if kind is not None and kind != "leads" and kind not in account.people:
            raise unsupported("entity_type")
        if kind is not None and entity is not None:
            shelf = account.leads if kind == "leads" else account.people[kind]
            if shelf.get(entity) is None:
                raise unsupported("entity_id")
        return Task(
            id=account.new_id("task", FIRST_TASK),
            text=needed(item, "text", str, "a text"),
            complete_till=needed(item, "complete_till", int, "unix seconds"),
            task_type_id=self._type(item) or 1,
            responsible_user_id=self._responsible(item) or account.token_user,
            entity_type=kind,
            entity_id=entity,
            duration=typed(item, "duration", int, "seconds") or 0,
            is_completed=typed(item, "is_completed", bool, "true or false") or False,
            result=_result(item),
            created_at=now,
            updated_at=now,
            created_by=account.token_user,
            updated_by=account.token_user,
        )

    def _changed(self, task: Task, item: dict[str, Any]) -> Task:
        done = typed(item, "is_completed", bool, "true or false")
        return replace(
            task,
            text=typed(item, "text", str, "a text") or task.text,
            complete_till=typed(item, "complete_till", int, "unix seconds") or task.complete_till,
            task_type_id=self._type(item) or task.task_type_id,
            responsible_user_id=self._responsible(item) or task.responsible_user_id,
            is_completed=task.is_completed if done is None else done,
            result=_result(item) or task.result,
            updated_at=max(self._account.time(), task.updated_at),
            updated_by=self._account.token_user,
        )

    def _type(self, item: dict[str, Any]) -> int | None:
        type_id = typed(item, "task_type_id", int, "a number")
        if type_id is not None and type_id not in TASK_TYPES:
            raise unsupported("task_type_id")
        return type_id

    def _responsible(self, item: dict[str, Any]) -> int | None:
        user_id = typed(item, "responsible_user_id", int, "a number")
        if user_id is not None and user_id not in self._account.users:
            raise unsupported("responsible_user_id")
        return user_id

    def _shown(self, task: Task, links: Links) -> dict[str, Any]:
        return {
            "id": task.id,
            "created_by": task.created_by,
            "updated_by": task.updated_by,
            "created_at": task.created_at,
            "updated_at": task.updated_at,
            "responsible_user_id": task.responsible_user_id,
            "group_id": 0,
            "entity_id": task.entity_id,
            "entity_type": task.entity_type,
            "duration": task.duration,
            "is_completed": task.is_completed,
            "task_type_id": task.task_type_id,
            "text": task.text,
            # PHP writes an empty object as an empty list.
            "result": [] if task.result is None else {"text": task.result},
            "complete_till": task.complete_till,
            "account_id": self._account.id,
            "_links": links.to("tasks", task.id),
        }


def _task_matches(task: Task, query: Query) -> bool:
    kinds, entities = query.words("entity_type"), query.numbers("entity_id")
    done = query.numbers("is_completed")
    types = query.numbers("task_type") or query.numbers("task_type_id")
    users, changed = query.numbers("responsible_user_id"), query.span("updated_at")
    return (
        (kinds is None or task.entity_type in kinds)
        # A filter by entity counts only beside one by its type (section 4.8).
        and (entities is None or kinds is None or task.entity_id in entities)
        and (done is None or int(task.is_completed) in done)
        and (types is None or task.task_type_id in types)
        and (users is None or task.responsible_user_id in users)
        and (changed is None or within(task.updated_at, changed))
    )


def _result(item: dict[str, Any]) -> str | None:
    result = typed(item, "result", dict, "an object")
    return None if result is None else needed(result, "text", str, "a text")
