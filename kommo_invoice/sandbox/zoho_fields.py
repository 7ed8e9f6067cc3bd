"""What the Zoho Books simulator takes in bodies: known properties by resource and edition.

What is not known is dropped without a word, what is of the wrong kind refused (sheet, sections
4.3, 4.4 and 9.6).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, auto
from typing import Any

from kommo_invoice.sandbox.zoho_faults import invalid, label_of

_PERCENT = re.compile(r"\d+(\.\d+)?%")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


class Kind(Enum):
    """What a value has to be."""

    TEXT = auto()
    NUMBER = auto()
    WHOLE = auto()
    FLAG = auto()
    DAY = auto()
    ID = auto()
    IDS = auto()
    EMAIL = auto()
    EMAILS = auto()
    DISCOUNT = auto()
    """A number is an amount, ``10%`` a percentage."""
    VALUE = auto()
    OBJECT = auto()
    ROWS = auto()


@dataclass(frozen=True, slots=True)
class Property:
    """One property.

    Args:
        most: The longest text, the largest number.
        choices: The only values; the empty text beside them.
        of: The properties inside.
    """

    kind: Kind
    most: int | None = None
    choices: frozenset[str] = frozenset()
    of: Mapping[str, Property] | None = None


Properties = Mapping[str, Property]


def _text(most: int | None = None) -> Property:
    return Property(Kind.TEXT, most)


def _one_of(*choices: str) -> Property:
    return Property(Kind.TEXT, choices=frozenset(choices))


def _rows(**of: Property) -> Property:
    return Property(Kind.ROWS, of=of)


_ID, _FLAG, _DAY = Property(Kind.ID), Property(Kind.FLAG), Property(Kind.DAY)
_NUMBER, _IDS = Property(Kind.NUMBER), Property(Kind.IDS)
_TERMS = Property(Kind.WHOLE, 100)
_CUSTOM = _rows(customfield_id=_ID, api_name=_text(), value=Property(Kind.VALUE))

_ADDRESS_OF: Properties = {
    "attention": _text(100),
    "address": _text(500),
    "street2": _text(255),
    "city": _text(100),
    "state": _text(100),
    "state_code": _text(),
    "zip": _text(50),
    "country": _text(100),
    "phone": _text(50),
    "fax": _text(50),
}
PERSON: Properties = {
    "contact_id": _ID,
    "contact_person_id": _ID,
    "salutation": _text(25),
    "first_name": _text(100),
    "last_name": _text(100),
    "email": Property(Kind.EMAIL, 100),
    "phone": _text(50),
    "mobile": _text(50),
    "designation": _text(50),
    "department": _text(50),
    "is_primary_contact": _FLAG,
}
CONTACT: Properties = {
    "contact_name": _text(200),
    "company_name": _text(200),
    "contact_type": _one_of("customer", "vendor"),
    "customer_sub_type": _one_of("business", "individual"),
    "website": _text(),
    "language_code": _text(),
    "notes": _text(),
    "currency_id": _ID,
    "payment_terms": _TERMS,
    "payment_terms_label": _text(100),
    "billing_address": Property(Kind.OBJECT, of=_ADDRESS_OF),
    "shipping_address": Property(Kind.OBJECT, of=_ADDRESS_OF),
    "contact_persons": Property(Kind.ROWS, of=PERSON),
    "custom_fields": _CUSTOM,
}
LINE: Properties = {
    "line_item_id": _ID,
    "item_id": _ID,
    "name": _text(100),
    "description": _text(2000),
    "product_type": _one_of("goods", "service"),
    "item_order": Property(Kind.WHOLE),
    "rate": _NUMBER,
    "quantity": _NUMBER,
    "unit": _text(100),
    "discount": Property(Kind.DISCOUNT),
    "tax_id": _ID,
    "account_id": _ID,
}
INVOICE: Properties = {
    "customer_id": _ID,
    "currency_id": _ID,
    "exchange_rate": _NUMBER,
    "contact_persons": _IDS,
    "contact_persons_associated": _rows(contact_person_id=_ID),
    "invoice_number": _text(100),
    "reference_number": _text(),
    "date": _DAY,
    "due_date": _DAY,
    "payment_terms": _TERMS,
    "payment_terms_label": _text(100),
    "discount": Property(Kind.DISCOUNT),
    "discount_type": _one_of("entity_level", "item_level"),
    "is_discount_before_tax": _FLAG,
    "is_inclusive_tax": _FLAG,
    "line_items": Property(Kind.ROWS, of=LINE),
    "custom_fields": _CUSTOM,
    "notes": _text(),
    "terms": _text(),
    "custom_subject": _text(),
    "custom_body": _text(),
    "salesperson_name": _text(200),
    "allow_partial_payments": _FLAG,
    "shipping_charge": _NUMBER,
    "adjustment": _NUMBER,
    "adjustment_description": _text(),
    "template_id": _ID,
}
MAIL: Properties = {
    "send_from_org_email_id": _FLAG,
    "from_address_id": _ID,
    "to_mail_ids": Property(Kind.EMAILS),
    "cc_mail_ids": Property(Kind.EMAILS),
    "subject": _text(),
    "body": _text(),
}
PAYMENT: Properties = {
    "customer_id": _ID,
    "payment_mode": _text(),
    "amount": _NUMBER,
    "date": _DAY,
    "reference_number": _text(),
    "description": _text(),
    "invoices": _rows(invoice_id=_ID, amount_applied=_NUMBER),
    "exchange_rate": _NUMBER,
    "bank_charges": _NUMBER,
    "account_id": _ID,
}
ITEM: Properties = {
    "name": _text(100),
    "rate": _NUMBER,
    "description": _text(2000),
    "unit": _text(100),
    "tax_id": _ID,
    "sku": _text(100),
    "product_type": _one_of("goods", "service"),
    "account_id": _ID,
}
FIELD: Properties = {
    "label": _text(),
    "data_type": _text(),
    "entity": _text(),
    "show_on_pdf": _FLAG,
    "is_mandatory": _FLAG,
    "value_length": Property(Kind.WHOLE),
}

_BRITISH = _one_of("uk", "eu_vat_registered", "overseas")
_EUROPEAN = _one_of("eu_vat_registered", "eu_vat_not_registered", "non_eu", "overseas")
_INDIAN = _one_of("business_gst", "business_none", "overseas", "consumer")
_GULF = _one_of(
    *("vat_registered", "vat_not_registered", "gcc_vat_registered", "gcc_vat_not_registered"),
    *("non_gcc", "dz_vat_registered", "dz_vat_not_registered"),
)
_MEXICAN = _one_of("home_country_mexico", "border_region_mexico", "non_mexico")
_KENYAN = _one_of("vat_registered", "vat_not_registered", "non_kenya")
_SOUTH_AFRICAN = _one_of("vat_registered", "vat_not_registered", "overseas")

REGIONAL_CONTACT: Mapping[str, Properties] = {
    "uk": {"vat_treatment": _BRITISH, "vat_reg_no": _text(12), "country_code": _text(2)},
    "eu": {"vat_treatment": _EUROPEAN, "vat_reg_no": _text(20), "country_code": _text(2)},
    "gcc": {"tax_treatment": _GULF, "tax_reg_no": _text(15), "country_code": _text(2)},
    "mx": {"tax_treatment": _MEXICAN, "tax_reg_no": _text(13), "legal_name": _text()},
    "ke": {"tax_treatment": _KENYAN, "tax_reg_no": _text(11)},
    "za": {"tax_treatment": _SOUTH_AFRICAN, "tax_reg_no": _text(10)},
    "in": {"gst_treatment": _INDIAN, "gst_no": _text(15), "place_of_contact": _text(2)},
    "us": {
        "is_taxable": _FLAG,
        "tax_id": _ID,
        "tax_authority_id": _ID,
        "tax_exemption_id": _ID,
        "tax_exemption_code": _text(),
    },
}
"""What contacts have besides, by edition (section 4.3)."""

REGIONAL_INVOICE: Mapping[str, Properties] = {
    "uk": {"vat_treatment": _BRITISH, "is_reverse_charge_applied": _FLAG},
    "eu": {"vat_treatment": _EUROPEAN, "is_reverse_charge_applied": _FLAG},
    "gcc": {"tax_treatment": _GULF, "place_of_supply": _text(2)},
    "mx": {"tax_treatment": _MEXICAN, "cfdi_usage": _text()},
    "ke": {"tax_treatment": _KENYAN},
    "za": {"tax_treatment": _SOUTH_AFRICAN},
    "in": {"gst_treatment": _INDIAN, "gst_no": _text(15), "place_of_supply": _text(2)},
    "us": {"tax_authority_id": _ID, "tax_exemption_id": _ID},
}
"""What invoices have besides, by edition (section 4.4)."""

NO_INCLUSIVE_TAX = {"us", "ca"}


def contact_properties(edition: str) -> Properties:
    """Return what a contact may have in that edition."""
    return {**CONTACT, **REGIONAL_CONTACT.get(edition, {})}


def invoice_properties(edition: str) -> Properties:
    """Return what an invoice may have in that edition."""
    whole = {**INVOICE, **REGIONAL_INVOICE.get(edition, {})}
    if edition in NO_INCLUSIVE_TAX:
        del whole["is_inclusive_tax"]
    return whole


def checked(body: object, properties: Properties) -> dict[str, Any]:
    """Return the known properties of a body.

    Args:
        body: The parsed JSON, its numbers decimal or whole.
        properties: What is known.

    Raises:
        Refusal: 2 for a value of the wrong kind.
    """
    if not isinstance(body, Mapping):
        raise invalid("JSONString")
    return {
        name: _value(name, value, properties[name])
        for name, value in body.items()
        if name in properties and value is not None
    }


def is_address(text: object) -> bool:
    """Whether a text has the form of an e-mail address."""
    return isinstance(text, str) and _ADDRESS.fullmatch(text) is not None


def _value(name: str, value: Any, known: Property) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    match known.kind:
        case Kind.OBJECT:
            return checked(value, known.of or {})
        case Kind.ROWS if isinstance(value, list):
            return [checked(row, known.of or {}) for row in value]
        case Kind.DISCOUNT if isinstance(value, str) and _PERCENT.fullmatch(value):
            return value
        case Kind.DISCOUNT if isinstance(value, Decimal) and value >= 0:
            return value
    if _fits(value, known):
        return value
    raise invalid(label_of(name))


def _fits(value: object, known: Property) -> bool:
    match known.kind, value:
        case Kind.VALUE, _:
            return not isinstance(value, (list, dict))
        case Kind.FLAG, bool():
            return True
        case Kind.NUMBER, Decimal():
            return True
        case Kind.WHOLE, Decimal():
            most = value if known.most is None else known.most
            return value == int(value) and 0 <= value <= most
        case Kind.ID, str():
            return not value or (value.isascii() and value.isdigit())
        case Kind.DAY, str():
            return not value or _is_day(value)
        case Kind.IDS, list():
            return all(isinstance(each, str) and each.isdigit() for each in value)
        case Kind.EMAILS, list():
            return all(map(is_address, value))
        case ((Kind.TEXT | Kind.EMAIL), str()):
            return _is_text(value, known)
    return False


def _is_text(value: str, known: Property) -> bool:
    if known.most is not None and len(value) > known.most:
        return False
    if known.choices and value and value not in known.choices:
        return False
    return known.kind is not Kind.EMAIL or not value or is_address(value)


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
