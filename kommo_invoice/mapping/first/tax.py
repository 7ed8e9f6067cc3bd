"""Which tax a first mapping asks for: what a person says, and never a guess."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kommo_invoice.domain.catalog import TaxChoice
from kommo_invoice.errors import UsageError
from kommo_invoice.mapping import coerce
from kommo_invoice.mapping.first.answers import Option, Question
from kommo_invoice.mapping.first.names import Spelled, spelled
from kommo_invoice.mapping.first.wishes import NONE, given
from kommo_invoice.mapping.resolve import own_tax

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kommo_invoice.domain.catalog import Tax
    from kommo_invoice.mapping.first.answers import Answers
    from kommo_invoice.mapping.first.wishes import Wishes

ERROR = "error"
_BY_COUNTRY = "{{ customer.country }}"
_ALL = "all"
_NO_TAX = Spelled(NONE, NONE)
_OPEN = Spelled(ERROR, ERROR)
_UNTAXED = {
    TaxChoice.OPTIONAL: "no tax",
    TaxChoice.BY_BOOKS: "not taxable",
    TaxChoice.NONE: "no tax",
}


@dataclass(frozen=True, slots=True)
class TaxPart:
    """The ``[tax]`` section.

    Args:
        key: The text that the cases are for.
        default: The tax for all other cases.
        cases: Country -> tax.
        others: Taxes of the books that are not used.
    """

    key: str
    default: Spelled
    cases: Mapping[str, Spelled] = field(default_factory=dict)
    others: tuple[Spelled, ...] = ()


def decide_tax(
    taxes: Sequence[Tax],
    wishes: Wishes,
    answers: Answers,
    *,
    by_country: bool,
    country: str | None,
    choice: TaxChoice = TaxChoice.OPTIONAL,
) -> TaxPart | None:
    """Decide which tax lines take.

    A tax is a person's decision, so nothing is guessed: a deal that is refused for want of a tax
    does less harm than an invoice without it.

    Args:
        taxes: The books' taxes.
        wishes: What flags say.
        answers: Asks for the rest.
        by_country: Whether the CRM knows the client's country.
        country: The CRM account's own.
        choice: What the books' lines say about tax; where they want one, "none" is no answer.

    Returns:
        None where the books have no taxes, or where an answer is missing.

    Raises:
        UsageError: A flag names what does not exist.
    """
    known = {each.text: each for each in (_spelled(tax, taxes) for tax in taxes)}
    free = choice is not TaxChoice.REQUIRED
    if wishes.taxes or wishes.tax_default is not None:
        cases, default = _by_flags(taxes, wishes, by_country=by_country, free=free)
    elif not known:
        return None
    else:
        options = _options(known, choice)
        if answers.ask is None:
            answers.missing.append(_nobody_said(options, by_country=by_country))
            return None
        cases, default = _by_person(known, options, answers, _code(country), by_country=by_country)
    used = {default.text, *(each.text for each in cases.values())}
    return TaxPart(
        key=_BY_COUNTRY if by_country else _ALL,
        default=default,
        cases=cases,
        others=tuple(each for text, each in known.items() if text not in used),
    )


def _spelled(tax: Tax, taxes: Sequence[Tax]) -> Spelled:
    if tax.name.casefold() == ERROR:  # as a default, that word is none
        return Spelled(tax.id, tax.name)
    return spelled(tax, lambda text: own_tax(text, taxes))


def _by_flags(
    taxes: Sequence[Tax], wishes: Wishes, *, by_country: bool, free: bool
) -> tuple[dict[str, Spelled], Spelled]:
    if wishes.taxes and not by_country:
        raise UsageError(
            "--tax: no field tells a client's country: there is none of the name Country on "
            "companies, contacts or deals",
            hint="make such a text field, or give one tax for all with --tax-default",
        )
    cases: dict[str, Spelled] = {}
    for country, tax in wishes.taxes:
        try:
            cases[coerce.country(country)] = _flagged("--tax", tax, taxes, free=free)
        except coerce.Unfit as error:
            hint = "name the country, or give its two letters: --tax 'DE=VAT 19%'"
            raise UsageError(f"--tax: {error}", hint=hint) from None
    if wishes.tax_default is None or wishes.tax_default.casefold() == ERROR:
        return cases, _OPEN
    return cases, _flagged("--tax-default", wishes.tax_default, taxes, free=free)


def _flagged(flag: str, wanted: str, taxes: Sequence[Tax], *, free: bool) -> Spelled:
    tax = given(flag, lambda: own_tax(wanted, taxes), taxes)
    if tax is None and not free:
        zero = ", ".join(each.name for each in taxes if each.rate == 0)
        raise UsageError(
            f"{flag}: the books want a tax on every line, so 'none' is no answer",
            hint="name one of their taxes" + (f"; {zero} comes to nothing" if zero else ""),
        )
    return _NO_TAX if tax is None else _spelled(tax, taxes)


def _options(known: Mapping[str, Spelled], choice: TaxChoice) -> tuple[Option, ...]:
    """Return what a line may say about tax, in words where the books find the rate."""
    by_books = choice is TaxChoice.BY_BOOKS
    taxes = tuple(
        Option(text, f"{each.name}: taxable, the books find the rate" if by_books else each.name)
        for text, each in known.items()
    )
    untaxed = _UNTAXED.get(choice)
    return taxes if untaxed is None else (*taxes, Option(NONE, untaxed))


def _nobody_said(options: tuple[Option, ...], *, by_country: bool) -> Question:
    text = "Which tax do invoices take?"
    still = Option(ERROR, "decide later; deals are refused until then")
    flag = "--tax-default"
    if by_country:
        flag = "--tax COUNTRY=TAX (for each country) or --tax-default TAX"
        text = "Which tax do clients of a country take?"
    return Question(flag, text, (*options, still))


def _by_person(
    known: Mapping[str, Spelled],
    options: tuple[Option, ...],
    answers: Answers,
    home: str | None,
    *,
    by_country: bool,
) -> tuple[dict[str, Spelled], Spelled]:
    every = {**known, NONE: _NO_TAX, ERROR: _OPEN}
    cases: dict[str, Spelled] = {}
    if by_country and home is not None:
        chosen = answers.choose(Question("--tax", f"Which tax do clients in {home} take?", options))
        cases[home] = every[chosen or ERROR]
    still = Option(ERROR, "none is decided: a deal is refused until its country is in [tax]")
    who = "clients in other countries" if cases else "clients" if by_country else "invoices"
    rest = answers.choose(
        Question(
            "--tax-default",
            f"Which tax do {who} take?",
            (still, *options),
            ERROR if cases else None,
        )
    )
    return cases, every[rest or ERROR]


def _code(country: str | None) -> str | None:
    try:
        return coerce.country(country) if country else None
    except coerce.Unfit:
        return None
