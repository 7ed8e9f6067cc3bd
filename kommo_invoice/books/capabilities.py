"""What a books provider can do, as data: the engine asks this and never a provider's name.

The values of each provider stand in ``capability_tables``. Where a provider's behaviour is not
established, the table holds the stricter value.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from kommo_invoice.books.features import Drop, Effect, Feature, unmet
from kommo_invoice.books.operations import (
    DEFAULT_SETTLE_S,
    Idempotency,
    Key,
    KeyPlace,
    Operation,
    OperationRule,
)
from kommo_invoice.domain.totals import Rounding, totals
from kommo_invoice.http.calls import Policy, Rate

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from kommo_invoice.domain.draft import Draft
    from kommo_invoice.domain.totals import Totals

__all__ = [
    "DEFAULT_SETTLE_S",
    "Approval",
    "BooksCapabilities",
    "Currencies",
    "Customers",
    "Drop",
    "Effect",
    "Feature",
    "Feed",
    "FeedKind",
    "Idempotency",
    "Key",
    "KeyPlace",
    "Link",
    "MailProof",
    "Match",
    "Operation",
    "OperationRule",
    "OwnNumber",
    "Payments",
    "Recurring",
    "Reference",
    "TextLimits",
    "When",
]


class Approval(StrEnum):
    """What stands between creating an invoice and e-mailing it."""

    STEP = "step"
    """Created as a draft; it is approved by a request of its own before it can be sent."""
    BY_SENDING = "by-sending"
    """Created as a draft; sending approves it, ``approve`` is for invoices that are not sent."""
    NONE = "none"
    """There are no drafts: a created invoice is in the books at once."""


class MailProof(StrEnum):
    """What an invoice's state says about its e-mail."""

    PROVEN = "proven"
    """It says whether it was e-mailed and whether it was not."""
    PARTIAL = "partial"
    """It proves only that it was not e-mailed yet; other acts change the state as well."""
    NONE = "none"
    """It proves neither."""


class Match(StrEnum):
    """How a provider compares what is searched; rows are compared exactly in our code anyway."""

    EXACT = "exact"
    """The whole text; whether letter case counts is not established."""
    EXACT_ANY_CASE = "exact-any-case"
    """The whole text, whatever the letter case."""
    CONTAINS = "contains"
    """Any text that holds it."""
    NONE = "none"
    """It cannot be searched: lists are read."""


class When(StrEnum):
    """Up to which state an invoice can be taken back in a given way."""

    NEVER = "never"
    DRAFT = "draft"
    UNPAID = "unpaid"
    ALWAYS = "always"


class Recurring(StrEnum):
    """Recurring profiles in the books."""

    SAFE = "safe"
    """Made once, found again, stopped for sure, and their invoices are known to be sent or not."""
    UNSAFE = "unsafe"
    NONE = "none"


class FeedKind(StrEnum):
    """How changed invoices are asked for."""

    MODIFIED_SINCE = "modified-since"
    """A list filtered by time of change."""
    MODIFIED_SINCE_DAY = "modified-since-day"
    """The same, but only to the day."""
    CHANGE_LOG = "change-log"
    """A change log that names deletions too."""


class Link(StrEnum):
    """How the client's public page of an invoice is had."""

    WITH_INVOICE = "with-invoice"
    EXTRA_REQUEST = "extra-request"
    CONDITIONAL = "conditional"
    """Only for accounts that take payments online."""


class Payments(StrEnum):
    """How the payments of one invoice are read."""

    WITH_INVOICE = "with-invoice"
    EXTRA_REQUEST = "extra-request"


class Currencies(StrEnum):
    """In which currencies invoices may be written."""

    ANY = "any"
    BY_ACCOUNT = "by-account"
    """Those that the account's plan and settings have switched on."""


_GUARD_WORDS: Mapping[Idempotency, str] = {
    Idempotency.KEY: "idempotency key",
    Idempotency.UNIQUE_NUMBER: "unique number",
    Idempotency.SEARCH: "business-wide search",
    Idempotency.LIST_SCAN: "list scan",
    Idempotency.STATE: "the invoice's own state",
    Idempotency.NONE: "none",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """Where our reference stands on an invoice.

    Args:
        field: The provider's name of the field.
        max_length: Characters it takes; None where no limit is published.
        match: How the provider searches it, over the whole business.
        with_po_number: Whether it shares the field with the client's own order number.
    """

    field: str
    max_length: int | None
    match: Match
    with_po_number: bool


@dataclass(frozen=True, slots=True)
class OwnNumber:
    """What an invoice number of our choice is good for.

    Args:
        max_length: Characters it takes; None where no limit is published.
        guard: What it adds against a second invoice, when our reference is the number.
    """

    max_length: int | None
    guard: Idempotency


@dataclass(frozen=True, slots=True)
class Customers:
    """How customers are told apart.

    Args:
        email_match: How a search by e-mail compares.
        unique_names: Whether a second customer of the same name is refused.
        fixed_currency: Whether a customer has one currency for life, which its invoices bear.
    """

    email_match: Match
    unique_names: bool
    fixed_currency: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """How changes are followed.

    Args:
        overlap_s: Seconds by which each reading goes back before the last one's end.
        max_age_s: Seconds that it reaches back at most; None without an end.
        misses_payments: Whether a payment may come without the feed naming its invoice.
        misses_deletions: Whether deleted invoices are left out.
    """

    kind: FeedKind
    overlap_s: int
    max_age_s: int | None
    misses_payments: bool
    misses_deletions: bool


@dataclass(frozen=True, slots=True)
class TextLimits:
    """The most characters that texts may have; None where no limit is published."""

    customer_name: int | None = None
    email: int | None = None
    description: int | None = None
    memo: int | None = None


@dataclass(frozen=True, slots=True)
class BooksCapabilities:
    """What one books provider can do.

    Args:
        provider: As the mapping names it.
        name: As people write it.
        operations: A rule for each write; None where the provider does not have it.
        approval: What stands between a created and a sent invoice.
        mail_proof: What an invoice's state says about its e-mail.
        reference: Where our reference stands.
        own_number: What an invoice number of our choice is good for.
        customers: How customers are told apart.
        deletable: Up to which state an invoice can be deleted.
        voidable: Up to which state an invoice can be voided.
        credit_notes: Whether credit notes exist in the API.
        recurring: Recurring profiles in the books.
        feed: How changes are followed.
        payments: How the payments of one invoice are read.
        link: How the client's public page is had.
        features: What a mapping may ask for beyond the necessary.
        converted: What of the rest they reach in a way of their own, in words.
        one_discount: Whether the whole of an invoice and its lines cannot both be discounted.
        looks_apart: Whether looking for a reference takes a request of its own.
        auth_scheme: What stands before the token in the Authorization header.
        needs_item: Whether each line has to name an item of the books.
        books_decide_tax: Whether the books may compute another tax than the one asked for.
        tax_rounding: Where tax is rounded to the minor unit; None where it is not established.
        currencies: In which currencies invoices may be written.
        texts: The most characters that texts may have.
        look_batch: Looks that one request answers.
        read_batch: Invoices that one request reads with lines and payments.
        page: Rows of one list page.
        rates: Our policy, below the provider's limits; all of them hold at once.
        in_flight: Requests open at once, as ``Policy`` counts them.
        requests_per_day: Requests that the smallest plan allows a day; None without a limit.
        long_lived_token: Whether a token without refresh can be had.
        oauth_rotates: Whether a refresh replaces the refresh token.
    """

    provider: str
    name: str
    operations: Mapping[Operation, OperationRule | None]
    approval: Approval
    mail_proof: MailProof
    reference: Reference
    own_number: OwnNumber
    customers: Customers
    deletable: When
    voidable: When
    credit_notes: bool
    recurring: Recurring
    feed: Feed
    payments: Payments
    link: Link
    features: frozenset[Feature]
    needs_item: bool
    books_decide_tax: bool
    tax_rounding: Rounding | None
    currencies: Currencies
    texts: TextLimits
    look_batch: int
    read_batch: int
    page: int
    rates: tuple[Rate, ...]
    in_flight: int
    requests_per_day: int | None
    long_lived_token: bool
    oauth_rotates: bool
    converted: Mapping[Feature, str] = field(default_factory=dict)
    one_discount: bool = False
    looks_apart: bool = False
    auth_scheme: str = "Bearer"

    @property
    def drafts(self) -> bool:
        """Whether a created invoice is a draft that nobody outside has seen."""
        return self.approval is not Approval.NONE

    @property
    def takes_gross(self) -> bool:
        """Whether prices that contain tax are told to the books as they are."""
        return Feature.INCLUSIVE_PRICES in self.features

    def comes_to(self, draft: Draft) -> Totals:
        """Return what a draft comes to in these books."""
        return totals(draft, self.tax_rounding or Rounding.LINE, gross=self.takes_gross)

    @property
    def policy(self) -> Policy:
        """The rates and requests in flight, as the HTTP client takes them."""
        return Policy(rates=self.rates, in_flight=self.in_flight, scheme=self.auth_scheme)

    @property
    def drops(self) -> tuple[Drop, ...]:
        """What a mapping may ask for and these books cannot do, in the order of the mapping."""
        return unmet(self.features, self.converted)

    def without(self, keys: Collection[str]) -> BooksCapabilities:
        """Return what is left for an account that cannot do all of it.

        Args:
            keys: Keys of the mapping that the account lacks.
        """
        left = frozenset(each for each in self.features if each.value not in keys)
        return self if left == self.features else replace(self, features=left)

    def rule(self, operation: Operation) -> OperationRule:
        """Return the rule of an operation.

        Raises:
            KeyError: The provider does not have the operation.
        """
        rule = self.operations[operation]
        if rule is None:
            raise KeyError(f"{self.name} has no {operation}")
        return rule

    def guard(self, *, own_number: bool = False) -> str:
        """Say in words what keeps one claim from getting two invoices.

        Args:
            own_number: Whether our reference is the invoice number.
        """
        rule = self.rule(Operation.CREATE_INVOICE)
        probe = _GUARD_WORDS[self.own_number.guard if own_number else rule.probe]
        if rule.key is None:
            return probe
        key = _GUARD_WORDS[Idempotency.KEY]
        if rule.key.lifetime_s is None:
            return f"{key}, then {probe}"
        return f"{key} for {rule.key.lifetime_s // 60} minutes, then {probe}"
