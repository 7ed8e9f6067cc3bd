"""From Kommo's leads, contacts, companies and list elements to the words of the domain."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from kommo_invoice.crm.kommo import fields
from kommo_invoice.domain.deal import Company, Contact, Deal, Product, Stage, StageKind
from kommo_invoice.errors import DealError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from kommo_invoice.crm.kommo.wire import (
        CompanyRow,
        ContactRow,
        Element,
        Lead,
        PipelineRow,
        ProductRef,
        StatusRow,
    )
    from kommo_invoice.domain.deal import CrmSetup

# In every pipeline, whatever people have renamed them to (Kommo sheet, section 4.11).
_CLOSED = {142: StageKind.WON, 143: StageKind.LOST}


@dataclass(frozen=True, slots=True)
class Around:
    """What was read around some leads, by Kommo's ids.

    Args:
        elements: By list and id; None where products were not asked for.
    """

    contacts: Mapping[int, ContactRow] = field(default_factory=dict)
    companies: Mapping[int, CompanyRow] = field(default_factory=dict)
    elements: Mapping[tuple[int, int], Element] | None = None


def stage(row: StatusRow, pipeline: PipelineRow) -> Stage:
    """Return a stage of a pipeline."""
    return Stage(str(row.id), row.name, str(pipeline.id), _CLOSED.get(row.id, StageKind.OPEN))


def main_contact(lead: Lead) -> int | None:
    """Return the id of the lead's main contact, else of its first one."""
    contacts = lead.embedded.contacts
    main = (each.id for each in contacts if each.is_main)
    return next(main, contacts[0].id if contacts else None)


def company_of(lead: Lead) -> int | None:
    """Return the id of the lead's company; a lead has one at most."""
    companies = lead.embedded.companies
    return companies[0].id if companies else None


class Assembler:
    """Makes deals of leads.

    Args:
        setup: The account's set-up.
        site: Where people see it: scheme and host.
    """

    def __init__(self, setup: CrmSetup, site: str) -> None:
        self._account = setup.account
        self._site = site
        self._zone = ZoneInfo(setup.account.timezone)
        self._pipelines = {each.id: each.name for each in setup.pipelines}
        self._stages = {
            (each.pipeline_id, each.id): each
            for pipeline in setup.pipelines
            for each in pipeline.stages
        }
        self._users = {each.id: each.name for each in setup.users}

    def deal(self, lead: Lead, around: Around, read_at: datetime) -> Deal:
        """Return the deal of a lead.

        Args:
            lead: As Kommo answered it.
            around: What was read around it; what is not in there is None or empty.
            read_at: When the lead was read (UTC).
        """
        at = self._stage(lead)
        user = str(lead.responsible_user_id) if lead.responsible_user_id else None
        return Deal(
            id=lead.id,
            name=lead.name,
            price=_price(lead),
            currency=self._account.currency,
            stage=at,
            pipeline=self._pipelines.get(at.pipeline_id, at.pipeline_id),
            responsible_id=user,
            responsible=self._users.get(user) if user else None,
            created_at=lead.created_at,
            updated_at=lead.updated_at,
            closed_at=lead.closed_at,
            url=f"{self._site}/leads/detail/{lead.id}",
            read_at=read_at,
            contact=self._contact(around.contacts.get(main_contact(lead) or 0)),
            company=self._company(around.companies.get(company_of(lead) or 0)),
            products=_products(lead, around.elements),
            fields=fields.read(lead.custom_fields_values, self._zone),
        )

    def _stage(self, lead: Lead) -> Stage:
        """Return where the lead stands; a stage made after the set-up was read has no name."""
        pipeline, status = str(lead.pipeline_id), str(lead.status_id)
        known = self._stages.get((pipeline, status))
        kind = _CLOSED.get(lead.status_id, StageKind.OPEN)
        return known or Stage(status, status, pipeline, kind)

    def _contact(self, row: ContactRow | None) -> Contact | None:
        if row is None:
            return None
        return Contact(
            id=str(row.id),
            name=row.name,
            first_name=row.first_name or None,
            last_name=row.last_name or None,
            email=fields.preferred(row.custom_fields_values, "EMAIL"),
            phone=fields.preferred(row.custom_fields_values, "PHONE"),
            fields=fields.read(row.custom_fields_values, self._zone),
        )

    def _company(self, row: CompanyRow | None) -> Company | None:
        if row is None:
            return None
        return Company(
            id=str(row.id),
            name=row.name,
            email=fields.preferred(row.custom_fields_values, "EMAIL"),
            phone=fields.preferred(row.custom_fields_values, "PHONE"),
            fields=fields.read(row.custom_fields_values, self._zone),
        )


def _price(lead: Lead) -> Decimal:
    exact = lead.price_with_minor_units
    return exact if exact is not None else lead.price or Decimal(0)


def _products(
    lead: Lead, elements: Mapping[tuple[int, int], Element] | None
) -> tuple[Product, ...]:
    if elements is None:
        return ()
    refs = lead.embedded.catalog_elements
    return tuple(
        _product(lead, ref, elements.get((ref.metadata.catalog_id, ref.id))) for ref in refs
    )


def _product(lead: Lead, ref: ProductRef, element: Element | None) -> Product:
    quantity = ref.metadata.quantity
    if element is None:
        # Linked, but gone from its list. Left out, the invoice would lack a line unnoticed;
        # without a name the line has no description, and that stops the deal.
        return Product(str(ref.id), "", quantity, Decimal(0))
    sku = _first(element, code="SKU")
    raw = _first(element, code="PRICE", field_id=ref.metadata.price_id)
    try:
        price = Decimal(str(raw)) if raw is not None else Decimal(0)
    except InvalidOperation:
        raise DealError(
            f"the price of its product {element.name!r} is no number", deal=lead.id
        ) from None
    return Product(str(ref.id), element.name, quantity, price, None if sku is None else str(sku))


def _first(element: Element, *, code: str, field_id: int | None = None) -> object:
    """Return the first value of the element's field with that id, else code; None if empty."""
    for row in element.custom_fields_values:
        asked = row.field_code == code if field_id is None else row.field_id == field_id
        if asked and row.values and row.values[0].get("value") not in (None, ""):
            return row.values[0]["value"]
    return None
