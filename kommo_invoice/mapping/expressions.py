"""One value of the mapping: plain text, a constant, or text with expressions in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import TemplateError, TemplateSyntaxError, nodes

from kommo_invoice.domain.fields import as_text
from kommo_invoice.mapping.analysis import Fault, analyse, path_text
from kommo_invoice.mapping.language import Language, compile_node
from kommo_invoice.mapping.views import ATTRIBUTES, LATER, Later, NotYetKnown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Set as AbstractSet

FAILURES = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, TemplateError)
"""What an expression can fail with."""


class InvalidExpression(ValueError):
    """A value of the mapping cannot be compiled."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = faults


class CannotEvaluate(ValueError):
    """A value has no result for this deal; its text says why in words."""


@dataclass(frozen=True, slots=True)
class Subscript:
    """A custom field that an expression asks for.

    Args:
        entity: ``deal``, ``contact`` or ``company``.
        names: The names that the expression in the brackets mentions.
        wanted: Evaluates the brackets to the field's name, code or id.
    """

    entity: str
    names: frozenset[str]
    wanted: Callable[[dict[str, object]], object]


@dataclass(frozen=True, slots=True)
class Value:
    """One value of the mapping, compiled.

    Args:
        key: Its key, as people read it.
        source: What stands in the file.
        constant: Whether it is the same for every deal.
        names: The names that it mentions.
        attributes: The attributes that it mentions, as ``deal.price``.
        subscripts: The custom fields that it asks for.
    """

    key: str
    source: object
    constant: bool = True
    names: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    subscripts: tuple[Subscript, ...] = ()
    _pieces: tuple[_Piece, ...] = field(default=(), repr=False)

    def evaluate(self, names: dict[str, object]) -> object:
        """Return the value for one deal.

        Args:
            names: The views and values in reach.

        Returns:
            The result of the whole expression in its own type, else text; a ``Later`` text where
            a part of it is not known yet.

        Raises:
            CannotEvaluate: Something is empty that is needed, or of another kind than needed.
        """
        if self.constant:
            return self.source
        results = [self._result(piece, names) for piece in self._pieces]
        if len(results) == 1:
            return results[0]
        text = "".join(as_text(result) for result in results)
        return Later(text) if any(isinstance(each, Later) for each in results) else text

    def _result(self, piece: _Piece, names: dict[str, object]) -> object:
        if piece.evaluate is None:
            return piece.text
        try:
            return piece.evaluate(names)
        except NotYetKnown:
            return LATER
        except FAILURES as error:
            raise CannotEvaluate(f"{self.source}: {_cause(piece, names, error)}") from error


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of text, or one expression with the paths that it cannot do without."""

    text: str = ""
    evaluate: Callable[[dict[str, object]], object] | None = None
    operands: tuple[tuple[str, nodes.Expr], ...] = ()


def compile_value(key: str, source: object, reach: AbstractSet[str]) -> Value:
    """Compile one value of the mapping.

    Args:
        key: Its key, for messages.
        source: What stands in the file: only text can hold expressions.
        reach: The names that it may mention.

    Raises:
        InvalidExpression: With everything that is wrong with it.
    """
    if not isinstance(source, str) or not any(mark in source for mark in ("{{", "{%", "{#")):
        return Value(key, source)
    found = _parse(source)
    expressions = [node for node in found if isinstance(node, nodes.Expr)]
    analyses = [analyse(node, reach) for node in expressions]
    faults = [fault for uses in analyses for fault in uses.faults]
    if faults:
        raise InvalidExpression(*faults)
    return Value(
        key,
        source,
        constant=False,
        names=frozenset().union(*(uses.names for uses in analyses)),
        attributes=frozenset().union(*(uses.attributes for uses in analyses)),
        _pieces=tuple(_piece(node) for node in found),
        subscripts=tuple(
            _subscript(entity, argument, reach)
            for uses in analyses
            for entity, argument in uses.subscripts
        ),
    )


@cache
def language() -> Language:
    """Return the one environment of this process."""
    return Language()


def _parse(source: str) -> list[nodes.Expr | str]:
    """Return the stretches of text and the expressions of a value, in order."""
    try:
        template = language().parse(source)
    except TemplateSyntaxError as error:
        raise InvalidExpression(Fault(f"{source}: {error.message}")) from None
    parts: list[nodes.Expr | str] = []
    for node in template.body:
        if not isinstance(node, nodes.Output):
            raise InvalidExpression(Fault("only {{ … }} can be used here, no {% … %}"))
        parts += [
            part.data if isinstance(part, nodes.TemplateData) else part for part in node.nodes
        ]
    expressions = [part for part in parts if not isinstance(part, str)]
    whole = len(expressions) == 1 and all(part.isspace() for part in parts if isinstance(part, str))
    return [expressions[0]] if whole else parts


def _piece(node: nodes.Expr | str) -> _Piece:
    if isinstance(node, str):
        return _Piece(text=node)
    operands = tuple(_operands(node))
    return _Piece(evaluate=compile_node(language(), node), operands=operands)


def _subscript(entity: str, argument: nodes.Expr, reach: AbstractSet[str]) -> Subscript:
    names = frozenset(analyse(argument, reach).names)
    return Subscript(entity, names, compile_node(language(), argument))


def _operands(node: nodes.Node) -> Iterator[tuple[str, nodes.Expr]]:
    """Yield the paths that must not be empty: what is computed, compared, filtered, taken apart."""
    for operand in _needed(node):
        text = path_text(operand)
        if text is not None and text not in ATTRIBUTES:
            yield text, operand
    for child in node.iter_child_nodes():
        yield from _operands(child)


def _needed(node: nodes.Node) -> list[nodes.Expr]:
    match node:
        case nodes.And() | nodes.Or() | nodes.Not():
            return []
        case nodes.BinExpr():
            return [node.left, node.right]
        case nodes.Compare():
            return [node.expr, *(operand.expr for operand in node.ops)]
        case nodes.Call(node=nodes.Name(name=name)) if name != "first":
            return list(node.args)
        case nodes.Filter(node=nodes.Expr() as operand) if node.name != "default":
            return [operand]
        case nodes.UnaryExpr() | nodes.Getattr() | nodes.Getitem():
            return [node.node]
    return []


def _cause(piece: _Piece, names: dict[str, object], error: Exception) -> str:
    """Say in words why an expression has no result, naming what is empty where that is it."""
    empty = dict.fromkeys(text for text, node in piece.operands if _is_empty(node, names))
    if empty:
        return f"{' and '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty"
    if isinstance(error, ZeroDivisionError):
        return "a division by zero"
    if isinstance(error, ArithmeticError):
        return "the result is no number"
    return str(error)


def _is_empty(node: nodes.Expr, names: dict[str, object]) -> bool:
    try:
        return compile_node(language(), node)(names) is None
    except (NotYetKnown, *FAILURES):
        return False
