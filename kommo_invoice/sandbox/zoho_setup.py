"""How a Zoho organisation gets what it works with: taxes, currencies, items, fields, vendors."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox.zoho_contacts import create_contact
from kommo_invoice.sandbox.zoho_money import ZERO
from kommo_invoice.sandbox.zoho_settings import SYMBOLS, create_field, create_item
from kommo_invoice.sandbox.zoho_state import Organization, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from kommo_invoice.sandbox.world import World
    from kommo_invoice.sandbox.zoho_state import ZohoState

Number = Decimal | int | str


class ZohoSetup:
    """What is set up in the organisations before the first invoice.

    Every method means the first organisation unless told otherwise.

    Args:
        world: The ground.
        state: The organisations.
    """

    def __init__(self, world: World, state: ZohoState) -> None:
        self.world = world
        self.state = state

    def add_organization(
        self, name: str, *, currencies: Mapping[str, Number] | None = None, **settings: Any
    ) -> str:
        """Add an organisation with its currencies, without taxes, and return its id.

        Args:
            name: Its name.
            currencies: Foreign currency -> what one unit of it is worth in the base currency;
                0 where nobody has said so yet.
            settings: Any other field of ``zoho_state.Settings``.
        """
        with self.world.lock:
            number = len(self.state.organizations) + 1
            whole = Settings(name=name, **settings)
            owner = Organization(self.world, self.state.rules, number, whole)
            self.state.organizations[owner.id] = owner
            for code, rate in {whole.currency: 1, **(currencies or {})}.items():
                self._add_currency(owner, code, Decimal(rate))
            return owner.id

    def change_organization(self, organization: str | None = None, **settings: Any) -> None:
        """Change how an organisation is set up (``requests_per_day=5000``)."""
        with self.world.lock:
            owner = self.state.organization(organization)
            names = Settings.__dataclass_fields__
            before = {name: getattr(owner.settings, name) for name in names}
            owner.settings = Settings(**{**before, **settings})

    def add_tax(
        self,
        name: str,
        percent: Number = 0,
        *,
        members: Sequence[str] = (),
        organization: str | None = None,
        active: bool = True,
        **more: Any,
    ) -> str:
        """Add a tax and return its id.

        Args:
            name: Its name.
            percent: Its rate; a group's is the sum of its members'.
            members: The names of the taxes that make a group.
            organization: Whose it is.
            active: False hides it.
            more: Further properties as on the wire (``tax_type="compound_tax"``,
                ``tax_specific_type="igst"``).
        """
        with self.world.lock:
            owner = self.state.organization(organization)
            ids = [self.tax_id(member, organization) for member in members]
            parts = (owner.table("tax").find(each) for each in ids)
            sums = sum((each.data["tax_percentage"] for each in parts if each is not None), ZERO)
            data = {
                "tax_name": name,
                "tax_percentage": sums if members else Decimal(percent),
                "tax_type": "tax_group" if members else "tax",
                "tax_specific_type": "",
                "tax_authority_id": "",
                "is_default_tax": False,
                "is_value_added": owner.settings.edition in {"eu", "uk", "gcc"},
                "is_editable": True,
                "is_active": active,
                "members": ids,
                **more,
            }
            return owner.add("tax", data, at=owner.now()).id

    def add_item(
        self,
        name: str,
        rate: Number = 0,
        *,
        tax: str = "",
        active: bool = True,
        organization: str | None = None,
        **more: Any,
    ) -> str:
        """Add an item and return its id.

        Args:
            name: Its name.
            rate: Its usual price.
            tax: The name of the tax that it brings.
            active: False lets no invoice have it.
            organization: Whose it is.
            more: Further properties as on the wire (``sku``).
        """
        with self.world.lock:
            owner = self.state.organization(organization)
            body = {"name": name, "rate": Decimal(rate), **more}
            if tax:
                body["tax_id"] = self.tax_id(tax, organization)
            item = create_item(owner, body, at=owner.now())
            if not active:
                off = owner.change(item, {"status": "inactive"}, touched=False)
                owner.table("item").settle(off)
            return item.id

    def add_field(
        self,
        label: str,
        *,
        entity: str = "invoice",
        unique: bool = False,
        organization: str | None = None,
        **more: Any,
    ) -> str:
        """Add a custom field and return its id.

        Args:
            label: Its name.
            entity: ``invoice`` or ``contact``.
            unique: Whether a value can be used once only.
            organization: Whose it is.
            more: Further properties as on the wire (``is_mandatory=True``).
        """
        with self.world.lock:
            owner = self.state.organization(organization)
            body = {
                "label": label,
                "entity": entity,
                "data_type": "string",
                "show_on_pdf": False,
                **more,
            }
            return create_field(owner, body, unique=unique, at=owner.now()).id

    def add_tax_authority(self, name: str, *, organization: str | None = None) -> str:
        """Add a tax authority, as the US edition has them, and return its id."""
        data = {"tax_authority_name": name, "description": "", "registration_number": ""}
        with self.world.lock:
            owner = self.state.organization(organization)
            return owner.add("tax_authority", data, at=owner.now()).id

    def add_tax_exemption(
        self, code: str, kind: str = "customer", *, organization: str | None = None
    ) -> str:
        """Add an exemption of customers or items, as the US edition has them; return its id."""
        data = {"tax_exemption_code": code, "description": "", "type": kind}
        with self.world.lock:
            owner = self.state.organization(organization)
            return owner.add("tax_exemption", data, at=owner.now()).id

    def add_vendor(self, name: str, *, organization: str | None = None) -> str:
        """Add a vendor, who takes a name from customers."""
        return self.add_contact(name, organization=organization, contact_type="vendor")

    def add_contact(
        self,
        name: str,
        *,
        organization: str | None = None,
        created_at: datetime | None = None,
        **more: Any,
    ) -> str:
        """Add a contact with properties as on the wire, and return its id."""
        with self.world.lock:
            owner = self.state.organization(organization)
            body = {"contact_name": name, **more}
            return create_contact(owner, body, at=created_at or owner.now()).id

    def tax_id(self, name: str, organization: str | None = None) -> str:
        """Return a tax's id by its name.

        Raises:
            KeyError: There is none.
        """
        return self._named("tax", "tax_name", name, organization)

    def item_id(self, name: str, organization: str | None = None) -> str:
        """Return an item's id by its name.

        Raises:
            KeyError: There is none.
        """
        return self._named("item", "name", name, organization)

    def currency_id(self, code: str, organization: str | None = None) -> str:
        """Return a currency's id by its ISO code.

        Raises:
            KeyError: There is none.
        """
        return self._named("currency", "currency_code", code, organization)

    def _named(self, kind: str, key: str, name: str, organization: str | None) -> str:
        for record in self.state.organization(organization).table(kind).all():
            if record.data[key] == name:
                return record.id
        raise KeyError(name)

    @staticmethod
    def _add_currency(owner: Organization, code: str, rate: Decimal) -> None:
        is_base = code == owner.settings.currency
        data = {
            "currency_code": code,
            "currency_name": code,
            "currency_symbol": SYMBOLS.get(code, code),
            "price_precision": owner.places(code),
            "currency_format": "1,234,567.89",
            "is_base_currency": is_base,
            "exchange_rate": ZERO if is_base else rate,
            "effective_date": "",
            "auto_exchange_rate_enabled": False,
        }
        owner.add("currency", data, at=owner.now())
