"""The reference of the mapping file, written from its schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kommo_invoice.mapping.schema import Document, Section, section_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the file.

    Args:
        name: The key, dotted; ``<…>`` stands for names of the user's own.
        required: Whether it has to be given (with its section).
        default: The value that it has otherwise, None for nothing.
        meaning: What it means.
    """

    name: str
    required: bool
    default: object
    meaning: str


def keys() -> tuple[Key, ...]:
    """Return every key that this version knows, in the order of the file."""
    return tuple(_keys(Document, ""))


def reference_table() -> str:
    """Return the reference as a Markdown table: key, required or default, meaning."""
    rows = ["| key | required or default | meaning |", "|---|---|---|"]
    rows += [f"| `{key.name}` | {_need(key)} | {key.meaning} |" for key in keys()]
    return "\n".join(rows) + "\n"


def _keys(model: type[Section], prefix: str) -> Iterator[Key]:
    for name, info in model.model_fields.items():
        inner = section_of(info.annotation)
        if inner is not None:
            yield from _keys(inner, f"{prefix}{name}.")
        else:
            yield _key(f"{prefix}{name}", info)
    if model.model_config.get("extra") == "allow":
        yield Key(f"{prefix}<text>", False, None, "The tax of that case by name or id, or `none`.")


def _key(name: str, info: FieldInfo) -> Key:
    free = info.default_factory is not None
    return Key(
        f"{name}.<field>" if free else name,
        info.is_required(),
        None if free else info.default,
        info.description or "",
    )


def _need(key: Key) -> str:
    if key.required:
        return "required"
    match key.default:
        case None:
            return "none"
        case bool():
            return f"`{str(key.default).lower()}`"
        case str():
            return f'`"{key.default}"`'
    return f"`{key.default}`"
