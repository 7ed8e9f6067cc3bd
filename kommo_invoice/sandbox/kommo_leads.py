"""Kommo's leads: reading, listing, creating, updating (sheet, sections 4.2, 4.4 and 4.7)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.kommo_answers import (
    hal,
    missing,
    nothing,
    page_of,
    unsupported,
    written,
    wrong_type,
)
from kommo_invoice.sandbox.kommo_fields import shown
from kommo_invoice.sandbox.kommo_gate import ordered, typed, write_all, write_one
from kommo_invoice.sandbox.kommo_query import within
from kommo_invoice.sandbox.kommo_state import ROBOT, Lead, LinkedElement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.responses import Response
    from starlette.routing import Route

    from kommo_invoice.sandbox.kommo_account import Account
    from kommo_invoice.sandbox.kommo_answers import Links
    from kommo_invoice.sandbox.kommo_gate import Call, Gate
    from kommo_invoice.sandbox.kommo_query import Query

FIRST_ID = 20_000_001


class LeadsApi:
    """``/api/v4/leads``.

    Args:
        account: The account.
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    def routes(self, gate: Gate) -> list[Route]:
        """Return the routes of leads."""
        return [
            gate.route("/api/v4/leads", self.many),
            gate.route("/api/v4/leads", self.create, "POST"),
            gate.route("/api/v4/leads", self.update_many, "PATCH"),
            gate.route("/api/v4/leads/{id:int}", self.one),
            gate.route("/api/v4/leads/{id:int}", self.update_one, "PATCH"),
        ]

    def many(self, call: Call) -> Response:
        """Answer a page of leads; filters that are not known are dropped."""
        query = call.query
        rows = [
            lead
            for lead in self._account.leads.listed(query.numbers("id"))
            if self._matches(lead, query)
        ]
        rows = ordered(rows, query, {"id", "created_at", "updated_at"})
        return page_of(
            call.request, query, "leads", rows, lambda lead: self._shown(lead, call.links, query)
        )

    def one(self, call: Call) -> Response:
        """Answer a lead by id, as it is now."""
        lead = self._account.leads.get(call.number("id"))
        return hal(self._shown(lead, call.links, call.query)) if lead else nothing()

    def create(self, call: Call) -> Response:
        """Create leads; the same request makes them again."""
        rows = []
        for request_id, checked in write_all(call.body, self._new):
            lead = self._account.put_lead(checked)
            rows.append(
                {"id": lead.id, "request_id": request_id, "_links": call.links.to("leads", lead.id)}
            )
        return written(call.links, "leads", rows)

    def update_many(self, call: Call) -> Response:
        """Update leads; values are not echoed."""
        checked = write_all(call.body, lambda item: self._changed(self._named(item), item))
        rows = [self._updated(lead, call.links) for _, lead in checked]
        return written(call.links, "leads", rows)

    def update_one(self, call: Call) -> Response:
        """Update one lead."""
        current = self._account.leads.get(call.number("id"))
        if current is None:
            return nothing()
        lead = write_one(call.body, lambda item: self._changed(current, item))
        return hal(self._updated(lead, call.links))

    def _updated(self, lead: Lead, links: Links) -> dict[str, Any]:
        kept = self._account.put_lead(lead)
        return {
            "id": kept.id,
            "updated_at": kept.updated_at,
            "_links": links.to("leads", kept.id),
        }

    def _named(self, item: dict[str, Any]) -> Lead:
        lead_id = typed(item, "id", int, "a number")
        if lead_id is None:
            raise missing("id")
        lead = self._account.leads.get(lead_id)
        if lead is None:
            raise unsupported("id")
        return lead

    def _new(self, item: dict[str, Any]) -> Lead:
        account = self._account
        now = account.time()
        pipeline_id, status_id = account.place(None, item)
        embedded = typed(item, "_embedded", dict, "an object") or {}
        contacts = self._linked("contacts", embedded.get("contacts"))
        companies = self._linked("companies", embedded.get("companies"))
        main = next((given["id"] for given in contacts if given.get("is_main")), None)
        lead_id = account.new_id("lead", FIRST_ID)
        return Lead(
            id=lead_id,
            name=typed(item, "name", str, "a text") or f"Lead #{lead_id}",
            price=_price(item) or Decimal(0),
            pipeline_id=pipeline_id,
            status_id=status_id,
            responsible_user_id=self._responsible(item) or account.token_user,
            created_at=typed(item, "created_at", int, "unix seconds") or now,
            updated_at=now,
            created_by=account.token_user,
            updated_by=account.token_user,
            closed_at=typed(item, "closed_at", int, "unix seconds"),
            company_id=companies[0]["id"] if companies else None,
            contacts=tuple(given["id"] for given in contacts),
            main_contact_id=main or (contacts[0]["id"] if contacts else None),
            fields=account.values("leads", {}, item),
        )

    def _changed(self, lead: Lead, item: dict[str, Any]) -> Lead:
        account = self._account
        for key in ("created_by", "updated_by"):
            # Echoing a lead back fails on the real users that it names (section 4.7).
            if item.get(key) not in {None, ROBOT}:
                raise unsupported(key)
        pipeline_id, status_id = account.place((lead.pipeline_id, lead.status_id), item)
        price = _price(item)
        return replace(
            lead,
            name=typed(item, "name", str, "a text") or lead.name,
            price=lead.price if price is None else price,
            pipeline_id=pipeline_id,
            status_id=status_id,
            responsible_user_id=self._responsible(item) or lead.responsible_user_id,
            loss_reason_id=typed(item, "loss_reason_id", int, "a number") or lead.loss_reason_id,
            closed_at=typed(item, "closed_at", int, "unix seconds") or lead.closed_at,
            updated_at=max(account.time(), lead.updated_at),
            updated_by=account.token_user,
            fields=account.values("leads", lead.fields, item),
        )

    def _responsible(self, item: dict[str, Any]) -> int | None:
        user_id = typed(item, "responsible_user_id", int, "a number")
        if user_id is not None and user_id not in self._account.users:
            raise unsupported("responsible_user_id")
        return user_id

    def _linked(self, kind: str, given: Any) -> list[dict[str, Any]]:
        if given is None:
            return []
        if not isinstance(given, list) or not all(isinstance(link, dict) for link in given):
            raise wrong_type(f"_embedded.{kind}", "a list of objects")
        for index, link in enumerate(given):
            if self._account.people[kind].get(link.get("id", 0)) is None:
                raise unsupported(f"_embedded.{kind}.{index}.id")
        return given

    def _matches(self, lead: Lead, query: Query) -> bool:
        if lead.is_deleted != ("only_deleted" in query.include):
            return False
        stages = query.stages("statuses")
        if stages is not None and (lead.pipeline_id, lead.status_id) not in stages:
            return False
        for key in ("pipeline_id", "responsible_user_id", "created_by", "updated_by"):
            wanted = query.numbers(key)
            if wanted is not None and getattr(lead, key) not in wanted:
                return False
        for key in ("created_at", "updated_at", "closed_at"):
            span = query.span(key)
            if span is not None and not within(getattr(lead, key), span):
                return False
        names = query.words("name")
        price = query.span("price")
        return (
            (names is None or lead.name in names)
            and (price is None or within(int(lead.price), price))
            and self._matches_fields(lead, query)
            and (not query.text or query.text.casefold() in self._filled(lead))
        )

    def _matches_fields(self, lead: Lead, query: Query) -> bool:
        asked = query.filter("custom_fields_values")
        if not self._account.api_filter or not isinstance(asked, dict):
            # Where the account has no filtering, all rows come back (section 4.4).
            return True
        for field_id in asked:
            wanted = query.words("custom_fields_values", field_id) or set()
            kept = lead.fields.get(int(field_id), ()) if field_id.isdecimal() else ()
            if not wanted & {str(value.get("value")) for value in kept}:
                return False
        return True

    def _filled(self, lead: Lead) -> str:
        return " ".join(
            (lead.name, *(str(shown(kept)) for kept in lead.fields.values()))
        ).casefold()

    def _shown(self, lead: Lead, links: Links, query: Query) -> dict[str, Any]:
        account = self._account
        companies = [lead.company_id] if lead.company_id is not None else []
        embedded: dict[str, Any] = {
            "tags": [],
            "companies": [{"id": one, "_links": links.to("companies", one)} for one in companies],
        }
        if "contacts" in query.include:
            embedded["contacts"] = [
                {
                    "id": contact_id,
                    "is_main": contact_id == lead.main_contact_id,
                    "_links": links.to("contacts", contact_id),
                }
                for contact_id in lead.contacts
            ]
        if "catalog_elements" in query.include:
            embedded["catalog_elements"] = list(_elements(lead))
        if "loss_reason" in query.include:
            embedded["loss_reason"] = []
        return {
            "id": lead.id,
            "name": lead.name,
            "price": int(lead.price),
            "price_with_minor_units": lead.price,
            "responsible_user_id": lead.responsible_user_id,
            "group_id": 0,
            "status_id": lead.status_id,
            "pipeline_id": lead.pipeline_id,
            "loss_reason_id": lead.loss_reason_id,
            "created_by": lead.created_by,
            "updated_by": lead.updated_by,
            "created_at": lead.created_at,
            "updated_at": lead.updated_at,
            "closed_at": lead.closed_at,
            "closest_task_at": account.closest_task_at(lead.id),
            "is_deleted": lead.is_deleted,
            "custom_fields_values": account.shown_values("leads", lead.fields),
            "score": None,
            "account_id": account.id,
            "labor_cost": None,
            "is_price_computed": False,
            "_links": links.to("leads", lead.id),
            "_embedded": embedded,
        }


def element_metadata(element: LinkedElement) -> dict[str, Any]:
    """Return what a link to a product says about it; ``price_id`` only where it is not PRICE."""
    price = {} if element.price_id is None else {"price_id": element.price_id}
    return {"quantity": element.quantity, "catalog_id": element.catalog_id, **price}


def _elements(lead: Lead) -> Iterable[dict[str, Any]]:
    return ({"id": one.id, "metadata": element_metadata(one)} for one in lead.elements)


def _price(item: dict[str, Any]) -> Decimal | None:
    given = item.get("price")
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, (int, Decimal)):
        raise wrong_type("price", "a number")
    return Decimal(given)
