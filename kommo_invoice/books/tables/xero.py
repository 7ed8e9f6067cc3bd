"""What Xero can do, by its provider sheet."""

from __future__ import annotations

from types import MappingProxyType

from kommo_invoice.books.capabilities import (
    Approval,
    BooksCapabilities,
    Currencies,
    Customers,
    Feed,
    FeedKind,
    Idempotency,
    Key,
    KeyPlace,
    Link,
    MailProof,
    Match,
    Operation,
    OperationRule,
    OwnNumber,
    Payments,
    Recurring,
    Reference,
    TextLimits,
    When,
)
from kommo_invoice.books.features import Feature
from kommo_invoice.domain.totals import Rounding
from kommo_invoice.http.calls import Rate

# Xero sheet, section 5: 6 minutes from the first call; then the same key counts as new.
_IDEMPOTENCY_KEY = Key("Idempotency-Key", KeyPlace.HEADER, max_length=128, lifetime_s=360)

XERO = BooksCapabilities(
    provider="xero",
    name="Xero",
    operations=MappingProxyType(
        {
            Operation.CREATE_CUSTOMER: OperationRule(Idempotency.SEARCH, _IDEMPOTENCY_KEY),
            # Section 5: Reference is an optimised, exact filter over the business.
            Operation.CREATE_INVOICE: OperationRule(Idempotency.SEARCH, _IDEMPOTENCY_KEY),
            Operation.APPROVE: OperationRule(Idempotency.STATE, _IDEMPOTENCY_KEY),
            # Section 4.5: whether a mail sets SentToContact is not established.
            Operation.SEND: OperationRule(Idempotency.NONE, _IDEMPOTENCY_KEY),
            Operation.VOID: OperationRule(Idempotency.STATE, _IDEMPOTENCY_KEY),
            Operation.DELETE: OperationRule(Idempotency.STATE, _IDEMPOTENCY_KEY),
        }
    ),
    approval=Approval.STEP,  # section 4.5: a draft cannot be mailed
    mail_proof=MailProof.NONE,
    # Section 4.4; the filter is for the whole text.
    reference=Reference("Reference", max_length=255, match=Match.EXACT, with_po_number=True),
    # Section 5: PUT with a number that exists is refused (POST would overwrite that invoice).
    own_number=OwnNumber(max_length=255, guard=Idempotency.UNIQUE_NUMBER),
    # Section 4.2: searchTerm holds parts, without letter case; the case rule of the exact filter
    # is not established. Section 4.3: names are unique among active contacts.
    customers=Customers(Match.CONTAINS, unique_names=True, fixed_currency=False),
    deletable=When.DRAFT,  # section 4.7
    voidable=When.UNPAID,  # section 4.7
    credit_notes=True,
    recurring=Recurring.UNSAFE,  # section 4.11: a profile cannot be changed, only deleted
    feed=Feed(
        FeedKind.MODIFIED_SINCE,
        overlap_s=300,  # section 4.8
        max_age_s=None,
        misses_payments=False,  # section 4.8
        misses_deletions=False,  # section 4.8: listed as changed rows
    ),
    payments=Payments.WITH_INVOICE,  # sections 4.7 and 4.8
    link=Link.EXTRA_REQUEST,  # section 4.6: not for drafts
    features=frozenset(
        {
            Feature.TAX_NUMBER,  # section 4.3
            Feature.INCLUSIVE_PRICES,  # section 4.4
            Feature.DISCOUNT_PERCENT,  # section 4.4: the same DiscountRate on each line
            Feature.PO_NUMBER,
            Feature.OWN_NUMBER,
            Feature.LINE_DISCOUNT_PERCENT,
            Feature.LINE_DISCOUNT_AMOUNT,
        }
    ),  # section 4.5: neither recipient nor text nor PDF can be chosen; section 4.4: no memo
    needs_item=True,  # section 4.4: an item or an account, to be approved
    books_decide_tax=False,
    tax_rounding=Rounding.LINE,  # section 8
    currencies=Currencies.BY_ACCOUNT,  # sections 4.4 and 10
    texts=TextLimits(customer_name=255, email=255, description=4000),  # sections 4.3 and 4.4
    look_batch=1,
    read_batch=40,  # section 4.8: IDs=
    page=100,  # section 4.1
    rates=(Rate(50, 60),),  # section 6: 60 a minute
    in_flight=2,  # section 6: 5 at once
    requests_per_day=1000,  # section 6: the Starter tier
    long_lived_token=False,
    oauth_rotates=True,  # section 3
)
