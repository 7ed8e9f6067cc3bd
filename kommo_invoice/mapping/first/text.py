"""The text of a first mapping: every value written by tomli-w, every comment by kinv."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tomli_w

from kommo_invoice.mapping.first.tax import ERROR

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from kommo_invoice.mapping.first.decide import CrmPart
    from kommo_invoice.mapping.first.names import Spelled
    from kommo_invoice.mapping.first.tax import TaxPart

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")
_ADDRESS = ("line1", "line2", "city", "postal_code", "region")


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the mapping.

    Args:
        provider: As the mapping names it.
        account: As the mapping names it.
        title: Provider and account as people know them.
        base_url: In place of the provider's own address.
        auth_base_url: The same for the OAuth hosts.
        environment: Of books, ``sandbox`` for the provider's own sandbox.
        region: Of books, the data centre.
    """

    provider: str
    account: str
    title: str
    base_url: str | None = None
    auth_base_url: str | None = None
    environment: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class First:
    """Everything that a first mapping says.

    Args:
        crm: The CRM account.
        books: The books account.
        since: Deals that came into the stage before this day are left alone.
        deals: What the CRM account decides.
        item: What lines are for.
        tax: Which tax they take; None where the books have none.
        sends: Whether the books may e-mail invoices.
        dropped: Keys for which the CRM has fields and the books have no place.
        terms: The books' own payment terms, by name.
        numbered: Whether the books want an invoice to bring its number.
        tax_by_books: Whether the books find the rate of what is taxable.
        treatments: The books' own words for a customer's tax treatment.
    """

    crm: Side
    books: Side
    since: date
    deals: CrmPart
    item: Spelled
    tax: TaxPart | None
    sends: bool
    dropped: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    numbered: bool = False
    tax_by_books: bool = False
    treatments: tuple[str, ...] = ()


def write(first: First) -> str:
    """Return the mapping file."""
    parts = (_head, _sides, _trigger, _customer, _invoice, _lines, _tax, _write_back, _rest)
    return "\n".join("\n".join((*part(first), "")) for part in parts)


def comment(text: str) -> str:
    """Return a text as it can stand in a comment: on one line."""
    return _CONTROL.sub(" ", text).strip()


def _value(value: object) -> str:
    if isinstance(value, (list, tuple)):  # on one line, which tomli-w does not do
        return f"[{', '.join(map(_value, value))}]"
    return tomli_w.dumps({"x": value}).removeprefix("x = ").rstrip("\n")


def _put(key: str, value: object, remark: str | None = None) -> str:
    name = tomli_w.dumps({key: 0}).removesuffix(" = 0\n")
    line = f"{name} = {_value(value)}"
    return f"{line}  # {comment(remark)}" if remark else line


def _named(key: str, thing: Spelled, remark: str | None = None) -> str:
    words = [each for each in (thing.remark and f'"{thing.remark}"', remark) if each]
    return _put(key, thing.text, "; ".join(words) or None)


def _off(key: str, value: object, remark: str | None = None) -> str:
    return f"# {_put(key, value, remark)}"


def _head(first: First) -> Iterator[str]:
    yield f"# A first mapping, by `kinv mapping init`: {comment(first.crm.title)} to"
    yield f"# {comment(first.books.title)}."
    yield "# Change what is yours, then run `kinv mapping check`; `kinv help mapping` has all keys."
    yield "#"
    yield "# Text may hold expressions in {{ }}: deal, contact, company, account, today, after"
    yield "# [customer] also customer, in [write_back] and [task] also invoice. Custom fields stand"
    yield "# in brackets, by name, code or id: {{ deal['Due Date'] }}."
    yield ""
    yield _put("version", 1)


def _sides(first: First) -> Iterator[str]:
    for name, side in (("crm", first.crm), ("books", first.books)):
        if name == "books":
            yield ""
        yield f"[{name}]"
        yield _put("provider", side.provider)
        yield _put("account", side.account, side.title)
        if side.environment:
            yield _put("environment", side.environment)
        if side.region:
            yield _put("region", side.region)
        if side.base_url:
            yield _put("base_url", side.base_url)
        if side.auth_base_url:
            yield _put("auth_base_url", side.auth_base_url)


def _trigger(first: First) -> Iterator[str]:
    deals = first.deals
    yield "# Which deals are invoiced unattended; `kinv invoice --deal` takes any deal."
    yield "[trigger]"
    yield _named("pipeline", deals.pipeline)
    names = ", ".join(f'"{each.remark}"' for each in deals.stages if each.remark)
    yield _put("stages", [each.text for each in deals.stages], names or None)
    yield _put("since", first.since.isoformat(), "what came there before this day is left alone")
    yield _off("when", "{{ deal.price >= 100 }}", "a further condition")


def _customer(first: First) -> Iterator[str]:
    reads = first.deals.reads
    yield "# Whom the invoice is for. An existing customer is found by e-mail address."
    yield "[customer]"
    yield _put("name", "{{ company.name or contact.name }}")
    yield _put("email", "{{ contact.email }}")
    yield _put("contact", "{{ contact.name }}")
    yield _put("phone", "{{ contact.phone }}")
    if "customer.country" in reads:
        yield _put("country", reads["customer.country"])
    else:
        yield _off("country", "{{ contact['Country'] }}", "no such field was found")
    yield _put("currency", reads.get("customer.currency", "{{ account.currency }}"))
    if "customer.tax_number" in reads:
        yield _put("tax_number", reads["customer.tax_number"])
    if first.treatments:
        remark = f"one of the books' own: {', '.join(first.treatments)}"
        yield _off("tax_treatment", first.treatments[0], remark)
    parts = [name for name in _ADDRESS if f"customer.address.{name}" in reads]
    if parts:
        yield ""
        yield "[customer.address]"
        for name in parts:
            yield _put(name, reads[f"customer.address.{name}"])


def _invoice(first: First) -> Iterator[str]:
    reads = first.deals.reads
    yield "[invoice]"
    yield _named("item", first.item, "a product or service of the books")
    if "invoice.due_date" in reads:
        yield _put("due_date", reads["invoice.due_date"], "empty: the books decide")
    elif "invoice.terms" not in reads:
        yield _off("due_date", "{{ today + days(30) }}", "without it the books decide")
    if "invoice.terms" in reads:
        own = f"one of the books' own: {', '.join(first.terms)}" if first.terms else None
        remark = own or '"Net 30" gives the due date where it is empty'
        yield _put("terms", reads["invoice.terms"], remark)
    for name in ("discount", "po_number", "cc"):
        if f"invoice.{name}" in reads:
            yield _put(name, reads[f"invoice.{name}"])
    yield _put("amounts", "exclusive", 'or "inclusive": the prices of deals contain the tax')
    if first.sends:
        yield _put("send", True, "e-mail it to the customer")
    else:
        yield _put("send", False, "the books may not e-mail for this account")
    yield _off("memo", "Thank you for your business.")
    yield _off("message", "Please find the invoice for {{ deal.name }} attached.")
    number = _put if first.numbered else _off
    yield number("number", "reference", "our reference is the number: the strongest guard")


def _lines(_first: First) -> Iterator[str]:
    yield '# One line with the whole amount; source = "products" makes one for each product.'
    yield "[lines]"
    yield _put("source", "deal")
    yield _put("description", "{{ deal.name }}")
    yield _put("unit_price", "{{ deal.price }}")


def _tax(first: First) -> Iterator[str]:
    tax = first.tax
    if tax is None:
        yield "# No [tax] section: the books have no taxes, and the lines say so."
        return
    if tax.cases or "{{" in tax.key:
        yield "# Which tax the lines take: the client's country is looked up here."
    else:
        yield "# Which tax the lines take: one for all, since no field tells a client's country."
    if first.tax_by_books:
        yield '# The books find the rate: a line is taxable, or it is "none".'
    yield "[tax]"
    yield _put("key", tax.key)
    for country, chosen in tax.cases.items():
        yield _named(country, chosen)
    remark = None
    if tax.default.text == ERROR:
        remark = "a deal of another country is refused until somebody has decided"
    yield _named("default", tax.default, remark)
    for other in tax.others:
        yield f"# {_named('COUNTRY', other)}"


def _write_back(first: First) -> Iterator[str]:
    deals = first.deals
    yield "# What the deal is told."
    yield "[write_back]"
    yield _named("invoice_field", deals.mark, "a text field that belongs to kinv alone")
    yield ""
    yield "[write_back.fields]"
    for each in deals.writes:
        if each.exists or deals.create:
            yield _field(each.field, each.value)
    absent = [each for each in deals.writes if not each.exists and not deals.create]
    if absent:
        yield "# No such fields exist. `kinv mapping check --create-fields` makes those in use."
        for each in absent:
            yield f"# {_field(each.field, each.value)}"
    if deals.invoiced or deals.paid:
        yield ""
        yield "[write_back.stages]"
        if deals.invoiced:
            yield _named("invoiced", deals.invoiced)
        if deals.paid:
            yield _named("paid", deals.paid)


def _field(field: Spelled, value: str) -> str:
    return _put(field.text, value, f'"{field.remark}"' if field.remark else None)


def _rest(_first: First) -> Iterator[str]:
    yield "# Made with the invoice, for the deal's responsible user."
    yield "[task]"
    yield _put("text", "Check payment of invoice {{ invoice.number }}")
    yield _put("due", "{{ invoice.due_date + days(3) }}")
    yield ""
    yield "[safety]"
    yield _put("max_new_invoices", 50, "an unattended run that would issue more stops")
