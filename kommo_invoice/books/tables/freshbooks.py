"""What FreshBooks can do, by its provider sheet."""

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

FRESHBOOKS = BooksCapabilities(
    provider="freshbooks",
    name="FreshBooks",
    operations=MappingProxyType(
        {
            # FreshBooks sheet, section 5: no key; a filter by po_number is not established, and
            # unknown filters are ignored (4.1), so lists are read and compared.
            Operation.CREATE_CUSTOMER: OperationRule(Idempotency.SEARCH),
            Operation.CREATE_INVOICE: OperationRule(Idempotency.LIST_SCAN),
            Operation.APPROVE: OperationRule(Idempotency.STATE),  # section 4.5: action_mark_as_sent
            Operation.SEND: OperationRule(Idempotency.STATE),
            Operation.VOID: None,  # section 4.10
            Operation.DELETE: OperationRule(Idempotency.STATE),
        }
    ),
    approval=Approval.BY_SENDING,  # section 4.5
    # v3_status draft proves "not mailed"; sent is also what a mark makes, and partial or overdue
    # hide it (sections 4.5 and 4.7).
    mail_proof=MailProof.PARTIAL,
    reference=Reference("po_number", max_length=None, match=Match.NONE, with_po_number=True),
    # Section 12: whether numbers are unique, and the filter by number, are not established.
    own_number=OwnNumber(max_length=None, guard=Idempotency.LIST_SCAN),
    # Section 4.2: letter case not established; doubles are accepted.
    customers=Customers(Match.EXACT, unique_names=False, fixed_currency=False),
    deletable=When.UNPAID,  # section 4.10: payments first, by the documentation
    voidable=When.NEVER,
    credit_notes=True,
    recurring=Recurring.UNSAFE,  # section 4.11: made at their own hour, nothing to find them by
    feed=Feed(
        FeedKind.MODIFIED_SINCE_DAY,
        overlap_s=2 * 86_400,  # section 4.8: by the day, in US Eastern time
        max_age_s=None,
        misses_payments=False,  # section 4.8: recorded
        misses_deletions=True,  # section 4.8: left out of the list
    ),
    payments=Payments.EXTRA_REQUEST,  # section 4.9
    link=Link.EXTRA_REQUEST,  # section 4.6: once sent; each request makes another link
    features=frozenset(
        {
            Feature.RECIPIENT,  # section 4.5: email_recipients
            Feature.TAX_NUMBER,  # section 4.3: vat_number
            Feature.DISCOUNT_PERCENT,  # section 4.4: the only discount there is
            Feature.PO_NUMBER,
            Feature.MEMO,
            Feature.ATTACH_PDF,
            Feature.MESSAGE,
            Feature.OWN_NUMBER,
        }
    ),
    needs_item=False,  # section 4.4: an item's name and price are copied
    books_decide_tax=False,
    tax_rounding=None,  # section 8: not established
    currencies=Currencies.ANY,  # section 4.4
    texts=TextLimits(),  # section 4.3: not published
    look_batch=1,
    read_batch=1,  # section 4.8: invoiceids[] is known from other people's code only
    page=100,  # section 4.1
    rates=(Rate(200, 60),),  # section 6: 600 a minute, 250 for POST, both only measured
    in_flight=2,  # section 6: no limit is documented
    requests_per_day=None,
    long_lived_token=False,
    oauth_rotates=True,  # section 3: single use
)
