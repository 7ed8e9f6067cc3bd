"""What kinv wants, as the bodies of Zoho's creates (Zoho sheet, sections 4.3 to 4.5).

Fields that Zoho does not know are dropped without a word, so only known ones are sent, and what
was made is read from the answer.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from kommo_invoice.domain.draft import Address, Amounts, Discount
from kommo_invoice.domain.totals import line_discount, net_unit_price, percent_off, taken_off
from kommo_invoice.errors import Rejected

if TYPE_CHECKING:
    from decimal import Decimal

    from kommo_invoice.books.zoho.editions import Edition
    from kommo_invoice.domain.draft import CustomerDraft, Draft, LineDraft, Mail

    Body = dict[str, object]

_NAME = 100  # characters of a customer's name, each name of a person, and an address's
_COMPANY = 200  # characters
_LONGEST_TERMS = 100  # days
_TERMS_WORDS = 100  # characters


def contact_name(name: str) -> str:
    """Return a customer's name as Zoho takes it: of one line, no longer than names may be."""
    return " ".join(name.split())[:_NAME].rstrip()


def customer_body(draft: CustomerDraft, edition: Edition, currency_id: str | None) -> Body:
    """Return the body that creates a customer; the address lives in its person (section 4.3).

    Args:
        draft: The customer.
        edition: The organisation's.
        currency_id: Of the customer's currency; None where it is the organisation's own.

    Raises:
        Rejected: There is no such country.
    """
    contact = (draft.contact or "").strip()
    is_company = bool(contact) and contact != draft.name.strip()
    first, last = _names(contact) if contact else (draft.name[:_NAME], None)
    person = _given(
        first_name=first,
        last_name=last,
        email=draft.email,
        phone=draft.phone,
        is_primary_contact=True,
    )
    return _given(
        contact_name=contact_name(draft.name),
        company_name=draft.name.strip()[:_COMPANY] if is_company else None,
        contact_type="customer",
        customer_sub_type="business" if is_company else "individual",
        currency_id=currency_id,
        billing_address=_address(draft, contact) or None,
        contact_persons=[person],
        **_regional(draft, edition),
    )


def invoice_body(
    draft: Draft, customer_id: str, edition: Edition, reference_field: str | None
) -> Body:
    """Return the body that creates an invoice; its currency is the customer's (section 4.4).

    Args:
        draft: The invoice.
        customer_id: Whose it is.
        edition: The organisation's.
        reference_field: The custom field in which our reference stands as well, by id.

    Raises:
        Rejected: The draft holds something that Zoho's invoices do not have.
    """
    inclusive = _with_tax(draft, edition)
    return _given(
        customer_id=customer_id,
        invoice_number=draft.number,
        reference_number=draft.order_text,
        date=draft.date.isoformat(),
        due_date=draft.due_date.isoformat() if draft.due_date else None,
        **_terms(draft),
        is_inclusive_tax=inclusive,
        **_discounts(draft, gross=inclusive),
        line_items=[_line(each, draft, inclusive=inclusive) for each in draft.lines],
        notes=draft.memo,
        custom_fields=_own_field(draft, reference_field),
    )


def check_discounts(draft: Draft) -> None:
    """Refuse discounts of both kinds: they are the whole's or the lines' (section 4.4).

    Raises:
        Rejected: The draft has both.
    """
    if draft.discount is not None and any(line.discount for line in draft.lines):
        raise Rejected(
            "Zoho Books discounts the whole of an invoice or its lines, not both",
            hint="leave out the discount in [invoice] or the one in [lines]",
        )


def mail_body(mail: Mail) -> Body:
    """Return the body that e-mails an invoice: to this address, whatever persons there are.

    Without a message subject and text are the organisation's template's. The text is HTML.
    """
    text = html.escape(mail.message, quote=False) if mail.message else None
    return _given(
        to_mail_ids=[mail.to],
        cc_mail_ids=list(mail.cc) or None,
        body=text.replace("\n", "<br>") if text else None,
    )


def _names(contact: str) -> tuple[str, str | None]:
    """Return first and last name: what stands after the last space is the last one."""
    first, _, last = " ".join(contact.split()).rpartition(" ")
    return (first[:_NAME], last[:_NAME]) if first else (last[:_NAME], None)


def _regional(draft: CustomerDraft, edition: Edition) -> Body:
    """Return what the organisation's edition says about a customer's tax."""
    country = _country_of(draft)
    fields = {
        edition.treatment: draft.tax_treatment,
        edition.number: draft.tax_number,
        "country_code" if edition.country else None: country,
        "place_of_contact" if edition.place and country == "IN" else None: _state(draft),
    }
    return {name: value for name, value in fields.items() if name and value}


def _address(draft: CustomerDraft, contact: str) -> Body:
    address = draft.address or Address()
    country = _country_of(draft)
    if draft.address is None and country is None:
        return {}
    return _given(
        attention=contact[:_NAME] or None,
        address=address.line1,
        street2=address.line2,
        city=address.city,
        state=_state(draft),
        zip=address.postal_code,
        country=_country_name(country) if country else None,
    )


def _country_of(draft: CustomerDraft) -> str | None:
    return (draft.address.country if draft.address else None) or draft.country


def _state(draft: CustomerDraft) -> str | None:
    region = (draft.address.region if draft.address else None) or ""
    return region.removeprefix(f"{_country_of(draft)}-") or None


def _country_name(code: str) -> str:
    """Return a country as Zoho's addresses have it: by its English name."""
    import pycountry

    found = pycountry.countries.get(alpha_2=code)
    if found is None:
        raise Rejected(f"there is no country {code!r}", hint="give its ISO code, such as DE")
    return str(getattr(found, "common_name", found.name))


def _with_tax(draft: Draft, edition: Edition) -> bool:
    """Whether prices and amounts off are sent as they are, with the tax in them; else net."""
    return draft.amounts is Amounts.INCLUSIVE and edition.inclusive


def _terms(draft: Draft) -> Body:
    """Return the terms in words and whole days, as the due date has them (section 4.4)."""
    if not draft.terms or draft.due_date is None:
        return {}
    days = (draft.due_date - draft.date).days
    if not 0 <= days <= _LONGEST_TERMS:
        return {}
    return {"payment_terms": days, "payment_terms_label": draft.terms[:_TERMS_WORDS]}


def _discounts(draft: Draft, *, gross: bool) -> Body:
    """Return what is said about discounts: they come off before tax is reckoned."""
    check_discounts(draft)
    if any(line.discount for line in draft.lines):
        return {"discount_type": "item_level"}
    value = _discount(_whole(draft, gross=gross))
    if value is None:
        return {}
    return {"discount": value, "discount_type": "entity_level", "is_discount_before_tax": True}


def _whole(draft: Draft, *, gross: bool) -> Discount | None:
    """Return the whole's discount, as an amount where a percentage may be rounded either way."""
    if draft.discount is None or percent_off(draft, gross=gross):
        return draft.discount
    return Discount(amount=taken_off(draft, gross=gross))


def _discount(discount: Discount | None) -> object | None:
    """Return a discount: a text with ``%`` is a percentage, a number an amount."""
    if discount is None:
        return None
    if discount.percent:
        return f"{_plain(discount.percent)}%"
    return discount.amount or None


def _line(line: LineDraft, draft: Draft, *, inclusive: bool) -> Body:
    """Return one line; without a tax it says so, since its item may bring one."""
    price = line.unit_price if inclusive else net_unit_price(line, draft.amounts)
    return _given(
        item_id=line.item.id,
        description=line.description,
        quantity=line.quantity,
        rate=price,
        discount=_discount(line_discount(line, price, draft.currency)),
        tax_id=line.tax.id if line.tax else "",
    )


def _own_field(draft: Draft, field: str | None) -> list[Body] | None:
    return [{"customfield_id": field, "value": draft.reference}] if field else None


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _given(**values: object) -> Body:
    return {key: value for key, value in values.items() if value is not None}
