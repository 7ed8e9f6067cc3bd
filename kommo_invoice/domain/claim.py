"""What an invoice is for, and the name of that inside the books."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

_SEPARATORS = re.compile(r"[\s,;|()\[\]/]+")
_REFERENCE = re.compile(
    r"(?P<letter>[A-Z])(?P<tag>[A-Z0-9]{2})-(?P<deal>\d{1,10})"
    r"(?:-(?P<period>\d{4}))?(?:~(?P<issue>[1-9]\d?))?"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What an invoice is for; a claim has at most one live invoice.

    Args:
        account: The CRM account as provider and account of the mapping: ``kommo:acme``.
        deal: The deal's id.
        part: Empty today; room for deposit and rest.
        period: A retainer's month as ``YYMM``, else empty.
        issue: 1, and one more for every legitimate re-issue.
    """

    account: str
    deal: int
    part: str = ""
    period: str = ""
    issue: int = 1

    def next_issue(self) -> Claim:
        """Return the claim of the following issue."""
        return replace(self, issue=self.issue + 1)

    def __str__(self) -> str:
        parts = [f"{self.account}/{self.deal}", self.part, self.period]
        text = "-".join(part for part in parts if part)
        return text if self.issue == 1 else f"{text}~{self.issue}"


@dataclass(frozen=True, slots=True)
class Namer:
    """Makes and reads references of one CRM account.

    Args:
        letter: The CRM provider's letter (K for Kommo, P for Pipedrive).
        tag: Two characters of the CRM account, so that two accounts in one books stay apart.
    """

    letter: str
    tag: str

    @classmethod
    def of(cls, provider: str, account_id: str) -> Namer:
        """Return the namer of the account with the CRM's own (never renamed) id."""
        digest = hashlib.sha256(f"{provider}:{account_id}".encode()).digest()
        return cls(provider[0].upper(), base64.b32encode(digest)[:2].decode())

    @property
    def prefix(self) -> str:
        """How every reference of the account begins."""
        return f"{self.letter}{self.tag}-"

    def reference(self, claim: Claim) -> str:
        """Return the claim's name inside the books, at most 21 characters."""
        text = f"{self.prefix}{claim.deal}"
        if claim.period:
            text += f"-{claim.period}"
        if claim.issue > 1:
            text += f"~{claim.issue}"
        return text

    def deal_of(self, reference: str) -> int | None:
        """Return the deal that a reference of this account names, None when it is not ours."""
        match = _REFERENCE.fullmatch(reference)
        if match is None or (match["letter"], match["tag"]) != (self.letter, self.tag):
            return None
        return int(match["deal"])


def tokens(texts: Iterable[str | None]) -> frozenset[str]:
    """Return the words of texts, split where a person would put a reference apart."""
    return frozenset(token for text in texts for token in _SEPARATORS.split(text or "") if token)


def carries(texts: Iterable[str | None], reference: str) -> bool:
    """Say whether one of the texts holds the reference as one exact token."""
    return reference in tokens(texts)


def references_in(texts: Iterable[str | None]) -> frozenset[str]:
    """Return every token that has the shape of a kinv reference, of whichever account."""
    return frozenset(token for token in tokens(texts) if _REFERENCE.fullmatch(token))


def base_reference(reference: str) -> str:
    """Return the reference of the same claim's first issue."""
    return reference.partition("~")[0]


def issue_of(reference: str) -> int:
    """Return the issue that a reference names (1 when it names none)."""
    match = _REFERENCE.fullmatch(reference)
    return int(match["issue"] or 1) if match else 1
