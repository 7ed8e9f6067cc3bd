"""Asks a person: questions go to stderr and only to a terminal, answers come from stdin."""

from __future__ import annotations

import getpass
import sys
import termios
from typing import TYPE_CHECKING

from kommo_invoice.cli.terminal import Terminal
from kommo_invoice.errors import Interrupted, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommo_invoice.config.settings import Settings

_AGAIN = "run the command again"
_GIVE = "give the secret alone on stdin, or run it on a terminal"
_LONGEST = 64 * 1024  # characters; no token and no address is longer


def may_ask(settings: Settings) -> bool:
    """Whether somebody is there to answer: on a terminal, unless ``KINV_NO_INPUT`` is set."""
    return not settings.no_input and _typed() and sys.stderr.isatty()


def choose(question: str, options: Sequence[str], default: int | None = None) -> int:
    """Return the number, from 0, of the option that a person chooses; asked until it is one.

    Args:
        question: What is to be chosen.
        options: The choices, in words.
        default: The one that an empty answer takes.

    Raises:
        Interrupted: There is no answer any more (Ctrl-D).
    """
    terminal = Terminal()
    terminal.note(question)
    for number, option in enumerate(options, 1):
        terminal.note(f"  {number}. {option}")
    usual = "" if default is None else f" [{default + 1}]"
    while True:
        answer = line(f"1-{len(options)}{usual}: ").strip()
        if not answer and default is not None:
            return default
        if answer.isdecimal() and 1 <= int(answer) <= len(options):
            return int(answer) - 1
        terminal.note("give one of the numbers")


def line(question: str) -> str:
    """Return the next line of stdin; the question is shown on a terminal only.

    Raises:
        Interrupted: The person gave none (Ctrl-D).
        UsageError: stdin has none.
    """
    typed = _typed()
    if typed:
        Terminal().question(question)
    answer = "" if sys.stdin is None else sys.stdin.readline(_LONGEST)
    if not answer and typed:
        raise Interrupted("there was no answer", hint=_AGAIN)
    if not answer:
        raise UsageError("stdin is empty", hint="give the answer on stdin, or use a terminal")
    return answer.rstrip("\n")


def secret(question: str) -> str:
    """Return a secret: typed unseen on a terminal, else all that stdin holds.

    Raises:
        Interrupted: There is no answer.
        UsageError: stdin holds no text.
    """
    if not _typed():
        try:
            answer = "" if sys.stdin is None else sys.stdin.read(_LONGEST + 1)
        except UnicodeDecodeError:
            raise UsageError("what stdin holds is no text", hint=_GIVE) from None
        if len(answer) > _LONGEST:
            raise UsageError("what stdin holds is too long to be a secret", hint=_GIVE)
        return answer.strip()
    try:
        return getpass.getpass(question, stream=sys.stderr).strip()
    except (EOFError, termios.error):
        raise Interrupted("there was no answer", hint=_AGAIN) from None


def _typed() -> bool:
    """Whether stdin is a terminal; a process may also have been started without any stdin."""
    return sys.stdin is not None and sys.stdin.isatty()
