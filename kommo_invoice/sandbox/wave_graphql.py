"""How the Wave simulator makes its schema executable: scalars, field names, and Wave's own rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValidationRule,
    ValueNode,
    VariableDefinitionNode,
    build_schema,
    get_named_type,
    parse,
    specified_rules,
    validate,
)

from kommo_invoice.sandbox.wave_inputs import INPUTS
from kommo_invoice.sandbox.wave_schema import OUTPUTS

Resolver = Callable[..., Any]
Resolvers = Mapping[str, Mapping[str, Resolver]]

# Arguments whose names mean something else to Python.
_ARGUMENTS = {"id": "record_id", "input": "asked", "for": "day"}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@cache
def snake(name: str) -> str:
    """Return a GraphQL name as a Python one: ``attachPDF`` is ``attach_pdf``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def plain(value: Decimal) -> str:
    """Return a Decimal as Wave writes them: no exponent, no trailing zeros."""
    return format(value.normalize() + 0, "f")


def instant(value: datetime) -> str:
    """Return a time as Wave writes them: UTC with milliseconds and Z (Wave sheet, section 8)."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def answer(source: Any, info: GraphQLResolveInfo[Any], **_: Any) -> Any:
    """Answer a field from the attribute (or key) of its own name."""
    if isinstance(source, Mapping):
        return source[info.field_name]
    return getattr(source, snake(info.field_name))


def make_schema(resolvers: Resolvers, type_of: Mapping[str, Callable[[Any], str]]) -> GraphQLSchema:
    """Return the executable schema; arguments and inputs reach resolvers under Python names.

    Args:
        resolvers: Type -> field -> the function that answers it; other fields are answered from
            the attribute of their name.
        type_of: Interface -> the function that says which type an object is.
    """
    schema = build_schema(OUTPUTS + INPUTS)
    for scalar in _SCALARS:
        # build_schema makes scalars that only have a name; these lend them their behaviour.
        vars(schema.type_map[scalar.name]).update(vars(scalar))
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            for name, entry in kind.fields.items():
                entry.out_name = snake(name)
        elif isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                field.resolve = resolvers.get(kind.name, {}).get(name, answer)
                for argument_name, argument in field.args.items():
                    argument.out_name = _ARGUMENTS.get(argument_name, snake(argument_name))
        elif isinstance(kind, GraphQLInterfaceType):
            choose = type_of[kind.name]
            kind.resolve_type = lambda value, _info, _kind, choose=choose: choose(value)
    return schema


class StringsAsVariables(ValidationRule):
    """Wave's own rule: a ``String`` travels as a variable, never inline (Wave sheet, section 2)."""

    def enter_string_value(self, node: StringValueNode, *context: Any) -> None:
        """Refuse a text that stands in the document where a ``String`` is taken."""
        ancestors = context[-1]
        if any(isinstance(ancestor, VariableDefinitionNode) for ancestor in ancestors):
            return
        taken = self.context.get_input_type()
        if taken is not None and get_named_type(taken) is GraphQLString:
            self.report_error(GraphQLError("A String argument must be passed as a variable.", node))


@lru_cache(maxsize=512)
def parsed(text: str) -> DocumentNode:
    """Return the document in its parsed form.

    Raises:
        GraphQLError: It is none.
    """
    return parse(text)


@lru_cache(maxsize=512)
def mistakes(schema: GraphQLSchema, document: DocumentNode) -> tuple[GraphQLError, ...]:
    """Return what is wrong with a document by the schema, by GraphQL's rules and by Wave's own."""
    return tuple(validate(schema, document, [*specified_rules, StringsAsVariables]))


def fields_of(document: DocumentNode, operation: OperationDefinitionNode) -> list[str]:
    """Return the names of the operation's outermost fields, those of fragments among them."""
    fragments = {
        part.name.value: part
        for part in document.definitions
        if isinstance(part, FragmentDefinitionNode)
    }

    def walk(selections: SelectionSetNode) -> Iterator[str]:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                yield node.name.value
            elif isinstance(node, InlineFragmentNode):
                yield from walk(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value in fragments:
                yield from walk(fragments[node.name.value].selection_set)

    return list(walk(operation.selection_set))


def _read_decimal(value: object) -> Decimal:
    # JSON numbers were read as Decimal; a bool is an int to Python, not to Wave.
    if not isinstance(value, (str, int, Decimal)) or isinstance(value, bool):
        raise GraphQLError(f"Decimal cannot represent value: {value!r}")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise GraphQLError(f"Decimal cannot represent value: {value!r}") from None
    if not number.is_finite():
        raise GraphQLError(f"Decimal cannot represent value: {value!r}")
    return number


def _read_date(value: object) -> date:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise GraphQLError(f"Date cannot represent value: {value!r}")


def _read_instant(value: object) -> datetime:
    if isinstance(value, str) and "T" in value:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
    raise GraphQLError(f"DateTime cannot represent value: {value!r}")


def _scalar(
    name: str, serialize: Callable[[Any], str], read: Callable[[object], object]
) -> GraphQLScalarType:
    def read_literal(node: ValueNode, _variables: object = None) -> object:
        # An inline number is read from its text, so that it never becomes a float.
        return read(getattr(node, "value", None))

    return GraphQLScalarType(name, serialize, read, read_literal)


_SCALARS = (
    _scalar("Decimal", plain, _read_decimal),
    _scalar("Date", date.isoformat, _read_date),
    _scalar("DateTime", instant, _read_instant),
)
