"""What is not established of Zoho Books, to be set either way (marks [?] and [I] of its sheet)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OwnNumber(StrEnum):
    """What becomes of a number that comes without the switch (section 4.4)."""

    REFUSE = "refuse"
    IGNORE = "ignore"
    """The organisation's own number is taken without a word."""


class OtherCurrency(StrEnum):
    """What becomes of a currency that is not the customer's."""

    REFUSE = "refuse"
    IGNORE = "ignore"
    """The invoice is in the customer's."""
    TAKE = "take"


class ReferenceMatch(StrEnum):
    """How the filter ``reference_number`` compares (section 4.7)."""

    EXACT = "exact"
    IGNORE_CASE = "ignore_case"
    CONTAINS = "contains"


@dataclass(slots=True, kw_only=True)
class ZohoRules:
    """How the undocumented turns out; every field may be changed at any time.

    Args:
        names_ignore_case: Whether names that differ in letter case alone are the same (3062).
        names_trimmed: The same for blanks around them.
        emails_ignore_case: Whether the filter ``email`` finds another letter case.
        lists_inactive: Whether contacts are listed without ``filter_by`` when inactive.
        inactive_refused: Whether an inactive customer gets no invoice.
        reference_match: How the filter ``reference_number`` compares.
        filters_custom_fields: Whether ``custom_field`` finds the invoices with that value; else
            it is passed over.
        own_number: What becomes of a number without the switch.
        duplicate_number_code: 1001 or 4060.
        repeated_value_code: For a custom field's value that must be unique.
        unique_key: How the list of fields says that a value must be unique; None says nothing.
        missing_reference_status: HTTP status for an item, tax or person that does not exist.
        needs_item: Whether every line needs an item, as the specification says.
        items_bring_tax: Whether a line without ``tax_id`` gets its item's tax.
        other_currency: What becomes of a currency that is not the customer's.
        rate_defaults: Whether a foreign currency without a rate gets one of 1; else it is
            refused.
        inclusive_subtotal_is_net: Whether sub_total is without tax where prices contain it.
        totals_as_text: Whether total and balance are texts, as the specification says.
        primary_is_used: Whether an invoice without persons goes to the customer's primary one.
        send_fails_whole: Whether a create with ``send=true`` that can mail nobody makes nothing.
        repeats_refused: Whether marking as sent or void what is so already is refused.
        voids_drafts: Whether a draft can be voided.
        void_can_be_mailed: Whether a void invoice can.
        repeated_mail_touches: Whether a second mail moves last_modified_time.
        mails_per_day: The cap for each organisation; None has none.
        zero_is_paid: Whether an invoice of nothing is paid once it is sent.
        overdue_hides_partial: Whether a part paid invoice past its date is ``overdue``.
        bearer: Whether ``Authorization: Bearer`` is taken.
        minute_code: 43 blocks the organisation for an hour; 44 until the minute is over.
        requests_per_minute: For each organisation.
        busy: How many of the next requests find too many others in process (1070).
        counters: Whether answers tell the daily counter.
        translated: Whether the token endpoint's throttle speaks the account's language.
        tells_scope: Whether token answers name the scopes.
        code_life_s: Of an authorisation code.
        refreshes_per_window: Access tokens for each refresh token in 10 minutes.
        access_tokens: How many of one refresh token live at a time.
        refresh_tokens: How many a user has.
    """

    names_ignore_case: bool = True
    names_trimmed: bool = True
    emails_ignore_case: bool = True
    lists_inactive: bool = False
    inactive_refused: bool = True
    reference_match: ReferenceMatch = ReferenceMatch.IGNORE_CASE
    filters_custom_fields: bool = False
    own_number: OwnNumber = OwnNumber.IGNORE
    duplicate_number_code: int = 1001
    repeated_value_code: int = 1001
    unique_key: str | None = "is_unique"
    missing_reference_status: int = 404
    needs_item: bool = False
    items_bring_tax: bool = True
    other_currency: OtherCurrency = OtherCurrency.REFUSE
    rate_defaults: bool = True
    inclusive_subtotal_is_net: bool = True
    totals_as_text: bool = False
    primary_is_used: bool = True
    send_fails_whole: bool = False
    repeats_refused: bool = False
    voids_drafts: bool = True
    void_can_be_mailed: bool = False
    repeated_mail_touches: bool = False
    mails_per_day: int | None = None
    zero_is_paid: bool = True
    overdue_hides_partial: bool = True
    bearer: bool = True
    minute_code: int = 43
    requests_per_minute: int = 100
    busy: int = 0
    counters: bool = True
    translated: bool = False
    tells_scope: bool = True
    code_life_s: float = 60.0
    refreshes_per_window: int = 10
    access_tokens: int = 10
    refresh_tokens: int = 20
