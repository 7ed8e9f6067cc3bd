"""A German consultancy with Kommo and Zoho Books: firms and private people in six countries."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kommo_invoice.sandbox.ground import PIPELINE, Furnished, Ground
from kommo_invoice.sandbox.kommo import Kommo
from kommo_invoice.sandbox.kommo_seed import set_up
from kommo_invoice.sandbox.zoho import CONSULTANCY, ZohoSimulator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommo_invoice.sandbox.world import World

_WON = "Closed - won"

_SHAPES: Mapping[str, str] = {
    "Warehouse rollout": "Germany; hours and days as products; known to Zoho",
    "Hotel audit": "Austria, with a VAT number: reverse charge",
    "Data strategy": "France, with a VAT number: reverse charge",
    "Sales course": "a private person in France: French VAT",
    "Course for three": "a private person in the Netherlands: Dutch VAT",
    "Pricing review": "Switzerland; francs, no tax",
    "Market entry": "United States; dollars, no tax",
    "Catalogue relaunch": "Germany; a supplier in Zoho has the client's name",
    "Site visit": "Poland: a country that the mapping does not know",
}


class _Client(NamedTuple):
    """A client in Kommo; without a company it is a private person."""

    person: str
    email: str
    country: str
    company: str = ""
    vat: str = ""
    address: str = ""


_HANSE = _Client(
    *("Ida Voss", "ida@hansekontor.example", "DE"),
    *("Hansekontor GmbH", "DE136695976", "Brook 5, 20457 Hamburg"),
)
_ALPS = _Client(
    *("Resi Moser", "resi@alpenblick.example", "Austria"),
    *("Alpenblick Hotels GmbH", "ATU13585627", "Seestraße 8, 6020 Innsbruck"),
)
_SANTE = _Client(
    *("Luc Faure", "luc@lumiere.example", "France"),
    *("Lumière Santé SAS", "FR40303265045", "12 rue des Lilas, 69003 Lyon"),
)
_ELISE = _Client("Élise Martin", "elise@martin.example", "FR")
_DAAN = _Client("Daan de Vries", "daan@devries.example", "NL")
_BERG = _Client(
    *("Urs Frei", "urs@bergwerk.example", "Switzerland"),
    *("Bergwerk AG", "CHE-116.281.710 MWST", "Hafenstrasse 3, 4057 Basel"),
)
_PRAIRIE = _Client(
    *("Ann Cole", "ann@prairietools.example", "US", "Prairie Tools Inc"),
    address="400 Mill Road, Omaha, NE 68102",
)
_FISCHER = _Client(
    *("Jan Fischer", "jan@fischerdruck.example", "DE", "Fischer Druck"),
    address="Ringstraße 40, 50996 Köln",
)
_VISTULA = _Client(
    *("Ewa Nowak", "ewa@vistula.example", "PL"),
    *("Vistula Logistyka", "PL5260001246", "ul. Morska 2, 81-225 Gdynia"),
)


def _furnish(world: World) -> Furnished:
    kommo = Kommo(world, subdomain="nordlicht", currency="EUR", timezone="Europe/Berlin")
    kommo.account.name, kommo.account.country = "Nordlicht Consulting", "DE"
    kommo.add_user("Greta Lund", "greta@nordlicht.example", admin=True)
    kommo.add_user("Paul Brandt", "paul@nordlicht.example")
    set_up(kommo, currencies=("EUR", "CHF", "USD"))
    zoho = ZohoSimulator(world)
    organization = zoho.seed()
    zoho.add_item("Online course", "249", sku="COUR")
    zoho.add_customer(_HANSE.company, _HANSE.email, vat_reg_no=_HANSE.vat, country_code="DE")
    return Furnished(kommo, zoho, organization, str(CONSULTANCY["token"]), _won(kommo))


def _won(kommo: Kommo) -> dict[str, int]:
    """Add the deals, won."""
    hour = kommo.add_product("Consulting, one hour", "150.00", sku="CONS")
    day = kommo.add_product("Workshop, one day", "1200.00", sku="WORK")
    course = kommo.add_product("Online course, one seat", "249.00", sku="COUR")
    deals: dict[str, int] = {}
    for name, price, client, products, fields in (
        ("Warehouse rollout", "4087.50", _HANSE, {day: "2.5", hour: "7.25"}, {}),
        ("Hotel audit", "4200", _ALPS, {}, {}),
        ("Data strategy", "6850.40", _SANTE, {}, {}),
        ("Sales course", "249", _ELISE, {course: "1"}, {}),
        ("Course for three", "747", _DAAN, {course: "3"}, {}),
        ("Pricing review", "5200", _BERG, {}, {"Currency": "CHF"}),
        ("Market entry", "9800", _PRAIRIE, {}, {"Currency": "USD"}),
        ("Catalogue relaunch", "1990", _FISCHER, {}, {}),
        ("Site visit", "900", _VISTULA, {}, {}),
    ):
        person, company = _added(kommo, client)
        deals[name] = kommo.add_lead(
            name, price, contact=person, company=company, products=products, fields=fields
        )
        kommo.move_lead(deals[name], _WON, PIPELINE)
    return deals


def _added(kommo: Kommo, client: _Client) -> tuple[int, int | None]:
    """Add a client and return its contact and its company, if it has one."""
    given = {"VAT ID": client.vat or None, "ADDRESS": client.address or None}
    company = kommo.add_company(client.company, given) if client.company else None
    person = kommo.add_contact(
        client.person, email=client.email, company=company, fields={"Country": client.country}
    )
    return person, company


GROUND = Ground(
    firm="a German consultancy",
    books="Zoho Books",
    mapping="european.toml",
    where={"region": "eu"},
    create="POST /invoices$",
    stage=_WON,
    shapes=_SHAPES,
    furnish=_furnish,
)
