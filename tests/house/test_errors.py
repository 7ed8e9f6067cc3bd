"""Every error says what kind it is, which exit code it gives and what helps."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import kommo_invoice
from kommo_invoice import errors
from kommo_invoice.errors import (
    EXIT_CODE_MEANINGS,
    PRECEDENCE,
    ExitCode,
    KinvError,
    RateLimited,
    worst,
)


def classes() -> list[type[KinvError]]:
    """Every error class of the package, those of the adapters and the engine too."""
    for found in pkgutil.walk_packages(kommo_invoice.__path__, "kommo_invoice."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    known, fresh = {KinvError}, [KinvError]
    while fresh:
        fresh = [each for parent in fresh for each in parent.__subclasses__()]
        known |= set(fresh)
    return sorted(known, key=lambda each: each.__name__)


ALL = classes()
BY_DESIGN = {
    ExitCode.USAGE: "usage",
    ExitCode.SOME_FAILED: "deal",
    ExitCode.LOGIN: "login",
    ExitCode.TEMPORARY: "temporary",
    ExitCode.UNKNOWN: "unknown",
    ExitCode.CONFIG: "config",
    ExitCode.REFUSED: "refused",
    ExitCode.DIFFERS: "differs",
    ExitCode.CONFIRM: "confirmation",
    ExitCode.RUNNING: "running",
    ExitCode.SECRETS: "secret-store",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.TERMINATED: "terminated",
}


@pytest.mark.parametrize("error", ALL, ids=lambda each: each.__name__)
def test_an_error_has_category_exit_code_and_hint(error: type[KinvError]) -> None:
    raised = error("something happened")
    assert raised.category
    assert isinstance(raised.exit_code, ExitCode)
    assert raised.hint == error.default_hint != ""
    assert not raised.message.endswith(".")
    assert error.__doc__


def test_each_exit_code_has_its_error() -> None:
    found = {error.exit_code: error.category for error in ALL if error.__bases__ == (KinvError,)}
    assert found == BY_DESIGN


def test_the_topic_explains_every_exit_code() -> None:
    assert set(EXIT_CODE_MEANINGS) == set(ExitCode)


def test_the_tree_in_the_docstring_is_the_real_one() -> None:
    for error in ALL:
        if error.__module__ == errors.__name__:
            assert error.__name__ in (errors.__doc__ or "")


def test_when_several_hold_the_order_is_4_8_6_5_3() -> None:
    assert [int(code) for code in PRECEDENCE] == [4, 8, 6, 5, 3]
    codes = [ExitCode.SOME_FAILED, ExitCode.UNKNOWN, ExitCode.REFUSED, ExitCode.TEMPORARY]
    assert worst([*codes, ExitCode.LOGIN]) is ExitCode.LOGIN
    assert worst(codes) is ExitCode.REFUSED
    assert worst([]) is ExitCode.OK
    assert RateLimited("x").exit_code is ExitCode.TEMPORARY
