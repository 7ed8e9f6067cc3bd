"""The capability tables: every provider has one, and none contradicts itself or its provider."""

from __future__ import annotations

import subprocess
import sys
from math import ceil
from typing import TYPE_CHECKING

import pytest

from kommo_invoice.books.capabilities import (
    Approval,
    FeedKind,
    Idempotency,
    MailProof,
    Match,
    Operation,
    When,
)
from kommo_invoice.books.capability_tables import BOOKS
from kommo_invoice.books.features import Effect, Feature
from kommo_invoice.crm.capabilities import CRMS, Repeat
from kommo_invoice.crm.capabilities import Operation as CrmOperation
from kommo_invoice.domain.claim import Claim, Namer
from kommo_invoice.domain.plan import StepKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommo_invoice.books.capabilities import BooksCapabilities
    from kommo_invoice.crm.capabilities import CrmCapabilities
    from kommo_invoice.http.calls import Rate

LONGEST_REFERENCE = Namer("K", "Q4").reference(Claim("kommo:acme", 1234567890, "", "2611", 2))

DOCUMENTED_LIMITS = [  # (table, requests, seconds, section of the provider's sheet)
    pytest.param("wave", 60, 60, id="Wave, section 6"),
    pytest.param("zoho", 100, 60, id="Zoho, section 6"),
    pytest.param("quickbooks", 10, 1, id="QuickBooks, section 6, a second"),
    pytest.param("quickbooks", 500, 60, id="QuickBooks, section 6, a minute"),
    pytest.param("freshbooks", 250, 60, id="FreshBooks, section 6, writes"),
    pytest.param("xero", 60, 60, id="Xero, section 6"),
    pytest.param("kommo", 7, 1, id="Kommo, section 6"),
    pytest.param("pipedrive", 20, 2, id="Pipedrive, section 6, personal token"),
    pytest.param("pipedrive", 10, 2, id="Pipedrive, section 6, searches"),
]

LARGEST_PAGES = [  # (table, rows, section of the provider's sheet)
    pytest.param("wave", 200, id="Wave, section 4.8"),
    pytest.param("zoho", 200, id="Zoho, section 4.7"),
    pytest.param("quickbooks", 1000, id="QuickBooks, section 4.0"),
    pytest.param("freshbooks", 100, id="FreshBooks, section 4.1"),
    pytest.param("xero", 1000, id="Xero, section 4.1"),
    pytest.param("kommo", 250, id="Kommo, section 2"),
    pytest.param("pipedrive", 500, id="Pipedrive, section 4.12"),
]


@pytest.fixture(params=BOOKS.values(), ids=lambda table: table.provider)
def books(request: pytest.FixtureRequest) -> BooksCapabilities:
    table: BooksCapabilities = request.param
    return table


@pytest.fixture(params=CRMS.values(), ids=lambda table: table.provider)
def crm(request: pytest.FixtureRequest) -> CrmCapabilities:
    table: CrmCapabilities = request.param
    return table


def table_of(provider: str) -> BooksCapabilities | CrmCapabilities:
    return BOOKS[provider] if provider in BOOKS else CRMS[provider]


def most_requests(rates: Sequence[Rate], seconds: float) -> int:
    """Return the most requests that the rates let through in any such span of time."""
    return min(rate.requests * ceil(seconds / rate.seconds) for rate in rates)


def test_every_provider_of_the_mapping_has_a_table() -> None:
    assert set(BOOKS) == {"wave", "zoho", "quickbooks", "freshbooks", "xero"}
    assert set(CRMS) == {"kommo", "pipedrive"}
    assert all(table_of(name).provider == name for name in [*BOOKS, *CRMS])


def test_tables_cannot_be_changed(books: BooksCapabilities) -> None:
    with pytest.raises(TypeError):
        BOOKS["wave"] = books  # type: ignore[index]
    with pytest.raises(TypeError):
        books.operations[Operation.VOID] = None  # type: ignore[index]
    with pytest.raises(AttributeError):
        books.page = 1  # type: ignore[misc]


def test_tables_are_light_to_import() -> None:
    code = (
        "import sys\n"
        "import kommo_invoice.books.capability_tables, kommo_invoice.crm.capabilities\n"
        "heavy = {'httpx', 'pydantic', 'jinja2', 'babel', 'pycountry', 'keyring', 'sqlite_utils'}\n"
        "print(*sorted(heavy & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not done.stdout.strip()


@pytest.mark.parametrize(("provider", "requests", "seconds"), DOCUMENTED_LIMITS)
def test_policy_stays_below_the_documented_limit(
    provider: str, requests: int, seconds: float
) -> None:
    assert 0 < most_requests(table_of(provider).rates, seconds) < requests


@pytest.mark.parametrize(
    ("provider", "requests", "seconds"),
    [("kommo", 5, 1), ("wave", 50, 60), ("zoho", 60, 60), ("quickbooks", 8, 1)],
)
def test_policy_rates_that_were_decided(provider: str, requests: int, seconds: float) -> None:
    assert [(rate.requests, rate.seconds) for rate in table_of(provider).rates] == [
        (requests, seconds)
    ]


def test_wave_is_asked_one_thing_at_a_time() -> None:
    assert BOOKS["wave"].policy.in_flight == 1


@pytest.mark.parametrize("provider", [*BOOKS, *CRMS])
def test_policy_is_the_one_of_the_table(provider: str) -> None:
    table = table_of(provider)
    assert table.policy.rates == table.rates
    assert table.policy.in_flight == table.in_flight >= 1


@pytest.mark.parametrize(("provider", "rows"), LARGEST_PAGES)
def test_pages_are_not_larger_than_the_provider_gives(provider: str, rows: int) -> None:
    assert 0 < table_of(provider).page <= rows


class TestBooks:
    def test_every_operation_is_covered(self, books: BooksCapabilities) -> None:
        assert set(books.operations) == set(Operation)

    def test_every_step_in_the_books_is_an_operation(self) -> None:
        steps = {kind.value for kind in StepKind if kind.in_books}
        assert steps <= {operation.value for operation in Operation}

    def test_a_key_is_named_and_holds_a_hash(self, books: BooksCapabilities) -> None:
        for rule in filter(None, books.operations.values()):
            assert (rule.idempotency is Idempotency.KEY) == (rule.key is not None)
            if rule.key is not None:
                assert rule.key.name
                assert rule.key.max_length >= len("0123456789abcdef" * 2)

    def test_a_key_never_is_the_only_way_to_find_out(self, books: BooksCapabilities) -> None:
        assert all(
            rule.probe is not Idempotency.KEY for rule in filter(None, books.operations.values())
        )

    def test_a_key_outlives_the_time_to_settle(self, books: BooksCapabilities) -> None:
        for rule in filter(None, books.operations.values()):
            assert rule.settle_s >= 120
            if rule.key is not None and rule.key.lifetime_s is not None:
                assert rule.settle_s < rule.key.lifetime_s

    def test_what_was_created_can_always_be_found_again(self, books: BooksCapabilities) -> None:
        for operation in (Operation.CREATE_CUSTOMER, Operation.CREATE_INVOICE):
            assert books.rule(operation).probe in {Idempotency.SEARCH, Idempotency.LIST_SCAN}

    def test_an_invoice_is_searched_where_the_reference_can_be(
        self, books: BooksCapabilities
    ) -> None:
        searched = books.rule(Operation.CREATE_INVOICE).probe is Idempotency.SEARCH
        assert searched == (books.reference.match is not Match.NONE)

    def test_an_own_number_never_weakens_the_guard(self, books: BooksCapabilities) -> None:
        strength = list(Idempotency)
        probe = books.rule(Operation.CREATE_INVOICE).probe
        assert strength.index(books.own_number.guard) <= strength.index(probe)

    def test_what_is_not_offered_has_no_rule(self, books: BooksCapabilities) -> None:
        offered = {operation for operation, rule in books.operations.items() if rule is not None}
        assert (Operation.APPROVE in offered) == (books.approval is not Approval.NONE)
        assert (Operation.VOID in offered) == (books.voidable is not When.NEVER)
        assert (Operation.DELETE in offered) == (books.deletable is not When.NEVER)
        assert Operation.SEND in offered

    def test_asking_for_a_missing_operation_is_a_bug(self) -> None:
        with pytest.raises(KeyError, match="Wave has no"):
            BOOKS["wave"].rule(Operation.VOID)

    def test_only_quickbooks_has_no_drafts(self) -> None:
        assert [name for name, table in BOOKS.items() if not table.drafts] == ["quickbooks"]

    def test_a_mail_is_proved_by_state_or_by_nobody(self, books: BooksCapabilities) -> None:
        proved = books.mail_proof is not MailProof.NONE
        expected = Idempotency.STATE if proved else Idempotency.NONE
        assert books.rule(Operation.SEND).probe is expected

    def test_the_longest_reference_fits(self, books: BooksCapabilities) -> None:
        assert len(LONGEST_REFERENCE) == 21
        for limit in (books.reference.max_length, books.own_number.max_length):
            assert limit is None or limit >= len(LONGEST_REFERENCE)

    def test_the_clients_order_number_stands_beside_the_reference(
        self, books: BooksCapabilities
    ) -> None:
        assert books.reference.with_po_number == (Feature.PO_NUMBER in books.features)

    def test_the_feed_looks_back_far_enough(self, books: BooksCapabilities) -> None:
        by_day = books.feed.kind is FeedKind.MODIFIED_SINCE_DAY
        assert books.feed.overlap_s >= (86_400 if by_day else 60)
        if books.feed.max_age_s is not None:
            assert books.feed.overlap_s < books.feed.max_age_s

    def test_features_and_drops_share_out_all_wishes(self, books: BooksCapabilities) -> None:
        drops = [drop.feature for drop in books.drops]
        assert drops == [each for each in Feature if each not in books.features]
        assert all(drop.words for drop in books.drops)

    def test_no_wish_about_money_is_dropped(self, books: BooksCapabilities) -> None:
        money = {each for each in Feature if "discount" in each or "amounts" in each}
        for drop in books.drops:
            if drop.feature in money:
                assert drop.effect is not Effect.DROPPED

    @pytest.mark.parametrize(
        ("provider", "guard", "with_own_number"),
        [
            ("wave", "list scan", "business-wide search"),
            ("zoho", "business-wide search", "unique number"),
            (
                "quickbooks",
                "idempotency key, then list scan",
                "idempotency key, then business-wide search",
            ),
            ("freshbooks", "list scan", "list scan"),
            (
                "xero",
                "idempotency key for 6 minutes, then business-wide search",
                "idempotency key for 6 minutes, then unique number",
            ),
        ],
    )
    def test_the_guard_in_words(self, provider: str, guard: str, with_own_number: str) -> None:
        table = BOOKS[provider]
        assert table.guard() == guard
        assert table.guard(own_number=True) == with_own_number


class TestCrm:
    def test_every_operation_is_covered(self, crm: CrmCapabilities) -> None:
        assert set(crm.operations) == set(CrmOperation)

    def test_every_step_in_the_crm_is_an_operation(self) -> None:
        steps = {kind.value for kind in StepKind if not kind.in_books}
        assert steps <= {operation.value for operation in CrmOperation}

    def test_field_sets_repeat_and_creates_leave_a_marker(self, crm: CrmCapabilities) -> None:
        assert crm.operations[CrmOperation.UPDATE_DEALS] is Repeat.HARMLESS
        assert crm.operations[CrmOperation.CLOSE_TASKS] is Repeat.HARMLESS
        assert crm.operations[CrmOperation.CREATE_TASKS] is Repeat.BY_MARKER
        assert crm.operations[CrmOperation.CREATE_NOTES] is Repeat.BY_MARKER

    def test_a_marker_is_found_on_completed_tasks_too(self, crm: CrmCapabilities) -> None:
        assert crm.done_tasks_listed

    def test_the_letter_is_that_of_our_references(self, crm: CrmCapabilities) -> None:
        assert crm.letter == Namer.of(crm.provider, "1").letter

    def test_letters_differ(self) -> None:
        assert len({table.letter for table in CRMS.values()}) == len(CRMS)

    def test_kommo_takes_fifty_deals_in_one_write(self) -> None:
        assert CRMS["kommo"].batch == 50
        assert CRMS["kommo"].text_max == 256

    def test_reads_are_sized_for_the_writes(self, crm: CrmCapabilities) -> None:
        assert 1 <= crm.batch <= crm.read_batch <= crm.page
        assert 1 <= crm.task_batch <= crm.read_batch
