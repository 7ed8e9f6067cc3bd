"""A deal becomes a draft: customer, then invoice, then lines and their taxes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kommo_invoice.domain.deal import StageKind
from kommo_invoice.domain.draft import Address, Amounts, CustomerDraft, Draft, Mail, Ready
from kommo_invoice.errors import DealError
from kommo_invoice.mapping import coerce
from kommo_invoice.mapping.lines import check_sum, evaluate_lines
from kommo_invoice.mapping.resolve import Unresolved, pick_treatment
from kommo_invoice.mapping.scope import Scope
from kommo_invoice.mapping.terms import agreed, pick_term

if TYPE_CHECKING:
    from datetime import date

    from kommo_invoice.domain.deal import Deal
    from kommo_invoice.mapping.mapping import Mapping


class NotPossible(DealError):
    """By rule this deal gets no invoice; a sync passes it by, and that is no failure."""

    category = "not-possible"
    default_hint = "nothing to do, unless the deal is wrong: then correct it in the CRM"


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A draft with what a person should know about it."""

    draft: Draft
    warnings: tuple[str, ...] = ()


def evaluate(mapping: Mapping, deal: Deal, *, today: date, reference: str) -> Evaluated:
    """Turn a deal into a draft; see ``Mapping.draft``."""
    scope = Scope(mapping.values, deal, mapping.viewer.around(deal, today))
    _refuse(scope)
    customer = _customer(mapping, scope)
    inner = scope.including(customer=mapping.viewer.customer(customer))
    draft = _invoice(mapping, inner, customer, reference)
    return Evaluated(draft, (*check_sum(mapping, deal, draft), *_left_out(mapping, deal, draft)))


def _refuse(scope: Scope) -> None:
    deal = scope.deal
    if deal.stage.kind is StageKind.LOST:
        raise NotPossible(f"deal {deal.id} is lost", deal=deal.id)
    if deal.price <= 0:
        raise NotPossible(
            f"deal {deal.id} has a price of {deal.price:f} {deal.currency}: "
            "only a price above 0 can be invoiced",
            hint=f"set the deal's price, then run `kinv invoice --deal {deal.id}` again",
            deal=deal.id,
        )
    if scope.has("trigger.when") and not scope.flag("trigger.when", default=True):
        condition = scope.values["trigger.when"].source
        raise NotPossible(
            f"deal {deal.id}: trigger.when is not true: {condition}",
            hint="correct the deal, or [trigger] when; then `kinv invoice --deal` for it again",
            deal=deal.id,
        )


def _customer(mapping: Mapping, scope: Scope) -> CustomerDraft:
    def treatment(value: object) -> str:
        return pick_treatment(coerce.text(value), mapping.catalog.settings.tax_treatments)

    country = scope.optional("customer.country", coerce.country)
    parts = {
        name: scope.optional(f"customer.address.{name}", coerce.text)
        for name in ("line1", "line2", "city", "postal_code", "region")
    }
    address = Address(**parts, country=country) if any(parts.values()) else None
    return CustomerDraft(
        name=scope.required("customer.name", coerce.text),
        email=scope.required("customer.email", coerce.email),
        contact=scope.optional("customer.contact", coerce.text),
        phone=scope.optional("customer.phone", coerce.text),
        country=country,
        currency=scope.optional("customer.currency", coerce.currency)
        or mapping.viewer.account.currency,
        tax_number=scope.optional("customer.tax_number", coerce.text),
        tax_treatment=scope.optional("customer.tax_treatment", treatment),
        id=scope.optional("customer.id", coerce.text),
        address=address,
    )


def _invoice(mapping: Mapping, scope: Scope, customer: CustomerDraft, reference: str) -> Draft:
    document = mapping.document.invoice
    date = scope.required("invoice.date", coerce.day)
    terms = scope.optional("invoice.terms", coerce.text)
    due_date = scope.optional("invoice.due_date", coerce.day)
    if terms is not None:
        terms, by_terms = agreed(terms, date, mapping.catalog.terms)
        due_date = due_date or by_terms
    currency = scope.optional("invoice.currency", coerce.currency) or customer.currency
    mail = _mail(scope, customer.email) if scope.flag("invoice.send", default=True) else None
    return Draft(
        reference=reference,
        customer=customer,
        currency=currency or mapping.viewer.account.currency,
        lines=evaluate_lines(mapping, scope),
        date=date,
        due_date=due_date,
        terms=terms,
        number=_number(scope, reference),
        amounts=Amounts(document.amounts),
        discount=scope.discount("invoice.discount"),
        po_number=scope.optional("invoice.po_number", coerce.text),
        memo=scope.optional("invoice.memo", coerce.text),
        mail=mail,
        ready=Ready.APPROVED if mail else Ready(document.status),
    )


def _left_out(mapping: Mapping, deal: Deal, draft: Draft) -> tuple[str, ...]:
    """Return a warning of terms that the books do not have, beside a due date that holds."""
    known = mapping.catalog.terms
    if draft.terms is None or draft.due_date is None or not known:
        return ()
    try:
        pick_term(draft.terms, known)
    except Unresolved as error:
        return (f"deal {deal.id}: invoice.terms: {error}; they are left out, the due date holds",)
    return ()


def _mail(scope: Scope, to: str) -> Mail:
    return Mail(
        to=to,
        cc=scope.optional("invoice.cc", coerce.emails) or (),
        message=scope.optional("invoice.message", coerce.text),
        attach_pdf=scope.flag("invoice.attach_pdf", default=True),
    )


def _number(scope: Scope, reference: str) -> str | None:
    """Return the number to ask for; any of the mapping's own making has to hold the deal's id."""
    if not scope.has("invoice.number"):
        return None
    number = scope.required("invoice.number", coerce.text)
    if number == "reference":
        return reference
    if str(scope.deal.id) not in re.findall(r"\d+", number):
        raise scope.error(
            "invoice.number", f"{number!r} does not hold the deal's id, so it is not unique"
        )
    return number
