"""What a mapping may ask for beyond the necessary, and what becomes of it where books cannot."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Feature(StrEnum):
    """Something optional that a mapping may ask for; the value is its key in the mapping."""

    RECIPIENT = "customer.email"
    """The mail goes to the address of the mapping, not only to that of the books' customer."""
    TAX_NUMBER = "customer.tax_number"
    TAX_TREATMENT = "customer.tax_treatment"
    TERMS = "invoice.terms"
    INCLUSIVE_PRICES = "invoice.amounts"
    DISCOUNT_PERCENT = "invoice.discount"
    DISCOUNT_AMOUNT = "invoice.discount.amount"
    PO_NUMBER = "invoice.po_number"
    MEMO = "invoice.memo"
    ATTACH_PDF = "invoice.attach_pdf"
    MESSAGE = "invoice.message"
    CC = "invoice.cc"
    OWN_NUMBER = "invoice.number"
    LINE_DISCOUNT_PERCENT = "lines.discount"
    LINE_DISCOUNT_AMOUNT = "lines.discount.amount"


class Effect(StrEnum):
    """What becomes of a wish that the books cannot grant."""

    DROPPED = "dropped"
    """Left out; the amounts stay as they are."""
    CONVERTED = "converted"
    """Reached in another way, to the same total but for rounding."""
    REFUSED = "refused"
    """The deal is not invoiced: its invoice would be another one."""


@dataclass(frozen=True, slots=True)
class Drop:
    """A wish that these books cannot grant: its mapping key, what becomes of it, in words."""

    feature: Feature
    effect: Effect
    words: str


_UNMET: Mapping[Feature, tuple[Effect, str]] = {
    Feature.RECIPIENT: (Effect.DROPPED, "the mail goes to the address of the books' customer"),
    Feature.TAX_NUMBER: (Effect.DROPPED, "customers have no tax number"),
    Feature.TAX_TREATMENT: (Effect.DROPPED, "customers have no tax treatment"),
    Feature.TERMS: (
        Effect.CONVERTED,
        "terms such as Net 30 become a due date, others are left out",
    ),
    Feature.INCLUSIVE_PRICES: (Effect.CONVERTED, "prices with tax are turned into net prices"),
    Feature.DISCOUNT_PERCENT: (Effect.REFUSED, "invoices have no discount in percent"),
    Feature.DISCOUNT_AMOUNT: (Effect.REFUSED, "invoices have no discount as an amount"),
    Feature.PO_NUMBER: (Effect.DROPPED, "invoices have no field for the client's order number"),
    Feature.MEMO: (Effect.DROPPED, "invoices have no memo"),
    Feature.ATTACH_PDF: (Effect.DROPPED, "the account's own settings decide about the PDF"),
    Feature.MESSAGE: (Effect.DROPPED, "the mail's text is the books' own"),
    Feature.CC: (Effect.DROPPED, "the mail goes to one address"),
    Feature.OWN_NUMBER: (Effect.REFUSED, "the books number their invoices themselves"),
    Feature.LINE_DISCOUNT_PERCENT: (Effect.REFUSED, "lines have no discount in percent"),
    Feature.LINE_DISCOUNT_AMOUNT: (Effect.REFUSED, "lines have no discount as an amount"),
}


def unmet(features: frozenset[Feature], converted: Mapping[Feature, str]) -> tuple[Drop, ...]:
    """Return what books cannot grant, in the order of the mapping.

    Args:
        features: What they can.
        converted: What they reach in a way of their own, in words.
    """
    found = {each: Drop(each, *_UNMET[each]) for each in Feature if each not in features}
    found |= {each: Drop(each, Effect.CONVERTED, words) for each, words in converted.items()}
    return tuple(found[each] for each in Feature if each in found)
