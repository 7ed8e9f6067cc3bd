"""Masking of what must never stand in a log: tokens, secrets and the clients' invoice links."""

from __future__ import annotations

import json
import logging
import re
from urllib.parse import quote, urlsplit

MASK = "***"

_SHORTEST_SECRET = 8  # shorter ones would turn ordinary words into stars
_formatter = logging.Formatter()
_secrets: set[str] = set()
_exact: list[re.Pattern[str]] = []

_SCHEME = re.compile(r"(?i)\b(bearer|basic|zoho-oauthtoken)\s+[\w.~+/=%-]{6,}")
_JWT = re.compile(r"\beyJ[\w-]{4,}(?:\.[\w-]+){1,4}")
_KEY = r"[\w-]*(?:token|secret|authorization|refresh|password|api[_-]?key)"
_NAMED = re.compile(
    rf"""(?ix) (?P<name> \b{_KEY} \\*["']? \s* [:=] \s* \\*["']? ) [^\s"'\\&,;{{}}\[\]]{{8,}}"""
)
# An OAuth code is opaque; `"code": "BAD_USER_INPUT"` is an error's name and stays readable.
_CODE = re.compile(
    r"""(?ix) (?P<name> \bcode \\*["']? \s* [:=] \s* \\*["']? ) (?=[^\s"'&]*\d) [\w.~+/=%-]{12,}"""
)
_URL = re.compile(r"""(?i)\bhttps?://[^\s"'<>\\]+""")
_WORDS = re.compile(r"[\w~%-]+")


def remember_secret(value: str) -> None:
    """Have this very value masked from now on, as it is and as it looks in URLs and JSON."""
    if len(value) < _SHORTEST_SECRET or value in _secrets:
        return
    _secrets.add(value)
    spellings = {
        spelling
        for secret in _secrets
        for spelling in (
            secret,
            quote(secret, safe="", errors="surrogateescape"),
            json.dumps(secret)[1:-1],
        )
    }
    # The longest first: one secret may begin like another.
    longest_first = sorted(spellings, key=len, reverse=True)
    _exact[:] = [re.compile("|".join(map(re.escape, longest_first)))]


def mask(text: str) -> str:
    """Return ``text`` without secrets.

    Masked are remembered secrets, bearer tokens, JWTs, values of keys like ``refresh_token`` or
    ``authorization``, OAuth codes, and URLs with an opaque part, of which host and first path
    segment stay (whoever has a public invoice link can open the invoice).
    """
    for pattern in _exact:
        text = pattern.sub(MASK, text)
    text = _URL.sub(_masked_url, text)
    text = _SCHEME.sub(rf"\1 {MASK}", text)
    text = _JWT.sub(MASK, text)
    text = _NAMED.sub(rf"\g<name>{MASK}", text)
    return _CODE.sub(rf"\g<name>{MASK}", text)


def mask_values(value: object) -> object:
    """Return plain data with every text in it masked."""
    match value:
        case str():
            return mask(value)
        case dict():
            return {key: mask_values(each) for key, each in value.items()}
        case list():
            return [mask_values(each) for each in value]
        case _:
            return value


class RedactFilter(logging.Filter):
    """Masks whole records: put it on every handler, so that no logger is forgotten."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace the record's text, traceback and stack by masked ones; let it through."""
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            text = str(record.msg)  # a wrong call; its values could not be told from secrets
        record.msg, record.args = mask(text), None
        if record.exc_info and not record.exc_text:
            record.exc_text = _formatter.formatException(record.exc_info)
        # A handler that prints tracebacks by itself would print them unmasked.
        record.exc_info = None
        record.exc_text = mask(record.exc_text) if record.exc_text else None
        record.stack_info = mask(record.stack_info) if record.stack_info else None
        return True


def _masked_url(match: re.Match[str]) -> str:
    url = match[0]
    try:
        parts = urlsplit(url)
    except ValueError:
        return MASK
    # What stands in front of an @ is a name and a password.
    root = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    first, _, rest = parts.path.lstrip("/").partition("/")
    if _opaque(first):
        return f"{root}/…"
    if "@" in parts.netloc or any(map(_opaque, (rest, parts.query, parts.fragment))):
        return f"{root}/{first}/…" if first else f"{root}/…"
    return url


def _opaque(text: str) -> bool:
    """Whether a part of a URL holds something long that is no words."""
    return any(_is_token(word) for word in _WORDS.findall(text))


def _is_token(word: str) -> bool:
    long_with_digit, long = 16, 24
    if len(word) >= long and "-" not in word and "_" not in word:
        return True
    return len(word) >= long_with_digit and any(map(str.isdigit, word))
