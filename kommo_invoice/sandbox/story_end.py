"""How the story ends: what a person would see in Kommo and in Wave, and whether it is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Picture = Mapping[str, Any]
    Table = tuple[str, Sequence[str], Sequence[Sequence[object]]]

TOTALS: Mapping[str, str | None] = {
    "Website relaunch": "1428.60 EUR",
    "Online shop": "1547.64 GBP",
    "App prototype": "5400.00 USD",
    "Brand workshop": "940.50 EUR",
    "Landing page": "761.60 EUR",
    "Logo sketch": None,
}
"""What each deal's invoice comes to, tax and discount included; None where there is none."""

CLIENTS = ["Bright & Co Ltd", "Cole Labs Inc", "Lee Park", "Northwind GmbH"]


def deals_table(picture: Picture, deals: Mapping[str, int]) -> Table:
    """Return Kommo's deals with what was written to them."""
    rows = []
    for name, lead in deals.items():
        deal = _deal(picture, lead)
        fields, tasks = deal["fields"], _tasks(picture, lead)
        rows.append(
            (
                lead,
                name,
                deal["stage"],
                fields.get("Invoice number"),
                fields.get("Payment status"),
                "yes" if fields.get("Invoice link") else "",
                ", ".join(task["complete_till"][:10] for task in tasks),
            )
        )
    return "Kommo: deals", ["deal", "name", "stage", "no.", "status", "link", "task due"], rows


def invoices_table(picture: Picture) -> Table:
    """Return Wave's invoices."""
    rows = [
        (
            invoice["number"],
            invoice["po_number"],
            "\n".join(f"{line['quantity']} x {line['description']}" for line in invoice["lines"]),
            f"{invoice['total']} {invoice['currency']}",
            invoice["status"],
            len(_mails(picture, invoice["id"])),
        )
        for invoice in picture["wave"]["invoices"]
    ]
    return "Wave: invoices", ["no.", "PO / reference", "lines", "total", "", "mails"], rows


def customers_table(picture: Picture) -> Table:
    """Return Wave's customers."""
    invoices = picture["wave"]["invoices"]
    rows = [
        (
            each["name"],
            each["email"],
            sum(invoice["customer"] == each["name"] for invoice in invoices),
        )
        for each in picture["wave"]["customers"]
    ]
    return "Wave: customers", ["name", "e-mail", "invoices"], rows


def checks(picture: Picture, deals: Mapping[str, int]) -> Iterator[tuple[str, bool]]:
    """Yield what has to be so in the end, in words, and whether it is."""
    billed = {name: lead for name, lead in deals.items() if TOTALS[name] is not None}
    counts = picture["wave"]
    yield (
        f"{len(billed)} deals have one invoice each, of the right amount",
        all(_totals(picture, lead) == [TOTALS[name]] for name, lead in billed.items())
        and len(counts["invoices"]) == len(billed),
    )
    yield (
        f"{len(counts['mails'])} e-mails, one for each invoice",
        all(len(_mails(picture, each["id"])) == 1 for each in counts["invoices"])
        and len(counts["mails"]) == len(billed),
    )
    yield (
        f"{len(counts['customers'])} customers, no client twice",
        sorted(each["name"] for each in counts["customers"]) == CLIENTS,
    )
    yield (
        f"{len(billed)} deals are in Invoice Sent, with their fields and one task each",
        all(_is_told(picture, lead) for lead in billed.values()),
    )
    waiting = [lead for name, lead in deals.items() if name not in billed]
    yield (
        f"{len(waiting)} deal waits where it was, and nothing was made for it",
        all(_is_untouched(picture, lead) for lead in waiting),
    )


def summary(picture: Picture, deals: Mapping[str, int]) -> str:
    """Return in one line how many of each there are."""
    books = picture["wave"]
    tasks = sum(len(_tasks(picture, lead)) for lead in deals.values())
    return (
        f"{len(deals)} deals, {len(books['invoices'])} invoices, {len(books['mails'])} e-mails, "
        f"{len(books['customers'])} customers, {tasks} tasks"
    )


def _deal(picture: Picture, lead: int) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in picture["kommo"]["leads"] if each["id"] == lead)
    return found


def _tasks(picture: Picture, lead: int) -> list[dict[str, Any]]:
    return [task for task in picture["kommo"]["tasks"] if task["lead"] == lead]


def _invoices(picture: Picture, lead: int) -> list[dict[str, Any]]:
    """Return the invoices whose reference is the deal's."""
    return [each for each in picture["wave"]["invoices"] if each["po_number"].endswith(f"-{lead}")]


def _mails(picture: Picture, invoice_id: str) -> list[dict[str, Any]]:
    return [mail for mail in picture["wave"]["mails"] if mail["invoice"] == invoice_id]


def _totals(picture: Picture, lead: int) -> list[str]:
    return [f"{each['total']} {each['currency']}" for each in _invoices(picture, lead)]


def _is_told(picture: Picture, lead: int) -> bool:
    deal, invoices = _deal(picture, lead), _invoices(picture, lead)
    fields = deal["fields"]
    return (
        deal["stage"] == "Invoice Sent"
        and [fields.get("Invoice ID")] == [f"wave:{each['id']}" for each in invoices]
        and [fields.get("Invoice number")] == [each["number"] for each in invoices]
        and fields.get("Payment status") == "sent"
        and bool(fields.get("Invoice link"))
        and len(_tasks(picture, lead)) == 1
    )


def _is_untouched(picture: Picture, lead: int) -> bool:
    deal = _deal(picture, lead)
    return (
        deal["stage"] == "Issue Invoice"
        and not deal["fields"]
        and not _tasks(picture, lead)
        and not _invoices(picture, lead)
    )
