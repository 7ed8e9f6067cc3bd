"""What QuickBooks Online can do, by its provider sheet."""

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

# QuickBooks sheet, section 5: on any create, update, delete and send; kept for how long is not
# documented, nor what another body under the same id does.
_REQUEST_ID = Key("requestid", KeyPlace.PARAM, max_length=50, lifetime_s=None)
_SETTLE_S = 180  # section 2: a request may take the server about 120 s
_BY_STATE = OperationRule(Idempotency.STATE, _REQUEST_ID, _SETTLE_S)

QUICKBOOKS = BooksCapabilities(
    provider="quickbooks",
    name="QuickBooks Online",
    operations=MappingProxyType(
        {
            Operation.CREATE_CUSTOMER: OperationRule(Idempotency.SEARCH, _REQUEST_ID, _SETTLE_S),
            # Section 4.7: PrivateNote cannot be filtered by; customer, date and total can.
            Operation.CREATE_INVOICE: OperationRule(Idempotency.LIST_SCAN, _REQUEST_ID, _SETTLE_S),
            Operation.APPROVE: None,  # section 4.3: an invoice is live from its creation
            # Section 4.5: that requestid holds for a send is not established.
            Operation.SEND: OperationRule(Idempotency.STATE, settle_s=_SETTLE_S),
            Operation.VOID: _BY_STATE,
            Operation.DELETE: _BY_STATE,
        }
    ),
    approval=Approval.NONE,
    mail_proof=MailProof.PROVEN,  # EmailStatus and DeliveryInfo.DeliveryTime (section 4.5)
    # Section 4.3: not printed, and not filterable.
    reference=Reference("PrivateNote", max_length=4000, match=Match.NONE, with_po_number=False),
    # Section 4.3: DocNumber can be filtered by; a second one is refused (6140) only where the
    # company has that warning on, and own numbers need CustomTxnNumbers.
    own_number=OwnNumber(max_length=21, guard=Idempotency.SEARCH),
    # Section 4.0: values compare without letter case. Section 4.2: names are unique over
    # customers, vendors and employees (6240); the currency cannot be changed later.
    customers=Customers(Match.EXACT_ANY_CASE, unique_names=True, fixed_currency=True),
    deletable=When.UNPAID,  # section 4.9: linked transactions have to be unlinked first
    voidable=When.ALWAYS,  # section 4.9: payments stay as unapplied credit
    credit_notes=True,
    # Section 4.10: whether NeedToSend mails by itself is not established.
    recurring=Recurring.UNSAFE,
    feed=Feed(
        FeedKind.CHANGE_LOG,
        overlap_s=300,  # section 4.7: "a few minutes"
        max_age_s=30 * 86_400,  # section 4.7; at most 1000 objects, without pages
        # Section 4.7: that a payment moves its invoice is not established; the change log is
        # asked for Payment beside Invoice, so that it names them.
        misses_payments=False,
        misses_deletions=True,  # section 4.7: beyond 1000 objects in one answer
    ),
    payments=Payments.EXTRA_REQUEST,  # section 4.8: through LinkedTxn
    link=Link.CONDITIONAL,  # section 4.3: only with QuickBooks Payments, and asked for
    features=frozenset(
        {
            Feature.RECIPIENT,  # section 4.5: sendTo
            Feature.TERMS,  # section 4.11
            Feature.DISCOUNT_PERCENT,  # section 4.3: where AllowDiscount is on
            Feature.DISCOUNT_AMOUNT,
            Feature.MEMO,
            Feature.CC,  # section 4.3: BillEmailCc
            Feature.OWN_NUMBER,  # section 4.3: where CustomTxnNumbers is on
        }
    ),  # not established: inclusive prices (section 8), tax numbers; no order number (section 4.3)
    converted=MappingProxyType(
        {Feature.PO_NUMBER: "it stands in the private note, which is not printed"}
    ),
    needs_item=True,  # section 4.3: without one the amount is ignored
    books_decide_tax=True,  # section 4.4: automated sales tax of US companies
    tax_rounding=Rounding.TAX,  # section 8
    currencies=Currencies.BY_ACCOUNT,  # section 8
    texts=TextLimits(customer_name=500, email=100, description=4000, memo=1000),  # 4.2 and 4.3
    # Section 6: 30 items a batch, 10 in one old page; a look is a customer and an invoice query.
    look_batch=5,
    read_batch=200,  # section 4.7: Id IN (…), short enough for a GET
    page=1000,  # section 4.0
    rates=(Rate(8, 1),),  # section 6: 10 a second, 500 a minute
    in_flight=4,  # section 6: 10 at once in older texts
    requests_per_day=None,  # section 6: 500 000 reads a month
    long_lived_token=False,
    oauth_rotates=True,  # section 3: about daily
)
