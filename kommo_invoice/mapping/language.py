"""The expression language: Jinja's immutable sandbox, with exact numbers and little else.

Numbers are integers and decimals: literals are read as decimals, arithmetic is done on decimals,
and what a method answers as a float becomes one. Functions, filters and tests are a closed list.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dateutil.relativedelta import relativedelta
from jinja2 import StrictUndefined, Undefined, nodes
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.lexer import Lexer, Token
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS as JINJA_TESTS
from jinja2.visitor import NodeTransformer

from kommo_invoice.domain.fields import as_text
from kommo_invoice.domain.money import round_half_up
from kommo_invoice.mapping.views import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from jinja2.runtime import Context

_OPERATORS = frozenset({"+", "-", "*", "/", "//", "%", "**"})


def is_empty(value: object) -> bool:
    """Say whether a value counts as empty: none, blank text or an empty list; 0 does not."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ((), [])


def first(*values: object) -> object:
    """Return the first value that is not empty, None when all are."""
    return next((value for value in values if not is_empty(value)), None)


def days(count: object) -> dt.timedelta:
    """Return ``count`` days, to be added to a date."""
    return dt.timedelta(days=_whole(count))


def months(count: object) -> relativedelta:
    """Return ``count`` calendar months, to be added to a date; month ends stay month ends."""
    return relativedelta(months=_whole(count))


def number(value: object) -> Decimal:
    """Return a number, or a text that is one, as an exact number.

    Raises:
        TypeError: It is empty, or of a kind that is no number.
        ValueError: It is a text that is no number.
    """
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise TypeError(f"{as_text(value)!r} is not a number")
    try:
        result = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a number") from None
    if not result.is_finite():
        raise ValueError(f"{value!r} is not a number")
    return result


def _whole(value: object) -> int:
    exact = number(value)
    if exact != exact.to_integral_value():
        raise ValueError(f"{as_text(value)} is not a whole number")
    return int(exact)


def _round(value: object, precision: int = 0) -> Decimal:
    return round_half_up(number(value), precision)


def _join(values: Iterable[object], separator: str = "") -> str:
    return separator.join(as_text(value) for value in values)


def _on_text(change: Callable[..., str]) -> Callable[..., str | None]:
    """Return a filter over the text of a value that leaves an empty value empty."""

    def changed(value: object, *arguments: object) -> str | None:
        return None if value is None else change(as_text(value), *arguments)

    return changed


FUNCTIONS: dict[str, Callable[..., object]] = {"days": days, "months": months, "first": first}


def _chosen(every: Mapping[str, Any], names: Iterable[str]) -> dict[str, Callable[..., Any]]:
    return {name: every[name] for name in names}


_TEXT_FILTERS: dict[str, Callable[..., str]] = {
    "capitalize": str.capitalize,
    "lower": str.lower,
    "replace": str.replace,
    "string": str,
    "title": str.title,
    "trim": str.strip,
    "upper": str.upper,
}
_LIST_FILTERS = ("abs", "first", "last", "length", "max", "min", "sort", "sum", "unique")
_TESTS = (
    "boolean",
    "divisibleby",
    "even",
    "false",
    "in",
    "none",
    "number",
    "odd",
    "string",
    "true",
)

FILTERS: dict[str, Callable[..., Any]] = {
    **_chosen(JINJA_FILTERS, _LIST_FILTERS),
    **{name: _on_text(change) for name, change in _TEXT_FILTERS.items()},
    "default": first,
    "int": lambda value: int(number(value)),
    "join": _join,
    "number": number,
    "round": _round,
}

TESTS: dict[str, Callable[..., Any]] = _chosen(JINJA_TESTS, _TESTS)


def exact(value: object) -> object:
    """Return a value as it is, a float (from a date's own methods) as a decimal."""
    return Decimal(str(value)) if isinstance(value, float) else value


def _is_number(value: object) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _kind(value: object) -> str:
    """Return what a value is, in the words of people."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "yes or no"
        case int() | Decimal():
            return "a number"
        case str():
            return "a text"
        case dt.date():
            return "a date"
        case dt.timedelta() | relativedelta():
            return "a span of days or months"
    return "a list"


class _DecimalLexer(Lexer):
    """Reads ``0.1`` as the decimal 0.1, which no float is."""

    def wrap(
        self,
        stream: Iterable[tuple[int, str, str]],
        name: str | None = None,
        filename: str | None = None,
    ) -> Iterator[Token]:
        text = ""

        def seen() -> Iterator[tuple[int, str, str]]:
            nonlocal text
            for part in stream:
                text = part[2]
                yield part

        for token in super().wrap(seen(), name, filename):
            if token.type == "float":
                value: Any = Decimal(text.replace("_", ""))  # the parser takes any number
                yield Token(token.lineno, token.type, value)
            else:
                yield token


class Language(ImmutableSandboxedEnvironment):
    """The environment in which every expression is parsed, compiled and evaluated."""

    intercepted_binops = _OPERATORS

    def __init__(self) -> None:
        # Unoptimized: a folded decimal constant could not be written into the compiled code.
        super().__init__(undefined=StrictUndefined, optimized=False, keep_trailing_newline=True)
        self.globals = dict(FUNCTIONS)
        self.filters = dict(FILTERS)
        self.tests = dict(TESTS)

    @cached_property
    def lexer(self) -> Lexer:
        """The lexer of every text."""
        return _DecimalLexer(self)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute exactly: numbers that are divided or raised become decimals before."""
        del context
        if operator == "%" and isinstance(left, str):
            raise TypeError("% formats no text here: use ~ and the filter round")
        if operator in {"/", "**"} and _is_number(left) and _is_number(right):
            left, right = Decimal(left), Decimal(right)
        try:
            return exact(self.binop_table[operator](left, right))
        except TypeError:
            raise TypeError(f"{_kind(left)} {operator} {_kind(right)} has no meaning") from None

    def call(self, context: Context, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function or a method of a value."""
        return exact(super().call(context, function, *args, **kwargs))

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return an attribute of a view, or of a value."""
        if isinstance(obj, View):
            return obj.attribute(attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return a custom field of a view, or an element of a value."""
        if isinstance(obj, View):
            return obj.field(str(argument))
        return super().getitem(obj, argument)


class _Exact(NodeTransformer):
    """Replaces what Jinja would compile to floats or to Python's text of a value."""

    def visit_Const(self, node: nodes.Const) -> nodes.Expr:  # noqa: N802 - Jinja's name
        if isinstance(node.value, Decimal):
            return _filter(nodes.Const(str(node.value)), "number")
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:  # noqa: N802 - the same
        self.generic_visit(node)
        return _filter(nodes.List(node.nodes), "join")


def _filter(node: nodes.Expr, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None)


def compile_node(language: Language, node: nodes.Expr) -> Callable[[dict[str, object]], object]:
    """Compile one parsed expression.

    Args:
        language: The environment that parsed it.
        node: The expression; it is changed by this.

    Returns:
        A function from the names in reach to the expression's value.
    """
    result = nodes.Name("result", "store")
    expression = _Exact().visit(node)
    body = nodes.Template([nodes.Assign(result, expression)])
    body.set_lineno(1).set_environment(language)
    template = language.from_string(body)

    def evaluate(names: dict[str, object]) -> object:
        context = template.new_context(names)
        for _ in template.root_render_func(context):
            pass
        value = context.vars["result"]
        if isinstance(value, StrictUndefined):
            str(value)  # raises the error that says what is undefined
        # An `if` without `else` that does not hold gives Jinja's own nothing.
        return None if isinstance(value, Undefined) else value

    return evaluate
