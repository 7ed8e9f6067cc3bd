"""What an expression uses, and what is wrong with it, found without evaluating it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jinja2 import nodes

from kommo_invoice.mapping.language import FILTERS, FUNCTIONS, TESTS
from kommo_invoice.mapping.resolve import nearest
from kommo_invoice.mapping.views import ATTRIBUTES, FIELDED

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

PLAIN_NAMES = frozenset({"today", "n"})
"""The names that are values themselves."""

_INSTEAD = {"d": "default", "float": "number"}  # Jinja's own, which people may try


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in an expression, with the name that was probably meant."""

    message: str
    nearest: str | None = None


@dataclass(slots=True)
class Uses:
    """What an expression needs.

    Args:
        names: The names that it mentions.
        attributes: The attributes of names, as ``deal.price``.
        subscripts: The custom fields, as the name and the expression in the brackets.
        faults: What is wrong with it.
    """

    names: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    subscripts: list[tuple[str, nodes.Expr]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def analyse(node: nodes.Node, reach: AbstractSet[str]) -> Uses:
    """Return what a parsed expression uses, and its faults.

    Args:
        node: The expression.
        reach: The names that it may mention.
    """
    uses = Uses()
    _visit(node, frozenset(reach), uses)
    return uses


def path_text(node: nodes.Node) -> str | None:
    """Return a path as it was written, ``deal['Due Date']``; None when it is anything else."""
    match node:
        case nodes.Name():
            return str(node.name)
        case nodes.Getattr():
            inner = path_text(node.node)
            return f"{inner}.{node.attr}" if inner else None
        case nodes.Getitem():
            inner, argument = path_text(node.node), _argument_text(node.arg)
            return f"{inner}[{argument}]" if inner and argument else None
    return None


def _argument_text(node: nodes.Node) -> str | None:
    match node:
        case nodes.Const():
            return repr(node.value)
        case nodes.Concat():
            parts = [_argument_text(part) for part in node.nodes]
            return " ~ ".join(part for part in parts if part) if all(parts) else None
    return path_text(node)


def _visit(node: nodes.Node, reach: frozenset[str], uses: Uses) -> None:
    match node:
        case nodes.Getattr(node=nodes.Name(name=name)) if name in ATTRIBUTES:
            _name(name, reach, uses)
            _attribute(name, node.attr, uses)
            return
        case nodes.Getitem(node=nodes.Name(name=name)) if name in ATTRIBUTES:
            _name(name, reach, uses)
            _subscript(name, node.arg, uses)
            _visit(node.arg, reach, uses)
            return
        case nodes.Call(node=nodes.Name(name=name)) if name in FUNCTIONS:
            for child in node.iter_child_nodes(exclude=("node",)):
                _visit(child, reach, uses)
            return
        case nodes.Name():
            _bare(node.name, reach, uses)
        case nodes.Getattr() if node.attr.startswith("_"):
            uses.faults.append(Fault(f"{node.attr!r} is private"))
        case nodes.Filter() if node.name not in FILTERS:
            near = _INSTEAD.get(node.name) or nearest(node.name, FILTERS)
            fault = Fault(f"there is no filter {node.name!r}", near)
            uses.faults.append(fault)
        case nodes.Test() if node.name not in TESTS:
            fault = Fault(f"there is no test {node.name!r}", nearest(node.name, TESTS))
            uses.faults.append(fault)
    for child in node.iter_child_nodes():
        _visit(child, reach, uses)


def _name(name: str, reach: frozenset[str], uses: Uses) -> None:
    uses.names.add(name)
    if name in reach:
        return
    if name in ATTRIBUTES or name in PLAIN_NAMES:
        known = ", ".join(sorted(reach))
        uses.faults.append(Fault(f"{name!r} is not in reach here (in reach: {known})"))
    else:
        options = (*reach, *FUNCTIONS)
        uses.faults.append(Fault(f"there is no name {name!r}", nearest(name, options)))


def _bare(name: str, reach: frozenset[str], uses: Uses) -> None:
    if name in FUNCTIONS:
        uses.faults.append(Fault(f"{name!r} is a function: call it, {name}(…)"))
        return
    _name(name, reach, uses)
    if name in reach and name in ATTRIBUTES:
        example = f"{name}.{ATTRIBUTES[name][0]}"
        uses.faults.append(Fault(f"{name!r} alone is no value: name a part of it, as {example}"))


def _attribute(name: str, attribute: str, uses: Uses) -> None:
    uses.attributes.add(f"{name}.{attribute}")
    if attribute not in ATTRIBUTES[name]:
        near = nearest(attribute, ATTRIBUTES[name])
        uses.faults.append(Fault(f"{name} has no {attribute!r}", near and f"{name}.{near}"))


def _subscript(name: str, argument: nodes.Expr, uses: Uses) -> None:
    if name not in FIELDED:
        uses.faults.append(Fault(f"{name} has no custom fields"))
    else:
        uses.subscripts.append((name, argument))
