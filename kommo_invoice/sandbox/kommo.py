"""The Kommo simulator: one account behind its API over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from kommo_invoice.sandbox.grants import Integration
from kommo_invoice.sandbox.kommo_account import PROVIDER, Account
from kommo_invoice.sandbox.kommo_activity import EventsApi, NotesApi
from kommo_invoice.sandbox.kommo_answers import problem
from kommo_invoice.sandbox.kommo_desk import Desk
from kommo_invoice.sandbox.kommo_fields import shown
from kommo_invoice.sandbox.kommo_gate import Gate
from kommo_invoice.sandbox.kommo_leads import LeadsApi
from kommo_invoice.sandbox.kommo_lists import LinksApi, ListsApi
from kommo_invoice.sandbox.kommo_oauth import OAuth
from kommo_invoice.sandbox.kommo_people import PeopleApi
from kommo_invoice.sandbox.kommo_setup import SetupApi
from kommo_invoice.sandbox.kommo_tasks import TasksApi

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Scope

    from kommo_invoice.sandbox.kommo_fields import Values
    from kommo_invoice.sandbox.kommo_state import Lead, Person, Task
    from kommo_invoice.sandbox.world import World

TOKEN = "kommo-sandbox-token"  # noqa: S105 - opens nothing but the sandbox


class Kommo(Desk):
    """One simulated Kommo account, with what people do in it and its API.

    Args:
        world: What it shares with the other simulators.
        subdomain: The account's host label.
        currency: ISO code of every price in it.
        timezone: IANA name of the account's zone.

    Attributes:
        account: Everything that it holds, with its switches (unpaid, blocked, admin …).
        oauth: Its integrations and tokens; ``TOKEN`` is a token that never ends by itself.
    """

    name = PROVIDER

    def __init__(
        self,
        world: World,
        *,
        subdomain: str = "agency",
        currency: str = "EUR",
        timezone: str = "Europe/Berlin",
    ) -> None:
        super().__init__(Account(world, subdomain, currency, timezone))
        self.oauth = OAuth(self.account)
        gate = Gate(self.account, self.oauth)
        apis = (
            self.oauth,
            SetupApi(self.account),
            LeadsApi(self.account),
            PeopleApi(self.account, "contacts"),
            PeopleApi(self.account, "companies"),
            ListsApi(self.account),
            LinksApi(self.account),
            TasksApi(self.account),
            NotesApi(self.account),
            EventsApi(self.account),
        )
        self.app = Starlette(
            routes=[route for api in apis for route in api.routes(gate)],
            exception_handlers={HTTPException: _unrouted},
        )
        world.register(self.name, self.account)
        world.tokens[self.name].add(TOKEN)

    def operation(self, scope: Scope, body: bytes) -> str:  # noqa: ARG002 - simulators are alike
        """Return ``PATCH /api/v4/leads`` and the like."""
        return f"{scope['method']} {scope['path']}"

    def add_integration(self, client_id: str, client_secret: str, redirect_uri: str) -> None:
        """Register an integration."""
        self.oauth.integrations[client_id] = Integration(client_id, client_secret, redirect_uri)

    def dump(self) -> dict[str, Any]:
        """Return the account as a person sees it, as JSON data."""
        account = self.account
        with account.world.lock:
            return {
                "leads": [self._lead(lead) for lead in account.leads.all()],
                "contacts": [self._person("contacts", one) for one in self._people("contacts")],
                "companies": [self._person("companies", one) for one in self._people("companies")],
                "tasks": [_task(task) for task in account.tasks.all()],
                "notes": [
                    {
                        "id": note.id,
                        "lead": note.lead_id,
                        "type": note.note_type,
                        "text": note.params["text"],
                        "triggers": note.triggers,
                    }
                    for note in account.notes.all()
                ],
            }

    def _people(self, kind: str) -> list[Person]:
        return list(self.account.people[kind].all())

    def _lead(self, lead: Lead) -> dict[str, Any]:
        pipeline = self.account.pipelines[lead.pipeline_id]
        stage = pipeline.stage(lead.status_id)
        return {
            "id": lead.id,
            "name": lead.name,
            "price": str(lead.price),
            "pipeline": pipeline.name,
            "stage": stage.name if stage else None,
            "contact": lead.main_contact_id,
            "company": lead.company_id,
            "deleted": lead.is_deleted,
            "fields": self._fields("leads", lead.fields),
        }

    def _person(self, kind: str, person: Person) -> dict[str, Any]:
        company = {"company": person.company_id} if kind == "contacts" else {}
        fields = self._fields(kind, person.fields)
        return {"id": person.id, "name": person.name, **company, "fields": fields}

    def _fields(self, entity: str, kept: Mapping[int, Values]) -> dict[str, Any]:
        known = self.account.fields[entity]
        return {
            known[field_id].name: self._readable(known[field_id].type, shown(values))
            for field_id, values in kept.items()
        }

    def _readable(self, kind: str, value: Any) -> Any:
        if kind in {"date", "birthday"}:
            return datetime.fromtimestamp(value, self.account.zone).date().isoformat()
        return _iso(value) if kind == "date_time" else value


def _task(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "lead": task.entity_id if task.entity_type == "leads" else None,
        "text": task.text,
        "complete_till": _iso(task.complete_till),
        "completed": task.is_completed,
        "result": task.result,
        "responsible": task.responsible_user_id,
    }


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


async def _unrouted(_: Request, error: Exception) -> Response:
    """Answer what no route takes: an unknown path, or a method that it does not have."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    return problem(status, "There is nothing here" if status == 404 else "Not this way")
