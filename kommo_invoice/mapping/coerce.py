"""From what an expression gave to what an invoice takes, or a sentence that says why not."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pycountry
from email_validator import EmailNotValidError, validate_email

from kommo_invoice.domain.fields import as_text
from kommo_invoice.mapping.language import number as exact_number
from kommo_invoice.mapping.resolve import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

_COUNTRY_ALIASES = {"uk": "GB", "great britain": "GB"}
_ADDRESS_SEPARATORS = re.compile(r"[,;\s]+")
_PERCENT_MAX = 100


class Unfit(ValueError):
    """A value cannot be used here; its text says why."""


def text(value: object) -> str:
    """Return a value as text without spaces around it."""
    return as_text(value).strip()


def yes_no(value: object) -> bool:
    """Return a truth value; what is empty is no.

    Raises:
        Unfit: It is a text that is neither yes nor no, or a kind of value that has no truth.
    """
    if isinstance(value, bool) or value is None:
        return bool(value)
    if isinstance(value, (int, Decimal)):
        return value != 0
    match text(value).casefold():
        case "yes" | "true" | "1" | "on":
            return True
        case "no" | "false" | "0" | "off" | "":
            return False
    raise Unfit(f"{as_text(value)!r} is neither yes nor no")


def number(value: object) -> Decimal:
    """Return an exact number, also from a text with a decimal point.

    Raises:
        Unfit: It is no number.
    """
    try:
        return exact_number(value.strip() if isinstance(value, str) else value)
    except (TypeError, ValueError) as error:
        raise Unfit(str(error)) from None


def above_zero(value: object) -> Decimal:
    """Return a number above 0.

    Raises:
        Unfit: It is no number, 0 or negative.
    """
    result = number(value)
    if result <= 0:
        raise Unfit(f"{as_text(result)} is not above 0")
    return result


def percent(value: object) -> Decimal:
    """Return a percentage from 0 to 100.

    Raises:
        Unfit: It is no number, or outside of that.
    """
    result = number(value)
    if not 0 <= result <= _PERCENT_MAX:
        raise Unfit(f"{as_text(result)} is not a percentage from 0 to 100")
    return result


def amount_off(value: object) -> Decimal:
    """Return an amount to take off, 0 or more.

    Raises:
        Unfit: It is no number, or negative.
    """
    result = number(value)
    if result < 0:
        raise Unfit(f"{as_text(result)} is negative")
    return result


def day(value: object) -> date:
    """Return a date; a moment is its day, a text has to be ``YYYY-MM-DD``.

    Raises:
        Unfit: It is no date.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(text(value)).date()
    except ValueError:
        raise Unfit(f"{as_text(value)!r} is not a date (YYYY-MM-DD)") from None


def email(value: object) -> str:
    """Return an e-mail address as it is written, without spaces around it.

    Raises:
        Unfit: It is no e-mail address.
    """
    written = text(value)
    try:
        # The domain is not looked up, and reserved test domains are addresses like others.
        validate_email(written, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise Unfit(f"{written!r} is no e-mail address: {error}") from None
    return written


def emails(value: object) -> tuple[str, ...]:
    """Return several e-mail addresses, from a list or a text that separates them.

    Raises:
        Unfit: One of them is no e-mail address.
    """
    parts: Iterable[object] = (
        value if isinstance(value, (list, tuple)) else _ADDRESS_SEPARATORS.split(text(value))
    )
    return tuple(dict.fromkeys(email(part) for part in parts if text(part)))


def country(value: object) -> str:
    """Return the ISO 3166 code of a country from a code or its English name.

    Raises:
        Unfit: There is no such country.
    """
    written = text(value)
    alias = _COUNTRY_ALIASES.get(written.casefold())
    if alias:
        return alias
    try:
        found: Any = pycountry.countries.lookup(written)
    except LookupError:
        near = nearest(written, (str(each.name) for each in pycountry.countries))
        meant = f" (did you mean {near!r}?)" if near else ""
        raise Unfit(f"{written!r} is no country: use its ISO code or English name{meant}") from None
    return str(found.alpha_2)


def currency(value: object) -> str:
    """Return the ISO 4217 code of a currency.

    Raises:
        Unfit: There is no such currency.
    """
    code = text(value).upper()
    if pycountry.currencies.get(alpha_3=code) is None:
        raise Unfit(f"{text(value)!r} is no currency: use its ISO code, as EUR")
    return code
