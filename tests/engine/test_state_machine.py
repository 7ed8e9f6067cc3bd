"""Whatever happens around kinv, in whatever order, it ends with one of each."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from machine import Life
from machine_quickbooks import QuickBooksLife

LONG = os.environ.get("KINV_LONG") == "1"

LIVES = settings(
    max_examples=25 * (20 if LONG else 1),
    stateful_step_count=12,
    deadline=None,
    # A short run is the same everywhere; a long one looks for what nobody has thought of.
    derandomize=not LONG,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.parametrize("life", [Life, QuickBooksLife], ids=lambda life: life.books.provider)
def test_a_random_life_ends_with_one_invoice_one_mail_and_one_task_a_deal(life: type[Life]) -> None:
    run_state_machine_as_test(life, settings=LIVES)
