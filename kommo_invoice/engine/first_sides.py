"""Which two accounts a first mapping joins: connected, named by flags, or opened by a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kommo_invoice.engine.connecting import reach
from kommo_invoice.engine.providers import BOOKS, CRMS, Account, account_id
from kommo_invoice.errors import ConfigInvalid, LoginNeeded, UsageError
from kommo_invoice.mapping.first.answers import Option, Question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommo_invoice.http import OpenClient
    from kommo_invoice.mapping.first.answers import Answers


@dataclass(frozen=True, slots=True)
class Place:
    """One side, as far as it is known; also what flags say of it.

    Args:
        provider: As the mapping names it.
        account: As the mapping names it.
        base_url: In place of the provider's own address.
        auth_base_url: The same for the OAuth hosts.
        name: The account's name, for people.
        environment: Of books, ``sandbox`` for the provider's own sandbox.
        region: Of books, the data centre.
    """

    provider: str | None = None
    account: str | None = None
    base_url: str | None = None
    auth_base_url: str | None = None
    name: str | None = None
    environment: str | None = None
    region: str | None = None

    def over(self, other: Place) -> Place:
        """Return ``other`` with what is known here in place of what is known there."""
        return Place(
            self.provider or other.provider,
            self.account or other.account,
            self.base_url or other.base_url,
            self.auth_base_url or other.auth_base_url,
            other.name,
            self.environment or other.environment,
            self.region or other.region,
        )


def choose_side(
    section: str, wish: Place, offers: Sequence[Place], answers: Answers
) -> Place | None:
    """Choose one side of the mapping.

    Args:
        section: ``crm`` or ``books``.
        wish: What flags say.
        offers: Accounts that are connected, and providers that the environment has a token for.
        answers: Asks where there are several.

    Returns:
        None where an answer is missing.

    Raises:
        LoginNeeded: There is no token for any.
        UsageError: This version has no such provider.
    """
    known = CRMS if section == "crm" else BOOKS
    if wish.provider is not None and wish.provider not in known:
        raise UsageError(
            f"--{section}: {wish.provider!r} is not available in this version",
            hint=f"there is {', '.join(known)}",
        )
    wanted = known if wish.provider is None else {wish.provider: known[wish.provider]}
    own = [each for each in offers if each.provider in wanted]
    if wish.account is not None:
        own = [each for each in own if _is_account(each, wish.account)] or _providers(own)
    if not own:
        commands = " or ".join(f"`kinv connect {each}`" for each in wanted)
        variables = " or ".join(f"KINV_{each.upper()}_TOKEN" for each in wanted)
        raise LoginNeeded(
            f"there is no token for any {section}",
            hint=f"{commands} logs in; or set {variables}",
        )
    if len(own) == 1:
        return wish.over(own[0])
    answer = answers.choose(
        Question(
            f"--{section} and --{section}-account",
            f"Which account of the {section} is it?",
            tuple(Option(_label(each), each.name or "") for each in own),
        )
    )
    return next((wish.over(each) for each in own if _label(each) == answer), None)


def settle_account(
    section: str, place: Place, open_client: OpenClient, answers: Answers
) -> Place | None:
    """Return a side with its account: the one that is known, or that the token opens.

    Args:
        section: ``crm`` or ``books``.
        place: The side.
        open_client: Makes its HTTP client.
        answers: Asks where there are several, or where the address depends on it.

    Returns:
        None where an answer is missing.

    Raises:
        LoginNeeded, Refused, Temporary: The token opens nothing, or not now.
        ConfigInvalid: It opens no account, or the given one is malformed.
    """
    provider = place.provider or ""
    if place.account is not None:
        return Place(account=account_id(provider, place.account)).over(place)
    flag = f"--{section}-account"
    if provider in CRMS and place.base_url is None:
        text = f"Which account of {provider} is it? `acme` for https://acme.{provider}.com"
        answer = answers.choose(Question(flag, text))
        if answer is None:
            return None
        return Place(account=account_id(provider, answer)).over(place)
    side = Account(provider, "", place.base_url, place.environment, place.region)
    found = reach(side, open_client)
    if not found:
        raise ConfigInvalid(
            f"the {provider} token opens no account, or does not tell which one",
            hint=f"name the account with {flag}, or use the token of somebody who works in it",
        )
    answer = answers.choose(
        Question(
            flag,
            f"Which account of {provider} is it?",
            tuple(Option(each.account, each.name) for each in found),
            found[0].account if len(found) == 1 else None,
        )
    )
    return None if answer is None else Place(account=answer).over(place)


def _is_account(offer: Place, wanted: str) -> bool:
    if offer.account is None:
        return False
    return offer.account == account_id(offer.provider or "", wanted)


def _providers(offers: Sequence[Place]) -> list[Place]:
    """Return the providers of the offers alone: another account of theirs is meant."""
    return [Place(provider) for provider in dict.fromkeys(each.provider for each in offers)]


def _label(place: Place) -> str:
    return f"{place.provider}:{place.account}" if place.account else str(place.provider)
