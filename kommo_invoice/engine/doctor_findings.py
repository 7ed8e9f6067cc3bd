"""What a check of ``kinv doctor`` comes to: its state, its evidence, and what helps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from kommo_invoice.errors import ConfigInvalid, ExitCode, worst

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kommo_invoice.errors import KinvError, Problem


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILS = "fails"
    UNCHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor.

    Args:
        check: What was looked at, in a word or two.
        state: How it ended.
        evidence: What was seen.
        hint: What helps, naming the command, where it is not ok and the evidence does not say it.
        exit_code: That of the error a run would meet; 0 unless it fails.
    """

    check: str
    state: State
    evidence: str
    hint: str | None = None
    exit_code: ExitCode = ExitCode.OK


def ok(check: str, evidence: str) -> Finding:
    """Return a check that found nothing wrong."""
    return Finding(check, State.OK, evidence)


def warning(check: str, evidence: str, hint: str | None = None) -> Finding:
    """Return a check that found what is going to be wrong."""
    return Finding(check, State.WARNING, evidence, hint)


def fails(check: str, error: KinvError) -> Finding:
    """Return a check that found what a run would end with."""
    return Finding(check, State.FAILS, error.message, error.hint or None, error.exit_code)


def unchecked(check: str, because: str, hint: str | None = None) -> Finding:
    """Return a check that had nothing to stand on."""
    return Finding(check, State.UNCHECKED, f"because {because}", hint)


def wrong(check: str, problem: Problem, hint: str | None = None) -> Finding:
    """Return a check that found a key of the mapping wrong."""
    message = str(problem).removeprefix(f"{problem.file}: ")
    return fails(check, ConfigInvalid(message, hint=hint))


def each_problem(check: str, error: ConfigInvalid) -> Iterator[Finding]:
    """Yield what is wrong with a mapping, one finding for each key."""
    if error.problems:
        place = f"{error.problems[0].file} is invalid"
        yield fails(check, ConfigInvalid(place, hint=error.hint))
        for problem in error.problems:
            yield wrong(check, problem, hint="")
    else:
        yield fails(check, error)


def exit_code(findings: Iterable[Finding]) -> ExitCode:
    """Return the worst of what was found; warnings are no failure."""
    return worst(finding.exit_code for finding in findings)
