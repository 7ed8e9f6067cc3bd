"""The page at which a login in the browser ends."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template

_COMMAND = re.compile(r"`([^`]+)`")

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
"""The page's address holds a code: it is not kept, not told to others, and loads nothing."""


@dataclass(frozen=True, slots=True)
class Page:
    """What the person at the browser is told.

    Args:
        status: The HTTP status.
        title: In a few words.
        paragraphs: What happened and what to do, as errors and hints are worded: what stands
            between backticks is set apart.
        good: Whether the login succeeded.
    """

    status: int
    title: str
    paragraphs: tuple[str, ...]
    good: bool = False

    def html(self) -> bytes:
        """Return the page, which needs nothing else."""
        paragraphs = "\n  ".join(f"<p>{_formatted(each)}</p>" for each in self.paragraphs if each)
        page = _template().substitute(
            title=html.escape(self.title),
            mood="good" if self.good else "bad",
            paragraphs=paragraphs,
        )
        return page.encode()


def _formatted(text: str) -> str:
    sentence = text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
    return _COMMAND.sub(r"<code>\1</code>", html.escape(sentence))


@cache
def _template() -> Template:
    return Template((files("kommo_invoice.auth") / "page.html").read_text(encoding="utf-8"))
