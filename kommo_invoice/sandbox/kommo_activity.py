"""Kommo's notes and stage events (sheet, sections 4.4 and 4.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.kommo_answers import (
    Stop,
    missing,
    page_of,
    problem,
    unsupported,
    written,
)
from kommo_invoice.sandbox.kommo_gate import needed, ordered, typed, write_all
from kommo_invoice.sandbox.kommo_query import within
from kommo_invoice.sandbox.kommo_state import Note

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.routing import Route

    from kommo_invoice.sandbox.kommo_account import Account
    from kommo_invoice.sandbox.kommo_answers import Links
    from kommo_invoice.sandbox.kommo_gate import Call, Gate
    from kommo_invoice.sandbox.kommo_state import StageChange

FIRST_NOTE = 6_000_001
NOTE_TYPES = {"common", "service_message", "extended_service_message"}
MAX_EVENT_ENTITIES = 10


class NotesApi:
    """``/api/v4/leads/notes`` and ``/api/v4/leads/{id}/notes``.

    Args:
        account: The account.
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    def routes(self, gate: Gate) -> list[Route]:
        """Return the routes of notes."""
        return [
            gate.route("/api/v4/leads/notes", self.create, "POST"),
            gate.route("/api/v4/leads/{id:int}/notes", self.create, "POST"),
            gate.route("/api/v4/leads/{id:int}/notes", self.many),
        ]

    def many(self, call: Call) -> Response:
        """Answer a page of a lead's notes."""
        query = call.query
        types, changed = query.words("note_type"), query.span("updated_at")
        rows = [
            note
            for note in self._account.notes.listed(self._account.notes_of[call.number("id")])
            if (types is None or note.note_type in types)
            and (changed is None or within(note.updated_at, changed))
        ]
        rows = ordered(rows, query, {"id", "updated_at"})
        return page_of(
            call.request, query, "notes", rows, lambda note: self._shown(note, call.links)
        )

    def create(self, call: Call) -> Response:
        """Create notes; ``entity_id`` comes back as a text."""
        lead_id = call.request.path_params.get("id")
        rows = []
        for request_id, note in write_all(call.body, lambda item: self._new(item, lead_id)):
            self._account.put_note(note)
            rows.append(
                {
                    "id": note.id,
                    "entity_id": str(note.lead_id),
                    "request_id": request_id,
                    "_links": call.links.to("leads", note.lead_id, "notes", note.id),
                }
            )
        return written(call.links, "notes", rows)

    def _new(self, item: dict[str, Any], lead_id: int | None) -> Note:
        account = self._account
        if lead_id is None:
            lead_id = needed(item, "entity_id", int, "a number")
        if account.leads.get(lead_id) is None:
            raise unsupported("entity_id")
        note_type = needed(item, "note_type", str, "a text")
        if note_type not in NOTE_TYPES:
            raise unsupported("note_type")
        params = needed(item, "params", dict, "an object")
        for key in ("text",) if note_type == "common" else ("service", "text"):
            if not params.get(key):
                raise missing(f"params.{key}")
        quiet = typed(item, "is_need_to_trigger_digital_pipeline", bool, "true or false") is False
        now = account.time()
        return Note(
            id=account.new_id("note", FIRST_NOTE),
            lead_id=lead_id,
            note_type=note_type,
            params=params,
            responsible_user_id=account.token_user,
            triggers=not quiet,
            created_at=now,
            updated_at=now,
            created_by=account.token_user,
            updated_by=account.token_user,
        )

    def _shown(self, note: Note, links: Links) -> dict[str, Any]:
        return {
            "id": note.id,
            "entity_id": note.lead_id,
            "created_by": note.created_by,
            "updated_by": note.updated_by,
            "created_at": note.created_at,
            "updated_at": note.updated_at,
            "responsible_user_id": note.responsible_user_id,
            "group_id": 0,
            "note_type": note.note_type,
            "params": dict(note.params),
            "account_id": self._account.id,
            "_links": links.to("leads", note.lead_id, "notes", note.id),
        }


class EventsApi:
    """``/api/v4/events``, of which only the stage changes of leads happen here.

    Args:
        account: The account.
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    def routes(self, gate: Gate) -> list[Route]:
        """Return the routes of events."""
        return [gate.route("/api/v4/events", self.many)]

    def many(self, call: Call) -> Response:
        """Answer a page of events, newest first; they cannot be ordered."""
        query = call.query
        leads = query.numbers("entity_id")
        if leads is not None and len(leads) > MAX_EVENT_ENTITIES:
            raise Stop(problem(422, f"At most {MAX_EVENT_ENTITIES} entities can be asked for"))
        types, kinds = query.words("type"), query.words("entity")
        after = query.stages("value_after", "leads_statuses")
        span = query.span("created_at")
        listed_until = self._account.time() - self._account.world.lag_s
        rows = [
            event
            for event in reversed(self._account.stage_changes)
            if event.created_at <= listed_until
            and (types is None or "lead_status_changed" in types)
            and (kinds is None or "lead" in kinds)
            and (leads is None or event.lead_id in leads)
            and (after is None or event.after in after)
            and (span is None or within(event.created_at, span))
        ]
        return page_of(
            call.request, query, "events", rows, lambda event: self._shown(event, call.links)
        )

    def _shown(self, event: StageChange, links: Links) -> dict[str, Any]:
        def status(place: tuple[int, int]) -> list[dict[str, Any]]:
            return [{"lead_status": {"id": place[1], "pipeline_id": place[0]}}]

        return {
            "id": event.id,
            "type": "lead_status_changed",
            "entity_id": event.lead_id,
            "entity_type": "lead",
            "created_by": event.created_by,
            "created_at": event.created_at,
            "value_after": status(event.after),
            "value_before": status(event.before),
            "account_id": self._account.id,
            "_links": links.to("events", event.id),
            "_embedded": {
                "entity": {"id": event.lead_id, "_links": links.to("leads", event.lead_id)}
            },
        }
