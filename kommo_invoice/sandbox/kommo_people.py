"""Kommo's contacts and companies (sheet, sections 4.3 and 4.12)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.kommo_answers import hal, missing, nothing, page_of, unsupported, written
from kommo_invoice.sandbox.kommo_fields import shown
from kommo_invoice.sandbox.kommo_gate import ordered, typed, write_all, write_one
from kommo_invoice.sandbox.kommo_query import within
from kommo_invoice.sandbox.kommo_state import Person

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.routing import Route

    from kommo_invoice.sandbox.kommo_account import Account
    from kommo_invoice.sandbox.kommo_answers import Links
    from kommo_invoice.sandbox.kommo_gate import Call, Gate
    from kommo_invoice.sandbox.kommo_query import Query

FIRST_ID = 30_000_001


class PeopleApi:
    """``/api/v4/contacts`` or ``/api/v4/companies``.

    Args:
        account: The account.
        kind: ``contacts`` or ``companies``.
    """

    def __init__(self, account: Account, kind: str) -> None:
        self._account = account
        self._kind = kind
        self._shelf = account.people[kind]

    def routes(self, gate: Gate) -> list[Route]:
        """Return the routes of this kind."""
        root = f"/api/v4/{self._kind}"
        return [
            gate.route(root, self.many),
            gate.route(root, self.create, "POST"),
            gate.route(root, self.update_many, "PATCH"),
            gate.route(f"{root}/{{id:int}}", self.one),
            gate.route(f"{root}/{{id:int}}", self.update_one, "PATCH"),
        ]

    def many(self, call: Call) -> Response:
        """Answer a page; there is no filter by lead, and it is dropped like any unknown one."""
        query = call.query
        rows = [
            person
            for person in self._shelf.listed(query.numbers("id"))
            if self._matches(person, query)
        ]
        rows = ordered(rows, query, {"id", "updated_at"})
        return page_of(
            call.request,
            query,
            self._kind,
            rows,
            lambda person: self._shown(person, call.links, query),
        )

    def one(self, call: Call) -> Response:
        """Answer one by id, as it is now."""
        person = self._shelf.get(call.number("id"))
        return hal(self._shown(person, call.links, call.query)) if person else nothing()

    def create(self, call: Call) -> Response:
        """Create; nothing is checked for duplicates."""
        rows = []
        for request_id, person in write_all(call.body, self._new):
            self._shelf.put(person)
            rows.append(
                {
                    "id": person.id,
                    "is_deleted": False,
                    "is_unsorted": False,
                    "request_id": request_id,
                    "_links": call.links.to(self._kind, person.id),
                }
            )
        return written(call.links, self._kind, rows)

    def update_many(self, call: Call) -> Response:
        """Update; values are not echoed."""
        checked = write_all(call.body, lambda item: self._changed(self._named(item), item))
        rows = [self._updated(person, call.links) for _, person in checked]
        return written(call.links, self._kind, rows)

    def update_one(self, call: Call) -> Response:
        """Update one by id."""
        current = self._shelf.get(call.number("id"))
        if current is None:
            return nothing()
        person = write_one(call.body, lambda item: self._changed(current, item))
        return hal(self._updated(person, call.links))

    def _updated(self, person: Person, links: Links) -> dict[str, Any]:
        self._shelf.put(person)
        return {
            "id": person.id,
            "name": person.name,
            "updated_at": person.updated_at,
            "_links": links.to(self._kind, person.id),
        }

    def _named(self, item: dict[str, Any]) -> Person:
        person_id = typed(item, "id", int, "a number")
        if person_id is None:
            raise missing("id")
        person = self._shelf.get(person_id)
        if person is None:
            raise unsupported("id")
        return person

    def _new(self, item: dict[str, Any]) -> Person:
        account = self._account
        now = account.time()
        first = typed(item, "first_name", str, "a text") or ""
        last = typed(item, "last_name", str, "a text") or ""
        return Person(
            id=account.new_id("person", FIRST_ID),
            name=typed(item, "name", str, "a text") or f"{first} {last}".strip(),
            first_name=first,
            last_name=last,
            responsible_user_id=account.token_user,
            created_at=now,
            updated_at=now,
            created_by=account.token_user,
            updated_by=account.token_user,
            fields=account.values(self._kind, {}, item),
        )

    def _changed(self, person: Person, item: dict[str, Any]) -> Person:
        account = self._account
        return replace(
            person,
            name=typed(item, "name", str, "a text") or person.name,
            first_name=typed(item, "first_name", str, "a text") or person.first_name,
            last_name=typed(item, "last_name", str, "a text") or person.last_name,
            updated_at=max(account.time(), person.updated_at),
            updated_by=account.token_user,
            fields=account.values(self._kind, person.fields, item),
        )

    def _matches(self, person: Person, query: Query) -> bool:
        names, changed = query.words("name"), query.span("updated_at")
        if names is not None and person.name not in names:
            return False
        if changed is not None and not within(person.updated_at, changed):
            return False
        filled = [person.name, *(str(shown(kept)) for kept in person.fields.values())]
        return query.text.casefold() in " ".join(filled).casefold()

    def _shown(self, person: Person, links: Links, query: Query) -> dict[str, Any]:
        account = self._account
        embedded: dict[str, Any] = {"tags": []}
        if self._kind == "contacts":
            embedded["companies"] = [
                {"id": company_id, "_links": links.to("companies", company_id)}
                for company_id in (person.company_id,)
                if company_id is not None
            ]
        if "leads" in query.include:
            embedded["leads"] = [
                {"id": lead_id, "_links": links.to("leads", lead_id)}
                for lead_id in sorted(account.leads_of[person.id])
            ]
        if "catalog_elements" in query.include:
            embedded["catalog_elements"] = []
        names = (
            {"first_name": person.first_name, "last_name": person.last_name}
            if self._kind == "contacts"
            else {}
        )
        return {
            "id": person.id,
            "name": person.name,
            **names,
            "responsible_user_id": person.responsible_user_id,
            "group_id": 0,
            "created_by": person.created_by,
            "updated_by": person.updated_by,
            "created_at": person.created_at,
            "updated_at": person.updated_at,
            "closest_task_at": None,
            "is_deleted": False,
            "custom_fields_values": account.shown_values(self._kind, person.fields),
            "account_id": account.id,
            "_links": links.to(self._kind, person.id),
            "_embedded": embedded,
        }
