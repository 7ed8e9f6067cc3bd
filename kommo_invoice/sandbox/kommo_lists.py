"""Kommo's lists with their elements, and the links of leads (sheet, sections 4.3 and 4.10)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.kommo_answers import (
    Stop,
    hal,
    missing,
    nothing,
    page_of,
    problem,
    unsupported,
    written,
    wrong_type,
)
from kommo_invoice.sandbox.kommo_gate import needed, typed, write_all
from kommo_invoice.sandbox.kommo_leads import element_metadata
from kommo_invoice.sandbox.kommo_state import Catalog, Element, Lead, LinkedElement

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.routing import Route

    from kommo_invoice.sandbox.kommo_account import Account
    from kommo_invoice.sandbox.kommo_answers import Links
    from kommo_invoice.sandbox.kommo_gate import Call, Gate

FIRST_ELEMENT = 123_001


class ListsApi:
    """``/api/v4/catalogs`` and the elements below it.

    Args:
        account: The account.
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    def routes(self, gate: Gate) -> list[Route]:
        """Return the routes of lists."""
        root = "/api/v4/catalogs"
        return [
            gate.route(root, self.many),
            gate.route(f"{root}/{{catalog:int}}", self.one),
            gate.route(f"{root}/{{catalog:int}}/elements", self.elements),
            gate.route(f"{root}/{{catalog:int}}/elements", self.create_elements, "POST"),
            gate.route(f"{root}/{{catalog:int}}/elements/{{id:int}}", self.element),
        ]

    def many(self, call: Call) -> Response:
        """Answer a page of lists; they cannot be filtered by type."""
        rows = list(self._account.catalogs.values())
        return page_of(
            call.request, call.query, "catalogs", rows, lambda one: self._shown(one, call.links)
        )

    def one(self, call: Call) -> Response:
        """Answer one list."""
        catalog = self._account.catalogs.get(call.number("catalog"))
        return hal(self._shown(catalog, call.links)) if catalog else nothing()

    def elements(self, call: Call) -> Response:
        """Answer a page of a list's elements."""
        query = call.query
        catalog_id = call.number("catalog")
        rows = [
            element
            for element in self._account.elements.listed(query.numbers("id"))
            if element.catalog_id == catalog_id and query.text.casefold() in element.name.casefold()
        ]
        return page_of(
            call.request, query, "elements", rows, lambda one: self._element(one, call.links)
        )

    def element(self, call: Call) -> Response:
        """Answer one element of a list."""
        element = self._account.elements.get(call.number("id"))
        if element is None or element.catalog_id != call.number("catalog"):
            return nothing()
        return hal(self._element(element, call.links))

    def create_elements(self, call: Call) -> Response:
        """Create elements of a list."""
        catalog_id = call.number("catalog")
        if catalog_id not in self._account.catalogs:
            raise Stop(problem(404, "There is no such list"))
        rows = []
        for request_id, element in write_all(call.body, lambda item: self._new(catalog_id, item)):
            self._account.elements.put(element)
            rows.append(self._element(element, call.links) | {"request_id": request_id})
        return written(call.links, "elements", rows)

    def _new(self, catalog_id: int, item: dict[str, Any]) -> Element:
        account = self._account
        now = account.time()
        return Element(
            id=account.new_id("element", FIRST_ELEMENT),
            catalog_id=catalog_id,
            name=needed(item, "name", str, "a text"),
            created_at=now,
            updated_at=now,
            created_by=account.token_user,
            updated_by=account.token_user,
            fields=account.values(f"catalogs/{catalog_id}", {}, item),
        )

    def _shown(self, catalog: Catalog, links: Links) -> dict[str, Any]:
        return {
            "id": catalog.id,
            "name": catalog.name,
            "created_by": self._account.token_user,
            "updated_by": self._account.token_user,
            "created_at": catalog.created_at,
            "updated_at": catalog.created_at,
            "sort": 10,
            "type": catalog.type,
            "can_add_elements": True,
            "can_show_in_cards": False,
            "can_link_multiple": True,
            "can_be_deleted": catalog.type == "regular",
            "sdk_widget_code": None,
            "account_id": self._account.id,
            "_links": links.to("catalogs", catalog.id),
        }

    def _element(self, element: Element, links: Links) -> dict[str, Any]:
        entity = f"catalogs/{element.catalog_id}"
        return {
            "id": element.id,
            "name": element.name,
            "created_by": element.created_by,
            "updated_by": element.updated_by,
            "created_at": element.created_at,
            "updated_at": element.updated_at,
            "is_deleted": None,
            "custom_fields_values": self._account.shown_values(entity, element.fields),
            "catalog_id": element.catalog_id,
            "account_id": self._account.id,
            "_links": links.to(entity, "elements", element.id),
        }


class LinksApi:
    """The links of leads to contacts, companies and products.

    Args:
        account: The account.
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    def routes(self, gate: Gate) -> list[Route]:
        """Return the routes of links."""
        return [
            gate.route("/api/v4/leads/links", self.many),
            gate.route("/api/v4/leads/{id:int}/links", self.of_lead),
            gate.route("/api/v4/leads/{id:int}/link", self.link, "POST"),
            gate.route("/api/v4/leads/{id:int}/unlink", self.unlink, "POST"),
        ]

    def many(self, call: Call) -> Response:
        """Answer the links of several leads, which are filtered by ``entity_id``."""
        leads = self._account.leads.listed(call.query.numbers("entity_id") or set())
        rows = [
            {"entity_id": lead.id, "entity_type": "leads", **link}
            for lead in leads
            for link in _links(lead)
        ]
        here = {"self": {"href": call.links.root.removesuffix("/api/v4") + call.links.path}}
        return hal({"_links": here, "_embedded": {"links": rows}}) if rows else nothing()

    def of_lead(self, call: Call) -> Response:
        """Answer the links of one lead."""
        lead = self._account.leads.get(call.number("id"))
        if lead is None:
            return nothing()
        where = call.links.to("leads", lead.id, "links")
        return hal({"_links": where, "_embedded": {"links": _links(lead)}})

    def link(self, call: Call) -> Response:
        """Link a lead; a pair that is already linked answers 500 (section 4.10)."""
        lead = self._lead(call)
        changes = [change for _, change in write_all(call.body, self._target)]
        for kind, target_id, metadata in changes:
            if any(
                (link["to_entity_type"], link["to_entity_id"]) == (kind, target_id)
                for link in _links(lead)
            ):
                raise Stop(problem(500, "Something went wrong"))
            lead = _linked(lead, kind, target_id, metadata)
        self._account.put_lead(lead)
        rows = [
            {"entity_id": lead.id, "entity_type": "leads", **link}
            for link in _links(lead)
            if any(link["to_entity_id"] == target_id for _, target_id, _ in changes)
        ]
        where = call.links.to("leads", lead.id, "links")
        return hal({"_total_items": len(rows), "_links": where, "_embedded": {"links": rows}})

    def unlink(self, call: Call) -> Response:
        """Take links from a lead."""
        lead = self._lead(call)
        for _, (kind, target_id, _) in write_all(call.body, self._target):
            lead = _unlinked(lead, kind, target_id)
        self._account.put_lead(lead)
        return nothing()

    def _lead(self, call: Call) -> Lead:
        lead = self._account.leads.get(call.number("id"))
        if lead is None:
            raise Stop(problem(404, "There is no such lead"))
        return replace(lead, updated_at=max(self._account.time(), lead.updated_at))

    def _target(self, item: dict[str, Any]) -> tuple[str, int, dict[str, Any]]:
        account = self._account
        target_id = needed(item, "to_entity_id", int, "a number")
        kind = needed(item, "to_entity_type", str, "a text")
        metadata = typed(item, "metadata", dict, "an object") or {}
        if kind == "catalog_elements":
            element = account.elements.get(target_id)
            catalog_id = metadata.get("catalog_id")
            if catalog_id is None:
                raise missing("metadata.catalog_id")
            if element is None or element.catalog_id != catalog_id:
                raise unsupported("to_entity_id")
            price_id = metadata.get("price_id")
            if price_id is not None and price_id not in account.fields[f"catalogs/{catalog_id}"]:
                raise unsupported("metadata.price_id")
            if not isinstance(metadata.get("quantity", 1), (int, Decimal)):
                raise wrong_type("metadata.quantity", "a number")
        elif kind not in account.people:
            raise unsupported("to_entity_type")
        elif account.people[kind].get(target_id) is None:
            raise unsupported("to_entity_id")
        return kind, target_id, metadata


def _links(lead: Lead) -> list[dict[str, Any]]:
    links = [
        {
            "to_entity_id": element.id,
            "to_entity_type": "catalog_elements",
            "metadata": element_metadata(element),
        }
        for element in lead.elements
    ]
    links += [
        {
            "to_entity_id": contact_id,
            "to_entity_type": "contacts",
            "metadata": {"main_contact": contact_id == lead.main_contact_id},
        }
        for contact_id in lead.contacts
    ]
    if lead.company_id is not None:
        links.append(
            {"to_entity_id": lead.company_id, "to_entity_type": "companies", "metadata": None}
        )
    return links


def _linked(lead: Lead, kind: str, target_id: int, metadata: dict[str, Any]) -> Lead:
    match kind:
        case "contacts":
            main = target_id if metadata.get("is_main") else lead.main_contact_id
            return replace(
                lead, contacts=(*lead.contacts, target_id), main_contact_id=main or target_id
            )
        case "companies":
            return replace(lead, company_id=target_id)
        case _:
            element = LinkedElement(
                target_id,
                metadata["catalog_id"],
                Decimal(metadata.get("quantity", 1)),
                metadata.get("price_id"),
            )
            return replace(lead, elements=(*lead.elements, element))


def _unlinked(lead: Lead, kind: str, target_id: int) -> Lead:
    match kind:
        case "contacts":
            left = tuple(contact for contact in lead.contacts if contact != target_id)
            main = lead.main_contact_id if lead.main_contact_id in left else None
            return replace(lead, contacts=left, main_contact_id=main or (left[0] if left else None))
        case "companies":
            return replace(
                lead, company_id=None if lead.company_id == target_id else lead.company_id
            )
        case _:
            return replace(
                lead, elements=tuple(one for one in lead.elements if one.id != target_id)
            )
