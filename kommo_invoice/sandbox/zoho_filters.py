"""How the Zoho Books simulator reads filters: variants by suffix, all of them ANDed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import TYPE_CHECKING

from kommo_invoice.sandbox.zoho_faults import invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kommo_invoice.sandbox.records import Record
    from kommo_invoice.sandbox.zoho_state import Organization

    Reading = Callable[[Organization, Record], str]
    Test = Callable[[Organization, Record, str], bool]
    Passing = Callable[[Organization, Record], bool]

LONGEST = 100
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}")
_AMOUNTS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "": lambda has, wanted: has == wanted,
    "_less_than": lambda has, wanted: has < wanted,
    "_less_equals": lambda has, wanted: has <= wanted,
    "_greater_than": lambda has, wanted: has > wanted,
    "_greater_equals": lambda has, wanted: has >= wanted,
}
_DAYS: Mapping[str, Callable[[str, str], bool]] = {
    "": lambda has, wanted: has == wanted,
    "_start": lambda has, wanted: has >= wanted,
    "_end": lambda has, wanted: has <= wanted,
    "_before": lambda has, wanted: has < wanted,
    "_after": lambda has, wanted: has > wanted,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a list can be filtered by.

    Args:
        texts: With the variants ``_startswith`` and ``_contains``.
        ids: Compared exactly.
        amounts: With ``_less_than`` and so on.
        days: With ``_start``, ``_end``, ``_before``, ``_after``.
        tests: Those with a way of their own, before all others.
        anywhere: Where ``search_text`` looks.
        changed: Whether there is ``last_modified_time``.
    """

    texts: Mapping[str, Reading] = field(default_factory=dict)
    ids: Mapping[str, Reading] = field(default_factory=dict)
    amounts: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    tests: Mapping[str, Test] = field(default_factory=dict)
    anywhere: Mapping[str, Reading] = field(default_factory=dict)
    changed: bool = False


def tests_of(search: Search, params: Mapping[str, str]) -> list[Passing]:
    """Return what a record has to pass; unknown and empty filters let everything pass.

    Raises:
        Refusal: 2 for a value that the filter cannot have.
    """
    made = (_test(search, name, wanted) for name, wanted in params.items() if wanted)
    return [test for test in made if test is not None]


def text_fits(has: str, wanted: str, variant: str, *, ignores_case: bool = True) -> bool:
    """Compare a text as ``_startswith``, ``_contains`` or wholly."""
    if ignores_case or variant:
        has, wanted = has.casefold(), wanted.casefold()
    match variant:
        case "_startswith":
            return has.startswith(wanted)
        case "_contains":
            return wanted in has
    return has == wanted


def _test(search: Search, name: str, wanted: str) -> Passing | None:
    if name in search.tests:
        _check_length(name, wanted)
        test = search.tests[name]
        return lambda org, record: test(org, record, wanted)
    if name in search.ids:
        of = search.ids[name]
        return lambda org, record: of(org, record) == wanted
    if name == "search_text":
        _check_length(name, wanted)
        places = search.anywhere.values()
        return lambda org, record: any(
            text_fits(read(org, record), wanted, "_contains") for read in places
        )
    if name == "last_modified_time" and search.changed:
        after = _moment(wanted)
        return lambda _, record: record.updated_at > after
    return _text_test(search, name, wanted) or _measure(search, name, wanted)


def _text_test(search: Search, name: str, wanted: str) -> Passing | None:
    for base, read in search.texts.items():
        variant = name.removeprefix(base)
        if name.startswith(base) and variant in {"", "_startswith", "_contains"}:
            _check_length(name, wanted)
            return partial(_has_text, read, wanted, variant)
    return None


def _has_text(read: Reading, wanted: str, variant: str, org: Organization, record: Record) -> bool:
    return any(text_fits(each, wanted, variant) for each in read(org, record).split("\n"))


def _measure(search: Search, name: str, wanted: str) -> Passing | None:
    for base in search.amounts:
        compare = _AMOUNTS.get(name.removeprefix(base)) if name.startswith(base) else None
        if compare is not None:
            return partial(_has_amount, base, compare, _amount(name, wanted))
    for base in search.days:
        before = _DAYS.get(name.removeprefix(base)) if name.startswith(base) else None
        if before is not None:
            return partial(_has_day, base, before, _day(name, wanted))
    return None


def _has_amount(
    name: str,
    fits: Callable[[Decimal, Decimal], bool],
    wanted: Decimal,
    _: Organization,
    record: Record,
) -> bool:
    return fits(record.data[name], wanted)


def _has_day(
    name: str, fits: Callable[[str, str], bool], wanted: str, org: Organization, record: Record
) -> bool:
    return fits(_day_of(org, record, name), wanted)


def _day_of(org: Organization, record: Record, name: str) -> str:
    if name == "created_date":
        return record.created_at.astimezone(org.zone).date().isoformat()
    return str(record.data[name])


def _check_length(name: str, wanted: str) -> None:
    if len(wanted) > LONGEST:
        raise invalid(name)


def _amount(name: str, wanted: str) -> Decimal:
    try:
        return Decimal(wanted)
    except InvalidOperation:
        raise invalid(name) from None


def _day(name: str, wanted: str) -> str:
    try:
        return date.fromisoformat(wanted).isoformat()
    except ValueError:
        raise invalid(name) from None


def _moment(wanted: str) -> datetime:
    """Return ``2026-11-02T19:00:00+0100``; any other form is refused (section 4.7)."""
    if _TIME.fullmatch(wanted):
        try:
            return datetime.strptime(wanted, "%Y-%m-%dT%H:%M:%S%z")
        except ValueError:
            pass
    raise invalid("last_modified_time")
