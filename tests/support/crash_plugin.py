"""The children that crash tests kill, and the line that counts the deaths when all is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from crash import SEED, Crashes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_KILLED = "checkpoints killed"


@pytest.fixture(scope="session")
def crashes() -> Iterator[Crashes]:
    """Children to be killed, and what their flows come to without that."""
    made = Crashes()
    yield made
    made.close()


@pytest.fixture
def killed(record_property: Callable[[str, object], None]) -> Callable[[int], None]:
    """Count checkpoints that were killed; tests on other workers count as well."""

    def count(number: int) -> None:
        record_property(_KILLED, number)

    return count


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how many checkpoints were killed."""
    counted = [
        value
        for kind in ("passed", "failed")
        for report in terminalreporter.getreports(kind)
        for name, value in report.user_properties
        if name == _KILLED
    ]
    if counted:
        terminalreporter.write_line(
            f"crash matrix: {sum(counted)} checkpoints killed, random moments by KINV_SEED={SEED}"
        )
