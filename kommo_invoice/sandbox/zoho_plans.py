"""What each list of the Zoho Books simulator can be asked for (sheet, sections 4.2, 4.7, 4.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.sandbox.zoho_answers import (
    contact_row,
    invoice_row,
    payment_row,
    shown_credit,
    status_of,
)
from kommo_invoice.sandbox.zoho_contacts import primary
from kommo_invoice.sandbox.zoho_filters import Search, text_fits
from kommo_invoice.sandbox.zoho_lists import Plan
from kommo_invoice.sandbox.zoho_rules import ReferenceMatch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kommo_invoice.sandbox.records import Record
    from kommo_invoice.sandbox.zoho_state import Organization

    Reading = Callable[[Organization, Record], str]
    Test = Callable[[Organization, Record, str], bool]

_OPEN = {"sent", "viewed", "overdue", "partially_paid"}
_STATUSES = {
    "Status.All": None,
    "Status.Sent": {"sent", "viewed", "overdue", "partially_paid"},
    "Status.Draft": {"draft"},
    "Status.OverDue": {"overdue"},
    "Status.Paid": {"paid"},
    "Status.Void": {"void"},
    "Status.Unpaid": _OPEN,
    "Status.PartiallyPaid": {"partially_paid"},
    "Status.Viewed": {"viewed"},
    "Date.PaymentExpectedDate": set[str](),
}
_CONTACTS = {
    *("Status.All", "Status.Active", "Status.Inactive", "Status.Duplicate", "Status.Crm"),
    *("Status.PortalEnabled", "Status.PortalDisabled", "Status.CreditLimitExceed"),
    *("Invoice.OverDue", "Invoice.Unpaid"),
}


def _shows_invoice(org: Organization, invoice: Record, filter_by: str) -> bool:
    statuses = _STATUSES[filter_by]
    return statuses is None or status_of(org, invoice) in statuses


def _shows_contact(org: Organization, contact: Record, filter_by: str) -> bool:
    match filter_by:
        case "Status.All":
            return True
        case "Status.Active" | "Status.Inactive":
            return f"Status.{contact.data['status'].title()}" == filter_by
        case "Invoice.OverDue" | "Invoice.Unpaid":
            wanted = {"overdue"} if filter_by == "Invoice.OverDue" else _OPEN
            return any(
                status_of(org, each) in wanted
                for each in org.table("invoice").all()
                if each.data["customer_id"] == contact.id
            )
    return False


def _shows_item(_: Organization, item: Record, filter_by: str) -> bool:
    return filter_by == "Status.All" or f"Status.{item.data['status'].title()}" == filter_by


def _shows_all(_: Organization, __: Record, ___: str) -> bool:
    return True


def _person(name: str) -> Reading:
    return lambda _, contact: str(primary(contact).get(name, ""))


def _own(name: str) -> Reading:
    return lambda _, record: str(record.data[name])


def _email(org: Organization, invoice: Record) -> str:
    customer = org.find("contact", invoice.data["customer_id"])
    return "" if customer is None else str(primary(customer).get("email", ""))


def _address(_: Organization, contact: Record) -> str:
    return " ".join(map(str, contact.data["billing_address"].values()))


def _lines(name: str) -> Reading:
    return lambda _, invoice: "\n".join(str(each[name]) for each in invoice.data["line_items"])


def _status(org: Organization, invoice: Record, wanted: str) -> bool:
    status = status_of(org, invoice)
    return status == wanted or (wanted == "unpaid" and status in _OPEN)


def _reference(org: Organization, invoice: Record, wanted: str) -> bool:
    reference = str(invoice.data["reference_number"])
    if org.rules.reference_match is ReferenceMatch.CONTAINS:
        return wanted.casefold() in reference.casefold()
    if org.rules.reference_match is ReferenceMatch.IGNORE_CASE:
        return reference.strip().casefold() == wanted.strip().casefold()
    return reference == wanted


def _custom(org: Organization, invoice: Record, wanted: str) -> bool:
    if not org.rules.filters_custom_fields:
        return True
    return wanted in map(str, invoice.data["custom_fields"].values())


def _exact_email(of: Reading) -> Test:
    def fits(org: Organization, record: Record, wanted: str) -> bool:
        return text_fits(of(org, record), wanted, "", ignores_case=org.rules.emails_ignore_case)

    return fits


def _all(_: Organization) -> str:
    return "Status.All"


INVOICES = Plan(
    kind="invoice",
    key="invoices",
    title="Invoices",
    row=invoice_row,
    columns=(
        *("created_time", "customer_name", "invoice_number", "date", "due_date"),
        *("total", "balance"),
    ),
    order="D",
    search=Search(
        texts={
            "invoice_number": _own("invoice_number"),
            "customer_name": _own("customer_name"),
            "item_name": _lines("name"),
            "item_description": _lines("description"),
        },
        ids={"customer_id": _own("customer_id"), "recurring_invoice_id": lambda *_: ""},
        amounts=("total", "balance"),
        days=("date", "due_date", "created_date"),
        tests={
            "email": _exact_email(_email),
            "status": _status,
            "reference_number": _reference,
            "custom_field": _custom,
        },
        anywhere={
            name: _own(name) for name in ("invoice_number", "reference_number", "customer_name")
        },
        changed=True,
    ),
    filters=frozenset(_STATUSES),
    shows=_shows_invoice,
    default=_all,
)
CONTACTS = Plan(
    kind="contact",
    key="contacts",
    title="Contacts",
    row=contact_row,
    columns=(
        *("contact_name", "first_name", "last_name", "email", "outstanding_receivable_amount"),
        *("created_time", "last_modified_time"),
    ),
    order="A",
    search=Search(
        texts={
            "contact_name": _own("contact_name"),
            "company_name": _own("company_name"),
            "first_name": _person("first_name"),
            "last_name": _person("last_name"),
            "phone": _person("phone"),
            "email": _person("email"),
            "address": _address,
        },
        ids={"contact_type": _own("contact_type")},
        tests={"email": _exact_email(_person("email"))},
        anywhere={
            "email": _person("email"),
            "company_name": _own("company_name"),
            "first_name": _person("first_name"),
            "last_name": _person("last_name"),
            "notes": _own("notes"),
            "contact_name": _own("contact_name"),
        },
    ),
    filters=frozenset(_CONTACTS),
    shows=_shows_contact,
    default=lambda org: "Status.All" if org.rules.lists_inactive else "Status.Active",
)
PAYMENTS = Plan(
    kind="customerpayment",
    # Not customer_payments, as the specification has it (section 9.1).
    key="customerpayments",
    title="CustomerPayments",
    row=payment_row,
    columns=("date", "created_time", "last_modified_time", "amount", "payment_number"),
    order="D",
    search=Search(
        texts={name: _own(name) for name in ("customer_name", "reference_number", "payment_mode")},
        ids={"customer_id": _own("customer_id")},
        amounts=("amount",),
        days=("date",),
        anywhere={
            name: _own(name) for name in ("reference_number", "customer_name", "description")
        },
    ),
    filters=frozenset({"PaymentMode.All"}),
    shows=_shows_all,
    default=lambda _: "PaymentMode.All",
)
CREDITNOTES = Plan(
    kind="creditnote",
    key="creditnotes",
    title="CreditNotes",
    row=shown_credit,
    columns=("date", "created_time", "last_modified_time", "total", "creditnote_number"),
    order="D",
    search=Search(
        texts={
            name: _own(name) for name in ("creditnote_number", "customer_name", "reference_number")
        },
        ids={"customer_id": _own("customer_id")},
        amounts=("total",),
        days=("date",),
        changed=True,
    ),
    filters=frozenset({"Status.All"}),
    shows=_shows_all,
    default=_all,
)
ITEMS = Plan(
    kind="item",
    key="items",
    title="Items",
    row=lambda _, item: {"item_id": item.id, **item.data},
    columns=("name", "rate", "tax_name"),
    order="A",
    search=Search(
        texts={"name": _own("name"), "description": _own("description")},
        ids={"tax_id": _own("tax_id")},
        amounts=("rate",),
        anywhere={"name": _own("name"), "description": _own("description")},
    ),
    filters=frozenset({"Status.All", "Status.Active", "Status.Inactive"}),
    shows=_shows_item,
    default=_all,
)
PLANS: Mapping[str, Plan] = {
    plan.key: plan for plan in (INVOICES, CONTACTS, PAYMENTS, CREDITNOTES, ITEMS)
}
