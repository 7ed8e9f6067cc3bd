"""What people do in a Kommo account's web interface, which is no API request."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypedDict

from kommo_invoice.sandbox import kommo_lists, kommo_people, kommo_setup
from kommo_invoice.sandbox.kommo_fields import (
    ADDRESS_PARTS,
    EMAIL_KINDS,
    PHONE_KINDS,
    CustomField,
    Option,
)
from kommo_invoice.sandbox.kommo_leads import FIRST_ID as FIRST_LEAD
from kommo_invoice.sandbox.kommo_state import (
    INCOMING,
    LOST,
    WON,
    Catalog,
    Element,
    Lead,
    LinkedElement,
    Person,
    Pipeline,
    Stage,
    User,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kommo_invoice.sandbox.kommo_account import Account
    from kommo_invoice.sandbox.kommo_fields import Values

FIRST_USER, FIRST_PIPELINE, FIRST_STAGE, FIRST_CATALOG = 11_001, 8_001, 58_001, 9_001
KINDS = {"EMAIL": EMAIL_KINDS, "PHONE": PHONE_KINDS}


class _Stamp(TypedDict):
    created_at: int
    updated_at: int
    created_by: int
    updated_by: int


class Desk:
    """The web interface of one account; fields, pipelines and stages go by name, code or id.

    Args:
        account: The account.
    """

    def __init__(self, account: Account) -> None:
        self.account = account

    def add_user(self, name: str, email: str, *, admin: bool = False) -> int:
        """Add a person who works in the account; the tokens belong to the first."""
        user = User(self.account.new_id("user", FIRST_USER), name, email, admin)
        self.account.users[user.id] = user
        return user.id

    def add_pipeline(self, name: str, stages: Sequence[str]) -> int:
        """Add a pipeline; Kommo puts incoming leads before its stages, and won and lost after."""
        account = self.account
        names = [("Incoming leads", INCOMING), *((stage, 0) for stage in stages)]
        made = [
            Stage(account.new_id("stage", FIRST_STAGE), stage, 10 * index, kind)
            for index, (stage, kind) in enumerate(names, start=1)
        ]
        closed = [Stage(WON, "Closed - won", 10_000), Stage(LOST, "Closed - lost", 11_000)]
        number = len(account.pipelines) + 1
        pipeline = Pipeline(
            account.new_id("pipeline", FIRST_PIPELINE),
            name,
            number,
            number == 1,
            (*made, *closed),
        )
        account.pipelines[pipeline.id] = pipeline
        return pipeline.id

    def add_field(
        self, entity: str, name: str, kind: str, *, code: str | None = None,
        options: Sequence[str] = (), currency: str | None = None, predefined: bool = False,
    ) -> int:  # fmt: skip
        """Add a custom field.

        Args:
            entity: ``leads``, ``contacts``, ``companies`` or ``catalogs/<id>``.
            name: Its name.
            kind: Kommo's type (sheet, section 4.6).
            code: Its code.
            options: The texts of a choice; e-mail, phone and address bring their own.
            currency: Of a monetary field.
            predefined: True for the fields that Kommo makes itself.
        """
        account = self.account
        codes = ADDRESS_PARTS if kind == "smart_address" else KINDS.get(code or "", ())
        if kind == "multitext" and not codes:
            codes = EMAIL_KINDS
        made: list[tuple[str, str | None]] = [(text, text) for text in codes]
        made = made or [(text, None) for text in options]
        field = CustomField(
            id=account.new_id("field", kommo_setup.FIRST_FIELD),
            entity=entity,
            name=name,
            type=kind,
            code=code,
            options=tuple(
                Option(account.new_id("option", kommo_setup.FIRST_OPTION), text, known, index)
                for index, (text, known) in enumerate(made, start=1)
            ),
            currency=currency,
            is_predefined=predefined,
        )
        account.fields[entity][field.id] = field
        return field.id

    def add_company(self, name: str, fields: Mapping[str, Any] | None = None) -> int:
        """Add a company; ``fields`` by name or code."""
        return self._add_person("companies", name, fields or {}, {}).id

    def add_contact(
        self,
        name: str,
        *,
        email: str | None = None,
        phone: str | None = None,
        company: int | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> int:
        """Add a contact; further e-mails can be given as a list in ``fields``."""
        given = {"EMAIL": email, "PHONE": phone, **(fields or {})}
        first, _, last = name.partition(" ")
        more = {"first_name": first, "last_name": last, "company_id": company}
        return self._add_person("contacts", name, given, more).id

    def add_catalog(self, name: str, kind: str = "regular") -> int:
        """Add a list; ``products`` comes with SKU and price fields."""
        account = self.account
        catalog = Catalog(account.new_id("catalog", FIRST_CATALOG), name, kind, account.time())
        account.catalogs[catalog.id] = catalog
        if kind == "products":
            entity = f"catalogs/{catalog.id}"
            self.add_field(entity, "SKU", "text", code="SKU", predefined=True)
            self.add_field(entity, "Description", "textarea", code="DESCRIPTION", predefined=True)
            self.add_field(entity, "Price", "price", code="PRICE", predefined=True)
        return catalog.id

    def add_product(
        self,
        name: str,
        price: Decimal | str,
        *,
        sku: str | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> int:
        """Add an element to the products list."""
        account = self.account
        catalog_id = next(one.id for one in account.catalogs.values() if one.type == "products")
        given = {"PRICE": price, "SKU": sku, **(fields or {})}
        element = Element(
            id=account.new_id("element", kommo_lists.FIRST_ELEMENT),
            catalog_id=catalog_id,
            name=name,
            fields=self._values(f"catalogs/{catalog_id}", {}, given),
            **self._stamp(),
        )
        return account.elements.put(element).id

    def add_lead(
        self, name: str, price: Decimal | int | str = 0, *, pipeline: str | int | None = None,
        stage: str | int | None = None, contact: int | None = None, company: int | None = None,
        products: Mapping[int, Decimal | int | str] | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> int:  # fmt: skip
        """Add a lead.

        Args:
            name: Its name.
            price: In major units of the account's currency.
            pipeline: By default the main one.
            stage: By default the first of the pipeline.
            contact: Id of the main contact.
            company: Id of the company.
            products: Element id -> quantity.
            fields: Name or code -> plain value (text, number, date, bool).
        """
        account = self.account
        with account.world.lock:
            pipeline_id, status_id = self.stage(stage, pipeline)
            lead = Lead(
                id=account.new_id("lead", FIRST_LEAD),
                name=name,
                price=Decimal(price),
                pipeline_id=pipeline_id,
                status_id=status_id,
                responsible_user_id=account.token_user,
                company_id=company,
                contacts=() if contact is None else (contact,),
                main_contact_id=contact,
                elements=tuple(
                    self._product(element, quantity)
                    for element, quantity in (products or {}).items()
                ),
                fields=self._values("leads", {}, fields or {}),
                **self._stamp(),
            )
            return account.put_lead(lead).id

    def lead(self, lead_id: int) -> Lead:
        """Return a lead as it is now."""
        lead = self.account.leads.get(lead_id)
        if lead is None:
            raise KeyError(f"no lead {lead_id}")
        return lead

    def stage(self, stage: str | int | None, pipeline: str | int | None = None) -> tuple[int, int]:
        """Return a stage as (pipeline id, stage id); by default the first ones."""
        account = self.account
        found = next(
            one
            for one in account.pipelines.values()
            if pipeline in {one.id, one.name} or (pipeline is None and one.is_main)
        )
        for one in found.stages:
            if stage in {one.id, one.name} or (stage is None and one.type != INCOMING):
                return found.id, one.id
        raise KeyError(f"no stage {stage!r} in {found.name}")

    def move_lead(self, lead_id: int, stage: str | int, pipeline: str | int | None = None) -> None:
        """Move a lead to a stage, by default of the pipeline in which it stands."""
        lead = self.lead(lead_id)
        pipeline_id, status_id = self.stage(stage, pipeline or lead.pipeline_id)
        self._edit(lead, pipeline_id=pipeline_id, status_id=status_id)

    def edit_lead(
        self, lead_id: int, *, fields: Mapping[str, Any] | None = None, **changes: Any
    ) -> None:
        """Change a lead: its custom fields (None clears one), its ``name``, ``price`` and so on."""
        lead = self.lead(lead_id)
        if "price" in changes:
            changes["price"] = Decimal(changes["price"])
        self._edit(lead, fields=self._values("leads", lead.fields, fields or {}), **changes)

    def delete_lead(self, lead_id: int) -> None:
        """Throw a lead away: lists no longer show it."""
        self._edit(self.lead(lead_id), is_deleted=True)

    def link_product(
        self, lead_id: int, element: int, quantity: Decimal | str, price_field: str | None = None
    ) -> None:
        """Add a product to a lead, at the price in another field than PRICE if one is named."""
        lead = self.lead(lead_id)
        linked = self._product(element, quantity)
        if price_field is not None:
            entity = f"catalogs/{linked.catalog_id}"
            price_id = self.account.field_named(entity, price_field).id
            linked = replace(linked, price_id=price_id)
        self._edit(lead, elements=(*lead.elements, linked))

    def link_contact(self, lead_id: int, contact: int) -> None:
        """Add a contact that is not the main one; it comes first in every answer."""
        lead = self.lead(lead_id)
        self._edit(lead, contacts=(contact, *lead.contacts))

    def _edit(self, lead: Lead, **changes: Any) -> None:
        account = self.account
        with account.world.lock:
            now = max(account.time(), lead.updated_at)
            account.put_lead(replace(lead, updated_at=now, **changes))

    def _add_person(
        self, kind: str, name: str, given: Mapping[str, Any], more: Mapping[str, Any]
    ) -> Person:
        account = self.account
        with account.world.lock:
            person = Person(
                id=account.new_id("person", kommo_people.FIRST_ID),
                name=name,
                responsible_user_id=account.token_user,
                fields=self._values(kind, {}, given),
                **more,
                **self._stamp(),
            )
            return account.people[kind].put(person)

    def _product(self, element_id: int, quantity: Decimal | int | str) -> LinkedElement:
        element = self.account.elements.get(element_id)
        if element is None:
            raise KeyError(f"no product {element_id}")
        return LinkedElement(element.id, element.catalog_id, Decimal(quantity))

    def _stamp(self) -> _Stamp:
        now, user = self.account.time(), self.account.token_user
        return {"created_at": now, "updated_at": now, "created_by": user, "updated_by": user}

    def _values(
        self, entity: str, kept: Mapping[int, Values], given: Mapping[str, Any]
    ) -> dict[int, Values]:
        written = []
        for name, value in given.items():
            field = self.account.field_named(entity, name)
            items = value if isinstance(value, list) else [value]
            values = None if value is None else [self._wire(one) for one in items]
            written.append({"field_id": field.id, "values": values})
        return self.account.values(entity, kept, {"custom_fields_values": written})

    def _wire(self, value: Any) -> dict[str, Any]:
        """Return a plain value as the API takes it; a dict is such a value already."""
        match value:
            case dict():
                return value
            case datetime():
                return {"value": int(value.timestamp())}
            case date():
                noon = datetime.combine(value, time(12), self.account.zone)
                return {"value": int(noon.timestamp())}
            case _:
                return {"value": value}
