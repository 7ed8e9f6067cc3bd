"""Whatever happens around kinv, in whatever order, it ends with one of each."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from machine import Life
from machine_quickbooks import QuickBooksLife
from machine_zoho import ZohoLife

LONG = os.environ.get("KINV_LONG") == "1"

LIVES = settings(
    max_examples=16 * (20 if LONG else 1),
    stateful_step_count=12,
    deadline=None,
    # A short run is the same everywhere; a long one looks for what nobody has thought of.
    derandomize=not LONG,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)


LIVES_OF = {life.books.provider: life for life in (Life, QuickBooksLife, ZohoLife)}


@pytest.mark.parametrize("life", LIVES_OF.values(), ids=LIVES_OF)
def test_a_random_life_ends_with_one_invoice_one_mail_and_one_task_a_deal(life: type[Life]) -> None:
    run_state_machine_as_test(life, settings=LIVES)
