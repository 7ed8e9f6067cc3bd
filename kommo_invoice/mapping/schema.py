"""The keys of the mapping file: which exist, what they may hold, what they mean.

This is the one description of the file: the loader checks against it, and the README's reference
is written from it.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

NOT_YET = frozenset({"note", "failure", "reminder", "retainer", "notify"})
"""Sections of the design that this version does not know."""

Scalar = str | int | Decimal | bool | date | None

EXPRESSION = object()
"""Marks the keys whose text may hold expressions."""


def _scalar(value: object) -> object:
    if isinstance(value, (str, int, Decimal, date)):
        return value
    raise PydanticCustomError("scalar", "must be text, a number, a date or true/false")


def _name(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _plain(value: object) -> object:
    if isinstance(value, str) and "{{" in value:
        raise PydanticCustomError("plain", "is plain text: no expression can be used here")
    return value


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise PydanticCustomError("day", "must be a day, as 2026-11-01") from None


def _base_url(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise PydanticCustomError("url", "must be a URL, as https://host:port")
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise PydanticCustomError("url", "must be a scheme and a host alone: paths stay")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise PydanticCustomError("url", "must be https: plain http goes to this machine only")
    return value.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _label(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*", value):
        raise PydanticCustomError("label", "must be the account's own part of its address: 'acme'")
    return value


def _shape(value: object) -> str:
    return "table" if isinstance(value, (dict, AmountOff)) else "scalar"


Expression = Annotated[Scalar, PlainValidator(_scalar), EXPRESSION]
Name = Annotated[str, BeforeValidator(_name), BeforeValidator(_plain), Field(min_length=1)]
BaseUrl = Annotated[str, BeforeValidator(_base_url)]


class Section(BaseModel):
    """A table of the file: unknown keys are errors, and nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class Crm(Section):
    """``[crm]``."""

    provider: Literal["kommo", "pipedrive"] = Field(description="The CRM.")
    account: Annotated[str, BeforeValidator(_label)] = Field(
        description="The account: Kommo's subdomain, Pipedrive's company domain."
    )
    base_url: BaseUrl | None = Field(
        None,
        description="A sandbox or proxy in place of the provider's scheme and host; plain http "
        "only to this machine.",
    )
    auth_base_url: BaseUrl | None = Field(None, description="The same for the OAuth hosts alone.")


class Books(Section):
    """``[books]``."""

    provider: Literal["wave", "zoho", "quickbooks", "freshbooks", "xero"] = Field(
        description="The accounting system."
    )
    account: Name = Field(
        description="The books' own id of the business (organization, realm, account, tenant)."
    )
    region: Name | None = Field(None, description="The data centre, for Zoho.")
    environment: Literal["production", "sandbox"] | None = Field(
        None, description="`sandbox` for a QuickBooks sandbox company."
    )
    base_url: BaseUrl | None = Field(None, description="As for the CRM.")
    auth_base_url: BaseUrl | None = Field(None, description="As for the CRM.")


class Trigger(Section):
    """``[trigger]``."""

    pipeline: Name = Field(description="The pipeline whose deals are invoiced, by name or id.")
    stages: Annotated[list[Name], Field(min_length=1)] = Field(
        description="The stages that ask for an invoice, by name or id; `won` is the closed-won "
        "stage."
    )
    since: Annotated[date | None, PlainValidator(_day)] = Field(
        None,
        description="Deals that came into the stage before this day are left alone; required with "
        "`won`.",
    )
    when: Expression = Field(
        None, description="A further condition: the deal is skipped where it is not true."
    )

    @model_validator(mode="after")
    def _won_is_bounded(self) -> Trigger:
        if self.since is None and "won" in (stage.casefold() for stage in self.stages):
            raise PydanticCustomError(
                "since", "needs `since` with the stage won, else every deal ever won is invoiced"
            )
        return self


class Address(Section):
    """``[customer] address``."""

    line1: Expression = Field(None, description="Street and number.")
    line2: Expression = Field(None, description="A second line.")
    city: Expression = Field(None, description="City.")
    postal_code: Expression = Field(None, description="Postal code.")
    region: Expression = Field(None, description="State or province.")


class Customer(Section):
    """``[customer]``."""

    name: Expression = Field(description="The customer's name in the books.")
    email: Expression = Field(
        description="The address that the invoice goes to, and by which an existing customer is "
        "found."
    )
    contact: Expression = Field(None, description="The person's name.")
    phone: Expression = Field(None, description="The phone number.")
    country: Expression = Field(None, description="An ISO code or an English name.")
    currency: Expression = Field(
        "{{ account.currency }}", description="The customer's currency, an ISO code."
    )
    tax_number: Expression = Field(None, description="The customer's tax number.")
    tax_treatment: Expression = Field(
        None, description="The books' own word for how the customer is taxed, where they have one."
    )
    id: Expression = Field(
        None, description="A fixed customer of the books; nothing is searched then."
    )
    address: Address | None = Field(None, description="The postal address.")
    on_ambiguous: Literal["error", "oldest"] = Field(
        "error", description="What to do when several customers have that e-mail address."
    )
    on_name_taken: Literal["suffix", "error"] = Field(
        "suffix", description="What to do when the books want unique names and this one is taken."
    )


class AmountOff(Section):
    """A discount as an amount."""

    amount: Expression = Field(
        description="An amount in place of a percentage, with tax where the prices contain it."
    )


Reduction = Annotated[
    Annotated[Expression, Tag("scalar")] | Annotated[AmountOff, Tag("table")],
    Discriminator(_shape),
    EXPRESSION,
]


class Invoice(Section):
    """``[invoice]``."""

    item: Expression = Field(description="The books' item for lines, by name, id or SKU.")
    date: Expression = Field("{{ today }}", description="The invoice's date.")
    due_date: Expression = Field(
        None, description="The day it is due; without it, `terms` or the books decide."
    )
    terms: Expression = Field(
        None,
        description="Payment terms, as `Net 30`, the books' own where they have some; they give "
        "the due date where it is empty.",
    )
    currency: Expression = Field(
        "{{ customer.currency }}", description="The invoice's currency, an ISO code."
    )
    amounts: Literal["exclusive", "inclusive"] = Field(
        "exclusive",
        description="Whether the deal's prices are before tax (`exclusive`) or contain it "
        "(`inclusive`).",
    )
    discount: Reduction = Field(
        None, description='A percentage off the whole, or `{ amount = "…" }`.'
    )
    po_number: Expression = Field(None, description="The client's own purchase order number.")
    memo: Expression = Field(None, description="A text on the invoice.")
    send: Expression = Field(True, description="Whether it is e-mailed to the customer.")
    status: Literal["approved", "draft"] = Field(
        "approved",
        description="How far it goes when it is not e-mailed: `approved`, or `draft` where the "
        "books have drafts.",
    )
    attach_pdf: Expression = Field(
        True, description="Whether the e-mail carries the PDF, where the books can."
    )
    message: Expression = Field(None, description="The e-mail's text, where the books can.")
    cc: Expression = Field(
        None, description="Further addresses for the e-mail, separated by commas."
    )
    number: Expression = Field(
        None,
        description="`reference` makes our reference the invoice's number; any other text must "
        "hold the deal's id; without it the books number it.",
    )


class Lines(Section):
    """``[lines]``."""

    source: Literal["deal", "products", "fields"] = Field(
        "deal",
        description="Where lines come from: the deal's whole amount, its products, or numbered "
        "custom fields.",
    )
    count: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None, description="How many numbered lines to look for; required with `fields`."
    )
    description: Expression = Field(
        None,
        description="The line's text; the deal's or the product's name where it is not given.",
    )
    quantity: Expression = Field(
        None, description="How many; 1, or the product's quantity, where it is not given."
    )
    unit_price: Expression = Field(
        None,
        description="The price of one; the deal's or the product's price where it is not given.",
    )
    item: Expression = Field(None, description="The line's item, over the invoice's own.")
    tax: Expression = Field(None, description="The line's tax or `none`, over `[tax]`.")
    discount: Reduction = Field(
        None, description="A percentage off the line, or an amount, beside the invoice's own."
    )
    fallback: Literal["deal", "error"] = Field(
        "error", description="What to do when the source gives no line."
    )
    lines_vs_price: Literal["warn", "error", "ignore"] = Field(
        "warn", description="What to do when the lines do not add up to the deal's price."
    )


class Tax(Section):
    """``[tax]``: beside these keys, one key for every case with the tax that it takes."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Name] = Field(init=False)

    key: Expression = Field(
        description="Any text; the key of that name in this section says the tax."
    )
    default: Name = Field("error", description="For all other texts: `error`, `none` or a tax.")


class Stages(Section):
    """``[write_back.stages]``."""

    invoiced: Name | None = Field(None, description="Where the deal goes when it is invoiced.")
    paid: Name | None = Field(None, description="Where the deal goes when it is paid.")


class WriteBack(Section):
    """``[write_back]``."""

    invoice_field: Name = Field(
        description="The deal's text field that holds kinv's own mark, `<books>:<invoice id>`."
    )
    move_from: Annotated[list[Name], Field(min_length=1)] | None = Field(
        None,
        description="The only stages from which deals are moved; the trigger's and `invoiced` "
        "where it is not given.",
    )
    fields: Annotated[dict[str, Expression], EXPRESSION] = Field(
        default_factory=dict, description="What to write: one key for each custom field."
    )
    stages: Stages = Field(default_factory=Stages, description="Stage moves.")


class Task(Section):
    """``[task]``."""

    text: Expression = Field(description="The text of the follow-up task.")
    due: Expression = Field(description="The day at whose end it is due.")


class Safety(Section):
    """``[safety]``."""

    max_new_invoices: Annotated[int, Field(ge=1)] = Field(
        50, description="An unattended run that would issue more stops before the first."
    )


class Document(Section):
    """The whole file."""

    version: Literal[1] = Field(description="The version of this format.")
    crm: Crm = Field(description="The CRM account.")
    books: Books = Field(description="The books account.")
    trigger: Trigger = Field(
        description="Which deals are invoiced unattended; any deal can be invoiced by its id."
    )
    customer: Customer = Field(description="Whom the invoice is for.")
    invoice: Invoice = Field(description="The invoice as a whole.")
    lines: Lines = Field(default_factory=Lines, description="Its lines.")
    tax: Tax | None = Field(None, description="Which tax its lines take; none without it.")
    write_back: WriteBack = Field(description="What the deal is told.")
    task: Task | None = Field(None, description="A task made with the invoice.")
    safety: Safety = Field(default_factory=Safety, description="Limits.")


def section_of(annotation: Any) -> type[Section] | None:
    """Return the section that a field's annotation names, None when it is a plain key."""
    options = (annotation, *getattr(annotation, "__args__", ()))
    if any(option is AmountOff for option in options):
        return None
    return next(
        (each for each in options if isinstance(each, type) and issubclass(each, Section)), None
    )
