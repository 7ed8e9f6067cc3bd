"""A digital agency's Kommo account, ready for the example mapping."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from kommo_invoice.sandbox.kommo import Kommo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommo_invoice.sandbox.world import World

SALES = ("New", "Issue Invoice", "Invoice Sent", "Payment Received")
RETAINERS = ("Retainer Active", "Paused", "Completed")
STATUSES = (
    "draft", "approved", "sent", "viewed", "partial", "paid", "overpaid", "overdue", "credited",
    "void", "deleted",
)  # fmt: skip
LINES = range(1, 6)
LEAD_FIELDS = (
    ("Invoice ID", "text"),
    ("Invoice number", "text"),
    ("Invoice link", "url"),
    ("Paid amount", "numeric"),
    ("Paid on", "date"),
    ("Due Date", "date"),
    ("Discount %", "numeric"),
    ("PO", "text"),
    ("Terms", "text"),
    ("Copy to", "text"),
    ("Start", "date"),
    ("End", "date"),
)
CURRENCIES = ("EUR", "USD", "GBP", "AUD")
INTERVALS = ("monthly", "quarterly", "yearly")


@dataclass(frozen=True, slots=True)
class Agency:
    """The ids of what stands in the agency's account.

    Args:
        users: The owner, whom the token belongs to, and a colleague.
        companies: By name.
        contacts: By e-mail.
        products: By SKU.
        leads: By name; all stand in "New" or "Retainer Active".
    """

    users: tuple[int, int]
    companies: dict[str, int]
    contacts: dict[str, int]
    products: dict[str, int]
    leads: dict[str, int]


def empty_agency(world: World) -> Kommo:
    """Return the agency's account as it was set up: people, pipelines and fields, no deals."""
    kommo = Kommo(world)
    kommo.add_user("Mara Lind", "mara@agency.example", admin=True)
    kommo.add_user("Tom Reyes", "tom@agency.example")
    set_up(kommo)
    return kommo


def set_up(kommo: Kommo, currencies: Sequence[str] = CURRENCIES) -> None:
    """Give an account its pipelines, fields and product list.

    Args:
        kommo: The account.
        currencies: What a deal's field "Currency" offers.
    """
    kommo.add_pipeline("Sales", SALES)
    kommo.add_pipeline("Retainers", RETAINERS)
    for name, kind in LEAD_FIELDS:
        kommo.add_field("leads", name, kind)
    choices = {"Payment status": STATUSES, "Currency": currencies, "Interval": INTERVALS}
    for name, options in choices.items():
        kommo.add_field("leads", name, "select", options=options)
    for n in LINES:
        kommo.add_field("leads", f"Item {n}", "text")
        kommo.add_field("leads", f"Qty {n}", "numeric")
        kommo.add_field("leads", f"Price {n}", "numeric")
    for entity in ("contacts", "companies"):
        kommo.add_field(entity, "Phone", "multitext", code="PHONE", predefined=True)
        kommo.add_field(entity, "Email", "multitext", code="EMAIL", predefined=True)
    kommo.add_field("contacts", "Country", "text")
    kommo.add_field("companies", "Web", "url", code="WEB", predefined=True)
    kommo.add_field("companies", "Address", "textarea", code="ADDRESS", predefined=True)
    kommo.add_field("companies", "VAT ID", "text")
    kommo.add_field("companies", "Books customer", "text")
    catalog = kommo.add_catalog("Products", "products")
    kommo.add_field(f"catalogs/{catalog}", "Partner price", "price")


def agency(world: World) -> tuple[Kommo, Agency]:
    """Return the agency's account with a handful of clients, products and deals."""
    kommo = empty_agency(world)
    today = world.now().astimezone(kommo.account.zone).date()
    north = kommo.add_company("Northwind GmbH", {"VAT ID": "DE811907980"})
    bright = kommo.add_company("Bright & Co Ltd")
    jo = kommo.add_contact(
        "Jo Day", email="jo@northwind.example", phone="+49 30 5550101", company=north,
        fields={"Country": "DE"},
    )  # fmt: skip
    amy = kommo.add_contact(
        "Amy Stone", email="Amy.Stone@bright.example", company=bright,
        fields={"Country": "United Kingdom"},
    )  # fmt: skip
    lee = kommo.add_contact("Lee Park", email="lee@park.example", fields={"Country": "AU"})
    design = kommo.add_product("Web design", "1200.00", sku="WEB")
    hosting = kommo.add_product("Hosting, one month", "29.90", sku="HOST")
    leads = {
        "Website relaunch": kommo.add_lead(
            "Website relaunch", "1200.50", contact=jo, company=north,
            fields={"PO": "4711", "Due Date": today + timedelta(days=14)},
        ),
        "Online shop": kommo.add_lead(
            "Online shop", "1289.70", contact=amy, company=bright,
            products={design: 1, hosting: 3}, fields={"Currency": "GBP"},
        ),
        "Brand workshop": kommo.add_lead(
            "Brand workshop", 900, contact=lee, fields={
                "Item 1": "Workshop day", "Qty 1": "2", "Price 1": "400",
                "Item 2": "Report", "Price 2": "100", "Discount %": "5",
            },
        ),
        "Care plan": kommo.add_lead(
            "Care plan", 450, pipeline="Retainers", contact=jo, company=north,
            fields={"Interval": "monthly", "Start": today.replace(day=1)},
        ),
    }  # fmt: skip
    users = tuple(kommo.account.users)
    return kommo, Agency(
        users=(users[0], users[1]),
        companies={"Northwind GmbH": north, "Bright & Co Ltd": bright},
        contacts={
            "jo@northwind.example": jo,
            "Amy.Stone@bright.example": amy,
            "lee@park.example": lee,
        },
        products={"WEB": design, "HOST": hosting},
        leads=leads,
    )
