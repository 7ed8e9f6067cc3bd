"""What Zoho Books can do, by its provider sheet."""

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
from kommo_invoice.domain.totals import Rounding
from kommo_invoice.http.calls import Rate

ZOHO = BooksCapabilities(
    provider="zoho",
    name="Zoho Books",
    operations=MappingProxyType(
        {
            # Zoho sheet, section 5: no key. X-Upsert would change an invoice that was sent, so it
            # is not used. Sections 4.2 and 4.7: both searches need an exact check of the rows.
            Operation.CREATE_CUSTOMER: OperationRule(Idempotency.SEARCH),
            Operation.CREATE_INVOICE: OperationRule(Idempotency.SEARCH),
            Operation.APPROVE: OperationRule(Idempotency.STATE),  # section 4.5: /status/sent
            Operation.SEND: OperationRule(Idempotency.STATE),
            Operation.VOID: OperationRule(Idempotency.STATE),
            Operation.DELETE: OperationRule(Idempotency.STATE),
        }
    ),
    approval=Approval.BY_SENDING,  # section 4.5: mailing turns a draft into sent
    mail_proof=MailProof.PROVEN,  # is_emailed (sections 4.5 and 5)
    # Section 4.4: printed as the order number, length not established. Section 4.7: search_text
    # (number, PO, customer) holds parts; the filter reference_number is for the whole text.
    reference=Reference(
        "reference_number", max_length=None, match=Match.CONTAINS, with_po_number=True
    ),
    # Section 4.4: a second one of the same number is refused (1001 or 4060).
    own_number=OwnNumber(max_length=100, guard=Idempotency.UNIQUE_NUMBER),
    # Section 4.2: primary person only; letter case not established. Section 4.3: names are unique
    # (3062), and that the currency can be changed later is not established.
    customers=Customers(Match.EXACT, unique_names=True, fixed_currency=True),
    deletable=When.UNPAID,  # section 4.9: refused with payments (4001) or credits (12008)
    voidable=When.ALWAYS,  # section 4.9: payments become the customer's credit
    credit_notes=True,
    # Section 4.10: whether its invoices are drafts or mailed is the account's preference, and not
    # to be seen through the API.
    recurring=Recurring.UNSAFE,
    feed=Feed(
        FeedKind.MODIFIED_SINCE,
        overlap_s=300,  # section 4.7: "some minutes", since pages shift
        max_age_s=None,
        misses_payments=False,  # section 4.7: recorded
        misses_deletions=True,  # section 4.7: they vanish
    ),
    payments=Payments.EXTRA_REQUEST,  # section 4.8
    link=Link.WITH_INVOICE,  # section 4.4: works for the client once the invoice is sent
    features=frozenset(
        {
            Feature.RECIPIENT,  # section 4.5: to_mail_ids
            Feature.TAX_NUMBER,  # section 4.3: by edition
            Feature.TAX_TREATMENT,  # section 4.3: by edition
            Feature.INCLUSIVE_PRICES,  # section 4.4: not in the US and Canadian editions
            Feature.DISCOUNT_PERCENT,  # section 4.4: on the whole or on lines, not on both
            Feature.DISCOUNT_AMOUNT,
            Feature.PO_NUMBER,
            Feature.MEMO,
            Feature.ATTACH_PDF,
            Feature.MESSAGE,
            Feature.CC,
            Feature.OWN_NUMBER,  # section 4.4: with ignore_auto_number_generation
            Feature.LINE_DISCOUNT_PERCENT,
            Feature.LINE_DISCOUNT_AMOUNT,
        }
    ),  # section 4.4: terms are whole days beside a due date; there is no list of them to name one
    needs_item=True,  # section 4.4: the specification says so, live answers did without
    books_decide_tax=False,
    tax_rounding=Rounding.TAX,  # section 8: tax_rounding entity_level
    currencies=Currencies.BY_ACCOUNT,  # section 10: by plan, not established
    texts=TextLimits(customer_name=100, email=100, description=2000),  # sections 4.3 and 4.4
    look_batch=1,
    read_batch=1,
    page=200,  # section 4.7
    rates=(Rate(60, 60),),  # section 6: 100 a minute; beyond it a block of an hour was seen
    in_flight=2,  # section 6: 5 at once on the free plan
    requests_per_day=1000,  # section 6: the free plan
    long_lived_token=False,
    oauth_rotates=False,  # section 3
    one_discount=True,  # section 4.4: discount_type is of the whole or of the lines
    looks_apart=True,  # section 11
    auth_scheme="Zoho-oauthtoken",  # section 2
)
