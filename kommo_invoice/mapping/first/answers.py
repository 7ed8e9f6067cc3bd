"""Choices come from flags, from a person, or from a guess; what none of them gives is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from kommo_invoice.errors import KinvError, UsageError


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that can be chosen.

    Args:
        value: What the flag would take.
        label: What people read; the value where it is not given.
    """

    value: str
    label: str = ""

    def __str__(self) -> str:
        return self.label or self.value


@dataclass(frozen=True, slots=True)
class Question:
    """Something to be chosen.

    Args:
        flag: The option of the command line that answers it.
        text: The question.
        options: What can be chosen; none where any text is an answer.
        default: The value to take where nobody says otherwise; None without a good guess.
    """

    flag: str
    text: str
    options: tuple[Option, ...] = ()
    default: str | None = None


Ask = Callable[[Question], str]
"""Asks a person, and returns the value of one of the options (or the text)."""


@dataclass(slots=True)
class Answers:
    """Answers questions.

    Args:
        ask: Asks a person; None where there is nobody.
        missing: The questions that had no answer.
    """

    ask: Ask | None
    missing: list[Question] = field(default_factory=list)

    def choose(self, question: Question) -> str | None:
        """Return the answer, None where there is none; a question without a choice is not asked."""
        if len(question.options) == 1 and question.default is not None:
            return question.default
        if self.ask is not None:
            return self.ask(question)
        if question.default is None:
            self.missing.append(question)
        return question.default

    @contextmanager
    def first(self) -> Iterator[None]:
        """Tell what is missing before any other failure: it is the same whatever else is wrong."""
        try:
            yield
        except KinvError:
            self.complete()
            raise

    def complete(self) -> None:
        """Check that nothing was left unanswered.

        Raises:
            UsageError: Something was; it names every flag with what it can be.
        """
        if not self.missing:
            return
        lines = [
            f"\n  {each.flag}: {_on_its_line(each.text)}"
            + (f" One of {', '.join(map(_told, each.options))}" if each.options else "")
            for each in self.missing
        ]
        count = "a choice is" if len(lines) == 1 else f"{len(lines)} choices are"
        raise UsageError(
            f"{count} needed, and nothing was written:{''.join(lines)}",
            hint="give the named flags, or run it on a terminal, where it asks",
        )


def _told(option: Option) -> str:
    if not option.label or option.label == option.value:
        return repr(option.value)
    return f"{option.value!r} ({_on_its_line(option.label)})"


def _on_its_line(text: str) -> str:
    """Return a text, quoted where a name in it would break the line."""
    return text if text.isprintable() else repr(text)
