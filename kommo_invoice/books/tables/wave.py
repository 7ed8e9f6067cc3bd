"""What Wave can do, by its provider sheet."""

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
from kommo_invoice.http.calls import Rate

WAVE = BooksCapabilities(
    provider="wave",
    name="Wave",
    operations=MappingProxyType(
        {
            # Wave sheet, section 5: no key anywhere. Customers are found by e-mail (4.1); an
            # invoice's poNumber has no filter (4.5, 4.8), so lists are read and compared.
            Operation.CREATE_CUSTOMER: OperationRule(Idempotency.SEARCH),
            Operation.CREATE_INVOICE: OperationRule(Idempotency.LIST_SCAN),
            Operation.APPROVE: OperationRule(Idempotency.STATE),
            Operation.SEND: OperationRule(Idempotency.STATE),
            Operation.VOID: None,  # section 4.9: neither void nor credit note
            Operation.DELETE: OperationRule(Idempotency.STATE),
        }
    ),
    approval=Approval.STEP,  # section 4.6: sending a draft is not documented as possible
    mail_proof=MailProof.PROVEN,  # lastSentVia beside lastSentAt (sections 4.7 and 5.4)
    # Sections 4.5 and 14: no lengths are published; poNumber is printed and not searchable.
    reference=Reference("poNumber", max_length=None, match=Match.NONE, with_po_number=True),
    # Section 4.8: invoices(invoiceNumber:) finds substrings, over the whole business. That
    # numbers are unique is not established (section 14).
    own_number=OwnNumber(max_length=None, guard=Idempotency.SEARCH),
    # Section 4.1: letter case is not established. Section 5.5: duplicates are never refused.
    customers=Customers(Match.EXACT, unique_names=False, fixed_currency=False),
    deletable=When.DRAFT,  # section 4.9: "only drafts" or "without payments" is not established
    voidable=When.NEVER,
    credit_notes=False,
    recurring=Recurring.NONE,  # section 4.10
    feed=Feed(
        FeedKind.MODIFIED_SINCE,
        overlap_s=300,  # section 4.8: "by minutes"; strict or inclusive not established
        max_age_s=None,
        misses_payments=True,  # section 4.8: whether a payment moves modifiedAt not established
        misses_deletions=True,
    ),
    payments=Payments.WITH_INVOICE,  # section 4.7: for a single invoice, not in lists
    link=Link.WITH_INVOICE,  # viewUrl, section 4.7
    features=frozenset(
        {
            Feature.RECIPIENT,  # section 4.6: `to` is required
            Feature.DISCOUNT_PERCENT,  # section 4.5: at most one, on the whole invoice
            Feature.DISCOUNT_AMOUNT,
            Feature.PO_NUMBER,
            Feature.MEMO,
            Feature.ATTACH_PDF,
            Feature.MESSAGE,  # section 4.6; there is only ccMyself, so no cc
            Feature.OWN_NUMBER,
        }
    ),
    needs_item=True,  # section 4.3
    books_decide_tax=False,
    tax_rounding=None,  # section 8: per line or per invoice is not stated
    currencies=Currencies.ANY,  # section 8
    texts=TextLimits(),  # section 14: not published
    # Section 6: about 10 aliases a document; a look asks for two spellings of one address.
    look_batch=5,
    read_batch=10,
    page=100,  # section 4.8: 200 was seen, 100 is safe
    rates=(Rate(50, 60),),  # section 6: 60 a minute by the schema's default, with bans
    in_flight=1,
    requests_per_day=5000,  # section 6: named by third parties only
    long_lived_token=True,  # section 3: the full access token
    oauth_rotates=True,
)
